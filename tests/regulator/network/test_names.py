"""Goods that are alike are of one family; companies are kin by what the ledger knows, not by a 字号 they share."""

from __future__ import annotations

import pytest

from ledger.consortium.market.names import GOODS
from ledger.facts import Member
from regulator.network.goods import families_in, family_of
from regulator.network.kin import keys_of, stem_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("冷轧钢板", "*黑色金属冶炼压延品*冷轧钢卷 1.2mm"),
        ("螺纹钢HRB400", "钢材"),
        ("电解铜", "阴极铜(A级)"),
        ("动力煤", "优质动力煤 Q5500"),
        ("控制器总成", "控制器总成（二代）"),
        ("Steel coil", "热轧钢卷"),
        ("注塑件", "进口注塑件"),
    ],
)
def test_one_family(one: str, other: str) -> None:
    assert family_of(one) == family_of(other) != ""


def test_goods_of_the_market_are_told_apart() -> None:
    assert len({family_of(one.name) for one in GOODS}) == len(GOODS)


@pytest.mark.parametrize(
    ("goods", "families"),
    [
        ("钢材及电解铜", {"钢铁", "铜"}),
        ("*黑色金属*冷轧钢板，阴极铜;", {"钢铁", "铜"}),
        ("冷轧钢板 1.2/1.5mm，1,250", {"钢铁"}),
        ("钢板（热轧、酸洗）", {"钢铁"}),
        ("炼钢用焦炭", {"煤炭"}),
        ("钢材、详见清单", {"钢铁", "详见"}),
        ("——", {""}),
    ],
)
def test_a_list_is_of_several_families(goods: str, families: set[str]) -> None:
    assert families_in(goods) == families


def test_a_name_that_says_nothing_is_unknown() -> None:
    assert family_of("") == family_of(" * ") == family_of("——") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("南京恒岳精密零部件有限公司", "南京恒岳精密零部件销售有限公司"),
        ("南京恒岳精密零部件有限公司", "南京恒岳精密零部件股份有限公司"),
        ("南京恒岳精密零部件有限公司", "南京恒岳精密零部件（集团）有限责任公司"),
        ("南京恒岳精密零部件有限公司", "南京恒岳精密零部件贸易 有限公司"),
        ("南京恒岳精密零部件有限公司", "南京恒岳精密零部件有限公司苏州分公司"),
        ("Acme Metals Co., Ltd.", "ACME METALS TRADING LIMITED"),
    ],
)
def test_one_stem(one: str, other: str) -> None:
    assert stem_of(one)[0] == stem_of(other)[0]


@pytest.mark.parametrize(
    "other",
    [
        "苏州恒岳精密零部件有限公司",  # another place
        "南京恒岳电子元件有限公司",  # another trade
        "南京恒岳109号精密零部件有限公司",
        "南京恒川精密零部件有限公司",
    ],
)
def test_a_shared_brand_is_no_kinship(other: str) -> None:
    assert stem_of("南京恒岳精密零部件有限公司")[0] != stem_of(other)[0]


def test_a_brand_alone_says_nothing() -> None:
    def of(name: str, at: int) -> Member:
        return Member(id=name, name=name, uscc=f"91110000{at:09d}X", address=f"0x{at:040x}", roles=[])

    assert not keys_of(of("恒岳贸易有限公司", 1)) & keys_of(of("恒岳销售有限公司", 2))
    assert keys_of(of("北京恒岳贸易有限公司", 1)) & keys_of(of("北京恒岳销售有限公司", 2))
    assert keys_of(of("甲", 1)) & keys_of(of("乙", 1)) == {("account", f"0x{1:040x}"), ("code", "000000001")}

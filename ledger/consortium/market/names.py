"""Invented companies and goods: names as they are in China, and the divisions their codes and invoices begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.consortium.market.chance import Chance

__all__ = ["BUYERS", "GOODS", "SELLERS", "Goods", "Place", "company"]


@dataclass(frozen=True, slots=True)
class Place:
    """A city and its division code (GB/T 2260), whose first two digits a 数电 number carries at 3-4."""

    city: str
    code: str


PLACES = (
    Place("北京", "110000"), Place("天津", "120000"), Place("石家庄", "130100"), Place("太原", "140100"),
    Place("沈阳", "210100"), Place("上海", "310000"), Place("南京", "320100"), Place("苏州", "320500"),
    Place("杭州", "330100"), Place("宁波", "330200"), Place("合肥", "340100"), Place("福州", "350100"),
    Place("济南", "370100"), Place("青岛", "370200"), Place("郑州", "410100"), Place("武汉", "420100"),
    Place("长沙", "430100"), Place("广州", "440100"), Place("深圳", "440300"), Place("佛山", "440600"),
    Place("重庆", "500000"), Place("成都", "510100"), Place("昆明", "530100"), Place("西安", "610100"),
)  # fmt: skip

FIRST = "恒澄砺启云嘉博瑞鼎朗信泽宏景联安盛华正兴通远新立方承思沐金海东汇德诚隆卓翰旭凯腾锦弘毅融"
SECOND = "岳川锋沅峤澍垚霁淳曜柘棠湛铄珩芃峣隽垣沣晟骞垠彦笃煜崟然晖朔澜峻纬泰衡麟栩昶潞瑾"

BUYERS = ("重工集团", "汽车股份", "新能源科技", "轨道交通装备", "家电集团", "建设工程", "电力设备", "船舶工业")
SELLERS = ("精密零部件", "特种材料", "电子元件", "包装制品", "工业自动化", "金属制品", "化工材料", "物流服务")


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold, in which unit, at which rate of value-added tax in per cent."""

    name: str
    unit: str
    tax: int


GOODS = (
    Goods("铝合金压铸件", "件", 13), Goods("控制器总成", "套", 13), Goods("冷轧钢板", "吨", 13),
    Goods("锂电池模组", "套", 13), Goods("注塑件", "件", 13), Goods("电缆", "米", 13), Goods("轴承", "件", 13),
    Goods("紧固件", "千克", 13), Goods("天然气", "立方米", 9), Goods("公路货运服务", "吨", 9),
    Goods("仓储服务", "天", 6), Goods("技术服务", "项", 6), Goods("小规模加工费", "项", 1),
)  # fmt: skip


def company(at: int, chance: Chance, trade: str, form: str = "有限公司") -> tuple[str, Place]:
    """Return the ``at``-th company's name, unlike any other's, and its place."""
    place = chance.pick(PLACES)
    turn, second = divmod(at, len(SECOND))
    brand = FIRST[turn % len(FIRST)] + SECOND[second]
    series = turn // len(FIRST)
    return f"{place.city}{brand}{f'{series + 1}号' if series else ''}{trade}{form}", place

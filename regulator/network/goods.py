"""Which goods are of one family (同类货物): invoices name the same thing in many ways.

A name is taken without the tax category in asterisks (``*黑色金属*冷轧钢板``), brackets, sizes and words of praise.
What contains a word of the table is of that family; anything else is of the family of its first two signs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

__all__ = ["KNOWN", "families_in", "family_of"]

FAMILIES: Final[dict[str, str]] = {
    word: family
    for family, words in {
        "钢铁": "钢 生铁 铁矿 铁合金 螺纹 线材 盘条 型材 steel rebar",
        "铜": "铜 copper",
        "铝": "铝 aluminium aluminum",
        "有色金属": "锌 镍 铅 锡 zinc nickel",
        "煤炭": "煤 焦炭 coal",
        "油品": "柴油 汽油 原油 燃料油 沥青 石脑油 润滑油 diesel",
        "燃气": "天然气 液化气 lng lpg",
        "化工": "乙二醇 甲醇 聚乙烯 聚丙烯 塑料粒子 树脂 橡胶 pta pvc",
        "粮油": "大豆 玉米 小麦 稻 大米 豆粕 食用油 菜籽",
        "纺织": "棉 纱 化纤 布料",
        "木材": "木材 原木 板材 纸浆",
        "电池": "电池 电芯 锂",
        "电线电缆": "电缆 电线 光缆 cable",
        "电子": "芯片 集成电路 内存 硬盘 显示屏 手机 电子元",
        "轴承": "轴承 bearing",
        "货运": "运输 货运 物流 freight",
    }.items()
    for word in words.split()
}
"""By word: the family. Goods that trade finance was cheated with most, which is what passes from hand to hand."""
KNOWN: Final = frozenset(FAMILIES.values())
"""Families of the table."""

PRAISE: Final = ("进口", "国产", "优质", "普通", "特级", "一级", "新型", "工业用")
LEAD: Final = 2
"""Signs by which a name that the table does not know is told from others."""

_CATEGORY = re.compile(r"^\*[^*]*\*")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_SIGNS = re.compile(r"[\W_]+")
_LIST = re.compile(r"[、,;/+及和与](?!\s*[0-9])")  # sizes, too, are written 1.2/1.5mm
_SIZE = re.compile(r"[0-9]+[a-z%]*")


@lru_cache(maxsize=65_536)
def family_of(goods: str) -> str:
    """Return the family that goods are of by the name on their invoice; empty when the name says nothing."""
    name = _CATEGORY.sub("", unicodedata.normalize("NFKC", goods).casefold().strip())
    name = _SIGNS.sub("", _BRACKETS.sub("", name))
    found = [(name.rfind(word) + len(word), word) for word in FAMILIES if word in name]
    if found:
        return FAMILIES[max(found)[1]]  # what the name ends in is what the thing is
    for word in PRAISE:
        name = name.removeprefix(word)
    return (_SIZE.sub("", name) or name)[:LEAD]


@lru_cache(maxsize=65_536)
def families_in(goods: str) -> frozenset[str]:
    """Return the families of a name that may be a list (钢材、铜材), each as :func:`family_of` tells it."""
    parts = _LIST.split(_BRACKETS.sub("", unicodedata.normalize("NFKC", goods)))
    return frozenset(family for part in parts if (family := family_of(part))) or frozenset({""})

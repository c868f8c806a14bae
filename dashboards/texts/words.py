"""Words of the engine that stand inside its sentences, and the provinces of debtors, in Chinese and English."""

from __future__ import annotations

from typing import Final

__all__ = ["WORDS"]


def _regions() -> dict[str, tuple[str, str]]:
    """GB/T 2260: the first two digits of a division's code."""
    listed = """
        11 北京 Beijing, 12 天津 Tianjin, 13 河北 Hebei, 14 山西 Shanxi, 15 内蒙古 Inner_Mongolia, 21 辽宁 Liaoning,
        22 吉林 Jilin, 23 黑龙江 Heilongjiang, 31 上海 Shanghai, 32 江苏 Jiangsu, 33 浙江 Zhejiang, 34 安徽 Anhui,
        35 福建 Fujian, 36 江西 Jiangxi, 37 山东 Shandong, 41 河南 Henan, 42 湖北 Hubei, 43 湖南 Hunan,
        44 广东 Guangdong, 45 广西 Guangxi, 46 海南 Hainan, 50 重庆 Chongqing, 51 四川 Sichuan, 52 贵州 Guizhou,
        53 云南 Yunnan, 54 西藏 Tibet, 61 陕西 Shaanxi, 62 甘肃 Gansu, 63 青海 Qinghai, 64 宁夏 Ningxia,
        65 新疆 Xinjiang, 71 台湾 Taiwan, 81 香港 Hong_Kong, 82 澳门 Macao
    """
    found = {}
    for each in listed.split(","):
        code, chinese, english = each.split()
        found[f"region_{code}"] = (f"{chinese}（{code}）", f"{english.replace('_', ' ')} ({code})")
    return found


#: name -> (Chinese, English)
WORDS: Final[dict[str, tuple[str, str]]] = {
    "rounding_half_up": ("四舍五入", "half up"),
    "rounding_half_even": ("四舍六入五成双", "half even"),
    "rounding_down": ("截尾", "down"),
    "rounding_up": ("进位", "up"),
    "part_interest": ("收益", "interest"),
    "part_fees": ("费用", "fees"),
    "part_fees on interest": ("以收益为基数的费用", "fees on interest"),
    "left_interest": ("{name} 的收益", "interest of {name}"),
    "left_fee": ("费用 {name}", "fee {name}"),
    "no_step": ("条款没有对应步骤", "no step of the terms"),
    "declared_event": ("已宣告的事件", "a declared event"),
    "and": ("与", " and "),
    "comma": ("、", ", "),
    **_regions(),
}

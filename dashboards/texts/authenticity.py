"""The texts of `glasspool authenticity`; those of its checks are in ``regulator.authenticity.words``."""

from __future__ import annotations

from typing import Final

__all__ = ["AUTHENTICITY"]

#: name -> (Chinese, English)
AUTHENTICITY: Final[dict[str, tuple[str, str]]] = {
    "authentic_of": (
        "应收账款 {receivable}：真实性评分 {score}，{verdict}",
        "Receivable {receivable}: {score} of 100, {verdict}",
    ),
    "authentic_about": (
        "贸易类型：{kind}；四流：{flows}；统计日 {day}，区块高度 {height}",
        "A trade of {kind}; flows: {flows}; on {day}, as known at height {height}",
    ),
    "authentic_evidence": ("证据", "Evidence"),
    "authentic_verdict": ("结论", "Verdict"),
    "authentic_points": ("得分", "Points"),
    "authentic_more": ("补充可得", "Would add"),
    "authentic_why": ("理由", "Why"),
    "authentic_checks": ("未通过的校验（通过 {passed} 项）", "Checks that did not pass ({passed} passed)"),
    "authentic_step": ("步骤", "Step"),
    "authentic_check": ("校验", "Check"),
    "authentic_thing": ("对象", "Of"),
    "authentic_said": ("说明", "What was found"),
    "authentic_records": ("记录", "Records"),
    "authentic_pool": (
        "{assets} 笔资产，余额 {balance} 元；按余额加权评分 {score}；四流齐全 {flows}；存在矛盾 {contradicted} 元",
        "{assets} assets, {balance} CNY; mean score {score}; all four flows {flows}; contradicted {contradicted} CNY",
    ),
    "authentic_bands": ("评分分布", "Scores"),
    "authentic_band": ("评分", "Score"),
    "authentic_balance": ("余额（元）", "Balance (CNY)"),
    "authentic_share": ("占比", "Share"),
    "authentic_count": ("笔数", "Assets"),
    "authentic_missing": ("缺少的证据", "Missing evidence"),
    "authentic_worst": ("评分最低的资产", "Lowest scores"),
    "authentic_asset": ("应收账款", "Receivable"),
    "authentic_lacks": ("缺少或矛盾", "Missing or contradicted"),
    "authentic_written": (
        "贸易背景表共 {rows} 行，已写入 {file}",
        "The trade background of {rows} assets is in {file}",
    ),
    "authentic_none": ("无", "none"),
}

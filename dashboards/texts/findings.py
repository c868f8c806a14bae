"""The texts of the page of findings."""

from __future__ import annotations

from typing import Final

__all__ = ["FINDINGS"]

#: name -> (Chinese, English)
FINDINGS: Final[dict[str, tuple[str, str]]] = {
    "findings_page": ("风险发现", "Findings"),
    "findings_all": ("查看全部风险发现", "All findings"),
    "findings_followed": ("已跟进至区块", "Followed to block"),
    "findings_suppressed": ("另有豁免", "Suppressed besides"),
    "findings_list": ("发现列表", "List"),
    "findings_search": ("搜索对象编号、规则、当事人名称", "Search thing, rule, party"),
    "findings_no_match": ("没有符合条件的发现", "No finding matches"),
    "choose_finding": ("查看这项发现", "Show this finding"),
    "finding_sentence": ("说明", "What is so"),
    "finding_score": ("证据强度", "Strength of evidence"),
    "finding_one": ("发现详情", "Finding"),
    "finding_hint": (
        "点击一项发现，查看它的说明、过程、所依据的记录与证明。",
        "Choose a finding to read what is so, its history, and the records behind it with their proofs.",
    ),
    "finding_unknown": ("没有这项发现。", "There is no such finding."),
    "finding_look": ("穿透查看", "Look through"),
    "records_none": (
        "无单独的记录：由账本在该区块的全部事实重算得出。",
        "None of its own: it is recomputed from all facts of the ledger as of that block.",
    ),
    "finding_next": ("下一步（在本机命令行）", "What next (on this machine's command line)"),
    "versions_more": ("另有 {count} 个更早的版本", "{count} earlier versions"),
    "filter_any": ("全部", "Any"),
    "filter_family": ("类别", "Family"),
    "filter_level": ("程度", "Level"),
    "filter_plan": ("专项计划", "Plan"),
    "filter_member": ("当事人", "Member"),
    "filter_state": ("范围", "Which"),
    "shown_standing": ("成立且未豁免", "standing, not suppressed"),
    "shown_suppressed": ("已豁免", "suppressed"),
    "shown_all": ("全部，含已消失的", "all, ended ones too"),
    "refused_finding": ("没有这样编号的风险发现", "There is no finding of such an id"),
    "refused_plan": ("没有这样编号的专项计划", "There is no plan of such an id"),
    "refused_on": (
        "没有这一天：日期须为日历上的一天，写作 2024-06-30",
        "There is no such day: a date is one of the calendar, written 2024-06-30",
    ),
    "refused_lang": ("没有这种语言：中文为 zh，英文为 en", "There is no such language: Chinese is zh, English is en"),
    "refused_query": (
        "此页不理解其地址中问号之后的内容",
        "This page does not understand what stands after the question mark in its address",
    ),
    "refused_without": ("打开此页，不带这一内容", "Open the page without it"),
    "look_through": ("穿透", "Look-through"),
    "thing_missing": ("账本中没有“{thing}”。", "The ledger has no “{thing}”."),
    "trail_refused": (
        "无法写入查阅留痕，因此不予显示。请联系本节点的运营方。",
        "The trail cannot be written, so nothing is shown. Ask whoever runs this node.",
    ),
}

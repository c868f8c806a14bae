"""An assessment as rows of words: what a terminal and a notebook show of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from abs.html_table import html_table
from ledger.position import Position
from ledger.verdict import Verdict
from regulator.authenticity.assess import Authenticity
from regulator.authenticity.weights import CHECKS, REASONS
from regulator.authenticity.words import ABSENT, ITEMS, NAMES, STEPS, VERDICTS, Language, say, thing_of

__all__ = ["check_rows", "evidence_rows", "html_of"]

NOBODY: Mapping[str, str] = MappingProxyType({})


def evidence_rows(found: Authenticity, language: Language) -> Iterator[tuple[str, ...]]:
    """Yield of each expected evidence: what it is, its verdict, points earned and possible, what it would add, why."""
    at = 0 if language == "zh" else 1
    for one in found.evidence:
        earned = f"{one.earned} / {one.points}"
        yield (
            ITEMS[one.item][at],
            VERDICTS[one.verdict][at] if one.present else ABSENT[at],
            earned,
            f"+{one.more}" if one.more else "",
            REASONS[one.item][at],
        )


def check_rows(
    found: Authenticity, language: Language, names: Mapping[str, str], *, passed: bool = True
) -> Iterator[tuple[str, ...]]:
    """Yield of each check: its step, name, thing, verdict, why, and the records; the failed ones come first."""
    at = 0 if language == "zh" else 1
    ranks = {Verdict.FAILED: 0, Verdict.INDETERMINATE: 1, Verdict.PASSED: 2}
    for one in sorted(found.checks, key=lambda each: ranks[each.verdict]):
        if passed or one.verdict is not Verdict.PASSED:
            records = " ".join(str(Position.from_number(each)) for each in one.evidence)
            step = STEPS[CHECKS[one.name].step][at]
            yield (
                step,
                NAMES[one.name][at],
                thing_of(one, language, names),
                VERDICTS[one.verdict][at],
                say(one, language, names),
                records,
            )


def html_of(found: Authenticity, language: Language = "zh", names: Mapping[str, str] = NOBODY) -> str:
    """Return an assessment as two HTML tables: the expected evidence, then every check."""
    zh = language == "zh"
    verdict = VERDICTS[found.verdict][0 if zh else 1]
    caption = f"{found.receivable}  {found.score} / 100  {verdict}  {found.on}  @{found.height}"
    first = ("证据", "结论", "得分", "补充后", "理由") if zh else ("evidence", "verdict", "points", "would add", "why")
    second = (
        ("步骤", "校验", "对象", "结论", "说明", "记录")
        if zh
        else ("step", "check", "thing", "verdict", "why", "records")
    )
    return html_table(first, list(evidence_rows(found, language)), caption=caption) + html_table(
        second, list(check_rows(found, language, names))
    )

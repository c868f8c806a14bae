"""What a sentence does to figures: rounded ones are told as such, years have no separators, what people wrote stays."""

from __future__ import annotations

import re
from typing import Any

import pytest

from regulator.monitor import RULES
from regulator.signals import Level, Signal
from regulator.wording import UNGROUPED, WORDING, Language, explain, is_rounded, told_amount, used_by

ABOUT = {"zh": "约", "en": "about "}
DETAILS: dict[str, dict[str, Any]] = {
    "monitor.concentration": {
        "by": "creditor", "members": 1, "limit": "30%", "first_party": "supplier",
        "held_fen": 500_000_000, "limit_fen": 500_000_000, "excess_fen": 5_800_000,
    },
    "monitor.coverage": {
        "state": "revolving", "assets_fen": 3_700_000_000, "owed_fen": 3_700_000_000, "short_fen": 26_000_000,
        "covered": "99%",
    },
    "monitor.related_party": {"owed_fen": 210_000_000, "share": "10%", "limit": "10%"},
    "monitor.idle_cash": {"idle_fen": 920_000_000, "share": "24%", "limit": "10%", "days": 30},
    "monitor.risk_class": {"risk_class": "attention", "limb": "asset_quality"},
}  # fmt: skip
"""Of each rule that rounds: figures of which some look alike once they are rounded."""


def signal(rule: str, *, amount: int = 0, **details: int | str) -> Signal:
    told = {"plan": "P", "article": "S5 5.2.1", **details}
    return Signal(
        rule=rule, subject="plan P", level=Level.LOW, score=50, amount=amount, details=tuple(sorted(told.items()))
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("rule", [rule for rule, one in RULES.items() if one.rounded])
def test_rounded_amounts_are_told_as_such_and_apart(rule: str, language: Language) -> None:
    said = explain(signal(rule, **DETAILS[rule]), language, {})
    amounts = re.findall(r"[\d,]*,\d{3}(?:\.\d+)?", said)
    used = [name for name in used_by(WORDING[rule][2 if language == "zh" else 3]) if name.endswith("_fen")]
    assert len(amounts) == len(used)
    assert all(f"{ABOUT[language]}{one}" in said for one in amounts), said
    assert len(set(amounts)) == len(amounts), f"two figures that are not the same read the same: {said}"
    assert ".00" not in said
    assert said.endswith("（金额为约数，取两位有效数字。）" if language == "zh" else "to two significant digits.)")
    assert "约约" not in said
    assert "about about" not in said


def test_amounts_are_told_as_their_rule_has_them() -> None:
    assert told_amount(210_000_000, "monitor.related_party", "zh") == "约2,100,000"
    assert told_amount(210_000_000, "monitor.related_party", "en") == "about 2,100,000"
    assert told_amount(5, "monitor.coverage", "en") == "about 0.05"
    for rule in ("monitor.asset_loss", "duplicate.exact_reuse", "of.tomorrow"):
        assert not is_rounded(rule)
        assert told_amount(210_000_000, rule, "zh") == "2,100,000.00"  # it is so to the fen, for all its zeros
        assert told_amount(-5, rule, "en") == "-0.05"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_year_has_no_separator(language: Language) -> None:
    loss = signal("monitor.asset_loss", year=2024, lost_fen=210_345_678, unpaid_fen=100, step="10%", share="12.3%")
    said = explain(loss, language, {})
    assert "2024" in said
    assert "2,024" not in said
    assert "2,103,456.78" in said
    assert "significant" not in said
    assert "约" not in said


def test_spans_of_time_have_none_and_counts_have() -> None:
    idle = signal("monitor.idle_cash", **(DETAILS["monitor.idle_cash"] | {"days": 1_000}))
    assert "1000日" in explain(idle, "zh", {})
    many = signal("monitor.important_provider", providers=1_234, first_party="p", by_cash_flow=1_000, by_principal=234)
    assert "1,234个" in explain(many, "zh", {})
    assert {"year", "days", "late_days", "months", "period", "periods"} <= UNGROUPED


def test_what_people_wrote_is_no_word_of_ours() -> None:
    moved = {f"{side}_{way}_fen": 1 for side in ("stated", "ledger") for way in ("in", "out")}
    days = {"days_from": "2026-01-05", "days_to": "2026-01-05"}
    differs = signal("monitor.statement_differs", account="account", custodian_party="c", **days, **moved)
    assert "P的账户account在" in explain(differs, "zh", {})
    assert "Account account of" in explain(differs, "en", {})
    ended = signal("monitor.revolving_ended", event="default", days=1, until="2026-05-31", reason="plan was ended")
    assert "原因：plan was ended。" in explain(ended, "zh", {})


def test_a_report_that_is_not_filed_has_no_day_of_filing() -> None:
    duty = {"duty_zh": "年度报告", "duty_en": "annual report", "event": "2025-12-31", "deadline": "2026-04-30"}
    missing = signal("monitor.disclosure", state="overdue", party="manager", **duty)
    late = signal("monitor.disclosure", state="late", party="manager", filed="2026-05-06", late_days=2, **duty)
    assert "披露于" not in explain(missing, "zh", {})
    assert explain(late, "zh", {}).endswith("披露于2026-05-06，迟2个交易日。")
    assert explain(late, "en", {}).endswith("It was filed on 2026-05-06; trading days late: 2.")

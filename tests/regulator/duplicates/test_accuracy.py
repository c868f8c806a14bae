"""Every pattern on a market that nobody has seen: its seed is drawn, and told when something is missed.

The page that publishes the figures says of every rule what its module says.
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from pathlib import Path

import pytest

from regulator import duplicates, network
from regulator.wording import WORDING
from tests.benchmarks import duplicates_accuracy
from tests.benchmarks.duplicates_accuracy import Run, run, table
from tests.support.duplicates_measured import measured
from tests.support.duplicates_page import BEGIN, END, PAGE, described, modules, parts
from tests.support.duplicates_truth import PATTERNS, Score

RATE = Decimal("0.003")
RECEIVABLES = 1_500


@pytest.mark.slow
def test_every_pattern_is_found_on_a_fresh_market_and_nothing_else() -> None:
    tried = run(RATE, RECEIVABLES, secrets.randbelow(10**9))
    assert list(tried.wrong()) == [], f"seed {tried.seed}\n{table([tried])}"
    assert all(tried.scores[name].hit > 0 for name in PATTERNS), f"seed {tried.seed}\n{table([tried])}"


@pytest.mark.slow
def test_a_pattern_that_is_not_looked_for_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure can fail: without a detector its stories are misses, and a detector that shouts is imprecise."""
    market = measured(tmp_path, receivables=700, seed=5, rate=Decimal("0.001"))
    try:
        market.versions[:] = [one for one in market.versions if one.rule != "duplicate.double_pool"]
        loud = next(one for one in market.versions if one.rule == "duplicate.inflated_face" and one.signal)
        assert loud.signal is not None
        market.versions.append(type(loud)(rule=loud.rule, subject="invoice other", height=1, signal=type(loud.signal)(
            rule=loud.rule, subject="invoice other", level=loud.signal.level, score=1, amount=1,
        )))  # fmt: skip
        scores, high = market.scores()
    finally:
        market.store.close()
    assert scores["double_pool"].recall == 0.0
    assert scores["inflated_face"].precision < 1.0
    wrong = list(Run(rate=RATE, seed=5, receivables=700, scores=scores, high=high).wrong())
    assert [line.split(" ")[0] for line in wrong] == ["double_pool", "inflated_face"]


def test_a_run_that_is_not_good_enough_says_how_to_repeat_it() -> None:
    scores = {"exact_reuse": Score(hit=97, missed=["exact_reuse invoice A"] * 3), "double_pool": Score(hit=1)}
    wrong = list(Run(rate=RATE, seed=17, receivables=9, scores=scores, high=[]).wrong())
    assert len(wrong) == 1
    assert "exact_reuse" in wrong[0]
    assert "--seed 17" in wrong[0]


def test_the_page_says_what_the_modules_say() -> None:
    """Renew it by `python -m tests.support.duplicates_page`."""
    _, told, _ = parts(PAGE.read_text("utf-8"), BEGIN, END)
    assert told.strip() == described().strip()


def test_every_rule_and_every_pattern_is_on_the_page() -> None:
    rules = {rule for scope in (*duplicates.SCOPES, *network.SCOPES) for rule in scope.rules}
    assert rules == modules().keys()
    assert {f"duplicate.{name}" for name in PATTERNS} <= rules
    assert rules <= WORDING.keys()
    assert len(PATTERNS) == 18
    page = PAGE.read_text("utf-8")
    assert [rule for rule in rules if f"### `{rule}`" not in page] == []


def test_the_published_table_has_every_pattern_at_every_rate_and_none_too_low() -> None:
    _, told, _ = parts(PAGE.read_text("utf-8"), duplicates_accuracy.BEGIN, duplicates_accuracy.END)
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in told.splitlines() if "| `" in line]
    assert {(row[0], row[1]) for row in rows} == {
        (name, str(rate)) for name in PATTERNS for rate in duplicates_accuracy.RATES
    }
    assert all(
        float(row[5]) >= duplicates_accuracy.LEAST and float(row[6]) >= duplicates_accuracy.LEAST for row in rows
    )
    assert "look-alikes: 0." in told

"""Managers that err in a generated market are found with the class of their mistake; the others raise nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from abs.reconciliation import reconcile
from abs.reconciliation.rules import CODE
from ledger.consortium.market import generate_market, labels_of
from ledger.consortium.market.trouble.table import MISTAKES
from ledger.facts import Distribution, Plan, PlanCash
from tests.support.generated import followed, labelled

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store import AsOf

pytestmark = pytest.mark.slow

HOUSES = "PLAN-"
"""The plans of the market's own houses; the others are of stories."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[AsOf, list[dict[str, Any]]]:
    folder: Path = tmp_path_factory.mktemp("market")
    summary = generate_market(
        folder / "out", receivables=2_000, plans=7, months=22, seed=3, suite="ecdsa",
        trouble={name: Decimal("0.001") for name in MISTAKES}, traps=Decimal("0.0004"),
    )  # fmt: skip
    store = followed(folder / "out", summary, folder / "home")
    return store.at(), labelled(labels_of(folder / "out"))[0]


def test_every_mistake_is_found_in_its_period_and_explained(market: tuple[AsOf, list[dict[str, Any]]]) -> None:
    facts, labels = market
    planted = [label for label in labels if label["what"] == "manager"]
    assert {label["label"] for label in planted} == set(MISTAKES)
    for label in planted:
        found = reconcile(facts, label["plan"])
        (only,) = found.findings
        assert only.code == f"{CODE}{label['label'].removeprefix('manager.')}"
        assert only.subject == f"plan {label['plan']} period {label['period']}"
        assert only.positions


def test_what_only_looks_like_a_mistake_raises_nothing(market: tuple[AsOf, list[dict[str, Any]]]) -> None:
    facts, labels = market
    traps = [label for label in labels if label["what"] == "trap" and label["label"] in MISTAKES]
    plans = {label["subject"].removeprefix("plan "): label["label"] for label in traps}
    assert set(plans.values()) == set(MISTAKES)
    paid = {one.plan for one in facts.select(Distribution)}
    for plan in plans.keys() & paid:
        assert reconcile(facts, plan).findings == (), plans[plan]
    assert len(plans.keys() & paid) >= len(MISTAKES) - 1


def test_correct_distributions_raise_nothing(market: tuple[AsOf, list[dict[str, Any]]]) -> None:
    facts, _ = market
    periods = 0
    for plan in [one.id for one in facts.select(Plan) if one.id.startswith(HOUSES)]:
        found = reconcile(facts, plan)
        assert found.findings == ()
        periods += len(found.periods)
    assert periods > 15


def test_accounts_end_with_the_cash_of_the_ledger(market: tuple[AsOf, list[dict[str, Any]]]) -> None:
    """The state after the last period has the cash that the ledger counts, where nothing came in after it."""
    from abs.booked.periods import ledger_periods
    from abs.booked.state import left_by

    facts, _ = market
    seen = 0
    for plan in [one.id for one in facts.select(Plan) if one.liquidated_on is not None]:
        check = reconcile(facts, plan).periods[-1]
        state = left_by(ledger_periods(facts, plan)[-1], check.opening, check.result)
        cash = facts.get(PlanCash, plan)
        assert cash is not None
        assert sum(state.accounts.values()) == cash.unspent, plan
        seen += plan.startswith(HOUSES)
    assert seen

"""Every rule, every limb and every trigger that a ledger shows has a test that plants it; a new one without is told.

The tests named here plant a case and say at which height the rule speaks; that they do is read from their source.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from disclosure.catalogue import catalogue
from regulator.monitor import RULES
from regulator.monitor.classes import ATTENTION

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs/monitoring.md").read_text(encoding="utf-8")

PLANTED: Final[dict[str, tuple[str, ...]]] = {
    "asset_loss": ("events:each_further_tenth_that_is_lost_in_a_year", "events:losses_add_up_within_a_year"),
    "cash_flow": ("periods:a_period_that_brings_nothing", "classes:a_forecast_that_is_lowered_by_a_fifth"),
    "asset_claimed": (
        "assets:a_loan_of_another_on_what_the_pool_holds", "assets:registrations_of_others",
        "assets:a_piece_that_is_passed_on", "assets:the_pool_of_another_plan", "assets:a_piece_that_is_frozen",
    ),
    "invoice_status": ("assets:an_invoice_under_a_pool_is_not_normal", "assets:an_invoice_under_a_loan"),
    "cash_held_back": ("cash:cash_not_passed_on_by_its_date",),
    "collection_cycle": ("cash:cash_that_waits_longer_than_a_month_and_than_three",),
    "idle_cash": ("pools:cash_that_lies_for_thirty_days",),
    "revolving_ended": ("events:an_early_end_of_the_revolving_period",),
    "ineligible_entry": ("criteria:an_asset_that_never_met_a_criterion",),
    "ineligible_now": ("criteria:criteria_when_an_asset_comes_and_later",),
    "concentration": ("criteria:a_limit_is_exceeded_by_what_others_pay",),
    "diversification": ("pools:the_tenth_debtor_pays_all", "pools:the_largest_debtor_has_more_than_half"),
    "related_party": ("pools:what_the_originators_affiliate_owes",),
    "important_provider": (
        "pools:a_significant_payer_by_both_formulas", "pools:affiliates_are_significant_together",
        "pools:a_payer_in_default",
    ),
    "coverage": ("pools:what_is_owed_is_covered_to_the_fen", "pools:too_little_to_buy_from"),
    "trigger": (
        "pools:a_trigger_that_is_near_and_one_that_holds", "pools:a_trigger_by_a_day_alone",
        "pools:a_trigger_by_the_month",
    ),
    "participant_changed": ("events:amended_terms_and_another_custodian",),
    "participant_suspended": ("classes:a_suspended_custodian",),
    "distribution_differs": ("periods:a_period_paid_wrong", "periods:a_payment_date_missed"),
    "terms_amended": ("events:amended_terms_and_another_custodian", "events:an_amended_waterfall"),
    "terms_unusable": ("events:terms_nobody_can_read",),
    "risk_retention": ("events:less_than_a_twentieth_is_retained",),
    "statement_differs": ("cash:a_statement_is_held_against_the_ledger",),
    "disclosure": (
        "duties:a_distribution_report_in_time_late_and_not_at_all", "duties:szse_gives_two_trading_days_more",
        "duties:the_notice_of_purchases",
    ),
    "risk_class": ("classes:the_class_of_a_story", "classes:a_payment_within_three_months"),
}  # fmt: skip
"""By rule: where it is planted, ``file:how the test's name begins``."""

TRIGGERS: Final[dict[str, tuple[str, ...]]] = {
    "T01": PLANTED["asset_loss"],
    "T03": PLANTED["cash_flow"],
    "T05": PLANTED["asset_claimed"],
    "T06": PLANTED["cash_held_back"],
    "T08": ("duties:the_notice_of_purchases",),
    "T09": (*PLANTED["revolving_ended"], *PLANTED["idle_cash"]),
    "T12": PLANTED["ineligible_entry"],
    "T13": (*PLANTED["participant_changed"], *PLANTED["participant_suspended"]),
    "T21": PLANTED["distribution_differs"],
    "T23": PLANTED["terms_amended"],
    "T26": ("classes:the_report_of_a_liquidation",),
}
"""The triggers of the catalogue that a ledger shows, and where each is planted."""


@cache
def functions_of(file: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse((HERE / f"test_{file}.py").read_text(encoding="utf-8"))
    return {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}


def planting(place: str) -> ast.FunctionDef:
    file, _, begins = place.partition(":")
    (found,) = [one for name, one in functions_of(file).items() if name.startswith(f"test_{begins}")]
    return found


def asked(test: ast.FunctionDef) -> set[str]:
    """The rules whose heights a test states: by ``found.heights``, ``found.of`` or a helper on them."""
    found = set()
    for one in ast.walk(test):
        if isinstance(one, ast.Call):
            name = one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "")
            if name in ("heights", "of", "figures"):
                found |= {each.value for each in one.args if isinstance(each, ast.Constant)}
            elif name == "classed":
                found.add("risk_class")
    return found


def test_every_rule_is_planted() -> None:
    assert {f"monitor.{rule}" for rule in PLANTED} == set(RULES)


@pytest.mark.parametrize("rule", PLANTED)
def test_where_a_rule_is_planted_it_is_asked_for(rule: str) -> None:
    for place in PLANTED[rule]:
        assert rule in asked(planting(place)), place


def test_every_trigger_is_planted_or_the_page_says_why_not() -> None:
    known = catalogue().triggers
    assert {name for name, one in known.items() if one.computable in ("yes", "partly")} <= TRIGGERS.keys()
    assert {rule.trigger for rule in RULES.values() if rule.trigger is not None} <= TRIGGERS.keys()
    for place in (place for places in TRIGGERS.values() for place in places):
        assert planting(place)
    why = PAGE[PAGE.index("## What is not judged") :]
    for name in known.keys() - TRIGGERS.keys():
        assert f"| {name} |" in why, f"the page does not say why {name} is not judged"


def test_every_limb_of_attention_is_a_story() -> None:
    stories = ast.dump(ast.parse((HERE / "test_classes.py").read_text(encoding="utf-8")))
    assert all(f"value='{limb}'" in stories for limb in ATTENTION.values())
    assert {f"monitor.{rule}" for rule in PLANTED} >= ATTENTION.keys()

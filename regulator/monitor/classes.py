"""The class of credit risk (信用风险分类) that everything found of a plan suggests, with the limb that decided.

- default 违约: a payment date of the terms passed and senior or mezzanine holders were not paid what was due
- risk 风险: a default or an acceleration was declared (a setting: the rule's limbs could not be read)
- focus 重点关注: a distribution within three months that forecast cash does not cover (S4 35(2), Z3 23(2))
- attention 一般关注: asset quality, held-back cash, a breach of the documents, a failed replacement (S4 34, Z3 22)

The suggestion is the gravest class of which a limb holds; a plan of which none does is normal and makes no finding. The
manager classes plans; this is what the ledger shows to compare that with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from disclosure.catalogue import catalogue
from ledger.facts import PlanEvent
from regulator.monitor.plan import View
from regulator.signals import Level, Signal

__all__ = ["ATTENTION", "risk_class"]

ATTENTION: Final = {
    "monitor.asset_loss": "asset_quality",
    "monitor.cash_flow": "asset_quality",
    "monitor.ineligible_now": "asset_quality",
    "monitor.coverage": "asset_quality",
    "monitor.cash_held_back": "collection_failed",
    "monitor.statement_differs": "participant_breach",
    "monitor.ineligible_entry": "participant_breach",
    "monitor.distribution_differs": "participant_breach",
    "monitor.revolving_ended": "replacement_failed",
}
"""The rules whose findings of level medium or high are limbs of 一般关注."""
GRAVE: Final = frozenset({"default", "acceleration"})
UNPAID: Final = frozenset({"date_missed"})
LEVELS: Final = {"attention": Level.LOW, "focus": Level.MEDIUM, "risk": Level.HIGH, "default": Level.HIGH}
SCORES: Final = {"attention": 50, "focus": 75, "risk": 85, "default": 95}


def risk_class(view: View, found: Iterable[Signal], near: Iterable[Signal]) -> Iterator[Signal]:
    """The class suggested by what was found; ``near``: payments that forecast cash does not cover."""
    if not view.live:
        return
    signals = list(found)
    name, limb, why = _decided(view, signals, list(near))
    if name is None:
        return
    known = catalogue().classes[name]
    article = known.articles.get(view.plan.venue) or known.articles["SSE"]
    yield view.alert(
        "monitor.risk_class",
        f"plan {view.id}",
        level=LEVELS[name],
        score=SCORES[name],
        amount=max((one.amount for one in why), default=0),
        since=max((one.since for one in why if one.since is not None), default=None),
        evidence=[place for one in why for place in one.evidence],
        things=[one.subject for one in why],
        article=str(article),
        risk_class=name,
        class_zh=known.zh,
        limb=limb,
        mark=known.mark.value,
    )


def _decided(view: View, found: list[Signal], near: list[Signal]) -> tuple[str | None, str, list[Signal]]:
    unpaid = [
        one
        for one in found
        if one.rule == "monitor.distribution_differs" and one.detail("cause") in UNPAID and one.level is Level.HIGH
    ]
    if unpaid:
        return "default", "date_missed", unpaid
    declared = [one for one in view.now(PlanEvent) if one.event in GRAVE]
    if declared:
        return "risk", f"{declared[-1].event}_declared", [one for one in found if one.rule == "monitor.revolving_ended"]
    if near:
        return "focus", "forecast_short", near
    for rule, limb in ATTENTION.items():
        mine = [one for one in found if one.rule == rule and one.level is not Level.LOW]
        if mine:
            return "attention", limb, mine
    return None, "", []

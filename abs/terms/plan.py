"""The terms of a plan on the ledger: which document is in force on a day, what went before it, and what it changed.

The record of a plan states parties, days and tranches beside its document. Where both speak of one thing they must
agree, or nobody could tell by which the plan pays: ``terms-disagree`` names the paths. An amendment (变更约定) replaces
the document, and may change all but what holders were issued: the plan's code, cut-off and closing, and of each
tranche its code, rank and principal.
Plans recorded before there were documents state columns, and terms are made from these (``abs.terms.columns``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from abs.errors import BadTerms, Fault, UnknownPlan
from abs.terms.columns import document_from_columns
from abs.terms.load import load_terms, terms_in
from ledger.business_day import business_day
from ledger.facts import Plan, Tranche

if TYPE_CHECKING:
    from abs.reading import ReadModel
    from abs.terms.parts import PlanTerms

__all__ = ["Changed", "TermsVersion", "in_force", "terms_history", "terms_of"]

STATING: Final = ("document", "terms", "terms_from", "terms_reason")
"""Columns of a plan that its records state terms in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One place of the document where a version differs from the one before; None where it is not there."""

    path: str
    before: str | None
    after: str | None

    def as_json(self) -> dict[str, str | None]:
        """The three parts under their names."""
        return {"path": self.path, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsVersion:
    """One version of a plan's terms: from which day it is in force, why, by which record, and what it changed.

    ``stated``: the record carries the document; otherwise it was made from the plan's columns.
    """

    number: int
    effective: date
    reason: str | None
    position: str
    stated: bool
    terms: PlanTerms
    changes: tuple[Changed, ...]

    def as_json(self) -> dict[str, Any]:
        """The version without its document."""
        return {
            "version": self.number,
            "effective": self.effective.isoformat(),
            "reason": self.reason,
            "position": self.position,
            "stated": self.stated,
            "changes": [one.as_json() for one in self.changes],
        }


def terms_of(facts: ReadModel, plan: str, day: date | None = None) -> PlanTerms:
    """The terms in force on a day, by what is known at the height; without a day, on that of the height's block.

    In force is the version recorded last among those whose day has come: a later record overrules an earlier one from
    its own day on. Raises UnknownPlan, BadTerms ``terms-document`` and ``terms-disagree``.
    """
    day = business_day(facts.time) if day is None else day
    rows = _versions(facts, plan)
    return _read(facts, next((row for row in reversed(rows) if _effective(row) <= day), rows[0]))


def terms_history(facts: ReadModel, plan: str) -> tuple[TermsVersion, ...]:
    """Every version of a plan's terms, in the order of their records; raises what ``terms_of`` raises."""
    found: list[TermsVersion] = []
    for number, row in enumerate(_versions(facts, plan), start=1):
        terms = _read(facts, row)
        found.append(
            TermsVersion(
                number=number,
                effective=_effective(row),
                reason=row.terms_reason,
                position=str(row.began),
                stated=row.document is not None,
                terms=terms,
                changes=tuple(changes(found[-1].terms.document(), terms.document())) if found else (),
            )
        )
    return tuple(found)


def in_force(history: Sequence[TermsVersion], day: date) -> TermsVersion:
    """The version of a history that is in force on a day, as ``terms_of`` says; before all of them, the first."""
    return next((one for one in reversed(history) if one.effective <= day), history[0])


def changes(before: Any, after: Any, path: str = "") -> Iterator[Changed]:
    """Where two JSON values differ; entries of a list that have names are told apart by them, others by place."""
    if isinstance(before, list) and isinstance(after, list):
        before, after = _named(before), _named(after)
        steps = {name: f"{path}[{name}]" for name in (*before, *after)}
    elif isinstance(before, dict) and isinstance(after, dict):
        steps = {name: f"{path}.{name}".removeprefix(".") for name in (*before, *after)}
    else:
        if before != after:
            yield Changed(path=path, before=_shown(before), after=_shown(after))
        return
    for name, step in steps.items():
        yield from changes(before.get(name), after.get(name), step)


def _named(entries: list[Any]) -> dict[str, Any]:
    """The entries by their first member where it names them, else by their place."""
    found = {}
    for one in entries:
        name = next(iter(one.values()), None) if isinstance(one, dict) else None
        if isinstance(name, str):
            found[name] = one
    if len(found) == len(entries):
        return found
    return {str(place): one for place, one in enumerate(entries)}


def _shown(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _effective(row: Plan) -> date:
    return row.cutoff if row.terms_from is None else row.terms_from


def _versions(facts: ReadModel, plan: str) -> list[Plan]:
    """The versions of a plan that stated terms: the first, and every amendment. A liquidation states none."""
    rows = facts.history(Plan, plan)
    if not rows:
        raise UnknownPlan("unknown-plan", f"no plan {plan!r} is on the ledger at height {facts.height}")
    found = [rows[0]]
    for row in rows[1:]:
        if any(getattr(row, name) != getattr(found[-1], name) for name in STATING):
            found.append(row)
    return found


def _read(facts: ReadModel, row: Plan) -> PlanTerms:
    tranches = facts.select(Tranche, Tranche.plan == row.id, order_by=Tranche.place)
    if row.document is None:
        return terms_in(document_from_columns(facts, row, tranches))
    terms = load_terms(row.document, kind="json")
    if faults := tuple(_disagreements(terms, row, tranches)):
        raise BadTerms("terms-disagree", f"The document of plan {row.id} contradicts its record", faults=faults)
    return terms


def _disagreements(terms: PlanTerms, row: Plan, tranches: Sequence[Tranche]) -> Iterator[Fault]:
    """Where the document says otherwise than the record; of amended terms, where it changes what was issued."""
    issued = ["code", "cutoff", "closing"]
    stated = ["name", "venue", "manager", "custodian", "originators", "servicer", "shelf", "maturity"]
    pairs: list[tuple[str, Any, Any]] = [("plan.plan", terms.plan.plan, row.id)]
    for name in issued if row.terms_from is not None else issued + stated:
        said, known = getattr(terms.plan, name), getattr(row, name)
        pairs.append((f"plan.{name}", list(said) if isinstance(said, tuple) else said, known))
    told = {one.tranche: (place, one) for place, one in enumerate(terms.tranches)}
    pairs.append(("tranches", sorted(told), sorted(one.tranche for one in tranches)))
    fields = ["code", "rank", "principal"]
    for tranche in tranches:
        if tranche.tranche in told:
            place, one = told[tranche.tranche]
            for name in fields if row.terms_from is not None else [*fields, "name", "rate", "repayment", "maturity"]:
                pairs.append((f"tranches[{place}].{name}", getattr(one, name), getattr(tranche, name)))
    for path, said, known in pairs:
        if said != known:
            yield Fault(path=path, reason=f"it says {said}, the record {known}")

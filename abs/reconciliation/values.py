"""The values of a reconciliation: what is compared, what was found, and both by period.

In a notebook they show as tables; ``as_json`` is what the command line prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from abs.booked.entries import Item
from abs.booked.periods import LedgerPeriod
from abs.deal import DealState, PeriodResult
from abs.figure import Figure
from abs.reconciliation.html import period_html, reconciliation_html
from abs.reconciliation.rules import CAUSES, CODE
from ledger.finding import Severity

__all__ = ["Compared", "Difference", "PeriodCheck", "Reconciliation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One fee, tranche, move or call, fen: what the terms pay, what the records state, the second less the first."""

    item: Item
    rule: str
    recomputed: Figure
    stated: Figure
    difference: Figure

    def as_json(self) -> dict[str, Any]:
        """The amounts in fen, and the records of what was paid."""
        to = {"to": self.item.to} if self.item.to else {}
        return {
            "kind": self.item.kind,
            "name": self.item.name,
            **to,
            "rule": self.rule,
            "recomputed": self.recomputed.value,
            "ledger": self.stated.value,
            "difference": self.difference.value,
            "records": list(self.stated.positions()),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A period that was not paid by its terms, and why, as far as that could be told.

    ``code`` is ``distribution.differs.<cause>``, ``positions`` the records it is shown by, in ledger order. ``also``:
    other causes that reproduce what was paid to the fen.
    """

    cause: str
    message: str
    subject: str
    rule: str = ""
    positions: tuple[str, ...] = ()
    details: tuple[tuple[str, int], ...] = ()
    also: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The code of the finding."""
        return f"{CODE}{self.cause}"

    @property
    def severity(self) -> Severity:
        """How much it matters, fixed per cause."""
        return CAUSES[self.cause].severity

    def as_json(self) -> dict[str, Any]:
        """The finding; ``details`` are differences by item, fen."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "subject": self.subject,
            "message": self.message,
            "rule": self.rule,
            "records": list(self.positions),
            "details": dict(self.details),
            "also": list(self.also),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodCheck:
    """One period: what the ledger says of it, what its terms pay, and how the two compare.

    ``result`` is None where the terms cannot be applied; ``findings`` then says why.
    """

    period: LedgerPeriod
    opening: DealState
    result: PeriodResult | None
    compared: tuple[Compared, ...]
    findings: tuple[Difference, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything was paid otherwise than the terms say; a day off the schedule alone is no difference."""
        return any(one.severity is not Severity.NOTICE for one in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Everything about the period; amounts in fen, measures as text."""
        period, result = self.period, self.result
        document: dict[str, Any] = {
            "period": period.number,
            "paid_on": period.paid_on.isoformat(),
            "on_schedule": period.on_schedule,
            "terms": period.terms_ref.position,
            "notes": list(period.notes),
            "receipts": dict(period.inputs.receipts),
            "bought": dict(period.inputs.bought),
            "cash": [one.as_json() for one in period.cash],
            "measures": _texts(period.inputs.measures),
            "opening": _state(self.opening),
        }
        if result is not None:
            document |= {
                "state": result.closing.state,
                "changes": list(result.changes),
                "lines": [asdict(line) for line in result.lines],
                "closing": _state(result.closing),
            }
        return document | {
            "compared": [one.as_json() for one in self.compared],
            "findings": [one.as_json() for one in self.findings],
        }

    def _repr_html_(self) -> str:
        return period_html(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A plan's periods by its terms and by the ledger, as of a height."""

    plan: str
    height: int
    periods: tuple[PeriodCheck, ...]

    @property
    def findings(self) -> tuple[Difference, ...]:
        """Every finding, by period."""
        return tuple(one for period in self.periods for one in period.findings)

    @property
    def differs(self) -> bool:
        """Whether any period was paid otherwise than the terms say."""
        return any(one.differs for one in self.periods)

    def figures(self) -> Iterator[Figure]:
        """Every figure compared."""
        for period in self.periods:
            for one in period.compared:
                yield from (one.recomputed, one.stated, one.difference)

    def as_json(self) -> dict[str, Any]:
        """Every period, and whether any differs."""
        return {
            "plan": self.plan,
            "height": self.height,
            "differs": self.differs,
            "periods": [one.as_json() for one in self.periods],
        }

    def _repr_html_(self) -> str:
        return reconciliation_html(self)


def _state(state: DealState) -> dict[str, Any]:
    return {
        "state": state.state,
        "on": state.on.isoformat(),
        "tranches": {name: asdict(one) for name, one in state.tranches.items()},
        "accounts": dict(state.accounts),
        "fees": {name: asdict(one) for name, one in state.fees.items()},
        "triggers": {name: asdict(one) for name, one in state.triggers.items()},
        "shortfall_paid": state.shortfall_paid,
        "shortfall_repaid": state.shortfall_repaid,
    }


def _texts(measures: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else f"{value:f}" for name, value in measures.items()}

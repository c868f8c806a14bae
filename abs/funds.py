"""The cash of a plan and what it owes its holders on any day: by the records of the ledger, and by the plan's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col

from abs.booked.entries import Entry, Item, PlanBook, plan_book
from abs.calendars import schedule
from abs.deal import DealState, Measured, Period, TrancheState
from abs.figure import FactRef, Figure, Unit, difference_of, read_from, sum_of, sum_over
from abs.reading import fact_ref, plan_of
from abs.terms import PlanTerms
from abs.waterfall.books import Books
from ledger.facts import Tranche

if TYPE_CHECKING:
    from abs.reading import ReadModel

__all__ = ["RANKS", "RATED", "Funds", "funds_of"]

RANKS: Final = ("senior", "mezzanine", "subordinated")
"""优先级, 中间级, 次级: the order in which they are served."""
RATED: Final = ("senior", "mezzanine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """What a plan received, spent and owes, as of one height. Make one with ``funds_of``."""

    plan: str
    height: int
    terms: PlanTerms
    book: PlanBook = field(repr=False)
    stated: FactRef
    """The plan's fact."""
    tranches: Mapping[str, tuple[int, FactRef]] = field(repr=False)
    """Principal of each tranche, and the fact that states it."""

    def cash(self, day: date) -> Figure:
        """What came in and was not spent by the end of a day, passed on to the custody account (转付) or not."""
        came = sum_of("plan.received", (self._sum(f"plan.{name}", each, day) for name, each in self._came().items()))
        spent = sum_of("plan.spent", (self._sum(f"plan.{name}", each, day) for name, each in self._spent().items()))
        return difference_of("plan.cash", came, spent, formula=f"all that came in - all that was spent, by {day}")

    def purchased(self, after: date, until: date) -> Figure:
        """What was paid for revolving purchases (循环购买) after one day, until another."""
        chosen = [one for one in self.book.purchased if after < one.on]
        return self._sum("plan.purchased", chosen, until)

    def outstanding(self, day: date, *ranks: str) -> Figure:
        """Principal outstanding at the end of a day, of the tranches of these ranks, or of all."""
        names = [one.tranche for one in self.terms.tranches if not ranks or one.rank in ranks]
        name = f"{' and '.join(ranks) or 'securities'}.outstanding"
        return sum_of(name, (self.tranche(one, day) for one in names), height=self.height)

    def tranche(self, tranche: str, day: date) -> Figure:
        """Principal outstanding of one tranche at the end of a day."""
        principal, ref = self.tranches[tranche]
        issued = read_from(
            f"tranche.{tranche}.principal",
            principal,
            Unit.FEN,
            formula="Tranche.principal",
            height=self.height,
            facts=[ref],
        )
        repaid = self._sum("tranche.repaid", self._paid("principal", tranche), day)
        return difference_of(f"tranche.{tranche}.outstanding", issued, repaid, formula=f"principal - repaid by {day}")

    def before_paying(self, day: date) -> Funds:
        """The same without what was paid out on a day or after it: what its payments are made of (计算日)."""
        paid = {
            period: {item: tuple(one for one in each if one.on < day) for item, each in items.items()}
            for period, items in self.book.paid.items()
        }
        before = {
            period: found
            for period, whens in self.book.distributed.items()
            if (found := tuple(when for when in whens if when[0] < day))
        }
        return replace(self, book=replace(self.book, paid=paid, distributed=before))

    def period(self, day: date) -> tuple[date, date, date]:
        """The days of the first period that is not paid for by a day: after which it begins, up to which what came in
        by the day counts for it, and its payment date.

        By the dates of the terms; where they have none for the day, after the last distribution and until the day.
        """
        paid = max((on for on in self.book.paid_on.values() if on <= day), default=date.min)
        for each in schedule(self.terms):
            if paid < each.payment and day <= each.payment:
                return each.collected_from - timedelta(days=1), min(day, each.calculation), each.payment
        return max((on for on in self.book.paid_on.values() if on < day), default=self.terms.plan.cutoff), day, day

    def dues(self, day: date, measures: Mapping[str, Measured]) -> tuple[Figure, Mapping[str, Figure]]:
        """Fees due, and interest due on each tranche, for the first period not paid for by a day, in fen.

        Interest with what earlier periods left unpaid; fees of the period alone, by their bases in ``measures``.
        """
        _, _, until = self.period(day)
        state = self._state(day)
        cash = measures.get("pool.collections")
        receipts = {self.terms.accounts[0].account: int(cash)} if cash else {}
        period = Period(period=state.period + 1, on=max(until, state.on), receipts=receipts, measures=measures)
        books = Books(self.terms, state, period)
        fees = sum(books.fee_due(one.fee).amount for one in self.terms.fees)
        interest = {}
        for one in self.terms.tranches:
            paid = [
                entry.ref
                for kind in ("interest", "principal")
                for entry in self._paid(kind, one.tranche)
                if entry.on <= day
            ]
            interest[one.tranche] = self._due(
                f"tranche.{one.tranche}.interest_due",
                books.interest_due(one.tranche).amount,
                f"interest accrued {state.on}..{period.on} and in arrears",
                (self.stated, self.tranches[one.tranche][1], *paid),
            )
        return self._due(
            "fees.due", fees, f"fees due for {state.on}..{period.on} by the terms", (self.stated,)
        ), interest

    def _due(self, name: str, value: int, formula: str, facts: tuple[FactRef, ...]) -> Figure:
        return Figure(name=name, value=value, unit=Unit.FEN, formula=formula, height=self.height, facts=facts)

    def _state(self, day: date) -> DealState:
        """The deal after the last distribution by a day: what is outstanding, and interest that was left unpaid."""
        accounts = {one.account: 0 for one in self.terms.accounts}
        whole = {name: TrancheState(outstanding=principal) for name, (principal, _) in self.tranches.items()}
        state = DealState(period=0, on=self.terms.plan.closing, state="amortising", tranches=whole, accounts=accounts)
        for number, on in self.book.paid_on.items():
            if on > day or on < state.on:
                continue
            period = state.period + 1
            books = Books(self.terms, state, Period(period=period, on=on, receipts={}))
            after = {}
            for name in whole:
                paid = {kind: self._of(number, kind, name) for kind in ("principal", "interest")}
                after[name] = TrancheState(
                    outstanding=max(0, state.tranches[name].outstanding - paid["principal"]),
                    interest_arrears=max(0, books.interest_due(name).amount - paid["interest"]),
                )
            state = DealState(period=period, on=on, state="amortising", tranches=after, accounts=accounts)
        return state

    def _of(self, period: int, kind: str, name: str) -> int:
        return sum(one.amount for item, each in self._items(period, kind) if item.name == name for one in each)

    def _items(self, period: int, kind: str) -> Iterator[tuple[Item, tuple[Entry, ...]]]:
        return ((item, each) for item, each in self.book.paid.get(period, {}).items() if item.kind == kind)

    def _paid(self, kind: str, name: str | None = None) -> list[Entry]:
        found = (pair for period in self.book.paid for pair in self._items(period, kind))
        return [one for item, each in found if name in (None, item.name) for one in each]

    def _came(self) -> dict[str, Sequence[Entry]]:
        book = self.book
        made_up = [one for each in book.made_up.values() for one in each]
        return {"collected": book.collected, "repurchased": [*book.repurchased, *book.cleaned_up], "made_up": made_up}

    def _spent(self) -> dict[str, Sequence[Entry]]:
        kinds = {"fees": ["fee"], "repaid": ["repaid"], "distributed": ["interest", "principal"]}
        paid = {name: [one for kind in each for one in self._paid(kind)] for name, each in kinds.items()}
        return {"purchased": self.book.purchased, **paid}

    def _sum(self, name: str, entries: Sequence[Entry], until: date) -> Figure:
        chosen = [one for one in entries if one.on <= until]
        what = name.rpartition(".")[2]
        return sum_over(name, chosen, lambda one: one.amount, formula=f"sum of {what} by {until}", height=self.height)


def funds_of(facts: ReadModel, plan: str, terms: PlanTerms) -> Funds:
    """The plan's cash and securities as of the reading's height; raises UnknownPlan."""
    row = plan_of(facts, plan)
    known = {one.tranche: fact_ref(one) for one in facts.select(Tranche, col(Tranche.plan) == plan)}
    return Funds(
        plan=plan,
        height=facts.height,
        terms=terms,
        book=plan_book(facts, plan),
        stated=fact_ref(row),
        tranches={one.tranche: (one.principal, known.get(one.tranche, fact_ref(row))) for one in terms.tranches},
    )

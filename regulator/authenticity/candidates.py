"""Which receivables of a snapshot a check could fail on: one sweep for each group of checks, over every version.

Each sweep is wider than its check: what is let through here is judged like everything else, and what is left out could
fail at no height.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, Final

from ledger.facts import (
    Fact,
    Invoice,
    Member,
    Payment,
    Receipt,
    Receivable,
    ReceivableInvoice,
    Settlement,
    TradeDocument,
    TradeOrder,
    TradeReference,
)
from ledger.records.members import uscc_holds
from ledger.snapshot import Market
from regulator.authenticity.background import CUSTOMS, DOWN, UP
from regulator.authenticity.network import BOTH, MORE
from regulator.authenticity.node import HIGHEST_RATE, ROUNDING
from regulator.authenticity.order import EDGES, PAPERS
from regulator.duplicates import paper_candidates
from regulator.duplicates.view import VOID

__all__ = ["candidates"]

PAPER: Final = (
    "id", "type", "parties", "amount", "status", "goods", "quantity", "file_digest", "number", "dated_on",
)  # fmt: skip
"""What the sweeps look at of a document."""
ENDS: Final = {"first": "min", "last": "max"}
ALSO: Final = {"order": ("order", "platform")}
"""Places in the order of time that two tables hold: orders of traders, and of platforms."""


def candidates(market: Market) -> Any:
    """Return the seeds, in a column ``seed``."""
    sweeps = _Sweeps(market)
    found = (
        sweeps.of_invoices(), sweeps.of_receivables(), sweeps.of_parties(), sweeps.of_amounts(),
        sweeps.of_payments(), *sweeps.of_papers(), sweeps.of_orders(),
    )  # fmt: skip
    names = reduce(lambda one, other: one.union(other), (each.select("receivable") for each in found)).distinct()
    return names.select(seed="receivable " + names.receivable)


class _Sweeps:
    """The tables of a market, each receivable with what it reaches, and the sweeps over them."""

    def __init__(self, market: Market) -> None:
        import ibis

        self._market = market
        self.owed = market.stated(Receivable)
        self.links = market.stated(ReceivableInvoice).select("receivable", "invoice").distinct()
        self.invoices = market.stated(Invoice)
        self.documents = market.stated(TradeDocument)
        self.references = market.stated(TradeReference).select("source_kind", "source", "target").distinct()
        self.under = self.links.join(self.invoices, self.links.invoice == self.invoices.id)
        """Each receivable with every version of its invoices."""
        # Every sweep over papers looks at the pairs, so they are computed once, here.
        self.pairs = ibis.memtable(market.backend.to_pyarrow(self._pairs()))
        """(receivable, thing)."""
        self.papers = self._reached(TradeDocument).select("receivable", *PAPER)
        self.orders = self._reached(TradeOrder)
        self.receipts = self._reached(Receipt)

    # What a receivable reaches: as wide as Library reads, and no narrower

    def _pairs(self) -> Any:
        """Return (receivable, thing) for all that references lead to, and what leads to that but a contract."""
        named = self.owed.filter(self.owed.contract.notnull()).select(receivable="id", thing="contract")
        own = self.links.select(receivable="receivable", thing="invoice")
        down, fresh = named.distinct(), own.union(named).distinct()
        every = fresh
        sources = self.references.select("source", "target")
        for _ in range(DOWN):
            fresh = fresh.join(sources, fresh.thing == sources.source)
            fresh = fresh.select("receivable", thing=fresh.target).distinct()
            every = every.union(fresh)
        contracts = self.documents.filter(self.documents.type == "contract").select(contract="id").distinct()
        upward = self.references.filter(self.references.source_kind == "document").select("source", "target")
        fresh = every
        found = every.union(down)
        came: Any = None
        for _ in range(UP):
            fresh = fresh.anti_join(contracts, fresh.thing == contracts.contract)
            fresh = fresh.join(upward, fresh.thing == upward.target)
            fresh = fresh.select("receivable", thing=fresh.source).distinct()
            came = fresh if came is None else came.union(fresh)
        beside = came.join(sources, came.thing == sources.source).select("receivable", thing=sources.target)
        return found.union(came).union(beside).distinct()

    def _reached(self, table: type[Fact]) -> Any:
        """Return every version of what receivables reach of one table, with the receivable."""
        pairs, rows = self.pairs, self._market.stated(table)
        return pairs.join(rows, pairs.thing == rows.id)

    # The sweeps

    def of_invoices(self) -> Any:
        """Invoices that do not add up, have an impossible number or are void, or of which anything was said against."""
        rows = self.under
        most = rows.amount_excluding_tax.abs() * HIGHEST_RATE / 100 + ROUNDING - 1
        odd = (rows.amount_excluding_tax + rows.tax != rows.amount_including_tax) | (rows.tax.abs() > most)
        odd = odd | ((rows.tax * rows.amount_excluding_tax < 0) & (rows.tax.abs() > ROUNDING))
        odd = odd | rows.status.isin(sorted(VOID)) | ((rows.type == "digital") & (rows.number.length() != 20))
        odd = odd | ((rows.type == "digital") & ~rows.number.re_search("^[0-9]{20}$"))
        papers = paper_candidates.contradicted(self._market)
        told = self.links.semi_join(papers, self.links.invoice == papers.id)
        return rows.filter(odd).select("receivable").union(told.select("receivable"))

    def of_receivables(self) -> Any:
        """Receivables that were overpaid, or confirmed by their creditor or its key; all of a party of a wrong code."""
        rows = self.owed
        known = self._market.backend.to_pyarrow(self._market.stated(Member).select("id", "uscc").distinct())
        pairs = zip(known["id"].to_pylist(), known["uscc"].to_pylist(), strict=True)
        bad = sorted({name for name, uscc in pairs if not uscc_holds(uscc)})
        odd = (rows.paid > rows.amount + rows.adjusted) | (rows.paid < 0)
        odd = odd | (rows.confirmed_by == rows.creditor).fill_null(False)
        odd = odd | (rows.confirmed_signer_member == rows.creditor).fill_null(False)
        if bad:
            odd = odd | rows.creditor.isin(bad) | rows.debtor.isin(bad)
        return rows.filter(odd).select(receivable="id")

    def of_parties(self) -> Any:
        """Receivables whose invoices are between others."""
        first = self.owed.select("id", "creditor", "debtor").distinct()
        rows = self.under.select("receivable", "seller", "buyer").distinct()
        both = rows.join(first, rows.receivable == first.id)
        return both.filter((both.seller != both.creditor) | (both.buyer != both.debtor)).select("receivable")

    def of_amounts(self) -> Any:
        """Receivables of more than their invoices, any red or void one left out at its worst."""
        # One invoice may have several ids: what is of one number counts once, at its least.
        face = self.under.group_by("receivable", "number").aggregate(face=self.under.amount_including_tax.min())
        whole = face.group_by("receivable").aggregate(faces=face.face.sum())
        most = self.owed.group_by("id").aggregate(most=(self.owed.amount + self.owed.adjusted + self.owed.netted).max())
        over = whole.join(most, whole.receivable == most.id)
        over = over.filter(over.most > over.faces).select("receivable")
        # As invoices join a receivable with its registration, only red ones can make them less: those refer to them.
        negative = self.invoices.filter(self.invoices.amount_including_tax < 0).select("id").distinct()
        noted = self.references.semi_join(negative, self.references.source == negative.id)
        red = self.invoices.filter(self.invoices.red_invoice.notnull()).select(target="id").distinct()
        less = noted.select("target").union(red)
        reduced = self.links.semi_join(less, self.links.invoice == less.target)
        return over.union(reduced.select("receivable"))

    def of_payments(self) -> Any:
        """Receivables of which a payment settles more than it is."""
        rows, payments = self._market.stated(Settlement), self._market.stated(Payment).select("id", "amount")
        rows = rows.filter(rows.receivable.notnull())
        parts = rows.group_by("receivable", "payment").aggregate(settled=rows.amount.sum())
        both = parts.join(payments, parts.payment == payments.id)
        return both.filter(both.settled > both.amount).select("receivable")

    def of_papers(self) -> tuple[Any, ...]:
        """Receivables with a paper that was cancelled, is of others, of other goods, too small, or anothers' too."""
        parties = self.owed.select("id", "creditor", "debtor").distinct().rename(owed="id")
        rows = self.papers
        both = rows.join(parties, rows.receivable == parties.owed)
        creditor, debtor = both.parties.contains(both.creditor), both.parties.contains(both.debtor)
        odd = (both.type.isin(BOTH) & ~(creditor & debtor)) | ((both.type == "waybill") & ~(creditor | debtor))
        foreign = both.filter(odd | (both.status == "cancelled")).select("receivable")
        measured = rows.filter(rows.quantity.notnull())
        counted = measured.group_by("receivable").aggregate(ids=measured.id.nunique(), least=measured.quantity.min())
        # A quantity is kept as text; nothing of it is above zero but its digits.
        nothing = measured.filter(~measured.quantity.re_search("[1-9]")).select("receivable")
        stored = counted.semi_join(self.receipts, counted.receivable == self.receipts.receivable).select("receivable")
        return (
            foreign,
            counted.filter(counted.ids > 1).select("receivable").union(nothing).union(stored),
            self._of_goods(rows),
            self._of_caps(rows),
            self._shared(rows),
            self._out_of_order(),
        )

    def _of_goods(self, rows: Any) -> Any:
        sold = self.under.select("receivable", invoiced=self.under.goods).distinct()
        shown = rows.filter(rows.goods.notnull()).select("receivable", "goods").distinct()
        shown = shown.union(self.receipts.select("receivable", "goods")).union(
            self.orders.select("receivable", "goods")
        )
        shown = shown.rename(owed="receivable").distinct()
        both = sold.join(shown, sold.receivable == shown.owed)
        return both.filter(both.invoiced != both.goods).select("receivable")

    def _of_caps(self, rows: Any) -> Any:
        """Receivables invoiced beyond any one contract, order or declaration: several together are for more."""
        net = self.under.filter(self.under.amount_excluding_tax > 0)
        net = net.select("receivable", "invoice", "amount_excluding_tax").distinct()
        net = net.group_by("receivable").aggregate(net=net.amount_excluding_tax.sum()).rename(owed="receivable")
        caps = rows.filter(rows.type.isin(BOTH) & rows.amount.notnull()).select("receivable", "amount")
        caps = caps.union(self.orders.select("receivable", "amount"))
        both = caps.join(net, caps.receivable == net.owed)
        return both.filter(both.net * 100 > both.amount * (100 + MORE)).select("receivable")

    def _shared(self, rows: Any) -> Any:
        held = self.documents.filter(self.documents.file_digest.notnull())
        files = held.group_by("file_digest").aggregate(ids=held.id.nunique()).filter(lambda each: each.ids > 1)
        customs = self.documents.filter(self.documents.type == CUSTOMS)
        numbers = customs.group_by("number").aggregate(ids=customs.id.nunique()).filter(lambda each: each.ids > 1)
        declared = rows.filter(rows.type == CUSTOMS)
        one = rows.semi_join(files, rows.file_digest == files.file_digest).select("receivable")
        return one.union(declared.semi_join(numbers, declared.number == numbers.number).select("receivable"))

    def _out_of_order(self) -> Any:
        """Receivables of which anything came later, by its latest date, than what follows, by its earliest."""
        papers, orders, under, owed = self.papers, self.orders, self.under, self.owed
        paid = self._market.stated(Settlement)
        paid = paid.filter(paid.receivable.notnull())
        spans = [
            papers.group_by("receivable").aggregate(**{
                f"{place}_{end}": getattr(papers.dated_on, how)(where=papers.type == type_)
                for type_, place in PAPERS.items()
                for end, how in ENDS.items()
            }),
            *(
                rows.group_by(key).aggregate(
                    **{f"{place}_{end}": getattr(rows[on], how)() for end, how in ENDS.items()}
                )
                for rows, key, place, on in (
                    (orders, "receivable", "platform", "ordered_on"),
                    (under, "receivable", "invoice", "issued"),
                    (paid, "receivable", "payment", "paid_on"),
                    (owed, "id", "registered", "registered_on"),
                    (owed, "id", "confirmed", "confirmed_on"),
                    (owed, "id", "due", "due"),
                )
            ),
        ]  # fmt: skip
        every = owed.select(owed="id").distinct()
        for at, each in enumerate(spans):
            mine = each.rename({f"of_{at}": each.columns[0]})
            every = every.left_join(mine, every.owed == mine[f"of_{at}"])
        late = [
            (every[f"{first}_last"].delta(every[f"{then}_first"], unit="day") > edge.days).fill_null(False)
            for edge in EDGES
            for first in ALSO.get(edge.earlier, (edge.earlier,))
            for then in ALSO.get(edge.later, (edge.later,))
        ]
        return every.filter(reduce(lambda one, other: one | other, late)).select(receivable="owed")

    def of_orders(self) -> Any:
        """Receivables with a platform's order between others."""
        parties = self.owed.select("id", "creditor", "debtor").distinct().rename(owed="id")
        both = self.orders.select("receivable", "buyer", "seller").distinct()
        both = both.join(parties, both.receivable == parties.owed)
        mine = both.buyer.isin([both.creditor, both.debtor]) | both.seller.isin([both.creditor, both.debtor])
        return both.filter(~mine).select("receivable")

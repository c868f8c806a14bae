"""Which pairs of a snapshot ever had so much financed without support that it may be a finding: running sums over all.

Every receivable that was ever claimed is at most without support from its first claim until support came for good or
its last claim ended; and at least with support from then until its first claim ended. Summed up by position, the one
is an upper bound of what is unsupported at any height, the other a lower bound of what is supported.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Final

from ledger.confirmation import by_debtor
from ledger.facts import (
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    TradeDocument,
    TradeReference,
)
from ledger.snapshot import Market
from regulator.duplicates.paper_numbers import MISMATCH
from regulator.duplicates.patterns.phantom_debtor import CLAIMS, FLOOR, MOVEMENT, RATIO
from regulator.duplicates.view import OVER

__all__ = ["candidates"]

NEVER: Final = 2**62
"""A position after all."""
PAIR: Final = ("creditor", "debtor")


def candidates(market: Market) -> Any:
    """Return the seeds, in a column ``seed``: of such pairs all the receivables that were ever claimed.

    Most pairs never have enough of it: they are left out by a first look, before anything is put in order.
    """
    import ibis

    with ExitStack() as held:

        def kept(table: Any) -> Any:
            return held.enter_context(market.kept(table))

        owed = kept(_owed(market, kept(_claimed(market))))
        sure = (owed.confirmed <= owed.began).fill_null(False)
        doubtful = kept(owed.filter(~sure))
        tied = kept(_tied(market, doubtful))
        backed = kept(_backed(doubtful, _known(market, tied).union(_moved(market, tied))))
        weak = backed.filter(backed.began < ibis.least(backed.backed, backed.last_end))
        enough = weak.group_by(*PAIR).aggregate(claims=weak.id.count(), amount=weak.most.sum())
        enough = kept(enough.filter((enough.claims >= CLAIMS) & (enough.amount >= FLOOR)).select(*PAIR))
        # What was confirmed before it was claimed is sure from then on, whatever else supports it.
        rest = owed.filter(sure).mutate(backed="confirmed").select(*backed.columns)
        seeds = market.backend.to_pyarrow(_grave(backed.union(rest).semi_join(enough, PAIR)))
    return ibis.memtable(seeds, schema={"seed": "string"})


def _grave(owed: Any) -> Any:
    """Return the seeds of those pairs of which the sums were a finding at some position."""
    import ibis

    events = _events(owed)
    events = events.filter(events.place < NEVER)
    so_far = ibis.window(group_by=PAIR, order_by="place", range=(None, 0))
    sums = events.select(
        "id", *PAIR, **{name: events[name].sum().over(so_far) for name in ("unsupported", "claims", "supported")}
    )
    grave = (sums.claims >= CLAIMS) & (sums.unsupported >= FLOOR) & (sums.unsupported > RATIO * sums.supported)
    found = sums.select("id", grave=grave.cast("int64").max().over(ibis.window(group_by=PAIR)))
    found = found.filter(found.grave > 0).select("id").distinct()
    return found.select(seed="claimed " + found.id)


def _owed(market: Market, claimed: Any) -> Any:
    """Return the receivables that were ever claimed: their value, when they were confirmed."""
    rows = market.stated(Receivable)
    rows = rows.semi_join(claimed, rows.id == claimed.receivable)
    value = rows.amount + rows.adjusted + rows.netted
    owed = rows.group_by("id", *PAIR).aggregate(
        most=value.max(), least=value.min(), confirmed=rows.from_position.min(where=by_debtor(rows))
    )
    return owed.join(claimed, owed.id == claimed.receivable)


def _backed(owed: Any, support: Any) -> Any:
    """Return the same with the position from which each has support for good."""
    import ibis

    support = support.group_by("id").aggregate(backed=support.backed.min())
    owed = owed.left_join(support, "id")
    backed = ibis.least(owed.confirmed.coalesce(NEVER), owed.backed.coalesce(NEVER))
    return owed.select("id", *PAIR, "most", "least", "began", "first_end", "last_end", backed=backed)


def _events(owed: Any) -> Any:
    """Return what each receivable adds to its pair's sums and takes off them again, and at which position.

    Turns: 0 and 1, it is and is no more without support at the most; 2 and 3, with support at the least.
    """
    import ibis

    turns = ibis.memtable({"turn": [0, 1, 2, 3]}, schema={"turn": "int64"})
    rows = owed.cross_join(turns)
    until, since = ibis.least(rows.backed, rows.last_end), ibis.greatest(rows.backed, rows.began)
    weak, sure = (rows.turn < 2) & (rows.began < until), (rows.turn >= 2) & (since < rows.first_end)
    rows = rows.mutate(until=until, since=since).filter(weak | sure)
    sign = ibis.ifelse(rows.turn % 2 == 0, 1, -1)
    place = ibis.cases((rows.turn == 0, rows.began), (rows.turn == 1, rows.until), (rows.turn == 2, rows.since))
    return rows.select(
        "id", *PAIR,
        place=place.coalesce(rows.first_end),
        unsupported=ibis.ifelse(rows.turn < 2, sign * rows.most, 0),
        claims=ibis.ifelse(rows.turn < 2, sign, 0),
        supported=ibis.ifelse(rows.turn < 2, 0, sign * rows.least),
    )  # fmt: skip


def _claimed(market: Market) -> Any:
    """Return by receivable where the first claim on it began and ended, and where the last ended."""
    import ibis

    links = market.stated(ReceivableInvoice).select("receivable", "invoice")
    outputs, pools = market.stated(Output), market.stated(PoolAsset)
    loans = market.stated(Financing)
    over = loans.status.isin(sorted(OVER))
    # What was repaid may be drawn again: it is over for good from where the last version ends that is not over.
    loans = loans.group_by("id").aggregate(
        paused=loans.from_position.min(where=over), over=loans.to_position.coalesce(NEVER).max(where=~over)
    )
    put_up = market.stated(FinancingCollateral)
    put_up = put_up.left_join(loans, put_up.financing == loans.id)
    until = put_up.to_position.coalesce(NEVER)
    put_up = put_up.select(
        "target_kind", "target",
        began="from_position",
        paused=ibis.least(until, put_up.paused.coalesce(NEVER)),
        ended=ibis.least(until, put_up.over.coalesce(NEVER)),
    )  # fmt: skip
    times = ("began", "paused", "ended")

    def of(kind: str) -> Any:
        return put_up.filter(put_up.target_kind == kind).select("target", *times)

    def held(rows: Any, receivable: str) -> Any:
        until = rows.to_position.coalesce(ibis.literal(NEVER))
        return rows.select(receivable=receivable, began="from_position", paused=until, ended=until)

    def within(rows: Any, links: Any, name: str) -> Any:
        """Return what is claimed by claims on what it is in: from when both were there."""
        rows = rows.join(links, rows.target == links.whole)
        return rows.mutate(began=ibis.greatest(rows.began, rows.since)).select(*times, **{name: "part"})

    packed = market.stated(PackageInvoice).select(whole="package", part="invoice", since="from_position")
    roots = outputs.select(whole="id", part="root", since="from_position")
    invoices = of("invoice").union(within(of("package"), packed, "target").select("target", *times))
    found = of("receivable").select("target", *times).rename(receivable="target")
    found = found.union(within(of("output"), roots, "receivable").select("receivable", *times))
    found = found.union(invoices.join(links, invoices.target == links.invoice).select("receivable", *times))
    found = found.union(held(outputs.filter(outputs.financier == outputs.owner), "root"))
    found = found.union(held(pools, "asset"))
    return found.group_by("receivable").aggregate(
        began=found.began.min(), first_end=found.paused.argmin(found.began), last_end=found.ended.max()
    )


def _tied(market: Market, owed: Any) -> Any:
    """Return the invoices of receivables, with what those were at the most and where they were tied."""
    links = market.stated(ReceivableInvoice)
    links = links.select(owed="receivable", paper="invoice", linked="from_position")
    return owed.join(links, owed.id == links.owed).select("id", "most", "paper", "linked")


def _known(market: Market, tied: Any) -> Any:
    """Return from where a receivable has support that never goes: one invoice for half, known and never disputed."""
    import ibis

    rows = market.stated(Invoice)
    amount = rows.verified_amount
    stated = amount.isnull() | (amount == rows.amount_including_tax) | (amount == rows.amount_excluding_tax)
    rows = rows.filter(rows.verified_result.notnull()).semi_join(tied, rows.id == tied.paper)
    invoices = rows.group_by(name=rows.id, face=rows.amount_including_tax).aggregate(
        known=rows.from_position.min(where=(rows.verified_result == "consistent") & stated),
        disputed=(rows.verified_result.isin(MISMATCH) | ~stated).sum(),
    )
    invoices = invoices.filter(invoices.known.notnull() & (invoices.disputed == 0))
    both = tied.join(invoices, tied.paper == invoices.name)
    both = both.filter(2 * both.face >= both.most)
    return both.select("id", backed=ibis.greatest(both.linked, both.known))


def _moved(market: Market, tied: Any) -> Any:
    """Return the same by a paper of goods that moved, which was never cancelled."""
    import ibis

    papers = market.stated(TradeDocument)
    papers = papers.filter(papers.type.isin(MOVEMENT))
    papers = papers.group_by(name=papers.id).aggregate(
        came=papers.from_position.min(), ended=(papers.status == "cancelled").sum()
    )
    papers = papers.filter(papers.ended == 0)
    references = market.stated(TradeReference)
    references = references.filter(references.source_kind == "invoice")
    references = references.select(source="source", target="target", referred="from_position")
    both = tied.join(references, tied.paper == references.source)
    both = both.join(papers, both.target == papers.name)
    return both.select("id", backed=ibis.greatest(both.linked, both.referred, both.came))

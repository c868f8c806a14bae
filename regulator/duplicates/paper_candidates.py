"""Which invoices of a snapshot something is odd about: one sweep over the invoices, each version counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ledger.facts import Financing, FinancingCollateral, Invoice, Member, Output, PackageInvoice, ReceivableInvoice
from ledger.records.members import uscc_holds
from ledger.snapshot import Market
from regulator.duplicates.paper_numbers import FIRST_YEAR, MISMATCH, PROVINCES

__all__ = ["candidates", "contradicted"]

DIGITAL = "^[0-9]{20}$"
DIGITS = 20


def candidates(market: Market) -> Any:
    """Return the seeds, in a column ``seed``."""
    found = _told(market, (*_contradictions(market), _otherwise(market)))
    return found.select(seed="invoice " + found.id)


def contradicted(market: Market) -> Any:
    """Return the invoices, in a column ``id``, that the tax authority, their own fields or dates speak against."""
    return _told(market, _contradictions(market))


def _told(market: Market, sweeps: Iterable[Any]) -> Any:
    """Return what any of the sweeps tells. Each is asked by itself: an engine would keep what they have in common."""
    return _named({each for one in sweeps for each in market.backend.to_pyarrow(one.distinct())["id"].to_pylist()})


def _named(ids: Iterable[str]) -> Any:
    import ibis

    return ibis.memtable({"id": sorted(ids)}, schema={"id": "string"})


def _contradictions(market: Market) -> Iterator[Any]:
    firsts = market.table(Invoice).select("id", "number", "issued", "seller", "buyer")  # which never change
    yield _said_against(market.stated(Invoice))
    yield _misnumbered(firsts)
    yield _sharing(market, firsts)
    yield _dated_after(market, firsts)
    bad = _of_bad_parties(market, firsts)
    if bad is not None:
        yield bad


def _said_against(rows: Any) -> Any:
    known = rows.verified_amount
    otherwise = known.notnull() & (known != rows.amount_including_tax) & (known != rows.amount_excluding_tax)
    return rows.filter(rows.verified_result.isin(MISMATCH) | otherwise).select("id")


def _misnumbered(rows: Any) -> Any:
    digital = rows.filter(rows.number.length() == DIGITS)
    year, province = digital.number.substr(0, 2), digital.number.substr(2, 2)
    stated = digital.issued.year().cast("string").substr(2, 2)
    odd = digital.filter((year != stated) | (year < str(FIRST_YEAR)) | ~province.isin(sorted(PROVINCES)))
    return odd.filter(odd.number.re_search(DIGITAL)).select("id")


def _sharing(market: Market, rows: Any) -> Any:
    signs = rows.select(sign=rows.number.hash())  # numbers are compared several times as fast as text
    often = signs.group_by("sign").aggregate(ids=signs.count()).filter(lambda each: each.ids > 1)
    with market.kept(often) as often, market.kept(rows.semi_join(often, rows.number.hash() == often.sign)) as near:
        shared = near.group_by("number").aggregate(ids=near.id.count()).filter(lambda each: each.ids > 1)
        found = market.backend.to_pyarrow(near.semi_join(shared, "number").select("id"))
    return _named(found["id"].to_pylist())


def _otherwise(market: Market) -> Any:
    """Return the invoices of one day, amount and parties with several numbers, any written oddly or with a code.

    What is code and what number is not always told apart.
    """
    rows = market.table(Invoice).select("id", "number", "code", "seller", "buyer", "issued", fen="amount_including_tax")
    plain = ~rows.number.re_search("[^0-9A-Z]") & (rows.code.isnull() | ~rows.code.re_search("[^0-9A-Z]"))
    day = ("seller", "buyer", "issued", "fen")
    met = rows.group_by(*day).aggregate(
        one=rows.number.min(), other=rows.number.max(), odd=(~plain).sum(), coded=rows.code.count()
    )
    met = met.filter((met.one != met.other) & ((met.odd > 0) | (met.coded > 0)))
    return rows.semi_join(met, day).select("id")


def _dated_after(market: Market, invoices: Any) -> Any:
    """Return the invoices that are dated after a financing which was opened on them."""
    collateral, financings = market.stated(FinancingCollateral), market.stated(Financing)
    opened = financings.select(financing_id="id", opened="from_position", start="start")
    opened = collateral.join(
        opened, [collateral.financing == opened.financing_id, collateral.from_position == opened.opened]
    ).select("target_kind", "target", "start")
    links = market.stated(ReceivableInvoice).select("receivable", "invoice")
    outputs, packed = market.stated(Output), market.stated(PackageInvoice)

    def of(kind: str) -> Any:
        return opened.filter(opened.target_kind == kind)

    receivables = of("receivable").select(receivable_id="target", start="start")
    pieces = of("output")
    pieces = pieces.join(outputs.select(piece="id", root="root"), pieces.target == outputs.id.name("piece"))
    receivables = receivables.union(pieces.select(receivable_id="root", start="start"))
    owed = receivables.join(links, receivables.receivable_id == links.receivable).select(name="invoice", start="start")
    packages = of("package")
    packages = packages.join(packed.select("package", "invoice"), packages.target == packed.package)
    named = of("invoice").select(name="target", start="start")
    under = named.union(owed).union(packages.select(name="invoice", start="start"))
    dated = invoices.join(under, invoices.id == under.name)
    return dated.filter(dated.issued > dated.start).select("id")


def _of_bad_parties(market: Market, invoices: Any) -> Any | None:
    """Return the invoices of members whose credit code does not hold; None where there is none."""
    members = market.stated(Member)
    known = market.backend.to_pyarrow(members.select("id", "uscc").distinct())
    pairs = zip(known["id"].to_pylist(), known["uscc"].to_pylist(), strict=True)
    bad = sorted({name for name, uscc in pairs if not uscc_holds(uscc)})
    return invoices.filter(invoices.seller.isin(bad) | invoices.buyer.isin(bad)).select("id") if bad else None

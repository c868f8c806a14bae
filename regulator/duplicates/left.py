"""What things of a snapshot were worth at first, and the least that was ever left of them: what sweeps compare with."""

from __future__ import annotations

from typing import Any

from ledger.facts import Invoice, Receivable, TradeDocument, TradeOrder
from ledger.snapshot import Market
from regulator.duplicates.anchors import Anchors, hashed, joined, union

__all__ = ["least_of"]


def least_of(market: Market, anchors: Anchors, wanted: Any) -> Any:
    """Return what each thing wanted was worth when it began, and the least that was ever left of it, by ``on``; fen.

    From an invoice is taken off what red ones of it did, all that ever was from the receivables on it, and what another
    record of it is smaller by.
    """
    import ibis

    def of(kind: str, rows: Any, **more: Any) -> Any:
        rows = rows.select(on=hashed(kind, rows.id), **more)
        return rows.semi_join(wanted, "on")

    owed = market.stated(Receivable)
    net = owed.amount + ibis.least(owed.adjusted + owed.netted, ibis.literal(0, "int64"))
    owed = of("receivable", owed, amount=owed.amount, net=net)
    found = [owed.group_by("on").aggregate(first=owed.amount.max(), least=owed.net.min())]
    notes = anchors.aimed.filter(anchors.aimed.amount < 0)
    taken = notes.group_by("target").aggregate(off=notes.amount.sum())
    taken = taken.select(on=hashed("invoice", taken.target), off="off")
    taken = union((taken, _reduced(market, anchors), _smaller(market, anchors, wanted)))
    taken = taken.group_by("on").aggregate(off=taken.off.sum())
    faces = of("invoice", market.table(Invoice), first="amount_including_tax")
    faces = joined(faces, taken, {"on": "on"}, how="left")
    found.append(faces.select("on", "first", least=faces["first"] + faces.r_off.fill_null(0)))
    for kind, table in (("order", TradeOrder), ("document", TradeDocument)):
        rows = market.stated(table)
        rows = of(kind, rows.filter(rows.amount.notnull()), amount="amount")
        found.append(rows.group_by("on").aggregate(first=rows.amount.min(), least=rows.amount.min()))
    return union(found)


def _reduced(market: Market, anchors: Anchors) -> Any:
    """Return what was ever taken off the receivables on an invoice, below zero, by ``on``: few of all."""
    owed = market.stated(Receivable)
    owed = owed.filter(owed.adjusted + owed.netted < 0)
    most = owed.group_by("id").aggregate(off=(owed.adjusted + owed.netted).min())
    most = most.select("off", on=hashed("receivable", most.id))
    most = joined(most, anchors.tied, {"on": "on"})
    most = most.group_by("r_anchor").aggregate(off=most.off.sum())
    most = joined(most, anchors.keys, {"r_anchor": "anchor"})
    return most.select(on="r_on", off="off")


def _smaller(market: Market, anchors: Anchors, wanted: Any) -> Any:
    """Return by how much invoices are more than the least record on their anchor, below zero, by ``on``: few of all."""
    near = joined(wanted, anchors.keys, {"on": "on"}).select(anchor="r_anchor").distinct()
    keys = joined(near, anchors.keys.view(), {"anchor": "anchor"}).select("anchor", on="r_on")
    met = keys.group_by("anchor").aggregate(one=keys.on.min(), other=keys.on.max())
    met = joined(met.filter(met.one != met.other), keys, {"anchor": "anchor"}).select("anchor", on="r_on")
    faces = market.table(Invoice)
    met = joined(met, faces.select(on=hashed("invoice", faces.id), face="amount_including_tax"), {"on": "on"})
    met = met.filter(met.r_face > 0).select("anchor", "on", face="r_face")
    least = met.group_by("anchor").aggregate(least=met.face.min())
    met = joined(met, least, {"anchor": "anchor"})
    return met.filter(met.r_least < met.face).select(on="on", off=met.r_least - met.face)

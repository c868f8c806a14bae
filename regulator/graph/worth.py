"""What a thing is worth by its own records, and what part of one thing each of those next to it takes up.

An invoice that several receivables name carries what each *claims*: a receivable's claim (its amount with adjustments;
money and netting take nothing off it) is spread over its invoices pro rata of their amounts, tax included, and no
invoice carries more of one receivable than it bills. An output carries to each piece made of it the piece's share of
the record that made it. Collateral that a financing takes in part carries that part. All in whole fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.facts import (
    Certificate,
    Collection,
    Credit,
    Distribution,
    Financing,
    Holding,
    Invoice,
    Output,
    PackageInvoice,
    Payment,
    PoolAsset,
    Quota,
    Receivable,
    ReceivableInvoice,
    Remittance,
    TradeDocument,
    TradeOrder,
    Tranche,
)
from regulator.graph.pools import Pools
from regulator.graph.shares import shares
from regulator.graph.things import Key, Things

__all__ = ["Worth"]

CNY: Final = "CNY"


class Worth:
    """Amounts of things that ``things`` read, fen; those of plans and pools from ``pools``."""

    def __init__(self, things: Things, pools: Pools) -> None:
        self._things = things
        self._pools = pools
        self._claims: dict[str, dict[str, int]] = {}
        self._packed: dict[str, int] = {}
        self._invoiced: dict[str, list[str]] = {}

    def prepare(self, keys: Sequence[Key]) -> None:
        """Read at once what the worth of these things takes: they themselves, and the invoices beneath them."""
        by_kind: dict[str, list[str]] = {}
        for kind, id_ in keys:
            by_kind.setdefault(kind, []).append(id_)
        for kind, ids in by_kind.items():
            self._things.read(kind, ids)
        self._prepare_invoices(by_kind.get("receivable", ()), by_kind.get("package", ()))
        assets = list(self._things.read("asset", by_kind.get("asset", ())).values())
        self._things.read("output", [each for one in assets if isinstance(one, PoolAsset) for each in one.outputs])
        self._things.read("receivable", [one.asset for one in assets if isinstance(one, PoolAsset)])

    def of(self, key: Key) -> tuple[int | None, str, str]:
        """What the thing is worth, what that is, and the currency; None where its records state no amount."""
        kind, id_ = key
        found = self._things.one(key)
        match found:
            case Receivable():
                return found.claimed, "claim", CNY
            case Invoice():
                return found.amount_including_tax, "invoiced", CNY
            case Output() | Certificate():
                return found.amount, "face", CNY
            case PoolAsset():
                return self.face(found), "face", CNY
            case Financing():
                return found.amount, "financed", CNY
            case Payment():
                return found.amount, "paid", CNY
            case Collection() | Remittance():
                return found.amount, "cash", CNY
            case Distribution():
                return found.principal + found.interest, "cash", CNY
            case Tranche():
                return max(found.outstanding, 0), "owed", CNY
            case Holding():
                return self.held(found), "owed", CNY
            case Credit() | Quota():
                return found.amount, "limit", CNY
            case TradeDocument() | TradeOrder():
                return found.amount, "stated", found.currency
        if kind == "package" and found is not None:
            self._prepare_invoices((), (id_,))
            return self._packed[id_], "invoiced", CNY
        return None, "", CNY

    def face(self, asset: PoolAsset) -> int:
        """What was assigned of a receivable: the outputs named that are pieces of it, or all of it."""
        outputs = [self._things.of(Output, "output", one) for one in dict.fromkeys(asset.outputs)]
        held = [one.amount for one in outputs if one is not None and one.root == asset.asset]
        whole = self._things.of(Receivable, "receivable", asset.asset)
        return sum(held) if held else 0 if whole is None else whole.amount

    def held(self, holding: Holding) -> int:
        """What is owed on a holding: its units' share of its tranche, by largest remainder among the holders."""
        tranche = self._things.read("tranche", [holding.security]).get(holding.security)
        if not isinstance(tranche, Tranche):
            return 0
        all_ = [one for one in self._things.having(Holding, "security", [holding.security]) if one.to_height is None]
        parts = shares(max(tranche.outstanding, 0), [one.units for one in all_])
        return dict(zip((one.id for one in all_), parts, strict=True)).get(holding.id, 0)

    def claim(self, receivable: str, invoice: str) -> int:
        """What the receivable claims of one of its invoices. See the module for the rule."""
        if receivable not in self._claims:
            self._prepare_invoices((receivable,), ())
        return self._claims[receivable].get(invoice, 0)

    def siblings(self, output: Output, child: Output) -> int:
        """What of an output went into one of those that a record made of it."""
        made = self._things.having(Output, "from_position", [child.from_position])
        made = [one for one in made if output.id in one.parents]
        parts = shares(output.amount, [one.amount for one in made])
        return dict(zip((one.id for one in made), parts, strict=True)).get(child.id, 0)

    def _prepare_invoices(self, receivables: Sequence[str], packages: Sequence[str]) -> None:
        """Read the invoices of receivables and packages, and spread claims and sums over them."""
        new = [one for one in receivables if one not in self._claims]
        packed = [one for one in packages if one not in self._packed]
        if not new and not packed:
            return
        beneath: dict[str, list[str]] = {one: [] for one in new}
        within: dict[str, list[str]] = {one: [] for one in packed}
        for row in self._things.having(ReceivableInvoice, "receivable", new):
            beneath[row.receivable].append(row.invoice)
        live = self._things.one
        for each in self._things.having(PackageInvoice, "package", packed):
            package = live(("package", each.package))
            if each.to_height is None or getattr(package, "superseded_by", None) is not None:
                within[each.package].append(each.invoice)
        self._things.read("invoice", [one for ids in (*beneath.values(), *within.values()) for one in ids])
        owing = self._things.read("receivable", new)
        for id_, invoices in beneath.items():
            names = list(dict.fromkeys(invoices))
            bills = [max(self._billed(one), 0) for one in names]
            found = owing.get(id_)
            claimed = max(found.claimed, 0) if isinstance(found, Receivable) else 0
            parts = bills if claimed >= sum(bills) else shares(claimed, bills)
            self._claims[id_] = dict(zip(names, parts, strict=True))
        for id_, invoices in within.items():
            self._packed[id_] = sum(self._billed(one) for one in dict.fromkeys(invoices))

    def _billed(self, invoice: str) -> int:
        found = self._things.of(Invoice, "invoice", invoice)
        return 0 if found is None else found.amount_including_tax

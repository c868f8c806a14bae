"""What can secure a financing or stand in a registration, and who has which interest in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    Package,
    PackageInvoice,
    Receipt,
    Receivable,
    TradeDocument,
    TradeOrder,
)
from ledger.records.base import Id, Lookup, Part, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.projection import Projection

__all__ = [
    "TABLES",
    "Collateral",
    "Interest",
    "collateral_lookups",
    "collateral_named",
    "financiers_of",
    "interest_in",
]

TABLES: dict[str, type[Fact]] = {
    "output": Output,
    "receivable": Receivable,
    "invoice": Invoice,
    "receipt": Receipt,
    "order": TradeOrder,
    "package": Package,
    "document": TradeDocument,
}


class Collateral(Part):
    """A thing by its kind and id."""

    kind: Literal["output", "receivable", "invoice", "receipt", "order", "package", "document"]
    id: Id


class Interest(NamedTuple):
    """Who may put a thing up, who will pay on it, and what it is worth in fen (None: cannot be told)."""

    owners: frozenset[str]
    debtors: frozenset[str]
    worth: int | None
    position: int
    """Number of the record that last changed it."""


def collateral_named(items: Iterable[Collateral]) -> list[Reference]:
    """Return what a record that lists collateral names."""
    return list(dict.fromkeys(Reference(TABLES[each.kind], each.id) for each in items))


def collateral_lookups(items: Sequence[Collateral]) -> list[Lookup]:
    """Return what :func:`interest_in` looks up for these."""
    return [
        Lookup(Output, "root", tuple(each.id for each in items if each.kind == "receivable")),
        Lookup(PackageInvoice, "package", tuple(each.id for each in items if each.kind == "package")),
    ]


def interest_in(facts: Projection, kind: str, name: str) -> Interest | None:
    """Return the interests in a thing; None when no record made it, or its records do not tell (a document's)."""
    row = facts.last(TABLES[kind], name)
    match row:
        case Output():
            return Interest(_output_owners(facts, row), frozenset((row.issuer,)), row.amount, row.from_position)
        case Receivable():
            held = (each.owners for each in facts.live(Output, "root", [name]))
            owners = {row.creditor, *(each[0] for each in held if len(each) == 1)}
            return Interest(frozenset(owners), frozenset((row.debtor,)), row.outstanding, row.from_position)
        case Invoice():
            parties = frozenset((row.seller,)), frozenset((row.buyer,))
            return Interest(*parties, row.amount_including_tax, row.from_position)
        case Receipt():
            gone = row.status in ("split", "cancelled")
            return Interest(frozenset(() if gone else (row.owner,)), frozenset(), None, row.from_position)
        case TradeOrder():
            worth = row.amount if row.currency == "CNY" else None
            return Interest(frozenset((row.buyer, row.seller)), frozenset((row.buyer,)), worth, row.from_position)
        case Package():
            return _package(facts, row)
    return None


def _output_owners(facts: Projection, output: Output) -> frozenset[str]:
    """A middle account (中间户) and a spent output are nobody's to put up; a financed one was its seller's."""
    if output.to_position is not None or output.co_owner is not None:
        return frozenset()
    if output.financier != output.owner:
        return frozenset((output.owner,))
    parents = (facts.last(Output, name) for name in output.parents)
    return frozenset((output.owner, *(parent.owner for parent in parents if parent is not None)))


def _package(facts: Projection, package: Package) -> Interest | None:
    names = [each.invoice for each in facts.live(PackageInvoice, "package", [package.id])]
    facts.prefetch((Invoice, name) for name in names)
    invoices = [invoice for name in names if (invoice := facts.last(Invoice, name)) is not None]
    if not invoices:
        return None
    sellers = frozenset(each.seller for each in invoices)
    worth = sum(each.amount_including_tax for each in invoices) if len(invoices) == len(names) else None
    return Interest(
        sellers if len(sellers) == 1 else frozenset(),
        frozenset(each.buyer for each in invoices),
        worth,
        package.from_position,
    )


def financiers_of(facts: Projection, kind: str, names: Iterable[str]) -> set[str]:
    """Return the financiers of live financings that have one of these as collateral."""
    held = [each for each in facts.live(FinancingCollateral, "target", names) if each.target_kind == kind]
    financings = (facts.current(Financing, each.financing) for each in held)
    return {financing.financier for financing in financings if financing is not None}

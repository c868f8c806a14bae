"""Every record behind a plan, for all its assets at once: what there is to prove when somebody asks for everything."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, union
from sqlmodel import col

from abs.reading import plan_of
from ledger.facts import (
    Collection,
    CollectionItem,
    Distribution,
    Fact,
    Invoice,
    Output,
    Plan,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    Remittance,
    Settlement,
    Tranche,
)
from ledger.position import Position
from ledger.store import AsOf
from regulator.evidence import rows_of

__all__ = ["lineage_positions"]


def lineage_positions(facts: AsOf, plan: str) -> tuple[Position, ...]:
    """The positions of every record beneath the plan's tranches and assets at the height, each once, in ledger order.

    One statement, whatever the size of the pool. Raises UnknownPlan.
    """
    plan_of(facts, plan)
    assets = select(col(PoolAsset.asset)).where(facts.current(PoolAsset), col(PoolAsset.plan) == plan)
    invoices = select(col(ReceivableInvoice.invoice)).where(
        facts.current(ReceivableInvoice), col(ReceivableInvoice.receivable).in_(assets)
    )
    collections = select(col(Collection.id)).where(facts.begun(Collection), col(Collection.plan) == plan)
    sources: tuple[tuple[type[Fact], Any], ...] = (
        (Plan, col(Plan.id) == plan),
        (Tranche, col(Tranche.plan) == plan),
        (Distribution, col(Distribution.plan) == plan),
        (PoolAsset, col(PoolAsset.plan) == plan),
        (Receivable, col(Receivable.id).in_(assets)),
        (ReceivableInvoice, col(ReceivableInvoice.receivable).in_(assets)),
        (Invoice, col(Invoice.id).in_(invoices)),
        (Output, col(Output.root).in_(assets)),
        (Settlement, col(Settlement.receivable).in_(assets)),
        (CollectionItem, col(CollectionItem.collection).in_(collections)),
        (Remittance, col(Remittance.plan) == plan),
    )
    parts = [select(col(table.from_position)).where(clause, facts.begun(table)) for table, clause in sources]
    spent = select(col(Output.to_position)).where(col(Output.root).in_(assets), col(Output.to_height) <= facts.height)
    found = {position for (position,) in rows_of(facts, union(*parts, spent))}
    return tuple(Position.from_number(number) for number in sorted(found))

"""Everything of one member (主体), by the role it has in it: debtor, creditor, owner, financier, secured party …

The member leads to a role for each it has, and a role to the things. A role's amount is what all its things come to,
added up by the database; those that are not listed are a part of it. Roles are not added up: what a member owes and
what it is owed are not one sum.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import String, cast, func, select
from sqlmodel import col

from ledger.business_day import business_day
from ledger.fact import Fact
from ledger.facts import (
    Certificate,
    Credit,
    Financing,
    Guarantee,
    Holding,
    Invoice,
    Output,
    Payment,
    Plan,
    PoolAsset,
    Receipt,
    Receivable,
    Registration,
    Stock,
    TradeDocument,
    TradeOrder,
)
from ledger.store import AsOf
from regulator.evidence import rows_of
from regulator.graph.look import LIMIT, graph_of, node_of
from regulator.graph.pools import Pools
from regulator.graph.subjects import subject_of
from regulator.graph.things import Things, indexed
from regulator.graph.value import MORE, Edge, Graph, Node, Part
from regulator.graph.worth import Worth

__all__ = ["ROLES", "Role", "look_at_member", "unindexed"]


@dataclass(frozen=True, slots=True)
class Role:
    """A role: the column that names who has it, and what is added up over the things, fen.

    ``amount``: columns, one with a minus taken off. ``listed``: the column is a list of members.
    """

    name: str
    kind: str
    table: type[Fact]
    column: str
    amount: tuple[str, ...] = ()
    measure: str = ""
    listed: bool = False
    where: tuple[str, str] | None = None


OWED: Final = ("amount", "adjusted", "-paid")

ROLES: Final = (
    Role("debtor", "receivable", Receivable, "debtor", OWED, "outstanding"),
    Role("creditor", "receivable", Receivable, "creditor", OWED, "outstanding"),
    Role("seller", "invoice", Invoice, "seller", ("amount_including_tax",), "invoiced"),
    Role("buyer", "invoice", Invoice, "buyer", ("amount_including_tax",), "invoiced"),
    Role("owner", "output", Output, "owner", ("amount",), "face"),
    Role("co_owner", "output", Output, "co_owner", ("amount",), "face"),
    Role("issuer", "certificate", Certificate, "issuer", ("amount",), "face"),
    Role("guarantor", "output", Guarantee, "guarantor", ("amount",), "guaranteed"),
    Role("applicant", "financing", Financing, "applicant", ("disbursed", "-repaid"), "outstanding"),
    Role("financier", "financing", Financing, "financier", ("disbursed", "-repaid"), "outstanding"),
    Role("secured_party", "registration", Registration, "secured_party"),
    Role("grantor", "registration", Registration, "debtor"),
    Role("payer", "payment", Payment, "payer", ("amount",), "paid"),
    Role("payee", "payment", Payment, "payee", ("amount",), "paid"),
    Role("receipt_owner", "receipt", Receipt, "owner"),
    Role("pledgee", "receipt", Receipt, "pledgee"),
    Role("warehouse", "stock", Stock, "warehouse"),
    Role("order_seller", "order", TradeOrder, "seller", ("amount",), "stated", where=("currency", "CNY")),
    Role("order_buyer", "order", TradeOrder, "buyer", ("amount",), "stated", where=("currency", "CNY")),
    Role("credit_grantor", "credit", Credit, "grantor", ("amount",), "limit"),
    Role("credit_subject", "credit", Credit, "subject", ("amount",), "limit"),
    Role("manager", "plan", Plan, "manager"),
    Role("custodian", "plan", Plan, "custodian"),
    Role("servicer", "plan", Plan, "servicer"),
    Role("originator", "plan", Plan, "originators", listed=True),
    Role("assignor", "asset", PoolAsset, "assignor"),
    Role("investor", "holding", Holding, "investor"),
    Role("party", "document", TradeDocument, "parties", listed=True),
)


def look_at_member(
    facts: AsOf, id_: str, *, on: date | None = None, offset: int = 0, limit: int | None = LIMIT
) -> Graph:
    """All things of a member by its role in them, as of the height; ``limit`` listed a role from ``offset`` on.

    Raises UnknownThing.
    """
    with facts.at_once() as known:
        day = business_day(known.time) if on is None else on
        things = Things(known)
        worth = Worth(things, Pools(known, day))
        subject = subject_of(things, "member", id_)
        nodes: dict[str, Node] = {}
        edges: list[Edge] = []
        for role in ROLES:
            count, total = _totals(known, role, id_)
            if count:
                rows = known.select(role.table, *_clauses(role, id_), offset=offset, limit=limit)
                _add(role, rows, nodes, edges, things, worth, member=id_, count=count, total=total)
        me = node_of(things, worth, subject)
        return graph_of(known, things, subject, "party", day, [me, *nodes.values()], edges)


def unindexed() -> tuple[str, ...]:
    """The columns, as ``table.column``, of which all rows are read because no index names a member there."""
    found = {f"{role.table.label}.{role.column}" for role in ROLES if not indexed(role.table, role.column)}
    return tuple(sorted(found))


def _clauses(role: Role, member: str) -> tuple[Any, ...]:
    column: Any = col(getattr(role.table, role.column))
    mine = cast(column, String).contains(json.dumps(member), autoescape=True) if role.listed else column == member
    if role.where is None:
        return (mine,)
    return mine, col(getattr(role.table, role.where[0])) == role.where[1]


def _totals(facts: AsOf, role: Role, member: str) -> tuple[int, int]:
    """How many things there are, and what they come to."""
    sums = [func.sum(col(getattr(role.table, name.lstrip("-")))) for name in role.amount]
    statement = select(func.count(), *sums).select_from(role.table)
    where = facts.current(role.table), *_clauses(role, member)
    count, *found = rows_of(facts, statement.where(*where))[0]
    signs = [-1 if name.startswith("-") else 1 for name in role.amount]
    return int(count), sum(sign * int(value or 0) for sign, value in zip(signs, found, strict=True))


def _add(
    role: Role,
    rows: Sequence[Fact],
    nodes: dict[str, Node],
    edges: list[Edge],
    things: Things,
    worth: Worth,
    *,
    member: str,
    count: int,
    total: int,
) -> None:
    """Add the role with its things. Nothing is carried to a thing, which may stand under two roles of one member."""
    here = f"{member}/{role.name}"
    worth.prepare([(role.kind, _thing(row)) for row in rows])
    listed = 0
    for row in rows:
        thing = node_of(things, worth, (role.kind, _thing(row)))
        amount = sum((-1 if name.startswith("-") else 1) * getattr(row, name.lstrip("-")) for name in role.amount)
        listed += amount
        nodes.setdefault(thing.key, thing)
        edges.append(
            Edge(
                source=f"role {here}",
                target=thing.key,
                relation=role.name,
                position=str(row.began),
            )
        )
    parts = [Part(breakdown="things", name="listed", amount=listed, count=len(rows))] if role.amount else []
    if count > len(rows):
        left = total - listed if role.amount else None
        parts.append(Part(breakdown="things", name=MORE, amount=left, count=count - len(rows)))
    nodes[f"role {here}"] = Node(
        kind="role",
        id=here,
        label=role.name,
        amount=total if role.amount else None,
        stated=total if role.amount else None,
        measure=role.measure,
        details=(("count", str(count)),),
        parts=tuple(parts),
    )
    edges.append(Edge(source=f"member {member}", target=f"role {here}", relation=role.name))


def _thing(row: Fact) -> str:
    return row.output if isinstance(row, Guarantee) else row.id

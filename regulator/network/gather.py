"""Reading around trades what could be in a cycle with them, by few indexed questions; and all cycles of a snapshot.

A cycle of six through a trade has five others: three of them are reached from its buyer on, two from its seller back.
Of what is read only what lies in a cell beside the last one is followed; a trade that nothing like it follows, or
that nothing like it came before, is let go with the first question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from math import log
from typing import Any, Final

from ledger.snapshot import Market
from regulator.histories import Histories
from regulator.network.cycles import LEGS, WINDOW, Cycle, cycles, linked
from regulator.network.goods import family_of
from regulator.network.trades import (
    MONTH,
    SPREAD,
    Trade,
    Traded,
    cell_of,
    cells_around,
    market_pairs,
    market_positions,
    market_trades,
)

__all__ = ["candidates", "rings"]

AHEAD: Final = LEGS // 2
BEHIND: Final = LEGS - 1 - AHEAD


def rings(histories: Histories, nodes: Collection[str]) -> tuple[Traded, list[list[Cycle]]]:
    """Return the cycles through these trades, with all that are linked to them, in groups; and what was read."""
    traded = Traded(histories)
    fresh, asked, reached = set(nodes), set[str](), set(nodes)
    found: dict[tuple[str, ...], Cycle] = {}
    groups: list[list[Cycle]] = []
    while fresh:
        asked |= fresh
        for cycle in cycles(_around(traded, traded.read(fresh))):
            found[tuple(leg.node for leg in cycle)] = cycle
        groups = [
            group for group in linked(found.values()) if any(leg.node in reached for cycle in group for leg in cycle)
        ]
        reached |= {leg.node for group in groups for cycle in group for leg in cycle}
        fresh = reached - asked
    return traded, groups


def _around(traded: Traded, core: Sequence[Trade]) -> list[Trade]:
    """Return trades among which are all that are in a cycle with one of the core."""
    ahead = _reached(core, AHEAD, traded.sold_by, _buyer, _seller)
    after = {cell_of(one.seller, one) for one in ahead}
    core = [one for one in core if not after.isdisjoint(cells_around(cell_of(one.buyer, one)))]
    behind = _reached(core, BEHIND, traded.bought_by, _seller, _buyer)
    before = {cell_of(one.buyer, one) for one in behind}
    core = [one for one in core if not before.isdisjoint(cells_around(cell_of(one.seller, one)))]
    return list({one.node: one for one in (*core, *ahead, *behind)}.values()) if core else []


def _reached(
    core: Sequence[Trade],
    hops: int,
    read: Callable[[Collection[str], int, int], list[Trade]],
    out: Callable[[Trade], str],
    into: Callable[[Trade], str],
) -> list[Trade]:
    """Return the trades within so many hops of the core, in one direction."""
    found: dict[str, Trade] = {}
    last: Sequence[Trade] = core
    for _ in range(hops):
        if not last:
            break
        near = {each for one in last for each in cells_around(cell_of(out(one), one))}
        first, end = min(one.day for one in last) - WINDOW, max(one.day for one in last) + WINDOW
        some = read({out(one) for one in last}, first, end)
        last = [one for one in some if one.node not in found and cell_of(into(one), one) in near]
        found |= {one.node: one for one in last}
    return list(found.values())


def _seller(one: Trade) -> str:
    return one.seller


def _buyer(one: Trade) -> str:
    return one.buyer


def candidates(market: Market) -> Any:
    """Return the trades of a snapshot that are in a cycle, in a column ``seed``.

    The engine lets go of whoever only buys or only sells, and of trades beside whose cell nothing was sold or bought:
    it joins no trade with another, so no hub costs more than its trades. What is left is searched here.
    """
    import ibis

    with ExitStack() as kept:
        pairs = kept.enter_context(market_pairs(market))
        for mine, other in (("seller", "buyer"), ("buyer", "seller"), ("seller", "buyer")):
            members = pairs.select(member=other).distinct()
            pairs = pairs.semi_join(members, pairs[mine] == members.member)
        trades = market_trades(market, kept.enter_context(market.kept(pairs)))
        days = trades.day.delta(ibis.date("1970-01-01"), unit="day")
        cells = trades.mutate(
            month=(days / MONTH).floor().cast("int64"), size=(trades.amount.ln() / log(SPREAD)).floor().cast("int64")
        )
        cells = kept.enter_context(market.kept(cells))
        left = _beside(_beside(cells, cells, "buyer", "seller"), cells, "seller", "buyer")
        left = kept.enter_context(market.kept(left.select("node", "seller", "buyer", "day", "amount", "goods")))
        rows = market.backend.to_pyarrow(left.join(market_positions(market, left), "node"))
    told = ("node", "seller", "buyer", "day", "amount", "goods", "position")
    columns = [rows[name].to_pylist() for name in told]
    found = cycles(
        Trade(
            node=node, seller=seller, buyer=buyer, day=day.toordinal(), amount=amount, family=family_of(goods),
            position=position,
        )
        for node, seller, buyer, day, amount, goods, position in zip(*columns, strict=True)
    )  # fmt: skip
    seeds = sorted({leg.node for cycle in found for leg in cycle})
    return ibis.memtable({"seed": seeds}, schema={"seed": "string"})


def _beside(trades: Any, others: Any, mine: str, its: str) -> Any:
    """Return the trades whose member on one side has another trade on the other side in a cell beside."""
    import ibis

    near = ibis.memtable(
        {"months": [month for month in (-1, 0, 1) for _ in range(3)], "sizes": [-1, 0, 1] * 3},
        schema={"months": "int64", "sizes": "int64"},
    )
    cells = others.select(member=others[its], month="month", size="size").distinct().cross_join(near)
    cells = cells.select(member="member", at=cells.month + cells.months, of=cells["size"] + cells.sizes).distinct()
    return trades.semi_join(
        cells, [trades[mine] == cells.member, trades.month == cells["at"], trades["size"] == cells["of"]]
    )

"""Pools written down as plain values, without a ledger: frames for tests of what is computed from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from abs.frame import ASSETS, CHANGES, INVOICES, PAID, STATUSES, PoolFrame, frame_of
from ledger.position import Position

Plain = dict[str, Any]


def asset(name: str, amount: int, issued: date, due: date, **more: Any) -> Plain:
    """An asset that is in the pool from the day it was invoiced on, unless more is said.

    ``changes`` of it are ``(day, fen)`` for payments and ``(day, fen, why)`` for adjustments, negative when less is
    owed; ``numbers`` of invoices; ``statuses`` as rows of ``abs.frame.STATUSES``.
    """
    plain = {"creditor": "c", "debtor": "d", "registered_on": issued, "entered_on": issued, "began": 1, **more}
    return {"asset": name, "amount": amount, "issued": issued, "due": due, **plain}


def frame(assets: Iterable[Mapping[str, Any]], *, plan: str = "P", height: int = 1) -> PoolFrame:
    """The pool that those assets make; each change is a fact of its own, at a position of its own."""
    told = [dict(one) for one in assets]
    parts: dict[str, list[Plain]] = {"changes": [], "numbers": [], "statuses": []}
    for row, one in enumerate(told):
        for at, change in enumerate(one.pop("changes", ())):
            on, amount, kind = (*change, PAID)[:3]
            id_ = f"{one['asset']}/{at}" if kind == PAID else one["asset"]
            position = Position(1, row % 50_000, at + 1).number
            parts["changes"].append(
                {"row": row, "on": on, "amount": amount, "kind": kind, "id": id_, "position": position}
            )
        for number in one.pop("numbers", ()):
            parts["numbers"].append({"row": row, "id": number, "number": number, "position": 2})
        parts["statuses"] += ({"row": row, "position": 3, **said} for said in one.pop("statuses", ()))
    return PoolFrame(
        plan=plan,
        height=height,
        assets=_rows(ASSETS, told),
        changes=_rows(CHANGES, parts["changes"]).sort("row", "on", maintain_order=True),
        invoices=_rows(INVOICES, parts["numbers"]),
        statuses=_rows(STATUSES, parts["statuses"]),
    )


def _rows(schema: Mapping[str, Any], rows: Sequence[Plain]) -> pl.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pl.Series(name, [row.get(name) for row in rows], schema[name]) for name in names}
    return frame_of(dict(schema), pl.DataFrame(columns)) if rows else pl.DataFrame(schema=dict(schema))

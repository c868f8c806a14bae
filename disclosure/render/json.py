"""A report for programs: every figure with its formula, its inputs and the records beneath it.

docs/packages.md has the shape. Numbers are exact: integers as they are, decimals as texts. Facts are listed once and
referred to by their place.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from abs.figure import Figure
from disclosure.manifest import canonical_json, instant
from disclosure.render.words import both

if TYPE_CHECKING:
    from disclosure.reports.report import Cell, Plain, Report, Row, Table

__all__ = ["FORMAT", "document", "render_json"]

FORMAT = "glasspool-report/1"


def render_json(report: Report) -> bytes:
    """Return the report as canonical JSON."""
    return canonical_json(document(report))


def document(report: Report) -> dict[str, Any]:
    """Return the report as JSON-able data."""
    figures = report.figures()
    keys = {figure: key for key, figure in figures.items()}
    facts: dict[tuple[str, str, str], int] = {}
    listed = [_figure(key, figure, keys, facts) for key, figure in figures.items()]
    ledger = report.ledger
    return {
        "format": FORMAT,
        "report": report.kind,
        "title": both(f"report.{report.kind}"),
        "plan": report.plan,
        "plan_name": report.plan_name,
        "period": report.period,
        "ledger": {
            "chain": ledger.chain,
            "group": ledger.group,
            "genesis_hash": ledger.genesis_hash.hex(),
            "height": ledger.height,
            "block_hash": ledger.block_hash.hex(),
            "block_time": instant(report.block_time),
            "facts_digest": ledger.facts_digest.hex(),
        },
        "sections": [
            {
                "key": section.key,
                "title": both(f"section.{section.key}"),
                "notes": [both(f"note.{note}") for note in section.notes],
                "tables": [_table(table, keys) for table in section.tables],
            }
            for section in report.sections
        ],
        "figures": listed,
        "facts": [{"table": table, "id": natural, "record": record} for table, natural, record in facts],
    }


def _figure(
    key: str, figure: Figure, keys: dict[Figure, str], facts: dict[tuple[str, str, str], int]
) -> dict[str, Any]:
    own = [(ref.table, ref.id, ref.position) for ref in figure.facts]
    return {
        "key": key,
        "name": figure.name,
        "value": exact(figure.value),
        "unit": figure.unit.value,
        "text": figure.text(),
        "formula": figure.formula,
        "inputs": [keys[each] for each in figure.inputs],
        "facts": [facts.setdefault(fact, len(facts)) for fact in own],
        "records": sorted({record for _, _, record in own}, key=_position),
    }


def _position(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(":"))


def _table(table: Table, keys: dict[Figure, str]) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": both(f"table.{table.key}"),
        "columns": [
            {"key": column.key, "title": both(f"column.{column.key}"), "unit": column.unit.value}
            for column in table.columns
        ],
        "rows": [_row(row, keys) for row in table.rows],
        "total": None if table.total is None else _row(table.total, keys),
    }


def _row(row: Row, keys: dict[Figure, str]) -> dict[str, Any]:
    return {"key": row.key, "cells": [_cell(cell, keys) for cell in row.cells], "records": list(row.records)}


def _cell(cell: Cell, keys: dict[Figure, str]) -> dict[str, Any]:
    if isinstance(cell.content, Figure):
        return {"figure": keys[cell.content]}
    if cell.word:
        return {"value": cell.content, "text": both(str(cell.content))}
    return {"value": exact(cell.content)}


def exact(value: Plain) -> int | str | None:
    """Return a value as JSON takes it without loss."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value

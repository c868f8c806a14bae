"""The check of a file from outside: read it, hold it against itself and the ledger, say what was found. Nothing stays.

The file never enters the node's database: the ledger says what its members signed, and a list that somebody hands in is
no fact. What it leaves behind is the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import polars as pl

from ledger.store import AsOf
from regulator.errors import OutsideRefused
from regulator.outside.groups import groups_of, usual_lines
from regulator.outside.ledger_side import PAPERS, Told, ledger_papers, member_of, members_by_name, standing_on
from regulator.outside.mapping import OutsideMap
from regulator.outside.matching import link_papers
from regulator.outside.reading import Parties, Reading, read_file
from regulator.outside.registry import check_registrations
from regulator.outside.result import Checked, Standing, annotated

__all__ = ["check"]


def check(
    path: Path,
    mapping: OutsideMap,
    facts: AsOf | None = None,
    *,
    holder: str | None = None,
    told: Told = lambda _what, _done, _all: None,
) -> Checked:
    """Return what a file's rows match, within the file and in the ledger's facts; without ``facts`` in the file alone.

    ``holder`` names the member whose list it is: what that one claims itself is no match to be looked into.
    Raises Malformed ``spreadsheet``, OutsideRefused ``no-rows``, ``holder`` or ``old-workbook``.
    """
    parties = Parties(None if facts is None else members_by_name(facts))
    member = None if holder is None else member_of(holder, parties)
    read = 0

    def more(rows: int) -> None:
        nonlocal read
        read += rows
        told("rows", read, 0)

    reading = read_file(path, mapping, parties, more)
    if not reading.frame.height:
        first = f"; line {reading.unread[0].line}: {reading.unread[0].cause}" if reading.unread else ""
        raise OutsideRefused(
            "no-rows", f"{path.name} has no row that can be read ({len(reading.unread)} unread{first})"
        )
    of_kind = _invoices if mapping.kind == "invoices" else check_registrations
    return of_kind(path.name, mapping, reading, facts, member, told)


def _invoices(
    file: str, mapping: OutsideMap, reading: Reading, facts: AsOf | None, holder: str | None, told: Told
) -> Checked:
    listed = reading.frame
    mine = listed.with_columns(ledger=pl.lit(value=False), ref=pl.col("line").cast(pl.String)).select(PAPERS.keys())
    told("matching", 0, 0)
    papers = mine if facts is None else pl.concat([ledger_papers(facts, listed), mine])
    linked = link_papers(papers)

    def claims(invoices: Collection[str]) -> dict[str, list[Standing]]:
        assert facts is not None
        found = standing_on(facts, {f"invoice {one}" for one in invoices}, holder, told)
        return {node.removeprefix("invoice "): standing for node, standing in found.items()}

    groups = groups_of(linked, claims)
    usual = usual_lines(linked, groups)
    not_compared = {"crowded": linked.crowded, "unnumbered": sum(what == "unnumbered" for what in usual.values())}
    if facts is not None:
        strangers = [pl.col(f"{side}_party").str.starts_with("t:") for side in ("seller", "buyer")]
        not_compared["no_member"] = listed.filter(pl.any_horizontal(strangers)).height
    return Checked(
        file=file,
        kind=mapping.kind,
        columns=mapping.columns,
        guessed=mapping.guessed,
        height=None if facts is None else facts.height,
        frame=annotated(listed.drop("seller_party", "buyer_party"), groups, usual),
        unread=reading.unread,
        blank=reading.blank,
        groups=groups,
        usual=dict(sorted(Counter(usual.values()).items())),
        not_compared={why: count for why, count in not_compared.items() if count},
    )

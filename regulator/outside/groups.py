"""Match groups: all papers that are linked, directly or by way of others, are one underlying invoice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Final

import polars as pl

from regulator.outside.matching import CLASSES, Linked
from regulator.outside.result import Group, Match, Standing
from regulator.signals import Level

__all__ = ["USUAL", "groups_of", "usual_lines"]

USUAL: Final = ("credit", "corrected", "unnumbered", "lines", "reference")
"""The columns of :mod:`regulator.outside.usual` that name what a row is, the first that holds."""
ONE: Final = ("exact", "format")
"""Classes by which two papers are the same invoice."""
LEAD: Final = CLASSES.index("renumbered")
SHOWN: Final = 1_000
"""Matches told of one group."""

Claims = Callable[[Collection[str]], dict[str, list[Standing]]]
"""What stands on invoices of the ledger, by their ids."""


def groups_of(linked: Linked, claims: Claims) -> tuple[Group, ...]:
    """Return the match groups, those to be looked into first, the largest amounts first.

    A lead makes no group with what a surer class groups already.
    """
    papers, links = linked.papers, _one_basis(linked)
    ledger, refs = papers["ledger"].to_list(), papers["ref"].to_list()
    amounts = papers["amount"].to_list()
    parent: dict[int, int] = {}

    def root(at: int) -> int:
        while parent.setdefault(at, at) != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    rows = list(links.iter_rows())
    kept = []
    for a, b, kind, why in rows:
        if kind == LEAD and (a in parent or b in parent):
            continue
        kept.append((a, b, kind, why))
        parent[root(max(a, b))] = root(min(a, b))
    by_root: defaultdict[int, list[tuple[int, int, int, str]]] = defaultdict(list)
    for link in kept:
        by_root[root(link[0])].append(link)

    def named(at: int) -> str:
        return f"invoice {refs[at]}" if ledger[at] else f"line {refs[at]}"

    met = sorted({refs[at] for link in kept for at in link[:2] if ledger[at]})
    stands = claims(met) if met else {}
    drafts = []
    for members in by_root.values():
        places = sorted({at for link in members for at in link[:2]})
        lines = tuple(sorted({int(refs[at]) for at in places if not ledger[at]}))
        things = tuple(dict.fromkeys(refs[at] for at in places if ledger[at]))
        standing = tuple(dict.fromkeys(one for thing in things for one in stands.get(thing, ())))
        on = (one.on.removeprefix("invoice ") for one in standing if one.on.startswith("invoice "))
        things = tuple(dict.fromkeys((*things, *on)))
        matches = tuple(
            Match(
                line=int(refs[b] if not ledger[b] else refs[a]),
                other=named(a) if not ledger[b] else named(b),
                match=CLASSES[kind],
                reasons=tuple(why.split("+")),
            )
            for a, b, kind, why in members[:SHOWN]
        )
        match = CLASSES[min(kind for *_, kind, _ in members)]
        known = bool(things) and len(lines) == 1 and all(CLASSES[kind] in ONE for *_, kind, _ in members)
        alert = bool(standing) if known else match != CLASSES[LEAD]
        level = Level.LOW if not alert else Level.HIGH if standing and match != "near" else Level.MEDIUM
        amount = max(amounts[at] for at in places)
        drafts.append((alert, level, match, amount, lines, things, matches, standing))
    drafts.sort(key=lambda one: (not one[0], -one[1].rank, -one[3], one[4]))
    return tuple(
        Group(
            id=at, alert=alert, level=level, match=match, amount=amount, lines=lines,
            things=tuple(f"invoice {thing}" for thing in things), matches=matches, standing=standing,
        )
        for at, (alert, level, match, amount, lines, things, matches, standing) in enumerate(drafts, start=1)
    )  # fmt: skip


def _one_basis(linked: Linked) -> pl.DataFrame:
    """Return the links without what a surer one says otherwise.

    An invoice of the ledger stands there with and without tax: the surest of a row and an invoice counts, and of two
    as sure the one with fewer reasons. And a row that is one invoice of the ledger is no altered form of another,
    unless both have one number that is drawn once.
    """
    name = pl.concat_str(pl.when("ledger").then(pl.lit("i")).otherwise(pl.lit("l")), "ref")
    names = linked.papers.select("at", "ledger", "unique", name=name)
    links = linked.links.sort("kind", pl.col("why").str.count_matches(r"\+"), maintain_order=True)
    for end in "ab":
        ends = names.select(pl.col("at").alias(end), pl.col("name", "ledger", "unique").name.suffix(f"_{end}"))
        links = links.join(ends, on=end, how="left", maintain_order="left")
    links = links.unique(("name_a", "name_b"), keep="first", maintain_order=True)
    surest = pl.col("kind").min().over("name_b", "ledger_a")  # the ledger's papers come first
    other = pl.col("ledger_a") & (surest < len(ONE)) & (pl.col("kind") >= len(ONE))
    another = pl.col("unique_a").ne_missing(pl.col("unique_b")) | pl.col("unique_a").is_null()
    return links.filter(~(other & another)).select("a", "b", "kind", "why")


def usual_lines(linked: Linked, groups: Iterable[Group]) -> dict[int, str]:
    """Return what is usual about each line that no alert is about: :data:`USUAL`, or ``recurring``."""
    alerted = {line for group in groups for line in group.lines}
    mine = linked.papers.filter(~pl.col("ledger"))
    bills = pl.col("separators").n_unique().over("party", "amount") > 1
    days = pl.col("issued").n_unique().over("party", "amount") > 1
    named = [pl.when(name).then(pl.lit(name)) for name in USUAL]
    what = pl.coalesce(*named, pl.when(bills & days).then(pl.lit("recurring")))
    said = mine.select("ref", what=what).drop_nulls()
    return {int(ref): what for ref, what in said.iter_rows() if int(ref) not in alerted}

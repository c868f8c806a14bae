"""Which papers are one invoice, or nearly one: a list held against itself and against the ledger, in one procedure.

A paper is a row of the list or an invoice of the ledger. A *link* ties two of them, one of the list at least, with a
class and why; :mod:`regulator.outside.groups` makes one match group of all that is linked. The classes, the surest
first:

``exact``       one key: a 20-digit number, or code and number, or parties and number; and one amount, day and party
``format``      the same, but that the number is written in another form (:mod:`regulator.outside.numbers`)
``altered``     one key, however written, and another amount, day or party
``near``        parties and amount are the same, the days at most DAYS apart, the numbers one edit or one swap apart
``renumbered``  parties, amount and day are the same, the numbers have nothing in common: a lead, no alert

A 20-digit number (数电票) is drawn once in the country, and one beside a code once of that code: whoever a paper says
sold it, it is tied to every invoice that the ledger has of it. Any other number needs the parties.

Same parties and same amount alone link nothing: bills recur, with numbers near each other. Two numbers less than SERIES
apart are the next ones of a series, unless digits are swapped in an amount that occurs nowhere else; and where nearly
equal numbers of one amount come up more than TWICE between two parties, and in more than RARE of their bills of it,
they are how those parties number.

Every step is a grouping over one key, so that time grows with rows; of those that share a key, pairs are formed in
groups up to CROWD only, and what stood in larger ones is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

import polars as pl

from regulator.duplicates.paper_numbers import near
from regulator.outside.numbers import CODE, FORMS, bare, with_forms
from regulator.outside.usual import marked

__all__ = ["CLASSES", "DAYS", "Linked", "link_papers"]

CLASSES: Final = ("exact", "format", "altered", "near", "renumbered")
DAYS: Final = 5
"""How far apart the days of two papers with nearly one number may be."""
CLOSE: Final = 3
"""Papers of one amount whose numbers are one but for their letters: more are how a party numbers."""
TWICE: Final = 2
RARE: Final = 0.02
CROWD: Final = 20
SERIES: Final = 100
MANY: Final = 4
"""Numbers of one amount from which digits that all of them end with are no part of a counter (060073194001)."""
SHORT: Final = 5
"""Signs below which two numbers are near each other by chance."""
LONGEST: Final = 30
"""Signs of a number beyond which nearly equal ones are not looked for: none is so long."""
ROUND: Final = 100_00
"""Fen: a multiple of a hundred yuan is nobody's amount in particular."""
RESTART_DAYS: Final = 180
LONG: Final = 8
"""Signs of a number that no series comes back to: a shorter one of more than RESTART_DAYS ago is the next year's."""
COMPARED: Final = ("at", "ledger", "written", "separators", "amount", "issued", "party")
"""Columns of the first paper of a group, or of one on the ledger, that others are held against."""
LINKS: Final = {"a": pl.UInt32, "b": pl.UInt32, "kind": pl.UInt8, "why": pl.String}
"""Of two papers by their place: ``kind`` is the class's place in CLASSES, ``why`` the reasons with + between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The papers with what is usual about each (:mod:`regulator.outside.usual`), the links between them, and how many
    papers were not compared by nearly equal numbers because their amount stands for too many."""

    papers: pl.DataFrame
    links: pl.DataFrame
    crowded: int


def link_papers(papers: pl.DataFrame) -> Linked:
    """Return what ties the papers.

    ``papers``: columns ``ledger`` (bool), ``seller_party``, ``buyer_party``, ``number``, ``code``, ``amount`` (fen),
    ``issued``; those of the ledger come first, and the earlier of two papers is the one that others are told by.
    """
    papers = (
        with_forms(papers)
        .with_row_index("at")
        .with_columns(party=pl.concat_str("seller_party", "buyer_party", separator="\n"))
    )
    papers = marked(_coded(papers))
    live = papers.filter("live")
    one_paper = ("party", "code", "amount", "issued")
    digital, coded = live.filter("digital"), live.filter(~pl.col("digital") & pl.col("unique").is_not_null())
    found = [
        _stars(live, (*one_paper, "written"), "exact", "same"),
        _stars(digital, ("unique", "amount", "issued", "party"), "exact", "same"),
        _stars(digital, ("unique",), "altered", "same", differ=True),
        _on_ledger(live.filter(pl.col("unique").is_not_null())),
    ]
    other_party = pl.col("why").str.ends_with("party")  # of one party: below, where lines are none
    found += [_stars(coded, ("code", form), "altered", form, differ=True).filter(other_party) for form in FORMS[:2]]
    found += [_stars(live, (*one_paper, form), "format", form, other_spelling=True) for form in FORMS]
    numbered = live.filter(~pl.col("digital"))
    keyed = numbered.filter(~pl.col("reference") & ~pl.col("lines"))
    found += [_stars(keyed, ("party", "code", form), "altered", form, differ=True) for form in FORMS[:3]]
    found += [_same_number(live, form) for form in FORMS[3:]]
    bills = _bills(live)
    near_ones, crowded = _near(bills)
    found += [near_ones, _renumbered(bills)]
    links = pl.concat(found).sort("kind", "a", "b", maintain_order=True)
    return Linked(papers=papers, links=links.unique(("a", "b"), keep="first", maintain_order=True), crowded=crowded)


def _coded(papers: pl.DataFrame) -> pl.DataFrame:
    """A paper that states no code has the code of its number, where that is one; a list without codes has none.

    ``unique`` is what tells an invoice from all others, whoever sold it: its 20 digits, or its code and number.
    """
    digital = pl.when("digital").then("separators")
    if papers.filter(~pl.col("ledger"))["code"].null_count() == papers.filter(~pl.col("ledger")).height:
        return papers.with_columns(code=pl.lit(""), unique=digital)
    code = bare(pl.col("code"))
    same = ("party", pl.coalesce("affix", "look_alike", "written"))
    known = pl.col("code").drop_nulls()
    only = pl.when(known.n_unique().over(same) == 1).then(known.first().over(same))
    papers = papers.with_columns(code=code).with_columns(code=pl.coalesce("code", only, pl.lit("")))
    coded = pl.when(pl.col("code").str.contains(CODE)).then(pl.concat_str("code", "zeros", separator="/"))
    return papers.with_columns(unique=pl.coalesce(digital, coded))


def _stars(
    papers: pl.DataFrame,
    keys: Sequence[str],
    kind: str,
    why: str,
    *,
    differ: bool = False,
    other_spelling: bool = False,
) -> pl.DataFrame:
    """Link each paper of a group with the group's first; ``differ``: where amount, day or party is another."""
    grouped = papers.filter(*(pl.col(key).is_not_null() for key in keys)).filter(pl.len().over(keys) > 1)
    heads = [pl.col(name).first().over(keys).alias(f"first_{name}") for name in COMPARED]
    pairs = grouped.with_columns(heads).filter(
        pl.col("at") != pl.col("first_at"), ~(pl.col("ledger") & pl.col("first_ledger"))
    )
    if other_spelling:
        pairs = pairs.filter(pl.col("written") != pl.col("first_written"))
    reasons = [pl.lit(why)]
    if differ:
        reasons = [pl.when(pl.col("written") == pl.col("first_written")).then(pl.lit("same")).otherwise(reasons[0])]
        changes = _changes()
        apart = (pl.col("issued") - pl.col("first_issued")).dt.total_days().abs()
        restarted = (apart > RESTART_DAYS) & (pl.col("separators").str.len_chars() < LONG) & pl.col("unique").is_null()
        pairs = pairs.filter(pl.any_horizontal(changes.values()), ~restarted)
        reasons += [pl.when(each).then(pl.lit(name)) for name, each in changes.items()]
    return _links(pairs, pl.lit(CLASSES.index(kind)), reasons)


def _on_ledger(papers: pl.DataFrame) -> pl.DataFrame:
    """Link each paper of the list with the invoices that the ledger has of its unique number, up to CROWD."""
    known = papers.filter("ledger").filter(pl.col("ref").rle_id().over("unique") < CROWD)
    known = known.select("unique", pl.col(COMPARED).name.prefix("first_"))
    pairs, changes = papers.filter(~pl.col("ledger")).join(known, on="unique"), _changes()
    pairs = pairs.filter(~(pl.col("lines") | pl.col("reference")) | changes["party"])
    same = pl.col("digital") | (pl.col("written") == pl.col("first_written"))
    spelled = pl.col("separators") == pl.col("first_separators")
    kind = pl.when(same).then(pl.lit("exact")).otherwise(pl.lit("format"))
    kind = pl.when(pl.any_horizontal(changes.values())).then(pl.lit("altered")).otherwise(kind)
    why = pl.when(same).then(pl.lit("same")).when(spelled).then(pl.lit("separators")).otherwise(pl.lit("zeros"))
    reasons = [why, *(pl.when(each).then(pl.lit(name)) for name, each in changes.items())]
    return _links(pairs, kind.replace_strict(CLASSES, range(len(CLASSES))), reasons)


def _changes() -> dict[str, pl.Expr]:
    """Tell by reason what of a paper is another than of the first of its group."""
    of = {"amount": "amount", "date": "issued", "party": "party"}
    return {name: pl.col(column) != pl.col(f"first_{column}") for name, column in of.items()}


def _links(pairs: pl.DataFrame, kind: pl.Expr, reasons: Sequence[pl.Expr]) -> pl.DataFrame:
    why = pl.concat_str(reasons, separator="+", ignore_nulls=True)
    return pairs.select(a="first_at", b="at", kind=kind, why=why).cast(LINKS)  # type: ignore[arg-type]


def _same_number(live: pl.DataFrame, form: str) -> pl.DataFrame:
    """Link papers of one amount and another, close day whose numbers are one in a form that forgets much."""
    block = ("party", "code", "amount", form)
    few = live.filter(pl.len().over(block).is_between(2, CLOSE))
    apart = (pl.col("issued") - pl.col("issued").first().over(block)).dt.total_days().abs()
    return _stars(few.filter(apart <= DAYS), block, "altered", form, differ=True)


def _near(bills: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Link papers of one amount and close days whose numbers are one edit or one swap apart; with how many stood in
    too large a crowd to be compared.

    Two such numbers are equal when some one sign is left out of each, or of one. So papers are grouped by each of these
    remainders, and only those of one group are looked at in pairs.
    """
    length = pl.col("separators").str.len_chars()
    fit = bills.filter(length.is_between(SHORT, LONGEST)).select("at", "block", "issued", "ledger", "separators")
    whole = pl.col("separators")
    left = [pl.when(length > at).then(whole.str.slice(0, at) + whole.str.slice(at + 1)) for at in range(LONGEST)]
    rests = fit.select("at", "block", rest=pl.concat_list(whole, *left).list.drop_nulls().list.unique()).explode("rest")
    rests = rests.select("at", rest=pl.struct("block", "rest").hash())
    rests = rests.with_columns(crowd=pl.len().over("rest")).filter(pl.col("crowd") > 1)
    crowded = rests.filter(pl.col("crowd") > CROWD)["at"].n_unique() + bills.filter(length > LONGEST).height
    rests = rests.filter(pl.col("crowd") <= CROWD).drop("crowd")
    pairs = (
        rests.join(rests, on="rest", suffix="_b").filter(pl.col("at") < pl.col("at_b")).select("at", "at_b").unique()
    )
    told = ("at", "block", "issued", "ledger", "separators", "in_all", "many", "least", "greatest", *FORMS[1:])
    pairs = pairs.join(bills.select(told), on="at").join(bills.select(told), left_on="at_b", right_on="at", suffix="_b")
    pairs = pairs.filter(
        pl.col("block") == pl.col("block_b"),
        ~(pl.col("ledger") & pl.col("ledger_b")),
        (pl.col("issued") - pl.col("issued_b")).dt.total_days().abs() <= DAYS,
        *(pl.col(form).ne_missing(pl.col(f"{form}_b")) | pl.col(form).is_null() for form in FORMS[1:]),
    ).sort("at", "at_b")
    found: dict[int, list[tuple[int, int, int, str]]] = {}
    most: dict[int, int] = {}
    for one in pairs.iter_rows(named=True):
        edit = _edit(one, alone=one["in_all"] == 2)
        if edit is not None:
            why = edit if one["issued"] == one["issued_b"] else f"{edit}+date"
            most[one["block"]] = max(TWICE, int(one["in_all"] * RARE))
            found.setdefault(one["block"], []).append((one["at"], one["at_b"], CLASSES.index("near"), why))
    rows = [link for block, links in found.items() if len(links) <= most[block] for link in links]
    return pl.DataFrame(rows, schema=LINKS, orient="row"), crowded


def _renumbered(bills: pl.DataFrame) -> pl.DataFrame:
    """Link the two papers of an amount that occurs nowhere else between two parties, on one day."""
    found = []
    alone = bills.filter((pl.col("in_all") == 2) & (pl.col("amount") % ROUND != 0) & (pl.len().over("block") == 2))
    for one in (
        alone.group_by("block", "issued", maintain_order=True)
        .agg("at", "ledger", "zeros_of_parts")
        .iter_rows(named=True)
    ):
        if len(one["at"]) == 2 and not all(one["ledger"]) and not _series(*one["zeros_of_parts"]):
            found.append((*one["at"], CLASSES.index("renumbered"), "other_number"))
    return pl.DataFrame(found, schema=LINKS, orient="row")


def _bills(live: pl.DataFrame) -> pl.DataFrame:
    """Return the papers whose amount occurs again between the same parties, each number and day once, by ``block``;
    ``in_all``: how many numbers it has."""
    block = ("party", "amount")
    bills = live.unique((*block, "separators", "issued"), keep="last", maintain_order=True)
    bills = bills.with_columns(in_all=pl.col("separators").n_unique().over(block)).filter(pl.col("in_all") > 1)
    backwards = pl.col("separators").str.reverse()
    return bills.with_columns(block=pl.struct(block).rank("dense")).with_columns(
        many=pl.coalesce("affix", "look_alike").n_unique().over("block"),
        least=backwards.min().over("block"),
        greatest=backwards.max().over("block"),
    )


def _edit(pair: dict[str, Any], *, alone: bool) -> str | None:
    """Return by what one number becomes the other, where that is no series' next: ``swap``, ``edit`` or None."""
    one, other = pair["separators"], pair["separators_b"]
    if not near(one, other):
        return None
    swapped = sorted(one) == sorted(other)
    series = _series(pair["zeros_of_parts"], pair["zeros_of_parts_b"])
    if not series and pair["many"] >= MANY:
        series = _series(*(_trimmed(each, (pair["least"], pair["greatest"])) for each in (one, other)))
    if series and not (swapped and alone):
        return None
    return "swap" if swapped else "edit"


def _series(one: str, other: str) -> bool:
    """Tell whether two numbers, their parts with | between, are less than SERIES apart in the one part that differs."""
    mine, its = one.split("|"), other.split("|")
    if len(mine) != len(its):
        return False
    apart = [(a, b) for a, b in zip(mine, its, strict=True) if a != b]
    return len(apart) == 1 and all(each.isdecimal() for each in apart[0]) and _distance(*apart[0]) < SERIES


def _distance(one: str, other: str) -> int:
    """Return how far apart two digit strings are; of one that is too long to be a counter, by its last digits."""
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    tail = max(start - 1, 0) if len(one) == len(other) else 0  # a carry changes more digits than one
    return abs(int(one[tail:]) - int(other[tail:]))


def _trimmed(number: str, ends: tuple[str, str]) -> str:
    """Return a number without the digits that all numbers of its block end with: they count nothing.

    ``ends``: the least and the greatest of the block's numbers, each read backwards.
    """
    shared = sum(1 for _ in takewhile(lambda signs: signs[0] == signs[1], zip(*ends, strict=False)))
    return number[: len(number) - shared]

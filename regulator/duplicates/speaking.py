"""From which height any pattern could speak of a family: told by its rows, without looking at it height by height.

Most families that somebody claims are in order from their first day to their last: one party's claims, or claims that
each got from the one before; pieces of a certificate that fit into each other; money within what is owed. Of those no
pattern has anything to say, and of the others none had before the second claim, the red invoice or the late loan came.

What is told here may be too early, never too late: each test asks for what its pattern is silent without. A fact that
comes later makes it earlier, or leaves it. A change to a pattern that lets it speak of more belongs here too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import Final, NamedTuple

from ledger.facts import Fact, Output, Receivable
from regulator.duplicates.claims import Instrument
from regulator.duplicates.family import Rows
from regulator.duplicates.keys import VOID
from regulator.duplicates.lineage import lines_of
from regulator.duplicates.view import OVER

__all__ = ["speaks_from"]

MANY: Final = 60
"""Claims of a family that are held against each other here; of more, anything may be said from the first on."""
FINANCING, CERTIFICATE, POOL = Instrument.FINANCING, Instrument.CERTIFICATE, Instrument.POOL


class _Ever(NamedTuple):
    """A claim over all of its time: as early, as much and as late as it was at any height."""

    height: int
    began: int
    end: int | None
    """The height from which it is no more."""
    instrument: Instrument
    holder: str
    givers: Collection[str]
    """Of those who gave it, the ones that a view knows too, whatever the height."""
    thing: str
    on: str
    """The kind of thing that it is on; of a piece its receivable."""
    bought: bool = False
    money: int = 0
    out: int = 0
    """The position from which money was out on it."""
    day: date | None = None
    pieces: Sequence[str] = ()
    """Of a pool, the pieces that it names."""


class _Trees(NamedTuple):
    """What the certificates of a family come to."""

    issued: dict[str, int]
    """By receivable whose pieces fit into each other and into what is owed: what was issued on it."""
    broken: list[int]
    """Heights at which a record made pieces of what was gone, or of less than they are."""


def speaks_from(rows: Rows) -> int | None:
    """Return a height before which no pattern speaks of any asset of the family; None: none ever does."""
    outputs = rows.outputs
    crossed = any(
        parent in outputs and outputs[parent].root != one.root for one in outputs.values() for parent in one.parents
    )
    if crossed or len(outputs) + len(rows.collateral) + len(rows.covered) + len(rows.pools) > MANY:
        groups: tuple[Iterable[Fact], ...] = (outputs.values(), rows.collateral, rows.covered, rows.pools)
        return min(one.from_height for group in groups for one in group)
    trees = _trees(rows)
    claims = sorted(_claims(rows), key=lambda each: (each.height, each.began))
    found = [*trees.broken, *_issued_beyond(rows), *_taken_spent(rows), *_at_odds(rows, claims, trees)]
    money = [each for each in claims if each.bought or each.instrument is POOL]
    if money:
        found += [max(height, money[0].height) for height in _red(rows)]
        found += _settled(rows, money)
        bought = [each for each in money if each.bought]
        found += _over_financed(rows, bought, trees) if bought else ()
    return min(found, default=None)


# Claims


def _claims(rows: Rows) -> Iterator[_Ever]:
    for put_up in rows.collateral:
        versions = rows.financings.get(put_up.financing, [])
        for financier, applicant in {(one.financier, one.applicant) for one in versions}:
            yield _Ever(
                height=max(put_up.from_height, versions[0].from_height),
                began=put_up.from_position,
                end=_first_end(put_up.to_height, (one.from_height if one.status in OVER else None for one in versions)),
                instrument=FINANCING,
                holder=financier,
                givers=(applicant,),
                thing=put_up.financing,
                on=put_up.target_kind,
                bought=True,
                money=max(max(one.amount, one.disbursed) for one in versions),
                out=max(put_up.from_position, next((one.from_position for one in versions if one.disbursed), 0)),
                day=max(one.start for one in versions),
            )
    for covered in rows.covered:
        filed = rows.registrations.get(covered.registration, [])
        for party, debtor in {(one.secured_party, one.debtor) for one in filed}:
            yield _Ever(
                height=max(covered.from_height, filed[0].from_height),
                began=covered.from_position,
                end=_first_end(
                    covered.to_height, (None if one.status == "active" else one.from_height for one in filed)
                ),
                instrument=Instrument.REGISTRATION,
                holder=party,
                givers=(debtor,),
                thing=covered.registration,
                on=covered.target_kind,
            )
    for pooled in rows.pools:
        yield _Ever(
            height=pooled.from_height,
            began=pooled.from_position,
            end=pooled.to_height,
            instrument=POOL,
            holder=pooled.plan,
            givers=(pooled.assignor,),
            thing=pooled.plan,
            on="receivable",
            out=pooled.from_position,
            day=pooled.assigned_on,
            pieces=pooled.outputs,
        )
    yield from _pieces(rows)


def _first_end(end: int | None, over: Iterable[int | None]) -> int | None:
    """Return the first of two ends; ``over``: by version, the height where it began as over, or None."""
    since: int | None = None
    for height in over:
        since = None if height is None else height if since is None else since
    return end if since is None else since if end is None else min(end, since)


def _pieces(rows: Rows) -> Iterator[_Ever]:
    """Yield the pieces that claim: all but those with the creditor they were issued to."""
    lines = lines_of(rows.outputs.values(), ()) if rows.outputs else {}
    for one in rows.outputs.values():
        holder, line = one.co_owner or one.owner, lines[one.id]
        bought, owed = holder in line.bought, rows.receivables.get(one.root, ())
        if bought or not owed or any(each.creditor != holder for each in owed):
            yield _Ever(
                height=one.from_height,
                began=one.from_position,
                end=one.to_height,
                instrument=CERTIFICATE,
                holder=holder,
                givers=line.owners,
                thing=one.id,
                on=one.root,
                bought=bought,
                money=one.amount,
                out=one.from_position,
            )


# Certificates


def _trees(rows: Rows) -> _Trees:
    outputs = rows.outputs
    issued: defaultdict[str, int] = defaultdict(int)
    made: defaultdict[int, list[Output]] = defaultdict(list)
    unsound: set[str] = set()
    broken: list[int] = []
    for one in outputs.values():
        if one.parents:
            made[one.from_position].append(one)
        else:
            issued[one.root] += one.amount
        for name in one.parents:
            parent = outputs.get(name)
            if parent is None or parent.to_position != one.from_position:
                unsound.add(one.root)
                if parent is not None and parent.to_position is not None and parent.to_position < one.from_position:
                    broken.append(one.from_height)
    for children in made.values():
        for root in {one.root for one in children}:
            mine = [one for one in children if one.root == root]
            parents = {name for one in mine for name in one.parents}
            if parents <= outputs.keys() and sum(one.amount for one in mine) > sum(
                outputs[name].amount for name in parents
            ):
                unsound.add(root)
                broken.append(mine[0].from_height)
    for root in {one.root for one in outputs.values()} - unsound:
        if not rows.receivables.get(root) or issued[root] > _least(rows.receivables[root]):
            unsound.add(root)
    return _Trees({root: amount for root, amount in issued.items() if root not in unsound}, broken)


def _least(versions: Sequence[Receivable]) -> int:
    return min(min(one.amount, one.claimed) for one in versions)


def _issued_beyond(rows: Rows) -> Iterator[int]:
    for versions in rows.receivables.values():
        for one in versions:
            if one.certified > one.amount + one.adjusted:
                yield one.from_height


def _taken_spent(rows: Rows) -> Iterator[int]:
    """Yield where a loan or a pool took a piece that was gone."""
    taken = [(one.target, one) for one in rows.collateral if one.target_kind == "output"]
    uses: list[tuple[str, Fact]] = [*taken, *((name, one) for one in rows.pools for name in one.outputs)]
    for name, use in uses:
        piece = rows.outputs.get(name)
        if piece is not None and piece.to_position is not None and piece.to_position < use.from_position:
            yield use.from_height


# What the patterns ask of claims


def _at_odds(rows: Rows, claims: Sequence[_Ever], trees: _Trees) -> Iterator[int]:
    """Yield where two claims met of which neither holder got it from the other."""
    for one, other in combinations(claims, 2):
        if one.holder != other.holder and one.holder not in other.givers and other.holder not in one.givers:
            height = max(one.height, other.height)
            gone = any(each.end is not None and each.end <= height for each in (one, other))
            if not gone and not _fit(one, other, rows, trees):
                yield height


def _fit(one: _Ever, other: _Ever, rows: Rows, trees: _Trees) -> bool:
    """Tell whether two claims are no rivals, being on pieces that are parts of one certificate beside each other."""
    if other.instrument is not CERTIFICATE:
        one, other = other, one
    if other.instrument is not CERTIFICATE:
        return False
    if one.instrument is CERTIFICATE:  # pieces that were not bought are held against none
        return not (one.bought and other.bought) or (one.on == other.on and one.on in trees.issued)
    if one.instrument is not POOL or not one.pieces or other.on not in trees.issued or other.thing in one.pieces:
        return False
    beside = (rows.outputs.get(name) for name in one.pieces)
    return all(
        piece is not None and piece.root == other.on and piece.from_height <= one.height and _together(piece, other)
        for piece in beside
    )


def _together(piece: Output, other: _Ever) -> bool:
    """Tell whether two pieces ever were at one height: then neither is a part of the other."""
    first = max(piece.from_height, other.height)
    return all(end is None or end > first for end in (piece.to_height, other.end))


def _red(rows: Rows) -> Iterator[int]:
    """Yield where an invoice was taken back, or a red one of it came."""
    for versions in rows.invoices.values():
        yield from (one.from_height for one in versions if one.status in VOID)
    yield from (note[0].from_height for note in rows.notes.values() if note[0].amount_including_tax < 0)


def _settled(rows: Rows, claims: Sequence[_Ever]) -> Iterator[int]:
    """Yield where money went out on what was settled."""
    for versions in rows.receivables.values():
        for one in versions:
            if one.settled_on is not None:
                for claim in claims:
                    if one.from_position < claim.out or (claim.day is not None and one.settled_on < claim.day):
                        yield max(one.from_height, claim.height)


def _over_financed(rows: Rows, bought: Sequence[_Ever], trees: _Trees) -> Iterator[int]:
    """Yield where money came out after something was paid or taken off, or may be more than there is.

    What was issued of a certificate counts once, however often its pieces were bought, while they fit into each other:
    so does a loan on several things. Those fit into a receivable, and into what is beneath it, that fit into the least
    that it ever came to; on invoices, those that fit into the least of the family.
    """
    if not rows.invoices and not rows.receivables:
        yield from (each.height for each in bought if each.thing != bought[0].thing)
        return
    paid = min((one.from_position for one in rows.settlements), default=None)
    if paid is not None:
        yield from (each.height for each in bought if each.began > paid)
    off = [one.from_height for some in rows.receivables.values() for one in some if one.adjusted + one.netted < 0]
    off += [note[0].from_height for note in rows.notes.values() if note[0].amount_including_tax < 0]
    if off:
        yield max(min(off), bought[0].height)
    out, least = dict[str, int](), _least_of(rows, bought)
    for each in bought:
        if each.instrument is not CERTIFICATE:
            out[f"financing {each.thing}"] = each.money
        elif each.on in trees.issued:
            out[f"receivable {each.on}"] = trees.issued[each.on]
        else:
            yield each.height
        if each.on == "output" or sum(out.values()) > least:
            yield each.height


def _least_of(rows: Rows, bought: Sequence[_Ever]) -> int:
    """Return the least that any of what these rest on ever came to."""
    owed = [_least(versions) for versions in rows.receivables.values()]
    known = all(
        some[0].from_height <= bought[0].height and some[-1].to_height is None for some in rows.receivables.values()
    )
    if not owed or not known or any(each.on in ("invoice", "package") for each in bought):
        owed += [max(one.amount_including_tax, 0) for versions in rows.invoices.values() for one in versions]
    return min(owed)

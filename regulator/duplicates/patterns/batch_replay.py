"""``duplicate.batch_replay`` (批次重放): a package of invoices is registered again under another name.

Definition: more than half of the smaller of two packages are the same invoices, told by their keys, so that invoices
registered anew count too. The later one is the replay, whatever its order of invoices, its funder or its month. A
digest is that of its list, or ``package.digest`` is found: packages of one digest are packages of the same invoices.

Evidence: both packages, the financings on them.

Lawful: a correction that says which package it supersedes, unless both are financed by different parties at once;
packages that share a few invoices. A package that was superseded counts no more, unless it is still claimed.

Severity: LOW when no more than one of the two is claimed; MEDIUM when the earlier one was being financed when it was
replayed or both are claimed by one party; HIGH when different parties claim both. Amount: the faces of the shared
invoices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from regulator.duplicates.claims import Claim
from regulator.duplicates.stakes import money_of, things_of
from regulator.signals import Level, Signal

__all__ = ["RULE", "Batch", "look", "replayed"]

RULE: Final = "duplicate.batch_replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A package as of a height. ``faces``: of its invoices by key, fen; ``corrects``: those it came in the place of."""

    id: str
    began: int
    by: str | None
    faces: dict[tuple[str, ...], int]
    parties: frozenset[str]
    corrects: frozenset[str]
    claims: tuple[Claim, ...]


def replayed(one: Batch, other: Batch) -> bool:
    """Tell whether two packages are mostly the same."""
    shared = len(one.faces.keys() & other.faces.keys())
    return shared > 0 and 2 * shared > min(len(one.faces), len(other.faces))


def look(later: Batch, earlier: Sequence[Batch]) -> Signal | None:
    """Return what is to be said of a package against those registered before it, or None."""
    found = [one for one in earlier if replayed(later, one)]
    found = [one for one in found if one.id not in later.corrects or _both(later, one)]
    if not found:
        return None
    first = min(found, key=lambda one: (one.began, one.id))
    shared = {key for one in found for key in one.faces if key in later.faces}
    amount = sum(max(later.faces[key], 0) for key in shared)
    claims = [*later.claims, *(claim for one in found for claim in one.claims)]
    subject = f"package {later.id}"
    smaller = min(len(later.faces), len(first.faces))
    return Signal(
        rule=RULE,
        subject=subject,
        level=max((_level(later, one) for one in found), key=lambda level: level.rank),
        score=95 if len(shared) == len(later.faces) == len(first.faces) else 80,
        amount=amount,
        parties=tuple(_parties((later, *found)) | {claim.holder for claim in claims}),
        things=tuple({f"package {one.id}" for one in found} | (things_of(claims) - {subject})),
        evidence=tuple({later.began, *(one.began for one in found), *(n for claim in claims for n in claim.evidence)}),
        details=(
            ("claimed_fen", money_of(claims, 2 * amount)),
            ("invoices", len(later.faces)),
            ("other", f"package {first.id}"),
            ("others", len(found)),
            ("overlap_percent", 100 * len(later.faces.keys() & first.faces.keys()) // smaller),
            ("shared", len(shared)),
            ("shared_fen", amount),
        ),
    )


def _both(one: Batch, other: Batch) -> bool:
    """Tell whether different parties claim both."""
    mine, theirs = {claim.holder for claim in one.claims}, {claim.holder for claim in other.claims}
    return bool(mine and theirs) and len(mine | theirs) > 1


def _level(later: Batch, earlier: Batch) -> Level:
    if _both(later, earlier):
        return Level.HIGH
    if later.claims and earlier.claims:
        return Level.MEDIUM
    running = any(claim.began < later.began for claim in earlier.claims)
    return Level.MEDIUM if running else Level.LOW


def _parties(batches: Iterable[Batch]) -> set[str]:
    return {party for one in batches for party in (*one.parties, *filter(None, (one.by,)))}

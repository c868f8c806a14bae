"""``duplicate.phantom_debtor`` (虚构债务人): much is financed on debts that nothing shows to be owed.

Definition: of the receivables of one seller on one debtor that are financed or sold now, those without any support come
to at least FLOOR, are at least CLAIMS, and come to more than RATIO times those with support, even without the largest
of them. Support is any one of: the debtor confirmed it (确权) by itself, with a key that was its own then; the tax
authority knows invoices for at least half of it; the debtor paid on it; goods moved (a waybill, a warehouse receipt, a
customs declaration, an acceptance behind its invoices).

Evidence: the unsupported receivables, the first SHOWN of them, and as many of their confirmations that are not the
debtor's; how many those are, in whose name the first was made, which account signed it and whose that was.

Lawful: a receivable that is not billed yet, or a new relationship, as long as something supports it; a few claims whose
papers come later, or one large one; a seller of long standing with some claims unsupported.

Severity: HIGH when nothing at all of what is financed has support, or it is ten times FLOOR; else MEDIUM. Amount: what
is unsupported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ledger.facts import Receivable
from regulator.signals import Level, Signal, subject_of

__all__ = ["CLAIMS", "FLOOR", "MOVEMENT", "RULE", "Sums", "look", "of_one", "speaks"]

RULE: Final = "duplicate.phantom_debtor"
FLOOR: Final = 50_000_000
"""Fen: half a million yuan; below that one visit to the debtor costs more than it saves."""
CLAIMS: Final = 5
"""Receivables: fewer are an accident of papers that are late."""
RATIO: Final = 3
GRAVE: Final = 10
SHOWN: Final = 20
SCORE: Final = 85
MOVEMENT: Final = ("waybill", "warehouse_receipt", "customs_declaration", "acceptance")


class Sums(NamedTuple):
    """What is financed of one pair: fen without support, receivables that is, fen with support.

    ``others``: of those receivables, how many another than the debtor confirmed.
    """

    unsupported: int = 0
    claims: int = 0
    supported: int = 0
    others: int = 0

    def plus(self, other: Sums, times: int = 1) -> Sums:
        """Return the sum with so many times another."""
        return Sums(
            self.unsupported + times * other.unsupported,
            self.claims + times * other.claims,
            self.supported + times * other.supported,
            self.others + times * other.others,
        )


def speaks(sums: Sums) -> bool:
    """Tell whether that is a finding."""
    return sums.claims >= CLAIMS and sums.unsupported >= FLOOR and sums.unsupported > RATIO * sums.supported


def of_one(sums: Sums, largest: int) -> bool:
    """Tell whether it would be none but for its largest receivable without support."""
    return sums.unsupported - largest <= RATIO * sums.supported


def look(pair: tuple[str, str], sums: Sums, unsupported: Sequence[Receivable], said: Sequence[Receivable]) -> Signal:
    """Return what is to be said of a pair of seller and debtor whose sums are a finding.

    In ledger order of its receivables without support: ``unsupported``, of each its first version; ``said``, of those
    that another than the debtor confirmed, the version that began with it.
    """
    first, others = unsupported[:SHOWN], said[:SHOWN]
    grave = sums.supported == 0 or sums.unsupported >= GRAVE * FLOOR
    total = sums.unsupported + sums.supported
    return Signal(
        rule=RULE,
        subject=subject_of("pair", *pair),
        level=Level.HIGH if grave else Level.MEDIUM,
        score=SCORE,
        amount=sums.unsupported,
        since=min(one.registered_on for one in first),
        parties=(*pair, *(one.confirmed_signer_member for one in others if one.confirmed_signer_member)),
        things=tuple(f"receivable {one.id}" for one in first),
        evidence=tuple(one.from_position for one in (*first, *others)),
        details=(
            ("claims", sums.claims),
            ("debtor_party", pair[1]),
            ("seller_party", pair[0]),
            ("share_percent", 100 * sums.unsupported // total),
            ("supported_fen", sums.supported),
            ("unsupported_fen", sums.unsupported),
            *(_signed(said[0], sums.others) if said else ()),
        ),
    )


def _signed(first: Receivable, count: int) -> Iterator[tuple[str, int | str]]:
    """Yield who made the first confirmation that does not count, with which key, and how many there are."""
    yield "others_confirmed", count
    yield "confirmed_party", str(first.confirmed_by)
    yield "signer", str(first.confirmed_signer)
    if first.confirmed_signer_member is not None:
        yield "signer_party", first.confirmed_signer_member

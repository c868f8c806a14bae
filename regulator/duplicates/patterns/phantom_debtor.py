"""``duplicate.phantom_debtor`` (虚构债务人): much is financed on debts that nothing shows to be owed.

Definition: of the receivables of one seller on one debtor that are financed or sold now, those without any support come
to at least FLOOR, are at least CLAIMS, and come to more than RATIO times those with support. Support is any one of: the
debtor confirmed it (确权) by itself; the tax authority knows invoices for at least half of it; the debtor paid on it;
goods moved (a waybill, a warehouse receipt, a customs declaration, an acceptance behind its invoices).

Evidence: the unsupported receivables, the first SHOWN of them.

Lawful: a receivable that is not billed yet, or a new relationship, as long as something supports it; a few claims whose
papers come later; a seller of long standing with some claims unsupported.

Severity: HIGH when nothing at all of what is financed has support, or it is ten times FLOOR; else MEDIUM. Amount: what
is unsupported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.facts import Receivable
from regulator.signals import Level, Signal

__all__ = ["CLAIMS", "FLOOR", "MOVEMENT", "RULE", "Sums", "look", "speaks"]

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
    """What is financed of one pair: fen without support, receivables that is, fen with support."""

    unsupported: int = 0
    claims: int = 0
    supported: int = 0

    def plus(self, other: Sums, times: int = 1) -> Sums:
        """Return the sum with so many times another."""
        return Sums(
            self.unsupported + times * other.unsupported,
            self.claims + times * other.claims,
            self.supported + times * other.supported,
        )


def speaks(sums: Sums) -> bool:
    """Tell whether that is a finding."""
    return sums.claims >= CLAIMS and sums.unsupported >= FLOOR and sums.unsupported > RATIO * sums.supported


def look(pair: tuple[str, str], sums: Sums, unsupported: Sequence[Receivable]) -> Signal:
    """Return what is to be said of a pair of seller and debtor whose sums are a finding.

    ``unsupported``: of each of its receivables without support the first version, in ledger order.
    """
    first = unsupported[:SHOWN]
    grave = sums.supported == 0 or sums.unsupported >= GRAVE * FLOOR
    total = sums.unsupported + sums.supported
    return Signal(
        rule=RULE,
        subject=f"pair {'/'.join(pair)}",
        level=Level.HIGH if grave else Level.MEDIUM,
        score=SCORE,
        amount=sums.unsupported,
        since=min(one.registered_on for one in first),
        parties=pair,
        things=tuple(f"receivable {one.id}" for one in first),
        evidence=tuple(one.from_position for one in first),
        details=(
            ("claims", sums.claims),
            ("debtor_party", pair[1]),
            ("seller_party", pair[0]),
            ("share_percent", 100 * sums.unsupported // total),
            ("supported_fen", sums.supported),
            ("unsupported_fen", sums.unsupported),
        ),
    )

"""``duplicate.exact_reuse``: one invoice in two active financings of different financiers, whoever the applicant.

Definition: the claims by which money was lent on an asset or a piece of its certificate was bought, both live, held by
different parties, neither given by the other's holder, and together covering more than what they rest on is worth.
They may name the asset in different ways: the invoice, the same invoice under another id, one that was issued in its
place (红冲重开), a receivable on it, a package that holds it, a piece of its certificate.

Evidence: both financings and what each names as collateral.

Lawful: refinancing after release, in the same block too; the same party twice (a retry); a syndicate by stated parts,
receivables or pieces that fit within the face; a factor that refinances with a bank what it bought.

Severity: HIGH when the money of all together is more than what they meet on is worth, or when that cannot be told;
MEDIUM when it is not. Strength 95 where they name one thing, 90 by key, lineage or package. Amount: all the money but
the largest holder's, that is what was lent again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from regulator.duplicates.claims import Claim, rivals
from regulator.duplicates.patterns.telling import first_of_each, money_of, money_on, told
from regulator.duplicates.view import View
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.exact_reuse"


def look(view: View) -> Signal | None:
    """Return what is to be said of the asset, or None."""
    found = rivals([claim for claim in view.claims if claim.bought], view.worth)
    if not found:
        return None
    by_holder: defaultdict[str, int] = defaultdict(int)
    for claim in found:
        by_holder[claim.holder] += money_of([claim])
    node = max(_meeting(found), key=lambda each: money_on(found, each) - view.worth[each])
    money, worth = money_of(found), view.worth[node]
    first, *_, last = first_of_each(found)
    told_all = view.known and all(claim.money is not None for claim in found)
    same = len({claim.target for claim in found}) == 1
    return told(
        RULE,
        view,
        found,
        level=Level.MEDIUM if told_all and money_on(found, node) <= worth else Level.HIGH,
        score=95 if same else 90,
        amount=money - max(by_holder.values()),
        since=view.day_of([last]),
        financiers=len(by_holder),
        first=first.thing,
        first_party=first.holder,
        last=last.thing,
        last_party=last.holder,
        money_fen=money,
        worth_fen=worth if view.known else "unknown",
    )


def _meeting(claims: Sequence[Claim]) -> list[str]:
    """Return what different parties claim together, in order."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for claim in claims:
        for node in claim.covers:
            holders[node].add(claim.holder)
    return [node for node, some in holders.items() if len(some) > 1]

"""``duplicate.double_pool``: one asset lies in the pools of two plans at the same time.

Definition: by the heights of the ledger, the intervals [in, out) of two plans overlap on the same value: the whole
receivable, the same piece of its certificate or a piece of that, another receivable on the same invoice beyond its
face.

Evidence: the records that brought it into each pool.

Lawful: repurchase or substitution before it enters another; re-entry into the pool it left; different pieces of one
certificate in different pools.

Severity: HIGH while something is owed on it; MEDIUM when it was paid: the cash can go to one plan only. Amount: what
lies in the pools beyond what the asset is worth.
"""

from __future__ import annotations

from typing import Final

from regulator.duplicates.claims import Instrument, extent_of, rivals
from regulator.duplicates.patterns.telling import first_of_each, told
from regulator.duplicates.view import ALL, View
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.double_pool"


def look(view: View) -> Signal | None:
    """Return what is to be said of the asset, or None."""
    pooled = [claim for claim in view.claims if claim.instrument is Instrument.POOL]
    found = rivals(pooled, view.worth)
    if not found:
        return None
    first, *_, last = first_of_each(found)
    held = extent_of(found, view.worth[ALL])
    owed = any(not view.over(name) for name in view.receivables)
    return told(
        RULE,
        view,
        found,
        level=Level.HIGH if owed else Level.MEDIUM,
        score=98,
        amount=min(held - min(view.worth[ALL], held), held) or min(claim.extent for claim in found),
        since=view.day_of([last]),
        plans=len({claim.holder for claim in found}),
        first_plan=first.holder,
        last_plan=last.holder,
        held_fen=held,
        worth_fen=view.worth[ALL],
    )

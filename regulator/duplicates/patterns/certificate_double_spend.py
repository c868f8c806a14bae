"""``duplicate.certificate_double_spend``: value of a certificate was made from nothing, or used after it was consumed.

Definition: on the tree of a receivable's pieces, (a) two records made pieces of one piece, or a record made pieces of
one that an earlier record had consumed or redeemed; (b) the pieces that a record made are worth more than those they
were made from; (c) more was issued than the receivable came to when it was issued; (d) a pool or a loan took a piece
that had been consumed.

Evidence: the record that consumed it first, and every later one; the pieces made.

Lawful: a piece that is proposed, signed in, split and financed within one block, each output used once: records have
their order within a block; a certificate given up and issued anew; pieces that join those a pool holds already, some of
them redeemed by then.

What was spent stays spent, so the finding stays too. A second redemption makes no piece, and no fact shows it: that is
``output.redeemed`` of the ledger's own findings.

Severity: HIGH while pieces of it are live, a pool or a loan has one; MEDIUM when nothing of it is left. Amount: the
value that was used twice or made from nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple

from ledger.facts import Output, Receivable
from regulator.duplicates.lineage import made_of
from regulator.duplicates.patterns.telling import told
from regulator.duplicates.view import View, begun
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.certificate_double_spend"


class _Breach(NamedTuple):
    how: str
    value: int
    position: int
    others: tuple[int, ...]
    pieces: tuple[str, ...]


def look(view: View) -> Signal | None:
    """Return what is to be said of the asset, or None."""
    breaches = [*_spent_again(view), *_grown(view), *_issued_beyond(view), *_taken_spent(view)]
    if not breaches:
        return None
    breaches.sort()
    first = min(breaches, key=lambda each: each.position)
    pieces = {piece for each in breaches for piece in each.pieces}
    made = made_of(view.outputs.values(), pieces)
    live = any(
        one.id in made and (one.to_height is None or one.to_height > view.height) for one in view.outputs.values()
    )
    taken = [claim for claim in view.claims if claim.target.removeprefix("output ") in pieces]
    owners = {owner for piece in pieces if piece in view.outputs for owner in view.outputs[piece].owners}
    return told(
        RULE,
        view,
        (),
        level=Level.HIGH if live or taken else Level.MEDIUM,
        score=98,
        amount=sum(each.value for each in breaches),
        since=None,
        evidence=[position for each in breaches for position in (each.position, *each.others)],
        things=[f"output {piece}" for piece in pieces] + [f"receivable {name}" for name in view.receivables],
        parties=owners,
        breaches=len(breaches),
        how=first.how,
        value_fen=sum(each.value for each in breaches),
    )


def _spent_again(view: View) -> list[_Breach]:
    """Return what was made of pieces that another record had consumed."""
    made: defaultdict[tuple[str, int], list[Output]] = defaultdict(list)
    for output in view.outputs.values():
        for parent in output.parents:
            if parent in view.outputs:
                made[parent, output.from_position].append(output)
    found = []
    for (parent, position), children in made.items():
        consumed = view.outputs[parent].to_position
        if consumed is not None and consumed < position:
            pieces = (parent, *(child.id for child in children))
            found.append(_Breach("spent", view.outputs[parent].amount, position, (consumed,), pieces))
    return found


def _grown(view: View) -> list[_Breach]:
    """Return records whose pieces are worth more than what they were made from."""
    by_record: defaultdict[int, list[Output]] = defaultdict(list)
    for output in view.outputs.values():
        if output.parents:
            by_record[output.from_position].append(output)
    found = []
    for position, children in by_record.items():
        parents = {parent for child in children for parent in child.parents}
        if not all(parent in view.outputs for parent in parents):
            continue
        before = sum(view.outputs[parent].amount for parent in parents)
        after = sum(child.amount for child in children)
        if after > before:
            others = tuple(sorted(view.outputs[parent].from_position for parent in parents))
            found.append(_Breach("grown", after - before, position, others, tuple(child.id for child in children)))
    return found


def _issued_beyond(view: View) -> list[_Breach]:
    found = []
    for name in view.receivables:
        before: Receivable | None = None
        for one in begun(view.rows.receivables[name], view.height):
            issued = one.certified - (0 if before is None else before.certified)
            beyond = one.certified - (one.amount + one.adjusted)
            if issued > 0 and beyond > 0:
                pieces = tuple(each.id for each in view.outputs.values() if each.from_position == one.from_position)
                found.append(_Breach("issued", min(issued, beyond), one.from_position, (), pieces))
            before = one
    return found


def _taken_spent(view: View) -> list[_Breach]:
    """Return loans and pools that took a piece after it was consumed."""
    uses: list[tuple[str, int]] = [
        (one.target, one.from_position)
        for one in begun(view.rows.collateral, view.height)
        if one.target_kind == "output"
    ]
    named: set[tuple[str, str]] = set()
    for pooled in begun(view.rows.pools, view.height):  # a later version names again what the first one brought
        for name in pooled.outputs:
            if (pooled.plan, name) not in named:
                uses.append((name, pooled.from_position))
                named.add((pooled.plan, name))
    found = []
    for name, position in uses:
        output = view.outputs.get(name)
        if output is not None and output.to_position is not None and output.to_position < position:
            found.append(_Breach("taken", output.amount, position, (output.to_position,), (name,)))
    return found

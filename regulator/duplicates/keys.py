"""What several records of one invoice (发票) have in common, and which one stands in another's place (红冲重开).

The key of an invoice is its 20-digit number (数电票), else code and number, else seller, buyer and number. Who leaves
the code out makes no other invoice of it: between the same parties a number of SHORT signs or more without a code is
that of the first one with a code. Numbers are compared as they are written; those that differ by their format are for
``duplicate.altered_document`` to find.

An invoice stands in another's place when that one is gone (voided, red-flushed, or taken off whole by red ones), and it
refers to it or to a red one of it, is of the same parties and at least as large. Both are for one trade, so they have
one key: who lent on the first has lent on what stands in its place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.facts import Invoice
from regulator.duplicates.ties import Ties

__all__ = ["SHORT", "VOID", "Key", "Keys", "in_place_of", "key_of", "keys_of", "red_ones"]

Key = tuple[str, ...]

SHORT: Final = 8
"""Signs below which two numbers are one by chance."""
VOID: Final = frozenset(("voided", "red_flushed"))

_DIGITAL = re.compile(r"[0-9]{20}\Z", re.ASCII)


def key_of(invoice: Invoice) -> Key:
    """Return what two records of one invoice have in common."""
    if _DIGITAL.match(invoice.number):
        return (invoice.number,)
    if invoice.code:
        return invoice.code, invoice.number
    return invoice.seller, invoice.buyer, invoice.number


def keys_of(invoices: Iterable[Invoice]) -> dict[str, Key]:
    """Return the keys of invoices by id, those that leave out a code told by one that states it.

    The order is that in which they became known: of several codes the first counts.
    """
    keys = {one.id: key_of(one) for one in invoices}
    coded: dict[Key, Key] = {}
    for one in invoices:
        if len(keys[one.id]) == 2:
            coded.setdefault((one.seller, one.buyer, one.number), keys[one.id])
    return {name: coded.get(key, key) if len(key[-1]) >= SHORT else key for name, key in keys.items()}


def red_ones(notes: Iterable[Invoice]) -> list[Invoice]:
    """Return those that take something off (红字发票) and hold."""
    return [note for note in notes if note.amount_including_tax < 0 and note.status not in VOID]


def in_place_of(
    invoices: Mapping[str, Invoice], red: Iterable[Invoice], gone: Collection[str] | None = None
) -> list[tuple[str, str]]:
    """Return every (gone, issued in its place) by id, of these invoices; ``red`` are red ones of them.

    ``gone`` None: any may be gone at some time.
    """
    aims = {note.id: note.refers_to for note in red}
    found: list[tuple[str, str]] = []
    for new in invoices.values():
        aimed = [each for name in new.refers_to for each in (name, *aims.get(name, ()))]
        for name in dict.fromkeys(aimed):
            old = invoices.get(name)
            if old is not None and (gone is None or name in gone) and _matches(old, new):
                found.append((name, new.id))
    return found


def _matches(old: Invoice, new: Invoice) -> bool:
    return (
        new.amount_including_tax >= old.amount_including_tax > 0
        and (new.seller, new.buyer) == (old.seller, old.buyer)
        and key_of(new) != key_of(old)
    )


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of some invoices as of a height.

    ``own``: by id, the key of its number; ``shared``: by id, that of what it stands in the place of, else its own;
    ``gone``: those in whose place another was issued.
    """

    own: Mapping[str, Key]
    shared: Mapping[str, Key]
    gone: frozenset[str]

    @classmethod
    def of(cls, ordered: Sequence[Invoice], notes: Iterable[Invoice]) -> Keys:
        """Take the invoices as they stand, in the order in which they became known, and what refers to them."""
        own = keys_of(ordered)
        red = red_ones(notes)
        off: defaultdict[str, int] = defaultdict(int)
        for note in red:
            for name in set(note.refers_to):
                off[name] -= note.amount_including_tax
        gone = {
            one.id
            for one in ordered
            if one.status in VOID or (one.id in off and off[one.id] >= one.amount_including_tax)
        }
        pairs = in_place_of({one.id: one for one in ordered}, red, gone) if gone else []
        if not pairs:
            return cls(own, own, frozenset())
        ties, of_trade = Ties(), dict[str, Key]()
        for name, key in own.items():
            ties.tie(f"invoice {name}", "key " + "\0".join(key))
        for old, new in pairs:
            ties.tie(f"invoice {old}", f"invoice {new}")
        shared = {name: of_trade.setdefault(ties.root(f"invoice {name}"), key) for name, key in own.items()}
        return cls(own, shared, frozenset(old for old, _ in pairs))

    def counted(self, ordered: Iterable[Invoice]) -> dict[Key, Invoice]:
        """Return by shared key the invoice that counts.

        Of several records of one number it is the one that the tax authority knows, else the first. Of what was issued
        in each other's place it is what is sound, the smallest where there is more; else the first.
        """
        known: dict[Key, Invoice] = {}
        for invoice in ordered:
            held = known.get(self.own[invoice.id])
            sure = invoice.verified_result == "consistent"
            if held is None or (sure and held.verified_result != "consistent"):
                known[self.own[invoice.id]] = invoice
        trades: defaultdict[Key, list[Invoice]] = defaultdict(list)
        for invoice in known.values():
            trades[self.shared[invoice.id]].append(invoice)
        return {key: some[0] if len(some) == 1 else self._sound(some) for key, some in trades.items()}

    def _sound(self, some: Sequence[Invoice]) -> Invoice:
        sound = [one for one in some if one.status == "normal" and one.id not in self.gone]
        return min(sound, key=lambda one: one.amount_including_tax, default=some[0])

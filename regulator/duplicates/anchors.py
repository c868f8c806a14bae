"""Where claims of a snapshot meet: the keys of its invoices, as hashes, and which of them are of one trade.

An engine joins numbers several times as fast as text. Two that are one by chance make a sweep wider, never narrower:
what is together by them is compared by the most that was lent and the least that was left, and parties are text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, reduce
from typing import Any, Final

from ledger.facts import Invoice, ReceivableInvoice, TradeReference
from ledger.snapshot import Market
from regulator.duplicates.ties import Ties

__all__ = ["Anchors", "hashed", "joined", "text", "union"]

DIGITS: Final = 20
"""Of a number that is a key by itself. One that has as many other signs only makes two keys one: a wider sweep."""


def union(tables: Iterable[Any]) -> Any:
    """Return the rows of all tables, the same ones more than once."""
    return reduce(lambda one, other: one.union(other), tables)


def joined(left: Any, right: Any, on: dict[str, str], how: str = "inner") -> Any:
    """Return a join whose right-hand columns are named ``r_<name>``; ``on``: left column by right column."""
    other = right.rename("r_{name}")
    return left.join(other, [left[mine] == other[f"r_{its}"] for mine, its in on.items()], how=how)


def text(value: str) -> Any:
    """Return a literal that every engine takes for text."""
    import ibis

    return ibis.literal(value, "string")


def hashed(kind: Any, name: Any) -> Any:
    """Return the hash of a seed, ``<kind> <name>``."""
    return ((text(f"{kind} ") if isinstance(kind, str) else kind + text(" ")) + name).hash()


class Anchors:
    """The anchors of a market's invoices and receivables; ``keep`` holds what the engine makes for later questions."""

    def __init__(self, market: Market, keep: Callable[[Any], Any]) -> None:
        self._market, self._keep = market, keep

    @cached_property
    def keys(self) -> Any:
        """Every (on, anchor) of invoices: on which anchors a claim on one is.

        Both are hashes, ``on`` that of a seed. What has no anchor is its own.
        """
        import ibis

        one = self._market.table(Invoice)  # what its key is made of never changes
        code = one.code.fill_null("")
        paper = ibis.ifelse(code != "", code + "|" + one.number, one.seller + "|" + one.buyer + "|" + one.number)
        key = ibis.ifelse(one.number.length() == DIGITS, one.number, paper)
        keys = one.select(on=hashed("invoice", one.id), anchor=(text("key ") + key).hash())
        coded = one.filter(code != "", one.number.length() != DIGITS)  # may be known without its code too
        bare = coded.seller + "|" + coded.buyer + "|" + coded.number
        keys = keys.union(coded.select(on=hashed("invoice", coded.id), anchor=(text("key ") + bare).hash()))
        return self._of_trades(self._keep(keys))

    @cached_property
    def tied(self) -> Any:
        """The same of every receivable that rests on an invoice."""
        links = self._market.stated(ReceivableInvoice)
        links = links.select(on=hashed("receivable", links.receivable), under=hashed("invoice", links.invoice))
        tied = joined(links, self.keys, {"under": "on"})
        return self._keep(tied.select("on", anchor="r_anchor"))

    @cached_property
    def aimed(self) -> Any:
        """Every reference of an invoice to an invoice: few of all, with the parties and the amount of the first."""
        references = self._market.stated(TradeReference)
        aims = references.filter(references.source_kind == "invoice").select("source", "target")
        one = self._market.table(Invoice).select("id", "seller", "buyer", amount="amount_including_tax")
        named = self._keep(one.semi_join(aims, one.id == aims.target).select("id"))
        aims = aims.semi_join(named, aims.target == named.id).distinct()
        met = joined(aims, one, {"source": "id"})
        return self._keep(met.select("source", "target", seller="r_seller", buyer="r_buyer", amount="r_amount"))

    def _of_trades(self, keys: Any) -> Any:
        """Return (on, anchor) of invoices, those alike that one trade may have: one issued in another's place.

        Whether the other was gone is not asked. Reissues are few, and may follow each other: their anchors are tied
        here, not in the engine.
        """
        import ibis

        aimed = self.aimed
        anew, notes = aimed.filter(aimed.amount > 0), aimed.filter(aimed.amount < 0).select("source", "target")
        by_red = joined(anew, notes, {"target": "source"}).mutate(target="r_target").select(*anew.columns)
        pairs = anew.union(by_red)
        one = self._market.table(Invoice).select("id", "seller", "buyer", amount="amount_including_tax")
        pairs = joined(pairs, one, {"target": "id", "seller": "seller", "buyer": "buyer"})
        pairs = pairs.filter(pairs.r_amount > 0, pairs.amount >= pairs.r_amount)
        pairs = pairs.select(new=hashed("invoice", pairs.source), old=hashed("invoice", pairs.target))
        pairs = joined(pairs, keys, {"new": "on"}).select("old", one="r_anchor")
        pairs = joined(pairs, keys.view(), {"old": "on"}).select("one", other="r_anchor")
        found = self._market.backend.to_pyarrow(pairs.distinct())
        ties = Ties()
        for new, old in zip(found["one"].to_pylist(), found["other"].to_pylist(), strict=True):
            ties.tie(str(new), str(old))
        if not ties.nodes():
            return keys
        names = sorted(ties.nodes())
        roots = {"anchor": [int(name) for name in names], "root": [int(ties.root(name)) for name in names]}
        self._roots = ibis.memtable(roots, schema={"anchor": "int64", "root": "int64"})
        # Spark keeps tables it knows: a question makes this one known for as long as it is held.
        self._market.backend.to_pyarrow(self._roots.count())
        tied = joined(keys, self._roots, {"anchor": "anchor"}, "left")
        return tied.select(on="on", anchor=ibis.coalesce(tied.r_root, tied.anchor))

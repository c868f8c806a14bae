"""What the ledger has to hold a file against, as of a height: members by every name, invoices, and who claims them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final

import polars as pl
from sqlalchemy import select
from sqlmodel import col

from ledger.facts import Invoice, Member
from ledger.store import AsOf
from regulator.duplicates.claims import Claim
from regulator.duplicates.stakes import Stakes
from regulator.duplicates.view import VOID
from regulator.errors import OutsideRefused
from regulator.evidence import AT_ONCE
from regulator.histories import StoreHistories
from regulator.outside.numbers import CODE, bare
from regulator.outside.reading import Parties, plain_name
from regulator.outside.result import Standing

__all__ = ["PAPERS", "Told", "ledger_papers", "member_of", "members_by_name", "standing_on"]

PAPERS: Final = {
    "ledger": pl.Boolean, "ref": pl.String, "number": pl.String, "code": pl.String, "amount": pl.Int64,
    "issued": pl.Date, "seller_party": pl.String, "buyer_party": pl.String,
}  # fmt: skip
"""Columns of papers, of a file and of the ledger; ``ref`` is the line, or the invoice's id."""
PAPER: Final = 8
"""Digits of a paper invoice's number."""
FAMILIES: Final = 5_000
"""Invoices whose claims are read together."""

Told = Callable[[str, int, int], None]
"""Hears of progress: what is done, how much of it is done, of how many."""


def members_by_name(facts: AsOf) -> dict[str, str]:
    """Return members by id, credit code and name, as :func:`plain_name` gives them; a name of two is nobody's."""
    members = facts.select(Member)
    names = Counter(plain_name(one.name) for one in members if one.name)
    found = {plain_name(one.name): one.id for one in members if names[plain_name(one.name)] == 1}
    found |= {plain_name(one.uscc): one.id for one in members if one.uscc}
    return found | {plain_name(one.id): one.id for one in members}


def member_of(text: str, parties: Parties) -> str:
    """Return the member that a text names; raises OutsideRefused ``holder``."""
    party = parties(text)
    if not party.startswith("m:"):
        raise OutsideRefused(
            "holder", f"The ledger has no member {text}", next_step="Name one by id, credit code or full name."
        )
    return party[2:]


def ledger_papers(facts: AsOf, listed: pl.DataFrame) -> pl.DataFrame:
    """Return the invoices of the ledger that rows of a list could be: of its parties, or of numbers that are unique.

    Those are the 20-digit ones, and others beside a code: as written, without signs, with the zeros a sheet takes off.

    An invoice stands there by its amount with tax and by that without: a list may state either.
    """
    sides = [side for side in ("seller", "buyer") if (listed[f"{side}_party"] != "").any()]
    found: dict[str, tuple[Any, ...]] = {}
    for side in sides[:1]:
        members = [party[2:] for party in listed[f"{side}_party"].unique() if party.startswith("m:")]
        found |= _invoices(facts, side, members)
    digits = listed["number"].str.normalize("NFKC").str.replace_all(r"[^0-9]", "").unique()
    found |= _invoices(facts, "number", [number for number in digits if len(number) == 20])
    coded = listed.filter(bare(pl.col("code")).str.contains(CODE))["number"].unique()
    plain = coded.to_frame().select(bare(pl.col("number"))).to_series()
    spellings = {*coded.str.strip_chars(), *plain, *plain.str.zfill(PAPER)}
    found |= {id_: row for id_, row in _invoices(facts, "number", list(spellings)) if row[2]}
    rows = []
    for id_, number, code, including, excluding, issued, seller, buyer in found.values():
        named = (f"m:{seller}" if "seller" in sides else "", f"m:{buyer}" if "buyer" in sides else "")
        for amount in dict.fromkeys((including, excluding)):
            rows.append((True, id_, number, code, amount, issued, *named))
    return pl.DataFrame(rows, schema=PAPERS, orient="row")


def _invoices(facts: AsOf, column: str, values: Sequence[str]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the invoices of which a column is one of the values, by id, with what papers state."""
    names = ("id", "number", "code", "amount_including_tax", "amount_excluding_tax", "issued", "seller", "buyer")
    columns = [col(getattr(Invoice, name)) for name in names]
    for some in _parts(sorted(values), AT_ONCE):
        statement = select(*columns).where(facts.current(Invoice), col(getattr(Invoice, column)).in_(some))
        for row in facts.execute(statement):
            yield row[0], tuple(row)


def standing_on(
    facts: AsOf, nodes: Collection[str], holder: str | None, told: Told = lambda _what, _done, _all: None
) -> dict[str, list[Standing]]:
    """Return what others than ``holder`` have at stake on each of these things (``<kind> <id>``), and that it is void.

    An invoice is claimed under whatever ids the ledger has it, and as what was issued in its place (红冲重开). What the
    holder gave to another is no rival of the holder's own list.
    """
    found: dict[str, list[Standing]] = {}
    histories, ordered, wanted = StoreHistories(facts), sorted(nodes), set(nodes)
    seen: set[str] = set()
    done = 0
    for some in _parts(ordered, FAMILIES):
        stakes = Stakes(histories, some)
        for node in some:
            if node in seen:
                continue
            alike = stakes.alike(node, facts.height)
            seen.update(alike)
            claims = [(each, claim) for each in alike for claim in stakes.on(each, facts.height)]
            others = _told_once((each, claim) for each, claim in claims if not _own(claim, holder))
            if others:
                found |= {each: list(others) for each in wanted.intersection(alike)}
        for node, gone in _void(facts, some):
            found.setdefault(node, []).insert(0, gone)
        done += len(some)
        told("claims", done, len(ordered))
    return found


def _void(facts: AsOf, nodes: Sequence[str]) -> Iterator[tuple[str, Standing]]:
    """Yield of the invoices among these that are void (作废、红冲) since when: nobody can claim such a one."""
    ids = [node.removeprefix("invoice ") for node in nodes if node.startswith("invoice ")]
    for some in _parts(ids, AT_ONCE):
        for one in facts.select(Invoice, col(Invoice.id).in_(some), col(Invoice.status).in_(VOID)):
            node = f"invoice {one.id}"
            yield (
                node,
                Standing(on=node, thing=node, instrument="void", holder=one.seller, money=None, day=one.status_on),
            )


def _own(claim: Claim, holder: str | None) -> bool:
    return holder is not None and (claim.holder == holder or holder in claim.givers or holder in claim.agents)


def _told_once(claims: Iterable[tuple[str, Claim]]) -> list[Standing]:
    """Return one entry a claiming thing, the first that began first; ``claims`` with what they are on."""
    by_thing = {claim.thing: (node, claim) for node, claim in sorted(claims, key=lambda one: -one[1].began)}
    return [
        Standing(
            on=node, thing=claim.thing, instrument=claim.instrument.value, holder=claim.holder, money=claim.money,
            day=claim.day, chained=tuple(sorted(claim.givers | claim.agents)),
        )
        for node, claim in sorted(by_thing.values(), key=lambda one: (one[1].began, one[1].thing))
    ]  # fmt: skip


def _parts(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]

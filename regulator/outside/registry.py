"""A registry extract (中登) against itself and the ledger: what it registers, and who else claims that.

The register takes descriptions as they come and examines nothing, so what a registration covers is read from its text:
the numbers in it that are an invoice's or a contract's of its debtor (担保人、出让人), or a 20-digit one of anybody's,
and the words by which it takes all receivables there are. Classes of a row:

``altered``    its number is on the ledger, or twice in the extract, with another party or day
``overlap``    it covers what another party claims: on the ledger, or by another registration of the extract
``blanket``    it covers all receivables of a member, and others claim some of those on the ledger
``known``      its number is on the ledger with the same parties and day; it covers what nobody else claims

The first three are to be looked into; a registration that has expired by the day of the height covers nothing. Who got
it from the other, or gave it to the other, is no rival (a factor that pledges what it bought).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlmodel import col

from ledger.business_day import business_day
from ledger.facts import Invoice, Receivable, Registration, TradeDocument
from ledger.store import AsOf
from regulator.duplicates.paper_numbers import bare
from regulator.evidence import AT_ONCE
from regulator.outside.ledger_side import Told, standing_on
from regulator.outside.mapping import OutsideMap
from regulator.outside.reading import Reading
from regulator.outside.result import Checked, Group, Match, Standing, annotated
from regulator.signals import Level

__all__ = ["check_registrations"]

TOKEN: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z/_.\-]*[0-9A-Za-z])?", re.ASCII)
ALL: Final = re.compile(r"(?:全部|所有|一切|\ball\b)[^。；;.]{0,40}?(?:应收账款|应收款|receivables)", re.IGNORECASE)
DIGITAL: Final = 20
"""Digits of a 数电 number, which is one invoice's whoever sold it."""
FEWEST: Final = 6
"""Signs of a number in a description, one of them a digit: shorter ones are dates, counts and sums."""
NUMBERS: Final = 2_000
"""Numbers read from one description."""
CLAIMED: Final = 2_000
"""Receivables of one debtor whose claims are looked at for a registration of all of them, the first by id."""
ORDER: Final = ("altered", "overlap", "blanket", "known")


@dataclass(slots=True, kw_only=True)
class Row:
    """One registration of the extract, and what it names."""

    line: int
    registration: str
    secured: str
    debtor: str
    filed: date
    expires: date | None
    all_: bool
    numbers: dict[str, str] = field(default_factory=dict)
    """By bare number, as it is written."""

    @property
    def particulars(self) -> tuple[str, str, date]:
        """What makes it the same registration."""
        return self.secured, self.debtor, self.filed


@dataclass(slots=True)
class Draft:
    """A group being made."""

    lines: set[int] = field(default_factory=set)
    things: dict[str, None] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)
    standing: list[Standing] = field(default_factory=list)
    amount: int = 0

    def add(self, line: int, other: str, match: str, *reasons: str) -> None:
        """Add a match of a line."""
        self.lines.add(line)
        if other.startswith("line "):
            self.lines.add(int(other.removeprefix("line ")))
        else:
            self.things[other] = None
        self.matches.append(Match(line=line, other=other, match=match, reasons=reasons))


def check_registrations(
    file: str, mapping: OutsideMap, reading: Reading, facts: AsOf | None, holder: str | None, told: Told
) -> Checked:
    """Return what the extract's registrations match; ``holder``'s own claims are no match to be looked into."""
    rows = [_row(one) for one in reading.frame.iter_rows(named=True)]
    day = None if facts is None else business_day(facts.time)
    live = [row for row in rows if row.expires is None or day is None or row.expires >= day]
    told("matching", 0, 0)
    drafts = [*_by_number(rows, facts), *_among_themselves(live)]
    cut = 0
    if facts is not None:
        drafts += _covered(live, facts, holder, told)
        blankets, cut = _blankets(live, facts, holder, told)
        drafts += blankets
    groups = _groups(drafts)
    grouped = {line for group in groups for line in group.lines}
    expired = {row.line: "expired" for row in rows if row not in live}
    usual = {line: what for line, what in expired.items() if line not in grouped}
    nothing = sum(not row.numbers and not row.all_ and row.line not in grouped for row in live)
    not_compared = {"no_number": nothing, "many_receivables": cut}
    return Checked(
        file=file,
        kind=mapping.kind,
        columns=mapping.columns,
        guessed=mapping.guessed,
        height=None if facts is None else facts.height,
        frame=annotated(reading.frame.drop("secured_member", "debtor_member"), groups, usual),
        unread=reading.unread,
        blank=reading.blank,
        groups=groups,
        usual={"expired": len(usual)} if usual else {},
        not_compared={why: count for why, count in not_compared.items() if count},
    )


def _row(one: Mapping[str, Any]) -> Row:
    found: dict[str, str] = {}
    for written in TOKEN.findall(one["description"]):
        number = bare(written)
        if len(number) >= FEWEST and any(sign.isdigit() for sign in number) and len(found) < NUMBERS:
            found.setdefault(number, written)
    return Row(
        line=one["line"],
        registration=one["registration"],
        secured=one["secured_member"],
        debtor=one["debtor_member"],
        filed=one["filed"],
        expires=one["expires"],
        all_=ALL.search(one["description"]) is not None,
        numbers=found,
    )


def _differences(mine: tuple[Any, ...], its: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(name for name, a, b in zip(("secured_party", "debtor", "date"), mine, its, strict=True) if a != b)


def _by_number(rows: Iterable[Row], facts: AsOf | None) -> list[Draft]:
    """Hold each registration against those of its number: earlier in the extract, and on the ledger."""
    by_number: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_number[bare(row.registration) or row.registration].append(row)
    stated: dict[str, Registration] = {}
    for one in _having(facts, Registration, "id", {row.registration for some in by_number.values() for row in some}):
        stated[bare(one.id) or one.id] = one
    drafts = []
    for number, some in by_number.items():
        draft, its = Draft(), stated.get(number)
        if its is not None:
            known = f"m:{its.secured_party}", f"m:{its.debtor}", business_day(its.filed_at)
            for row in some:
                other = _differences(row.particulars, known)
                draft.add(row.line, f"registration {its.id}", "altered" if other else "known", "number", *other)
        for row in some[1:]:
            other = _differences(row.particulars, some[0].particulars)
            if other:  # the same one twice is one registration that was exported twice
                draft.add(row.line, f"line {some[0].line}", "altered", "number", *other)
        if draft.matches:
            drafts.append(draft)
    return drafts


def _among_themselves(rows: Iterable[Row]) -> list[Draft]:
    """Find the numbers of one debtor that registrations of different secured parties name."""
    by_number: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for number in row.numbers:
            by_number[row.debtor, number].append(row)
    drafts: dict[tuple[int, ...], Draft] = {}
    for some in by_number.values():
        if len({row.secured for row in some}) > 1:
            lines = tuple(dict.fromkeys(row.line for row in some))
            if lines not in drafts:
                draft = drafts[lines] = Draft()
                for row in some[1:]:
                    if row.secured != some[0].secured:
                        draft.add(row.line, f"line {some[0].line}", "overlap", "named")
                draft.lines |= set(lines)
    return list(drafts.values())


def _covered(rows: Iterable[Row], facts: AsOf, holder: str | None, told: Told) -> list[Draft]:
    """Find what registrations name that is on the ledger, and what others than their secured party claim of it."""
    naming: defaultdict[str, list[tuple[Row, str]]] = defaultdict(list)
    amounts: dict[str, int] = {}
    for node, amount, row, why in _named(list(rows), facts):
        naming[node].append((row, why))
        amounts[node] = amount
    stands = standing_on(facts, naming.keys(), holder, told)
    drafts = []
    for node, some in naming.items():
        draft = Draft(amount=amounts[node])
        for row, why in some:
            others = [one for one in stands.get(node, ()) if _rival(one, row)]
            draft.standing += [one for one in others if one not in draft.standing]
            draft.add(row.line, node, "overlap" if others else "known", why)
        drafts.append(draft)
    return drafts


def _rival(one: Standing, row: Row) -> bool:
    """Tell whether a claim stands against a registration: another's, and neither given to the other."""
    itself = one.thing == f"registration {row.registration}"
    chained = {f"m:{party}" for party in (one.holder, *one.chained)}
    return not itself and row.secured not in chained and row.debtor != f"m:{one.holder}"


def _named(rows: list[Row], facts: AsOf) -> Iterable[tuple[str, int, Row, str]]:
    """Yield each thing of the ledger that a registration names, with its face, the row, and by what it names it."""
    by_debtor: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_debtor[row.debtor].append(row)
    members = [party[2:] for party in by_debtor if party.startswith("m:")]
    wanted: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for number in row.numbers:
            wanted[row.debtor, number].append(row)
    digital = {number for row in rows for number in row.numbers if len(number) == DIGITAL and number.isdecimal()}
    by_digits: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for each in row.numbers.keys() & digital:
            by_digits[each].append(row)
    found = {one.id: one for one in _having(facts, Invoice, "seller", members)}
    found |= {one.id: one for one in _having(facts, Invoice, "number", digital)}
    for invoice in found.values():
        number = bare(invoice.number)
        named = by_digits.get(number) or [
            row
            for each in dict.fromkeys((number, bare(invoice.code) + number))
            for row in wanted.get((f"m:{invoice.seller}", each), ())
        ]
        for row in named:
            yield f"invoice {invoice.id}", invoice.amount_including_tax, row, "invoice"
    written = {text for row in rows for text in row.numbers.values()}
    contracts = {one.id: bare(one.number) for one in _having(facts, TradeDocument, "number", written)}
    for owed in _having(facts, Receivable, "creditor", members) if contracts else ():
        contract = contracts.get(owed.contract or "")
        for row in wanted.get((f"m:{owed.creditor}", contract), ()) if contract else ():
            yield f"receivable {owed.id}", owed.amount, row, "contract"


def _blankets(rows: Iterable[Row], facts: AsOf, holder: str | None, told: Told) -> tuple[list[Draft], int]:
    """Find registrations of all receivables of a member, where others claim some; with how many were not looked at."""
    by_debtor: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.all_ and row.debtor.startswith("m:"):
            by_debtor[row.debtor].append(row)
    drafts, cut = [], 0
    for party, some in by_debtor.items():
        owed = sorted(f"receivable {one.id}" for one in _having(facts, Receivable, "creditor", [party[2:]]))
        cut += max(len(owed) - CLAIMED, 0)
        stands = standing_on(facts, owed[:CLAIMED], holder, told)
        for row in some:
            others = [one for each in stands.values() for one in each if _rival(one, row)]
            draft = Draft(standing=others, amount=sum(one.money or 0 for one in others))
            draft.add(row.line, f"member {party[2:]}", "blanket" if others else "known", "all")
            drafts.append(draft)
    return drafts, cut


def _having(facts: AsOf | None, table: Any, column: str, values: Collection[str]) -> list[Any]:
    if facts is None:
        return []
    ordered, found = sorted(values), []
    for start in range(0, len(ordered), AT_ONCE):
        found += facts.select(table, col(getattr(table, column)).in_(ordered[start : start + AT_ONCE]))
    return found


def _groups(drafts: Iterable[Draft]) -> tuple[Group, ...]:
    made = []
    for draft in drafts:
        match = min((each.match for each in draft.matches), key=ORDER.index)
        alert = match != "known"
        level = Level.HIGH if draft.standing and match == "overlap" else Level.MEDIUM if alert else Level.LOW
        made.append((alert, level, match, draft))
    made.sort(key=lambda one: (not one[0], -one[1].rank, -one[3].amount, sorted(one[3].lines)))
    return tuple(
        Group(
            id=at, match=match, level=level, alert=alert, amount=draft.amount, lines=tuple(sorted(draft.lines)),
            things=tuple(draft.things), matches=tuple(draft.matches), standing=tuple(draft.standing),
        )
        for at, (alert, level, match, draft) in enumerate(made, start=1)
    )  # fmt: skip

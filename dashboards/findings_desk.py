"""Everything a page may ask of findings, for one actor: lists, and one with its records proved as it is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from sqlalchemy import select
from sqlmodel import col

from dashboards.desk import Shown, untold
from dashboards.paging import Page, PageQuery
from dashboards.trail import proof_of
from ledger.business_day import business_day
from ledger.facts import Member, Plan
from ledger.position import Position
from ledger.proofs import Prover
from ledger.store import AsOf, Store
from ledger.verdict import Verdict
from regulator.access import Action, Actor, decide, require
from regulator.book import Book, FindingLine, Search
from regulator.cases import Cases
from regulator.evidence import AT_ONCE, Register, rows_of
from regulator.rules import RULES, titled
from regulator.signals import Level, Signal, Version
from regulator.steps import Evidence
from regulator.suppressions import Suppression, Suppressions

__all__ = ["Choice", "FindingRow", "FindingView", "FindingsDesk", "Listed", "ProvedRecord", "State"]

RECORDS: Final = 40
"""Records of one finding that are proved and shown; `glasspool findings show` and an evidence pack have all."""
MEMBERS: Final = 500
"""Members offered to choose from, those of most findings first; the search finds every other."""
FOUND_BY_NAME: Final = 200
"""Members whose name a search may match."""


class State(StrEnum):
    """Which findings are listed: what stands and is not suppressed, what is suppressed, or every one there ever was."""

    STANDING = "standing"
    SUPPRESSED = "suppressed"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which findings a person wants to see; None is any."""

    family: str | None = None
    level: Level | None = None
    plan: str | None = None
    member: str | None = None
    state: State = State.STANDING


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding in a list, what it says, and whether it is suppressed; ``names`` are of the members it speaks of."""

    line: FindingLine
    signal: Signal
    suppressed: bool
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of findings; how many of each level are listed in all, and how many more a suppression hides.

    ``followed`` is the block up to which every rule was followed, None when one was not at all; ``height`` is that of
    the replica.
    """

    page: Page[FindingRow]
    levels: Mapping[Level, int]
    hidden: int
    followed: int | None
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedRecord:
    """A record behind a finding, proved from the stored bytes when it was asked for; ``reason`` where that failed."""

    record: Evidence
    signer: str
    proof: Verdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One finding: its versions, oldest first, what it said last, the records behind that, what was done about it."""

    id: str
    versions: tuple[Version, ...]
    signal: Signal
    records: tuple[ProvedRecord, ...]
    more: int
    names: Mapping[str, str]
    plans: tuple[str, ...]
    suppression: Suppression | None
    cases: tuple[str, ...]

    @property
    def standing(self) -> bool:
        """Whether it stands."""
        return self.versions[-1].signal is not None

    @property
    def unproved(self) -> int:
        """How many of the records could not be proved."""
        return sum(one.proof is not Verdict.PASSED for one in self.records)


class FindingsDesk:
    """What ``actor`` may see of the findings in a book; ``shown`` is told of each. Safe to ask from several threads.

    Every question raises NotAllowed where the actor's roles do not allow it.
    """

    def __init__(
        self, store: Store, book: Book, actor: Actor, clock: Callable[[], datetime], shown: Shown = untold
    ) -> None:
        self.actor = actor
        self.shown = shown
        self._store = store
        self._book = book
        self._clock = clock

    def acting(self, actor: Actor, shown: Shown) -> Self:
        """This desk for somebody else."""
        other = copy(self)
        other.actor, other.shown = actor, shown
        return other

    def plans(self) -> dict[str, str]:
        """The plans that can be chosen, name by id."""
        if self._store.head() is None:
            return {}
        found = {one.id: one.name for one in self._store.at().select(Plan, order_by=Plan.code)}
        return {plan: name for plan, name in found.items() if self._sees(plan)}

    def members(self) -> dict[str, str]:
        """The members that most findings name, name by id, in the order of names."""
        require(self.actor, Action.READ_FINDINGS)
        found = self._book.named("member", MEMBERS)
        names = {} if self._store.head() is None else _names(self._store.at(), found)
        return dict(sorted(((one, names.get(one, one)) for one in found), key=lambda each: (each[1], each[0])))

    def levels(self) -> dict[Level, int]:
        """How many findings of each level stand, suppressed ones too."""
        require(self.actor, Action.READ_FINDINGS)
        counts = self._book.counts()
        return {level: sum(n for (_, each), n in counts.items() if each is level) for level in reversed(Level)}

    def followed(self) -> int | None:
        """The block up to which every rule was followed, None where one was not followed at all."""
        return self._book.reached(RULES.values())

    def listed(self, query: PageQuery, choice: Choice) -> Listed:
        """One page of the findings chosen, in the order asked for; a search looks at ids, rules, subjects and names."""
        require(self.actor, Action.READ_FINDINGS, choice.plan)
        facts = self._store.at()
        about = [f"{kind} {id_}" for kind, id_ in (("plan", choice.plan), ("member", choice.member)) if id_ is not None]
        lines = self._book.findings(
            rule=choice.family,
            level=choice.level,
            about=about,
            standing=None if choice.state is State.ALL else True,
            search=_search(facts, query.search) if query.search else None,
            order=query.sort,
            descending=query.descending,
        )
        hidden = Suppressions(self._book, self.actor).hidden(lines, business_day(self._clock()))
        if choice.state is not State.ALL:
            lines = [one for one in lines if (one.id in hidden) is (choice.state is State.SUPPRESSED)]
        chosen = {name: str(value) for name, value in asdict(choice).items() if value is not None}
        self.shown("findings", facts.height, count=len(lines), **chosen)
        levels = {level: sum(one.level is level for one in lines) for level in Level}
        return Listed(
            page=Page(rows=self._rows(facts, lines, query, hidden), total=len(lines), query=query),
            levels=levels,
            hidden=len(hidden) if choice.state is State.STANDING else 0,
            followed=self.followed(),
            height=facts.height,
        )

    def finding(self, id_: str) -> FindingView:
        """One finding, the records behind it proved while this runs. Raises UnknownFinding."""
        versions, facts = self._book.history(id_), self._store.at()
        plans = [thing.partition(" ")[2] for thing in self._book.things(id_) if thing.startswith("plan ")]
        mine = next((plan for plan in plans if plan in self.actor.plans), None)
        require(self.actor, Action.READ_FINDINGS, mine)
        said = [one.signal for one in versions if one.signal is not None]
        evidence = [number for number in said[-1].evidence if number < Position(facts.height + 1, 0, 0).number]
        register = Register(facts)
        register.expect(evidence[:RECORDS])
        records = [register.at(number) for number in evidence[:RECORDS]]
        names = _names(facts, {*(each for one in said for each in _spoken_of(one)), *(one.signer for one in records)})
        prover = Prover(self._store)
        proved = [(one, proof_of(self._store, prover, one.position)) for one in records]
        suppressions = Suppressions(self._book, self.actor)
        view = FindingView(
            id=id_,
            versions=tuple(versions),
            signal=said[-1],
            records=tuple(
                ProvedRecord(
                    record=one,
                    signer=names.get(one.signer, one.signer),
                    proof=Verdict.FAILED if isinstance(proof, str) else Verdict.PASSED,
                    reason=proof if isinstance(proof, str) else "",
                )
                for one, proof in proved
            ),
            more=len(evidence) - len(records),
            names=names,
            plans=tuple(plan for plan in plans if facts.get(Plan, plan) is not None),
            suppression=suppressions.hidden([self._book.line(id_)], business_day(self._clock())).get(id_),
            cases=tuple(one.case for one in Cases(self._book, self.actor).all() if id_ in dict(one.findings)),
        )
        self.shown(f"finding {id_}", facts.height)
        return view

    def _sees(self, plan: str) -> bool:
        return decide(self.actor, Action.READ_FINDINGS, plan).allowed

    def _rows(
        self, facts: AsOf, lines: list[FindingLine], query: PageQuery, hidden: Collection[str]
    ) -> tuple[FindingRow, ...]:
        some = lines[query.page * query.size : (query.page + 1) * query.size]
        said = self._book.last_said([one.id for one in some])
        names = _names(facts, {each for one in said.values() for each in _spoken_of(one)})
        return tuple(
            FindingRow(line=one, signal=said[one.id], suppressed=one.id in hidden, names=names) for one in some
        )


def _search(facts: AsOf, text: str) -> Search:
    """What the text may mean: a part of an id or subject, of a rule's title in either language, of a member's name."""
    folded = text.lower()
    rules = [rule for rule in RULES if any(folded in titled(rule, lang).lower() for lang in ("zh", "en"))]
    named = select(col(Member.id)).where(facts.current(Member), col(Member.name).icontains(text, autoescape=True))
    members = [id_ for (id_,) in rows_of(facts, named.order_by(col(Member.id)).limit(FOUND_BY_NAME))]
    return Search(text=text, rules=rules, things=[f"member {one}" for one in (*members, text)])


def _spoken_of(signal: Signal) -> set[str]:
    """What may be members among what a signal says: its parties, and any text among its figures."""
    return {*signal.parties, *(value for _, value in signal.details if isinstance(value, str))}


def _names(facts: AsOf, ids: Collection[str]) -> dict[str, str]:
    """The names of those of these ids that are members with one."""
    wanted = sorted(ids)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = col(Member.id).in_(wanted[start : start + AT_ONCE])
        statement = select(col(Member.id), col(Member.name)).where(facts.current(Member), some)
        found |= {id_: name for id_, name in rows_of(facts, statement) if name}
    return found

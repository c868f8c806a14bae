"""A plan's records with their history, and the plan as of one height: what the rules about plans look at.

Only what names the plan is read here, never its pool: rules that need the pool ask for ``View.facts``, the facts as of
the height.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final, TypeVar

from abs.calendars import PeriodDates, schedule
from abs.errors import AbsError
from abs.terms import PlanTerms
from abs.terms.plan import TermsVersion, in_force, terms_history
from ledger.facts import (
    AccountMove,
    AssetStatus,
    Disclosure,
    Distribution,
    Fact,
    FeePayment,
    Holding,
    Member,
    Plan,
    PlanAccount,
    PlanCash,
    PlanEvent,
    PoolExit,
    PoolPurchase,
    Receivable,
    Remittance,
    Shortfall,
    ShortfallPayment,
    ShortfallRepayment,
    Statement,
    Tranche,
)
from ledger.facts import Collection as Collected
from ledger.store import AsOf
from regulator.histories import Histories, at
from regulator.monitor.days import Days
from regulator.monitor.rules import RULES, article_of
from regulator.signals import Level, Signal

__all__ = [
    "BY_PLAN", "DATED", "ENDS_REVOLVING", "READS", "JudgedPool", "Known", "PlanRows", "View", "about", "load_rows",
    "parties_of", "percent",
]  # fmt: skip

F = TypeVar("F", bound=Fact)

BY_PLAN: Final[tuple[type[Fact], ...]] = (
    AccountMove, AssetStatus, Collected, Disclosure, Distribution, FeePayment, Holding, PlanAccount, PlanEvent,
    PoolExit, PoolPurchase, Remittance, Shortfall, ShortfallPayment, ShortfallRepayment, Tranche,
)  # fmt: skip
"""Tables whose column ``plan`` names it."""
READS: Final[tuple[type[Fact], ...]] = (*BY_PLAN, Member, Plan, PlanCash, Statement)
ENDS_REVOLVING: Final = frozenset({"revolving_ended", "acceleration", "default", "early_termination"})
"""Events after which nothing is purchased."""
DATED: Final[tuple[tuple[type[Fact], str], ...]] = (
    (AccountMove, "moved_on"), (Distribution, "paid_on"), (FeePayment, "paid_on"), (PlanEvent, "declared_on"),
    (PoolExit, "left_on"), (PoolPurchase, "purchased_on"), (Remittance, "remitted_on"), (ShortfallPayment, "paid_on"),
    (ShortfallRepayment, "paid_on"),
)  # fmt: skip
"""What a period's payments follow from, with the column of its day."""
DATED_CASH: Final[tuple[tuple[type[Fact], str], ...]] = (*DATED, (Collected, "collected_on"))
ROLES: Final = ("manager", "custodian", "servicer", "originators")
UNPAID: Final = frozenset({"written_off"})


@dataclass(slots=True)
class Known:
    """What was read and judged of a plan, kept from one step to the next: without it, it is read and judged again."""

    terms: dict[tuple[int, ...], tuple[TermsVersion, ...] | str] = field(default_factory=dict)
    """By the records that state them: the versions of the terms, or why they cannot be read."""
    dates: dict[tuple[int, ...], tuple[PeriodDates, ...]] = field(default_factory=dict)
    """By those records and the version's number."""
    judged: dict[str, tuple[int, tuple[Signal, ...]]] = field(default_factory=dict)
    """By what was judged: the height it was judged at, and what was found."""
    pool: JudgedPool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPool:
    """What the rules say of a pool as last told at ``told``, from one day on until (and without) another."""

    told: int
    since: date
    until: date
    signals: tuple[Signal, ...]


@dataclass(slots=True)
class PlanRows:
    """Every version about one plan that had begun by the reading's height, by table, in the order they began."""

    plan: str
    known: Known = field(default_factory=Known)
    rows: dict[type[Fact], list[Any]] = field(default_factory=lambda: defaultdict(list))
    receivables: dict[str, list[Receivable]] = field(default_factory=dict)
    """Of assets that left unpaid: what was owed on them."""
    shared: dict[str, int] = field(default_factory=dict)
    """Accounts that another plan names too, and the height from which it does."""

    def of(self, table: type[F]) -> list[F]:
        """The versions of a table."""
        return self.rows.get(table, [])


def accounts_of(row: Plan) -> tuple[str, ...]:
    """The ids of the custody accounts that a plan's document names."""
    if row.document is None:
        return ()
    return _custody(row.document)


@lru_cache(maxsize=1_000)
def _custody(document: str) -> tuple[str, ...]:
    listed = json.loads(document).get("accounts") or []
    return tuple(one["account"] for one in listed if isinstance(one, dict) and one.get("kind") == "custody")


def load_rows(histories: Histories, plans: Collection[str], everyone: Iterable[Plan | PlanAccount]) -> list[PlanRows]:
    """The rows of these plans; of one that is not there, none. ``everyone``: what names any plan's accounts."""
    found = {plan: PlanRows(plan=plan) for plan in sorted(plans)}
    for table in BY_PLAN:
        for one in histories.having(table, "plan", plans):
            found[one.plan].rows[table].append(one)  # type: ignore[attr-defined]
    for table in (Plan, PlanCash):
        for one in histories.having(table, "id", plans):
            found[one.id].rows[table].append(one)
    named: dict[str, dict[str, int]] = defaultdict(dict)
    for row in everyone:
        if isinstance(row, Plan):
            for name in accounts_of(row):
                named[name].setdefault(row.id, row.from_height)
        elif row.kind == "custody":
            named[row.account].setdefault(row.plan, row.from_height)
    accounts = {name: users for name, users in named.items() if users.keys() & found.keys()}
    for statement in histories.having(Statement, "account", accounts):
        for plan in accounts[statement.account].keys() & found.keys():
            found[plan].rows[Statement].append(statement)
    for name, users in accounts.items():
        for plan in users.keys() & found.keys():
            others = [height for other, height in users.items() if other != plan]
            if others:
                found[plan].shared[name] = max(min(others), users[plan])
    unpaid = {one.asset: each.plan for each in found.values() for one in each.of(PoolExit) if one.reason in UNPAID}
    for receivable in histories.having(Receivable, "id", unpaid):
        for each in found.values():
            if any(one.asset == receivable.id for one in each.of(PoolExit) if one.reason in UNPAID):
                each.receivables.setdefault(receivable.id, []).append(receivable)
    everybody = {plan: _members(each.of(Plan)) for plan, each in found.items()}
    for member in histories.having(Member, "id", set[str]().union(*everybody.values())):
        for plan, each in found.items():
            if member.id in everybody[plan]:
                each.rows[Member].append(member)
    return [each for each in found.values() if each.of(Plan)]


def _members(versions: Iterable[Plan]) -> set[str]:
    """Whoever ever had a role in a plan."""
    return {name for row in versions for who in parties_of(row).values() for name in who}


def percent(part: int, whole: int, step: int = 1) -> str:
    """A share in percent with one decimal, rounded down to ``step`` tenths, so that a version stands while it moves by
    less; without the decimal where the steps are whole."""
    thousandths = (part * 1000 // whole if whole else 0) // step * step
    return f"{thousandths // 10}%" if step % 10 == 0 else f"{thousandths // 10}.{thousandths % 10}%"


def about(amount: int) -> int:
    """Fen to two significant digits, rounded down: what a pool's figures are told to, so that a version stands while
    they move by less. The exact figure is on the pool's page of that height."""
    size: int = 10 ** max(len(str(abs(amount))) - 2, 0)
    told: int = abs(amount) // size * size
    return -told if amount < 0 else told


class View:
    """A plan as of one height. What is asked for is computed once."""

    def __init__(
        self, rows: PlanRows, days: Days, height: int, facts_at: Callable[[int], AsOf], day: date | None = None
    ) -> None:
        self.rows = rows
        self.days = days
        self.height = height
        self.day = days.of(height) if day is None else day
        """The business day of the block, or the later one that the plan is looked at on."""
        self._facts_at = facts_at
        self._seen: dict[type[Fact], list[Any]] = {}

    @property
    def id(self) -> str:
        """The plan."""
        return self.rows.plan

    @cached_property
    def facts(self) -> AsOf:
        """The facts as of the height."""
        return self._facts_at(self.height)

    def at(self, height: int, day: date | None = None) -> View:
        """The plan as of an earlier height; ``day``: looked at on a later day than its block's."""
        return View(self.rows, self.days, height, self._facts_at, day)

    def begun(self, table: type[F]) -> list[F]:
        """The versions that had begun, ended ones too."""
        rows = self.rows.of(table)
        return rows[: bisect_right(rows, self.height, key=lambda one: one.from_height)]

    def now(self, table: type[F]) -> list[F]:
        """The versions that hold."""
        if table not in self._seen:
            self._seen[table] = at(self.begun(table), self.height)
        return self._seen[table]

    @property
    def plan(self) -> Plan:
        """The plan's row; IndexError before it was established."""
        return self.begun(Plan)[-1]

    @property
    def cash(self) -> PlanCash:
        """Its cash so far."""
        found = self.begun(PlanCash)
        return found[-1] if found else PlanCash(id=self.id)

    @property
    def live(self) -> bool:
        """Whether the plan is established and not wound up."""
        return bool(self.begun(Plan)) and self.plan.liquidated_on is None

    @property
    def unpaid(self) -> int:
        """Principal outstanding on all tranches, fen."""
        return sum(max(one.outstanding, 0) for one in self.now(Tranche))

    @cached_property
    def _stated_by(self) -> tuple[int, ...]:
        """The records that state the plan: what its terms follow from, and nothing else."""
        return tuple(one.from_position for one in self.begun(Plan))

    @cached_property
    def versions(self) -> tuple[TermsVersion, ...] | str:
        """The versions of the terms; a text where they cannot be read, which says why."""
        known = self.rows.known.terms
        if self._stated_by not in known:
            try:
                known[self._stated_by] = terms_history(self.facts, self.id)
            except AbsError as failure:
                known[self._stated_by] = failure.message
        return known[self._stated_by]

    @cached_property
    def terms(self) -> PlanTerms | None:
        """The terms in force on the day; None where they cannot be read."""
        return None if isinstance(self.versions, str) else in_force(self.versions, self.day).terms

    @cached_property
    def dates(self) -> tuple[PeriodDates, ...]:
        """The dates of the terms in force; none where they list none, or cannot be kept."""
        return () if isinstance(self.versions, str) else self.dates_of(in_force(self.versions, self.day))

    def dates_of(self, version: TermsVersion) -> tuple[PeriodDates, ...]:
        """The dates of a version of the terms; none where it lists none, or they cannot be kept."""
        known, key = self.rows.known.dates, (*self._stated_by, version.number)
        if key not in known:
            try:
                known[key] = schedule(version.terms)
            except AbsError:
                known[key] = ()
        return known[key]

    @cached_property
    def dated_ahead(self) -> tuple[date, ...]:
        """The days that records state which were made before: on which what they say comes to count."""
        found = []
        for table, name in DATED_CASH:
            for one in self.begun(table):
                on: date = getattr(one, name)
                if on > self.days.of(one.from_height):
                    found.append(on)
        return tuple(found)

    @cached_property
    def revolving_until(self) -> date | None:
        """The last day of the revolving period as it stands: of the terms, or of what ended it before."""
        stated = self.plan.revolving_until
        if self.terms is not None and self.terms.revolving is not None:
            stated = self.terms.revolving.until
        ended = [one.declared_on for one in self.now(PlanEvent) if one.event in ENDS_REVOLVING]
        return None if stated is None else min([stated, *ended])

    def alert(
        self,
        rule: str,
        subject: str,
        *,
        level: Level,
        score: int,
        amount: int = 0,
        since: date | None,
        rows: Iterable[Fact] = (),
        evidence: Iterable[int] = (),
        parties: Iterable[str] = (),
        things: Iterable[str] = (),
        article: str | None = None,
        **details: int | str,
    ) -> Signal:
        """A signal of this plan, with the article that its venue has for the rule and, where one exists, the id of the
        trigger (T01-T26). Its evidence are the rows and positions given; else the record of the plan's terms, by which
        the whole pool was judged. A rule that is ``rounded`` tells ``amount`` and every ``*_fen`` as :func:`about`
        has them."""
        told: dict[str, int | str] = {"plan": self.id, **details}
        if RULES[rule].rounded:
            amount = about(amount)
            told |= {
                name: about(value) for name, value in told.items() if isinstance(value, int) and name.endswith("_fen")
            }
        told["article"] = article_of(rule, self.plan.venue) if article is None else article
        if (trigger := RULES[rule].trigger) is not None:
            told["trigger"] = trigger
        return Signal(
            rule=rule,
            subject=subject,
            level=level,
            score=score,
            amount=amount,
            since=since,
            parties=(self.plan.manager, *parties),
            things=(f"plan {self.id}", *things),
            evidence=tuple(sorted({*(one.from_position for one in rows), *evidence})) or (self.plan.from_position,),
            details=tuple(sorted(told.items())),  # the order that the book keeps
        )


@lru_cache(maxsize=1_000)
def _plan_part(document: str) -> Mapping[str, Any]:
    part = json.loads(document).get("plan")
    return part if isinstance(part, dict) else {}


def parties_of(row: Plan) -> Mapping[str, tuple[str, ...]]:
    """Who has which role in a plan, as its document says, else its record."""
    stated: Mapping[str, Any] = {} if row.document is None else _plan_part(row.document)
    found = {}
    for role in ROLES:
        who = stated.get(role, getattr(row, role))
        found[role] = tuple(who) if isinstance(who, list) else (who,)
    return found

"""Who tells the stories of trouble: each with its own members' records beside the lawful market, and a label for each.

A story is a function of its teller. It writes with the same acts as everyone, says which findings its last record
should raise, and yields moments where time must pass. What others hold is never touched, so a story cannot spill.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ledger.consortium.blocks import hexed
from ledger.consortium.chain import OPERATOR
from ledger.consortium.market.acts import claims, trade
from ledger.consortium.market.names import GOODS, SELLERS, company
from ledger.consortium.market.schedule import NOON
from ledger.consortium.market.stage import days_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.consortium.chain import Member, Sent
    from ledger.consortium.market.schedule import Market, Process
    from ledger.consortium.market.things import Bill, Claim, Piece
    from ledger.consortium.market.world import World
    from ledger.finding import Code

__all__ = [
    "BREACHES",
    "MISTAKES",
    "PATTERNS",
    "TRAPS",
    "Label",
    "Story",
    "Teller",
    "breach",
    "mistake",
    "pattern",
    "trap",
]

STRANGERS = 200_000  # where the names of a story's own companies begin
TENOR = 90  # days
NET = 100_000_00  # fen of an invoice without tax, when a story does not care

Story = Callable[["Teller"], "Generator[int, None, None] | None"]

Table = dict[str, list[Story]]

BREACHES: Table = {}
"""By finding code: the story that breaks the rule."""
PATTERNS: Table = {}
"""By pattern of duplicate financing or fake trade: the stories that show it."""
MISTAKES: Table = {}
"""By kind of mistake: the story of a manager that pays a period otherwise than the plan's terms say."""
TRAPS: Table = {}
"""By code, pattern or mistake: the lawful look-alikes, which must raise nothing."""


def _kept(table: Table, name: str) -> Callable[[Story], Story]:
    def keep(story: Story) -> Story:
        table.setdefault(name, []).append(story)
        return story

    return keep


def breach(code: Code) -> Callable[[Story], Story]:
    """Keep the story below as the one that breaks this rule."""
    return _kept(BREACHES, code.value)


def pattern(name: str) -> Callable[[Story], Story]:
    """Keep the story below as one that shows this pattern."""
    return _kept(PATTERNS, name)


def mistake(name: str) -> Callable[[Story], Story]:
    """Keep the story below as the one in which a manager makes this mistake."""
    return _kept(MISTAKES, name)


def trap(name: Code | str) -> Callable[[Story], Story]:
    """Keep the story below as a lawful look-alike of a breach, a pattern or a mistake."""
    return _kept(TRAPS, str(name))


@dataclass(slots=True)
class Label:
    """What a story is, which transactions it wrote, and which findings they should raise: (code, transaction)."""

    label: str
    what: str
    story: str
    """The name of the function that tells it."""
    subject: str = ""
    records: list[str] = field(default_factory=list)
    expects: list[tuple[str, str]] = field(default_factory=list)
    slip: tuple[str, int] | None = None
    """Of a mistake: the plan and the period it was made in."""

    @property
    def happened(self) -> bool:
        """Tell whether the story came as far as what it is about, before the market ended."""
        return bool(self.records) and (self.what != "manager" or self.slip is not None)

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        slip = {} if self.slip is None else {"plan": self.slip[0], "period": self.slip[1]}
        return {
            "label": self.label,
            "what": self.what,
            "story": self.story,
            **slip,
            "subject": self.subject,
            "records": self.records,
            "expects": [{"code": code, "transaction": transaction} for code, transaction in self.expects],
        }


class Teller:
    """Tells one story: the market, its cast, its choices, and what is made quickly because most stories need it."""

    def __init__(self, world: World, label: Label, serial: int) -> None:
        self.world, self.label = world, label
        self.stage: Market = world.market
        self.cast = world.cast
        self.chance = world.market.chance("trouble", label.what, label.label, str(serial))

    def told(self, story: Story) -> Process:
        """Let the story run; every record it writes is its label's."""
        with self._noting():
            steps = story(self)
        while steps is not None:
            with self._noting():
                moment = next(steps, None)
            if moment is None:
                return
            yield moment

    @contextmanager
    def _noting(self) -> Iterator[None]:
        self.stage.watch = self.noted
        try:
            yield
        finally:
            self.stage.watch = None

    def expect(self, *codes: Code) -> None:
        """Say which findings the story's last record raises."""
        last = self.label.records[-1]
        self.label.expects.extend((code.value, last) for code in codes)

    def slipped(self, plan: str, period: int) -> None:
        """Say in which period of which plan the manager made its mistake."""
        self.label.slip = plan, period

    def about(self, subject: str) -> None:
        """Say what the story is about, as ``Table id``."""
        self.label.subject = subject

    def noted(self, sent: Sent) -> None:
        """Remember a transaction as the story's, however it was sent."""
        self.label.records.append(hexed(sent.hash))

    def later(self, days: int) -> int:
        """Return the moment so many days from now."""
        return self.stage.after(days, NOON)

    def day(self, days: int) -> str:
        """Return the weekday at least so many days from now, as records write it."""
        return days_after(self.stage.day, days).isoformat()

    @property
    def gateway(self) -> Member:
        return self.cast["gateway"]

    @property
    def settlement(self) -> Member:
        return self.cast["settlement"]

    def core(self) -> Member:
        """Return a core enterprise that issues without a bank's credit."""
        free = [each for each in self.cast.cores if self.world.quota_free(each)]
        return self.chance.pick(free)

    def seller(self) -> Member:
        return self.chance.pick(self.cast.suppliers[0])

    def bank(self) -> Member:
        return self.chance.pick(self.cast.banks)

    def two(self, among: Sequence[Member]) -> tuple[Member, Member]:
        """Return two of them."""
        first = self.chance.below(len(among))
        return among[first], among[(first + 1 + self.chance.below(len(among) - 1)) % len(among)]

    def stranger(self, *roles: str, admitted: bool = True) -> Member:
        """Return a company that nobody else deals with."""
        serial = self.stage.serial("stranger")
        name, place = company(STRANGERS + serial, self.chance, self.chance.pick(SELLERS))
        made = self.stage.chain.enrol(f"stranger-{serial:05d}", name, roles or ("supplier",), place.code)
        if admitted:
            self.admit(made)
        return made

    def admit(self, member: Member, **changes: Any) -> None:
        """Let the operator admit a member, as ``changes`` say."""
        payload = {
            "member": member.member,
            "name": member.name,
            "uscc": member.uscc,
            "roles": list(member.roles),
            "address": member.account,
            "certificate": None,
        }
        self.stage.write(self.operator, "member.admitted", **(payload | changes))

    @property
    def operator(self) -> Member:
        return self.stage.member(OPERATOR)

    def bill(self, seller: Member | None = None, buyer: Member | None = None, net: int = NET, **changes: Any) -> Bill:
        """Register an invoice."""
        seller, buyer = seller or self.seller(), buyer or self.core()
        return trade.bill(self.stage, self.gateway, seller, buyer, net, goods=GOODS[0].name, **changes)

    def claim(
        self, *, seller: Member | None = None, buyer: Member | None = None, net: int = NET, confirmed: bool = True
    ) -> Claim:
        """Register a claim on one invoice."""
        owed = self.owed(self.bill(seller, buyer, net))
        if confirmed:
            claims.confirm(self.stage, owed)
        return owed

    def owed(self, *bills: Bill, days: int = TENOR, **changes: Any) -> Claim:
        """Register a claim on invoices."""
        return claims.claim(self.stage, self.gateway, bills, days_after(self.stage.day, days), **changes)

    def confirmed(self, *bills: Bill, **changes: Any) -> Claim:
        """Register a claim on invoices, which its debtor confirms: a story about papers is none about a debtor."""
        owed = self.owed(*bills, **changes)
        claims.confirm(self.stage, owed)
        return owed

    def unbilled(self, seller: Member, buyer: Member, amount: int = NET) -> Claim:
        """Register a claim that rests on no invoice."""
        return claims.owe(self.stage, self.gateway, (seller, buyer), amount, days_after(self.stage.day, TENOR))

    def piece(self, **claim: Any) -> Piece:
        """Issue a certificate."""
        owed = self.claim(**claim)
        self.about(f"receivable {owed.receivable}")
        return claims.issue(self.stage, owed)

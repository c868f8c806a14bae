"""``authenticity.contradiction`` (贸易背景矛盾): a check failed on a receivable that is financed or lies in a pool.

Definition: of a receivable that somebody lends on, bought a piece of, or holds in a plan's pool, papers and records
contradict themselves or each other, or came in an order that honest trade does not have (docs/authenticity.md).

Evidence: the failed checks, each with the records that show it; who has money in it.

Lawful: what is missing or cannot be told is no contradiction; neither are partial deliveries, instalments, down
payments, invoices before the goods, frame contracts, renewals, reissued invoices, papers that were replaced.

Severity: by what the failed checks take off the score: HIGH from GRAVE on (the tax authority, the customs or the
invoices themselves contradict it, or a paper serves twice), MEDIUM from SERIOUS on, else LOW. Score: what they take off
together. Amount: the money at stake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from ledger.facts import (
    Fact,
    Member,
    Payment,
    Receipt,
    Receivable,
    ReceivableInvoice,
    Settlement,
    TradeDocument,
    TradeOrder,
    TradeReference,
)
from ledger.records.members import uscc_holds
from ledger.snapshot import Market
from regulator.authenticity.assess import AT_ONCE, contradictions
from regulator.authenticity.background import CUSTOMS, DOWN, UP, Library, Trade
from regulator.authenticity.candidates import candidates
from regulator.authenticity.outcome import Check
from regulator.authenticity.weights import CHECKS
from regulator.duplicates.claims import Claim, Instrument
from regulator.duplicates.scope import FamilyScope
from regulator.duplicates.stakes import CLAIMS, Stakes, money_of, of, things_of
from regulator.histories import Histories
from regulator.scope import Changes
from regulator.signals import Level, Signal

__all__ = ["RULE", "SCOPES", "AuthenticityScope"]

RULE: Final = "authenticity.contradiction"
GRAVE: Final = 40
SERIOUS: Final = 25


class Background:
    """A receivable that a check fails on at some height, with its history."""

    def __init__(self, library: Library, name: str, stakes: Stakes) -> None:
        self._library, self._name, self._stakes = library, name, stakes

    @property
    def subjects(self) -> Collection[str]:
        """The receivable."""
        return (f"receivable {self._name}",)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        return sorted({*self._library.heights(self._name), *self._stakes.heights(self.subjects)})

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what is to be said of the receivable."""
        trade = self._library.trade(self._name, height)
        if trade is None:
            return
        found = contradictions(trade)
        claims = [one for one in self._stakes.on(f"receivable {self._name}", height) if _money(one)] if found else []
        if claims:
            yield _signal(trade, found, claims)


def _money(claim: Claim) -> bool:
    """Tell whether a claim is a financing or a pool's; a registration alone is no money."""
    return claim.bought or claim.instrument is Instrument.POOL


def _signal(trade: Trade, found: Sequence[Check], claims: Sequence[Claim]) -> Signal:
    owed, names = trade.receivable, {one.name for one in found}
    taken = min(sum(CHECKS[name].penalty for name in names), 100)
    worst = max(found, key=lambda one: CHECKS[one.name].penalty)
    level = Level.HIGH if taken >= GRAVE else Level.MEDIUM if taken >= SERIOUS else Level.LOW
    subject = f"receivable {owed.id}"
    holders = {party for one in claims for party in (one.agents if one.instrument is Instrument.POOL else {one.holder})}
    at_stake = money_of(claims, max(owed.claimed, 0))
    return Signal(
        rule=RULE,
        subject=subject,
        level=level,
        score=taken,
        amount=at_stake,
        since=owed.registered_on,
        parties=(owed.creditor, owed.debtor, *holders),
        things=tuple(({one.thing for one in found} | things_of(claims)) - {subject}),
        evidence=(
            trade.first,
            *(position for one in found for position in one.evidence),
            *(position for one in claims for position in one.evidence),
        ),
        details=(
            ("at_stake_fen", at_stake),
            ("checks", " ".join(sorted(names))),
            ("failed", len(names)),
            ("first", f"check {worst.name}"),
            ("on", worst.thing),
        ),
    )


class AuthenticityScope:
    """Receivables whose background contradicts itself while somebody has money in them."""

    name = "authenticity"
    rules = (RULE,)
    reads: tuple[type[Fact], ...] = tuple(
        dict.fromkeys((*CLAIMS, Member, Payment, Receipt, Settlement, TradeDocument, TradeOrder, TradeReference))
    )

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: what changed, followed up to the receivables it is around."""
        seeds = FamilyScope().touched(changes, histories)
        names = {seed.split(" ", 1)[1] for seed in seeds if seed.startswith("receivable ")}
        names |= {one.receivable for one in of(changes, Settlement) if one.receivable is not None}
        paid = histories.having(Settlement, "payment", {one.id for one in of(changes, Payment)})
        names |= {one.receivable for one in paid if one.receivable is not None}
        invoices = {seed.split(" ", 1)[1] for seed in seeds if seed.startswith("invoice ")}
        things = _changed_things(changes, histories)
        reached = _climbed(histories, things)
        links = histories.having(ReceivableInvoice, "invoice", invoices | reached)
        names |= {one.receivable for one in links}
        names |= {one.id for one in histories.having(Receivable, "contract", reached)}
        members = {one.id for one in of(changes, Member)}
        bad = {one.id for one in histories.having(Member, "id", members) if not uscc_holds(one.uscc)}
        for column in ("creditor", "debtor"):
            names |= {one.id for one in histories.having(Receivable, column, bad)}
        return {f"receivable {name}" for name in names}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`."""
        return candidates(market)

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Background]:
        """See :meth:`Scope.load`. A receivable on which no check fails has nothing to say, and none is made of it."""
        names = sorted(seed.removeprefix("receivable ") for seed in seeds)
        after = getattr(histories, "after", -1)
        for start in range(0, len(names), AT_ONCE):
            library = Library(histories, names[start : start + AT_ONCE])
            suspects = [name for name in library if _suspect(library, name, after)]
            stakes = Stakes(histories, {f"receivable {name}" for name in suspects})
            for name in suspects:
                yield Background(library, name, stakes)


def _suspect(library: Library, name: str, after: int) -> bool:
    """Tell whether a check fails at ``after`` or at any height from then on."""
    heights = library.heights(name)
    before = [height for height in heights if height <= after][-1:]
    for height in (*before, *(each for each in heights if each > after)):
        trade = library.trade(name, height)
        if trade is not None and contradictions(trade):
            return True
    return False


def _changed_things(changes: Changes, histories: Histories) -> set[str]:
    """Return the documents, orders and receipts that changed, that refer otherwise, or that share a paper with one."""
    found = {one.id for table in (TradeDocument, TradeOrder, Receipt) for one in of(changes, table)}
    found |= {one.source for one in of(changes, TradeReference)}
    digests = {one.file_digest for one in of(changes, TradeDocument) if one.file_digest is not None}
    found |= {one.id for one in histories.having(TradeDocument, "file_digest", digests)}
    numbers = {one.number for one in of(changes, TradeDocument) if one.type == CUSTOMS}
    found |= {one.id for one in histories.having(TradeDocument, "number", numbers) if one.type == CUSTOMS}
    return found


def _climbed(histories: Histories, things: Collection[str]) -> set[str]:
    """Return the invoices and contracts in whose background these things are.

    A thing may be beside a paper that came up: so first to that, then down to what it came up to, then up to invoices.
    """
    onto = histories.having(TradeReference, "target", things)
    found = {*things, *(one.source for one in onto if one.source_kind == "document")}
    fresh = set(found)
    for _ in range(UP):
        known = {one.id for one in histories.having(TradeDocument, "id", fresh)}
        ahead = {one.target for one in histories.having(TradeReference, "source", known)}
        fresh = ahead - found
        fresh -= {one.id for one in histories.having(TradeDocument, "id", fresh) if one.type == "contract"}
        found |= fresh
    fresh = set(found)
    for _ in range(DOWN):
        fresh = {one.source for one in histories.having(TradeReference, "target", fresh)} - found
        found |= fresh
    return found


SCOPES = (AuthenticityScope(),)
"""The scopes of this package."""

"""What the processes of one market share: the cast, framework contracts, open dues, what factors hold for plans."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import credit, trade
from ledger.consortium.market.cast import gather
from ledger.consortium.market.names import GOODS
from ledger.consortium.market.stage import days_after

if TYPE_CHECKING:
    from datetime import date

    from ledger.consortium.chain import Member
    from ledger.consortium.market.acts.credit import Credit
    from ledger.consortium.market.chance import Chance
    from ledger.consortium.market.names import Goods
    from ledger.consortium.market.schedule import Market
    from ledger.consortium.market.things import Bill, Claim, Piece

__all__ = ["Holding", "World"]

CAP = 50  # a framework contract is for so many times its first invoice
RECENT = 500  # invoices the patrol may look at again
QUOTA_CORES = 4  # one in so many core enterprises issues within a bank's credit
LIMIT = 5_000_000_000_00  # fen
SCALES = (1_000, 3_000, 3_000, 10_000, 10_000, 30_000, 100_000)  # fen; times 100 to 999 an invoice without tax
TENORS = (60, 90, 90, 120, 150, 180)  # days


@dataclass(slots=True, kw_only=True)
class Holding:
    """What an originator holds and may sell to a plan: a claim, its pieces (none: the claim itself), what it paid."""

    claim: Claim
    pieces: list[Piece]
    price: int
    """What its originator gave for it, fen; 0: it is not for a plan."""
    paid: bool = False
    lost: bool = False
    """Its servicer wrote it off."""


@dataclass(slots=True)
class _Contract:
    name: str
    cap: int
    used: int


class World:
    """One market and everything its processes share."""

    def __init__(self, market: Market, receivables: int, plans: int) -> None:
        self.market = market
        self.left = receivables
        """Receivables that may still be registered today."""
        self.cast = gather(market, receivables, plans)
        self.contracts: dict[tuple[str, str], _Contract] = {}
        self.credits: dict[str, Credit] = {}
        self.orders_credit: dict[str, Credit] = {}
        self.recent: deque[Bill] = deque(maxlen=RECENT)
        self.inventory: defaultdict[str, list[Holding]] = defaultdict(list)
        """By originator: what it holds for its plan."""
        self.established = 0
        """Plans that found enough to open with."""
        self.pooled: dict[str, str] = {}
        """Open pool assets: receivable -> plan."""
        self.collected: defaultdict[str, list[tuple[str, str, int]]] = defaultdict(list)
        """By plan: what came in since the last collection was reported, as (payment, asset, amount)."""
        self.defaulted: Counter[str] = Counter()
        """By plan: what its servicer said is in default, of all time, fen."""
        self.servicer_of: dict[str, Member] = {}
        """By plan."""
        self.dues: defaultdict[int, list[Holding]] = defaultdict(list)
        """By day: what will be paid on it."""
        self.redeeming: dict[str, int] = {}
        """Certificates redeemed in part, and what is left of them."""

    def goods(self, chance: Chance) -> Goods:
        """Return some goods."""
        return chance.pick(GOODS)

    def net(self, chance: Chance, scale: int | None = None) -> int:
        """Return an invoice's amount without tax, fen: few are large."""
        return chance.between(100, 999) * (scale or chance.pick(SCALES))

    def due(self, chance: Chance) -> date:
        """Return a due date, a tenor from today."""
        return days_after(self.market.day, chance.pick(TENORS))

    def contract(self, seller: Member, buyer: Member, amount: int) -> str:
        """Return the framework contract of two companies, made or raised so that the amount fits under its cap."""
        held = self.contracts.get((seller.member, buyer.member))
        if held is None:
            name = trade.document(self.market, seller, "contract", [seller, buyer], amount=amount * CAP)
            held = self.contracts[seller.member, buyer.member] = _Contract(name, amount * CAP, 0)
        held.used += amount
        if held.used > held.cap:
            held.cap = held.used * 2
            trade.amend(self.market, seller, held.name, "补充协议：调增合同金额", amount=held.cap)
        return held.name

    def quota_free(self, core: Member) -> bool:
        """Tell whether a core enterprise issues without a bank's credit."""
        return int(core.member.rpartition("-")[2]) % QUOTA_CORES != 0

    def quota(self, core: Member) -> Credit | None:
        """Return the credit a core enterprise issues within, None where it issues without one."""
        if self.quota_free(core):
            return None
        at = int(core.member.rpartition("-")[2])
        if core.member not in self.credits:
            bank = self.cast.banks[at % len(self.cast.banks)]
            self.credits[core.member] = credit.grant(self.market, bank, core, LIMIT, "certificates")
        return self.credits[core.member]

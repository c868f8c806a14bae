"""A plan 专项计划 is founded: its parties, its documents, the pool it opens with, and what comes into that later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import FACE, Tranche, Waterfall, next_weekday, tranches_of
from ledger.consortium.market.manager import Desk
from ledger.consortium.market.stage import days_after
from ledger.consortium.market.terms import AGREEMENTS, document, tranche_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.consortium.chain import Member
    from ledger.consortium.market.chance import Chance
    from ledger.consortium.market.payouts import Calls
    from ledger.consortium.market.terms import Agreed
    from ledger.consortium.market.world import Holding, World

__all__ = [
    "LEAST_DAYS",
    "PER_RECORD",
    "QUARTER",
    "Plan",
    "assets_of",
    "bring_in",
    "eligible",
    "establish",
    "hold",
    "worth",
    "write",
]

LEAST_DAYS = 15  # to the due date of what comes in
PER_RECORD = 500  # assets listed in one record
MATURITY = 900  # days after closing
QUARTER = (3, 6, 9, 12)
QUARTER_DAYS = 92
# Versions of a plan's record, by turns of the plans: most have a document of terms by now.
VERSIONS = (3, 2, 3, 3, 3, 2, 3, 1)
CLASSES = {
    "senior": Decimal("0.85"),
    "mezzanine": Decimal("0.10"),
    "senior_rate": Decimal("0.0320"),
    "mezzanine_rate": Decimal("0.0450"),
}
KINDRED = 3  # every so many plans name companies that count as one 关联方
WATERFALL = ("税费", "托管费与管理费", "优先级利息", "中间级利息", "优先级本金", "中间级本金", "次级剩余收益")


@dataclass(slots=True, kw_only=True)
class Plan:
    """A plan as its parties know it: who they are, its account, what its pool holds."""

    turn: int
    plan: str
    originator: Member
    manager: Member
    custodian: Member
    servicer: Member
    venue: str
    revolving_until: date
    tranches: list[Tranche] = field(default_factory=list)
    account: Waterfall = field(init=False)
    waiting: list[tuple[str, int]] = field(default_factory=list)
    """Collections not yet passed on."""
    holds: dict[str, Holding] = field(default_factory=dict)
    most: int = 0
    """Assets the pool ever held at once."""
    spendable: int = 0
    """Collected and neither spent nor set aside for the holders, fen."""
    period: int = 0
    desk: Desk | None = None
    """The manager's books, of a plan whose terms are a document."""
    stated: dict[str, Any] = field(default_factory=dict)
    """What its record states, whatever its version."""
    said: dict[str, Any] = field(default_factory=dict)
    """The document of its terms."""
    amended: tuple[date, Agreed] | None = None
    """What will be agreed from a later day on."""
    calls: Calls = field(default_factory=list)
    pooled: int = 0
    first: int = 0
    """What ever came into the pool, and what came at first, fen."""
    ended: bool = False
    """The revolving period was ended early."""
    announced: date | None = None
    """The payment whose report was filed last."""
    statement: tuple[date, int] | None = None
    """Last day and closing balance of the custody account's last statement."""
    credits: int = 0
    debits: int = 0

    @property
    def free(self) -> int:
        """What may be spent on assets, fen: a manager by terms keeps what the quarter will ask for."""
        return self.spendable if self.desk is None else self.desk.cash - self.desk.ahead(QUARTER_DAYS)

    def receive(self, amount: int) -> None:
        """Take in cash for the holders, fen."""
        if self.desk is None:
            self.spendable += amount
        else:
            self.desk.receive(amount)

    def spend(self, amount: int) -> None:
        """Pay for assets, fen."""
        self.debits += amount
        if self.desk is None:
            self.spendable -= amount
        else:
            self.desk.cash -= amount


def eligible(world: World, made: Plan) -> list[Holding]:
    """Return what the originator holds and may still sell; what was paid or is nearly due is forgotten."""
    held = world.inventory[made.originator.member]
    held[:] = [
        each
        for each in held
        if not each.paid
        and (each.claim.due - world.market.day).days >= LEAST_DAYS
        and each.claim.receivable not in world.pooled
    ]
    return held


def write(world: World, sender: Member, kind: str, v: int = 1, /, **payload: Any) -> None:
    """Let a party of the plan write a record."""
    world.market.write(sender, kind, v, **payload)


def establish(world: World, made: Plan, chance: Chance) -> None:
    """The plan closes today over what its originator holds."""
    stage = world.market
    assets = eligible(world, made)[:]
    price = sum(each.price for each in assets)
    made.tranches = tranches_of(price, **CLASSES)
    made.account = Waterfall(tranches=made.tranches, since=stage.day)
    maturity = days_after(stage.day, MATURITY)
    code = f"{150_000 + stage.serial('plan code'):06d}"
    made.stated = _documented(made, code, stage.day, maturity)
    _say(world, made, list(_payment_dates(stage.day, maturity)))
    world.established += 1
    bring_in(world, made, assets, "assigned")
    made.first = made.pooled
    for tranche in made.tranches:
        _hold(world, made, tranche, chance)
        if tranche.rate is not None:
            rating = "AAA" if tranche.rank == "senior" else "AA+"
            write(
                world, world.cast["rating"], "rating.changed", plan=made.plan, tranche=tranche.tranche,
                agency=world.cast["rating"].member, rating=rating, at=stage.today(),
            )  # fmt: skip


def _say(world: World, made: Plan, dates: list[date]) -> None:
    """The manager establishes the plan, in the version that is its turn."""
    terms = {"day_count": "ACT/365F", "rounding": "half_up", "face": FACE, "record_date_lag": 1}
    version = VERSIONS[made.turn % len(VERSIONS)]
    if version == 1:
        made.revolving_until = world.market.day  # it says nothing of a revolving period: there is none
        write(world, made.manager, "plan.established", 1, **made.stated, terms=terms)
    elif version == 2:
        stated = _documents(made, [next_weekday(day).isoformat() for day in dates])
        write(world, made.manager, "plan.established", 2, **made.stated, terms=terms, **stated)
    else:
        agreed = AGREEMENTS[made.turn % len(AGREEMENTS)]
        made.desk = Desk(agreed=agreed, tranches=made.tranches, since=world.market.day)
        kindred = [each.member for each in world.cast.cores[:2]] if made.turn % KINDRED == 0 else []
        made.said = document(agreed, made.stated, pay=dates, revolving=made.revolving_until, affiliates=kindred)
        write(world, made.manager, "plan.established", 3, **made.stated, document=made.said)


def _payment_dates(first: date, last: date) -> Iterator[date]:
    """Yield the quarters' ends that are paid on a weekday after the first day."""
    day = first - timedelta(days=first.weekday() + 1)
    while day < last:
        day += timedelta(days=1)
        ends = day - timedelta(days=1)
        if day.day == 1 and ends.month in QUARTER and next_weekday(ends) > first:
            yield ends


def _documented(made: Plan, code: str, closing: date, maturity: date) -> dict[str, Any]:
    """Return what every version of a plan's record states."""
    return {
        "plan": made.plan,
        "code": code,
        "name": f"{made.originator.name[:8]}供应链{made.plan[5:]}号资产支持专项计划",
        "venue": made.venue,
        "manager": made.manager.member,
        "custodian": made.custodian.member,
        "originators": [made.originator.member],
        "servicer": made.servicer.member,
        "shelf": f"储架{made.originator.member}",
        "cutoff": closing.isoformat(),
        "closing": closing.isoformat(),
        "maturity": maturity.isoformat(),
        "tranches": tranche_rows(made.tranches, code, maturity),
    }


def _documents(made: Plan, dates: list[str]) -> dict[str, Any]:
    """Return what version 2 adds: accounts, fees, triggers, criteria, limits, dates and steps."""
    return {
        "accounts": [
            {"account": f"{made.plan}-C", "kind": "collection", "bank": made.custodian.member},
            {"account": f"{made.plan}-T", "kind": "custody", "bank": made.custodian.member},
        ],
        "fees": [
            {"fee": "management", "payee": made.manager.member, "rate": "0.0010", "amount": None},
            {"fee": "custody", "payee": made.custodian.member, "rate": "0.0002", "amount": None},
        ],
        "triggers": [
            {"trigger": "default-ratio", "event": "acceleration", "measure": "累计违约率", "threshold": "0.08",
             "periods": 1},
        ],
        "eligibility": [
            {"criterion": "tenor", "text": "剩余期限不超过一年", "limit": "365"},
            {"criterion": "undisputed", "text": "入池时无商业纠纷", "limit": None},
        ],
        "concentration_limits": [{"by": "debtor", "limit": "0.50"}],
        "revolving": {"until": made.revolving_until.isoformat(), "min_yield": "0.03"},
        "payment_dates": dates,
        "waterfall": list(WATERFALL),
    }  # fmt: skip


def assets_of(some: list[Holding]) -> list[dict[str, Any]]:
    """Return assets as records list them."""
    return [{"asset": each.claim.receivable, "outputs": [piece.output for piece in each.pieces]} for each in some]


def bring_in(world: World, made: Plan, assets: list[Holding], how: str) -> int:
    """Assets come into the pool 二次转让 or 循环购买; returns what they cost."""
    stage, total = world.market, 0
    for start in range(0, len(assets), PER_RECORD):
        some = assets[start : start + PER_RECORD]
        price = sum(each.price for each in some)
        stated: dict[str, Any] = {
            "plan": made.plan, "date": stage.today(), "assignor": made.originator.member, "price": price,
            "assets": assets_of(some),
        }  # fmt: skip
        if how == "revolving_purchased":
            stated["purchase"] = stage.named("RP")
        write(world, made.originator, f"pool.{how}", **stated)
        total += price
    for each in assets:
        hold(world, made, each)
    made.most = max(made.most, len(made.holds))
    return total


def worth(held: Holding) -> int:
    """Return what is owed on an asset, fen: on the pieces held of it, or on the claim itself."""
    return sum(each.amount for each in held.pieces) if held.pieces else held.claim.amount


def hold(world: World, made: Plan, asset: Holding) -> None:
    """Let an asset be in the pool."""
    made.holds[asset.claim.receivable] = asset
    made.pooled += worth(asset)
    world.pooled[asset.claim.receivable] = made.plan


def _hold(world: World, made: Plan, tranche: Tranche, chance: Chance) -> None:
    """The custodian says who holds a tranche: the subordinated one its originator alone."""
    units = tranche.principal // FACE
    if not units:
        return
    if tranche.rank == "subordinated":
        holders = [(made.originator.member, units)]
    else:
        parts = chance.parts(units, 3)
        holders = [(world.cast.investors[at].member, part) for at, part in enumerate(parts)]
    write(
        world, made.custodian, "holdings.reported", plan=made.plan, tranche=tranche.tranche,
        at=world.market.today(), holders=[{"investor": name, "units": part} for name, part in holders],
    )  # fmt: skip

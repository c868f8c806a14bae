"""``duplicate.warehouse_over`` (仓单重复质押): receipts for a lot are for more goods than the warehouse has there.

Definition: the receipts of one warehouse, location and lot that are held or pledged come to more than the last stock
report of the lot, beyond TOLERANCE; or, where no stock was ever reported, two receipts that did not come from a split
are for the same quantity of the lot, within TOLERANCE, and are pledged to different parties.

Evidence: the receipts, the stock report.

Lawful: a receipt that was split or cancelled counts no more, its parts do; the goods of one lot on several receipts
within the stock; a part that was released and taken out. Quantities are compared in one unit: a receipt whose unit
cannot be converted into that of the stock (件 and 吨) counts for nothing, as there is no telling.

Severity: HIGH when what is pledged alone is more than the stock, or the receipts are pledged to different parties;
MEDIUM when some are pledged; LOW when none is. Amount: the money lent on the receipts, where records tell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from ledger.facts import Receipt, Stock
from regulator.duplicates.claims import Claim
from regulator.duplicates.stakes import things_of
from regulator.signals import Level, Signal

__all__ = ["ACTIVE", "RULE", "UNITS", "look", "measured"]

RULE: Final = "duplicate.warehouse_over"
ACTIVE: Final = ("held", "pledged")
TOLERANCE: Final = Decimal("0.005")
"""Part of the stock by which two weighings may differ (磅差); contracts allow three to five in a thousand."""
UNITS: Final[dict[str, tuple[str, Decimal]]] = {
    **dict.fromkeys(("吨", "公吨", "t", "ton", "tons", "mt"), ("kg", Decimal(1000))),
    **dict.fromkeys(("千克", "公斤", "kg"), ("kg", Decimal(1))),
    **dict.fromkeys(("克", "g"), ("kg", Decimal("0.001"))),
    **dict.fromkeys(("立方米", "方", "m3", "m³"), ("m3", Decimal(1))),
    **dict.fromkeys(("升", "l"), ("m3", Decimal("0.001"))),
}
"""By unit: what it is converted into, and how much of that it is. Other units are their own."""
SCORE: Final = 95
SCORE_WITHOUT_STOCK: Final = 70


def measured(quantity: Decimal, unit: str) -> tuple[str, Decimal]:
    """Return a quantity in the unit that it can be compared in."""
    name = unit.strip().lower()
    base, factor = UNITS.get(name, (name, Decimal(1)))
    return base, quantity * factor


def look(
    name: str, receipts: Sequence[Receipt], stock: Stock | None, claims: Sequence[Claim], firsts: dict[str, int]
) -> Signal | None:
    """Return what is to be said of a lot, or None. ``firsts``: the position at which each receipt became known."""
    active = [one for one in receipts if one.status in ACTIVE]
    if stock is None:
        found = _twice(active)
        if not found:
            return None
        return _told(name, found, None, claims, firsts, score=SCORE_WITHOUT_STOCK)
    unit, held = measured(stock.quantity, stock.unit)
    comparable = [one for one in active if measured(one.quantity, one.unit)[0] == unit]
    if _sum(comparable) <= held * (1 + TOLERANCE):
        return None
    return _told(name, comparable, stock, claims, firsts, score=SCORE)


def _twice(active: Sequence[Receipt]) -> list[Receipt]:
    """Return receipts for the same quantity of a lot of no known stock, that are pledged to different parties."""
    whole = [one for one in active if one.parent is None and one.status == "pledged"]
    some: list[Receipt] = []
    last: tuple[str, Decimal] | None = None
    found: list[Receipt] = []
    for one in [*sorted(whole, key=lambda each: (measured(each.quantity, each.unit), each.id)), None]:
        size = None if one is None else measured(one.quantity, one.unit)
        if size is None or last is None or size[0] != last[0] or size[1] > last[1] * (1 + TOLERANCE):
            found += some if len({each.pledgee for each in some}) > 1 else []
            some = []
        if one is not None:
            some.append(one)
        last = size
    return found


def _told(
    name: str,
    receipts: Sequence[Receipt],
    stock: Stock | None,
    claims: Sequence[Claim],
    firsts: dict[str, int],
    *,
    score: int,
) -> Signal:
    pledged = [one for one in receipts if one.status == "pledged"]
    there = None if stock is None else measured(stock.quantity, stock.unit)[1] * (1 + TOLERANCE)
    beyond = there is not None and _sum(pledged) > there
    level = Level.LOW if not pledged else Level.MEDIUM
    if pledged and (beyond or len({one.pledgee for one in pledged}) > 1):
        level = Level.HIGH
    subject = f"stock {name}"
    parties = {one.warehouse for one in receipts} | {one.owner for one in receipts}
    parties |= {one.pledgee for one in pledged if one.pledgee is not None} | {claim.holder for claim in claims}
    evidence = {firsts[one.id] for one in receipts} | {one.from_position for one in receipts}
    evidence |= set() if stock is None else {stock.from_position}
    evidence |= {position for claim in claims for position in claim.evidence}
    first = receipts[0]
    unit = first.unit if stock is None else stock.unit
    return Signal(
        rule=RULE,
        subject=subject,
        level=level,
        score=score,
        amount=_lent(claims),
        since=max(one.issued_on for one in receipts),
        parties=tuple(parties),
        things=tuple({f"receipt {one.id}" for one in receipts} | things_of(claims)),
        evidence=tuple(evidence),
        details=(
            ("goods", first.goods),
            ("location", first.location),
            ("lot", first.lot),
            ("pledged", sum(1 for _ in pledged)),
            ("quantity", _shown(_sum(receipts) / measured(Decimal(1), unit)[1])),
            ("receipts", len(receipts)),
            ("stock", "not_reported" if stock is None else f"{_shown(stock.quantity)} {unit}"),
            ("unit", unit),
            ("warehouse_party", first.warehouse),
        ),
    )


def _sum(receipts: Iterable[Receipt]) -> Decimal:
    return sum((measured(one.quantity, one.unit)[1] for one in receipts), Decimal())


def _shown(quantity: Decimal) -> str:
    return format(quantity.normalize(), "f")


def _lent(claims: Iterable[Claim]) -> int:
    by_thing: dict[str, int] = {}
    for claim in claims:
        by_thing[claim.thing] = max(by_thing.get(claim.thing, 0), claim.money or 0)
    return sum(by_thing.values())

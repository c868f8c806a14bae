"""Stories of rings of trade, loops around a middle company and hubs, and of lawful trade that looks like them.

Each tells what it raises, by rule: from which block, at which level. ``tests.support.network_stories`` keeps them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from regulator.signals import Level
from tests.support.ledger_book import address
from tests.support.network_stories import Desk, story

HIGH, MEDIUM, LOW = Level.HIGH, Level.MEDIUM, Level.LOW
CIRCLE, LOOP, HUB = "duplicate.circular_trade", "duplicate.related_loop", "network.hub"
SISTERS = "南京恒岳精密零部件有限公司", "南京恒岳精密零部件销售有限公司"


def ring(d: Desk, names: str, *, days: int = 4, fee: int = 2, **sale: Any) -> list[str]:
    """Sales around the members, a block each, each for so many per cent less; the last block is left open."""
    made, amount = [], 113_000
    for at, seller in enumerate(names):
        if at:
            d.block(days)
        made.append(d.sell(seller, names[(at + 1) % len(names)], amount, **sale))
        amount = amount * (100 - fee) // 100
    return made


# circular trade


@story
def three_financed(d: Desk) -> Any:
    """Each is financed a block later; when the first is paid back there is money in two."""
    made = ring(d, "ABC")
    closed = d.block()
    steps = [(closed, LOW)]
    for at, name in enumerate(made):
        d.fund(name)
        steps.append((d.block(), MEDIUM if at == 0 else HIGH))
    d.repay(f"F{made[0]}", "bank", 113_000 * 7 // 10)
    d.release(f"F{made[0]}", "bank")
    return {CIRCLE: [*steps, (d.block(), HIGH)]}


@story
def two_and_financed(d: Desk) -> Any:
    made = ring(d, "AB", days=30, fee=3)
    d.block()
    d.fund(made[1])
    return {CIRCLE: [(d.block(), MEDIUM)]}


@story
def four_with_names_that_differ(d: Desk) -> Any:
    goods = ("冷轧钢板", "*黑色金属*冷轧钢卷", "钢材", "冷轧钢板 1.2mm")
    for at, seller in enumerate("ABCD"):
        d.sell(seller, "BCDA"[at], 113_000 - at * 3_000, goods=goods[at])
    return {CIRCLE: [(d.block(), LOW)]}


@story
def six_within_thirty_days(d: Desk) -> Any:
    made = ring(d, "ABCDEF", days=6, fee=3)
    d.fund(made[2])
    return {CIRCLE: [(d.block(), MEDIUM)]}


@story
def registered_in_another_order(d: Desk) -> Any:
    """What came last was registered first: the day it was issued counts."""
    today = d.today
    for at, (seller, buyer) in enumerate((("C", "A"), ("A", "B"), ("B", "C"))):
        d.sell(seller, buyer, issued=(today - timedelta(days=(1, 9, 5)[at])).isoformat())
        if at < 2:
            d.block()
    return {CIRCLE: [(d.block(), LOW)]}


@story
def closed_by_a_bare_receivable(d: Desk) -> Any:
    d.sell("A", "B")
    d.sell("B", "C")
    d.block(5)
    d.claim("RX", "C", "A", 112_000)
    d.lend("F", "bank", ("receivable", "RX"))
    return {CIRCLE: [(d.block(), MEDIUM)]}


@story
def turning_twice(d: Desk) -> Any:
    """The same three turn twice: one finding, which grows."""
    ring(d, "ABCABC", days=2, fee=0, owed=False)
    last = d.block()
    return {CIRCLE: [(last - 3 + at, LOW) for at in range(4)]}


@story
def two_rings_share_a_sale(d: Desk) -> Any:
    ring(d, "ABC", days=0)
    first = d.block()
    d.sell("B", "D")
    d.sell("D", "A")
    return {CIRCLE: [(first, LOW), (d.block(), LOW)]}


@story
def one_leg_has_a_waybill(d: Desk) -> Any:
    """The papers come for one leg, then for all of them: goods did move; then one is cancelled."""
    made = ring(d, "ABC", days=0)
    d.fund(made[0])
    d.fund(made[1])
    steps: list[tuple[int, Level | None]] = [(d.block(), HIGH)]
    for at, name in enumerate(made):
        d.paper(f"W{at}", "ABC"[at], "BCA"[at], name)
        steps.append((d.block(), LOW if at < 2 else None))
    d.book.say(d.of("A"), "document.cancelled", {"document": d.of("W0"), "at": d.today.isoformat(), "reason": "作废"})
    return {CIRCLE: [*steps, (d.block(), LOW)]}


@story
def one_waybill_for_all(d: Desk) -> Any:
    """A paper moves goods once."""
    d.paper("W", "A", "B")
    made = ring(d, "ABC", days=0, papers=("W",))
    d.fund(made[0])
    return {CIRCLE: [(d.block(), LOW)]}


@story
def over_the_end_of_a_quarter(d: Desk) -> Any:
    """The days of invoices are stated: the ring begins in one quarter and closes in the next."""
    for at, day in enumerate(("2025-09-28", "2025-09-30", "2025-10-09")):
        d.sell("ABC"[at], "BCA"[at], issued=day)
    return {CIRCLE: [(d.block(), LOW)]}


@story
def taken_back(d: Desk) -> Any:
    """It was circular until one sale was red-flushed."""
    made = ring(d, "ABC")
    closed = d.block()
    d.mark("red_flushed", made[1])
    return {CIRCLE: [(closed, LOW), (d.block(), None)]}


@story
def processed(d: Desk) -> None:
    """Toll processing: other goods come back, dearer, each with its waybill."""
    for at, goods in enumerate(("电解铜", "控制器总成", "家电")):
        d.paper(f"W{at}", "ABC"[at], "BCA"[at])
        name = d.sell("ABC"[at], "BCA"[at], 113_000 * (at + 1), goods=goods, papers=(f"W{at}",))
        d.fund(name)
        d.block(3)


@story
def with_waybills(d: Desk) -> None:
    """The same goods at the same value, and each leg shows them on their way."""
    for at in range(3):
        d.paper(f"W{at}", "ABC"[at], "BCA"[at], kind=("waybill", "warehouse_receipt", "customs_declaration")[at])
        d.fund(d.sell("ABC"[at], "BCA"[at], papers=(f"W{at}",)))
        d.block(3)


@story
def returned(d: Desk) -> None:
    """A part goes back, and its invoice says which sale it takes back."""
    first = d.sell("A", "B")
    d.fund(first)
    d.block(5)
    d.sell("B", "A", 110_000, papers=(first,))
    d.block()


@story
def swapped_and_set_off(d: Desk) -> None:
    """Two companies supply each other and set it off; three do, and never finance it."""
    for name in ring(d, "AB"):
        d.settle(name)
    d.block()
    made = ring(d, "XYZ", days=0)
    for name in made:
        d.settle(name)
    d.block()


@story
def dearer_at_every_step(d: Desk) -> None:
    """Goods come back with an honest margin on each step."""
    ring(d, "ABC", fee=-8)
    d.block()


@story
def after_a_month(d: Desk) -> None:
    for name in ring(d, "ABC", days=16):
        d.fund(name)
    d.block()


@story
def against_time(d: Desk) -> None:
    """A sold to B after B had sold to C and C to A: nothing comes back to anyone."""
    for seller, buyer in ("CA", "BC", "AB"):
        d.fund(d.sell(seller, buyer))
        d.block(3)


@story
def two_bare_receivables(d: Desk) -> None:
    d.sell("A", "B")
    d.claim("RX", "B", "C", 112_000)
    d.claim("RY", "C", "A", 112_000)
    d.block()


# related loops


def loop(d: Desk, up: str, down: str, *, related: bool = False, days: int = 3, **sale: Any) -> list[str]:
    for name, title in (("U", up), ("D", down)):
        d.member(name, f"{d.name}{title}")
    first = d.sell("U", "M", related=related)
    d.block(days)
    return [first, d.sell("M", "D", **{"amount": 115_000, "related": related, **sale})]


@story
def sisters(d: Desk) -> Any:
    made = loop(d, *SISTERS)
    steps = [(d.block(), LOW)]
    for at, name in enumerate(made):
        d.fund(name)
        steps.append((d.block(), (MEDIUM, HIGH)[at]))
    return {LOOP: steps}


@story
def bought_after_it_was_sold(d: Desk) -> Any:
    """The middle company sold what it had not bought yet, and other goods."""
    d.member("U", f"{d.name}{SISTERS[0]}")
    d.member("D", f"{d.name}{SISTERS[0]}无锡分公司")
    first = d.sell("M", "D", goods="电机")
    d.block(20)
    second = d.sell("U", "M", goods="铝锭")
    d.fund(first)
    d.fund(second)
    return {LOOP: [(d.block(), MEDIUM)]}


@story
def one_account(d: Desk) -> Any:
    """Two names, one key."""
    d.member("U", f"{d.name}甲冶金有限公司")
    d.member("D", f"{d.name}乙贸易行", address=address(d.of("U")))
    d.sell("U", "M")
    d.sell("M", "D")
    return {LOOP: [(d.block(), LOW)]}


@story
def one_entity(d: Desk) -> Any:
    d.member("U", f"{d.name}甲冶金有限公司", uscc="91440300MA5F1XGY8K")
    d.member("D", f"{d.name}乙商行", uscc="92310000MA5F1XGY8R")
    d.sell("U", "M")
    d.sell("M", "D")
    return {LOOP: [(d.block(), LOW)]}


@story
def renamed_later(d: Desk) -> Any:
    """It is a loop from the day that the name says so, and no more when the name changes again."""
    loop(d, SISTERS[0], "苏州澄川电子元件有限公司")
    d.block()
    d.rename("D", f"{d.name}{SISTERS[1]}")
    known = d.block()
    d.rename("D", "重庆立岳物流服务有限公司")
    return {LOOP: [(known, LOW), (d.block(), None)]}


@story
def half_disclosed(d: Desk) -> Any:
    made = loop(d, *SISTERS, related=False)
    d.sell("U", "M", related=True)
    for name in made:
        d.fund(name)
    return {LOOP: [(d.block(), MEDIUM)]}


@story
def paid_by_bare_claims(d: Desk) -> Any:
    d.member("U", f"{d.name}{SISTERS[0]}")
    d.member("D", f"{d.name}{SISTERS[1]}")
    d.claim("RX", "U", "M", 112_000)
    d.claim("RY", "M", "D", 112_000)
    return {LOOP: [(d.block(), LOW)]}


@story
def disclosed(d: Desk) -> None:
    for name in loop(d, *SISTERS, related=True):
        d.fund(name)
    d.block()


@story
def one_brand_two_companies(d: Desk) -> None:
    """The same 字号 by chance, in another trade."""
    d.member("U", "南京恒岳精密零部件有限公司")
    d.member("D", "南京恒岳电子元件有限公司")
    for seller, buyer in ("UM", "MD"):
        d.fund(d.sell(seller, buyer))
    d.block()


@story
def months_apart(d: Desk) -> None:
    for name in loop(d, *SISTERS, days=31):
        d.fund(name)
    d.block()


@story
def never_claimed(d: Desk) -> None:
    d.member("U", f"{d.name}{SISTERS[0]}")
    d.member("D", f"{d.name}{SISTERS[1]}")
    d.sell("U", "M", owed=False)
    d.sell("M", "D", owed=False)
    d.block()


# hubs


@story
def passes_all_on(d: Desk) -> Any:
    for at in range(5):
        d.sell(f"S{at % 2}", "H", 113_000 + at * 20_000, owed=False, issued="2025-11-03")
        d.sell("H", f"B{at % 3}", 114_000 + at * 20_000, owed=False, issued="2025-11-06")
        d.block()
    return {HUB: [(d.book.height - 1, LOW)]}


@story
def keeps_stock(d: Desk) -> None:
    """A trader that adds a margin, and one that sells weeks later."""
    for at in range(6):
        d.sell(f"S{at}", "H", 113_000, owed=False, issued="2025-11-03")
        d.sell("H", f"B{at}", 124_000, owed=False, issued="2025-11-06")
        d.sell(f"S{at}", "K", 113_000, owed=False, issued="2025-11-03")
        d.sell("K", f"B{at}", 113_000, owed=False, issued="2025-11-23")
    d.block()


@story
def manufactures(d: Desk) -> None:
    for at in range(6):
        d.sell(f"S{at}", "H", 113_000, goods="电解铜", owed=False, issued="2025-11-03")
        d.sell("H", f"B{at}", 113_000, goods="电缆", owed=False, issued="2025-11-06")
    d.block()


@story
def chain_of_one(d: Desk) -> None:
    """One supplier, one customer: a distributor."""
    for at in range(6):
        d.sell("S", "H", 113_000 + at, owed=False, issued="2025-11-03")
        d.sell("H", "B", 113_000 + at, owed=False, issued="2025-11-06")
    d.block()

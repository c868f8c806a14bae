"""What the monitor says of a pool: each rule from the block at which it holds, one fen or one day before it nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.regulator.monitor.conftest import Found
from tests.support.ledger_book import Book, admitted, invoice, receivable
from tests.support.paid_plan import CLOSING, TRANCHES, terms
from tests.support.plan_book import assigned, documented, payment, received, termed

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
TEN = [f"d{number}" for number in range(10)]
Debt = tuple[str, str, int]
"""Creditor, debtor and fen of one receivable."""


def pool(book: Book, debts: Mapping[str, Debt], **changes: Any) -> None:
    """Plan-1, which holds these receivables whole; its originators are their creditors."""
    book.admit()
    parties = {name: debt[:2] for name, debt in debts.items()}
    names = sorted({name for two in parties.values() for name in two} - {"factor", "core", "supplier", "bank"})
    for name in names:
        book.say("operator", "member.admitted", admitted(name, ["supplier", "core_enterprise", "originator"]))
    book.seal()
    for name, (creditor, debtor, amount) in debts.items():
        sums = {"amount_including_tax": amount, "amount_excluding_tax": amount, "tax": 0}
        book.say(creditor, "invoice.registered", invoice(f"inv-{name}", seller=creditor, buyer=debtor, **sums))
        book.say(creditor, "receivable.registered", receivable(
            name, f"inv-{name}", creditor=creditor, debtor=debtor, amount=amount))  # fmt: skip
    sellers = sorted({creditor for creditor, _ in parties.values()})
    stated = terms(**changes)
    stated["plan"] = stated["plan"] | {"originators": sellers}
    book.say(
        "manager", "plan.established", termed("plan-1", tranches=TRANCHES, originators=sellers, document=stated)
    )  # fmt: skip
    for seller in sellers:
        mine = [(name, []) for name, (creditor, _) in parties.items() if creditor == seller]
        book.say(seller, "pool.assigned", assigned("plan-1", *mine, assignor=seller))
    book.seal()
    book.seal(1)  # the closing is over


def pays(book: Book, name: str, amount: int) -> int:
    """Something is paid on a receivable; the block that says so."""
    on = book.today
    book.say("bank", "payment.recorded", payment(f"p{book.height}", amount, (name, amount), payer="bank", date=on))
    book.seal()
    return book.height - 1


def lowers(book: Book, name: str, by: int) -> int:
    """Something of a receivable is not owed any more; the block that says so."""
    book.say("supplier", "receivable.adjusted", {
        "receivable": name, "delta": -by, "reason": "return", "at": book.today,
    })  # fmt: skip
    book.seal()
    return book.height - 1


def passes(book: Book, *days: date) -> list[int]:
    """A block on each of these days; their heights."""
    heights = []
    for day in days:
        heights.append(book.height)
        book.seal((day - book.time.date()).days)
    return heights


def figures(found: Found, rule: str, *names: str) -> list[tuple[Any, ...]]:
    """The height of each version of a rule's findings with some of its details."""
    return [(one.height, *(one.signal and one.signal.detail(name) for name in names)) for one in found.of(rule)]


# Who owes: diversification, related parties, significant payers


def test_the_tenth_debtor_pays_all(book: Book, watch: Any) -> None:
    """Ten unrelated debtors are enough, nine are not."""
    pool(book, {name: ("supplier", name, 12_000) for name in TEN})
    pays(book, "d0", 11_999)
    at = pays(book, "d0", 1)
    found = watch(book)
    assert found.heights("diversification") == [(at, "low")]
    assert figures(found, "diversification", "debtors", "creditors", "article") == [(at, 9, 1, "SL2 3.2.3")]


def test_the_largest_debtor_has_more_than_half(book: Book, watch: Any) -> None:
    """Half of a pool is not more than half: 90 of 180, then 90 of 179.99."""
    pool(book, {"d0": ("supplier", "d0", 99_000)} | {name: ("supplier", name, 11_000) for name in TEN[1:]})
    at = pays(book, "d1", 1)
    found = watch(book)
    assert found.heights("diversification") == [(at, "low")]
    assert found.of("diversification")[0].signal.detail("largest_party") == "d0"


def test_ten_creditors_of_one_debtor_are_a_supply_chain(book: Book, watch: Any) -> None:
    pool(book, {name: (name, "core", 12_000) for name in TEN})
    pays(book, "d0", 11_999)
    assert watch(book).of("diversification") == []


def test_affiliates_are_one_debtor(book: Book, watch: Any) -> None:
    related = [{"group": "g", "members": ["d8", "d9"]}]
    pool(book, {name: ("supplier", name, 12_000) for name in TEN}, affiliates=related)
    (signal,) = [one.signal for one in watch(book).of("diversification")]
    assert (signal.detail("debtors"), signal.detail("creditors")) == (9, 1)


def test_what_the_originators_affiliate_owes(book: Book, watch: Any) -> None:
    """A tenth of the pool is let, and a fen more is not."""
    related = [{"group": "g", "members": ["supplier", "d0"]}]
    debts = {"d0": ("supplier", "d0", 11_000)} | {name: ("supplier", name, 11_000) for name in TEN[1:]}
    pool(book, debts, affiliates=related)
    book.seal()
    at = pays(book, "d1", 1)
    found = watch(book)
    assert found.heights("related_party") == [(at, "medium")]
    signal = found.of("related_party")[0].signal
    assert (signal.detail("owed_fen"), signal.detail("article"), signal.amount) == (11_000, "SL2 2.2.3", 11_000)
    assert {"d0", "supplier"} <= set(signal.parties)


def test_an_affiliate_of_somebody_else_owes_as_much(book: Book, watch: Any) -> None:
    related = [{"group": "g", "members": ["tier2", "d0"]}]
    pool(book, {name: ("supplier", name, 12_000) for name in TEN}, affiliates=related)
    pays(book, "d1", 6_000)
    assert watch(book).of("related_party") == []


def test_a_significant_payer_by_both_formulas(book: Book, watch: Any) -> None:
    """15% are significant by unpaid principal (CSRC); by future cash flow (exchanges) only what is above that."""
    rest = {name: ("supplier", name, 8_500) for name in (*TEN[1:], "d10")}
    pool(book, {"d0": ("supplier", "d0", 15_000)} | rest | {"d11": ("supplier", "d11", 1)})
    reached = pays(book, "d11", 1)
    above = pays(book, "d1", 1)
    found = watch(book)
    assert figures(found, "important_provider", "by_cash_flow", "by_principal", "first_party") == [
        (reached, 0, 1, "d0"), (above, 1, 1, "d0"),
    ]  # fmt: skip
    assert found.of("important_provider")[0].signal.detail("article") == "S5 9.1(2)"


def test_payers_of_a_tenth_each_are_not_significant(book: Book, watch: Any) -> None:
    pool(book, {name: ("supplier", name, 12_000) for name in TEN})
    pays(book, "d1", 6_000)
    assert watch(book).of("important_provider") == []


def test_affiliates_are_significant_together(book: Book, watch: Any) -> None:
    related = [{"group": "g", "members": ["d0", "d1"]}]
    pool(book, {name: ("supplier", name, 10_000) for name in TEN} | {"x": ("supplier", "d9", 1)}, affiliates=related)
    reached = pays(book, "x", 1)
    above = pays(book, "d2", 1)
    found = watch(book)
    assert figures(found, "important_provider", "by_cash_flow", "by_principal") == [(reached, 0, 2), (above, 2, 2)]


def test_a_payer_in_default_pays_nothing_any_more(book: Book, watch: Any) -> None:
    """What is 90 days past due counts as principal, and not as future cash flow: the others' shares rise by a day."""
    rest = {name: ("supplier", name, 9_000) for name in TEN[1:8]}
    pool(book, {"d0": ("supplier", "d0", 37_000)} | rest)
    due = date(2026, 6, 30)
    heights = passes(book, due + 88 * DAY, due + 89 * DAY, due + 90 * DAY, due + 91 * DAY)
    found = watch(book)
    known = figures(found, "important_provider", "by_cash_flow", "by_principal")
    assert known[0][1:] == (1, 1)
    assert known[1] == (heights[2], 0, 1), "all is in default on its 90th day: nobody pays"


# Cover and triggers


def test_what_is_owed_is_covered_to_the_fen(book: Book, watch: Any) -> None:
    """105,000 are outstanding, 100,000 of them rated."""
    pool(book, {"r": ("supplier", "core", 105_001)})
    lowers(book, "r", 1)
    short = lowers(book, "r", 1)
    lowers(book, "r", 4_999)
    grave = lowers(book, "r", 1)
    found = watch(book)
    told = found.heights("coverage")
    assert told[0] == (short, "medium")
    assert told[-1] == (grave, "high")
    assert [level for height, level in told if height < grave] == ["medium"] * (len(told) - 1)
    signal = found.of("coverage")[0].signal
    assert (signal.amount, signal.detail("article"), signal.detail("state")) == (1, "SL2 3.1.8", "amortising")


def test_too_little_to_buy_from_while_a_plan_revolves(book: Book, watch: Any) -> None:
    book.admit()
    book.say("supplier", "invoice.registered", invoice("inv-r"))
    book.say("supplier", "receivable.registered", receivable("r", "inv-r"))
    book.say("manager", "plan.established", documented("plan-1", originators=["supplier"]))
    book.say("supplier", "pool.assigned", assigned("plan-1", ("r", []), assignor="supplier"))
    book.seal()
    book.seal(1)
    lowers(book, "r", 13_000)  # to 100,000, all of what is outstanding
    at = lowers(book, "r", 1)
    found = watch(book)
    assert found.heights("coverage") == [(at, "medium")]
    assert found.of("coverage")[0].signal.detail("state") == "revolving"


def trigger(measure: str, op: str, value: str) -> dict[str, Any]:
    return {"trigger": "t", "name": "触发", "effect": "accelerated", "periods": 1,
            "when": {"measure": measure, "op": op, "value": value}}  # fmt: skip


def test_a_trigger_that_is_near_and_one_that_holds(book: Book, watch: Any) -> None:
    """A tenth above its threshold is near, a fen more is not."""
    pool(book, {"r": ("supplier", "core", 110_002)}, triggers=[trigger("pool.balance", "<", "100000")])
    lowers(book, "r", 1)
    near = lowers(book, "r", 1)
    lowers(book, "r", 10_000)
    holds = lowers(book, "r", 1)
    found = watch(book)
    told = [(height, level) for height, level in found.heights("trigger") if level != "low" or height == near]
    assert told == [(near, "low"), (holds, "high")]
    signal = found.of("trigger")[-1].signal
    assert (signal.subject, signal.detail("state")) == ("trigger plan-1/t", "holds")
    assert (signal.detail("value"), signal.detail("threshold")) == ("CNY 999.99", "< CNY 1,000.00")
    assert signal.detail("article") == "SL2 3.1.8"


@pytest.mark.parametrize(
    ("measure", "days"), [("pool.delinquency_ratio", 1), ("pool.cumulative_default_rate", 90)]
)  # fmt: skip
def test_a_trigger_by_a_day_alone(book: Book, watch: Any, measure: str, days: int) -> None:
    """Nothing is recorded: an asset is a day past due, or in default by the terms."""
    pool(book, {"r": ("supplier", "core", 113_000)}, triggers=[trigger(measure, ">", "0")])
    due = date(2026, 6, 30)
    before, at, _ = passes(book, due + (days - 1) * DAY, due + days * DAY, due + (days + 1) * DAY)
    found = watch(book)
    assert found.heights("trigger") == [(at, "high")]
    assert before < at


def test_a_trigger_by_the_month_that_is_over(book: Book, watch: Any) -> None:
    """January's dilution is known on its last day, not when it happened."""
    triggers = [trigger("pool.dilution_ratio", ">", "0")]
    pool(book, {"r": ("supplier", "core", 113_000)}, triggers=triggers, metrics={"dilution_lag": 0})
    lowers(book, "r", 5_000)
    before, at = passes(book, date(2026, 1, 30), date(2026, 1, 31))
    assert watch(book).heights("trigger") == [(at, "high")]
    assert before < at


# Cash


def revolving(book: Book, collected: int) -> None:
    """A plan that revolves until the end of May, with 100,000 outstanding and so much collected on 6 January."""
    book.admit()
    book.say("supplier", "invoice.registered", invoice("inv-r"))
    book.say("supplier", "receivable.registered", receivable("r", "inv-r"))
    book.say("manager", "plan.established", documented("plan-1", originators=["supplier"]))
    book.say("supplier", "pool.assigned", assigned("plan-1", ("r", []), assignor="supplier"))
    book.seal()
    book.seal(1)
    book.say("bank", "payment.recorded", payment("p", collected, ("r", collected), payer="core"))
    book.say("servicer", "collection.received", received("c", collected, ("p", "r", collected)))
    book.seal()


@pytest.mark.parametrize(("collected", "told"), [(10_001, True), (10_000, False)])
def test_cash_that_lies_for_thirty_days_while_a_plan_revolves(
    book: Book, watch: Any, collected: int, told: bool
) -> None:
    revolving(book, collected)
    last, at, _ = passes(book, CLOSING + 30 * DAY, CLOSING + 31 * DAY, CLOSING + 32 * DAY)
    found = watch(book)
    assert found.heights("idle_cash") == ([(at, "low")] if told else [])
    assert last < at
    if told:
        signal = found.of("idle_cash")[0].signal
        assert (signal.since, signal.detail("days"), signal.detail("trigger")) == (CLOSING + 31 * DAY, 30, "T09")


def test_cash_that_is_left_when_the_period_is_over_is_for_the_holders(book: Book, watch: Any) -> None:
    revolving(book, 50_000)
    passes(book, date(2026, 5, 31))
    over = book.height
    passes(book, date(2026, 6, 1))
    assert watch(book).heights("idle_cash")[-1] == (over, None)


# Waiting for days


def every_day(view: Any, *_: object) -> date:
    day: date = view.day
    return day + DAY


CRITERIA = [
    {"criterion": "young", "text": "账龄", "field": "age", "op": "<=", "value": "60"},
    {"criterion": "current", "text": "未逾期", "field": "days_past_due", "op": "<=", "value": "5"},
    {"criterion": "long", "text": "剩余账期", "field": "days_to_due", "op": ">", "value": "20"},
    {"criterion": "short", "text": "剩余账期", "field": "days_to_due", "op": "<", "value": "170"},
]
MEASURED = (
    "pool.delinquency_ratio", "pool.cumulative_default_rate", "pool.default_ratio", "pool.dilution_ratio",
    "pool.days_sales_outstanding", "pool.nrpb", "pool.collections", "coverage.ic", "coverage.oc",
)  # fmt: skip


def days_of(found: Iterable[Any]) -> list[Any]:
    return [(one.rule, one.subject, one.height, one.signal) for one in found]


def test_a_pool_that_waits_says_what_one_judged_every_day_says(
    book: Book, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    triggers = [trigger(name, ">", "0") | {"trigger": f"t{at}"} for at, name in enumerate(MEASURED)]
    pool(
        book,
        {"r": ("supplier", "core", 60_000), "s": ("supplier", "bank", 50_000), "t": ("tier2", "core", 3_000)},
        triggers=triggers, eligibility=CRITERIA, concentration=[{"by": "debtor", "limit": "0.5"}],
    )  # fmt: skip
    for day in range(1, 75):
        passes(book, CLOSING + (1 + 4 * day) * DAY if day > 12 else CLOSING + (1 + day) * DAY)
        if day == 8:
            pays(book, "s", 20_000)
        if day == 20:
            lowers(book, "r", 4_000)
    waited = watch(book)
    monkeypatch.setattr("regulator.monitor.scope.next_turn", every_day)
    assert days_of(waited.versions) == days_of(watch(book).versions)
    assert len({one.subject for one in waited.versions if one.rule == "monitor.trigger"}) > 4
    assert len({one.subject for one in waited.versions if one.rule == "monitor.ineligible_now"}) == 3

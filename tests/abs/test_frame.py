"""A pool as frames says what plain Python says of the same values, asset by asset, and names the same facts."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from time import process_time
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.composition import UNKNOWN, buckets, by_value, concentration
from abs.frame import ASSETS, DAY, OPEN, Basis, PoolFrame, frame_of
from abs.limits import grouped
from abs.money import quotient
from abs.movements import CAME, LEFT, movements
from abs.pool import pool_of
from abs.stratification import largest_assets, mean_rate, strata
from abs.terms import Affiliates, Metrics
from abs.terms.vocabulary import FIELDS
from tests.support.pool_frames import Plain, asset, frame

START = date(2024, 1, 1)
unhurried = settings(deadline=None)  # the first frame of a process is slow on a busy machine
LARGE = 10**14  # what one record may state
DATES = ("issued", "due", "entered_on")


def day_of(days: int) -> date:
    return START + timedelta(days=days)


DAYS = st.integers(0, 9).map(day_of)  # few, so that edges meet
AMOUNTS = st.integers(1, 1_000) | st.just(LARGE)


@st.composite
def assets(draw: st.DrawFn) -> list[Plain]:
    """A few assets, with payments, adjustments and overpayments, some of which came late and left again."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        issued, amount = draw(DAYS), draw(AMOUNTS)
        entered = max(issued, draw(DAYS))
        left = draw(st.none() | DAYS)
        changes = draw(
            st.lists(
                st.tuples(DAYS, st.integers(-amount, amount // 3), st.sampled_from(["paid", "dilution"])), max_size=3
            )
        )
        found.append(
            asset(
                f"A{number}",
                amount,
                issued,
                draw(DAYS),
                entered_on=entered,
                left_on=left,
                left_how=draw(st.sampled_from(LEFT)) if left else None,
                came=draw(st.sampled_from(CAME)),
                debtor=draw(st.sampled_from(["d1", "d2", "d3"])),
                region=draw(st.sampled_from(["11", "44", None])),
                rate=draw(st.sampled_from(["0.04", "0.055", None])),
                outputs=draw(st.integers(0, 2)),
                related_party=draw(st.booleans()),
                changes=sorted(changes, key=lambda each: each[0]),
            )
        )
    return found


def owed(one: Plain, day: date) -> int:
    """The slow way to say what is unpaid at the end of a day."""
    if day < one["issued"]:
        return 0
    return int(one["amount"] + sum(change[1] for change in one["changes"] if change[0] <= day))


def inside(one: Plain, day: date) -> bool:
    return bool(one["entered_on"] <= day and (one["left_on"] is None or one["left_on"] > day))


@unhurried
@given(assets(), DAYS)
def test_a_day_is_what_each_asset_says(plain: list[Plain], day: date) -> None:
    seen = frame(plain).on(day).frame
    assert set(seen.columns) == {*ASSETS, *DAY}
    assert {name: seen.schema[name] for name in DAY} == DAY
    for one, row in zip(plain, seen.iter_rows(named=True), strict=True):
        unpaid = owed(one, day)
        assert (row["outstanding"], row["in_pool"]) == (unpaid, inside(one, day))
        assert row["open"] == (inside(one, day) and unpaid > 0)
        assert row["days_past_due"] == (max(0, (day - one["due"]).days) if unpaid > 0 else 0)
        assert (row["days_to_due"], row["age"]) == ((one["due"] - day).days, (day - one["issued"]).days)


@unhurried
@given(assets(), DAYS)
def test_figures_over_a_frame_are_the_sums_over_its_assets(plain: list[Plain], day: date) -> None:
    pool = pool_of(frame(plain), day)
    held = [(one, owed(one, day)) for one in plain if inside(one, day) and owed(one, day) > 0]
    total = sum(amount for _, amount in held)
    assert (pool.balance().value, pool.count().value) == (total, len(held))
    left = sum(amount * max(0, (one["due"] - day).days) for one, amount in held)
    assert pool.wam().value == quotient(left, total)
    assert pool.wal().value == quotient(left, total * 365)
    assert pool.seasoning().value == quotient(sum(amount * (day - one["issued"]).days for one, amount in held), total)
    first = sum(one["amount"] for one in plain if one["entered_on"] <= day)
    assert pool.original().value == first
    related = sum(amount for one, amount in held if one["related_party"])
    assert pool.related_party_share().value == quotient(related, total)


@unhurried
@given(assets(), DAYS)
def test_a_figure_unfolds_to_the_facts_of_its_assets_and_their_changes(plain: list[Plain], day: date) -> None:
    named = [(ref.table, ref.id) for ref in pool_of(frame(plain), day).balance().unfold()]
    expected: list[tuple[str, str]] = []
    for one in plain:
        if inside(one, day) and owed(one, day) > 0:
            expected.append(("Receivable", one["asset"]))
            for at, (on, _, kind) in enumerate(one["changes"]):
                if on <= day:
                    expected.append(
                        ("Settlement", f"{one['asset']}/{at}") if kind == "paid" else ("Receivable", one["asset"])
                    )
    assert Counter(named) == Counter(expected)
    order = [one["asset"] for one in plain]
    places = [order.index(id_.partition("/")[0]) for _, id_ in named]
    assert places == sorted(places)


@unhurried
@given(assets(), DAYS, DAYS)
def test_what_moved_explains_the_balance(plain: list[Plain], one_day: date, other: date) -> None:
    """The account by hand: each asset's first day, its last, and what changed it in between."""
    after, until = sorted((one_day, other))
    moved = movements(frame(plain), after, until)
    assert moved.unexplained.value == 0
    came: Counter[str] = Counter()
    left: Counter[str] = Counter()
    paid = adjusted = 0
    for one in plain:
        first, gone = one["entered_on"], max(one["entered_on"], one["left_on"] or one["entered_on"])
        owing = {edge: one["amount"] + sum(c[1] for c in one["changes"] if c[0] < edge) for edge in (first, gone)}
        if after < first <= until:
            came[one["came"]] += owing[first]
        if one["left_on"] and after < gone <= until:
            left[one["left_how"]] += owing[gone]
        for on, amount, kind in one["changes"]:
            if after < on <= until and inside(one, on):
                paid, adjusted = (paid - amount, adjusted) if kind == "paid" else (paid, adjusted + amount)
    assert {how: figure.value for how, figure in moved.came.items()} == {how: came[how] for how in CAME}
    assert {how: figure.value for how, figure in moved.left.items()} == {how: left[how] for how in LEFT}
    assert (moved.paid.value, moved.adjusted.value) == (paid, adjusted)
    assert moved.assets.filter(pl.col("way") == "in")["amount"].sum() == moved.added.value
    assert moved.assets.filter(pl.col("way") == "out")["amount"].sum() == moved.removed.value


def test_the_days_an_asset_came_and_left_on() -> None:
    """What was paid on the first day was paid in the pool; what was paid on the day it left was not."""
    changes = [(day_of(1), -1), (day_of(2), -10), (day_of(5), -100), (day_of(6), -5)]
    stay = {"entered_on": day_of(2), "left_on": day_of(5), "left_how": "removed", "changes": changes}
    moved = movements(frame([asset("a", 1_000, START, day_of(9), **stay)]), START, day_of(9))
    assert (moved.added.value, moved.paid.value, moved.removed.value) == (999, 10, 989)
    assert (moved.opening.value, moved.closing.value, moved.unexplained.value) == (0, 0, 0)
    assert [ref.id for ref in moved.paid.unfold()] == ["a/1"]
    assert {ref.id for ref in moved.removed.unfold()} == {"a", "a/0", "a/1"}


@unhurried
@given(assets(), DAYS, st.sampled_from(list(Basis)), st.sampled_from(["debtor", "region"]))
def test_concentration_is_that_of_the_members(plain: list[Plain], day: date, basis: Basis, side: str) -> None:
    found = concentration(frame(plain).on(day), side=side, basis=basis, top=2)
    weights: Counter[str] = Counter()
    for one in plain:
        if basis is Basis.OUTSTANDING and inside(one, day) and owed(one, day) > 0:
            weights[one[side] or UNKNOWN] += owed(one, day)
        elif basis is Basis.ORIGINAL and one["entered_on"] <= day:
            weights[one[side] or UNKNOWN] += one["amount"]
    total = sum(weights.values())
    ordered = sorted(weights, key=lambda member: (-weights[member], member))
    assert [(one.member, one.balance.value) for one in found.largest] == [(m, weights[m]) for m in ordered[:2]]
    assert (found.total.value, found.members.value) == (total, len(weights))
    assert found.hhi.value == quotient(sum(weight**2 for weight in weights.values()), total**2)
    assert found.top_share.value == quotient(sum(weights[m] for m in ordered[:2]), total)


@unhurried
@given(assets(), DAYS)
def test_every_distribution_has_each_asset_once(plain: list[Plain], day: date) -> None:
    pool = pool_of(frame(plain), day)
    metrics = Metrics(balance_edges=(10, 500), age_edges=(5,), term_edges=(1, 10), debtor_ratings={"d1": "A"})
    found = strata(pool.day, metrics)
    for name in found.__slots__:
        classes = getattr(found, name)
        assert sum(one.balance.value for one in classes) == pool.balance().value, name
        assert sum(one.count.value for one in classes) == pool.count().value, name
    held = [(one, owed(one, day)) for one in plain if inside(one, day) and owed(one, day) > 0]
    sizes = [
        sum(1 for _, amount in held if low <= amount < high) for low, high in ((0, 10), (10, 500), (500, 2 * LARGE))
    ]
    assert [one.count.value for one in found.size] == sizes
    by_rate = {one.label: one.balance.value for one in found.rate}
    assert by_rate == {
        label: sum(amount for one, amount in held if (one["rate"] or UNKNOWN) == label) for label in by_rate
    }
    stated = [(Decimal(one["rate"]), amount) for one, amount in held if one["rate"]]
    value = mean_rate(pool.day).value
    exact = sum(rate * amount for rate, amount in stated)
    assert value == (None if not stated else quotient(exact, sum(amount for _, amount in stated)))
    ratings = {one.label: one.count.value for one in found.rating}
    assert ratings.get("A", 0) == sum(1 for one, _ in held if one["debtor"] == "d1")


def test_the_largest_assets_and_what_is_too_small_to_list() -> None:
    day = date(2024, 6, 30)
    parts = {"a": 5_000, "b": 4_900, "c": 100}  # c is just 1 per cent
    pool = frame([asset(name, amount, START, day, guarantor="g", rate="0.05") for name, amount in parts.items()])
    found = largest_assets(pool.on(day), Metrics())
    assert [(one.asset, one.share.value) for one in found] == [("a", Decimal("0.5")), ("b", Decimal("0.49"))]
    assert (found[0].guarantor, found[0].rate, found[0].debtor_rating) == ("g", Decimal("0.05"), None)
    assert [one.asset for one in largest_assets(pool.on(day), Metrics(), top=1)] == ["a"]
    assert [ref.id for ref in found[1].balance.unfold()] == ["b"]


def test_sums_beyond_64_bits_are_exact() -> None:
    day = date(2024, 2, 1)
    due = day + timedelta(days=3_000)
    plain = [asset(f"A{number}", LARGE - number, START, due) for number in range(100)]
    pool = pool_of(frame(plain), day)
    weighted = sum((LARGE - number) * 3_000 for number in range(100))
    assert weighted > 2**63
    assert pool.wam().value == quotient(weighted, pool.balance().fen()) == Decimal(3_000)


def test_what_is_said_after_the_day_is_not_so_on_it() -> None:
    later = {"disputed": True, "disputed_on": day_of(9), "confirmed": True, "confirmed_on": day_of(5)}
    pool = frame([asset("a", 100, START, day_of(30), **later)])
    for day, disputed, confirmed in ((4, False, False), (5, False, True), (9, True, True)):
        [row] = pool.on(day_of(day)).frame.rows(named=True)
        assert (row["disputed"], row["confirmed"]) == (disputed, confirmed)
    [row] = pool.at_entry().rows(named=True)
    assert (row["disputed"], row["confirmed"], row["outstanding"]) == (False, False, 100)


def test_facts_chosen_in_other_words_are_equal_when_they_are_the_same() -> None:
    day = frame([asset("a", 100, START, day_of(30)), asset("b", 100, START, day_of(30))]).on(START)
    of_a = day.facts(OPEN & (pl.col("asset") == "a"))
    assert of_a == day.facts(pl.col("row") == 0)
    assert of_a != day.facts(pl.col("row") == 1)
    assert of_a != day.facts(OPEN)
    assert (len(of_a), bool(of_a), bool(day.facts(pl.col("row") > 9))) == (1, True, False)
    assert next(iter(of_a)) in of_a
    assert of_a.by_row() == {0: ("0:0:1",)}


def test_facts_chosen_by_groups_are_those_of_the_groups() -> None:
    day = frame([asset("a", 100, START, day_of(30), debtor="d1"), asset("b", 1, START, day_of(30), debtor="d2")]).on(
        START
    )
    facts = [
        grouped(day, [Affiliates(group="G", members=(member,))]).facts(pl.col("debtor_group") == "G")
        for member in ("d1", "d2", "d1")
    ]
    assert facts[0] != facts[1]
    assert facts[0] == facts[2]


def test_a_field_of_the_terms_is_a_column_of_the_pool() -> None:
    assert set(FIELDS) <= {*ASSETS, *DAY}


def test_classes_by_a_text_come_with_what_is_unknown() -> None:
    pool = frame([asset("a", 1, START, START, goods="steel"), asset("b", 3, START, START)])
    found = by_value("pool.goods", pool.on(START), "goods")
    assert [(one.label, one.balance.value) for one in found] == [(UNKNOWN, 3), ("steel", 1)]
    assert [[ref.id for ref in one.balance.unfold()] for one in found] == [["b"], ["a"]]


@pytest.mark.parametrize("column", ["goods", "debtor"])
def test_what_somebody_called_unknown_is_one_class_with_what_nobody_said(column: str) -> None:
    said = [asset("a", 5, START, START, **{column: UNKNOWN}), asset("b", 3, START, START, **{column: "x"})]
    nobody = [asset("c", 7, START, START)] if column == "goods" else []
    day = frame([*said, *nobody]).on(START)
    found = {one.label: one for one in by_value("pool.by", day, column)}
    assert {label: one.balance.value for label, one in found.items()} == {UNKNOWN: 5 + 7 * len(nobody), "x": 3}
    assert sum(one.balance.fen() for one in found.values()) == pool_of(day.pool, START).balance().value
    assert {ref.id for ref in found[UNKNOWN].balance.unfold()} == {"a", *(one["asset"] for one in nobody)}
    largest = concentration(day, side=column).largest
    assert {one.member: one.balance.value for one in largest} == {UNKNOWN: 5 + 7 * len(nobody), "x": 3}
    assert {ref.id for one in largest for ref in one.balance.unfold()} == set(day.frame["asset"])


def test_as_many_classes_as_assets_cost_no_more_than_the_assets() -> None:
    """A pass over the pool for each class would be so many passes as there are assets."""
    many = 50_000
    texts = [f"g{number}" for number in range(many)]
    plain = pl.DataFrame({"asset": texts, "goods": texts, "amount": [2] * many} | dict.fromkeys(DATES, [START] * many))
    day = PoolFrame(plan="P", height=1, assets=frame_of(ASSETS, plain)).on(START)
    began = process_time()
    found = by_value("pool.goods", day, "goods")
    assert process_time() - began < 5  # it takes one; pass by pass it took ten
    assert (len(found), found[0].label, found[0].count.value, found[0].balance.value) == (many, "g0", 1, 2)


@pytest.mark.parametrize("day", [START, day_of(10)])
def test_classes_take_their_lowest_value_and_not_the_next(day: date) -> None:
    pool: PoolFrame = frame([asset(f"A{days}", 1, START, day - timedelta(days=days)) for days in range(12)])
    found = buckets("x", pool.on(day), (1, 5, 10), "days_past_due", label=lambda low, high: f"{low}:{high}")
    counted: list[Any] = [(one.label, one.count.value) for one in found]
    assert counted == [("None:0", 1), ("1:4", 4), ("5:9", 5), ("10:None", 2)]

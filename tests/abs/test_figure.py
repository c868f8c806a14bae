"""A figure keeps its formula and its lineage, and cannot be put together wrongly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.errors import FigureMisuse
from abs.figure import (
    FactRef,
    Figure,
    Unit,
    computed_over,
    count_over,
    derived,
    difference_of,
    product_of,
    ratio_of,
    read_from,
    sum_of,
    sum_over,
)

AMOUNTS = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=40)


@dataclass(frozen=True)
class Line:
    """A row standing for one fact."""

    number: int
    amount: int

    def refs(self) -> Iterator[FactRef]:
        yield FactRef(table="line", id=str(self.number), position=f"{self.number}:0:0")


def fen(name: str, value: int, *, height: int = 7) -> Figure:
    ref = FactRef(table="t", id=name, position=f"{value % 9}:0:0")
    return read_from(name, value, Unit.FEN, formula=f"t.{name}", height=height, facts=[ref])


@given(AMOUNTS)
def test_a_sum_of_figures_equals_the_sum_over_the_rows_and_unfolds_to_the_same_facts(amounts: list[int]) -> None:
    rows = tuple(Line(number, amount) for number, amount in enumerate(amounts))
    whole = sum_over("whole", rows, lambda row: row.amount, formula="sum", height=7)
    parts = [sum_over("part", (row,), lambda line: line.amount, formula="sum", height=7) for row in rows]
    assert sum_of("again", parts).value == whole.value == sum(amounts)
    assert list(sum_of("again", parts).unfold()) == list(whole.unfold())
    assert len(list(whole.unfold())) == len(rows)


@given(AMOUNTS, st.integers(-(10**6), 10**6))
def test_a_difference_takes_back_what_a_sum_added(amounts: list[int], first: int) -> None:
    parts = [fen(f"p{number}", amount) for number, amount in enumerate(amounts)]
    total = sum_of("total", [fen("first", first), *parts])
    assert difference_of("back", total, *parts).value == first


def test_a_fact_under_two_branches_is_unfolded_once_in_order() -> None:
    one, two = fen("one", 1), fen("two", 2)
    top = sum_of("top", [difference_of("d", two, one), one, two])
    assert [ref.id for ref in top.unfold()] == ["two", "one"]
    assert top.positions() == ("1:0:0", "2:0:0")


def test_positions_are_in_ledger_order_not_in_text_order() -> None:
    rows = (Line(10, 1), Line(9, 1))
    assert sum_over("s", rows, lambda row: row.amount, formula="sum", height=10).positions() == ("9:0:0", "10:0:0")


def test_a_figure_over_ten_thousand_facts_keeps_rows_not_references() -> None:
    made = 0

    class Counted(Line):
        def refs(self) -> Iterator[FactRef]:
            nonlocal made
            made += 1
            yield from super().refs()

    rows = tuple(Counted(number, 1) for number in range(10_000))
    total = sum_over("total", rows, lambda row: row.amount, formula="sum", height=1)
    share = ratio_of("share", total, sum_of("twice", [total, total]))
    assert (made, share.value) == (0, Decimal("0.5"))
    assert sum(1 for _ in share.unfold()) == 10_000


def test_figures_are_values() -> None:
    rows = (Line(1, 5),)
    one = sum_over("s", rows, lambda row: row.amount, formula="sum", height=1)
    same = sum_over("s", (Line(1, 5),), lambda row: row.amount, formula="sum", height=1)
    assert one == same
    assert hash(one) == hash(same)
    assert len({one, same, count_over("s", rows, formula="n", height=1)}) == 2
    with pytest.raises(AttributeError):
        one.value = 6  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: sum_of("s", []),
        lambda: sum_of("s", [fen("a", 1), fen("b", 1, height=8)]),
        lambda: difference_of("d", fen("a", 1), count_over("n", (), formula="n", height=7)),
        lambda: ratio_of("r", fen("a", 1), fen("b", 1, height=8)),
        lambda: read_from("a", date(2024, 1, 1), Unit.DATE, formula="t.a", height=7, facts=[]).number(),
        lambda: computed_over("r", (), Decimal(1), Unit.RATIO, formula="x", height=7).fen(),
    ],
)
def test_figures_that_do_not_belong_together_are_refused(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(FigureMisuse):
        wrong()


def test_a_sum_of_nothing_is_nought_at_a_stated_height() -> None:
    assert sum_of("s", [], height=3) == Figure(name="s", value=0, unit=Unit.FEN, formula="0", height=3)


def test_a_ratio_over_nought_is_undefined_and_stays_so() -> None:
    nothing = ratio_of("r", fen("a", 5), fen("b", 0))
    assert (nothing.value, nothing.text()) == (None, "—")
    assert derived("d", [nothing], lambda value: value * 2, Unit.RATIO, formula="2r").value is None
    with pytest.raises(FigureMisuse):
        nothing.number()


def test_display_is_apart_from_the_value() -> None:
    share = ratio_of("r", fen("a", 1), fen("b", 3))
    assert share.text() == "33.33%"
    assert share.text(4) == "33.3333%"
    assert str(share.value).startswith("0.33333333333333333333")
    assert fen("a", 123456).text() == "1,234.56"
    per_unit = product_of("p", share, fen("a", 10000), Unit.FEN)
    assert per_unit.text(4) == "33.3333"
    assert read_from("n", 12345, Unit.COUNT, formula="n", height=1, facts=[]).text() == "12,345"
    assert read_from("n", date(2024, 1, 2), Unit.DATE, formula="n", height=1, facts=[]).text() == "2024-01-02"


def test_json_unfolds_to_the_depth_asked_for() -> None:
    share = ratio_of("r", fen("a", 1), fen("b", 4))
    flat = share.as_json()
    assert flat == {
        "name": "r", "value": "0.25", "text": "25.00%", "unit": "ratio", "formula": "a / b", "height": 7,
    }  # fmt: skip
    deep = json.loads(json.dumps(share.as_json(depth=2)))
    assert [inner["facts"][0]["id"] for inner in deep["inputs"]] == ["a", "b"]
    assert "facts" not in share.as_json(depth=1)["inputs"][0]  # type: ignore[index]


def test_a_notebook_shows_value_formula_and_inputs_and_nothing_of_html_in_them() -> None:
    part = Figure(name="<b>part</b>", value=1_00, unit=Unit.FEN, formula="1 & 1", height=7)
    shown = ratio_of("share", part, part)._repr_html_()
    assert "100.00%" in shown
    assert "&lt;b&gt;part&lt;/b&gt;" in shown
    assert "1 &amp; 1" in shown
    assert "<b>" not in shown

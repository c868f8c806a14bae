"""What a table asks for, and what a browser cannot make it ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.pool import pool_of
from dashboards.paged_table import Cell, Column, PagedTable, TableRow
from dashboards.paging import MAX_SEARCH, PAGE_SIZES, Page, PageQuery
from dashboards.pool_rows import PoolRows
from dashboards.texts import Language
from tests.support.pool_frames import Plain, frame
from tests.support.pool_frames import asset as plain

START = PageQuery(sort="asset", size=10)
SORTABLE = frozenset({"asset", "amount", "outstanding", "due", "days_past_due", "debtor", "creditor"})
DAY = date(2024, 6, 30)


def asset(at: int, *, amount: int = 100, due: date = DAY, debtor: str = "d1") -> Plain:
    numbers = (f"INV{at:05d}", f"EXTRA_{at}%")
    more = {"creditor": "s1", "debtor": debtor, "numbers": numbers}
    return plain(f"AR-{at:03d}", amount, date(2024, 1, 1), due, **more)


def pool(*assets: Plain) -> PoolRows:
    return PoolRows(pool_of(frame(assets), DAY).listed(), {"d1": "上海海川贸易有限公司", "s1": "Supplier ONE"})


def ids(page: Page[Any]) -> list[str]:
    return [row.asset for row in page.rows]


def test_a_page_holds_its_size_and_knows_the_total() -> None:
    rows = pool(*(asset(at) for at in range(25)))
    assert ids(rows.page(replace(START, page=2))) == [f"AR-{at:03d}" for at in range(20, 25)]
    assert rows.page(START).total == 25
    assert rows.page(START).pages == 3
    assert rows.page(replace(START, page=99)).rows == ()


@pytest.mark.parametrize("column", sorted(SORTABLE))
@pytest.mark.parametrize("descending", [False, True])
def test_order_is_that_of_the_column_over_all_pages(column: str, descending: bool) -> None:
    assets = [
        asset(at, amount=at * 37 % 11, due=date(2024, 6, 1 + at * 7 % 29), debtor=f"d{at % 3}") for at in range(30)
    ]
    rows = pool(*assets)
    query = replace(START, sort=column, descending=descending)
    found = [row for page in range(3) for row in rows.page(replace(query, page=page)).rows]
    assert len({row.asset for row in found}) == 30
    for one, two in pairwise(getattr(row, column) for row in found):
        assert one >= two if descending else one <= two


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("AR-007", ["AR-007"]),
        ("ar-007", ["AR-007"]),
        ("INV00007", ["AR-007"]),
        ("extra_7%", ["AR-007"]),
        ("海川", [f"AR-{at:03d}" for at in range(9)]),
        ("supplier one", [f"AR-{at:03d}" for at in range(9)]),
        ("%", [f"AR-{at:03d}" for at in range(9)]),
        ("_1%", ["AR-001"]),
        ("'; drop table asset; --", []),
    ],
)
def test_a_search_finds_text_and_nothing_is_a_wildcard(search: str, found: list[str]) -> None:
    rows = pool(*(asset(at) for at in range(9)))
    assert ids(rows.page(replace(START, search=search))) == found


def test_an_empty_pool_has_one_empty_page() -> None:
    page = pool().page(START)
    assert (page.rows, page.total, page.pages) == ((), 0, 1)


def test_what_is_paid_is_not_past_due() -> None:
    late = asset(1, due=date(2024, 6, 1))
    [row] = pool(late).page(START).rows
    assert (row.outstanding, row.days_past_due, row.debtor) == (100, 29, "上海海川贸易有限公司")
    assert row.invoices == ("INV00001", "EXTRA_1%")


def test_a_change_of_view_starts_on_the_first_page() -> None:
    third = replace(START, page=2)
    assert third.asked({"search": " x "}, sortable=SORTABLE) == replace(START, search="x")
    assert third.asked({"size": 50}, sortable=SORTABLE) == replace(START, size=50)
    assert third.asked({"sort": "due"}, sortable=SORTABLE) == replace(START, sort="due")
    assert third.asked({"sort": "asset"}, sortable=SORTABLE) == replace(START, descending=True)
    assert third.asked({"search": "a\x00b\ud800\n"}, sortable=SORTABLE) == replace(START, search="ab")
    assert third.asked({"page": 4}, sortable=SORTABLE) == replace(START, page=4)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["page", "size", "sort", "search", "x"]), inner),
    max_leaves=6,
)


@given(JSON)
def test_whatever_a_browser_sends_the_query_stays_within_bounds(request_: Any) -> None:
    query = START.asked(request_, sortable=SORTABLE)
    assert query.size in PAGE_SIZES
    assert query.sort in SORTABLE
    assert type(query.page) is int
    assert query.page >= 0
    assert len(query.search) <= MAX_SEARCH


def table(fetch: Any) -> PagedTable[str]:
    return PagedTable(
        [Column(name="asset", title="column_asset"), Column(name="due", title="column_due", sortable=False)],
        fetch,
        lambda row: TableRow(id=row, cells=(Cell(text=row), Cell(text="—", tone="muted"))),
        query=START,
        language=Language.ZH,
    )


def numbered(query: PageQuery) -> Page[str]:
    rows = [f"r{at}" for at in range(35) if query.search in f"r{at}"]
    return Page(rows=tuple(rows[query.page * query.size :][: query.size]), total=len(rows), query=query)


def test_a_table_holds_one_page_and_shows_what_was_asked() -> None:
    shown = table(numbered)
    shown.refresh()
    assert [row["id"] for row in shown.view.rows] == [f"r{at}" for at in range(10)]
    assert shown.view.labels["status"] == "第 1–10 笔，共 35 笔"
    before = shown.view.version
    shown.answer({"page": 3})
    assert [row["id"] for row in shown.view.rows] == [f"r{at}" for at in range(30, 35)]
    assert shown.view.version == before + 1
    shown.speak(Language.EN)
    shown.answer({"search": "r3"})
    assert shown.view.labels["status"] == "1–6 of 6"
    assert shown.view.page == 0


def test_a_page_beyond_the_last_shows_the_last() -> None:
    shown = table(numbered)
    shown.answer({"page": 1_000_000})
    assert shown.query.page == 3
    assert [row["id"] for row in shown.view.rows] == [f"r{at}" for at in range(30, 35)]


def test_only_a_row_on_the_screen_can_be_chosen() -> None:
    shown = table(numbered)
    shown.refresh()
    shown.answer({"selected": "r34"})
    assert shown.selected == ""
    shown.answer({"selected": "r3"})
    assert shown.selected == shown.view.selected == "r3"


def test_a_column_that_is_not_sortable_is_never_sorted_by() -> None:
    shown = table(numbered)
    shown.answer({"sort": "due"})
    shown.answer({"sort": "asset; drop table"})
    assert shown.query == START


def test_a_table_whose_source_fails_is_not_left_busy() -> None:
    def fail(_: PageQuery) -> Page[str]:
        raise OSError("gone")

    shown = table(fail)
    with pytest.raises(OSError, match="gone"):
        shown.refresh()
    assert not shown.view.busy

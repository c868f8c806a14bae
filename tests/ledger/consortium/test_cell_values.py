"""Cells are read exactly or refused with a cause: money to the fen, days by the stated formats, names safe to print."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.consortium.values import MAX_FEN, BadCell, day, fen, flag, half_up, identifier, name

ISO = ("%Y-%m-%d",)
amounts = st.integers(-MAX_FEN + 1, MAX_FEN - 1)


def written(value):
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"


@given(amounts)
def test_money_is_exact_to_the_fen(value):
    assert fen(written(value)) == value


@given(st.integers(1 - 10**12, 10**12 - 1))
def test_money_kept_as_a_number_is_exact(value):
    """As a spreadsheet keeps it: a double, written with as few digits as name it."""
    assert fen(value / 100) == value
    assert fen(value) == 100 * value


@given(amounts)
def test_grouped_money_is_exact(value):
    grouped = f"{'-' if value < 0 else ''}{abs(value) // 100:,}.{abs(value) % 100:02d}"
    assert fen(grouped, ".", ",") == value
    assert fen(grouped.translate(str.maketrans(",.", ".,")), ",", ".") == value


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_a_fraction_of_a_fen_is_refused_never_rounded(value):
    text = f"{value:f}"
    if value * 100 == (value * 100).to_integral_value():
        assert fen(text) == int(value * 100)
    else:
        with pytest.raises(BadCell) as refused:
            fen(text)
        assert refused.value.code == "fraction-of-fen"


@given(st.text(max_size=12) | st.floats() | st.booleans() | st.none() | st.datetimes() | st.times())
def test_any_cell_gives_money_or_a_cause(cell):
    try:
        value = fen(cell, ".", ",")
    except BadCell:
        pass
    else:
        assert isinstance(value, int)
        assert abs(value) < MAX_FEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1e3",
        "+5",
        "1_000",
        "０.5",
        "٣",
        "5.",
        ".5",
        "--5",
        "NaN",
        "Infinity",
        "5,00",
        "1 000",
        "$5",
        "0x10",
        "5\x00",
        "1." + 13 * "0",
        "123456789012." + 17 * "0" + "1",
    ],
)
def test_what_python_would_read_as_money_is_refused(text):
    with pytest.raises(BadCell):
        fen(text)


@pytest.mark.parametrize("text", ["1,23", "12,34,567.00", "1234,567.00", "1,234.5,6", ",123"])
def test_thousands_stand_in_threes(text):
    with pytest.raises(BadCell):
        fen(text, ".", ",")


@pytest.mark.parametrize("text", ["$1,234.00", "ten, or so", "(1,234.00)"])
def test_what_is_no_amount_is_not_called_badly_grouped(text):
    with pytest.raises(BadCell) as refused:
        fen(text, ".", ",")
    assert refused.value.cause.endswith("is not an amount")


@pytest.mark.parametrize("text", ["¥1,234.50", "￥ 1,234.50", " ¥1234.5 "])
def test_a_sign_for_yuan_may_stand_before_an_amount(text):
    assert fen(text, ".", ",") == 123_450
    with pytest.raises(BadCell):
        fen(f"¥{text.strip()}", ".", ",")


def test_too_much_money_is_a_typing_error():
    with pytest.raises(BadCell) as refused:
        fen(str(MAX_FEN // 100))
    assert refused.value.code == "amount-too-large"


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_a_day_is_read_as_written(value):
    assert day(value.isoformat(), ISO) == value
    assert day(f"{value.month}/{value.day}/{value.year}", ("%m/%d/%Y",)) == value
    assert day(datetime.combine(value, time()), ISO) == value
    assert day(f"{value} 00:00:00.000000000", ("%Y-%m-%d 00:00:00.000000000",)) == value


@given(st.text(max_size=14) | st.floats() | st.integers() | st.none() | st.datetimes() | st.dates())
def test_any_cell_gives_a_day_or_a_cause(cell):
    try:
        value = day(cell, (*ISO, "%m/%d/%Y"))
    except BadCell:
        pass
    else:
        assert date(1990, 1, 1) <= value < date(2100, 1, 1)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-02-30",
        "2024-13-01",
        "24-01-01",
        "２０２４-01-01",
        "2024-01-01 08:00",
        "1989-12-31",
        "2100-01-01",
        45000,
        45000.5,
    ],
)
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(BadCell) as refused:
        day(cell, ISO)
    assert refused.value.code == "not-a-date"


@pytest.mark.parametrize("cell", [datetime(2024, 1, 1, 8, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 1)])  # noqa: DTZ001
def test_a_time_of_day_is_not_dropped(cell):
    with pytest.raises(BadCell, match="time"):
        day(cell, ISO)


def test_a_day_that_reads_two_ways_is_refused():
    assert day("5/5/2024", ("%d/%m/%Y", "%m/%d/%Y")) == date(2024, 5, 5)
    with pytest.raises(BadCell, match="different day"):
        day("5/6/2024", ("%d/%m/%Y", "%m/%d/%Y"))


def test_chinese_dates_are_formats_like_others():
    assert day("2024年3月5日", ("%Y年%m月%d日",)) == date(2024, 3, 5)


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@sum", "a\x00b", "a\nb", "a\u202eb", "a\ud800b", "x" * 201])
def test_names_that_do_harm_are_refused(text):
    with pytest.raises(BadCell):
        name(text)


def test_names_lose_the_space_around_them():
    assert name(" AM ") == "AM"
    assert name(None) == ""
    assert identifier("2960623488.0", ".0") == identifier(2960623488.0) == "2960623488"


@pytest.mark.parametrize("cell", [24312000000010000047, 2.4312e19, 1.5, True, "", None, "x" * 61])
def test_what_names_nothing_is_refused(cell):
    """A number of twenty digits has been rounded by the spreadsheet: it is not the invoice's number any more."""
    with pytest.raises(BadCell):
        identifier(cell)


def test_yes_and_no_are_the_maps_words():
    assert flag("是", ("是",), ("否",)) is True
    assert flag(None, ("Yes",), ("No", "")) is False
    with pytest.raises(BadCell):
        flag("perhaps", ("Yes",), ("No",))


def test_halves_go_away_from_zero():
    assert [half_up(Decimal(text)) for text in ("0.5", "1.5", "2.4", "2.5")] == [1, 2, 2, 3]

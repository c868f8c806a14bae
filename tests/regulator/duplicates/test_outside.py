"""A list against itself: what is one invoice is found by the rule that says so, and what recurs is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulator.outside import Checked, check, guess, packaged_map
from tests.benchmarks.outside import PLANTED, planted
from tests.support.surroundings import oracle

HEADING = "vendor,invoice number,date,amount"


def listed(folder: Path, *rows: str, heading: str = HEADING) -> Checked:
    file = folder / "list.csv"
    file.write_text("\n".join((heading, *rows)) + "\n", encoding="utf-8")
    return check(file, guess(file))


def matches(checked: Checked) -> list[tuple[str, tuple[str, ...], tuple[int, ...]]]:
    return [(group.match, group.reasons, group.lines) for group in checked.alerts]


@pytest.mark.parametrize(
    ("one", "other", "match", "reasons"),
    [
        ("060729074001", "060729074001", "exact", ("same",)),
        ("060729074001", "060729074/001", "format", ("separators",)),
        ("060729074001", " 060729074 001", "format", ("separators",)),
        ("ab-77120", "AB77120", "format", ("separators",)),
        ("０６０７２９", "060729", "format", ("separators",)),
        ("00771204", "771204", "format", ("zeros",)),
        ("2023-0015", "2023-15", "format", ("zeros_of_parts",)),
        ("AO77120", "A077120", "format", ("look_alike",)),
        ("ВС77120", "BC77120", "format", ("look_alike",)),
        ("INV771204", "771204", "format", ("affix",)),
        ("771204A", "771204", "format", ("affix",)),
        ("7712049", "7712949", "near", ("edit",)),
        ("7712049", "77120490", "near", ("edit",)),
        ("7712049", "7172049", "near", ("swap",)),
    ],
)
def test_one_invoice_under_two_spellings(
    tmp_path: Path, one: str, other: str, match: str, reasons: tuple[str, ...]
) -> None:
    checked = listed(tmp_path, f"A Ltd,{one},2024-03-05,1234.56", f"A Ltd,{other},2024-03-05,1234.56")
    assert matches(checked) == [(match, reasons, (2, 3))]
    elsewhere = listed(tmp_path, f"A Ltd,{one},2024-03-05,1234.56", f"B Ltd,{other},2024-03-05,1234.56")
    assert not elsewhere.alerts


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        ("A Ltd,7712049,2024-03-05,9934.56", ("same", "amount")),
        ("A Ltd,7712049,2024-04-19,1234.56", ("same", "date")),
        ("A Ltd,77-12049,2024-03-06,1299.00", ("separators", "amount", "date")),
    ],
)
def test_an_altered_invoice(tmp_path: Path, other: str, reasons: tuple[str, ...]) -> None:
    checked = listed(tmp_path, "A Ltd,7712049,2024-03-05,1234.56", other)
    assert matches(checked) == [("altered", reasons, (2, 3))]


def test_a_number_of_20_digits_is_one_invoice_whoever_shows_it(tmp_path: Path) -> None:
    number = "24442000000010000043"
    checked = listed(tmp_path, f"A Ltd,{number},2024-03-05,10.00", f"B Ltd,{number},2024-03-05,10.00")
    assert matches(checked) == [("altered", ("same", "party"), (2, 3))]


MONTHS = [f"2024-{month:02d}-05" for month in range(1, 13)]


@pytest.mark.parametrize(
    ("rows", "usual"),
    [
        ([f"A Ltd,{77120 + at},{day},800.00" for at, day in enumerate(MONTHS)], "recurring"),
        ([f"A Ltd,{77120 + at},2024-03-{1 + at // 3:02d},800.00" for at in range(30)], "recurring"),
        ([f"A Ltd,0600{7310 + 10 * at}/001,2024-03-{1 + 4 * at:02d},800.00" for at in range(6)], "recurring"),
        ([f"A Ltd,0600{7310 + 10 * at}001,2024-03-{1 + 4 * at:02d},800.00" for at in range(6)], "recurring"),
        (["A Ltd,060731/001,2024-03-05,80.00", "A Ltd,060732/001,2024-03-08,80.00"], "recurring"),
        ([f"A Ltd,998877,{day},{800 + at}.00" for at, day in enumerate(MONTHS)], "reference"),
        ([f"A Ltd,998877,2024-03-05,{800 + at}.00" for at in range(4)], "lines"),
        (["A Ltd,998877,2024-03-05,80.00", "A Ltd,998877,2024-03-05,-80.00"], "corrected"),
        (["A Ltd,N/A,2024-03-05,80.00", "A Ltd,N/A,2024-03-05,80.00"], "unnumbered"),
        ([f"A Ltd,{shop}{77120 + at},2024-03-{1 + at:02d},800.00" for at in range(9) for shop in (1, 2)], "recurring"),
        (["A Ltd,0017,2023-01-05,80.00", "A Ltd,0017,2024-01-07,91.00"], None),
        (["A Ltd,7712049,2024-03-05,80.00", "A Ltd,7712050,2024-03-05,80.00"], None),
        (["A Ltd,7712049,2024-03-05,83.17", "A Ltd,5500120,2024-03-08,83.17"], "recurring"),
    ],
)
def test_what_is_usual_raises_no_alarm(tmp_path: Path, rows: list[str], usual: str | None) -> None:
    checked = listed(tmp_path, *rows)
    assert matches(checked) == []
    assert checked.clean
    if usual is not None:
        assert checked.usual.get(usual)


def test_a_correction_hides_no_second_copy(tmp_path: Path) -> None:
    rows = [f"A Ltd,998877,2024-03-05,{amount}" for amount in ("80.00", "-80.00", "80.00", "80.00")]
    assert matches(listed(tmp_path, *rows)) == [("exact", ("same",), (4, 5))]


def test_one_amount_and_day_under_another_number_is_a_lead(tmp_path: Path) -> None:
    checked = listed(tmp_path, "A Ltd,7712049,2024-03-05,83.17", "A Ltd,5500120,2024-03-05,83.17")
    assert [(group.match, group.alert) for group in checked.groups] == [("renumbered", False)]
    assert checked.clean


def test_many_copies_are_one_group(tmp_path: Path) -> None:
    numbers = ("7712049", "77-12049", "07712049", "INV7712049", "7712949")
    checked = listed(tmp_path, *(f"A Ltd,{number},2024-03-05,83.17" for number in numbers))
    assert [group.lines for group in checked.groups] == [(2, 3, 4, 5, 6)]
    assert set(checked.frame["match"]) == {"format", "near"}
    assert set(checked.frame["group"]) == {1}


def test_numbers_of_paper_invoices_are_within_their_code(tmp_path: Path) -> None:
    heading = "vendor,code,invoice number,date,amount".replace("code", "invoice code")
    rows = ["A Ltd,3100201130,00771204,2024-03-05,83.17", "A Ltd,3100201131,00771204,2024-03-05,83.17"]
    assert not listed(tmp_path, *rows, heading=heading).alerts
    without = "A Ltd,,00771204,2024-03-05,83.17"
    assert matches(listed(tmp_path, rows[0], without, heading=heading)) == [("exact", ("same",), (2, 3))]


@pytest.mark.parametrize("seed", [89545, 858075])
def test_planted_copies_are_found_among_bills_that_recur(tmp_path: Path, seed: int) -> None:
    made = planted(12_000, seed, share=0.01)
    made.write(tmp_path / "payables.csv")
    checked = check(tmp_path / "payables.csv", guess(tmp_path / "payables.csv"))
    groups = {line: group for group in checked.alerts for line in group.lines}
    hit = {kind: [0, 0] for kind in PLANTED}
    for kind, one, other in made.planted:
        group = groups.get(other)
        hit[kind][group is not None and one in group.lines] += 1
    for kind, (missed, found) in hit.items():
        least = 0.5 if kind.startswith("near") else 0.9  # an edit in the last two digits is a series' next number
        assert found >= least * (missed + found), (seed, kind, missed, found)
    copies = {line for _, _, line in made.planted}
    odd = [group for group in checked.alerts if copies.isdisjoint(group.lines)]
    assert len(odd) <= 1, (seed, odd)


@pytest.mark.oracle
def test_a_published_ledger_of_settled_invoices_holds_none_twice() -> None:
    checked = check(oracle("receivables/ibm_accounts_receivable.csv"), packaged_map("ibm"))
    assert (checked.rows, checked.unread, checked.groups) == (2_466, (), ())


@pytest.mark.oracle
def test_a_published_ledger_of_open_invoices() -> None:
    """717 rows recur. 13 pairs of one customer, day and odd amount under other numbers are leads; in one pair a single
    digit tells two numbers apart, 4,000 numbers and a day from each other: nobody could say whose error that is."""
    checked = check(oracle("receivables/highradius_open_invoices.csv"), packaged_map("highradius"))
    assert (checked.rows, checked.unread) == (9_681, ())
    assert matches(checked) == [("near", ("edit", "date"), (1_200, 4_507))]
    assert [group.match for group in checked.groups if not group.alert] == ["renumbered"] * 13
    assert checked.usual == {"recurring": 717}

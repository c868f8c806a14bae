"""The catalogue of rules: it reads whole or not at all, cites every item, and its deadlines hold over the holidays."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.calendars import calendar
from disclosure.catalogue import catalogue, deadline, exempt_from_annual, trading_days_between, working_days
from disclosure.catalogue.load import VENUES, read
from disclosure.catalogue.values import Mark, Unit
from disclosure.errors import CatalogueDamaged, UnknownDeadline

KNOWN = st.dates(min_value=date(2015, 1, 1), max_value=date(2026, 10, 31))
LAST_QUARTER = date(2026, 10, 1)
"""From here on, the next quarter's trading days are not announced."""


def texts() -> dict[str, str]:
    folder = resources.files("disclosure.catalogue") / "rules"
    return {one.name.removesuffix(".toml"): one.read_text(encoding="utf-8") for one in folder.iterdir()}


@pytest.mark.parametrize(
    ("duty", "venue", "on", "by"),
    [
        # SSE. The National Day holiday of 2025 closes it from 1 to 8 October; Sunday 28 September is worked.
        ("distribution_report", "SSE", "2025-10-09", "2025-09-24"),  # 30, 29, 26, 25, 24 September
        # The Spring Festival of 2025 closes it from 28 January to 4 February; 26 January, a Sunday, is worked.
        ("ad_hoc_report", "SSE", "2025-01-27", "2025-02-06"),  # 5, 6 February
        ("revolving_notice_combined", "SSE", "2025-08-01", "2025-10-22"),  # 9, 10, 13-17, 20-22 October
        ("holders_meeting_resolution", "SSE", "2025-09-30", "2025-10-09"),
        ("annual_report", "SSE", "2025-12-31", "2026-04-30"),
        ("rating_report", "SSE", "2025-12-31", "2026-06-30"),
        ("risk_class_return", "SSE", "2025-12-03", "2026-02-28"),
        ("repayment_funds_return", "SSE", "2026-01-15", "2025-12-20"),
        # SZSE
        ("distribution_report", "SZSE", "2025-10-09", "2025-09-26"),  # 30, 29, 26 September
        ("liquidation_report", "SZSE", "2025-01-27", "2025-02-18"),  # 5-7, 10-14, 17, 18 February
        ("ad_hoc_report", "SZSE", "2024-09-30", "2024-10-09"),  # 8, 9 October: closed from 1 to 7
        # Labour Day of 2025 closes from 1 to 5 May; Sunday 27 April is worked, and no trading day.
        ("funds_in_place", "SSE", "2025-05-06", "2025-04-24"),  # 30, 29, 28, 25, 24 April
        ("distribution_report", "SZSE", "2025-05-06", "2025-04-28"),  # 30, 29, 28 April
        ("distribution_report", "CSRC", "2025-05-06", "2025-04-29"),  # 30, 29 April
        ("revolving_notice", "SZSE", "2025-04-30", "2025-05-07"),  # 6, 7 May
        ("holders_meeting_notice", "SSE", "2025-02-05", "2025-01-14"),  # 27, 24-20, 17-14 January
        ("liquidation_report", "SSE", "2025-01-24", "2025-02-17"),  # 27 January, 5-7, 10-14, 17 February
        # CSRC and AMAC: working days, which worked weekends are
        ("liquidation_report", "CSRC", "2025-01-24", "2025-02-13"),  # 26 (Sunday), 27 January, 5-8, 10-13 February
        ("ad_hoc_report", "NAFMII", "2025-09-30", "2025-10-10"),  # 9, 10 October
        ("distribution_report", "CSRC", "2025-10-09", "2025-09-29"),  # 30, 29 September: trading days
        ("ad_hoc_report", "CSRC", "2025-01-24", "2025-01-27"),  # Sunday 26, Monday 27 January
        ("amac_copy", "SSE", "2025-09-26", "2025-10-10"),  # Sunday 28, 29, 30 September, 9, 10 October
        ("working_papers", "CSRC", "2025-06-30", "2035-06-30"),
        ("working_papers", "SSE", "2025-06-30", "2030-06-30"),
    ],
)
def test_deadlines_reckoned_by_hand(duty: str, venue: str, on: str, by: str) -> None:
    assert deadline(duty, venue, date.fromisoformat(on)) == date.fromisoformat(by)


BEFORE, AFTER, WORKING = Unit.TRADING_DAYS_BEFORE, Unit.TRADING_DAYS_AFTER, Unit.WORKING_DAYS_AFTER
STATED = {
    "distribution_report": {"SSE": (BEFORE, 5), "SZSE": (BEFORE, 3), "CSRC": (BEFORE, 2)},
    "ad_hoc_report": {"SSE": (AFTER, 2), "SZSE": (AFTER, 2), "CSRC": (WORKING, 2), "NAFMII": (WORKING, 2)},
    "ad_hoc_progress": {"SSE": (AFTER, 2), "SZSE": (AFTER, 2)},
    "tell_manager": {"SSE": (AFTER, 2), "SZSE": (AFTER, 2)},
    "revolving_notice": {"SSE": (AFTER, 2), "SZSE": (AFTER, 2)},
    "revolving_notice_combined": {"SSE": (Unit.NEXT_QUARTER, 10), "SZSE": (Unit.NEXT_QUARTER, 10)},
    "revolving_adjustment": {"SSE": (AFTER, 2), "SZSE": (AFTER, 2)},
    "liquidation_report": {"SSE": (AFTER, 10), "SZSE": (AFTER, 10), "CSRC": (WORKING, 10)},
    "holders_meeting_notice": {"SSE": (BEFORE, 10), "SZSE": (BEFORE, 10)},
    "holders_meeting_resolution": {"SSE": (AFTER, 1), "SZSE": (AFTER, 1)},
    "holders_meeting_reply": {"SSE": (AFTER, 5), "SZSE": (AFTER, 5)},
    "holders_meeting_held": {"SSE": (AFTER, 15), "SZSE": (AFTER, 15)},
    "postponed_disclosure": {"SSE": (Unit.MONTHS_AFTER, 2)},
    "amac_copy": {"CSRC": (WORKING, 5)},
    "funds_in_place": {"SSE": (BEFORE, 5), "SZSE": (BEFORE, 5)},
    "risk_report": {"SSE": (AFTER, 5), "SZSE": (AFTER, 5)},
    "risk_team": {"SSE": (AFTER, 3), "SZSE": (AFTER, 3)},
    "risk_plan": {"SSE": (AFTER, 5), "SZSE": (AFTER, 5)},
    "working_papers": {"SSE": (Unit.YEARS_AFTER, 5), "CSRC": (Unit.YEARS_AFTER, 10)},
}
"""The calendar of the design's disclosure.md, sections 1 and 5.3, written out by hand."""


@pytest.mark.parametrize("duty", STATED)
def test_the_catalogue_states_the_calendar_of_the_design(duty: str) -> None:
    known = {venue: (one.unit, one.count) for venue, one in catalogue().duties[duty].deadlines.items()}
    assert {venue: known[venue] for venue in known if venue != "BJS"} == STATED[duty]


@given(on=KNOWN, venue=st.sampled_from(["SSE", "SZSE"]))
@settings(max_examples=200)
def test_trading_day_deadlines_are_trading_days_so_far_away(on: date, venue: str) -> None:
    exchange = calendar("XSHG")
    for duty in catalogue().duties.values():
        rule = duty.at(venue)
        if rule is None or rule.unit not in (Unit.TRADING_DAYS_BEFORE, Unit.TRADING_DAYS_AFTER):
            continue
        by = deadline(duty, venue, on)
        assert exchange.open(by)
        assert not (by.weekday() >= 5), "a worked weekend is no trading day"
        if rule.unit is Unit.TRADING_DAYS_AFTER:
            assert trading_days_between(on, by) == rule.count
            assert trading_days_between(on, by - timedelta(days=1)) == rule.count - 1
        else:
            assert sum(exchange.open(by + timedelta(days=n)) for n in range((on - by).days)) == rule.count


@given(on=st.dates(min_value=date(2024, 1, 1), max_value=date(2026, 10, 31)))
def test_working_days_come_no_later_than_trading_days(on: date) -> None:
    assert deadline("amac_copy", "SSE", on) <= deadline("risk_report", "SSE", on), "both are five days"
    assert not exchange_only(on) or working_days(on)


def exchange_only(day: date) -> bool:
    return calendar("XSHG").open(day)


@given(on=KNOWN.filter(lambda day: day < LAST_QUARTER))
def test_the_combined_notice_is_due_in_the_next_quarter(on: date) -> None:
    by = deadline("revolving_notice_combined", "SSE", on)
    assert (by.year * 4 + (by.month - 1) // 3) - (on.year * 4 + (on.month - 1) // 3) == 1
    first = date(by.year, by.month - (by.month - 1) % 3, 1)
    assert trading_days_between(first - timedelta(days=1), by) == 10


def test_beyond_the_announced_calendar_nothing_is_guessed() -> None:
    last = calendar("XSHG").last
    with pytest.raises(UnknownDeadline) as refused:
        deadline("ad_hoc_report", "SSE", last)
    assert refused.value.code == "calendar-unknown"
    assert str(last) in refused.value.message
    assert deadline("annual_report", "SSE", last) == date(last.year + 1, 4, 30), "a day of the year needs no calendar"
    with pytest.raises(UnknownDeadline) as unknown:
        deadline("amac_copy", "SSE", date(2023, 9, 27))
    assert "2023" in unknown.value.message


def test_no_deadline_is_made_up() -> None:
    for duty, venue in (("nothing", "SSE"), ("annual_report", "NAFMII"), ("distribution_report", "BJS")):
        with pytest.raises(UnknownDeadline) as refused:
            deadline(duty, venue, date(2025, 1, 1))
        assert refused.value.code == "no-deadline"


def test_young_and_ended_plans_have_no_annual_report() -> None:
    due = date(2026, 4, 30)
    assert exempt_from_annual(date(2025, 11, 1), 2025, None, due)
    assert not exempt_from_annual(date(2025, 10, 31), 2025, None, due)
    assert exempt_from_annual(date(2024, 1, 1), 2025, date(2026, 4, 29), due)
    assert not exempt_from_annual(date(2024, 1, 1), 2025, date(2026, 4, 30), due)


def test_every_item_cites_a_text_that_is_listed() -> None:
    found = catalogue()
    assert set(found.triggers) == {f"T{n:02}" for n in range(1, 27)} - {"T10", "T19", "T20"}
    for trigger in found.triggers.values():
        assert {"SSE", "SZSE"} <= trigger.articles.keys()
        assert trigger.states
    assert all(url.startswith("http") for one in found.sources.values() if (url := one.url))
    assert set(found.classes) == {"normal", "attention", "focus", "risk", "default"}
    assert found.share("asset_loss_step") == found.share("trigger_near")


def test_what_no_text_gives_is_a_setting_and_says_so() -> None:
    found = catalogue()
    told = set(found.settings())
    assert {"idle_cash_share", "idle_cash_days", "trigger_near", "risk", "ad_hoc_report at BJS"} <= told
    assert not any(found.thresholds[name].mark is Mark.READ for name in told & found.thresholds.keys())


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("sse", 'article = "S5 5.4.4"', 'article = "S9 5.4.4"'),
        ("sse", 'duty = "annual_report"', 'duty = "annual_rapport"'),
        ("sse", 'unit = "yearly"', 'unit = "yearlong"'),
        ("sse", "count = 5", "count = 0"),
        ("sse", 'duty = "custody_report"', 'duty = "annual_report"'),
        ("szse", 'venue = "SZSE"', 'venue = "SSE"'),
        ("triggers", 'threshold = "asset_loss_step"', 'threshold = "asset_loss"'),
        ("triggers", 'computable = "yes"', 'computable = "maybe"'),
        ("thresholds", 'value = "0.10"', 'value = "a tenth"'),
        ("workdays", "2025-01-26", "2025-01-27"),
        ("duties", "[annual_report]", "[annual_report"),
        ("classes", 'articles = { SSE = "S4 34"', 'articles = { LSE = "S4 34"'),
    ],
)
def test_rules_that_do_not_fit_are_refused_whole(file: str, old: str, new: str) -> None:
    stated: dict[str, Any] = texts()
    assert old in stated[file]
    stated[file] = stated[file].replace(old, new, 1)
    with pytest.raises(CatalogueDamaged) as refused:
        read(stated)
    assert refused.value.code == "catalogue-rules"


def test_every_venue_has_a_file() -> None:
    assert set(catalogue().venues) == set(VENUES)
    assert {venue.lower() for venue in VENUES} <= texts().keys()

"""The findings as a page: what is listed for whom, what one tells, what the trail keeps of it; no browser is needed."""

from __future__ import annotations

import re
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from dashboards.finding_pane import FindingPane
from dashboards.findings_desk import Choice, FindingsDesk, State
from dashboards.findings_page import FindingsPage
from dashboards.paging import PageQuery
from dashboards.texts import TEXTS, Language
from ledger.store import Store
from ledger.verdict import Verdict
from regulator.access import LOOPBACK, Actor
from regulator.book import Book
from regulator.errors import NotAllowed, UnknownFinding
from regulator.rules import RULES
from regulator.signals import Level
from regulator.suppressions import Suppressions
from tests.support.findings_book import MANY, SCRIPT, Planted, planted_book

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.market import Market

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
GRAVEST = PageQuery(sort="level", descending=True)
LISTED = MANY + 2


@pytest.fixture(scope="module")
def store(market: Market) -> Iterator[Store]:
    with Store.open(market.database) as opened:
        yield opened


@pytest.fixture
def planted(store: Store, market: Market, tmp_path: Path) -> Planted:
    return planted_book(tmp_path / "book.db", store, market.plan)


@pytest.fixture
def casebook(planted: Planted, tmp_path: Path) -> Iterator[Book]:
    with Book.open(tmp_path / "book.db") as opened:
        assert planted.height
        yield opened


@pytest.fixture
def desk(store: Store, casebook: Book) -> FindingsDesk:
    return FindingsDesk(store, casebook, LOOPBACK, lambda: NOON)


def subjects(desk: FindingsDesk, choice: Choice, query: PageQuery = GRAVEST) -> list[str]:
    return [row.line.subject for row in desk.listed(query, choice).page.rows]


def test_the_gravest_come_first_a_page_at_a_time(desk: FindingsDesk, planted: Planted) -> None:
    listed = desk.listed(GRAVEST, Choice())
    assert (listed.page.total, len(listed.page.rows)) == (LISTED, 25)
    assert listed.levels == {Level.HIGH: 1, Level.MEDIUM: 1, Level.LOW: MANY}
    assert (listed.followed, listed.height, listed.hidden) == (planted.height, planted.height, 0)
    assert [row.line.id for row in listed.page.rows[:3]] == [planted.grave.id, planted.hostile.id, planted.many[-1].id]
    assert listed.page.rows[0].signal == planted.grave
    assert len(subjects(desk, Choice(), replace(GRAVEST, page=1))) == LISTED - 25


def test_a_rule_that_followed_nothing_is_not_overlooked(desk: FindingsDesk, casebook: Book) -> None:
    with casebook.writes() as connection:
        connection.execute(text("update followed set height = 7 where scope = 'network.hubs'"))
    assert (desk.followed(), desk.listed(GRAVEST, Choice()).followed) == (7, 7)
    with casebook.writes() as connection:
        connection.execute(text("delete from followed where scope = 'network.hubs'"))
    assert (desk.followed(), desk.listed(GRAVEST, Choice()).followed) == (None, None)


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (Choice(family="duplicate"), 2),
        (Choice(family="authenticity"), 0),
        (Choice(level=Level.LOW), MANY),
        (Choice(level=Level.HIGH, family="network"), 0),
        (Choice(state=State.ALL), LISTED + 1),
        (Choice(state=State.SUPPRESSED), 0),
        (Choice(member="nobody"), 0),
    ],
)
def test_filters_narrow_the_list(desk: FindingsDesk, choice: Choice, found: int) -> None:
    assert desk.listed(GRAVEST, choice).page.total == found


def test_what_names_a_plan_and_a_member_is_found(desk: FindingsDesk, planted: Planted, market: Market) -> None:
    mine = Choice(plan=market.plan, member=planted.member)
    assert subjects(desk, mine) == [planted.grave.subject]
    assert subjects(desk, replace(mine, state=State.ALL)) == [planted.grave.subject, planted.ended.subject]
    assert desk.plans().keys() == {market.plan}
    assert desk.members()[planted.member] == planted.member_name


@pytest.mark.parametrize("by", ["name", "id", "title_zh", "title_en", "subject", "finding"])
def test_a_search_finds_names_titles_and_ids(desk: FindingsDesk, planted: Planted, by: str) -> None:
    text = {
        "name": planted.member_name,
        "id": planted.member,
        "title_zh": "重复融",
        "title_en": "financed TWICE",
        "subject": planted.grave.subject[3:],
        "finding": planted.grave.id,
    }[by]
    assert planted.grave.subject in subjects(desk, Choice(), replace(GRAVEST, search=text))
    assert len(subjects(desk, Choice(), replace(GRAVEST, search=text))) <= 2


def test_what_is_suppressed_is_listed_apart(desk: FindingsDesk, planted: Planted, casebook: Book) -> None:
    suppressions = Suppressions(casebook, LOOPBACK)
    suppressions.make("network.hub", "known", NOON.date(), NOON, rules=RULES)
    listed = desk.listed(GRAVEST, Choice())
    assert (listed.page.total, listed.hidden) == (2, MANY)
    hidden = desk.listed(GRAVEST, Choice(state=State.SUPPRESSED))
    assert (hidden.page.total, {row.suppressed for row in hidden.page.rows}) == (MANY, {True})
    assert desk.listed(GRAVEST, Choice(state=State.ALL)).page.total == LISTED + 1
    told = desk.finding(planted.many[0].id).suppression
    assert told is not None
    assert told.reason == "known"
    later = FindingsDesk(desk._store, casebook, LOOPBACK, lambda: NOON + timedelta(days=1))
    assert later.listed(GRAVEST, Choice()).page.total == LISTED


def test_only_whoever_may_sees_findings(desk: FindingsDesk, planted: Planted, market: Market) -> None:
    manager = Actor(name="Li", roles=frozenset({"plan_manager"}), plans=frozenset({market.plan}))
    mine = desk.acting(manager, desk.shown)
    assert subjects(mine, Choice(plan=market.plan)) == [planted.grave.subject]
    assert mine.finding(planted.grave.id).signal == planted.grave
    for refused in (Choice(), Choice(plan="another")):
        with pytest.raises(NotAllowed):
            mine.listed(GRAVEST, refused)
    with pytest.raises(NotAllowed):
        mine.finding(planted.many[0].id)
    supplier = desk.acting(Actor(name="Wang", roles=frozenset({"supplier"})), desk.shown)
    for ask in (lambda: supplier.listed(GRAVEST, Choice()), supplier.members, supplier.levels):
        with pytest.raises(NotAllowed):
            ask()
    assert supplier.plans() == {}


def test_a_finding_comes_with_its_history_and_every_record_proved(desk: FindingsDesk, planted: Planted) -> None:
    view = desk.finding(planted.grave.id)
    assert [(one.height, one.signal) for one in view.versions] == [(10, planted.before), (12, planted.grave)]
    assert len(view.records) == len(planted.grave.evidence)
    assert {one.proof for one in view.records} == {Verdict.PASSED}
    assert (view.unproved, view.standing, view.more) == (0, True, 0)
    assert not desk.finding(planted.ended.id).standing
    with pytest.raises(UnknownFinding):
        desk.finding("0" * 16)


def test_a_record_that_was_altered_is_shown_as_such(planted: Planted, market: Market, tmp_path: Path) -> None:
    copied = tmp_path / "ledger.db"
    shutil.copy(market.database, copied)
    with sqlite3.connect(copied) as connection:
        changed = connection.execute(
            "update record set payload = payload || ' ' where position = ?",
            (planted.grave.evidence[0],),
        )
        assert changed.rowcount == 1
    with Store.open(copied) as store, Book.open(tmp_path / "book.db") as book:
        view = FindingsDesk(store, book, LOOPBACK, lambda: NOON).finding(planted.grave.id)
    assert view.unproved == 1
    assert [one.reason for one in view.records if one.proof is Verdict.FAILED] == ["record-differs"]


@pytest.mark.parametrize("language", list(Language))
def test_hostile_texts_are_text(desk: FindingsDesk, planted: Planted, language: Language) -> None:
    pane = FindingPane(desk.finding, language=language)
    pane.follow(planted.hostile.id)
    shown = pane.pane.object
    assert "<script" not in shown
    assert "<img" not in shown
    assert "\u202e" not in shown
    assert "&lt;script&gt;" in shown
    assert SCRIPT not in shown


def test_a_pane_tells_the_sentence_the_history_and_where_to_go(
    desk: FindingsDesk, planted: Planted, market: Market
) -> None:
    pane = FindingPane(desk.finding, language=Language.ZH)
    pane.follow(planted.grave.id)
    shown = pane.pane.object
    assert f"{planted.member_name}（2024-02-01）在先" in shown
    assert "1,234,567.89" in shown
    assert f'href="/dash/pools/{market.plan}?lang=zh"' in shown
    assert f'href="/look-through/{planted.grave.subject.replace(" ", "/", 1)}?lang=zh"' in shown
    assert f"glasspool findings show {planted.grave.id}" in shown
    kinds = [one.record.kind for one in desk.finding(planted.grave.id).records]
    assert [TEXTS[f"step_{kind}"][0] for kind in kinds] == re.findall('title">([^<]+)</span><span>', shown)
    assert not [kind for kind in kinds if kind in shown]
    pane.speak(Language.EN)
    assert TEXTS[f"step_{kinds[0]}"][1] in pane.pane.object
    assert "carries the financings of 2 parties at once" in pane.pane.object
    pane.follow("0" * 16)
    assert "There is no such finding." in pane.pane.object
    pane.follow("")
    assert "Choose a finding" in pane.pane.object


def test_a_page_lists_filters_and_speaks(desk: FindingsDesk, planted: Planted, market: Market) -> None:
    page = FindingsPage(desk, language=Language.EN, plan=market.plan)
    page.load()
    assert [row["id"] for row in page.table.view.rows] == [planted.grave.id]
    page.state.plan = ""
    assert page.table.view.total == LISTED
    page._filters["level"].value = "medium"
    assert [row["id"] for row in page.table.view.rows] == [planted.hostile.id]
    page.state.language = Language.ZH
    assert page.table.view.rows[0]["cells"][0]["text"] == "中"
    assert "已跟进至区块" in page._heading.object
    assert page._filters["level"].label == "程度"


@pytest.mark.parametrize("value", ["extreme", "high; drop table found", 7, ["high"], None])
def test_a_filter_takes_only_what_it_offers(desk: FindingsDesk, value: Any) -> None:
    page = FindingsPage(desk)
    page.load()
    page._choose("level", type("Event", (), {"new": value}))
    assert page.state.level == ""
    assert page.table.view.total == LISTED


def test_each_thing_shown_is_told_once_in_its_choice(desk: FindingsDesk, planted: Planted) -> None:
    told: list[tuple[str, int, dict[str, object]]] = []
    mine = desk.acting(LOOPBACK, lambda subject, height, **details: told.append((subject, height, details)))
    mine.listed(GRAVEST, Choice(level=Level.HIGH))
    mine.finding(planted.grave.id)
    assert told == [
        ("findings", planted.height, {"count": 1, "level": "high", "state": "standing"}),
        (f"finding {planted.grave.id}", planted.height, {}),
    ]

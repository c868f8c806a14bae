"""`glasspool pool` as a person and a program meet it: what it prints is what the pool says, and it foots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from abs.pool import read_pool
from ledger.store import Store
from tests.support.commands import Ran
from tests.support.market import Market, sample_market


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return sample_market(tmp_path_factory.mktemp("market"), rows=12)


@pytest.fixture(autouse=True)
def _home(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    monkeypatch.setattr("portal.cli.COMMANDS", ("pool",))


@pytest.fixture
def opened(market: Market) -> tuple[str, str]:
    """A day on which something is owed, and one before the first asset came in."""
    with Store.open(Path(market.home) / "ledger.db") as store:
        pool = read_pool(store.at(), market.plan)
        first = pool.frame.assets["entered_on"].min()
    return str(first), "2000-01-01"


def values(listed: list[dict[str, Any]]) -> list[int]:
    return [each["balance"]["value"] for each in listed]


def test_every_distribution_adds_up_to_the_balance(
    market: Market, opened: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = Ran(capsys, "pool", market.plan, "--date", opened[0], "--json").json
    balance = next(each["value"] for each in told["figures"] if each["name"] == "pool.balance")
    assert balance > 0
    for name, classes in told["classes"].items():
        if name != "rate":  # in a class of their own where no rate is stated
            assert (name, sum(values(classes))) == (name, balance)
    assert sum(values(told["debtors"]["largest"])) == balance
    assert values(told["largest_assets"]) == sorted(values(told["largest_assets"]), reverse=True)


def test_what_moved_foots_from_the_beginning(
    market: Market, opened: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = Ran(capsys, "pool", market.plan, "--since", opened[1], "--assets", "--json").json
    moved = {each["name"]: each["value"] for each in told["movements"][1:]}
    came, gone = moved["pool.added"], moved["pool.removed"]
    assert told["movements"][0]["value"] == 0
    assert came - gone - moved["pool.payments"] + moved["pool.adjustments"] == moved["pool.balance"]
    assert (moved["pool.unexplained"], len([one for one in told["moved"] if one["way"] == "in"])) == (0, 12)


def test_people_see_the_same(market: Market, opened: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    told = Ran(capsys, "pool", market.plan, "--date", opened[0], "--json").json
    shown = Ran(capsys, "pool", market.plan, "--date", opened[0]).out
    assert all(each["text"] in shown for each in told["figures"])
    assert told["largest_assets"][0]["asset"] in shown
    assert "<10,000.00" not in shown or told["classes"]["size"][0]["count"]["value"]


def test_a_period_that_ends_before_it_begins_is_refused(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "pool", market.plan, "--since", "2999-01-01")
    assert ran.code == 2
    assert "nothing can move after 2999-01-01" in ran.err

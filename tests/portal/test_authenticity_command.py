"""`glasspool authenticity` as a person and a program meet it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl import load_workbook

from ledger.facts import PoolAsset
from ledger.store import Store
from tests.support.commands import Ran
from tests.support.market import Market, sample_market
from tests.support.trade_background import told

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return sample_market(tmp_path_factory.mktemp("market"), rows=12)


@pytest.fixture(scope="module")
def deals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deals")
    told(folder / "ledger.db").store.close()
    return folder


@pytest.fixture(autouse=True)
def _home(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    monkeypatch.setenv("GLASSPOOL_LANG", "zh")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("portal.cli.COMMANDS", ("authenticity",))


@pytest.fixture(scope="module")
def height(market: Market) -> int:
    """A height at which the pool is full."""
    with Store.open(market.database) as store:
        return max(range(store.at().height + 1), key=lambda at: store.at(at).count(PoolAsset))


def test_a_receivable_is_judged(
    deals: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(deals))
    ran = Ran(capsys, "authenticity", "claim-instalments", "--json")
    assert (ran.code, ran.json["score"], ran.json["verdict"]) == (0, 100, "PASSED")
    assert ran.json["flows"] == ["trade", "goods", "money", "information"]
    assert {one["step"] for one in ran.json["checks"]} == {"node", "network", "order"}
    shown = Ran(capsys, "authenticity", "claim-instalments")
    assert "真实性评分 100" in shown.out


def test_a_contradiction_is_a_negative_verdict(
    deals: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(deals))
    ran = Ran(capsys, "authenticity", "claim-coal")
    assert ran.code == 1
    assert "动力煤" in ran.out
    failed = [
        one for one in Ran(capsys, "authenticity", "claim-coal", "--json").json["checks"] if one["verdict"] == "FAILED"
    ]
    assert {one["code"] for one in failed} == {"goods-differ"}
    assert all(re.fullmatch(r"\d+:\d+:\d+", each) for one in failed for each in one["evidence"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_speaks_one_language(
    deals: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(deals))
    monkeypatch.setenv("GLASSPOOL_LANG", language)
    said = Ran(capsys, "authenticity", "claim-unverified").out
    words = re.sub(r"(claim|invoice)-\w+|Ltd|数电", "", said)
    assert bool(CHINESE.search(words)) == (language == "zh")
    assert bool(re.search(r"[A-Za-z]{3,}", words)) == (language == "en")


def test_a_pool_is_judged_and_its_table_written(
    market: Market, height: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "background.xlsx"
    ran = Ran(capsys, "authenticity", market.plan, "--height", height, "--xlsx", file, "--json")
    assert ran.code == 0
    assert ran.json["assets"] > 0
    assert sum(one["balance"]["value"] for one in ran.json["bands"]) == ran.json["balance"]["value"]
    sheet = load_workbook(file).active
    assert sheet is not None
    assert sheet.max_row == ran.json["assets"] + 1
    asset = ran.json["worst"][0]["receivable"]
    one = Ran(capsys, "authenticity", market.plan, "--asset", asset, "--height", height, "--json")
    assert (one.json["receivable"], one.json["score"]) == (asset, ran.json["worst"][0]["score"])
    assert asset in Ran(capsys, "authenticity", market.plan, "--height", height).out
    listed = tmp_path / "background.csv"
    Ran(capsys, "authenticity", market.plan, "--height", height, "--xlsx", listed)
    assert listed.read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_cannot_be_done_is_said(market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Ran(capsys, "authenticity", "nobody", "--json").json["error"]["code"] == "unknown-receivable"
    assert (
        Ran(capsys, "authenticity", market.plan, "--asset", "nobody", "--json").json["error"]["code"] == "unknown-asset"
    )
    assert "glasspool records" not in Ran(capsys, "authenticity", "nobody", "--json").json["error"]["next_step"]
    for name in ("t.pdf", "t"):
        assert Ran(capsys, "authenticity", market.plan, "--xlsx", tmp_path / name).code == 2
    asset = Ran(capsys, "authenticity", "nobody", "--asset", "x")
    assert asset.code == 2
    there = tmp_path / "no-folder" / "t.xlsx"
    assert Ran(capsys, "authenticity", market.plan, "--xlsx", there, "--json").json["error"]["code"] == "file"
    assert list(tmp_path.iterdir()) == []

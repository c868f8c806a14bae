"""`glasspool plans` and `look-through` as a person and a program meet them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from abs.money import yuan_text
from ledger.proofs import Proof, ProofVerifier
from ledger.verdict import Verdict
from portal.cli import main
from portal.node import read_pin
from tests.support.commands import Ran
from tests.support.market import Market, sample_market

KINDS = ("principal", "interest")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return sample_market(tmp_path_factory.mktemp("market"), rows=12)


@pytest.fixture(autouse=True)
def _home(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    monkeypatch.setattr("portal.cli.COMMANDS", ("lookthrough",))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    code = ended.value.code
    return (code if isinstance(code, int) else 0), capsys.readouterr().out


def test_plans_are_listed(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "plans", "--json")
    (plan,) = json.loads(out)["plans"]
    assert (code, plan["plan"], plan["assets"]) == (0, market.plan, 12)
    code, out = run(capsys, "plans")
    assert code == 0
    assert market.plan in out
    assert plan["manager_name"] not in {"", plan["manager"]}


def test_a_height_before_the_first_plan_is_not_taken_for_an_empty_node(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "plans", "--height", "0")
    assert code == 0
    assert "第 0 块时账本上还没有专项计划；本节点已同步至第" in out


def test_words_are_in_the_language_of_the_settings(
    market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "未偿应收账款余额" in run(capsys, "look-through", market.plan)[1]
    monkeypatch.setenv("GLASSPOOL_LANG", "en")
    told = run(capsys, "look-through", market.plan)[1]
    assert "Outstanding balance" in told
    assert not {"未偿", "封包日", "笔数"} & {word for word in ("未偿", "封包日", "笔数") if word in told}


def test_both_days_of_a_plan_and_its_paid_periods_are_shown(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, "look-through", market.plan, "--json")
    found = json.loads(out)
    _, out = run(capsys, "look-through", market.plan)
    for label, day in (("封包日", found["plan"]["cutoff"]), ("设立日", found["plan"]["closing"])):
        assert any(label in line and day in line for line in out.splitlines())
    paid = [one for tranche in found["tranches"] for one in tranche["distributions"]]
    for period in {one["period"] for one in paid}:
        of_period = [one for one in paid if one["period"] == period]
        shown = (of_period[0]["paid_on"], *(yuan_text(sum(one[kind] for one in of_period)) for kind in KINDS))
        assert any(all(each in line for each in shown) for line in out.splitlines()), period


@pytest.mark.parametrize(
    ("window", "told"),
    [
        (("--offset", "9999"), "第 9,999 笔之后没有资产，共 12 笔"),
        (("--limit", "0"), "入池资产 · 共 12 笔"),
        (("--offset", "10"), "第 11–12 笔，共 12 笔"),
    ],
)
def test_a_page_says_which_assets_it_holds(
    market: Market, window: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(capsys, "look-through", market.plan, *window)[1]
    assert told in out


def test_a_narrow_terminal_cuts_no_number(
    market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "44")
    out = run(capsys, "look-through", market.plan, "--limit", "12")[1]
    lines = json.loads(run(capsys, "look-through", market.plan, "--limit", "12", "--json")[1])["assets"]["lines"]
    columns = [[cell.strip() for cell in line.split("│")] for line in out.splitlines() if "│" in line]
    amounts = "".join(row[2] for row in columns if len(row) == 7)
    for line in lines:
        assert yuan_text(line["amount"]) in amounts


def test_a_day_the_ledger_has_not_reached_is_refused(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    last = json.loads(run(capsys, "look-through", market.plan, "--json")[1])["pool"]["on"]
    code, out = run(capsys, "look-through", market.plan, "--date", "2030-01-01", "--json")
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (2, "day-not-reached")
    assert last in error["message"]
    assert f"--date {last}" in error["next_step"]
    assert run(capsys, "look-through", market.plan, "--date", last)[0] == 0
    assert run(capsys, "look-through", market.plan, "--height", "3", "--date", "2030-01-01")[0] == 2


def test_a_plan_is_looked_through_to_an_invoice(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "look-through", market.plan, "--json", "--limit", "12")
    found = json.loads(out)
    assert (code, found["assets"]["total"], found["pool"]["original"]["value"]) == (0, 12, market.amount)
    line = found["assets"]["lines"][3]
    code, out = run(capsys, "look-through", market.plan, "--asset", line["asset"])
    assert code == 0
    assert line["asset"] in out
    assert line["invoices"][0] in out
    code, out = run(capsys, "look-through", market.plan)
    assert code == 0
    assert line["asset"] in out


def test_a_day_and_a_height_are_answered_as_of_them(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, "look-through", market.plan, "--date", "2024-12-31", "--json")
    found = json.loads(out)
    assert found["pool"]["on"] == "2024-12-31"
    _, out = run(capsys, "look-through", market.plan, "--height", str(found["height"]), "--json")
    assert json.loads(out)["height"] == found["height"]


@pytest.mark.slow
def test_every_proof_of_a_lineage_verifies_without_the_node(
    market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin = read_pin(market.archive / "node.toml")
    verifier = ProofVerifier(genesis_hash=pin.genesis_hash, contracts=pin.contracts)
    _, out = run(capsys, "look-through", market.plan, "--json")
    asset = json.loads(out)["assets"]["lines"][0]["asset"]
    counts = []
    for name, chosen in (("one.jsonl", ("--asset", asset)), ("all.jsonl", ())):
        file = tmp_path / name
        code, out = run(capsys, "look-through", market.plan, *chosen, "--proofs", str(file), "--json")
        lines = file.read_bytes().splitlines()
        assert (code, json.loads(out)["proofs"]["records"]) == (0, len(lines))
        assert all(verifier.verify(Proof.from_json(line)).verdict is not Verdict.FAILED for line in lines)
        counts.append(len(lines))
    assert counts[0] < counts[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("look-through", "nope"),
        ("look-through", "DEMO-2024-1", "--asset", "nope"),
        ("look-through", "DEMO-2024-1", "--height", "999999"),
        ("look-through", "DEMO-2024-1", "--date", "2001-01-01"),
        ("look-through", "DEMO-2024-1", "--proofs", "/nowhere/proofs.jsonl"),
    ],
)
def test_what_is_not_there_is_refused_in_one_sentence(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, *arguments, "--json")
    error = json.loads(out)["error"]
    assert code == 2
    assert error["message"]
    assert error["next_step"]


def test_a_date_that_is_none_is_wrong_usage(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    for written, told in (
        ("30/06/2013", "a date is written YYYY-MM-DD"),
        ("2024-02-30", "there is no such day as 2024-02-30"),
        ("2024-13-01", "there is no such day as 2024-13-01"),
    ):
        ran = Ran(capsys, "look-through", market.plan, "--date", written)
        assert (ran.code, told in ran.err) == (2, True), ran.err


def test_the_command_that_checks_proofs_can_be_pasted(
    market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "证据 #1 & (x).jsonl"
    said = Ran(capsys, "look-through", market.plan, "--proofs", file).err
    command = said.partition("glasspool verify ")[2]
    assert shlex.split(command) == [str(file), "--genesis-hash", "HASH"]


def test_an_invoice_is_followed_up_to_the_plan(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_LANG", "en")
    found = json.loads(run(capsys, "look-through", market.plan, "--down", "--json")[1])
    assert found["differences"] == []
    invoice = next(one for one in found["nodes"] if one["kind"] == "invoice")
    code, out = run(capsys, "look-through", "invoice", invoice["id"], "--up", "--json")
    above = json.loads(out)
    assert (code, above["direction"], above["differences"]) == (0, "up", [])
    assert market.plan in {one["id"] for one in above["nodes"] if one["kind"] == "plan"}
    told = run(capsys, "look-through", "invoice", invoice["label"])[1]
    assert "adds up at every level" in told
    assert market.plan in told
    drawn = tmp_path / "graph.graphml"
    assert run(capsys, "look-through", "invoice", invoice["id"], "--graphml", str(drawn))[0] == 0
    assert drawn.read_bytes().startswith(b"<?xml")


def test_the_proofs_of_a_graph_hold(market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "look-through", market.plan, "--down", "--limit", "1", "--json")[1])
    output = next(one["id"] for one in found["nodes"] if one["kind"] == "output")
    file = tmp_path / "proofs.jsonl"
    told = json.loads(run(capsys, "look-through", "output", output, "--proofs", str(file), "--json")[1])
    lines = file.read_text("utf-8").splitlines()
    assert len(lines) == told["proofs"]["records"] > 0
    pin = read_pin(market.archive / "node.toml")
    reader = ProofVerifier(genesis_hash=pin.genesis_hash, contracts=pin.contracts)
    assert {reader.verify(Proof.from_json(line.encode())).verdict for line in lines} == {Verdict.PASSED}


@pytest.mark.parametrize("kind", ["member", "document", "tranche", "holding", "payment"])
def test_what_is_not_there_is_refused_for_every_kind(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "look-through", kind, "NOPE", "--json")
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (2, "unknown-thing")
    assert "glasspool plans" in error["next_step"]  # which lists ids; `glasspool records` lists kinds
    assert "glasspool records" not in error["next_step"]


def test_a_member_is_shown_by_role_on_an_earlier_day(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    plan = json.loads(run(capsys, "plans", "--json")[1])["plans"][0]
    code, out = run(capsys, "look-through", "member", plan["manager"], "--on", plan["closing"], "--json")
    found = json.loads(out)
    assert (code, found["direction"], found["on"]) == (0, "party", plan["closing"])
    assert "manager" in {one["label"] for one in found["nodes"] if one["kind"] == "role"}


def test_an_asset_option_beside_another_thing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "look-through", "invoice", "x", "--asset", "y")[0] == 2

"""`glasspool plans` and `look-through` as a person and a program meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.proofs import Proof, ProofVerifier
from ledger.verdict import Verdict
from portal.cli import main
from portal.node import read_pin
from tests.support.market import Market, sample_market


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
    assert run(capsys, "look-through", market.plan, "--date", "30/06/2013")[0] == 2

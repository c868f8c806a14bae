"""`glasspool consortium generate` and `scenarios`, as a person or a script uses them."""

import json
import shutil
from collections import Counter
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from ledger.consortium.scenarios import SCENARIOS
from ledger.errors import LedgerError
from ledger.sources.archive import ArchiveSource
from portal.cli import consortium
from tests.support.generated import followed, written


@pytest.fixture
def run():
    app = typer.Typer()
    consortium.register(app)

    def ask(*arguments):
        return CliRunner().invoke(app, ["consortium", *map(str, arguments)])

    return ask


def test_a_market_is_written_and_told_in_json(run, tmp_path):
    done = run("generate", tmp_path / "m", "--receivables", 12, "--months", 2, "--plans", 1, "--seed", 3,
               "--trouble", "output.value=0.1", "--traps", "0", "--workers", 0, "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["receivables"] == 12
    assert told["labels"] == 1
    assert told["planted"] == {"breach": 1}
    assert json.loads((tmp_path / "m.labels.jsonl").read_text("utf-8"))["label"] == "output.value"
    assert told["labels_file"] == str(tmp_path / "m.labels.jsonl")
    assert ArchiveSource(tmp_path / "m").head() == told["blocks"] - 1
    assert f'genesis_hash = "{told["genesis_hash"]}"' in (tmp_path / "m" / "node.toml").read_text("utf-8")


def test_a_market_without_trouble_has_no_labels(run, tmp_path):
    done = run("generate", tmp_path / "m", "--receivables", 3, "--months", 1, "--plans", 0, "--workers", 0)
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert "receivables" in done.stdout


def _kinds(folder, told):
    """How often each kind stands in the market's archive, verified."""
    store = followed(folder / "m", SimpleNamespace(**told), folder / "home")
    return Counter(record.kind for record in written(store))


@pytest.mark.slow
def test_plans_are_counted_as_they_were_established(run, tmp_path):
    asked = ("generate", tmp_path / "m", "--receivables", 60, "--plans", 5, "--months", 6, "--workers", 0)
    told = json.loads(run(*asked, "--json").stdout)
    kinds = _kinds(tmp_path, told)
    assert told["plans"] == kinds["plan.established"] < told["plans_asked"] == 5
    (remark,) = told["remarks"]
    assert remark.startswith(f"{told['plans']} of 5 plans were established: ")
    shutil.rmtree(tmp_path / "m")
    assert f"{told['plans']} of 5 plans were" in run(*asked).stdout


def test_plans_of_stories_are_counted_apart_and_said_to_be_many(run, tmp_path):
    done = run("generate", tmp_path / "m", "--receivables", 30, "--months", 3, "--plans", 0, "--workers", 0,
               "--trouble", "manager.fee_twice=0.1", "--json")  # fmt: skip
    told = json.loads(done.stdout)
    kinds = _kinds(tmp_path, told)
    assert told["plans"] == 0 < told["story_plans"] == kinds["plan.established"]
    assert told["planted"] == {"manager": told["labels"]}
    (remark,) = told["remarks"]
    assert remark.startswith(f"The stories of trouble established {told['story_plans']} small plans")


def test_a_market_that_has_all_it_was_asked_for_needs_no_remark(run, tmp_path):
    done = run("generate", tmp_path / "m", "--receivables", 3, "--months", 1, "--plans", 0, "--workers", 0, "--json")
    assert json.loads(done.stdout)["remarks"] == []


def test_a_scenario_is_written_by_its_name(run, tmp_path):
    done = run("generate", tmp_path / "s", "--scenario", "xiaomi", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["scenario"] == "xiaomi"
    assert told["trail"][-1].startswith("CONTRACT")
    assert ArchiveSource(tmp_path / "s").head() == told["blocks"] - 1


def test_the_scenarios_are_listed(run):
    done = run("scenarios", "--json")
    assert [each["scenario"] for each in json.loads(done.stdout)] == list(SCENARIOS)
    assert "票据池" in run("scenarios").stdout


@pytest.mark.parametrize("share", ["much", "-0.1", "1.5", "pool.double=", "=x", "NaN"])
def test_a_share_that_is_none_is_refused(run, tmp_path, share):
    done = run("generate", tmp_path / "m", "--trouble", share)
    assert done.exit_code == 2
    assert "a share is a decimal" in done.output
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(("arguments", "code"), [
    (("--scenario", "none"), "unknown-scenario"), (("--trouble", "none=0.1"), "unknown-trouble"),
])  # fmt: skip
def test_an_unknown_name_is_refused_with_what_to_do(run, tmp_path, arguments, code):
    failure = run("generate", tmp_path / "m", *arguments).exception
    assert isinstance(failure, LedgerError)
    assert failure.code == code
    assert failure.next_step

"""The plan that an imported file goes into is one that Glasspool recomputes to the fen, whoever wrote its terms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from abs.booked.periods import ledger_periods
from abs.distribution import distribution_statement, periods
from abs.errors import BadTerms
from abs.frame import OPEN
from abs.reading import plan_of, read_frame
from abs.reconciliation import reconcile
from abs.retention import risk_retention
from abs.scenario import PRESETS, preset
from abs.stress import stress
from abs.stress.start import ledger_setting
from abs.terms import load_terms, terms_of
from abs.terms.toml import toml_text
from ledger.consortium import generate_sample, import_receivables, packaged_map
from ledger.errors import Malformed
from ledger.facts import PlanCash, PoolAsset
from portal.cli import consortium
from portal.errors import PortalError
from tests.support.generated import followed, written

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store import Store

ROWS = 80
PLAN = "DEMO-2024-1"


def imported(folder: Path, content: bytes, terms: dict[str, Any] | None = None) -> Store:
    """A node that followed the import of a file, and found nothing to object to."""
    (folder / "rows.csv").write_bytes(content)
    summary = import_receivables(
        folder / "rows.csv", packaged_map("demo"), folder / "out", terms=terms, suite="ecdsa", seed=3
    )
    store = followed(folder / "out", summary, folder / "home")
    assert list(store.findings()) == []
    return store


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return imported(tmp_path_factory.mktemp("sample"), generate_sample(3, ROWS))


def all_late(content: bytes) -> bytes:
    """The same rows, but every other one is never paid."""
    heading, *rows = content.decode("utf-8-sig").splitlines()
    cells = [row.split(",") for row in rows]
    told = [",".join([*row[:10], "" if at % 2 else row[10], row[11]]) for at, row in enumerate(cells)]
    return "\n".join([heading, *told]).encode()


def test_the_document_says_everything_and_is_read_without_a_fault(sample: Store) -> None:
    (established,) = (each.payload for each in written(sample) if each.kind == "plan.established")
    assert established["v"] == 3
    terms = load_terms(json.dumps(established["document"]), kind="json")
    assert terms == terms_of(sample.at(), PLAN)
    assert {one.state for one in terms.waterfalls} == {"revolving", "amortising", "accelerated"}
    assert {one.kind for one in terms.accounts} == {"collection", "custody", "reserve"}
    assert {one.by for one in terms.concentration} == {"debtor", "creditor"}
    for part in (terms.fees, terms.triggers, terms.eligibility, terms.dates.pay, terms.shortfall, terms.clean_up):
        assert part
    assert terms.metrics.default_lag > 4


def test_every_period_is_recomputed_to_the_fen(sample: Store) -> None:
    found = reconcile(sample.at(), PLAN)
    assert found.findings == ()
    assert len(found.periods) > 5
    assert all(one.on_schedule and one.dates is not None for one in ledger_periods(sample.at(), PLAN))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 4, 5, 6])
def test_so_is_every_period_of_other_files(seed: int, tmp_path: Path) -> None:
    found = reconcile(imported(tmp_path, generate_sample(seed, 20 * seed)).at(), PLAN)
    assert found.findings == ()
    assert found.periods


@pytest.mark.slow
def test_a_plan_that_defaults_is_accelerated_and_declared_so(tmp_path: Path) -> None:
    store = imported(tmp_path, all_late(generate_sample(3, ROWS)))
    found = reconcile(store.at(), PLAN)
    assert found.findings == ()
    declared = [each.payload["event"] for each in written(store) if each.kind == "event.declared"]
    assert declared == ["acceleration"]


@pytest.mark.parametrize("name", PRESETS)
def test_it_can_be_stressed(sample: Store, name: str) -> None:
    setting = ledger_setting(sample.at(), PLAN)
    run = stress(setting, preset(name))
    assert len(run.dates) > 3
    assert run.dates[0].on > setting.day


def test_its_originator_keeps_the_subordinated_tranche(sample: Store) -> None:
    kept = risk_retention(sample.at(), plan_of(sample.at(), PLAN), 100_00)
    assert 0.12 <= float(kept.number()) < 0.125


def own(store: Store, **changes: Any) -> dict[str, Any]:
    """The terms of the plan as somebody might write them for one that closes on the last day of the file."""
    said = terms_of(store.at(), PLAN).document()
    day = store.at().time.date().isoformat()
    said["plan"] |= {"plan": "MINE", "cutoff": day, "closing": day} | changes
    said["dates"]["pay"] = [each for each in said["dates"]["pay"] if each > day]
    said["revolving"]["until"] = said["dates"]["pay"][1]
    said["triggers"] = []  # what is open at the end of a file is late for a good part, which would accelerate the plan
    return load_terms(json.dumps(said), kind="json").document()


def test_a_plan_of_ones_own_opens_over_what_is_open(sample: Store, tmp_path: Path) -> None:
    store = imported(tmp_path, generate_sample(3, ROWS), own(sample))
    facts, before = store.at(), sample.at()
    owed = {each.asset for each in facts.select(PoolAsset)}
    open_ = read_frame(before, plan_of(before, PLAN)).on(before.time.date()).frame.filter(OPEN)
    assert owed == set(open_["asset"].to_list())
    assert terms_of(facts, "MINE").document() == own(sample)
    assert reconcile(facts, "MINE").periods == ()
    run = stress(ledger_setting(facts, "MINE"), preset("base"))
    assert [one.state for one in run.dates][:3] == ["revolving", "revolving", "amortising"]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    app = typer.Typer()
    consortium.register(app)
    (tmp_path / "r.csv").write_bytes(generate_sample(3, ROWS))

    def command(terms: Path) -> Any:
        asked = ["import", tmp_path / "a", "--csv", tmp_path / "r.csv", "--map", "demo", "--terms", terms]
        return CliRunner().invoke(app, ["consortium", *map(str, asked)])

    return command


def test_terms_are_given_as_a_file(sample: Store, run: Any, tmp_path: Path) -> None:
    terms = load_terms(json.dumps(own(sample)), kind="json")
    (tmp_path / "own.toml").write_text(toml_text(terms), encoding="utf-8")
    done = run(tmp_path / "own.toml")
    assert done.exit_code == 0, done.output
    assert "MINE" in done.stdout


@pytest.mark.parametrize("changes", [
    {"closing": "2024-05-06", "cutoff": "2024-05-06"}, {"manager": "somebody"}, {"originators": ["factor", "other"]},
])  # fmt: skip
def test_terms_that_do_not_fit_the_file_are_refused(
    sample: Store, run: Any, tmp_path: Path, changes: dict[str, Any]
) -> None:
    (tmp_path / "own.json").write_text(json.dumps(own(sample, **changes)), encoding="utf-8")
    failure = run(tmp_path / "own.json").exception
    assert isinstance(failure, Malformed)
    assert failure.code == "terms"
    assert all(f"plan.{name} is" in failure.message for name in changes)
    assert not (tmp_path / "a").exists()


def test_terms_are_refused_where_nothing_is_open(sample: Store, tmp_path: Path) -> None:
    heading, row, *_ = generate_sample(3, ROWS).decode("utf-8-sig").splitlines()
    assert row.split(",")[10]
    with pytest.raises(Malformed, match="settled"):
        imported(tmp_path, f"{heading}\n{row}".encode(), own(sample))


def test_a_document_with_faults_is_refused_with_all_of_them(sample: Store, run: Any, tmp_path: Path) -> None:
    said = own(sample) | {"clean_up": "10"}
    said["fees"][0]["base"] = "sennior.outstanding"
    (tmp_path / "own.json").write_text(json.dumps(said), encoding="utf-8")
    failure = run(tmp_path / "own.json").exception
    assert isinstance(failure, BadTerms)
    assert sorted(each.path for each in failure.faults) == ["clean_up", "fees[0].base"]
    assert not (tmp_path / "a").exists()


def test_a_file_that_is_not_there_is_named(run: Any, tmp_path: Path) -> None:
    failure = run(tmp_path / "none.toml").exception
    assert isinstance(failure, PortalError)
    assert failure.code == "file"


def test_the_account_of_the_report_holds_what_the_ledger_says(sample: Store) -> None:
    """Purchases, fees, what was made up and repaid all move the account, in every period, to the fen."""
    facts = sample.at()
    known = periods(facts, PLAN)
    moved = dict.fromkeys(("remitted", "purchased", "fees", "distributed"), 0)
    for period in known:
        statement = distribution_statement(facts, PLAN, period)
        cash = statement.cash
        then = sample.at(sample.height_on(statement.paid_on)).get(PlanCash, PLAN)
        assert then is not None
        assert cash.unexplained.value == 0
        assert cash.closing.value == then.distributable - then.distributed, period
        for name in moved:
            moved[name] += getattr(cash, name).value
    assert all(moved.values()), moved

"""Planted trouble is found where it was planted and nowhere else, and its look-alikes raise nothing."""

from decimal import Decimal

import pytest

from ledger.consortium.market import generate_market, labels_of
from ledger.consortium.market.manager import SLIPS
from ledger.consortium.market.planting import EVERY
from ledger.consortium.market.trouble.table import BREACHES, MISTAKES, NOT_PLANTED, PATTERNS, TOLD, TRAPS
from ledger.finding import Code
from ledger.sources.archive import ArchiveSource
from tests.support.generated import followed, labelled, shown, written

DUPLICATE_FINANCING = {
    "exact_reuse", "over_financed", "altered_document", "inflated_face", "cross_instrument", "double_pool",
    "certificate_double_spend", "contract_over", "red_after_finance", "settled_reuse", "phantom_debtor",
    "circular_trade", "related_loop", "warehouse_over", "structuring", "impossible_fields", "priority_conflict",
    "batch_replay",
}  # fmt: skip


def test_every_code_and_every_pattern_has_its_story_and_its_trap():
    assert {code.value for code in Code} == set(BREACHES) | set(NOT_PLANTED)
    assert set(PATTERNS) == DUPLICATE_FINANCING
    assert set(MISTAKES) == {f"manager.{slip}" for slip in SLIPS}
    assert set(TRAPS) == set(BREACHES) | set(PATTERNS) | set(MISTAKES)
    assert not set(BREACHES) & set(NOT_PLANTED)


def test_every_story_says_what_happens():
    for module in TOLD:
        assert module.__doc__
    for table in (BREACHES, PATTERNS, MISTAKES, TRAPS):
        for stories in table.values():
            assert all(story.__doc__ for story in stories)
    assert all(len(stories) == 1 for table in (BREACHES, MISTAKES) for stories in table.values())


def test_no_two_stories_of_patterns_have_one_name():
    """A label tells its story by name."""
    told = [story.__name__ for table in (PATTERNS, TRAPS) for name in PATTERNS for story in table[name]]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("seed", [1, 2])
def test_stories_of_one_name_are_told_in_turn(tmp_path, seed):
    """So many stories as there are ways to tell one tell each of them, from whichever the seed begins with."""
    ways = {story.__name__ for story in TRAPS["double_pool"]}
    generate_market(
        tmp_path / "a", receivables=60, plans=0, months=3, seed=seed, suite="ecdsa",
        traps={"double_pool": Decimal(len(ways)) / 60 + Decimal("0.001")},
    )  # fmt: skip
    labels, _ = labelled(labels_of(tmp_path / "a"))
    assert len(ways) > 2
    assert {label["story"] for label in labels} == ways


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("troubled") / "out"
    rate = Decimal("0.001")
    summary = generate_market(
        folder, receivables=500, plans=2, months=8, seed=7, trouble={EVERY: rate}, traps=rate, suite="ecdsa"
    )
    return folder, summary, followed(folder, summary, folder.parent / "home")


@pytest.mark.slow
def test_findings_are_the_labels(troubled):
    folder, summary, store = troubled
    labels, expected = labelled(labels_of(folder))
    assert len(labels) == summary.labels
    assert shown(store) == expected
    assert summary.receivables == 500


@pytest.mark.slow
def test_every_breach_pattern_and_trap_was_planted(troubled):
    labels, expected = labelled(labels_of(troubled[0]))
    planted = {(label["what"], label["label"]) for label in labels}
    assert {name for what, name in planted if what == "breach"} == set(BREACHES)
    assert {name for what, name in planted if what == "pattern"} == set(PATTERNS)
    assert {name for what, name in planted if what == "manager"} == set(MISTAKES)
    assert {name for what, name in planted if what == "trap"} == set(TRAPS)
    assert {code for code, _ in expected} == set(BREACHES)
    assert not any(label["expects"] for label in labels if label["what"] in ("trap", "manager"))
    for label in labels:
        if label["what"] == "breach":
            assert label["label"] in {each["code"] for each in label["expects"]}


@pytest.mark.slow
def test_a_mistake_names_the_plan_and_the_period_it_was_made_in(troubled):
    folder, _, store = troubled
    records = {record.transaction_hash: record for record in written(store)}
    for label in labelled(labels_of(folder))[0]:
        assert ("plan" in label) == ("period" in label) == (label["what"] == "manager")
        if label["what"] == "manager":
            assert label["subject"] == f"plan {label['plan']}"
            last = [records[each] for each in label["records"] if records[each].kind == "distribution.made"][-1]
            assert (last.payload["plan"], last.payload["period"]) == (label["plan"], label["period"])


def test_a_mistake_that_was_not_made_yet_has_no_label(tmp_path):
    short = {"receivables": 20, "plans": 0, "months": 1, "seed": 2, "suite": "ecdsa"}
    summary = generate_market(tmp_path / "a", **short, trouble={"manager.fee_twice": Decimal("0.2")})
    labels = labelled(labels_of(tmp_path / "a"))[0] if summary.labels else []
    assert len(labels) == summary.labels < 4
    assert all(label["period"] == 2 for label in labels)


@pytest.mark.slow
def test_a_label_names_records_that_are_there(troubled):
    folder, _, store = troubled
    there = {record.transaction_hash for record in written(store)}
    for label in labelled(labels_of(folder))[0]:
        assert label["records"]
        assert there.issuperset(label["records"])
        assert {each["transaction"] for each in label["expects"]} <= set(label["records"])


@pytest.mark.slow
def test_no_source_reads_the_labels(troubled):
    folder = troubled[0]
    assert labels_of(folder).parent == folder.parent
    assert "labels" not in "".join(file.name for file in folder.iterdir())
    assert ArchiveSource(folder).head() == troubled[1].blocks - 1


def test_one_kind_of_trouble_can_be_asked_for(tmp_path):
    summary = generate_market(
        tmp_path / "a", receivables=60, plans=0, months=3, seed=1, trouble={"exact_reuse": Decimal("0.05")},
        suite="ecdsa",
    )  # fmt: skip
    labels, expected = labelled(labels_of(tmp_path / "a"))
    assert [label["label"] for label in labels] == ["exact_reuse"] * 3
    assert not expected
    assert summary.labels == 3

"""Scenarios as data: what a document may hold, and that every fault is named by its place."""

from __future__ import annotations

import json
import pickle
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from abs.errors import BadTerms
from abs.scenario import PRESETS, UNIT, Scenario, Vector, load_scenario, preset

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "scenarios").glob("*.toml"))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_scenario_of_its_name(name: str) -> None:
    assert preset(name).scenario == name


def test_presets_go_from_better_to_worse() -> None:
    history = Fraction(1, 100)
    for periods in (1, 4):
        for part, lower in (("default", False), ("dilution", False), ("recovery", True)):
            rates = [getattr(preset(name), part).parts(periods, history, lower=lower) for name in PRESETS]
            assert rates == sorted(rates, reverse=lower)
    assert preset("base").default.parts(2, history) == [UNIT // 100] * 2


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_is_a_scenario_of_its_name(file: Path) -> None:
    read = load_scenario(file.read_bytes())
    assert read.scenario == file.stem
    assert load_scenario(json.dumps(read.document()), kind="json") == read


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", ["scenario"]),
        ("scenario = 1", ["scenario"]),
        ('scenario = "x"\nwhat = 1', ["what"]),
        ('scenario = "x"\ndelay = [0, -1]', ["delay[1]"]),
        ('scenario = "x"\ndelay = "1"', ["delay[0]"]),
        ('scenario = "x"\nprepayment = 1.5', ["prepayment[0]"]),
        ('scenario = "x"\n[default]\nrate = [0.1, 2]', ["default.rate[1]"]),
        ('scenario = "x"\n[default]\nrate = []', ["default.rate"]),
        ('scenario = "x"\n[default]\nmultiple = -1\nrate = "a"', ["default.multiple[0]", "default.rate[0]"]),
        ('scenario = "x"\n[default]\nlag = 1', ["default.lag"]),
        ('scenario = "x"\n[recovery]\nlag = 1.5', ["recovery.lag"]),
        ('scenario = "x"\nrevolving_stop = "soon"', ["revolving_stop"]),
        ('scenario = "x"\nrevolving_periods = true', ["revolving_periods"]),
        ('format = "other"\nscenario = "x"', ["format"]),
        ("scenario =", [""]),
    ],
)
def test_faults_are_named_by_path(text: str, paths: list[str]) -> None:
    with pytest.raises(BadTerms) as caught:
        load_scenario(text)
    assert caught.value.code == "scenario-document"
    assert [one.path for one in caught.value.faults] == paths
    assert "docs/forecast.md" in caught.value.next_step
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def test_no_float_comes_in() -> None:
    read = load_scenario('scenario = "x"\n[default]\nrate = 0.1')
    assert read.default.rate == (Decimal("0.1"),)
    assert read.default.parts(1, Fraction(0)) == [UNIT // 10]
    with pytest.raises(BadTerms):
        load_scenario('{"scenario": "x", "default": {"rate": 1e999999}}', kind="json")


def test_the_last_number_of_a_vector_holds() -> None:
    vector = Vector(rate=(Decimal("0.1"), Decimal("0.2")))
    assert vector.parts(4, Fraction(1, 2)) == [UNIT // 10, UNIT // 5, UNIT // 5, UNIT // 5]


def test_the_worse_of_history_and_rate_counts() -> None:
    vector = Vector.model_validate({"multiple": [2, 20], "rate": "0.1"})
    assert vector.parts(2, Fraction(1, 10)) == [UNIT // 5, UNIT]
    assert vector.parts(2, Fraction(1, 100)) == [UNIT // 10, UNIT // 5]
    assert vector.parts(2, Fraction(1, 10), lower=True) == [UNIT // 10, UNIT // 10]
    assert Vector().parts(1, Fraction(1, 3)) == [UNIT // 3]


def test_purchases_stop_at_a_day_or_after_some_payment_dates() -> None:
    stops = Scenario(scenario="x", revolving_stop=date(2025, 6, 1), revolving_periods=2)
    assert stops.buys(date(2025, 5, 31), 1)
    assert not stops.buys(date(2025, 6, 1), 1)
    assert not stops.buys(date(2025, 1, 1), 2)
    assert Scenario(scenario="x").buys(date(2099, 1, 1), 999)


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(BadTerms) as caught:
        preset("sever")
    assert caught.value.code == "unknown-scenario"
    assert "severe" in caught.value.next_step

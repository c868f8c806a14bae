"""The rules, the catalogue, the words and the page that lists them say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from disclosure.catalogue import catalogue
from regulator.monitor import RULES, article_of, scopes
from regulator.wording import WORDING

PAGE = (Path(__file__).parents[3] / "docs/monitoring.md").read_text(encoding="utf-8")


def rows(first: str) -> dict[str, list[str]]:
    """The rows of the page's table whose heading begins so, by their first cell."""
    lines = PAGE[PAGE.index(f"| {first} |") :].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[: lines.index("")]]
    return {each[0].strip(): each[1:] for each in cells}


def test_the_page_lists_every_rule_as_it_is() -> None:
    told = rows("rule")
    assert list(told) == [f"`{rule}`" for rule in RULES]
    for rule in RULES.values():
        text, article, threshold, inputs, severity = told[f"`{rule.rule}`"]
        assert (text, severity.rstrip(" |")) == (rule.text, rule.severity)
        assert inputs == ", ".join(table.__name__ for table in rule.inputs)
        if rule.rule != "monitor.disclosure":
            assert f"SSE {article_of(rule.rule, 'SSE')}" in article
        for name in rule.thresholds:
            found = catalogue().thresholds[name]
            assert f"`{name}` {_value(name)}" in threshold
            assert ("(setting)" in threshold.split(f"`{name}`")[1].split("`")[0]) is found.mark.configurable


def test_the_page_names_the_rules_that_round() -> None:
    told = PAGE[PAGE.index("### Rounded figures") :].partition(": ")[2].partition(".\n")[0].partition(". Wherever")[0]
    assert [one.strip().strip("`") for one in told.split(",")] == [rule for rule, one in RULES.items() if one.rounded]


def _value(name: str) -> str:
    found = catalogue().thresholds[name]
    return f"{found.value:.0%}" if found.unit == "share" else f"{found.value} {found.unit}"


def test_the_page_lists_every_duty_with_its_deadlines() -> None:
    told = rows("duty")
    assert len(told) == len(catalogue().duties)
    for duty in catalogue().duties.values():
        cells = " ".join(told[f"{duty.zh} `{duty.duty}`"])
        for venue in ("SSE", "SZSE", "CSRC", "NAFMII"):
            if venue in duty.deadlines:
                assert f"({duty.deadlines[venue].article})" in cells
                assert str(duty.deadlines[venue].count or "") in cells


def test_triggers_and_thresholds_are_the_catalogues() -> None:
    known = catalogue()
    for rule in RULES.values():
        assert rule.trigger is None or known.triggers[rule.trigger].computable in ("yes", "partly")
        assert set(rule.thresholds) <= known.thresholds.keys()
    computable = {name for name, one in known.triggers.items() if one.computable == "yes"}
    told = {rule.trigger for rule in RULES.values()}
    assert computable - told == {"T08"}, "of purchases the duty is watched: monitor.disclosure"


@pytest.mark.parametrize("venue", ["SSE", "SZSE", "NAFMII", "BJS"])
def test_every_rule_has_an_article_at_every_venue(venue: str) -> None:
    for rule in RULES.values():
        if rule.rule != "monitor.disclosure":
            assert article_of(rule.rule, venue)


def test_every_rule_is_worded_and_run_by_one_scope() -> None:
    assert RULES.keys() <= WORDING.keys()
    run = [rule for scope in scopes() for rule in scope.rules]
    assert sorted(run) == sorted(RULES)
    for rule in run:
        words = WORDING[rule]
        assert "{article}" in words.sentence_zh
        assert "{article}" in words.sentence_en


def test_what_a_rule_reads_touches_its_scope() -> None:
    for scope in scopes():
        for name in scope.rules:
            missing = set(RULES[name].inputs) - set(scope.reads)
            assert not missing, f"{name} reads {missing}, which touch nothing"

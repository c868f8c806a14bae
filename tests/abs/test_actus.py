"""Every event of the ACTUS reference tests of PAM, ANN and the guarantee, as the contracts of this package compute it.

Tolerance: ten decimals, to which the reference implementation's own tests round both sides, or two units of the
fifteenth significant digit where that is more: the vectors are IEEE doubles, printed with about fifteen digits and
summed over up to 120 periods.
"""

from __future__ import annotations

import doctest
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cache
from typing import Any

import pytest

from abs.instrument import Event
from abs.instrument.events import events
from abs.instrument.guarantee import GuaranteeEvent, guarantee_events
from tests.support.actus import EVENING, Case, cases, contract_of, guarantee_of
from tests.support.surroundings import ORACLES, ROOT

pytestmark = pytest.mark.oracle

FOLDER = ORACLES / "abs" / "actus"
FILES = ("pam", "ann", "ceg")
DOCUMENT = ROOT / "docs" / "instruments.md"
DECIMALS = Decimal("1e-10")
ABSENT = "the ACTUS vectors are not beside this checkout"

EXCLUDED: dict[str, str] = {}
"""Cases whose events are not all computed, each with the reason it is outside what a tranche can be. There are none."""
WHOLE = {
    ("guarantee14", 4, "payoff"): "printed without its decimals: 3,500,000 and a fee of 10,000 x 80/92 = 8,695.652...",
}
"""Values that the vectors print cut off before the point, compared as far as they are printed."""


@cache
def cases_of(file: str) -> dict[str, Case]:
    return cases(FOLDER / f"actus-tests-{file}.json")


@cache
def computed(file: str, name: str) -> Sequence[Event | GuaranteeEvent]:
    return compute(file, cases_of(file)[name])


def compute(file: str, case: Case) -> Sequence[Event | GuaranteeEvent]:
    if file == "ceg":
        return guarantee_events(guarantee_of(case.terms), case.credit, to=case.to)
    return events(contract_of(case.terms), case.rates, to=case.to)


def tolerance(expected: Decimal) -> Decimal:
    return max(DECIMALS, Decimal(2).scaleb(expected.adjusted() - 14)) if expected else DECIMALS


def moment(event: Event | GuaranteeEvent) -> datetime:
    return datetime.fromisoformat(f"{event.on}{EVENING if getattr(event, 'at_close', False) else 'T00:00:00'}")


def values(event: Event | GuaranteeEvent) -> dict[str, Any]:
    """The event under the names of the vectors."""
    common = {"eventDate": moment(event), "eventType": event.type.value, "payoff": event.payoff}
    common["notionalPrincipal"] = event.notional
    if isinstance(event, Event):
        return {**common, "nominalInterestRate": event.rate, "accruedInterest": event.accrued}
    exercised = {} if event.exercised_on is None else {"exerciseDate": datetime.fromisoformat(str(event.exercised_on))}
    return {**common, "exerciseAmount": event.exercised, **exercised}


def differences(event: Event | GuaranteeEvent, case: Case, place: int) -> list[str]:
    """What of one event is not as expected: one sentence a value."""
    expected, found = dict(case.expected[place]), values(event)
    del expected["currency"]
    wrong = [f"{name}: {found.get(name)} instead of {expected.get(name)}" for name in found.keys() ^ expected.keys()]
    for name in sorted(found.keys() & expected.keys()):
        want, got = expected[name], found[name]
        if not isinstance(want, Decimal):
            same = got == want
        elif (case.name, place, name) in WHOLE:
            same = got.to_integral_value(ROUND_DOWN) == want
        else:
            same = (got - want).copy_abs() <= tolerance(want)
        if not same:
            wrong.append(f"{name}: {got} instead of {want}")
    return wrong


def agrees(file: str, case: Case) -> bool:
    """Whether every event of the case, and no other, comes out."""
    found = compute(file, case)
    return len(found) == len(case.expected) and not any(
        differences(event, case, place) for place, event in enumerate(found)
    )


def every(kind: str) -> list[Any]:
    """A parameter for each case or event of the three files; one that skips where the files are not there."""
    if not all((FOLDER / f"actus-tests-{file}.json").exists() for file in FILES):
        if os.environ.get("CI") == "true":
            pytest.fail(ABSENT, pytrace=False)
        return [pytest.param("", "", 0, marks=pytest.mark.skip(ABSENT))]
    found = []
    for file in FILES:
        for name, case in cases_of(file).items():
            if kind == "case":
                found.append(pytest.param(file, name, len(case.expected), id=name))
            elif name not in EXCLUDED:
                found += [
                    pytest.param(file, name, place, id=f"{name}-{place}-{event['eventType']}")
                    for place, event in enumerate(case.expected)
                ]
    return found


@pytest.mark.parametrize(("file", "name", "place"), every("event"))
def test_an_event_comes_out(file: str, name: str, place: int) -> None:
    found = computed(file, name)
    assert place < len(found), "the contract ends before"
    assert differences(found[place], cases_of(file)[name], place) == []


@pytest.mark.parametrize(("file", "name", "count"), every("case"))
def test_a_case_comes_out_whole_or_is_excluded_with_a_reason(file: str, name: str, count: int) -> None:
    assert count == len(cases_of(file)[name].expected)
    assert agrees(file, cases_of(file)[name]) != (name in EXCLUDED), EXCLUDED.get(name, "an event too many or too few")


@pytest.mark.parametrize(("file", "name", "count"), every("case"))
def test_the_check_can_fail(file: str, name: str, count: int) -> None:
    """Every value of the case's last event but one, changed by three times the tolerance or a day, is noticed."""
    case = cases_of(file)[name]
    place = max(0, count - 2)
    event = case.expected[place]
    for field in event.keys() - {"currency"}:
        changed = dict(event)
        if isinstance(event[field], Decimal):
            changed[field] = event[field] + 3 * tolerance(event[field])
        elif field == "eventType":
            changed[field] = "PY"
        else:
            changed[field] = event[field] + timedelta(days=1)
        expected = (*case.expected[:place], changed, *case.expected[place + 1 :])
        if (name, place, field) not in WHOLE:
            assert not agrees(file, replace(case, expected=expected)), field
    assert not agrees(file, replace(case, expected=case.expected[:-1])), "an event too many"


@pytest.mark.parametrize(("file", "name", "place"), [("ceg", *key[:2]) for key in WHOLE])
def test_a_value_is_compared_cut_off_only_where_it_must_be(file: str, name: str, place: int) -> None:
    if not FOLDER.exists():
        pytest.skip(ABSENT)
    found, case = computed(file, name)[place], cases_of(file)[name]
    assert differences(found, case, place) == []
    want = case.expected[place]["payoff"]
    assert (found.payoff - want).copy_abs() > tolerance(want), "compare it like the others"


@pytest.mark.parametrize("file", FILES)
def test_the_documentation_counts_what_comes_out(file: str) -> None:
    if not FOLDER.exists():
        pytest.skip(ABSENT)
    found = cases_of(file)
    equal = sum(len(case.expected) for case in found.values() if agrees(file, case))
    total = sum(len(case.expected) for case in found.values())
    left_out = sum(name in EXCLUDED for name in found) or "none"
    line = f"| `actus-tests-{file}.json` | {len(found)} | {equal} of {total} | {left_out} |"
    assert line in DOCUMENT.read_text(encoding="utf-8")


def test_the_documented_example_is_what_the_code_says() -> None:
    result = doctest.testfile(str(DOCUMENT), module_relative=False)
    assert (result.failed, result.attempted) == (0, 11)

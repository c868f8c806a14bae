"""docs/terms.md says what the code does: every field with its default, every measure, action and field of an asset."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic_core import PydanticUndefined

from abs.calendars import Roll
from abs.deal import Period
from abs.money import DayCount, Rounding
from abs.terms import PlanTerms
from abs.terms import parts as terms_parts
from abs.terms.parts import Part
from abs.terms.vocabulary import ACTIONS, FIELDS, MEASURES, OF_EACH
from abs.waterfall import opening_state, run_period
from abs.waterfall.books import engine_measures
from tests.support.deals import NAMES, terms_named, text_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "terms.md").read_text(encoding="utf-8")

SECTIONS = {
    "PlanTerms": "The document", "PlanPart": "plan", "TranchePart": "tranches", "Scheduled": "tranches.schedule",
    "Conventions": "conventions", "Dates": "dates", "Account": "accounts", "Fee": "fees", "Shortfall": "shortfall",
    "Waterfall": "waterfalls", "Step": "waterfalls.steps", "Condition": "conditions (when)",
    "Limit": "limits (limit, target)", "Trigger": "triggers", "Criterion": "eligibility",
    "Concentration": "concentration", "Affiliates": "affiliates", "Revolving": "revolving", "Metrics": "metrics",
}  # fmt: skip
"""The heading of each part of a document."""


def rows_under(heading: str, page: str = PAGE) -> dict[str, list[str]]:
    """The rows of the table under a heading: the first cell, and the others."""
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#)", page + "\n#", re.MULTILINE | re.DOTALL)
    assert section is not None, heading
    rows = [line.strip("|").split(" | ") for line in section[1].splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows}


def shown(default: Any) -> str:
    """A default as the page writes it."""
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, Part):
        return "its defaults"
    if default in ((), {}, ""):
        return "empty"
    if isinstance(default, tuple):
        return f"`{', '.join(map(str, default))}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_every_part_has_its_section() -> None:
    parts = {name for name, each in vars(terms_parts).items() if isinstance(each, type) and issubclass(each, Part)}
    assert parts - {"Part"} == set(SECTIONS)


@pytest.mark.parametrize("part", SECTIONS)
def test_every_field_is_described_with_its_default(part: str) -> None:
    fields = getattr(terms_parts, part).model_fields
    rows = rows_under(SECTIONS[part])
    assert {name: row[0] for name, row in rows.items()} == {name: shown(each.default) for name, each in fields.items()}
    assert all(len(row) == 2 and row[1].strip("| ") for row in rows.values())


def test_a_row_that_is_missing_or_wrong_is_seen() -> None:
    spoilt = PAGE.replace("| `cap` | none |", "| `cap` | `0` |").replace("| `once` |", "| `twice` |")
    rows = rows_under("fees", spoilt)
    assert rows["cap"][0] == "`0`"
    assert set(rows) != set(terms_parts.Fee.model_fields)


def test_every_measure_action_and_field_is_described() -> None:
    measures = {name: (str(one.unit), one.text) for name, one in MEASURES.items()}
    measures |= {name: (str(one.unit), one.text) for name, (_, one) in OF_EACH.items()}
    assert {name: (row[0], row[1].rstrip(" |")) for name, row in rows_under("Measures").items()} == measures
    fields = {name: (one.kind, one.text) for name, one in FIELDS.items()}
    assert {name: (row[0], row[1].rstrip(" |")) for name, row in rows_under("Fields of an asset").items()} == fields
    actions = {name: row[0].rstrip(" |") for name, row in rows_under("Actions").items()}
    assert actions == {name: one.text for name, one in ACTIONS.items()}
    assert actions.keys() == set(terms_parts.Step.model_fields["action"].annotation.__args__)  # type: ignore[union-attr]


def test_every_choice_is_named() -> None:
    for choices in (DayCount, Rounding, Roll):
        assert {one for one in choices if f"`{one}`" not in PAGE} == set()


def test_the_waterfall_has_every_measure_that_is_said_to_be_its_own() -> None:
    terms = terms_named("revolving-factoring")
    own = {name for name, one in MEASURES.items() if one.source == "waterfall"}
    for pattern, (part, _) in OF_EACH.items():
        names = {"account": terms.accounts, "tranche": terms.tranches, "trigger": terms.triggers}[part]
        own |= {pattern.replace("<name>", getattr(one, part)) for one in names}
    assert set(engine_measures(terms)) == own


def test_the_schema_is_the_models() -> None:
    written = json.loads((DOCS / "terms.schema.json").read_text(encoding="utf-8"))
    assert written == PlanTerms.model_json_schema(), "glasspool terms schema > docs/terms.schema.json"
    validator = jsonschema.Draft202012Validator(written)
    for name in NAMES:
        document = terms_named(name).document()
        assert list(validator.iter_errors(document)) == []
        assert list(validator.iter_errors(document | {"clean_up": [1]}))


def test_snippets_of_the_page_stand_in_the_example() -> None:
    example = [line.split(" #")[0].rstrip() for line in text_of("revolving-factoring").splitlines()]
    (snippet,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert [line for line in snippet.splitlines() if line and line not in example] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_example_can_be_paid(name: str) -> None:
    """Every period of the example is paid by the waterfall, to the last fen, from collections that suffice."""
    terms = terms_named(name)
    state = opening_state(terms)
    total = sum(one.principal for one in terms.tranches)
    collection = terms.accounts[0].account
    for number, day in enumerate(terms.dates.pay, start=1):
        measures: dict[str, Decimal | int | None] = {
            one: Decimal(0) for one, about in MEASURES.items() if about.source == "pool"
        }
        measures |= {"pool.balance": total, "coverage.oc": Decimal(2), "coverage.asset_liability": Decimal(2)}
        result = run_period(
            terms, state, Period(period=number, on=day, receipts={collection: total}, measures=measures)
        )
        assert {line.rule for line in result.lines} == {
            step.rule for one in terms.waterfalls if one.state == result.closing.state for step in one.steps
        }
        assert not any(one.interest_arrears for one in result.closing.tranches.values())
        state = result.closing
    assert {one.outstanding for one in state.tranches.values()} == {0}
    assert not any(one.on for one in state.triggers.values())

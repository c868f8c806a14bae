"""docs/forecast.md says what the code does: every field of a scenario with its default, and a worked example."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from abs.history import History
from abs.scenario import PRESETS, Recovery, Scenario, Vector

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "forecast.md").read_text(encoding="utf-8")
SHOWN = {"": "empty", (0,): "0", None: "none", Vector(): "as history", Recovery(): "as history"}


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the tables under a heading: the first cell without its marks, and the others."""
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    cells = [line.strip("|").split(" | ") for line in section[1].splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in cells}


def test_every_field_of_a_scenario_is_in_the_table_with_its_default() -> None:
    told = rows("Scenarios")
    assert set(told) == {*Scenario.model_fields, *Recovery.model_fields}
    for name, field in Scenario.model_fields.items():
        default = "required" if field.default is PydanticUndefined else SHOWN.get(field.default, f"`{field.default}`")
        assert told[name][0] == default, name


def test_every_rate_of_history_and_every_flag_is_there() -> None:
    told = set(rows("History"))
    assert told == {f"history.{name}" for name in History.__dataclass_fields__ if name.endswith("_rate")}
    assert set(rows("Actual and forecast")) == {"shortfall", "excess", "lowered"}
    assert all(f"`{name}`" in PAGE for name in PRESETS)


def test_the_worked_example_is_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    ran = doctest.testfile(str(ROOT / "docs" / "forecast.md"), module_relative=False, encoding="utf-8")
    assert (ran.failed, ran.attempted) == (0, 24)

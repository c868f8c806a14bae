"""The pool page in a notebook: the published notebook runs against a real node and shows the same page."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

from dashboards.desk import REGULATOR, Desk
from dashboards.formats import amount
from dashboards.notebook import look_through
from ledger.facts import Plan
from ledger.store import Store

if TYPE_CHECKING:
    from tests.support.market import Market

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "pool.ipynb"


@pytest.mark.slow
def test_the_notebook_shows_the_page(market: Market) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    environment = {**os.environ, "GLASSPOOL_HOME": str(market.home), "PYTHONPATH": str(ROOT)}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}})
    asyncio.run(client.async_execute(env=environment))

    with Store.open(market.database) as store:
        view = Desk(store, REGULATOR).pool(market.plan)
    cells = {cell["id"]: cell for cell in notebook.cells if cell.cell_type == "code"}
    shown = "".join(output["data"].get("text/html", "") for output in _displayed(cells["page"]))
    assert amount(view.balance) in shown
    assert json.dumps("资产穿透")[1:-1] in shown
    assert "http://" not in _addresses(shown)
    assert "https://" not in _addresses(shown)
    [plans] = _displayed(cells["plans"])
    assert market.plan in plans["data"]["text/plain"]
    [trail] = _displayed(cells["trail"])
    assert "'PASSED'" in trail["data"]["text/plain"]
    assert "'FAILED'" not in trail["data"]["text/plain"]


def _displayed(cell: Any) -> list[Any]:
    return [output for output in cell["outputs"] if output["output_type"] in {"display_data", "execute_result"}]


def _addresses(page: str) -> str:
    """Every address that the page would load something from."""
    return " ".join(part.split('"')[0] for part in page.replace("href=", "src=").split('src="')[1:])


def test_the_published_notebook_carries_no_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_a_look_through_shows_itself_as_a_tree_and_as_a_drawing(market: Market) -> None:
    with Store.open(market.database) as store:
        shown = look_through(store, "plan", market.plan, limit=3)
        up = look_through(store, "receivable", next(one.id for one in shown.graph.of_kind("receivable")))
        manager = look_through(store, "member", store.at().select(Plan)[0].manager)
    for one in (shown, up, manager):
        assert one._repr_html_().startswith("<table>")
        assert one.graph.subject.partition(" ")[2] in one._repr_html_()
    drawn = shown.element()
    assert len(drawn.nodes) == len(shown.graph.nodes)
    assert len(drawn) == len(shown.graph.edges)

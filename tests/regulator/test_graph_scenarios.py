"""Every scenario's trail, from its last record back to the first trade document, is complete in the graph too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ledger.consortium.scenarios import SCENARIOS, generate_scenario
from ledger.store import AsOf, Store
from regulator.graph import Graph, footing, look_down, look_up
from regulator.graph.things import TABLES, Things
from tests.support.generated import followed


@pytest.fixture(scope="module", params=SCENARIOS)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Store]]:
    folder: Path = tmp_path_factory.mktemp(request.param) / "out"
    summary = generate_scenario(folder, request.param, suite="ecdsa")
    store = followed(folder, summary, folder.parent / "home")
    yield summary, store
    store.close()


def key_of(facts: AsOf, id_: str) -> tuple[str, str]:
    things = Things(facts)
    [kind] = [kind for kind in TABLES if id_ in things.read(kind, [id_])]
    return kind, id_


def both(facts: AsOf, key: tuple[str, str]) -> tuple[Graph, Graph]:
    graphs = look_up(facts, *key, limit=None), look_down(facts, *key, limit=None)
    assert [footing(each) for each in graphs] == [(), ()]
    return graphs


def test_each_step_of_the_trail_is_in_the_graph_of_the_one_before(played: tuple[Any, Store]) -> None:
    summary, store = played
    facts = store.at()
    keys = [key_of(facts, each) for each in summary.trail]
    for later, earlier in pairwise(keys):
        assert any(" ".join(earlier) in graph for graph in both(facts, later)), f"{earlier} is not around {later}"


def test_the_first_document_is_beneath_what_rests_on_it(played: tuple[Any, Store]) -> None:
    """Upward from the first document everything of the trail that rests on it, by references and claims, is found."""
    summary, store = played
    facts = store.at()
    first = key_of(facts, summary.trail[-1])
    above = look_up(facts, *first, limit=None)
    for kind in ("invoice", "receivable", "financing", "plan"):
        for row in facts.select_ended(TABLES[kind]):
            down = look_down(facts, kind, row.id, limit=None)
            reached = any(one.kind == first[0] and one.id == first[1] and not one.missing for one in down.nodes)
            ended = any(edge.ended for edge in down.edges)
            if reached and not ended:
                assert f"{kind} {row.id}" in above, f"{kind} {row.id} rests on {first}, and upward does not find it"

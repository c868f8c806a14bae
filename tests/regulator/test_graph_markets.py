"""Acceptance: on every generated market a look-through adds up at every level, and upward finds what downward says."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col

from abs.pool import read_pool
from ledger.consortium.market import generate_market
from ledger.facts import Invoice, Output, PlanCash, PoolAsset, Receivable, Tranche
from ledger.store import AsOf, Store
from regulator.graph import footing, look_at_member, look_at_papers, look_down, look_up
from regulator.graph.things import TABLES
from regulator.lookthrough import plans
from tests.support.generated import followed

SEEDS = (11, 12)


@pytest.fixture(scope="module", params=SEEDS)
def market(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A market with every kind of trouble and look-alike planted."""
    folder = tmp_path_factory.mktemp("graphs") / "out"
    size: dict[str, Any] = {"receivables": 1_200, "plans": 3, "months": 10, "seed": request.param, "suite": "ecdsa"}
    trouble = {"every": Decimal("0.0005")}
    store = followed(
        folder, generate_market(folder, **size, trouble=trouble, traps=Decimal("0.001")), folder.parent / "h"
    )
    yield store
    store.close()


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_totals_foot_at_every_level_at_any_height(market: Store, data: st.DataObject) -> None:
    facts = market.at(data.draw(st.integers(1, market.at().height), "height"))
    limit = data.draw(st.sampled_from([None, 1, 2, 7, 50]), "limit")
    offset = data.draw(st.sampled_from([0, 0, 1, 5]), "offset")
    kind = data.draw(st.sampled_from([*TABLES]), "kind")
    rows = facts.select_ended(TABLES[kind], limit=2_000)
    if not rows:
        return
    row = data.draw(st.sampled_from(rows), "thing")
    for look in (look_up, look_down):
        assert footing(look(facts, kind, row.id, offset=offset, limit=limit)) == ()
    if kind == "member":
        assert footing(look_at_member(facts, row.id, offset=offset, limit=limit)) == ()
    if kind in ("document", "invoice", "order", "receipt"):
        assert footing(look_at_papers(facts, kind, row.id, offset=offset, limit=limit)) == ()


@pytest.mark.slow
def test_a_plan_looked_through_comes_to_what_its_pool_and_cash_are(market: Store) -> None:
    """Every level from the facts by another way: the pool's own figure, the tranches' sums, each asset's invoices."""
    newest = market.at().height
    checked = 0
    for height in (newest // 3, newest // 2, 2 * newest // 3, newest):
        facts = market.at(height)
        for line in plans(facts):
            graph = look_down(facts, "plan", line.plan, limit=None)
            assert footing(graph) == ()
            balance = read_pool(facts, line.plan, history=False).balance().value
            cash = facts.get(PlanCash, line.plan)
            unspent = 0 if cash is None else max(cash.unspent, 0)
            owed = sum(one.outstanding for one in facts.select(Tranche, col(Tranche.plan) == line.plan))
            assert graph.node(f"plan {line.plan}").amount == max(balance + unspent, owed)
            assets = graph.of_kind("asset")
            assert {one.id for one in assets} == {
                one.id for one in facts.select(PoolAsset, col(PoolAsset.plan) == line.plan)
            }
            if f"pool {line.plan}" in graph:
                assert sum(one.amount or 0 for one in assets) == balance
                assert graph.node(f"pool {line.plan}").amount == balance + unspent
            checked += len(assets)
    assert checked > 50


def beneath(facts: AsOf) -> dict[str, set[str]]:
    """By invoice the plans whose downward look-through reaches it."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in plans(facts):
        for one in look_down(facts, "plan", line.plan, limit=None).of_kind("invoice"):
            found[one.id].add(line.plan)
    return found


def upward(market: Store, number: int) -> Iterator[tuple[str, set[str], set[str], tuple[object, ...]]]:
    """Of so many invoices at two heights: its plans looking up, those that reach it looking down, what does not add up.

    Invoices that plans reach are among them.
    """
    newest = market.at().height
    for height in (newest // 2, newest):
        facts = market.at(height)
        found = beneath(facts)
        invoices = [one.id for one in facts.select(Invoice)]
        chosen = random.Random(height).sample(invoices, min(number, len(invoices)))
        for id_ in {*chosen, *sorted(found)[:20]}:
            graph = look_up(facts, "invoice", id_)
            yield id_, {one.id for one in graph.of_kind("plan")}, found.get(id_, set()), footing(graph)


@pytest.mark.slow
def test_upward_from_invoices_finds_the_plans_that_downward_says(market: Store) -> None:
    looked = list(upward(market, 40))
    assert [one for one in looked if one[1] != one[2] or one[3] != ()] == []
    assert len([one for one in looked if one[2]]) > 10


@pytest.mark.slow
def test_upward_from_a_thousand_invoices(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("thousand") / "out"
    seed = random.SystemRandom().randrange(10**6)
    size: dict[str, Any] = {"receivables": 1_200, "plans": 4, "months": 12, "seed": seed, "suite": "ecdsa"}
    with followed(folder, generate_market(folder, **size, traps=Decimal("0.005")), folder.parent / "h") as store:
        looked = list(upward(store, 1_000))
    assert [one for one in looked if one[1] != one[2] or one[3] != ()] == [], f"seed {seed}"
    assert len([one for one in looked if one[2]]) > 10, f"seed {seed}"


@pytest.mark.slow
def test_upward_finds_every_claim_and_piece_that_rests_on_an_invoice(market: Store) -> None:
    """Against the facts read whole and joined by hand."""
    facts = market.at()
    roots: dict[str, set[str]] = defaultdict(set)
    for output in facts.select_ended(Output):
        roots[output.root].add(output.id)
    tied: dict[str, set[str]] = defaultdict(set)
    from ledger.facts import ReceivableInvoice

    for tie in facts.select(ReceivableInvoice):
        tied[tie.invoice].add(tie.receivable)
    assert facts.count(Receivable) >= 300
    for invoice in sorted(tied)[:60]:
        graph = look_up(facts, "invoice", invoice, limit=None)
        assert {one.id for one in graph.nodes if one.kind == "receivable"} == tied[invoice]
        wanted = set().union(*(roots[one] for one in tied[invoice]))
        assert wanted <= {one.id for one in graph.nodes if one.kind == "output"}

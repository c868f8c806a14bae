"""Looking through finds every row by an index, on both databases, and asks no more of a larger pool."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import col

from ledger.facts import PoolAsset, Receivable, output_id
from ledger.store import AsOf
from regulator.lookthrough import lineage, look_through, plans
from regulator.positions import lineage_positions
from tests.support.databases import MakeDatabase, Server, databases, private_server
from tests.support.ledger_book import Book, out, plan
from tests.support.listening import Statements, listening
from tests.support.plan_book import assigned, distributed, payment, pooled, received, remitted, removed

BY_PLACE = re.compile(r"ix_\w+_(from|to)_position")
"""The indexes of blocks: by them alone, everything before a height is read."""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    yield from private_server()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Book]:
    """Plan-1 with one asset that was paid, collected and passed on, distributed, and adjusted."""
    for make in databases(request, tmp_path):
        made = _plan_with_one_of_everything(make)
        yield made
        made.store.close()


def _plan_with_one_of_everything(make: MakeDatabase) -> Book:
    book = Book(make())
    book.admit()
    pooled(book)
    book.tell("servicer", "collection.received", received("c", 95_000, ("p", "r", 95_000)))
    book.tell("servicer", "collection.remitted", remitted("m", 95_000, "c"))
    book.tell("custodian", "distribution.made", distributed("d", 90_000, 1_000))
    change = {"receivable": "r", "delta": -1, "reason": "return", "at": "2026-01-05"}
    book.tell("gateway", "receivable.adjusted", change)
    assert book.found == []
    return book


def scans(engine: Engine, said: Statements) -> list[str]:
    """The statements of which a step reads a whole table or index."""
    found = []
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            for kind in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material"):
                connection.exec_driver_sql(f"SET LOCAL enable_{kind} = off")  # tables this small would all be scanned
        for statement, parameters in said:
            if not statement.startswith(("SELECT", "WITH")):
                continue
            if engine.dialect.name == "sqlite":
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [str(row[-1]) for row in rows]
                whole = [step for step in steps if step.startswith("SCAN") or BY_PLACE.search(step)]
            else:
                rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                whole = _unconditional([str(row[0]) for row in rows])
            found += [f"{step}: {statement}" for step in whole]
    return found


def _unconditional(steps: list[str]) -> list[str]:
    """Steps of PostgreSQL's plan that read all of something: no index, or an index without a condition on it."""
    whole = []
    for place, step in enumerate(steps):
        known = step[: len(step) - len(step.lstrip())]
        told = [each for each in steps[place + 1 : place + 4] if each.startswith(known + "  ")]
        by_index = "Index" in step and "Scan" in step
        conditioned = any("Index Cond:" in each for each in told) and not BY_PLACE.search(step)
        if "Seq Scan on" in step or (by_index and not conditioned):
            whole.append(step.strip())
    return whole


QUESTIONS: dict[str, Callable[[AsOf], object]] = {
    "the lineage of an asset": lambda facts: lineage(facts, "plan-1", "r"),
    "the whole look-through": lambda facts: look_through(facts, "plan-1", "r"),
    "every record beneath a plan": lambda facts: lineage_positions(facts, "plan-1"),
    "one thing and its versions": lambda facts: (facts.get(Receivable, "r"), facts.history(Receivable, "r")),
    "a page of a pool": lambda facts: facts.select(PoolAsset, col(PoolAsset.plan) == "plan-1", limit=10),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_row_is_found_by_an_index(book: Book, question: str) -> None:
    engine = book.store._engine
    with listening(engine) as said:
        QUESTIONS[question](book.store.at())
    assert said
    assert scans(engine, said) == []


def test_a_scan_is_seen(book: Book) -> None:
    engine = book.store._engine
    with listening(engine) as said:
        book.store.at().select(Receivable, col(Receivable.confirmed_method) == "seal")
    assert len(scans(engine, said)) == 1


def test_what_is_asked_does_not_grow_with_the_pool(book: Book) -> None:
    engine = book.store._engine

    def asked() -> tuple[int, int]:
        with listening(engine) as one:
            lineage(book.store.at(), "plan-1", "r")
        with listening(engine) as all_:
            look_through(book.store.at(), "plan-1")
        return len(one), len(all_)

    before = asked()
    for number in range(12):
        name = f"x{number}"
        book.say("supplier", "receivable.registered", receivable_of(name))
        book.say("core", "receivable.confirmed", {"receivable": name, "by": "core", "method": "signature"})
        issue = {"certificate": f"c-{name}", "receivable": name, "issuer": "core"}
        hash_ = book.say("core", "certificate.issued", issue | {"outputs": [out(500, "supplier")]})
        sold = {"inputs": [output_id(hash_, 0)], "outputs": [out(500, "factor")], "financier": "factor"}
        hash_ = book.say("supplier", "certificate.financed", sold | {"form": "factoring", "price": 1, "rate": "0.05"})
        book.say("factor", "pool.assigned", assigned("plan-1", (name, [output_id(hash_, 0)])))
        book.say("bank", "payment.recorded", payment(f"p-{name}", 500, (name, 500)))
    assert [finding.code.value for finding in book.seal()] == []
    assert len(look_through(book.store.at(), "plan-1").assets.lines) == 13
    assert asked() == before


def test_listing_the_plans_asks_no_more_of_more_plans(book: Book) -> None:
    with listening(book.store._engine) as of_one:
        assert [line.plan for line in plans(book.store.at())] == ["plan-1"]
    for number in (2, 3):
        assert book.tell("manager", "plan.established", plan(f"plan-{number}")) == []
    with listening(book.store._engine) as of_three:
        assert [line.plan for line in plans(book.store.at())] == ["plan-1", "plan-2", "plan-3"]
    assert len(of_three) == len(of_one)


def test_the_assets_of_all_plans_are_counted_in_an_index_alone(book: Book) -> None:
    if book.store._engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads tables this small whole")
    with listening(book.store._engine) as said, book.store._engine.connect() as connection:
        assert [line.assets for line in plans(book.store.at())] == [1]
        [counted] = [one for one in said if "pool_asset" in one[0]]
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {counted[0]}", counted[1])
        assert [str(row[-1]) for row in rows] == ["SCAN pool_asset USING COVERING INDEX ix_pool_asset_plan"]


def test_a_pool_that_others_left_is_read_without_them(book: Book) -> None:
    """What left before the height, and what comes after it, is passed over in the index alone."""
    before = book.store.at()
    assert book.tell("servicer", "pool.removed", removed("r", reason="other")) == []
    after = book.store.at()
    assert [one.asset for one in before.select(PoolAsset, col(PoolAsset.plan) == "plan-1")] == ["r"]
    assert after.select(PoolAsset, col(PoolAsset.plan) == "plan-1") == []
    columns = [column.name for index in PoolAsset.__table__.indexes for column in index.columns if "plan" in index.name]
    assert columns[:3] == ["plan", "from_position", "to_position"]


def test_a_thing_of_many_versions_is_found_in_one_step(book: Book) -> None:
    heights = []
    for _ in range(5):
        change = {"receivable": "r", "delta": -1, "reason": "return", "at": "2026-01-05"}
        assert book.tell("gateway", "receivable.adjusted", change) == []
        heights.append(book.height - 1)
    for number, height in enumerate(heights):
        found = book.store.at(height).get(Receivable, "r")
        assert found is not None
        assert (found.adjusted, found.to_height) == (-2 - number, None)
    assert book.store.at(0).get(Receivable, "r") is None


def test_a_thing_that_ended_is_not_held(book: Book) -> None:
    held = book.store.at()
    book.tell("servicer", "pool.removed", removed("r", reason="other"))
    assert held.get(PoolAsset, "plan-1/r") is not None
    assert book.store.at().get(PoolAsset, "plan-1/r") is None
    assert len(book.store.at().history(PoolAsset, "plan-1/r")) == 1


def test_questions_asked_at_once_see_one_height(book: Book) -> None:
    facts = book.store.at()
    with listening(book.store._engine) as said, facts.at_once() as known:
        for _ in range(3):
            assert known.get(Receivable, "r") is not None
        with known.at_once() as again:
            assert again.height == facts.height
    assert len([statement for statement, _ in said if "facts_digest" in statement]) == 1


def receivable_of(name: str) -> dict[str, Any]:
    return {
        "receivable": name, "creditor": "supplier", "debtor": "core", "amount": 500, "due": "2026-06-30",
        "contract": None, "invoices": [], "related_party": False,
    }  # fmt: skip

"""Looking through a plan down to one invoice, with the record of every step."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest

from abs.errors import UnknownPlan
from ledger.facts import output_id
from ledger.store import Store
from regulator.errors import UnknownAsset
from regulator.lookthrough import look_through, plans
from regulator.positions import lineage_positions
from regulator.steps import AssetTrail
from tests.support.ledger_book import Book, certificate_on, out, plan
from tests.support.market import Market


def trail_of(book: Book, asset: str = "R") -> AssetTrail:
    found = look_through(book.store.at(), "P", asset)
    assert found.asset is not None
    return found.asset


def finance(book: Book, *inputs: str, amounts: tuple[int, ...], sender: str = "tier2") -> str:
    payload = {
        "inputs": list(inputs), "outputs": [out(amount, "factor") for amount in amounts], "financier": "factor",
        "form": "factoring", "price": sum(amounts) - 1_000, "rate": "0.0525",
    }  # fmt: skip
    return book.say(sender, "certificate.financed", payload)


def assign(book: Book, *outputs: str) -> None:
    assets = [{"asset": "R", "outputs": list(outputs)}]
    payload = {"plan": "P", "date": "2026-01-05", "assignor": "factor", "price": 112_000, "assets": assets}
    book.say("factor", "pool.assigned", payload)
    book.seal()


def whole_life(book: Book) -> list[str]:
    """A certificate is issued, transferred, signed in, split, financed, assigned, paid, redeemed; returns outputs."""
    issued = certificate_on(book, "R")
    proposed = book.say(
        "supplier",
        "certificate.transfer_proposed",
        {"inputs": [issued], "outputs": [out(113_000, "supplier", "tier2")]},
    )
    signed = book.say(
        "tier2",
        "certificate.signed_in",
        {"inputs": [output_id(proposed, 0)], "outputs": [out(113_000, "tier2")], "by": "tier2"},
    )
    split = book.say(
        "tier2",
        "certificate.split",
        {"inputs": [output_id(signed, 0)], "outputs": [out(13_000, "tier2"), out(100_000, "tier2")]},
    )
    sold = finance(book, output_id(split, 0), output_id(split, 1), amounts=(13_000, 100_000))
    book.seal()
    held = [output_id(sold, 0), output_id(sold, 1)]
    assign(book, *held)
    return held


def paid_off(book: Book, held: list[str]) -> None:
    settles = [{"target": "receivable", "id": "R", "amount": 113_000}]
    payment = {
        "payment": "PAY", "payer": "core", "payee": "servicer", "amount": 113_000, "date": "2026-06-30",
        "bank_reference": "B-1", "settles": settles,
    }  # fmt: skip
    book.say("bank", "payment.recorded", payment)
    book.say("core", "certificate.redeemed", {"inputs": held, "payment": "PAY"})
    items = [{"payment": "PAY", "asset": "R", "amount": 113_000}]
    cash = {"plan": "P", "date": "2026-06-30", "amount": 113_000}
    book.say("servicer", "collection.received", {"collection": "COL", **cash, "items": items})
    book.say("servicer", "collection.remitted", {"remittance": "REM", **cash, "collections": ["COL"]})
    book.seal(days=180)


def test_every_step_of_a_whole_life_names_its_record_and_its_signer(book: Book) -> None:
    paid_off(book, whole_life(book))
    trail = trail_of(book)
    kinds = [one.kind for one in trail.evidence()]
    assert kinds == [
        "invoice.registered", "receivable.registered", "receivable.confirmed", "certificate.issued",
        "certificate.transfer_proposed", "certificate.signed_in", "certificate.split", "certificate.financed",
        "pool.assigned", "payment.recorded", "certificate.redeemed", "collection.received", "collection.remitted",
    ]  # fmt: skip
    signers = {one.kind: one.signer for one in trail.evidence()}
    assert signers["certificate.signed_in"] == "tier2"
    assert signers["receivable.confirmed"] == signers["certificate.issued"] == "core"
    for one in trail.evidence():
        record = book.store.record(book.store.find_record(one.position))
        assert (record.kind, f"0x{record.transaction_hash.hex()}") == (one.kind, one.transaction)
        assert one.time.timestamp() * 1000 == book.store.block(one.height).timestamp


def test_value_is_followed_through_every_record(book: Book) -> None:
    held = whole_life(book)
    before = trail_of(book)
    assert (before.conservation.issued, before.conservation.live, before.conservation.redeemed) == (113_000, 113_000, 0)
    paid_off(book, held)
    trail = trail_of(book)
    assert trail.conservation.holds
    assert (trail.conservation.live, trail.conservation.redeemed) == (0, 113_000)
    assert [(one.record.kind.partition(".")[2], len(one.inputs), len(one.outputs)) for one in trail.movements] == [
        ("issued", 0, 1), ("transfer_proposed", 1, 1), ("signed_in", 1, 1), ("split", 1, 2), ("financed", 2, 2),
        ("redeemed", 2, 0),
    ]  # fmt: skip
    assert all(one.conserved and one.value_in == one.value_out == 113_000 for one in trail.movements)
    middle = trail.outputs[1]
    assert middle.owners == ("supplier", "tier2")
    assert middle.spent is not None
    assert [one.output for one in trail.outputs if one.in_pool] == held
    assert {one.price for one in trail.outputs if one.in_pool} == {112_000}


def test_value_made_from_nothing_is_shown_where_it_was_made(book: Book) -> None:
    """A split of 113,000 into 13,000 and 110,000: committed as it was, and broken from there on."""
    issued = certificate_on(book, "R")
    parts = [out(13_000, "supplier"), out(110_000, "supplier")]
    split = book.say("supplier", "certificate.split", {"inputs": [issued], "outputs": parts})
    sold = finance(book, output_id(split, 0), output_id(split, 1), amounts=(123_000,), sender="supplier")
    assign(book, output_id(sold, 0))
    trail = trail_of(book)
    assert [one.conserved for one in trail.movements] == [True, False, True]
    assert (trail.conservation.holds, trail.conservation.live) == (False, 123_000)


def test_an_earlier_height_shows_what_was_known_then(book: Book) -> None:
    held = whole_life(book)
    height = book.height - 1
    paid_off(book, held)
    then = look_through(book.store.at(height), "P", "R").asset
    assert then is not None
    assert (then.payments, then.collections, then.receivable.paid) == ((), (), 0)
    assert [one.spent for one in then.outputs if one.in_pool] == [None, None]
    with pytest.raises(UnknownAsset):
        look_through(book.store.at(height - 1), "P", "R")


def test_an_invoice_shows_its_verification_and_its_later_status(book: Book) -> None:
    whole_life(book)
    checked = {
        "invoice": "inv-R", "verifier": "verifier", "result": "consistent", "checked_at": "2026-01-05T02:00:00Z",
        "tax_authority_amount": 113_000,
    }  # fmt: skip
    book.say("verifier", "invoice.verified", checked)
    book.seal()
    voided = {"invoice": "inv-R", "status": "voided", "red_invoice": None, "at": "2026-01-05"}
    book.say("verifier", "invoice.status_changed", voided)
    book.seal()
    (invoice,) = trail_of(book).invoices
    assert (invoice.status, invoice.verified_result, invoice.verified_amount) == ("voided", "consistent", 113_000)
    assert invoice.verified is not None
    assert invoice.status_changed is not None
    assert (invoice.verified.kind, invoice.status_changed.kind) == ("invoice.verified", "invoice.status_changed")


def test_a_plan_without_assets_or_payments_is_looked_through_too(book: Book) -> None:
    found = look_through(book.store.at(), "P")
    assert (found.assets.total, found.asset, found.pool.balance.value) == (0, None, 0)
    assert [tranche.outstanding for tranche in found.tranches] == [90_000, 10_000]
    assert found.plan.established.kind == "plan.established"
    assert json.loads(json.dumps(found.as_json(depth=2)))["pool"]["delinquency_ratio"]["value"] is None
    (line,) = plans(book.store.at())
    assert (line.principal, line.assets, line.distributions, line.last_distribution) == (100_000, 0, 0, None)


def test_unknown_plans_and_assets_are_refused_with_what_to_do(book: Book) -> None:
    with pytest.raises(UnknownPlan) as plan_error:
        look_through(book.store.at(), "nope")
    with pytest.raises(UnknownAsset) as asset_error:
        look_through(book.store.at(), "P", "nope")
    with pytest.raises(UnknownPlan):
        lineage_positions(book.store.at(), "nope")
    assert "glasspool" in plan_error.value.next_step
    assert "glasspool" in asset_error.value.next_step


def test_every_plan_is_listed_with_its_own_figures_as_of_the_height(book: Book) -> None:
    paid_off(book, whole_life(book))
    before = book.height - 1
    for period, principal in ((1, 10_000), (1, 20_000), (2, 30_000)):
        paid = {"distribution": f"d-{principal}", "plan": "P", "tranche": "A", "period": period, "interest": 0}
        book.tell("custodian", "distribution.made", paid | {"date": f"2026-07-0{period}", "principal": principal})
    book.tell("servicer", "pool.removed", {"plan": "P", "date": "2026-07-03", "reason": "settled", "assets": ["R"]})
    book.tell("manager", "plan.established", plan("A", code="A"))
    other, line = plans(book.store.at())
    assert (other.plan, other.tranches, other.principal, other.outstanding) == ("A", 2, 100_000, 100_000)
    assert (other.assets, other.distributions, other.last_distribution) == (0, 0, None)
    assert (line.tranches, line.principal, line.outstanding, line.assets) == (2, 100_000, 40_000, 0)
    assert (line.distributions, line.last_distribution) == (2, date(2026, 7, 2))
    (line,) = plans(book.store.at(before))
    assert (line.outstanding, line.assets, line.distributions, line.last_distribution) == (100_000, 1, 0, None)


def test_plans_before_the_first_one_are_none(book: Book) -> None:
    assert plans(book.store.at(0)) == ()


@pytest.mark.slow
def test_every_invoice_of_a_file_is_reached_from_its_plan(market: Market) -> None:
    """Real signed blocks: totals as in the file, every invoice beneath one asset, pages that cover the pool once."""
    with market.file.open(newline="", encoding="utf-8-sig") as file:
        numbers = {row["发票号码"] for row in csv.DictReader(file)}
    with Store.open(market.database) as store:
        facts = store.at()
        found = look_through(facts, market.plan, limit=15)
        assert found.pool.original.value == market.amount
        assert found.assets.total == market.rows == 40
        lines = []
        for offset in range(0, market.rows, 15):
            lines += look_through(facts, market.plan, offset=offset, limit=15).assets.lines
        assert {number for line in lines for number in line.invoices} == numbers
        reached = set(found.positions())
        for line in lines:
            trail = look_through(facts, market.plan, line.asset, limit=0).asset
            assert trail is not None
            assert trail.conservation.holds
            assert {one.number for one in trail.invoices} == set(line.invoices)
            reached |= {store.find_record(one.position) for one in trail.evidence()}
        assert reached == set(lineage_positions(facts, market.plan))


def test_a_day_in_the_past_shows_the_pool_of_that_day(market: Market) -> None:
    with Store.open(market.database) as store:
        day = date(2024, 12, 31)
        then = look_through(store.at(store.height_on(day)), market.plan, on=day)
        now = look_through(store.at(), market.plan, on=day)
    assert then.pool.balance.value == now.pool.balance.value
    assert then.height < now.height
    assert then.assets == now.assets

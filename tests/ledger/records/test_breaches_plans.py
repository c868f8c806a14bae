"""Every breach about plans, pools and their cash, and beside it the lawful record that looks like it."""

from typing import Any

from ledger.facts import Collection, PlanCash, PoolAsset, Tranche
from tests.support.ledger_book import Book, certificate_on, financed_by_factor, plan, receivable


def assigned(name: str, *assets: tuple[str, list[str]], **changes: Any) -> dict[str, Any]:
    return {
        "plan": name, "date": "2026-01-05", "assignor": "factor", "price": 90_000,
        "assets": [{"asset": asset, "outputs": outputs} for asset, outputs in assets], **changes,
    }  # fmt: skip


def pooled(book: Book, name: str = "plan-1") -> None:
    """A plan whose pool holds receivable ``r``, and a payment on it."""
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", plan(name))
    book.say("factor", "pool.assigned", assigned(name, ("r", [output])))
    settles = [{"target": "receivable", "id": "r", "amount": 100_000}]
    payment = {
        "payment": "p", "payer": "core", "payee": "factor", "amount": 100_000, "date": "2026-01-05",
        "bank_reference": "b", "settles": settles,
    }  # fmt: skip
    book.say("bank", "payment.recorded", payment)
    assert book.seal() == ()


def received(name: str, amount: int, *items: tuple[str, str, int], **changes: Any) -> dict[str, Any]:
    return {
        "collection": name, "plan": "plan-1", "date": "2026-01-05", "amount": amount,
        "items": [{"payment": p, "asset": a, "amount": n} for p, a, n in items], **changes,
    }  # fmt: skip


def remitted(name: str, amount: int, *collections: str, **changes: Any) -> dict[str, Any]:
    return {
        "remittance": name, "plan": "plan-1", "date": "2026-01-05", "amount": amount,
        "collections": list(collections), **changes,
    }  # fmt: skip


def distributed(name: str, principal: int, interest: int, **changes: Any) -> dict[str, Any]:
    return {
        "distribution": name, "plan": "plan-1", "tranche": "A", "period": 1, "date": "2026-01-05",
        "principal": principal, "interest": interest, **changes,
    }  # fmt: skip


def test_plan_dates_and_manager(book: Book) -> None:
    assert book.tell("manager", "plan.established", plan("a", cutoff="2026-01-06")) == ["dates.order"]
    assert book.tell("manager", "plan.established", plan("b", maturity="2027-01-30")) == ["dates.order"] * 2
    assert book.tell("manager", "plan.established", plan("c", manager="custodian")) == ["sender.not_party"]
    assert book.tell("manager", "plan.established", plan("d", cutoff="2026-01-05")) == []
    rows = book.store.at().select(Tranche, Tranche.plan == "d", order_by=Tranche.place)
    assert [(row.id, row.outstanding, row.rate and str(row.rate)) for row in rows] == [
        ("d/A", 90_000, "0.0525"),
        ("d/B", 10_000, None),
    ]


def test_pool_assets_are_the_assignors(book: Book) -> None:
    book.tell("manager", "plan.established", plan("plan-1", originators=["factor", "supplier"]))
    held, suppliers = financed_by_factor(book, "r"), certificate_on(book, "s")
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("s", [suppliers]))) == ["pool.not_owner"]
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("s", [held]))) == ["pool.not_owner", "pool.double"]
    spent = book.store.at().select_ended(PoolAsset)
    assert [row.asset for row in spent] == ["s"]
    book.tell("supplier", "receivable.registered", receivable("bare"))
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("bare", []))) == ["pool.not_owner"]
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", [held]))) == []


def test_a_spent_output_is_not_assigned(book: Book) -> None:
    book.tell("manager", "plan.established", plan("plan-1"))
    output = financed_by_factor(book, "r")
    piece = {"owners": ["factor"], "amount": 113_000, "due": "2026-06-30"}
    book.tell("factor", "certificate.split", {"inputs": [output], "outputs": [piece]})
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", [output]))) == ["pool.not_owner"]


def test_a_bare_receivable_is_assigned_by_its_creditor(book: Book) -> None:
    book.say("operator", "member.updated", {"member": "supplier", "roles": ["supplier", "originator"]})
    book.say("manager", "plan.established", plan("plan-1", originators=["supplier"]))
    book.say("supplier", "receivable.registered", receivable("bare"))
    book.say("supplier", "pool.assigned", assigned("plan-1", ("bare", []), assignor="supplier"))
    assert book.seal() == ()


def test_assignor_is_an_originator_of_the_plan_and_signs(book: Book) -> None:
    held = financed_by_factor(book, "r")
    book.tell("manager", "plan.established", plan("plan-1", originators=["supplier"]))
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", [held]))) == ["plan.originator"]
    book.tell("operator", "member.updated", {"member": "bank", "roles": ["originator"]})
    book.tell("manager", "plan.established", plan("plan-2"))
    other = financed_by_factor(book, "s")
    assert book.tell("bank", "pool.assigned", assigned("plan-2", ("s", [other]))) == ["sender.not_party"]
    late = assigned("plan-2", ("ghost", []), date="2026-01-08")
    assert book.tell("factor", "pool.assigned", late) == ["reference.missing", "dates.order"]


def test_an_asset_is_in_one_pool(book: Book) -> None:
    pooled(book)
    first = book.store.at().select(PoolAsset)[0]
    book.tell("manager", "plan.established", plan("plan-2"))
    again = assigned("plan-2", ("r", first.outputs))
    assert book.tell("factor", "pool.assigned", again) == ["pool.double"]
    assert book.found[-1].others == (first.began,)
    assert [row.plan for row in book.store.at().select(PoolAsset, PoolAsset.asset == "r")] == ["plan-1", "plan-2"]
    other = financed_by_factor(book, "s")
    twice = assigned("plan-2", ("s", [other]), ("s", [other]))
    assert book.tell("factor", "pool.assigned", twice) == ["pool.double"]
    assert book.store.at().count(PoolAsset, PoolAsset.asset == "s") == 1
    assert book.tell("factor", "pool.assigned", assigned("plan-2", ("t", [financed_by_factor(book, "t")]))) == []


def test_collections(book: Book) -> None:
    pooled(book)
    assert book.tell("servicer", "collection.received", received("c1", 60_000, ("p", "r", 60_000))) == []
    short = received("c2", 60_000, ("p", "r", 59_999))
    assert book.tell("servicer", "collection.received", short) == ["collection.total"]
    financed_by_factor(book, "outside")
    foreign = received("c3", 10, ("p", "outside", 10))
    assert book.tell("servicer", "collection.received", foreign) == ["collection.not_in_pool"]
    early = received("c4", 10, ("p", "r", 10), date="2025-12-31")
    assert book.tell("servicer", "collection.received", early) == ["dates.order"]
    book.tell("operator", "member.updated", {"member": "bank", "roles": ["servicer"]})
    assert book.tell("bank", "collection.received", received("c5", 10, ("p", "r", 10))) == ["sender.not_party"]
    assert book.store.at().get(PlanCash, "plan-1").collected == 120_030


def test_remittances(book: Book) -> None:
    pooled(book)
    for name in ("c1", "c2"):
        assert book.tell("servicer", "collection.received", received(name, 50_000, ("p", "r", 50_000))) == []
    assert book.tell("servicer", "collection.remitted", remitted("m1", 50_000, "c1")) == []
    again = remitted("m2", 50_000, "c1", "c2")
    assert book.tell("servicer", "collection.remitted", again) == ["remittance.twice"]
    more = remitted("m3", 1, "c2")
    assert book.tell("servicer", "collection.remitted", more) == ["remittance.twice", "remittance.exceeds_collections"]
    assert book.store.at().get(Collection, "c2").remittance == "m2"
    book.tell("manager", "plan.established", plan("plan-2"))
    other = remitted("m4", 1, "c1", plan="plan-2")
    assert book.tell("servicer", "collection.remitted", other) == [
        "reference.missing",
        "remittance.exceeds_collections",
    ]


def test_distributions_come_from_remitted_cash(book: Book) -> None:
    pooled(book)
    book.say("servicer", "collection.received", received("c1", 95_000, ("p", "r", 95_000)))
    book.say("servicer", "collection.remitted", remitted("m1", 95_000, "c1"))
    assert book.seal() == ()
    assert book.tell("custodian", "distribution.made", distributed("d1", 80_000, 5_000)) == []
    assert book.tell("manager", "distribution.made", distributed("d2", 10_000, 0)) == []
    assert book.tell("custodian", "distribution.made", distributed("d3", 0, 1)) == ["distribution.exceeds_cash"]
    book.say("servicer", "collection.received", received("c2", 10_000, ("p", "r", 10_000)))
    book.say("servicer", "collection.remitted", remitted("m2", 10_000, "c2"))
    assert book.seal() == ()
    assert book.tell("custodian", "distribution.made", distributed("d4", 1, 0)) == ["distribution.exceeds_principal"]
    rows = book.store.at().history(Tranche, "plan-1/A")
    assert [row.outstanding for row in rows] == [90_000, 10_000, 0, -1]
    early = distributed("d5", 0, 1, date="2026-01-04")
    assert book.tell("custodian", "distribution.made", early) == ["dates.order"]
    assert book.tell("bank", "distribution.made", distributed("d6", 0, 1)) == ["sender.role", "sender.not_party"]
    lost = distributed("d7", 0, 1, tranche="C")
    assert book.tell("custodian", "distribution.made", lost) == ["reference.missing"]

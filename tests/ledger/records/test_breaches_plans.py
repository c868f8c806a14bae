"""Every breach about plans and their cash, and beside it the lawful record that looks like it."""

import json
from decimal import Decimal

from ledger.facts import (
    Collection,
    ConcentrationLimit,
    Distribution,
    EligibilityCriterion,
    Plan,
    PlanAccount,
    PlanCash,
    PlanEvent,
    PlanFee,
    PlanTrigger,
    Shortfall,
    Tranche,
)
from tests.support.ledger_book import Book, financed_by_factor, plan
from tests.support.plan_book import (
    DAY,
    TERMS,
    assigned,
    called,
    distributed,
    documented,
    fee,
    given_back,
    made_up,
    moved,
    payment,
    pooled,
    purchased,
    received,
    remitted,
    removed,
    repurchased,
    revolving,
)


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


def test_collections(book: Book) -> None:
    pooled(book)
    assert book.tell("servicer", "collection.received", received("c1", 40_000, ("p", "r", 40_000))) == []
    short = received("c2", 40_000, ("p", "r", 39_999))
    assert book.tell("servicer", "collection.received", short) == ["collection.total"]
    financed_by_factor(book, "outside")
    foreign = received("c3", 10, ("p", "outside", 10))
    assert book.tell("servicer", "collection.received", foreign) == ["collection.not_in_pool"]
    early = received("c4", 10, ("p", "r", 10), date="2025-12-31")
    assert book.tell("servicer", "collection.received", early) == ["dates.order"]
    book.tell("operator", "member.updated", {"member": "bank", "roles": ["servicer"]})
    assert book.tell("bank", "collection.received", received("c5", 10, ("p", "r", 10))) == ["sender.not_party"]
    assert book.store.at().get(PlanCash, "plan-1").collected == 80_030


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


def test_a_collection_may_be_passed_on_in_parts(book: Book) -> None:
    pooled(book)
    for name in ("c1", "c2"):
        assert book.tell("servicer", "collection.received", received(name, 50_000, ("p", "r", 50_000))) == []
    assert book.tell("servicer", "collection.remitted", remitted("m1", 30_000, "c1")) == []
    assert book.tell("servicer", "collection.remitted", remitted("m2", 30_000, "c1", "c2")) == []
    assert [row.remitted for row in book.store.at().select(Collection, order_by=Collection.id)] == [50_000, 10_000]
    over = remitted("m3", 40_001, "c2")
    assert book.tell("servicer", "collection.remitted", over) == ["remittance.exceeds_collections"]
    assert book.tell("servicer", "collection.remitted", remitted("m4", 1, "c2")) == [
        "remittance.twice",
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
    book.say("bank", "payment.recorded", payment("q", 10_000, ("r", 10_000)))
    book.say("servicer", "collection.received", received("c2", 10_000, ("q", "r", 10_000)))
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


def liquidated(**changes: object) -> dict[str, object]:
    return {"plan": "plan-1", "at": DAY, "surplus": 0, **changes}


def event(name: str, **changes: object) -> dict[str, object]:
    return {"plan": "plan-1", "event": name, "at": DAY, "reason": "", **changes}


def test_both_versions_of_a_plan_hold(book: Book) -> None:
    assert book.tell("manager", "plan.established", plan("one")) == []
    assert book.tell("manager", "plan.established", documented("two")) == []
    one, two = book.store.at().get(Plan, "one"), book.store.at().get(Plan, "two")
    assert (one.revolving_until, one.payment_dates, one.waterfall) == (None, [], [])
    assert str(two.revolving_until) == "2026-05-31"
    assert str(two.revolving_min_yield) == "0.04"
    assert two.payment_dates == ["2026-06-30", "2026-12-31"]
    assert two.waterfall == ["费用", "优先级利息", "优先级本金", "次级"]
    stated = {"id", "from_height", "from_position", "code", "revolving_until", "revolving_min_yield"}
    same = one.values().keys() - stated - {"payment_dates", "waterfall"}
    assert {name: one.values()[name] for name in same} == {name: two.values()[name] for name in same}
    facts = book.store.at()
    assert facts.get(PlanAccount, "two/6222-1").bank == "bank"
    assert facts.get(PlanFee, "two/custody").rate == Decimal("0.0005")
    assert facts.get(PlanTrigger, "two/t1").periods == 3
    assert facts.get(EligibilityCriterion, "two/confirmed").text == "债务人已确权"
    assert str(facts.get(ConcentrationLimit, "two/debtor").limit) == "0.5"
    assert facts.count(Tranche, Tranche.plan == "two") == 2


def test_a_documented_plan_breaks_the_same_rules_and_its_own(book: Book) -> None:
    late = documented("a", cutoff="2026-01-06")
    assert book.tell("manager", "plan.established", late) == ["dates.order"]
    revolving_long = documented("b", revolving={"until": "2027-02-01"})
    assert book.tell("manager", "plan.established", revolving_long) == ["dates.order"]
    early = documented("c", payment_dates=["2026-06-30", "2026-01-04"])
    assert book.tell("manager", "plan.established", early) == ["dates.order"]
    strange = documented("d", accounts=[{"account": "1", "kind": "custody", "bank": "nobody"}])
    assert book.tell("manager", "plan.established", strange) == ["reference.missing"]
    twice = documented("e", concentration_limits=[{"by": "debtor", "limit": "0.5"}, {"by": "debtor", "limit": "1"}])
    assert book.tell("manager", "plan.established", twice) == ["record.malformed"]
    assert book.tell("manager", "plan.established", documented("f", revolving=None, payment_dates=[])) == []
    assert book.tell("manager", "plan.established", plan("f")) == ["identifier.reused"]


def test_terms_are_amended_by_the_manager(book: Book) -> None:
    book.tell("manager", "plan.established", plan("plan-1"))
    before = book.store.at().height
    amended = {"plan": "plan-1", "effective": "2026-02-01", "reason": "决议", "terms": TERMS | {"rounding": "down"}}
    assert book.tell("manager", "plan.terms_amended", amended) == []
    assert book.tell("custodian", "plan.terms_amended", amended) == ["sender.role", "sender.not_party"]
    early = amended | {"effective": "2025-12-31"}
    assert book.tell("manager", "plan.terms_amended", early) == ["dates.order"]
    history = book.store.at().history(Plan, "plan-1")
    assert [json.loads(row.terms)["rounding"] for row in history] == ["half_up", "down", "down", "down"]
    assert json.loads(book.store.at(before).get(Plan, "plan-1").terms)["rounding"] == "half_up"


def test_events_are_declared_once(book: Book) -> None:
    book.tell("manager", "plan.established", plan("plan-1"))
    assert book.tell("manager", "event.declared", event("default")) == []
    assert book.tell("manager", "event.declared", event("acceleration")) == []
    assert book.tell("manager", "event.declared", event("default", reason="again")) == ["event.status_path"]
    assert book.found[-1].others == (book.store.at().get(PlanEvent, "plan-1/default").began,)
    assert book.store.at().get(PlanEvent, "plan-1/default").reason == ""
    assert book.tell("manager", "event.declared", event("revolving_ended")) == ["event.status_path"]
    assert book.tell("manager", "event.declared", event("perfection", at="2025-12-31")) == ["dates.order"]
    book.tell("manager", "plan.established", documented("plan-2"))
    assert book.tell("manager", "event.declared", event("revolving_ended", plan="plan-2")) == []
    assert book.tell("manager", "event.declared", event("default", plan="plan-2")) == []
    assert book.tell("custodian", "event.declared", event("perfection", plan="plan-2")) == [
        "sender.role",
        "sender.not_party",
    ]


def paid_out(book: Book) -> None:
    """A plan whose one asset was paid, collected, distributed and removed; its subordinated tranche bears a loss."""
    pooled(book)
    book.say("bank", "payment.recorded", payment("q", 13_000, ("r", 13_000)))
    book.say("servicer", "collection.received", received("c1", 113_000, ("p", "r", 100_000), ("q", "r", 13_000)))
    book.say("servicer", "collection.remitted", remitted("m1", 113_000, "c1"))
    book.say("custodian", "distribution.made", distributed("d1", 90_000, 20_000))
    assert book.seal() == ()


def test_a_plan_is_liquidated_when_nothing_is_left(book: Book) -> None:
    paid_out(book)
    assert book.tell("servicer", "pool.removed", removed("r")) == []
    assert book.tell("manager", "plan.liquidated", liquidated()) == []
    assert book.store.at().get(Plan, "plan-1").liquidated_on is not None
    again = liquidated(surplus=1)
    assert book.tell("manager", "plan.liquidated", again) == ["plan.status_path"]
    assert book.store.at().get(Plan, "plan-1").surplus == 0


def test_a_settled_asset_may_stay_and_a_surplus_may_not_beside_unpaid_principal(book: Book) -> None:
    paid_out(book)
    assert book.tell("manager", "plan.liquidated", liquidated(surplus=3_000)) == ["plan.status_path"]
    assert dict(book.found[-1].details) == {"outstanding": 10_000, "surplus": 3_000}


def test_a_plan_is_not_liquidated_with_assets_or_unpaid_senior_principal(book: Book) -> None:
    pooled(book)
    assert book.tell("manager", "plan.liquidated", liquidated()) == ["plan.status_path"] * 2
    assert dict(book.found[-2].details) == {"assets": 1}
    assert dict(book.found[-1].details) == {"outstanding": 90_000, "surplus": 0}
    assert book.tell("custodian", "plan.liquidated", liquidated()) == [
        "sender.role",
        "plan.status_path",
        "sender.not_party",
    ]


def test_nothing_acts_on_a_liquidated_plan(book: Book) -> None:
    pooled(book, version=2)
    book.say("servicer", "collection.received", received("c1", 100_000, ("p", "r", 100_000)))
    book.say("manager", "shortfall.called", called("s1", 10))
    assert book.seal() == ()
    other = financed_by_factor(book, "s")
    book.tell("manager", "plan.liquidated", liquidated())
    over = book.found[-1].position
    acts: list[tuple[str, str, dict[str, object]]] = [
        ("manager", "event.declared", event("perfection")),
        ("factor", "pool.assigned", assigned("plan-1", ("s", [other]))),
        ("factor", "pool.revolving_purchased", purchased("b", 0, ("t", []))),
        ("servicer", "asset.overdue", {"plan": "plan-1", "asset": "r", "amount": 1, "days": 1, "at": DAY}),
        ("factor", "pool.repurchased", repurchased(1, "r")),
        ("servicer", "pool.removed", removed("s")),
        ("factor", "cleanup_call", {"plan": "plan-1", "date": DAY, "by": "factor", "price": 1}),
        ("servicer", "collection.received", received("c2", 1)),
        ("servicer", "collection.remitted", remitted("m1", 1, "c1")),
        ("manager", "shortfall.called", called("s2", 1)),
        ("custodian", "shortfall.paid", made_up("x", "s1", 1)),
        ("custodian", "distribution.made", distributed("d1", 1, 0)),
        ("custodian", "shortfall.repaid", given_back("y", "s1", 1)),
        ("custodian", "fee.paid", fee("f1", 1)),
        ("custodian", "account.moved", moved("a1", "custody", "reserve", 1)),
        ("manager", "plan.terms_amended", {"plan": "plan-1", "effective": DAY, "reason": "", "terms": TERMS}),
    ]
    for sender, kind, payload in acts:
        codes = book.tell(sender, kind, payload)
        assert codes.count("plan.status_path") == 1, kind
        assert next(one for one in book.found[-len(codes) :] if one.code == "plan.status_path").others == (over,), kind
    replaced = {"v": 2, "plan": "plan-1", "effective": DAY, "reason": "", "document": {}}
    assert book.tell("manager", "plan.terms_amended", replaced) == ["plan.status_path"]
    filed = {
        "disclosure": "x", "report": "liquidation", "kind": "adhoc", "plan": "plan-1", "package_digest": "0" * 64,
        "signer": "manager",
    }  # fmt: skip
    assert book.tell("manager", "disclosure.filed", filed) == []


def test_shortfalls(book: Book) -> None:
    pooled(book)
    book.say("bank", "payment.recorded", payment("guarantor", 60))
    book.say("bank", "payment.recorded", payment("stranger", 60, payer="tier2"))
    assert book.seal() == ()
    assert book.tell("manager", "shortfall.called", called("s1", 100)) == []
    assert book.tell("bank", "shortfall.called", called("s2", 1)) == ["sender.role", "sender.not_party"]
    assert book.tell("bank", "shortfall.paid", made_up("x1", "s1", 60, payment="guarantor")) == []
    assert book.tell("custodian", "shortfall.paid", made_up("x2", "s1", 40)) == []
    over = made_up("x3", "s1", 1)
    assert book.tell("custodian", "shortfall.paid", over) == ["shortfall.over_paid"]
    assert dict(book.found[-1].details) == {"called": 100, "paid": 101}
    wrong = made_up("x4", "s2", 1, payment="stranger")
    assert book.tell("custodian", "shortfall.paid", wrong) == ["shortfall.payer"]
    assert book.tell("custodian", "shortfall.paid", made_up("x5", "none", 1)) == ["reference.missing"]
    assert book.store.at().get(Shortfall, "s1").paid == 101
    assert book.store.at().get(PlanCash, "plan-1").made_up == 102
    book.tell("manager", "plan.established", plan("plan-2"))
    assert book.tell("manager", "shortfall.called", called("s3", 1)) == []
    other = made_up("x6", "s3", 1, plan="plan-2")
    assert book.tell("custodian", "shortfall.paid", other) == ["reference.missing"]
    early = made_up("x7", "s3", 1, date="2026-01-04")
    assert book.tell("custodian", "shortfall.paid", early) == ["dates.order", "shortfall.over_paid"]


def test_a_payment_makes_up_no_more_than_was_paid(book: Book) -> None:
    pooled(book)
    book.say("bank", "payment.recorded", payment("guarantor", 60))
    book.say("manager", "shortfall.called", called("s1", 100))
    assert book.seal() == ()
    for name, amount in (("x1", 40), ("x2", 20)):
        assert book.tell("custodian", "shortfall.paid", made_up(name, "s1", amount, payment="guarantor")) == []
    more = made_up("x3", "s1", 1, payment="guarantor")
    assert book.tell("custodian", "shortfall.paid", more) == ["collection.exceeds_payment"]
    assert dict(book.found[-1].details) == {"paid": 60, "collected": 61}
    assert book.tell("custodian", "shortfall.paid", made_up("x4", "s1", 1)) == []


def test_what_is_paid_on_a_shortfall_may_be_distributed(book: Book) -> None:
    pooled(book)
    book.say("servicer", "collection.received", received("c1", 95_000, ("p", "r", 95_000)))
    book.say("servicer", "collection.remitted", remitted("m1", 95_000, "c1"))
    book.say("manager", "shortfall.called", called("s1", 5_000))
    assert book.seal() == ()
    assert book.tell("custodian", "distribution.made", distributed("d1", 90_000, 5_001)) == [
        "distribution.exceeds_cash"
    ]
    assert dict(book.found[-1].details) == {"distributed": 95_001, "received": 95_000}
    assert book.tell("custodian", "shortfall.paid", made_up("x1", "s1", 5_000)) == []
    assert book.tell("custodian", "distribution.made", distributed("d2", 0, 4_999)) == []
    assert book.tell("custodian", "distribution.made", distributed("d3", 0, 1)) == ["distribution.exceeds_cash"]
    assert book.store.at().count(Distribution) == 3


def test_what_a_purchase_took_is_not_distributed(book: Book) -> None:
    revolving(book)  # 95,000 collected
    output = financed_by_factor(book, "s")
    assert book.tell("factor", "pool.revolving_purchased", purchased("b1", 60_000, ("s", [output]))) == []
    assert book.tell("servicer", "collection.remitted", remitted("m1", 95_000, "c1")) == []
    assert book.tell("custodian", "distribution.made", distributed("d1", 35_000, 0)) == []
    assert book.tell("custodian", "distribution.made", distributed("d2", 0, 1)) == ["distribution.exceeds_cash"]


def test_a_purchase_from_what_was_not_passed_on_leaves_the_rest_to_distribute(book: Book) -> None:
    revolving(book)
    output = financed_by_factor(book, "s")
    assert book.tell("servicer", "collection.remitted", remitted("m1", 35_000, "c1")) == []
    assert book.tell("factor", "pool.revolving_purchased", purchased("b1", 60_000, ("s", [output]))) == []
    assert book.tell("custodian", "distribution.made", distributed("d1", 35_000, 0)) == []


def test_what_is_paid_for_assets_bought_back_may_be_distributed(book: Book) -> None:
    pooled(book)
    assert book.tell("custodian", "distribution.made", distributed("d1", 0, 1)) == ["distribution.exceeds_cash"]
    assert book.tell("factor", "pool.repurchased", repurchased(100, "r")) == []
    assert book.tell("custodian", "distribution.made", distributed("d2", 99, 0)) == []
    assert book.tell("custodian", "distribution.made", distributed("d3", 1, 0)) == ["distribution.exceeds_cash"]

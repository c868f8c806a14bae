"""Every breach about what comes into a pool and leaves it, and beside it the lawful record that looks like it."""

from ledger.facts import AssetStatus, PlanCash, PoolAsset, PoolExit, PoolPurchase, output_id
from tests.support.ledger_book import Book, certificate_on, financed_by_factor, invoice, out, plan, receivable
from tests.support.plan_book import (
    DAY,
    assigned,
    distributed,
    payment,
    pooled,
    purchased,
    received,
    remitted,
    removed,
    repurchased,
    revolving,
    substituted,
)


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


def piece(book: Book, name: str, *amounts: int) -> list[str]:
    """The outputs of a factor that split what it holds of a receivable."""
    output = financed_by_factor(book, name)
    outputs = [out(amount, "factor") for amount in amounts]
    made = book.say("factor", "certificate.split", {"inputs": [output], "outputs": outputs})
    assert book.seal() == ()
    return [output_id(made, index) for index in range(len(amounts))]


def test_pieces_of_one_receivable_may_be_in_two_pools(book: Book) -> None:
    for name in ("plan-1", "plan-2"):
        book.tell("manager", "plan.established", plan(name))
    first, second, third = piece(book, "r", 50_000, 33_000, 30_000)
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", [first]))) == []
    assert book.tell("factor", "pool.assigned", assigned("plan-2", ("r", [second]))) == []
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", [third]))) == []
    rows = book.store.at().select(PoolAsset, PoolAsset.plan == "plan-1")
    assert [row.outputs for row in rows] == [[first, third]]
    assert book.tell("factor", "pool.assigned", assigned("plan-2", ("r", [third]))) == ["pool.double"]
    assert book.found[-1].others == (rows[0].began,)
    assert book.tell("factor", "pool.assigned", assigned("plan-2", ("r", [second]))) == ["pool.double"]
    whole = assigned("plan-2", ("r", []), assignor="supplier")
    assert "pool.double" in book.tell("factor", "pool.assigned", whole)


def test_what_was_split_from_a_pooled_output_is_in_its_pool(book: Book) -> None:
    for name in ("plan-1", "plan-2"):
        book.tell("manager", "plan.established", plan(name))
    output = financed_by_factor(book, "r")
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", [output]))) == []
    for _ in range(2):  # twice removed
        outputs = [out(113_000, "factor")]
        split = book.say("factor", "certificate.split", {"inputs": [output], "outputs": outputs})
        assert [one.code for one in book.seal()] == ["output.pooled"]
        output = output_id(split, 0)
    assert book.tell("factor", "pool.assigned", assigned("plan-2", ("r", [output]))) == ["pool.double"]


def test_what_a_pool_gave_up_comes_into_another(book: Book) -> None:
    pooled(book)
    held = book.store.at().select(PoolAsset)[0].outputs
    book.tell("manager", "plan.established", plan("plan-2"))
    assert book.tell("factor", "pool.repurchased", repurchased(100_000, "r")) == []
    assert book.tell("factor", "pool.assigned", assigned("plan-2", ("r", held))) == []
    assert book.tell("factor", "pool.repurchased", repurchased(100_000, "r", plan="plan-2")) == []
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", held))) == []


def test_a_frozen_output_comes_into_no_pool(book: Book) -> None:
    book.tell("manager", "plan.established", plan("plan-1"))
    output = financed_by_factor(book, "r")
    freeze = {"outputs": [output], "by": "settlement", "reason": "court"}
    assert book.tell("settlement", "certificate.frozen", freeze) == []
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", [output]))) == ["output.frozen"]
    lifted = {"outputs": [output], "by": "settlement"}
    assert book.tell("settlement", "certificate.unfrozen", lifted) == []
    assert book.tell("factor", "pool.removed", removed("r", reason="other")) == ["sender.role", "sender.not_party"]
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", [output]))) == []


def test_purchases_are_paid_with_unspent_cash(book: Book) -> None:
    revolving(book)  # 95,000 collected
    assert (
        book.tell("factor", "pool.revolving_purchased", purchased("b1", 60_000, ("s", piece(book, "s", 113_000)))) == []
    )
    more = purchased("b2", 35_001, ("t", piece(book, "t", 113_000)))
    assert book.tell("factor", "pool.revolving_purchased", more) == ["pool.exceeds_cash"]
    assert dict(book.found[-1].details) == {"price": 35_001, "unspent": 35_000}
    assert book.tell("servicer", "collection.received", received("c2", 5_000, ("p", "r", 5_000))) == []
    last = purchased("b3", 4_999, ("u", piece(book, "u", 113_000)))
    assert book.tell("factor", "pool.revolving_purchased", last) == []
    rows = book.store.at().select(PoolAsset, order_by=PoolAsset.from_position)
    assert [(row.asset, row.came, row.purchase) for row in rows] == [
        ("r", "assigned", None), ("s", "purchased", "b1"), ("t", "purchased", "b2"), ("u", "purchased", "b3"),
    ]  # fmt: skip
    assert book.store.at().get(PoolPurchase, "b1").price == 60_000
    assert book.store.at().get(PlanCash, "plan-1").purchased == 100_000
    assert book.tell("factor", "pool.revolving_purchased", last) == ["identifier.reused"]


def test_a_purchase_may_not_spend_what_was_distributed(book: Book) -> None:
    revolving(book)
    book.say("servicer", "collection.remitted", remitted("m1", 95_000, "c1"))
    book.say("custodian", "distribution.made", distributed("d1", 90_000, 0))
    assert book.seal() == ()
    output = piece(book, "s", 113_000)
    bought = purchased("b1", 5_001, ("s", output))
    assert book.tell("factor", "pool.revolving_purchased", bought) == ["pool.exceeds_cash"]


def test_a_purchase_is_held_to_the_same_rules_as_an_assignment(book: Book) -> None:
    revolving(book)
    other = certificate_on(book, "s")
    assert book.tell("factor", "pool.revolving_purchased", purchased("b1", 0, ("s", [other]))) == ["pool.not_owner"]
    held = book.store.at().select(PoolAsset, PoolAsset.asset == "r")[0].outputs
    assert book.tell("factor", "pool.revolving_purchased", purchased("b2", 0, ("r", held))) == ["pool.double"]
    book.tell("operator", "member.updated", {"member": "bank", "roles": ["originator"]})
    strange = purchased("b3", 0, ("t", piece(book, "t", 113_000)), assignor="bank")
    assert book.tell("bank", "pool.revolving_purchased", strange) == ["plan.originator", "pool.not_owner"]
    late = purchased("b4", 0, ("u", piece(book, "u", 113_000)), date="2026-01-06")
    assert book.tell("factor", "pool.revolving_purchased", late) == ["dates.order"]


def test_purchases_are_made_in_the_revolving_period(book: Book) -> None:
    revolving(book, revolving={"until": "2026-01-10"})
    outputs = {name: piece(book, name, 113_000) for name in "stuv"}
    book.seal(days=5)
    on_the_day = purchased("b1", 1, ("s", outputs["s"]), date="2026-01-10")
    assert book.tell("factor", "pool.revolving_purchased", on_the_day) == []
    book.seal(days=1)
    after = purchased("b2", 1, ("t", outputs["t"]), date="2026-01-11")
    assert book.tell("factor", "pool.revolving_purchased", after) == ["pool.revolving_closed"]
    recorded_late = purchased("b3", 1, ("u", outputs["u"]), date="2026-01-09")
    assert book.tell("factor", "pool.revolving_purchased", recorded_late) == []
    ended = {"plan": "plan-1", "event": "acceleration", "at": "2026-01-09", "reason": ""}
    assert book.tell("manager", "event.declared", ended) == []
    declared = book.last()
    same_day = purchased("b4", 1, ("v", outputs["v"]), date="2026-01-09")
    assert book.tell("factor", "pool.revolving_purchased", same_day) == ["pool.revolving_closed"]
    assert book.found[-1].others == (declared,)


def test_perfection_ends_no_revolving_period_and_others_do(book: Book) -> None:
    revolving(book)
    outputs = {name: piece(book, name, 113_000) for name in "st"}
    for event in ("perfection", "revolving_ended"):
        book.tell("manager", "event.declared", {"plan": "plan-1", "event": event, "at": DAY, "reason": ""})
        name = {"perfection": "s", "revolving_ended": "t"}[event]
        codes = book.tell("factor", "pool.revolving_purchased", purchased(event, 1, (name, outputs[name])))
        assert codes == ([] if event == "perfection" else ["pool.revolving_closed"])


def test_a_plan_without_a_revolving_period_buys_nothing(book: Book) -> None:
    pooled(book)
    book.tell("servicer", "collection.received", received("c1", 95_000, ("p", "r", 95_000)))
    bought = purchased("b1", 1, ("s", piece(book, "s", 113_000)))
    assert book.tell("factor", "pool.revolving_purchased", bought) == ["pool.revolving_closed"]


def test_repurchases(book: Book) -> None:
    pooled(book)
    before = book.store.at().height
    assert book.tell("factor", "pool.repurchased", repurchased(1, "s")) == ["reference.missing", "pool.not_in_pool"]
    assert book.tell("manager", "pool.repurchased", repurchased(0, "none")) == [
        "sender.role", "reference.missing", "sender.not_party", "pool.not_in_pool",
    ]  # fmt: skip
    assert book.tell("factor", "pool.repurchased", repurchased(13_000, "r", reason="dispute")) == []
    gone = book.store.at().select(PoolExit)
    assert [(row.asset, row.how, row.reason, row.taker, row.price) for row in gone] == [
        ("r", "repurchased", "dispute", "factor", 13_000)
    ]
    assert book.store.at().count(PoolAsset) == 0
    assert book.store.at(before).count(PoolAsset) == 1
    assert book.store.at(before).count(PoolExit) == 0
    assert book.tell("factor", "pool.repurchased", repurchased(1, "r")) == ["pool.not_in_pool"]
    book.tell("operator", "member.updated", {"member": "bank", "roles": ["originator"]})
    assert "plan.originator" in book.tell("bank", "pool.repurchased", repurchased(0, "r", by="bank"))
    assert book.store.at().get(PlanCash, "plan-1").repurchased == 13_002


def test_substitutions(book: Book) -> None:
    pooled(book)  # 13,000 of 113,000 are outstanding on r
    small, large = piece(book, "s", 12_999, 100_001)
    assert book.tell("factor", "pool.substituted", substituted(["r"], ("s", [small]))) == ["pool.substitution_value"]
    assert dict(book.found[-1].details) == {"given": 12_999, "taken": 13_000}
    assert book.tell("factor", "pool.substituted", substituted(["s"], ("s", [large]))) == []
    rows = book.store.at().select(PoolAsset)
    assert [(row.asset, row.outputs, row.came) for row in rows] == [("s", [large], "substituted")]
    assert [row.asset for row in book.store.at().select(PoolExit)] == ["r", "s"]
    same = piece(book, "t", 100_001, 12_999)[0]
    assert book.tell("factor", "pool.substituted", substituted(["s"], ("t", [same]))) == []
    foreign = substituted(["r"], ("u", piece(book, "u", 113_000)))
    assert book.tell("factor", "pool.substituted", foreign) == ["pool.not_in_pool"]
    others = substituted(["t"], ("v", [certificate_on(book, "v")]))
    assert book.tell("factor", "pool.substituted", others) == ["pool.not_owner"]
    double = substituted(["v"], ("u", piece(book, "w", 113_000)))
    assert book.tell("factor", "pool.substituted", double) == [
        "pool.substitution_value", "pool.not_owner", "pool.double",
    ]  # fmt: skip


def test_a_substitution_counts_a_bare_receivable_by_what_is_outstanding(book: Book) -> None:
    book.say("operator", "member.updated", {"member": "supplier", "roles": ["supplier", "originator"]})
    book.say("manager", "plan.established", plan("plan-1", originators=["supplier"]))
    for name in ("a", "b", "c"):
        book.say("supplier", "receivable.registered", receivable(name))
    book.say("supplier", "pool.assigned", assigned("plan-1", ("a", []), assignor="supplier"))
    book.say("bank", "payment.recorded", payment("p", 1, ("b", 1), payee="supplier"))
    assert book.seal() == ()
    less = substituted(["a"], ("b", []), by="supplier")
    assert book.tell("supplier", "pool.substituted", less) == ["pool.substitution_value"]
    more = substituted(["b"], ("c", []), by="supplier")
    assert book.tell("supplier", "pool.substituted", more) == []


def test_removals(book: Book) -> None:
    pooled(book)
    assert book.tell("servicer", "pool.removed", removed("r", date="2026-01-06")) == ["dates.order"]
    assert book.tell("manager", "pool.removed", removed("r")) == ["pool.not_in_pool"]
    assert book.tell("manager", "pool.removed", removed("none")) == ["reference.missing", "pool.not_in_pool"]
    row = book.store.at().select(PoolExit)[0]
    assert (row.how, row.reason, row.taker, row.price) == ("removed", "settled", None, 0)


def cleanup(price: int, **changes: object) -> dict[str, object]:
    return {"plan": "plan-1", "date": DAY, "by": "factor", "price": price, **changes}


def test_a_cleanup_call_leaves_nothing_and_is_paid(book: Book) -> None:
    pooled(book)
    assert book.tell("factor", "cleanup_call", cleanup(13_000)) == ["pool.cleanup"]
    assert dict(book.found[-1].details) == {"assets": 1, "price": 13_000}
    assert book.tell("factor", "pool.repurchased", repurchased(9_000, "r", reason="cleanup")) == []
    assert book.tell("factor", "cleanup_call", cleanup(0)) == ["pool.cleanup"]
    assert book.tell("factor", "cleanup_call", cleanup(13_000)) == []
    assert book.store.at().get(PlanCash, "plan-1").cleaned_up == 22_000
    assert book.tell("supplier", "cleanup_call", cleanup(1, by="supplier")) == ["sender.role", "plan.originator"]


def test_a_cleanup_call_states_the_whole_price_once(book: Book) -> None:
    pooled(book)
    assert book.tell("factor", "pool.repurchased", repurchased(13_000, "r", reason="cleanup")) == []
    assert book.tell("factor", "cleanup_call", cleanup(13_000)) == []
    assert book.store.at().get(PlanCash, "plan-1").cleaned_up == 13_000


def test_a_settled_asset_may_stay_behind_a_cleanup_call(book: Book) -> None:
    pooled(book)
    book.tell("bank", "payment.recorded", payment("q", 13_000, ("r", 13_000)))
    assert book.tell("factor", "cleanup_call", cleanup(1)) == []


def test_an_asset_that_comes_back_performs(book: Book) -> None:
    pooled(book)
    held = book.store.at().select(PoolAsset)[0].outputs
    overdue = {"plan": "plan-1", "asset": "r", "amount": 13_000, "days": 3, "at": DAY}
    assert book.tell("servicer", "asset.overdue", overdue) == []
    assert book.tell("factor", "pool.repurchased", repurchased(13_000, "r")) == []
    assert book.store.at().get(AssetStatus, "plan-1/r").status == "overdue"
    assert book.tell("factor", "pool.assigned", assigned("plan-1", ("r", held))) == []
    assert book.store.at().get(AssetStatus, "plan-1/r") is None
    assert book.tell("servicer", "asset.overdue", overdue) == []


def test_what_came_and_left_within_one_block_is_not_in_the_pool(book: Book) -> None:
    """Nothing had asked for the pool's rows before the one at hand had ended."""
    book.say("manager", "plan.established", plan("one"))
    book.say("supplier", "invoice.registered", invoice("i-one"))
    book.say("supplier", "receivable.registered", receivable("r-one", "i-one", creditor="supplier"))
    assigned = {"plan": "one", "date": "2026-01-05", "price": 113_000}
    book.say(
        "factor", "pool.assigned", {**assigned, "assignor": "factor", "assets": [{"asset": "r-one", "outputs": []}]}
    )
    bought = {**assigned, "by": "factor", "assets": ["r-one"]}
    book.say("factor", "pool.repurchased", {**bought, "reason": "cleanup"})
    book.say("factor", "cleanup_call", {"plan": "one", "date": "2026-01-05", "by": "factor", "price": 113_000})
    assert [finding.code.value for finding in book.seal()] == ["pool.not_owner"]  # the creditor is the supplier


def test_a_certified_receivable_is_assigned_by_its_outputs(book: Book) -> None:
    book.say("operator", "member.updated", {"member": "supplier", "roles": ["supplier", "originator"]})
    book.tell("manager", "plan.established", plan("plan-1", originators=["supplier"]))
    financed_by_factor(book, "sold")
    kept = certificate_on(book, "kept")
    bare = assigned("plan-1", ("sold", []), assignor="supplier")
    assert book.tell("supplier", "pool.assigned", bare) == ["pool.not_owner"]
    held = assigned("plan-1", ("kept", [kept]), assignor="supplier")
    assert book.tell("supplier", "pool.assigned", held) == []


def test_no_certificate_is_issued_on_what_a_pool_holds_bare(book: Book) -> None:
    book.say("operator", "member.updated", {"member": "supplier", "roles": ["supplier", "originator"]})
    book.say("manager", "plan.established", plan("plan-1", originators=["supplier"]))
    for name in ("bare", "free"):
        book.say("supplier", "receivable.registered", receivable(name))
        book.say("core", "receivable.confirmed", {"receivable": name, "by": "core", "method": "seal"})
    book.say("supplier", "pool.assigned", assigned("plan-1", ("bare", []), ("free", []), assignor="supplier"))
    book.say("supplier", "pool.repurchased", repurchased(1, "free", by="supplier"))
    assert book.seal() == ()
    pool = book.store.at().select(PoolAsset)[0]

    def issued(name: str) -> list[str]:
        made = {"certificate": f"c-{name}", "receivable": name, "issuer": "core", "outputs": [out(1_000, "supplier")]}
        return book.tell("core", "certificate.issued", made)

    assert issued("bare") == ["output.pooled"]
    assert book.found[-1].others == (pool.began,)
    assert issued("free") == [], "the pool gave it up"

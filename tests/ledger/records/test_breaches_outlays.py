"""Every breach about fees, moves between a plan's accounts and repayments, and the lawful record beside it."""

from ledger.facts import AccountCash, AccountMove, FeePayment, PlanCash, Shortfall, ShortfallRepayment
from tests.support.ledger_book import Book
from tests.support.plan_book import (
    assigned,
    called,
    distributed,
    document,
    documented,
    fee,
    funded,
    given_back,
    made_up,
    moved,
    pooled,
    purchased,
    received,
    remitted,
    termed,
)


def test_a_fee_is_of_the_terms(book: Book) -> None:
    funded(book)
    assert book.tell("custodian", "fee.paid", fee("f1", 10)) == []
    assert book.tell("manager", "fee.paid", fee("f2", 10)) == []
    assert book.tell("custodian", "fee.paid", fee("f3", 10, fee="advice")) == ["fee.unknown"]
    assert dict(book.found[-1].details) == {"amount": 10}
    row = book.store.at().get(FeePayment, "f3")
    assert (row.fee, row.period, str(row.paid_on), row.amount) == ("advice", 1, "2026-01-05", 10)
    assert book.store.at().get(PlanCash, "plan-1").fees == 30
    assert book.tell("custodian", "fee.paid", fee("f1", 10)) == ["identifier.reused"]
    assert book.store.at().get(PlanCash, "plan-1").fees == 30, "it has no effect"
    early = fee("f4", 10, date="2026-01-04")
    assert book.tell("custodian", "fee.paid", early) == ["dates.order"]
    assert book.tell("custodian", "fee.paid", fee("f5", 10, date="2026-01-06")) == ["dates.order"]
    assert book.tell("servicer", "fee.paid", fee("f6", 10)) == ["sender.role", "sender.not_party"]
    assert book.tell("custodian", "fee.paid", fee("f7", 10, plan="none")) == ["reference.missing"]
    assert book.tell("custodian", "fee.paid", fee("f8", 0)) == ["record.malformed"]
    assert book.tell("custodian", "fee.paid", fee("f9", -1)) == ["record.malformed"]


def test_another_manager_or_custodian_pays_no_fee(book: Book) -> None:
    funded(book)
    book.tell("operator", "member.updated", {"member": "bank", "roles": ["custodian"]})
    assert book.tell("bank", "fee.paid", fee("f1", 10)) == ["sender.not_party"]
    assert book.tell("bank", "account.moved", moved("a1", "custody", "reserve", 10)) == ["sender.not_party"]


def test_a_fee_of_an_earlier_version_is_one_it_lists(book: Book) -> None:
    funded(book, version=2)
    assert book.tell("custodian", "fee.paid", fee("f1", 10)) == []
    assert book.tell("custodian", "fee.paid", fee("f2", 10, fee="advice")) == ["fee.unknown"]


def test_a_plan_whose_record_states_no_fees_has_none(book: Book) -> None:
    funded(book, version=1)
    assert book.tell("custodian", "fee.paid", fee("f1", 10)) == ["fee.unknown"]


def test_terms_of_a_later_day_do_not_judge_an_earlier_fee(book: Book) -> None:
    funded(book)
    new = document(fees=[{"fee": "advice"}, "not a fee", {"fee": 1}], accounts=[])
    amended = {"v": 2, "plan": "plan-1", "effective": "2026-01-06", "reason": "", "document": new}
    assert book.tell("manager", "plan.terms_amended", amended) == []
    assert book.tell("custodian", "fee.paid", fee("f1", 10)) == []
    assert book.tell("custodian", "account.moved", moved("a1", "custody", "reserve", 10)) == []
    book.seal(days=1)
    late = {"date": "2026-01-06"}
    assert book.tell("custodian", "fee.paid", fee("f2", 10, **late)) == ["fee.unknown"]
    assert book.tell("custodian", "fee.paid", fee("f3", 10, fee="advice", **late)) == []
    move = moved("a2", "custody", "reserve", 10, **late)
    assert book.tell("custodian", "account.moved", move) == ["account.unknown"] * 2


def test_fees_and_distributions_share_what_reached_the_plan(book: Book) -> None:
    funded(book)  # 95,000
    assert book.tell("custodian", "distribution.made", distributed("d1", 90_000, 0)) == []
    assert book.tell("custodian", "fee.paid", fee("f1", 4_000)) == []
    assert book.tell("custodian", "fee.paid", fee("f2", 1_001)) == ["fee.exceeds_cash"]
    assert dict(book.found[-1].details) == {"amount": 1_001, "left": 1_000}
    cash = book.store.at().get(PlanCash, "plan-1")
    assert (cash.fees, cash.distributable, cash.unspent) == (5_001, 89_999, -1)
    assert book.tell("custodian", "distribution.made", distributed("d2", 0, 1)) == ["distribution.exceeds_cash"]


def test_a_fee_to_the_last_fen(book: Book) -> None:
    funded(book)
    assert book.tell("custodian", "distribution.made", distributed("d1", 90_000, 0)) == []
    assert book.tell("custodian", "fee.paid", fee("f1", 5_000)) == []
    assert book.tell("custodian", "fee.paid", fee("f2", 1)) == ["fee.exceeds_cash"]


def test_collections_that_were_not_passed_on_pay_no_fee(book: Book) -> None:
    pooled(book, version=3)
    book.say("servicer", "collection.received", received("c1", 95_000, ("p", "r", 95_000)))
    book.say("servicer", "collection.remitted", remitted("m1", 10, "c1"))
    assert book.seal() == ()
    assert book.tell("custodian", "fee.paid", fee("f1", 11)) == ["fee.exceeds_cash"]


def test_a_purchase_does_not_spend_what_a_fee_took(book: Book) -> None:
    funded(book)
    assert book.tell("custodian", "fee.paid", fee("f1", 5_000)) == []
    bought = purchased("b1", 90_001, ("r2", []))
    assert "pool.exceeds_cash" in book.tell("factor", "pool.revolving_purchased", bought)
    assert dict(next(one for one in book.found if one.code == "pool.exceeds_cash").details) == {
        "price": 90_001,
        "unspent": 90_000,
    }


def test_a_reserve_gives_what_was_moved_into_it(book: Book) -> None:
    funded(book)
    assert book.tell("custodian", "account.moved", moved("a1", "custody", "reserve", 1_000)) == []
    assert book.tell("manager", "account.moved", moved("a2", "reserve", "custody", 600)) == []
    over = moved("a3", "reserve", "custody", 401)
    assert book.tell("custodian", "account.moved", over) == ["account.exceeds_cash"]
    assert dict(book.found[-1].details) == {"amount": 401, "there": 400}
    assert book.found[-1].others == (book.store.at().history(AccountCash, "plan-1/reserve")[1].began,)
    row = book.store.at().get(AccountCash, "plan-1/reserve")
    assert (row.moved_in, row.moved_out) == (1_000, 1_001)
    move = book.store.at().get(AccountMove, "a2")
    assert (move.source, move.target, move.period, str(move.moved_on)) == ("reserve", "custody", 1, "2026-01-05")
    assert book.tell("custodian", "account.moved", moved("a4", "custody", "reserve", 1)) == []
    assert book.tell("custodian", "account.moved", moved("a4", "custody", "reserve", 1)) == ["identifier.reused"]


def test_a_reserve_gives_back_all_it_has(book: Book) -> None:
    funded(book)
    assert book.tell("custodian", "account.moved", moved("a1", "custody", "reserve", 1_000)) == []
    assert book.tell("custodian", "account.moved", moved("a2", "reserve", "custody", 1_000)) == []
    empty = moved("a3", "reserve", "custody", 1)
    assert book.tell("custodian", "account.moved", empty) == ["account.exceeds_cash"]


def test_an_empty_reserve_gives_nothing(book: Book) -> None:
    funded(book)
    assert book.tell("custodian", "account.moved", moved("a1", "reserve", "custody", 1)) == ["account.exceeds_cash"]


def test_an_account_moves_no_more_than_the_plan_has(book: Book) -> None:
    funded(book)
    assert book.tell("custodian", "account.moved", moved("a1", "custody", "reserve", 95_000)) == []
    over = moved("a2", "custody", "reserve", 95_001)
    assert book.tell("custodian", "account.moved", over) == ["account.exceeds_cash"]
    assert dict(book.found[-1].details) == {"amount": 95_001, "there": 95_000}


def test_moves_are_between_accounts_of_the_terms(book: Book) -> None:
    funded(book)
    assert book.tell("custodian", "account.moved", moved("a1", "custody", "elsewhere", 1)) == ["account.unknown"]
    assert book.tell("custodian", "account.moved", moved("a2", "elsewhere", "custody", 1)) == ["account.unknown"]
    assert book.tell("custodian", "account.moved", moved("a3", "custody", "reserve", 1, date="2026-01-04")) == [
        "dates.order"
    ]
    assert book.tell("bank", "account.moved", moved("a4", "custody", "reserve", 1)) == [
        "sender.role",
        "sender.not_party",
    ]
    assert book.tell("custodian", "account.moved", moved("a5", "custody", "reserve", 0)) == ["record.malformed"]
    book.tell("manager", "plan.established", documented("plan-2"))
    other = moved("a6", "6222-1", "6222-2", 1, plan="plan-2")
    assert book.tell("custodian", "account.moved", other) == ["account.unknown", "account.exceeds_cash"]


def test_a_reserve_of_another_plan_is_another(book: Book) -> None:
    funded(book)
    book.tell("manager", "plan.established", termed("plan-2"))
    assert book.tell("custodian", "account.moved", moved("a1", "custody", "reserve", 1_000)) == []
    other = moved("a2", "reserve", "custody", 1, plan="plan-2")
    assert book.tell("custodian", "account.moved", other) == ["account.exceeds_cash"]


def test_what_was_made_up_is_given_back(book: Book) -> None:
    funded(book)
    book.say("manager", "shortfall.called", called("s1", 100))
    book.say("custodian", "shortfall.paid", made_up("x1", "s1", 80))
    assert book.seal() == ()
    assert book.tell("custodian", "shortfall.repaid", given_back("y1", "s1", 50)) == []
    assert book.tell("manager", "shortfall.repaid", given_back("y2", "s1", 30)) == []
    over = given_back("y3", "s1", 1)
    assert book.tell("custodian", "shortfall.repaid", over) == ["shortfall.over_repaid"]
    assert dict(book.found[-1].details) == {"paid": 80, "repaid": 81}
    assert book.store.at().get(Shortfall, "s1").repaid == 81
    assert book.store.at().get(PlanCash, "plan-1").repaid == 81
    row = book.store.at().get(ShortfallRepayment, "y2")
    assert (row.shortfall, row.plan, row.period, row.amount) == ("s1", "plan-1", 1, 30)
    assert book.tell("custodian", "shortfall.repaid", given_back("y2", "s1", 1)) == ["identifier.reused"]
    assert book.tell("custodian", "shortfall.repaid", given_back("y4", "none", 1)) == ["reference.missing"]
    assert book.tell("bank", "shortfall.repaid", given_back("y5", "s1", 1)) == [
        "sender.role",
        "sender.not_party",
        "shortfall.over_repaid",
    ]


def test_a_repayment_is_after_the_call_and_of_its_plan(book: Book) -> None:
    funded(book)
    book.say("manager", "shortfall.called", called("s1", 100))
    book.say("custodian", "shortfall.paid", made_up("x1", "s1", 100))
    book.say("manager", "plan.established", termed("plan-2"))
    assert book.seal() == ()
    early = given_back("y1", "s1", 1, date="2026-01-04")
    assert book.tell("custodian", "shortfall.repaid", early) == ["dates.order"]
    other = given_back("y2", "s1", 1, plan="plan-2")
    assert book.tell("custodian", "shortfall.repaid", other) == ["reference.missing", "shortfall.exceeds_cash"]


def test_a_repayment_comes_from_what_is_left(book: Book) -> None:
    funded(book)
    book.say("manager", "shortfall.called", called("s1", 100))
    book.say("custodian", "shortfall.paid", made_up("x1", "s1", 100))
    book.say("custodian", "distribution.made", distributed("d1", 90_000, 5_040))
    assert book.seal() == ()
    assert book.tell("custodian", "shortfall.repaid", given_back("y1", "s1", 60)) == []
    over = given_back("y2", "s1", 1)
    assert book.tell("custodian", "shortfall.repaid", over) == ["shortfall.exceeds_cash"]
    assert dict(book.found[-1].details) == {"amount": 1, "left": 0}
    assert book.tell("custodian", "distribution.made", distributed("d2", 0, 1)) == ["distribution.exceeds_cash"]


def test_a_fee_falls_in_a_block_with_what_pays_it(book: Book) -> None:
    pooled(book, version=3)
    book.say("servicer", "collection.received", received("c1", 100, ("p", "r", 100)))
    book.say("servicer", "collection.remitted", remitted("m1", 100, "c1"))
    book.say("custodian", "fee.paid", fee("f1", 60))
    book.say("custodian", "account.moved", moved("a1", "custody", "reserve", 40))
    book.say("custodian", "account.moved", moved("a2", "reserve", "custody", 40))
    book.say("custodian", "fee.paid", fee("f2", 40))
    assert book.seal() == ()
    assert "identifier.reused" not in book.tell("factor", "pool.assigned", assigned("plan-1", ("s", [])))

"""Every breach about credit and its quota, and beside it the lawful record that looks like it."""

from typing import Any

import pytest

from ledger.facts import Credit, CreditRating, Output, Quota, output_id
from tests.support.ledger_book import Book, out, receivable

LIMIT = 100_000


def granted(name: str = "C", **changes: Any) -> dict[str, Any]:
    return {
        "credit": name, "grantor": "bank", "subject": "core", "limit": LIMIT, "basis": "certificates",
        "from": "2026-01-05", "until": "2026-12-31", **changes,
    }  # fmt: skip


def piece(state: str, amount: int, purpose: str | None = None, kind: str = "certificate") -> dict[str, Any]:
    return {"state": state, "amount": amount, "purpose": None if purpose is None else {"kind": kind, "id": purpose}}


def effective(book: Book, name: str = "C", **changes: Any) -> str:
    """A credit that holds; returns its free quota."""
    book.say("bank", "credit.granted", granted(name, **changes))
    made = book.say("bank", "credit.effective", {"credit": name, "at": "2026-01-05"})
    assert book.seal() == ()
    return output_id(made, 0)


def use(book: Book, act: str, inputs: list[str], *outputs: dict[str, Any], credit: str = "C") -> list[str]:
    payload = {"credit": credit, "inputs": inputs, "outputs": list(outputs)}
    return book.tell("bank", f"credit.{act}", payload)


def step(book: Book, act: str, at: str = "2026-01-05", **more: Any) -> list[str]:
    return book.tell("bank", f"credit.{act}", {"credit": "C", "at": at, **more})


def made(book: Book, index: int = 0) -> str:
    """The id of a piece of the last record."""
    return output_id(f"0x{book.store.record(book.last()).transaction_hash.hex()}", index)


def quota(book: Book) -> tuple[str, int, int, int]:
    """The credit's status, what is free and occupied of it, and how many pieces are live."""
    facts = book.store.at()
    row = facts.get(Credit, "C")
    pieces = facts.select(Quota, Quota.credit == "C")
    for state, total in (("free", row.free), ("occupied", row.occupied)):
        assert sum(each.amount for each in pieces if each.state == state) == total
    return row.status, row.free, row.occupied, len(pieces)


def test_quota_is_occupied_and_released(book: Book) -> None:
    whole = effective(book)
    assert quota(book) == ("effective", LIMIT, 0, 1)
    assert use(book, "occupied", [whole], piece("occupied", 60_000, "c"), piece("free", 40_000)) == []
    occupied, free = made(book, 0), made(book, 1)
    assert quota(book) == ("effective", 40_000, 60_000, 2)
    row = book.store.at().get(Quota, occupied)
    assert (row.purpose_kind, row.purpose, row.parents) == ("certificate", "c", [whole])
    assert use(book, "released", [occupied], piece("free", 50_000), piece("occupied", 10_000, "c")) == []
    assert quota(book) == ("effective", 90_000, 10_000, 3)
    assert use(book, "occupied", [free, made(book, 0)], piece("occupied", 90_000, "o", "order")) == []
    assert quota(book) == ("effective", 0, LIMIT, 2)
    assert book.store.recompute_facts_digest() == book.store.head().facts_digest


def test_a_credit_is_its_grantors(book: Book) -> None:
    assert book.tell("factor", "credit.granted", granted()) == ["sender.not_party"]
    assert book.tell("supplier", "credit.granted", granted("D", grantor="supplier")) == ["sender.role"]
    assert book.tell("bank", "credit.granted", granted("E", until="2026-01-04")) == ["dates.order"]
    assert book.tell("bank", "credit.granted", granted("F", until=None)) == []
    assert book.tell("bank", "credit.granted", granted("F")) == ["identifier.reused"]
    assert book.tell("factor", "credit.effective", {"credit": "F", "at": "2026-01-05"}) == ["sender.not_party"]
    assert book.tell("bank", "credit.effective", {"credit": "E", "at": "2026-01-06"}) == ["dates.order"]


def test_quota_keeps_its_value(book: Book) -> None:
    whole = effective(book)
    more = use(book, "occupied", [whole], piece("occupied", 60_000, "c"), piece("free", 40_001))
    assert more == ["quota.value", "credit.exceeds_limit"]
    assert dict(book.found[-2].details) == {"inputs": LIMIT, "outputs": 100_001}
    assert dict(book.found[-1].details) == {"limit": LIMIT, "occupied": 60_000, "free": 40_001}
    assert use(book, "occupied", [made(book, 1)], piece("occupied", 40_000, "d"), piece("free", 1)) == []
    assert use(book, "released", [made(book, 0)], piece("free", 39_999)) == ["quota.value"]


def test_quota_is_spent_once(book: Book) -> None:
    whole = effective(book)
    assert use(book, "occupied", [whole], piece("occupied", LIMIT, "c")) == []
    first = book.last()
    again = use(book, "occupied", [whole], piece("occupied", LIMIT, "d"))
    assert again == ["quota.double_spend", "credit.exceeds_limit"]
    assert book.found[-2].others == (first,)
    last = made(book)
    assert use(book, "released", [last, last], piece("free", LIMIT)) == ["quota.double_spend"]
    assert book.store.at().get(Credit, "C").free == LIMIT


def test_quota_is_spent_once_within_one_block(book: Book) -> None:
    payload = {"credit": "C", "inputs": [effective(book)], "outputs": [piece("occupied", LIMIT, "c")]}
    for _ in range(2):
        book.say("bank", "credit.occupied", payload)
    assert [each.code.value for each in book.seal()] == ["quota.double_spend", "credit.exceeds_limit"]


def test_only_free_quota_is_occupied_and_only_occupied_quota_released(book: Book) -> None:
    whole = effective(book)
    assert use(book, "released", [whole], piece("free", LIMIT)) == ["quota.not_occupied"]
    assert use(book, "occupied", [made(book)], piece("occupied", LIMIT, "c")) == []
    assert use(book, "occupied", [made(book)], piece("occupied", LIMIT, "d")) == ["quota.not_free"]
    other = use(book, "released", [made(book)], piece("occupied", LIMIT, "e"))
    assert other == ["quota.not_free"], "a release occupies nothing anew"
    assert use(book, "released", [made(book)], piece("occupied", 1, "e"), piece("free", LIMIT - 1)) == []


def test_quota_of_another_credit(book: Book) -> None:
    effective(book)
    other = effective(book, "D")
    assert use(book, "occupied", [other], piece("occupied", LIMIT, "c")) == [
        "quota.foreign_credit", "credit.exceeds_limit",
    ]  # fmt: skip
    assert use(book, "occupied", [effective(book, "E")], piece("occupied", LIMIT, "c"), credit="E") == []


def test_what_is_not_effective_is_not_occupied(book: Book) -> None:
    whole = effective(book)
    assert step(book, "frozen", reason="arrears") == []
    assert use(book, "occupied", [whole], piece("occupied", 10, "c"), piece("free", LIMIT - 10)) == [
        "credit.status_path"
    ]
    assert dict(book.found[-1].details) == {"status": "frozen"}
    occupied, free = made(book, 0), made(book, 1)
    assert use(book, "released", [occupied], piece("free", 10)) == [], "a frozen credit is given back"
    assert step(book, "restored") == []
    assert use(book, "occupied", [made(book)], piece("occupied", LIMIT, "c")) == []
    assert use(book, "occupied", [free], piece("occupied", 1, "c")) == [
        "quota.double_spend", "quota.value", "credit.exceeds_limit",
    ]  # fmt: skip


def test_what_is_not_yet_effective_is_not_occupied(book: Book) -> None:
    book.say("bank", "credit.granted", granted())
    whole = effective(book, "D", **{"from": "2026-01-06"})
    assert use(book, "occupied", [whole], piece("occupied", LIMIT, "c"), credit="D") == ["credit.status_path"]
    assert use(book, "occupied", [made(book)], piece("occupied", LIMIT, "c")) == [
        "credit.status_path", "quota.foreign_credit", "quota.not_free",
    ]  # fmt: skip
    early = effective(book, "E", **{"from": "2026-01-05"})
    assert use(book, "occupied", [early], piece("occupied", LIMIT, "c"), credit="E") == []


def test_a_lapsed_credit_is_not_occupied(book: Book) -> None:
    last = effective(book, until="2026-01-06")
    assert book.seal(days=1) == ()
    assert use(book, "occupied", [last], piece("occupied", 10, "c"), piece("free", LIMIT - 10)) == []
    occupied, free = made(book, 0), made(book, 1)
    assert book.seal(days=1) == ()
    assert use(book, "occupied", [free], piece("occupied", LIMIT - 10, "d")) == ["credit.status_path"]
    assert use(book, "released", [occupied], piece("free", 10)) == []
    assert book.seal(days=400) == ()
    book.say("bank", "credit.granted", granted("D", until=None))
    whole = output_id(book.say("bank", "credit.effective", {"credit": "D", "at": "2026-01-05"}), 0)
    assert book.seal() == ()
    assert use(book, "occupied", [whole], piece("occupied", LIMIT, "c"), credit="D") == []


def test_a_cleared_credit_has_no_quota(book: Book) -> None:
    whole = effective(book)
    assert use(book, "occupied", [whole], piece("occupied", 60_000, "c"), piece("free", 40_000)) == []
    free = made(book, 1)
    assert step(book, "cleared", reason="ended") == []
    assert quota(book) == ("cleared", 0, 0, 0)
    late = use(book, "occupied", [free], piece("occupied", 40_000, "d"))
    assert late == ["credit.status_path", "quota.double_spend"]
    assert quota(book) == ("cleared", 0, 40_000, 1)
    assert step(book, "restored") == []
    assert quota(book) == ("effective", 60_000, 40_000, 2)
    assert use(book, "occupied", [made(book)], piece("occupied", 60_000, "e")) == []


def test_a_credit_follows_its_path(book: Book) -> None:
    book.tell("bank", "credit.granted", granted())
    assert step(book, "frozen", reason="early") == ["credit.status_path"]
    assert step(book, "effective") == ["credit.status_path"]
    assert step(book, "restored") == ["credit.status_path"]
    assert step(book, "frozen", reason="arrears") == []
    assert step(book, "frozen", reason="again") == ["credit.status_path"]
    assert step(book, "cleared", at="2026-01-04", reason="ended") == ["dates.order"]
    assert step(book, "cleared", reason="ended") == ["credit.status_path"]
    assert step(book, "restored") == []
    assert book.store.at().get(Credit, "C").status == "effective"


def test_a_credit_is_effective_once(book: Book) -> None:
    effective(book)
    assert step(book, "effective") == ["credit.status_path", "credit.exceeds_limit"]
    assert quota(book) == ("effective", 2 * LIMIT, 0, 2)


def test_a_restored_credit_has_what_is_not_occupied(book: Book) -> None:
    whole = effective(book)
    assert use(book, "occupied", [whole], piece("occupied", 60_000, "c"), piece("free", 40_000)) == []
    free = made(book, 1)
    assert step(book, "frozen", reason="arrears") == []
    assert step(book, "restored") == []
    assert quota(book) == ("effective", 40_000, 60_000, 2)
    assert book.store.at().get(Quota, made(book)).parents == [free]
    full = effective(book, "D")
    assert use(book, "occupied", [full], piece("occupied", LIMIT, "d"), credit="D") == []
    for act in ({"reason": "arrears"}, {}):
        name = "frozen" if act else "restored"
        assert book.tell("bank", f"credit.{name}", {"credit": "D", "at": "2026-01-05", **act}) == []
    assert book.store.at().count(Quota, Quota.credit == "D", Quota.state == "free") == 0


def test_a_transaction_committed_again_makes_no_quota_again(book: Book) -> None:
    book.tell("bank", "credit.granted", granted())
    same = {"transaction_hash": bytes(31) + b"\1"}
    payload = {"credit": "C", "at": "2026-01-05"}
    assert book.tell("bank", "credit.effective", payload, **same) == []
    again = book.tell("bank", "credit.effective", payload, **same)
    assert again == ["identifier.reused"]
    assert quota(book) == ("effective", LIMIT, 0, 1)


@pytest.fixture
def owed(book: Book) -> Book:
    """A confirmed receivable ``r`` of ``core``."""
    book.say("supplier", "receivable.registered", receivable("r"))
    book.say("core", "receivable.confirmed", {"receivable": "r", "by": "core", "method": "seal"})
    assert book.seal() == ()
    return book


def issued(book: Book, name: str, amount: int) -> list[str]:
    certificate = {"certificate": name, "receivable": "r", "issuer": "core", "outputs": [out(amount, "supplier")]}
    return book.tell("core", "certificate.issued", certificate)


def test_a_certificate_is_issued_within_its_quota(owed: Book) -> None:
    whole = effective(owed)
    assert issued(owed, "a", 1) == ["certificate.exceeds_quota"]
    assert dict(owed.found[-1].details) == {"amount": 1, "quota": 0}
    outputs = piece("occupied", 50_000, "b"), piece("occupied", 10_000, "c"), piece("free", 40_000)
    assert use(owed, "occupied", [whole], *outputs) == []
    assert issued(owed, "b", 50_000) == []
    assert issued(owed, "c", 10_001) == ["certificate.exceeds_quota"]
    assert owed.store.at().count(Output) == 3, "the outputs exist all the same"


def test_quota_covers_what_it_is_occupied_for(owed: Book) -> None:
    whole = effective(owed)
    foreign = effective(owed, "D", subject="tier2")
    orders = effective(owed, "E", basis="orders")
    assert use(owed, "occupied", [whole], piece("occupied", 10, "x", "order"), piece("free", LIMIT - 10)) == []
    assert issued(owed, "x", 1) == ["certificate.exceeds_quota"]
    assert use(owed, "occupied", [foreign], piece("occupied", LIMIT, "y"), credit="D") == []
    assert issued(owed, "y", 1) == ["certificate.exceeds_quota"]
    assert use(owed, "occupied", [orders], piece("occupied", LIMIT, "z"), credit="E") == []
    assert issued(owed, "z", 1) == ["certificate.exceeds_quota"]


def test_an_issuer_without_a_credit_for_certificates_is_not_bound(owed: Book) -> None:
    effective(owed, basis="orders")
    effective(owed, "D", subject="tier2")
    assert issued(owed, "a", 100) == []


def test_what_an_issuer_grants_itself_is_no_cover(owed: Book) -> None:
    own = granted("D", grantor="core")
    assert owed.tell("core", "credit.granted", own) == []
    made = owed.say("core", "credit.effective", {"credit": "D", "at": "2026-01-05"})
    occupied = {"credit": "D", "inputs": [output_id(made, 0)], "outputs": [piece("occupied", LIMIT, "b")]}
    owed.say("core", "credit.occupied", occupied)
    assert owed.seal() == ()
    assert issued(owed, "a", 1) == [], "nor does it bind"
    effective(owed)
    assert issued(owed, "b", 1) == ["certificate.exceeds_quota"]


def test_quota_occupied_in_the_same_block_covers(owed: Book) -> None:
    whole = effective(owed)
    owed.say("bank", "credit.occupied", {"credit": "C", "inputs": [whole], "outputs": [piece("occupied", LIMIT, "a")]})
    assert issued(owed, "a", LIMIT) == []


def test_ratings(book: Book) -> None:
    rating = {"subject": "core", "agency": "bank", "rating": "AA", "model": "m-1", "at": "2026-01-05"}
    assert book.tell("bank", "credit.rated", rating) == []
    assert book.tell("factor", "credit.rated", rating) == ["sender.not_party"]
    assert book.tell("factor", "credit.rated", {**rating, "agency": "factor", "rating": "A"}) == []
    assert book.tell("bank", "credit.rated", {**rating, "at": "2026-01-04"}) == ["dates.order"]
    assert book.tell("bank", "credit.rated", {**rating, "rating": "AAA", "at": "2026-01-06"}) == ["dates.order"]
    book.seal(days=1)
    assert book.tell("bank", "credit.rated", {**rating, "rating": "AA-", "at": "2026-01-06"}) == []
    held = book.store.at().select(CreditRating, CreditRating.subject == "core")
    assert sorted((each.agency, each.rating) for each in held) == [("bank", "AA-"), ("factor", "A")]

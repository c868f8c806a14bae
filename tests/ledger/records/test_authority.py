"""Nobody gains a name, a role or a key by a record whose sender may not give it; the operator's own records do."""

import pytest

from ledger.facts import Address, Member
from tests.support.ledger_book import Book, account, address, admitted, invoice

STRANGER = "stranger"
CLAIMS = {
    "member.admitted": admitted(STRANGER, ["operator", "bank"]),
    "member.updated": {"member": "tier2", "roles": ["operator"], "name": "Renamed"},
    "member.suspended": {"member": "operator", "reason": "mine now"},
    "member.key_rotated": {"member": "core", "address": address(STRANGER), "certificate": None},
}


def parties(book: Book) -> list[object]:
    """Every version of every member and account."""
    facts = book.store.at()
    return [row.values() for table in (Member, Address) for row in facts.select_ended(table)]


@pytest.mark.parametrize("kind", CLAIMS)
@pytest.mark.parametrize(
    ("sender", "code"), [(STRANGER, "sender.unknown"), ("gateway", "sender.suspended"), ("tier2", "sender.role")]
)
def test_who_may_not_give_authority_gives_none(book: Book, kind: str, sender: str, code: str) -> None:
    book.say("operator", "member.updated", {"member": "gateway", "roles": ["asset_gateway", "operator"]})
    book.say("operator", "member.suspended", {"member": "gateway", "reason": "left"})
    assert book.seal() == ()
    before = parties(book)
    assert book.tell(sender, kind, CLAIMS[kind]) == [code]
    assert "no effect" in book.found[-1].message
    assert parties(book) == before
    assert book.store.records()[-1].kind == kind
    assert book.tell("operator", kind, CLAIMS[kind]) == []
    assert parties(book) != before


def test_what_an_account_that_admitted_itself_writes_is_found_every_time(book: Book) -> None:
    assert book.tell(STRANGER, "member.admitted", admitted(STRANGER, ["operator", "supplier"])) == ["sender.unknown"]
    for name in ("i", "j"):
        assert book.tell(STRANGER, "invoice.registered", invoice(name)) == ["sender.unknown"]
    assert book.tell(STRANGER, "member.admitted", admitted("accomplice", ["bank"])) == ["sender.unknown"]
    assert book.store.at().get(Member, "accomplice") is None
    assert book.tell("operator", "member.admitted", admitted(STRANGER, ["supplier"])) == []
    assert book.tell(STRANGER, "invoice.registered", invoice("k", seller=STRANGER)) == []


def test_within_one_block_it_gives_none_either(book: Book) -> None:
    book.say(STRANGER, "member.admitted", admitted(STRANGER, ["operator"]))
    book.say(STRANGER, "member.updated", {"member": "tier2", "roles": ["operator"]})
    assert [finding.code.value for finding in book.seal()] == ["sender.unknown"] * 2
    assert book.store.at().get(Member, "tier2").roles == ["supplier"]


def test_what_the_operator_did_not_sign_gives_none(book: Book) -> None:
    before = parties(book)
    claim = CLAIMS["member.admitted"]
    found = book.tell("operator", "member.admitted", claim, echoed=False, signer=account(STRANGER))
    assert found == ["record.not_echoed"]
    assert parties(book) == before


def test_the_first_member_is_an_operator_that_admits_itself(tmp_path) -> None:
    book = Book(tmp_path / "ledger.db")
    assert book.tell("bank", "member.admitted", admitted("bank", ["bank"])) == ["sender.unknown"]
    assert book.tell("rival", "member.admitted", admitted("operator", ["operator"])) == ["sender.unknown"]
    assert book.store.at().count(Member) == 0
    assert book.tell("operator", "member.admitted", admitted("operator", ["operator"])) == []
    assert book.tell("rival", "member.admitted", admitted("rival", ["operator"])) == ["sender.unknown"]
    assert [row.id for row in book.store.at().select(Member)] == ["operator"]


def test_a_key_is_not_rotated_to_anothers_account(book: Book) -> None:
    before = parties(book)
    taken = {"member": "core", "address": address("bank"), "certificate": "new"}
    assert book.tell("operator", "member.key_rotated", taken) == ["member.address_in_use"]
    assert "no effect" in book.found[-1].message
    assert parties(book) == before
    facts = book.store.at()
    for member in facts.select(Member):
        assert facts.get(Address, member.address).member == member.id
    assert book.tell("core", "invoice.registered", invoice("i")) == []


def test_a_key_is_rotated_to_an_account_that_was_given_up(book: Book) -> None:
    for member, to in (("bank", "bank-2"), ("core", "bank")):
        rotation = {"member": member, "address": address(to), "certificate": None}
        assert book.tell("operator", "member.key_rotated", rotation) == []
    facts = book.store.at()
    assert facts.get(Address, address("bank")).member == "core"
    assert facts.get(Member, "core").address == address("bank")

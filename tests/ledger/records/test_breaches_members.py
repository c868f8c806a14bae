"""Every breach about senders, references and members: and beside it the lawful record that looks like it."""

from ledger.facts import Address, Member
from ledger.finding import Code
from ledger.position import Position
from ledger.records.members import uscc_holds
from tests.support.ledger_book import Book, account, address, admitted, invoice, receivable, uscc


def test_unknown_kind_version_and_malformed_are_kept(book: Book) -> None:
    assert book.tell("supplier", "weather.reported", {"sky": "blue"}) == ["record.unknown_kind"]
    assert book.tell("supplier", "invoice.registered", {**invoice("i"), "v": 2}) == ["record.unknown_version"]
    assert book.tell("supplier", "invoice.registered", b'{"v": 1}') == ["record.malformed"]
    assert book.tell("supplier", "weird\0" + "k" * 500, b"\xff\0") == ["record.malformed"]
    kept = book.store.records()[-1]
    assert (kept.payload, kept.kind[:9], len(kept.kind)) == (b"\xff\0", "weird\\x00", 123)
    assert book.tell("supplier", "invoice.registered", invoice("i")) == []


def test_an_event_that_repeats_something_else_is_found(book: Book) -> None:
    found = book.tell("supplier", "invoice.registered", invoice("i"), echoed=False, signer=account("core"))
    assert found == ["record.not_echoed"]
    assert dict(book.found[-1].details) == {"sender": address("supplier"), "signer": address("core")}


def test_a_sender_nobody_admitted_is_found_and_the_fact_stands(book: Book) -> None:
    assert book.tell("stranger", "invoice.registered", invoice("i")) == ["sender.unknown"]
    assert book.tell("supplier", "receivable.registered", receivable("r", "i")) == []


def test_only_the_first_operator_admits_itself(tmp_path) -> None:
    book = Book(tmp_path / "ledger.db")
    assert book.tell("operator", "member.admitted", admitted("operator", ["operator"])) == []
    assert book.tell("rival", "member.admitted", admitted("rival", ["operator"])) == ["sender.unknown"]


def test_the_first_member_is_an_operator(tmp_path) -> None:
    book = Book(tmp_path / "ledger.db")
    assert book.tell("bank", "member.admitted", admitted("bank", ["bank"])) == ["sender.unknown"]


def test_a_suspended_member_may_not_write(book: Book) -> None:
    assert book.tell("operator", "member.suspended", {"member": "tier2", "reason": "left"}) == []
    assert book.tell("tier2", "invoice.registered", invoice("i", seller="tier2")) == ["sender.suspended"]
    assert book.tell("supplier", "invoice.registered", invoice("j", buyer="tier2")) == []
    assert book.tell("operator", "member.suspended", {"member": "tier2", "reason": "again"}) == ["member.status_path"]


def test_a_role_that_may_not_write_the_kind(book: Book) -> None:
    assert book.tell("bank", "invoice.registered", invoice("i")) == ["sender.role"]
    assert book.tell("operator", "member.updated", {"member": "bank", "roles": ["bank", "platform"]}) == []
    assert book.tell("bank", "invoice.registered", invoice("j")) == []


def test_a_rotated_key_signs_and_the_old_one_no_more(book: Book) -> None:
    rotation = {"member": "supplier", "address": address("supplier-2"), "certificate": None}
    assert book.tell("operator", "member.key_rotated", rotation) == []
    rotated = book.last()
    assert book.tell("supplier-2", "invoice.registered", invoice("i")) == []
    assert book.tell("supplier", "invoice.registered", invoice("j")) == ["sender.unknown"]
    assert book.found[-1].others == (rotated,)
    facts = book.store.at()
    assert facts.get(Address, address("supplier")) is None
    assert facts.get(Member, "supplier").address == address("supplier-2")


def test_a_key_is_rotated_to_itself(book: Book) -> None:
    assert book.tell("operator", "member.key_rotated", {"member": "bank", "address": address("bank")}) == []
    assert book.store.at().get(Address, address("bank")).member == "bank"
    assert book.store.recompute_facts_digest() == book.store.head().facts_digest


def test_an_account_in_use_stays_its_members(book: Book) -> None:
    other = {**admitted("other", ["bank"]), "address": address("bank")}
    assert book.tell("operator", "member.admitted", other) == ["member.address_in_use"]
    assert book.store.at().get(Address, address("bank")).member == "bank"


def test_an_account_in_use_stays_its_members_within_one_block(book: Book) -> None:
    for name in ("one", "two"):
        book.say("operator", "member.admitted", {**admitted(name, ["bank"]), "address": address("shared")})
    assert [finding.code.value for finding in book.seal()] == ["member.address_in_use"]
    assert book.store.at().get(Address, address("shared")).member == "one"
    assert book.tell("shared", "receivable.confirmed", {"receivable": "r", "by": "one", "method": "seal"}) == [
        "sender.role", "reference.missing",
    ], "what the account signs is the first one's word"  # fmt: skip


def test_a_free_account_is_given_to_a_new_member(book: Book) -> None:
    rotation = {"member": "bank", "address": address("bank-2"), "certificate": None}
    assert book.tell("operator", "member.key_rotated", rotation) == []
    heir = {**admitted("heir", ["bank"]), "address": address("bank")}
    assert book.tell("operator", "member.admitted", heir) == []
    assert book.store.at().get(Address, address("bank")).member == "heir"


def test_a_wrong_check_sign(book: Book) -> None:
    good = uscc("x")
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    assert book.tell("operator", "member.admitted", {**admitted("x", ["bank"]), "uscc": bad}) == ["member.uscc"]
    assert book.store.at().get(Member, "x").uscc == bad
    assert book.tell("operator", "member.admitted", {**admitted("y", ["bank"]), "uscc": good}) == []


def test_published_codes_hold() -> None:
    # Of the published example in GB 32100-2015 (91350100M000100Y43) and two registered companies' codes.
    for code in ("91350100M000100Y43", "91110000802100433B", "91440300708461136T"):
        assert uscc_holds(code)
        assert not uscc_holds(code[:-1] + ("0" if code[-1] != "0" else "1"))
    assert not uscc_holds("91350100M000100Y4")
    assert not uscc_holds("91350100M000100YI3")


def test_a_mention_of_nothing_is_found_and_the_fact_stands(book: Book) -> None:
    assert book.tell("supplier", "invoice.registered", invoice("i", buyer="nobody")) == ["reference.missing"]
    assert book.store.at().count(Member) == 12
    assert book.tell("supplier", "receivable.registered", receivable("r", "i", debtor="nobody")) == [
        "reference.missing"
    ]


def test_acting_on_nothing_has_no_effect(book: Book) -> None:
    record = {"invoice": "ghost", "status": "voided", "at": "2026-01-05"}
    assert book.tell("verifier", "invoice.status_changed", record) == ["reference.missing"]
    assert "no effect" in book.found[-1].message


def test_a_name_taken_stays_the_firsts(book: Book) -> None:
    assert book.tell("supplier", "invoice.registered", invoice("i")) == []
    first = book.last()
    assert book.tell("supplier", "invoice.registered", invoice("i", goods="other")) == ["identifier.reused"]
    assert book.found[-1].code is Code.IDENTIFIER_REUSED
    assert book.found[-1].others == (first,)
    assert book.found[-1].position == Position(first.height + 1, 0, 0)
    assert book.tell("supplier", "invoice.registered", invoice("i2", goods="other")) == []


def test_a_name_taken_within_one_block(book: Book) -> None:
    book.say("supplier", "invoice.registered", invoice("i"))
    book.say("supplier", "invoice.registered", invoice("i"))
    assert [finding.code for finding in book.seal()] == [Code.IDENTIFIER_REUSED]

"""Every breach about certificates, and beside it the lawful record that looks like it."""

from datetime import date
from itertools import count
from typing import Any

from ledger.facts import Certificate, Output, Receivable, output_id
from ledger.records.certificates import year_after
from tests.support.ledger_book import Book, certificate_on, out, receivable

NAMES = count()


def issued(name: str, *outputs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    certificate = f"c-{name}-{next(NAMES)}"
    return {"certificate": certificate, "receivable": name, "issuer": "core", "outputs": list(outputs), **changes}


def confirmed(book: Book, name: str, **changes: Any) -> None:
    book.say("supplier", "receivable.registered", receivable(name, **changes))
    book.say("core", "receivable.confirmed", {"receivable": name, "by": "core", "method": "seal"})
    assert book.seal() == ()


def spend(book: Book, sender: str, kind: str, inputs: list[str], *outputs: dict[str, Any], **more: Any) -> list[str]:
    return book.tell(sender, f"certificate.{kind}", {"inputs": inputs, "outputs": list(outputs), **more})


def made(book: Book, index: int = 0) -> str:
    """The id of an output of the last record."""
    return output_id(f"0x{book.store.record(book.last()).transaction_hash.hex()}", index)


def test_issue_within_the_confirmed_receivable(book: Book) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    assert book.tell("core", "certificate.issued", issued("r", out(1, "supplier"))) == ["certificate.unconfirmed"]
    confirmed(book, "s")
    assert book.tell("core", "certificate.issued", issued("s", out(113_000, "supplier"))) == []
    over = issued("s", out(1, "supplier"))
    assert book.tell("core", "certificate.issued", over) == ["certificate.exceeds_receivable"]
    assert dict(book.found[-1].details) == {"certified": 113_001, "receivable": 113_000, "paid": 0}
    assert book.store.at().get(Receivable, "s").certified == 113_001


def test_issue_within_what_is_still_owed(book: Book) -> None:
    paid = {
        "payment": "p", "payer": "core", "payee": "supplier", "amount": 50_000, "date": "2026-01-05",
        "bank_reference": "b", "settles": [{"target": "receivable", "id": "r", "amount": 50_000}],
    }  # fmt: skip
    confirmed(book, "r")
    confirmed(book, "s")
    assert book.tell("core", "certificate.issued", issued("r", out(50_000, "supplier"), certificate="c1")) == []
    assert book.tell("bank", "payment.recorded", paid) == []
    assert book.tell("core", "certificate.issued", issued("r", out(63_000, "supplier"), certificate="c2")) == [], (
        "it paid for c1"
    )
    settles = [{"target": "receivable", "id": "s", "amount": 50_000}]
    assert book.tell("bank", "payment.recorded", {**paid, "payment": "q", "settles": settles}) == []
    whole = issued("s", out(63_001, "supplier"), certificate="c3")
    assert book.tell("core", "certificate.issued", whole) == ["certificate.exceeds_receivable"]
    assert dict(book.found[-1].details) == {"certified": 63_001, "receivable": 113_000, "paid": 50_000}


def test_issue_by_the_debtor_to_the_creditor(book: Book) -> None:
    confirmed(book, "r")
    book.tell("operator", "member.updated", {"member": "tier2", "roles": ["core_enterprise"]})
    other = issued("r", out(10, "supplier"), issuer="tier2")
    assert book.tell("tier2", "certificate.issued", other) == ["receivable.parties"]
    assert book.tell("tier2", "certificate.issued", issued("r", out(10, "supplier"))) == ["sender.not_party"]
    assert book.tell("core", "certificate.issued", issued("r", out(10, "factor"))) == ["output.recipient"]
    assert book.tell("core", "certificate.issued", issued("r", out(10, "core", "supplier"))) == []


def test_tenor_of_one_year(book: Book) -> None:
    confirmed(book, "r", due="2027-03-01")
    late, last = out(10, "supplier", due="2027-01-06"), out(10, "supplier", due="2027-01-05")
    assert book.tell("core", "certificate.issued", issued("r", late)) == ["certificate.tenor"]
    assert book.tell("core", "certificate.issued", issued("r", last)) == []
    assert year_after(date(2024, 2, 29)) == date(2025, 2, 28)


def test_value_is_kept(book: Book) -> None:
    source = certificate_on(book, "r")
    more = spend(book, "supplier", "split", [source], out(100_000, "supplier"), out(13_001, "supplier"))
    assert more == ["output.value"]
    assert dict(book.found[-1].details) == {"inputs": 113_000, "outputs": 113_001}
    source = certificate_on(book, "s")
    assert spend(book, "supplier", "split", [source], out(100_000, "supplier"), out(13_000, "supplier")) == []
    halves = [made(book, 0), made(book, 1)]
    assert spend(book, "supplier", "split", halves, out(113_000, "supplier")) == []
    joined = book.store.at().get(Output, made(book))
    assert (joined.root, joined.parents, joined.made_by) == ("s", halves, "certificate.split")


def test_an_output_is_spent_once(book: Book) -> None:
    source = certificate_on(book, "r")
    assert spend(book, "supplier", "split", [source], out(113_000, "supplier")) == []
    first = book.last()
    before = book.store.at().select_ended(Output, Output.id == source)
    assert spend(book, "supplier", "split", [source], out(113_000, "supplier")) == ["output.double_spend"]
    assert book.found[-1].others == (first,)
    assert book.found[-1].position == book.last()
    assert book.store.at().select_ended(Output, Output.id == source) == before
    assert before[0].ended == first
    twice = spend(book, "supplier", "split", [made(book), made(book)], out(113_000, "supplier"))
    assert twice == ["output.double_spend"]


def test_an_output_is_spent_once_within_one_block(book: Book) -> None:
    source = certificate_on(book, "r")
    for _ in range(2):
        book.say("supplier", "certificate.split", {"inputs": [source], "outputs": [out(113_000, "supplier")]})
    (finding,) = book.seal()
    assert finding.code.value == "output.double_spend"
    assert (finding.others[0].transaction, finding.position.transaction) == (0, 1)


def test_an_output_made_and_spent_in_one_block(book: Book) -> None:
    source = certificate_on(book, "r")
    split = book.say("supplier", "certificate.split", {"inputs": [source], "outputs": [out(113_000, "supplier")]})
    middle = output_id(split, 0)
    book.say("supplier", "certificate.split", {"inputs": [middle], "outputs": [out(113_000, "supplier")]})
    assert book.seal() == ()
    facts = book.store.at()
    assert facts.get(Output, middle) is None
    assert len(facts.history(Output, middle)) == 1
    assert [row.amount for row in facts.select(Output, Output.root == "r")] == [113_000]
    assert book.store.recompute_facts_digest() == book.store.head().facts_digest


def test_only_the_owner_spends(book: Book) -> None:
    source = certificate_on(book, "r")
    assert spend(book, "tier2", "split", [source], out(113_000, "supplier")) == ["output.not_owner"]
    assert spend(book, "supplier", "split", [made(book)], out(113_000, "supplier")) == []


def test_a_transfer_waits_for_both(book: Book) -> None:
    source = certificate_on(book, "r")
    offered = (out(100_000, "supplier", "tier2"), out(13_000, "supplier"))
    assert spend(book, "supplier", "transfer_proposed", [source], *offered) == []
    middle = made(book)
    assert book.store.at().get(Output, middle).owners == ("supplier", "tier2")
    back = spend(book, "supplier", "split", [middle], out(100_000, "supplier", "tier2"))
    assert back == ["output.not_owner"]
    middle = made(book)
    assert spend(book, "factor", "signed_in", [middle], out(100_000, "factor"), by="factor") == ["output.not_owner"]

    source = certificate_on(book, "s")
    spend(book, "supplier", "transfer_proposed", [source], out(113_000, "supplier", "tier2"))
    middle = made(book)
    assert spend(book, "tier2", "signed_in", [middle], out(113_000, "tier2"), by="tier2") == []
    assert book.store.at().get(Output, made(book)).owner == "tier2"


def test_the_receiver_refuses_what_waits(book: Book) -> None:
    def waiting(name: str) -> str:
        whole = out(113_000, "supplier", "tier2")
        assert spend(book, "supplier", "transfer_proposed", [certificate_on(book, name)], whole) == []
        return made(book)

    back = out(113_000, "supplier")
    refusal = {"by": "tier2", "reason": "not ours"}
    assert spend(book, "tier2", "refused", [waiting("r")], back, **refusal) == []
    returned = book.store.at().get(Output, made(book))
    assert (returned.owners, returned.root, returned.made_by) == (("supplier",), "r", "certificate.refused")
    assert spend(book, "supplier", "split", [returned.id], back) == []
    proposer = {"by": "supplier", "reason": "mine"}
    assert spend(book, "supplier", "refused", [waiting("s")], back, **proposer) == ["output.not_owner"]
    assert spend(book, "factor", "refused", [waiting("t")], back, **refusal) == ["sender.not_party"]
    assert spend(book, "tier2", "refused", [waiting("u")], out(113_000, "tier2"), **refusal) == ["output.recipient"]
    less = out(112_999, "supplier")
    assert spend(book, "tier2", "refused", [waiting("v")], less, **refusal) == ["output.value"]
    alone = certificate_on(book, "w")
    assert spend(book, "supplier", "refused", [alone], back, **proposer) == ["output.not_owner"]


def test_the_proposer_withdraws_what_waits(book: Book) -> None:
    def waiting(name: str) -> str:
        whole = out(113_000, "supplier", "tier2")
        assert spend(book, "supplier", "transfer_proposed", [certificate_on(book, name)], whole) == []
        return made(book)

    back = out(113_000, "supplier")
    first = waiting("r")
    assert spend(book, "supplier", "withdrawn", [first], back, by="supplier") == []
    assert book.store.at().get(Output, made(book)).owners == ("supplier",)
    late = spend(book, "tier2", "signed_in", [first], out(113_000, "tier2"), by="tier2")
    assert late == ["output.double_spend"], "what was withdrawn cannot be signed in"
    theirs = spend(book, "tier2", "withdrawn", [waiting("s")], out(113_000, "tier2"), by="tier2")
    assert theirs == ["output.not_owner"]
    named = spend(book, "tier2", "withdrawn", [waiting("t")], back, by="supplier")
    assert named == ["sender.not_party"]
    alone = certificate_on(book, "u")
    assert spend(book, "supplier", "withdrawn", [alone], back, by="supplier") == ["output.not_owner"]


def test_what_is_cancelled_returns_to_the_receivable(book: Book) -> None:
    def cancelled(sender: str, *inputs: str, by: str = "supplier") -> list[str]:
        return book.tell(sender, "certificate.cancelled", {"inputs": list(inputs), "by": by, "reason": "not needed"})

    source = certificate_on(book, "r")
    assert spend(book, "supplier", "split", [source], out(100_000, "supplier"), out(13_000, "supplier")) == []
    kept, given = made(book, 0), made(book, 1)
    assert cancelled("supplier", given) == []
    assert book.store.at().get(Receivable, "r").certified == 100_000
    assert cancelled("supplier", given) == ["output.double_spend"]
    assert book.store.at().get(Receivable, "r").certified == 100_000
    assert book.tell("core", "certificate.issued", issued("r", out(13_000, "supplier"))) == []
    assert book.tell("core", "certificate.issued", issued("r", out(1, "supplier"))) == [
        "certificate.exceeds_receivable"
    ]
    assert cancelled("tier2", kept) == ["sender.not_party"]
    assert cancelled("tier2", certificate_on(book, "s"), by="tier2") == ["output.not_owner"]
    spend(book, "supplier", "transfer_proposed", [certificate_on(book, "t")], out(113_000, "supplier", "tier2"))
    assert cancelled("supplier", made(book)) == ["output.not_owner"], "a middle account is nobody's alone"


def test_a_certificate_has_one_name(book: Book) -> None:
    confirmed(book, "r")
    first = issued("r", out(10, "supplier"))
    assert book.tell("core", "certificate.issued", first) == []
    confirmed(book, "s")
    assert book.tell("core", "certificate.issued", {**first, "receivable": "s"}) == ["identifier.reused"]
    facts = book.store.at()
    assert facts.get(Certificate, first["certificate"]).receivable == "r"
    assert (facts.get(Receivable, "s").certified, facts.count(Output)) == (0, 1)
    assert book.tell("core", "certificate.issued", issued("s", out(10, "supplier"))) == []


def test_a_transfer_does_not_skip_the_signing_in(book: Book) -> None:
    source = certificate_on(book, "r")
    assert spend(book, "supplier", "transfer_proposed", [source], out(113_000, "tier2")) == ["output.recipient"]
    source = certificate_on(book, "s")
    assert spend(book, "supplier", "split", [source], out(113_000, "tier2")) == ["output.recipient"]
    source = certificate_on(book, "t")
    assert spend(book, "supplier", "transfer_proposed", [source], out(113_000, "supplier", "tier2")) == []
    middle = made(book)
    wrong = spend(book, "supplier", "signed_in", [middle], out(113_000, "tier2"), by="tier2")
    assert wrong == ["sender.not_party"]


def test_financing(book: Book) -> None:
    deal = {"financier": "factor", "form": "factoring", "price": 98_000, "rate": "0.0525"}
    source = certificate_on(book, "r")
    parts = (out(100_000, "factor"), out(13_000, "supplier"))
    assert spend(book, "supplier", "financed", [source], *parts, **deal) == []
    held = book.store.at().get(Output, made(book))
    assert (held.owner, held.financier, held.price, str(held.rate)) == ("factor", "factor", 98_000, "0.0525")
    assert (held.root, held.certificate, held.issuer) == ("r", "cert-r", "core")
    change = book.store.at().get(Output, made(book, 1))
    assert (change.owner, change.financier, change.form, change.price, change.rate) == ("supplier", *[None] * 4)
    source = certificate_on(book, "s")
    assert spend(book, "supplier", "financed", [source], out(113_000, "bank"), **deal) == ["output.recipient"]


def test_due_dates_do_not_move_out(book: Book) -> None:
    source = certificate_on(book, "r")
    later = spend(book, "supplier", "split", [source], out(113_000, "supplier", due="2026-07-01"))
    assert later == ["output.due_extended"]
    source = certificate_on(book, "s")
    assert spend(book, "supplier", "split", [source], out(113_000, "supplier", due="2026-06-01")) == []


def test_roots_are_followed_through_a_merge(book: Book) -> None:
    one, two = certificate_on(book, "r"), certificate_on(book, "s")
    kept = (out(13_000, "supplier"), out(100_000, "supplier"), out(113_000, "supplier"))
    assert spend(book, "supplier", "split", [one, two], *kept) == []
    rows = [book.store.at().get(Output, made(book, index)) for index in range(3)]
    assert [(row.root, row.parents) for row in rows] == [("r", [one]), ("r", [one]), ("s", [two])]
    mixed = [made(book, 1), made(book, 2)]
    assert spend(book, "supplier", "split", mixed, out(213_000, "supplier")) == ["output.mixed_roots"]


def test_redeemed_outputs_do_not_move(book: Book) -> None:
    payment = {
        "payment": "p", "payer": "core", "payee": "supplier", "amount": 113_000, "date": "2026-01-05",
        "bank_reference": "b", "settles": [{"target": "receivable", "id": "r", "amount": 113_000}],
    }  # fmt: skip
    source = certificate_on(book, "r")
    book.tell("bank", "payment.recorded", payment)
    assert book.tell("settlement", "certificate.redeemed", {"inputs": [source], "payment": "p"}) == []
    redeemed = book.last()
    assert spend(book, "supplier", "split", [source], out(113_000, "supplier")) == ["output.redeemed"]
    assert book.found[-1].others == (redeemed,)
    other = certificate_on(book, "s")
    assert spend(book, "supplier", "split", [other], out(113_000, "supplier")) == []


def test_redemption_is_paid_and_the_issuers(book: Book) -> None:
    book.tell("operator", "member.updated", {"member": "tier2", "roles": ["core_enterprise"]})
    one, two, three, four = (certificate_on(book, name) for name in "rstu")
    for name, amount in (("r", 112_999), ("t", 113_000), ("u", 113_000)):
        payment = {
            "payment": f"p-{name}", "payer": "core", "payee": "supplier", "amount": amount, "date": "2026-01-05",
            "bank_reference": "b", "settles": [{"target": "receivable", "id": name, "amount": amount}],
        }  # fmt: skip
        assert book.tell("bank", "payment.recorded", payment) == []

    def redeemed(sender: str, output: str, payment: str) -> list[str]:
        return book.tell(sender, "certificate.redeemed", {"inputs": [output], "payment": payment})

    assert redeemed("core", one, "p-r") == ["redemption.unpaid"]
    assert redeemed("core", two, "ghost") == ["reference.missing"]
    assert redeemed("tier2", three, "p-t") == ["sender.not_party"]
    assert redeemed("core", four, "p-u") == []
    assert book.store.at().count(Output) == 0


def test_an_output_id_is_taken_once(book: Book) -> None:
    one, two = certificate_on(book, "r"), certificate_on(book, "s")
    hash_ = bytes(31) + b"\1"
    for index, source in enumerate((one, two)):
        book.say(
            "supplier",
            "certificate.split",
            {"inputs": [source], "outputs": [out(113_000, "supplier")]},
            transaction_hash=hash_,
            transaction_index=0,
            log_index=index,
        )
    (finding,) = book.seal()
    assert finding.code.value == "identifier.reused"
    assert book.store.at().get(Output, output_id(f"0x{hash_.hex()}", 0)).root == "r"


def test_a_transaction_committed_again_makes_nothing_again(book: Book) -> None:
    """An output's id names its transaction: the same one in another block would stand for two pieces of value."""
    confirmed(book, "r")
    issue = issued("r", out(50_000, "supplier"))
    first = {"transaction_hash": bytes(31) + b"\1"}
    assert book.tell("core", "certificate.issued", issue, **first) == []
    assert book.tell("core", "certificate.issued", issue, **first) == ["identifier.reused"] * 2
    source = output_id(f"0x{first['transaction_hash'].hex()}", 0)
    split = {"inputs": [source], "outputs": [out(40_000, "supplier"), out(10_000, "supplier")]}
    second = {"transaction_hash": bytes(31) + b"\2"}
    assert book.tell("supplier", "certificate.split", split, **second) == []
    there = book.store.at().select_ended(Output)
    assert book.tell("supplier", "certificate.split", split, **second) == ["identifier.reused"] * 2
    assert book.store.at().select_ended(Output) == there
    other = {"inputs": [certificate_on(book, "s")], "outputs": [out(113_000, "supplier")]}
    there = book.store.at().select_ended(Output)
    assert book.tell("supplier", "certificate.split", other, **second) == ["identifier.reused"]
    assert book.store.at().select_ended(Output) == there, "whatever it says this time, it has no effect"
    third = {"inputs": [certificate_on(book, "t")], "outputs": [out(113_000, "supplier")]}
    assert book.tell("supplier", "certificate.split", third, transaction_hash=bytes(31) + b"\3") == []


def test_a_transaction_twice_in_one_block_makes_nothing_again(book: Book) -> None:
    source = certificate_on(book, "r")
    for _ in range(2):
        split = {"inputs": [source], "outputs": [out(113_000, "supplier")]}
        book.say("supplier", "certificate.split", split, transaction_hash=bytes(31) + b"\1")
    assert [each.code.value for each in book.seal()] == ["identifier.reused"]
    assert [row.amount for row in book.store.at().select(Output)] == [113_000]

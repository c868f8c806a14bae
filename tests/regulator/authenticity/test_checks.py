"""Every check fires on its planted contradiction and on nothing honest; the score follows from what is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.facts import Invoice, PackageInvoice, Receivable, ReceivableInvoice, Settlement, TradeDocument
from ledger.position import Position
from ledger.store import AsOf
from ledger.verdict import Verdict
from regulator.authenticity import CHECKS, EXPECTED, Authenticity, Step, assess, assess_trades
from regulator.authenticity.order import EDGES
from regulator.authenticity.words import CODES, ITEMS, NAMES, TRADINGS, say, thing_of
from regulator.errors import UnknownThing
from tests.support.ledger_book import Book, account, address
from tests.support.trade_background import HONEST, PLANTED, STORIES, told


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    book = told(tmp_path_factory.mktemp("deals") / "ledger.db")
    yield book
    book.store.close()


@pytest.fixture(scope="module")
def found(ledger: Book) -> dict[str, Authenticity]:
    names = [f"claim-{name}" for name in STORIES]
    return {one.receivable.removeprefix("claim-"): one for one in assess_trades(ledger.store.at(), names)}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_contradiction_is_found(found: dict[str, Authenticity], name: str) -> None:
    failed = {(one.name, one.code): one for one in found[name].failed}
    assert PLANTED[name].fails in failed
    one = failed[PLANTED[name].fails]
    assert one.evidence
    assert found[name].verdict is Verdict.FAILED
    assert found[name].score < found["plain"].score


@pytest.mark.parametrize("name", HONEST)
def test_honest_trade_is_not_contradicted(found: dict[str, Authenticity], name: str) -> None:
    assert [(one.name, one.code, one.details) for one in found[name].failed] == []


def test_every_check_that_can_fail_was_planted() -> None:
    planted = {story.fails[0] for story in PLANTED.values()}
    assert planted == {name for name, rule in CHECKS.items() if rule.penalty}
    assert {edge.name for edge in EDGES} <= planted


def test_every_code_has_words_and_every_word_a_code(found: dict[str, Authenticity]) -> None:
    for one in found.values():
        for check in one.checks:
            assert check.name in CHECKS
            for language in ("zh", "en"):
                said = say(check, language, {})
                assert bool(said) == bool(check.code)
                assert "{" not in said
                assert thing_of(check, language, {})
    seen = {check.code for one in found.values() for check in one.checks if check.code}
    # These need what no story has: a claim without an invoice, a verifier that trades, a party never admitted.
    rare = {"no-invoice", "verified-by-party", "party-unknown"}
    assert seen | rare == CODES.keys()
    assert CHECKS.keys() == NAMES.keys()


@pytest.mark.parametrize(
    ("name", "code", "signer", "told"),
    [
        ("own-word", "confirmed-by-creditor", "supplier", {"party": "supplier"}),
        ("own-key", "signed-by-creditor", "supplier", {"party": "core", "signer_party": "supplier"}),
        ("own-key-in-another-name", "signed-by-creditor", "supplier", {"party": "parent", "signer_party": "supplier"}),
        ("confirmed-by-parent", "confirmed-by-other", "parent", {"party": "parent"}),
        ("signed-by-parent", "signed-by-other", "parent", {"party": "core", "signer_party": "parent"}),
        ("signed-by-nobody", "signed-by-nobody", "nobody", {"party": "core"}),
    ],
)
def test_a_confirmation_that_is_not_the_debtors_earns_less_and_tells_whose_key(
    ledger: Book, found: dict[str, Authenticity], name: str, code: str, signer: str, told: dict[str, str]
) -> None:
    [check] = [one for one in found[name].checks if one.name == "confirmation"]
    assert (check.code, dict(check.details)) == (code, {**told, "signer": address(signer)})
    confirming = ledger.store.record(Position.from_number(check.evidence[0]))
    assert (confirming.kind, confirming.signer) == ("receivable.confirmed", account(signer))
    for language in ("zh", "en"):
        assert address(signer) in say(check, language, {})
    assert found[name].score < found["plain"].score


def test_the_debtors_own_confirmation_holds_whoever_confirms_again(found: dict[str, Authenticity]) -> None:
    assert found["confirmed-again"].trade.receivable.confirmed_by == "supplier"
    [check] = [one for one in found["confirmed-again"].checks if one.name == "confirmation"]
    assert check.verdict is Verdict.PASSED
    assert found["confirmed-again"].score == found["plain"].score


def test_points_of_a_kind_of_trade_make_a_hundred() -> None:
    assert {sum(points.values()) for points in EXPECTED.values()} == {100}
    assert EXPECTED.keys() == TRADINGS.keys()
    assert {item for points in EXPECTED.values() for item in points} == ITEMS.keys()
    assert {rule.step for rule in CHECKS.values()} == set(Step)


# An oracle of its own: its own points, its own reading of the facts, plain arithmetic.

POINTS = {
    "goods": {"invoice": 10, "contract": 20, "delivery": 10, "keeper": 5, "tax": 20, "confirmation": 20, "payment": 15},
    "services": {"invoice": 10, "contract": 20, "delivery": 10, "tax": 20, "confirmation": 25, "payment": 15},
    "cross_border": {
        "invoice": 10, "contract": 15, "customs": 20, "delivery": 5, "keeper": 5, "tax": 10, "confirmation": 20,
        "payment": 15,
    },
    "packaged": {"invoice": 10, "contract": 15, "package": 15, "tax": 25, "confirmation": 15, "payment": 20},
}  # fmt: skip
TAKEN = {
    40: "invoice-number invoice-verified invoice-status parties file amount customs-amount goods confirmation",
    25: "invoice-sum invoice-tax document-status document-parties contract-amount order-amount quantity payment "
    + " ".join(edge.name for edge in EDGES),
    15: "party-code document-quantity receivable-paid",
}  # fmt: skip
PENALTY = {name: points for points, names in TAKEN.items() for name in names.split()}


def there(facts: AsOf, name: str) -> tuple[str, set[str]]:
    """The kind of trade of a story and the evidence there is, by reading every table whole."""
    owed = facts.get(Receivable, f"claim-{name}")
    assert owed is not None
    invoices = {one.invoice for one in facts.select(ReceivableInvoice) if one.receivable == owed.id}
    bills = [one for one in facts.select(Invoice) if one.id in invoices]
    papers = [
        one
        for one in facts.select(TradeDocument)
        if one.id.split("-", 1)[1] == name and not one.id.startswith(("stray", "copy")) and one.status == "active"
    ]
    types = {one.type for one in papers}
    items = {"invoice"} if bills else set()
    items |= {"contract"} if types & {"contract", "order"} else set()
    items |= {"customs"} if "customs_declaration" in types else set()
    delivered = [one for one in papers if one.type in ("waybill", "warehouse_receipt", "other")]
    items |= {"delivery"} if delivered else set()
    items |= {"keeper"} if any(one.registered_by == "warehouse" for one in delivered) else set()
    items |= {"tax"} if any(one.verified_result for one in bills) else set()
    items |= {"confirmation"} if owed.confirmed_by else set()
    items |= {"payment"} if any(one.receivable == owed.id for one in facts.select(Settlement)) else set()
    packed = any(one.invoice in invoices for one in facts.select(PackageInvoice))
    if "customs_declaration" in types or name == "others-order":
        return "cross_border", items
    if packed:
        return "packaged", items | {"package"}
    return ("services" if all("运输" in one.goods for one in bills) else "goods"), items


@pytest.mark.parametrize("name", STORIES)
def test_the_score_is_that_of_a_plain_oracle(ledger: Book, found: dict[str, Authenticity], name: str) -> None:
    one = found[name]
    kind, items = there(ledger.store.at(), name)
    assert one.trading.value == kind
    points = dict(POINTS[kind])
    if "payment" not in items and one.on <= one.trade.receivable.due:
        del points["payment"]
    earned = 0
    for item, most in points.items():
        said = {check.verdict.value for check in one.checks if check.bears.value == item}
        if item in items and "FAILED" not in said:
            earned += most // 2 if "INDETERMINATE" in said else most
    score = 100 * earned // sum(points.values()) - sum(PENALTY[each] for each in {each.name for each in one.failed})
    assert one.score == max(score, 0)


def test_one_document_more_adds_what_it_says(found: dict[str, Authenticity]) -> None:
    """What a verification and a confirmation are said to add is what stories with and without them differ by."""
    without, whole = found["unverified"], found["plain"]
    more = {one.item.value: one.more for one in without.evidence if one.more}
    assert set(more) == {"tax", "confirmation"}
    assert abs(without.score + sum(more.values()) - whole.score) <= 1
    assert [one.more for one in whole.evidence if one.more] == []


def test_what_comes_later_is_not_known_before(ledger: Book, found: dict[str, Authenticity]) -> None:
    """The red flush is no part of an assessment as of the block before it."""
    at = max(found["red"].failed[0].evidence) >> 0
    status = next(one for one in ledger.store.at().history(Invoice, "invoice-red") if one.from_position == at)
    before = assess(ledger.store.at(status.from_height - 1), "claim-red")
    assert before.failed == ()
    assert assess(ledger.store.at(status.from_height), "claim-red").failed


def test_an_unknown_receivable_is_said_to_be_so(ledger: Book) -> None:
    with pytest.raises(UnknownThing) as raised:
        assess(ledger.store.at(), "claim-of-nobody")
    assert raised.value.code == "unknown-receivable"

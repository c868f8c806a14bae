"""A pool read from the facts: which payments and adjustments are its own, as of a height and on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from abs.errors import UnknownPlan
from abs.parts import FINEST, Part, Piece
from abs.pool import read_pool
from abs.reading import business_day
from ledger.facts import output_id
from tests.support.ledger_book import Book, certificate_on, financed_by_factor, invoice, out, plan, receivable

DAY = date(2026, 3, 1)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "ledger.db")
    made.admit()
    made.say("manager", "plan.established", plan("P"))
    made.seal()
    yield made
    made.store.close()


def assign(book: Book, asset: str, *outputs: str, on: str = "2026-01-05", to: str = "P") -> None:
    assets = [{"asset": asset, "outputs": list(outputs)}]
    payload = {"plan": to, "date": on, "assignor": "factor", "price": 1, "assets": assets}
    book.say("factor", "pool.assigned", payload)
    book.seal()


def pay(book: Book, name: str, amount: int, on: str, **target: str) -> None:
    settles = [{"target": kind, "id": id_, "amount": amount} for kind, id_ in target.items()]
    book.say(
        "bank",
        "payment.recorded",
        {
            "payment": name, "payer": "core", "payee": "servicer", "amount": amount, "date": on,
            "bank_reference": name, "settles": settles,
        },
    )  # fmt: skip
    book.seal()


def test_a_whole_receivable_takes_every_payment_and_adjustment(book: Book) -> None:
    assign(book, "R", financed_by_factor(book, "R"))
    pay(book, "P1", 13_000, "2026-01-05", receivable="R")
    book.say(
        "gateway", "receivable.adjusted", {"receivable": "R", "delta": -3_000, "reason": "return", "at": "2026-01-05"}
    )
    book.seal()
    pool = read_pool(book.store.at(), "P")
    assert pool.on == date(2026, 1, 5)
    assert pool.balance().value == 113_000 - 13_000 - 3_000
    [row] = pool.listed().rows(named=True)
    assert (row["amount"], row["issued"], row["due"]) == (113_000, date(2026, 1, 4), date(2026, 6, 30))
    assert (row["debtor"], row["creditor"], len(row["numbers"][0])) == ("core", "supplier", 20)
    assert (row["disputed"], row["confirmed"], row["goods"], row["region"]) == (False, True, "钢材", "44")
    tables = {ref.table for ref in pool.balance().unfold()}
    assert tables == {"Receivable", "PoolAsset", "Output", "Settlement", "Invoice"}


def test_only_the_debtors_own_confirmation_counts_whoever_confirms_again(book: Book) -> None:
    for name in ("i", "j"):
        book.say("supplier", "invoice.registered", invoice(name))
    book.say("supplier", "receivable.registered", receivable("R", "i"))
    book.say("supplier", "receivable.registered", receivable("S", "j"))
    book.seal()
    held = {}
    for name in ("R", "S"):
        issued = {"certificate": name, "receivable": name, "issuer": "core", "outputs": [out(113_000, "factor")]}
        held[name] = output_id(book.say("core", "certificate.issued", issued), 0)
    book.seal()
    assign(book, "R", held["R"])
    assign(book, "S", held["S"])

    def confirmed(by: str, sender: str) -> list[tuple[bool, date | None]]:
        book.say(sender, "receivable.confirmed", {"receivable": "R", "by": by, "method": "signature"})
        book.seal(days=1)
        rows = read_pool(book.store.at(), "P").listed().sort("asset").rows(named=True)
        assert (rows[1]["confirmed"], rows[1]["confirmed_on"]) == (False, None)
        return [(rows[0]["confirmed"], rows[0]["confirmed_on"])]

    assert confirmed("core", "supplier") + confirmed("supplier", "supplier") == [(False, None)] * 2
    own = confirmed("core", "core")
    assert own == [(True, business_day(book.store.at()))]
    assert confirmed("core", "supplier") + confirmed("core", "core") == own * 2


def test_a_part_takes_payments_on_its_own_outputs_and_its_share_of_the_others(book: Book) -> None:
    """40,000 of 113,000 are in the pool; 10,000 paid on that output, 11,300 on the receivable as a whole."""
    source = certificate_on(book, "R")
    parts = [out(40_000, "supplier"), out(73_000, "supplier")]
    split = book.say("supplier", "certificate.split", {"inputs": [source], "outputs": parts})
    book.seal()
    sold = book.say(
        "supplier",
        "certificate.financed",
        {
            "inputs": [output_id(split, 0)], "outputs": [out(40_000, "factor")], "financier": "factor",
            "form": "factoring", "price": 39_000, "rate": "0.05",
        },
    )  # fmt: skip
    book.seal()
    held = output_id(sold, 0)
    assign(book, "R", held)
    pay(book, "on the other part", 5_000, "2026-01-05", output=output_id(split, 1))
    assert read_pool(book.store.at(), "P").balance().value == 40_000
    pay(book, "on this part", 10_000, "2026-01-05", output=held)
    assert read_pool(book.store.at(), "P").balance().value == 30_000
    pay(book, "on the whole", 11_300, "2026-01-05", receivable="R")
    assert read_pool(book.store.at(), "P").balance().value == 26_000
    again = [out(1_000, "factor"), out(39_000, "factor")]
    pieces = book.say("factor", "certificate.split", {"inputs": [held], "outputs": again})
    book.seal()
    pay(book, "on a piece of it", 1_000, "2026-01-05", output=output_id(pieces, 0))
    assert read_pool(book.store.at(), "P").balance().value == 25_000


def halves(book: Book, name: str, held: int) -> tuple[str, str]:
    """A certificate of 113,000 in two outputs of the factor's: the first of ``held`` fen, the second of the rest."""
    source = certificate_on(book, name)
    parts = [out(held, "supplier"), out(113_000 - held, "supplier")]
    split = book.say("supplier", "certificate.split", {"inputs": [source], "outputs": parts})
    book.seal()
    sold = book.say(
        "supplier",
        "certificate.financed",
        {
            "inputs": [output_id(split, 0), output_id(split, 1)],
            "outputs": [out(held, "factor"), out(113_000 - held, "factor")],
            "financier": "factor", "form": "factoring", "price": 100_000, "rate": "0.05",
        },
    )  # fmt: skip
    book.seal()
    return output_id(sold, 0), output_id(sold, 1)


def test_a_part_of_what_is_paid_in_full_by_pieces_leaves_nothing_open(book: Book) -> None:
    """Each of three payments rounded down by itself would leave fen open for ever."""
    assign(book, "R", halves(book, "R", 56_500)[0])
    for place, amount in enumerate((37_333, 37_333), start=1):
        pay(book, f"P{place}", amount, f"2026-01-0{place + 1}", receivable="R")
    book.say(
        "gateway", "receivable.adjusted", {"receivable": "R", "delta": -1_001, "reason": "return", "at": "2026-01-04"}
    )
    book.seal()
    pay(book, "P3", 37_333, "2026-01-05", receivable="R")
    pool = read_pool(book.store.at(), "P", DAY)
    owed = [pool.on_day(date(2026, 1, day)).balance().value for day in (4, 5)]
    assert owed == [56_500 - (37_333 + 37_333 + 1_001) // 2, 0]
    [row] = pool.listed().rows(named=True)
    assert (row["outstanding"], row["days_past_due"]) == (0, 0)
    assert pool.days_to_settle().value == 1
    assert pool.on_day(date(2026, 1, 4)).days_to_settle().value is None
    paid = [ref.id for ref in pool.original().unfold() if ref.table == "Settlement"]
    assert len(paid) == 3


def test_a_part_takes_its_share_of_what_is_paid_on_the_whole_alone(book: Book) -> None:
    assign(book, "R", halves(book, "R", 40_000)[0])
    pay(book, "on the whole", 11_300, "2026-01-05", receivable="R")
    assert read_pool(book.store.at(), "P").balance().value == 36_000


def test_a_part_takes_its_share_of_what_is_taken_off_the_whole_alone(book: Book) -> None:
    assign(book, "R", halves(book, "R", 40_000)[0])
    less = {"receivable": "R", "delta": -11_300, "reason": "discount", "at": "2026-01-05"}
    book.tell("gateway", "receivable.adjusted", less)
    pool = read_pool(book.store.at(), "P")
    assert pool.balance().value == 36_000
    assert pool.adjustments(date(2026, 1, 4), date(2026, 1, 5)).value == -4_000


@pytest.mark.parametrize("named", ["0xnowhere:0", "of another"])
def test_an_output_that_is_no_piece_of_the_receivable_is_worth_nothing(book: Book, named: str) -> None:
    """The ledger keeps what was committed, with a finding; the pool is not the larger by it."""
    other = financed_by_factor(book, "other")
    financed_by_factor(book, "R")
    assign(book, "R", other if named == "of another" else named)
    pay(book, "on the whole", 11_300, "2026-01-05", receivable="R")
    less = {"receivable": "R", "delta": -11_300, "reason": "discount", "at": "2026-01-05"}
    book.tell("gateway", "receivable.adjusted", less)
    pool = read_pool(book.store.at(), "P")
    [row] = pool.listed().rows(named=True)
    assert (row["amount"], row["outstanding"], row["outputs"], row["price"]) == (0, 0, 0, None)
    assert (pool.balance().value, pool.count().value) == (0, 0)


def test_a_piece_made_of_a_held_and_another_output_counts_by_value(book: Book) -> None:
    held, other = halves(book, "R", 40_000)
    assign(book, "R", held)
    merged = book.say("factor", "certificate.split", {"inputs": [held, other], "outputs": [out(113_000, "factor")]})
    book.seal()
    pay(book, "on the merged piece", 11_300, "2026-01-05", output=output_id(merged, 0))
    assert read_pool(book.store.at(), "P").balance().value == 36_000
    again = [out(100_000, "factor"), out(13_000, "factor")]
    pieces = book.say("factor", "certificate.split", {"inputs": [output_id(merged, 0)], "outputs": again})
    book.seal()
    for place, amount in ((0, 101_700 - 13_000), (1, 13_000)):
        pay(book, f"on piece {place}", amount, "2026-01-05", output=output_id(pieces, place))
    assert read_pool(book.store.at(), "P").balance().value == 0


def test_pieces_of_many_mergers_keep_what_is_held_whole_and_cheap(book: Book) -> None:
    """Thirty times merged with another output and split again: what is left to pay is what was held, to the fen."""
    held, other = halves(book, "R", 40_000)
    assign(book, "R", held)
    pair = (held, other)
    for turn in range(30):
        parts = [out(50_000 + 7 * turn, "factor"), out(63_000 - 7 * turn, "factor")]
        merged = book.say("factor", "certificate.split", {"inputs": list(pair), "outputs": [out(113_000, "factor")]})
        book.seal()
        again = book.say("factor", "certificate.split", {"inputs": [output_id(merged, 0)], "outputs": parts})
        book.seal()
        pair = (output_id(again, 0), output_id(again, 1))
    for place, amount in enumerate((50_203, 62_797)):
        pay(book, f"P{place}", amount, "2026-01-05", output=pair[place])
    assert read_pool(book.store.at(), "P").balance().value == 0


def test_shares_of_shares_stay_short() -> None:
    """Each piece is half the one before and half another of a prime amount: denominators would grow for ever."""
    pieces = {"o0": Piece(10_007, (), 0)}
    for step in range(1, 200):
        pieces[f"n{step}"] = Piece(10_009 + step * 10_010, (), 2 * step)
        pieces[f"o{step}"] = Piece(10_037 + step, (f"o{step - 1}", f"n{step}"), 2 * step + 1)
    part = Part(["o0"], pieces, 10_007 * 400)
    weights = [part.weight("output", f"o{step}") for step in range(200)]
    assert weights[:2] == [1, Fraction(10_007, 10_007 + 20_019)]
    assert all(0 <= weight <= 1 and weight.denominator <= FINEST for weight in weights)


def test_without_a_day_it_is_the_day_in_china_of_the_block(book: Book) -> None:
    """What banks in China record for the 6th is on the ledger before the day ends in Greenwich."""
    assign(book, "R", financed_by_factor(book, "R"))
    book.time = datetime(2026, 1, 5, 16, 30, tzinfo=UTC)
    pay(book, "P1", 13_000, "2026-01-06", receivable="R")
    assert book.found == []
    facts = book.store.at()
    assert facts.time.date() == date(2026, 1, 5)
    assert business_day(facts) == read_pool(facts, "P").on == date(2026, 1, 6)
    assert read_pool(facts, "P").balance().value == 100_000


def test_the_height_says_what_was_known_and_the_day_what_had_happened(book: Book) -> None:
    assign(book, "R", financed_by_factor(book, "R"))
    known = book.store.at()
    pay(book, "P1", 13_000, "2026-01-05", receivable="R")
    now = book.store.at()
    assert read_pool(known, "P", DAY).balance().value == 113_000
    assert read_pool(now, "P", DAY).balance().value == 100_000
    assert read_pool(now, "P", date(2026, 1, 4)).balance().value == 113_000
    assert read_pool(now, "P", date(2026, 1, 3)).balance().value == 0
    assert read_pool(now, "P", DAY).balance().height == now.height


def test_what_came_after_the_closing_counts_from_its_assignment(book: Book) -> None:
    output = financed_by_factor(book, "R")
    book.seal(days=30)
    assign(book, "R", output, on="2026-02-04")
    facts = book.store.at()
    assert read_pool(facts, "P", date(2026, 2, 3)).count().value == 0
    assert read_pool(facts, "P", date(2026, 2, 4)).count().value == 1
    assert read_pool(facts, "P", date(2026, 2, 3), before_assignment=True).count().value == 1


def test_plans_do_not_see_each_others_assets(book: Book) -> None:
    book.say("manager", "plan.established", plan("Q"))
    book.seal()
    assign(book, "R", financed_by_factor(book, "R"))
    assign(book, "S", financed_by_factor(book, "S"), to="Q")
    assert read_pool(book.store.at(), "P", DAY).listed()["asset"].to_list() == ["R"]
    assert read_pool(book.store.at(), "Q", DAY).listed()["asset"].to_list() == ["S"]


def test_an_unknown_plan_is_refused_with_what_to_do(book: Book) -> None:
    with pytest.raises(UnknownPlan) as caught:
        read_pool(book.store.at(), "nope")
    assert "glasspool plans" in caught.value.next_step

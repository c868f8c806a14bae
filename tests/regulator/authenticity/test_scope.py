"""`authenticity.contradiction`: found block by block as over all of history, and on no honest trade."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger.consortium.market import generate_market, labels_of
from ledger.snapshot import Snapshot, take
from ledger.store import Store
from regulator.authenticity import RULE, SCOPES
from regulator.signals import Level, Version
from regulator.watch import sweep
from regulator.wording import WORDING, explain, used_by
from tests.support import ledger_book
from tests.support.duplicates_measured import found, in_order
from tests.support.generated import followed, labelled
from tests.support.trade import receipt
from tests.support.trade_background import HONEST, PLANTED, STORIES, told
from tests.support.trade_deal import Deal, Story


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ledger_book.Book]:
    book = told(tmp_path_factory.mktemp("deals") / "ledger.db")
    yield book
    book.store.close()


def watched(store: Store, folder: Path) -> list[Version]:
    return found(store, folder / "book.db", SCOPES)


def snapshot(store: Store, folder: Path) -> Snapshot:
    take(store.at(), folder / "snapshot")
    return Snapshot.open(folder / "snapshot")


@pytest.fixture(scope="module")
def versions(ledger: ledger_book.Book, tmp_path_factory: pytest.TempPathFactory) -> list[Version]:
    return watched(ledger.store, tmp_path_factory.mktemp("book"))


def test_every_planted_contradiction_is_a_finding_and_nothing_else(versions: list[Version]) -> None:
    last = {one.subject: one.signal for one in versions}
    standing = {subject.removeprefix("receivable claim-"): signal for subject, signal in last.items() if signal}
    assert standing.keys() == PLANTED.keys()
    for name, signal in standing.items():
        checks = signal.detail("checks")
        assert isinstance(checks, str)
        assert PLANTED[name].fails[0] in checks.split()
        assert signal.evidence
        assert "financing" in " ".join(signal.things)
        assert {"bank", "core"} & set(signal.parties)
    assert {signal.level for signal in standing.values()} == set(Level)
    assert not {one.subject.removeprefix("receivable claim-") for one in versions} & HONEST.keys()


def test_it_is_said_in_words(versions: list[Version]) -> None:
    for one in versions:
        if one.signal is not None:
            for language in ("zh", "en"):
                assert "{" not in explain(one.signal, language, {})
            assert "check " not in explain(one.signal, "zh", {})
            used = used_by(WORDING[RULE].sentence_zh) | used_by(WORDING[RULE].sentence_en)
            assert used <= {name for name, _ in one.signal.details} | {"subject", "amount"}


@pytest.mark.slow
def test_batch_finds_what_following_found(ledger: ledger_book.Book, versions: list[Version], tmp_path: Path) -> None:
    with snapshot(ledger.store, tmp_path).on_duckdb() as market:
        assert in_order(sweep(market, ledger.store.at().height, SCOPES)) == in_order(versions)
        (scope,) = SCOPES
        seeds = set(market.backend.to_pyarrow(scope.candidates(market))["seed"].to_pylist())
    assert not {f"receivable claim-{name}" for name in ("plain", "frame", "instalments", "no-file")} & seeds


@pytest.mark.slow
def test_block_by_block_is_the_same(
    ledger: ledger_book.Book, versions: list[Version], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulator.watch.RECORDS", 1)
    assert in_order(watched(ledger.store, tmp_path)) == in_order(versions)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_batch_on_spark_finds_the_same(
    ledger: ledger_book.Book, versions: list[Version], tmp_path: Path, spark: Any
) -> None:
    with snapshot(ledger.store, tmp_path).on_spark(spark) as market:
        assert in_order(sweep(market, ledger.store.at().height, SCOPES)) == in_order(versions)


@pytest.mark.slow
def test_it_stands_while_money_is_in_it(tmp_path: Path) -> None:
    """A contradiction nobody lent on says nothing; it is found when somebody lends, and ends when that is released."""
    book = ledger_book.Book(tmp_path / "ledger.db")
    book.admit({**ledger_book.MEMBERS, "warehouse": ["warehouse"]})
    book.seal(300)
    deal = Deal(book, "one", Story(parts=STORIES["coal"].parts, financed=False))
    deal.tell()
    assert watched(book.store, tmp_path) == []
    deal.finance()
    lent = book.height
    book.seal()
    deal.release()
    over = book.height
    book.seal()
    seen = watched(book.store, tmp_path)
    assert [(one.height, one.signal is not None) for one in seen] == [(lent, True), (over, False)]
    assert seen[0].signal is not None
    assert (seen[0].signal.level, seen[0].signal.amount) == (Level.HIGH, 90_000)
    with snapshot(book.store, tmp_path).on_duckdb() as market:
        assert in_order(sweep(market, book.store.at().height, SCOPES)) == seen
    book.store.close()


@pytest.mark.slow
def test_papers_that_come_late_are_looked_at(tmp_path: Path) -> None:
    """The contract, a waybill, a receipt registered after the loan contradict it from their block on."""
    book = ledger_book.Book(tmp_path / "ledger.db")
    book.admit({**ledger_book.MEMBERS, "warehouse": ["warehouse"]})
    book.seal(300)
    # The claim alone names the contract; a waybill came up to the invoice, and its receipt is beside it.
    Deal(book, "contract", Story(parts={"contract": None, "order": None, "waybill": None})).tell()
    Deal(book, "waybill", Story(parts={"waybill": None})).tell()
    stored = Deal(book, "receipt", Story(parts={"waybill": None}))
    stored.tell()
    stored.paper("from", "warehouse", "waybill", "invoice", "receipt", quantity="12", unit="吨")
    book.seal()
    before = book.height
    assert watched(book.store, tmp_path) == []
    Deal(book, "contract", Story()).paper("contract", "supplier", "contract", parties=["supplier", "tier2"])
    book.seal()
    Deal(book, "waybill", Story()).paper("waybill", "warehouse", "waybill", goods="动力煤")
    book.seal()
    book.say("warehouse", "warehouse_receipt.issued", receipt("receipt-receipt", goods="冷轧钢板", quantity="10"))
    book.seal()
    seen = watched(book.store, tmp_path)
    assert [(one.height, one.subject) for one in seen] == [
        (before, "receivable claim-contract"),
        (before + 1, "receivable claim-waybill"),
        (before + 2, "receivable claim-receipt"),
    ]
    with snapshot(book.store, tmp_path).on_duckdb() as market:
        assert in_order(sweep(market, book.store.at().height, SCOPES)) == in_order(seen)
    book.store.close()


LABELS = ("impossible_fields", "inflated_face", "altered_document", "red_after_finance")
"""Patterns of which an invoice beneath a financing is contradicted by its number, its parties, its amount or by the tax
authority."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 2_026, 77_003])
def test_a_lawful_market_is_not_contradicted(seed: int, tmp_path: Path) -> None:
    summary = generate_market(tmp_path / "chain", receivables=500, plans=2, months=8, seed=seed, suite="ecdsa")
    store = followed(tmp_path / "chain", summary, tmp_path / "home")
    assert watched(store, tmp_path) == []
    store.close()


@pytest.mark.slow
def test_in_a_market_with_trouble_only_what_was_planted_is_found(tmp_path: Path) -> None:
    trouble = {"every": Decimal("0.001"), **dict.fromkeys(LABELS, Decimal("0.004"))}
    summary = generate_market(
        tmp_path / "chain", receivables=1_000, plans=2, months=8, seed=5_511, trouble=trouble, traps=Decimal("0.002"),
        suite="ecdsa",
    )  # fmt: skip
    store = followed(tmp_path / "chain", summary, tmp_path / "home")
    seen = watched(store, tmp_path)
    assert {check for one in seen if one.signal for check in str(one.signal.detail("checks")).split()} == {
        "invoice-verified", "invoice-number", "invoice-status", "party-code", "amount",
    }  # fmt: skip
    labels, _ = labelled(labels_of(tmp_path / "chain"))
    positions = {f"0x{row.transaction_hash.hex()}": row.position for row in store.records()}
    alike = {positions[each] for label in labels if label["what"] == "trap" for each in label["records"]}
    assert [one for one in seen if one.signal and not alike.isdisjoint(one.signal.evidence)] == []
    with snapshot(store, tmp_path).on_duckdb() as market:
        assert in_order(sweep(market, store.at().height, SCOPES)) == in_order(seen)
    store.close()

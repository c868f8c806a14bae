"""A pack of a case, made once, and a copy of it to spoil."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from disclosure.signing import make_local_authority
from ledger.store import Store
from regulator.access import LOOPBACK
from regulator.book import Book, Followed
from regulator.cases import Cases, Outcome
from regulator.evidence_pack import of_case
from regulator.signals import Level, Signal, Version
from tests.support.evidence import AT, Desk, records_of
from tests.support.market import Market


@pytest.fixture(scope="module")
def desk(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    authority = make_local_authority(folder / "signer", name="监管节点", at=AT, random=random.Random(3).randbytes)
    with Store.open(market.database) as store, Book.open(folder / "book.db") as book:
        invoices, receivables = records_of(store, "invoice"), records_of(store, "receivable")
        head = store.at().height
        reuse = Signal(
            rule="duplicate.exact_reuse", subject="receivable AR", level=Level.MEDIUM, score=60, amount=12_345,
            since=date(2024, 5, 1), parties=("factor", "=cmd|'/c calc'!A0"), things=("financing F",),
            evidence=tuple(invoices[:2] + receivables[:1]),
            details=(
                ("financiers", 2), ("first", "financing F"), ("first_party", "factor"), ("last", "financing G"),
                ("last_party", "bank"), ("money_fen", 12_345), ("worth_fen", 100),
            ),
        )  # fmt: skip
        graver = replace(reuse, level=Level.HIGH, amount=99_999, evidence=tuple(invoices[:3]))
        other = Signal(rule="duplicate.of_tomorrow", subject="invoice I", level=Level.LOW, score=5, amount=7,
                       evidence=(invoices[4],), details=(("days", 3),))  # fmt: skip
        early = max(number >> 32 for one in (reuse, graver, other) for number in one.evidence)
        versions = [
            Version(rule=reuse.rule, subject=reuse.subject, height=early, signal=reuse),
            Version(rule=reuse.rule, subject=reuse.subject, height=early + 2, signal=graver),
            Version(rule=reuse.rule, subject=reuse.subject, height=early + 4, signal=None),
            Version(rule=other.rule, subject=other.subject, height=early + 1, signal=other),
        ]
        assert early + 4 < head
        book.keep("t", versions, None, Followed(height=head, facts_digest="0"))
        cases = Cases(book, LOOPBACK)
        case = cases.open("重复融资", AT).case
        cases.collect(case, reuse.id, early + 2, AT)
        cases.collect(case, other.id, head, AT)
        cases.comment(case, "内部意见", AT)
        cases.assign(case, "王", AT)
        cases.ask(case, "factor", "为何？", AT)
        cases.answer(case, 5, "=1+1", AT)
        cases.decide(case, Outcome.CONFIRMED, "属实", AT)
        yield Desk(
            store=store, book=book, market=market, authority=authority, reuse=reuse, other=other, case=case, early=early
        )


@pytest.fixture(scope="module")
def pack(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of the case. Tests copy it before they change it."""
    made = of_case(desk.store, desk.book, Cases(desk.book, LOOPBACK).get(desk.case))
    return desk.export(tmp_path_factory.mktemp("packs") / "pack", made)


@pytest.fixture
def copy(pack: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pack, tmp_path / "copy")

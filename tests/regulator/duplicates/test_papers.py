"""Patterns about papers, packages, contracts, lots and pairs: each from the first block in which it is true.

Every story is told in one ledger, followed in steps of several sizes, and swept over a snapshot of it as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

import regulator.watch
from ledger.position import Position
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from regulator.duplicates.contracts import ContractScope
from regulator.duplicates.lots import LotScope
from regulator.duplicates.packages import PackageScope
from regulator.duplicates.pairs import PairScope
from regulator.duplicates.papers import PaperScope
from regulator.duplicates.runs import RunScope
from regulator.scope import Scope
from regulator.signals import Version
from regulator.watch import sweep
from regulator.wording import WORDING, explain, used_by
from tests.support import duplicates_contract_stories, duplicates_goods_stories, duplicates_paper_stories
from tests.support.duplicates_desk import TOLD, PaperDesk, consortium
from tests.support.duplicates_measured import found, in_order
from tests.support.ledger_book import Book, address

SCOPES: tuple[Scope, ...] = (
    PaperScope(), RunScope(), PackageScope(), ContractScope(), LotScope(), PairScope(),
)  # fmt: skip

STORIES = (duplicates_paper_stories, duplicates_goods_stories, duplicates_contract_stories)
"""Which keep their stories in TOLD."""


class Told:
    """The ledger with all stories in it, and what each expects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.book: Book = consortium(folder / "ledger.db")
        self.expected: dict[str, list[tuple[str, str, int, str | None]]] = {}
        for at, (name, tell) in enumerate(TOLD.items()):
            expected = tell(PaperDesk(self.book, name, at)) or {}
            self.expected[name] = [(rule, *each) for rule, some in expected.items() for each in some]
            self.book.seal()

    def followed(self, name: str) -> list[Version]:
        return in_order(found(self.book.store, self.folder / f"{name}.db", SCOPES))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def versions(ledger: Told) -> list[Version]:
    return ledger.followed("whole")


def _shown(version: Version) -> tuple[str, str, int, str | None]:
    kind, name = version.subject.split(" ", 1)
    subject = version.subject if kind == "pair" else kind if kind == "stock" else f"{kind} {name.split('.', 1)[1]}"
    level = None if version.signal is None else version.signal.level.value
    return version.rule.removeprefix("duplicate."), subject, version.height, level


def _story(version: Version) -> str:
    kind, name = version.subject.split(" ", 1)
    if kind == "pair":
        sellers = {
            "seller0": "phantom",
            "seller1": "known_debtor",
            "seller2": "goods_moved",
            "seller3": "verified_later",
            "seller4": "signed_by_the_seller",
            "seller5": "signed_by_nobody",
            "seller6": "said_by_a_contract",
            "seller7": "confirmed_before_and_after_a_rotation",
            "seller8": "signed_with_a_key_of_before",
            "seller9": "confirmed_again_by_others",
            "seller10": "forged_later",
            "seller11": "one_large_claim",
        }
        return sellers.get(name.split("/")[0], name)
    return next(each for each in TOLD if f'"{each}"' in name) if kind == "stock" else name.split(".", 1)[0]


@pytest.mark.parametrize("name", TOLD)
def test_a_story_is_found_from_the_first_block_in_which_it_is_true(
    ledger: Told, versions: list[Version], name: str
) -> None:
    shown: defaultdict[str, list[tuple[str, str, int, str | None]]] = defaultdict(list)
    for version in versions:
        shown[_story(version)].append(_shown(version))
    assert sorted(shown[name], key=str) == sorted(ledger.expected[name], key=str)


@pytest.mark.parametrize("records", [1, 7, 60])
def test_steps_of_any_size_find_the_same(
    ledger: Told, versions: list[Version], monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr(regulator.watch, "RECORDS", records)
    assert ledger.followed(f"steps{records}") == versions


def test_a_snapshot_shows_the_same(ledger: Told, versions: list[Version]) -> None:
    facts = ledger.book.store.at()
    take(facts, ledger.folder / "snapshot")
    with Snapshot.open(ledger.folder / "snapshot").on_duckdb() as market:
        assert in_order(sweep(market, facts.height, SCOPES)) == versions


def test_every_finding_is_explained(versions: list[Version]) -> None:
    for version in versions:
        if version.signal is not None:
            stated = {name for name, _ in version.signal.details} | {"subject", "amount"}
            wording = WORDING[version.rule]
            assert used_by(wording.sentence_zh) | used_by(wording.sentence_en) <= stated
            for language in ("zh", "en"):
                assert "{" not in explain(version.signal, language, {})
            assert version.signal.evidence


OTHERS = ("confirmed_party", "others_confirmed", "signer", "signer_party")


@pytest.mark.parametrize(
    ("pair", "by", "signer", "holder"),
    [
        ("seller4/core", "core", "seller4", "seller4"),
        ("seller5/core", "core", "nobody", None),
        ("seller6/core", "core", "seller6", None),
        ("seller8/buyer", "buyer", "buyer", None),
    ],
)
def test_it_is_told_who_confirmed_with_which_key(
    ledger: Told, versions: list[Version], pair: str, by: str, signer: str, holder: str | None
) -> None:
    first = next(one for one in versions if one.subject == f"pair {pair}")
    assert first.signal is not None
    told = {"confirmed_party": by, "others_confirmed": 5, "signer": address(signer), "signer_party": holder}
    assert {name: first.signal.detail(name) for name in OTHERS} == told
    assert set(first.signal.parties) == {*pair.split("/"), *([holder] if holder else [])}
    kinds = Counter(ledger.book.store.record(Position.from_number(each)).kind for each in first.signal.evidence)
    assert kinds == {"receivable.registered": 5, "receivable.confirmed": 5}
    names = {"seller4": "四号供应商", "core": "核心企业", "buyer": "采购公司"}
    for language in ("zh", "en"):
        said = explain(first.signal, language, names)
        assert f"{names[by]}" in said.split("5", 1)[1]
        assert address(signer) in said
        assert ("该账户当时属于" in said or "That was an account of" in said) is (holder is not None)
        assert holder is None or said.endswith((f"属于{names[holder]}。", f"of {names[holder]}."))


def test_of_what_nobody_confirmed_no_signer_is_told(versions: list[Version]) -> None:
    for version in versions:
        if version.subject in ("pair seller0/core", "pair seller3/core") and version.signal is not None:
            assert {version.signal.detail(name) for name in OTHERS} == {None}
            assert explain(version.signal, "en", {}).endswith("yuan have.")

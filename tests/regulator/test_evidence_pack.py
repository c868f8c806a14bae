"""An evidence pack holds what it says, each record with a proof that needs no database; a forged one is refused."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from openpyxl import load_workbook

from disclosure.certificates import read_pem
from disclosure.errors import PackageExists, PackageMalformed
from disclosure.manifest import Manifest, canonical_json, entry_of
from disclosure.package import read_package
from disclosure.signing import LocalAuthority, make_local_authority
from disclosure.verify import judge_package
from ledger.proofs import Proof, ProofVerifier
from ledger.store import Store
from ledger.verdict import StepVerdict, Verdict
from portal.node import read_pin
from regulator import trail
from regulator.access import LOOPBACK, Actor
from regulator.book import Book, Followed
from regulator.cases import Cases, Outcome
from regulator.errors import NotAFinding, NotAllowed, UnknownFinding
from regulator.evidence_pack import Pack, export, kind, of_case, of_findings
from regulator.evidence_pack.export import render
from regulator.evidence_pack.judge import STEPS
from regulator.signals import Level, Signal, Version
from tests.support.market import Market

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
ADDED = "note.txt"
EVIDENCE = ("evidence.json", "evidence.txt", "evidence.xlsx", "proofs.jsonl")
FILES = ("certificate.pem", *EVIDENCE[:3], "manifest.json", "manifest.sig", EVIDENCE[3])


class Desk(SimpleNamespace):
    """A replica with real signed blocks, a book that follows it, and a signer."""

    store: Store
    book: Book
    market: Market
    authority: LocalAuthority
    reuse: Signal
    other: Signal
    case: str

    def steps(self, path: Path, *, store: bool = True, book: Book | bool | None = True) -> dict[str, StepVerdict]:
        judged = judge_package(
            path,
            trusted_ca=read_pem(self.authority.authority.read_bytes()),
            at=AT,
            store=self.store if store else None,
            kinds=(kind(self.book if book is True else book or None),),
        )
        if judged.manifest is not None and judged.manifest.report == "evidence":
            assert tuple(one.name for one in judged.assessment.steps) == STEPS
        return {one.name: one for one in judged.assessment.steps}

    def export(self, folder: Path, made: object, actor: Actor = LOOPBACK) -> Path:
        signer = self.authority.signer()
        return export(
            self.store,
            self.book,
            actor,
            made,
            folder=folder,
            signer=signer,
            at=AT,  # type: ignore[arg-type]
        ).folder


def records_of(store: Store, table: str) -> list[int]:
    from ledger.facts import Invoice, Receivable

    facts = store.at()
    return sorted({one.from_position for one in facts.select({"invoice": Invoice, "receivable": Receivable}[table])})


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


def again(desk: Desk, folder: Path, change: Callable[[Pack], Pack] | None = None, **files: bytes) -> Path:
    """Sign the folder again with the same key, as whoever holds it can, after a change of what it says."""
    content = read_package(folder)
    manifest = Manifest.load(content["manifest.json"])
    if change is not None:
        content |= render(change(Pack.load(content["evidence.json"])), manifest.ledger, manifest.made_at)
    content |= {name.replace("_", "."): data for name, data in files.items()}
    listed = tuple(entry_of(name, content[name]) for name in sorted(content) if not name.startswith("manifest."))
    raw = replace(manifest, files=listed).dump()
    content |= {"manifest.json": raw, "manifest.sig": desk.authority.signer().sign(raw)}
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


def failed(found: dict[str, StepVerdict]) -> dict[str, str]:
    return {name: one.code for name, one in found.items() if one.verdict is Verdict.FAILED}


def test_a_pack_passes_every_step(desk: Desk, pack: Path) -> None:
    for path in (pack, pack.with_name("pack.zip")):
        found = desk.steps(path)
        assert {one.verdict for one in found.values()} == {Verdict.PASSED}, found
    assert sorted(one.name for one in pack.iterdir()) == list(FILES)


def test_every_proof_holds_without_the_database(desk: Desk, pack: Path) -> None:
    pin = read_pin(desk.market.archive / "node.toml")
    reader = ProofVerifier(genesis_hash=pin.genesis_hash, contracts=pin.contracts)
    lines = (pack / "proofs.jsonl").read_bytes().splitlines()
    assert len(lines) == 5
    assert {reader.verify(Proof.from_json(line)).verdict for line in lines} == {Verdict.PASSED}
    told = json.loads((pack / "evidence.json").read_bytes())
    assert [one["position"] for one in told["records"]] == [Proof.from_json(line).position for line in lines]


def test_what_is_not_at_hand_leaves_steps_undecided(desk: Desk, pack: Path) -> None:
    found = desk.steps(pack, store=False)
    assert (found["proved"].verdict, found["proved"].code) == (Verdict.INDETERMINATE, "no-replica")
    assert (found["found"].verdict, found["found"].code) == (Verdict.INDETERMINATE, "no-book")
    assert found["rendered"].verdict is Verdict.PASSED
    found = desk.steps(pack, book=None)
    assert (found["proved"].verdict, found["found"].code) == (Verdict.PASSED, "no-book")


def test_it_says_what_was_collected_and_what_became_of_it(desk: Desk, pack: Path) -> None:
    told = json.loads((pack / "evidence.json").read_bytes())
    first, second = told["findings"]
    assert (first["id"], first["height"], first["standing"]) == (desk.reuse.id, desk.early + 2, True)
    assert [one["signal"] and one["signal"]["level"] for one in first["history"]] == ["medium", "high", None]
    assert "123.45" in first["explanation"]["zh"]
    assert first["title"] == {"zh": "重复融资", "en": "Financed twice"}
    assert second["explanation"]["en"] == "invoice I: days 3"  # a rule of another version is told by its figures
    assert told["members"]
    text = (pack / "evidence.txt").read_text("utf-8")
    assert "证据包" in text
    assert "Evidence pack" in text
    assert "999.99" in text


def test_comments_and_who_works_on_it_stay_inside(pack: Path) -> None:
    whole = b"".join(one.read_bytes() for one in pack.iterdir() if one.suffix in (".json", ".txt")).decode()
    book = load_workbook(pack / "evidence.xlsx")
    cells = " ".join(str(cell.value) for sheet in book for row in sheet for cell in row)
    for text in (whole, cells):
        assert "为何" in text
        assert "内部意见" not in text
        assert "王" not in text


def test_the_workbook_holds_figures_and_no_formula(desk: Desk, pack: Path) -> None:
    book = load_workbook(pack / "evidence.xlsx")
    assert book.sheetnames == ["发现", "过程", "当事人", "金额", "记录", "案件"]
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    quoted = [cell.value for cell in cells if str(cell.value).startswith("=")]
    assert "=cmd|'/c calc'!A0" in quoted
    assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith("="))
    amounts = {row[2].value: row[3].value for row in book["金额"].iter_rows(min_row=5) if row[0].value == desk.reuse.id}
    assert amounts == {"涉及金额 at stake": 999.99, "money": 123.45, "worth": 1}
    assert [row[0].value for row in book["记录"].iter_rows(min_row=5)] == [
        one["position"] for one in json.loads((pack / "evidence.json").read_bytes())["records"]
    ]


def test_exporting_is_in_the_trail(desk: Desk, pack: Path) -> None:
    del pack
    with desk.book.reads() as connection:
        told = trail.entries(connection, subject=f"case {desk.case}")[0]
        assert trail.check(connection) == []
    assert (told.act, told.details["records"]) == ("exported", 5)
    assert [one["finding"] for one in told.details["findings"]] == [desk.reuse.id, desk.other.id]


def test_the_same_pack_is_the_same_bytes(desk: Desk, pack: Path, tmp_path: Path) -> None:
    made = of_case(desk.store, desk.book, Cases(desk.book, LOOPBACK).get(desk.case))
    assert read_package(desk.export(tmp_path / "again", made)) == read_package(pack)
    with pytest.raises(PackageExists):
        desk.export(tmp_path / "again", made)


def test_a_pack_of_findings_has_no_case(desk: Desk, tmp_path: Path) -> None:
    folder = desk.export(tmp_path / "one", of_findings(desk.store, desk.book, [desk.other.id, desk.other.id]))
    assert {one.verdict for one in desk.steps(folder).values()} == {Verdict.PASSED}
    told = json.loads((folder / "evidence.json").read_bytes())
    assert (told["case"], len(told["findings"]), len(told["records"])) == (None, 1, 1)
    assert Manifest.load((folder / "manifest.json").read_bytes()).plan == f"finding {desk.other.id}"
    ended = of_findings(desk.store, desk.book, [desk.reuse.id])[0].findings[0]
    assert (ended.standing, ended.signal.level) == (False, Level.HIGH)


def test_there_must_be_something_to_take_away_and_somebody_who_may(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(NotAFinding):
        of_findings(desk.store, desk.book, [])
    with pytest.raises(UnknownFinding):
        of_findings(desk.store, desk.book, ["0" * 16])
    empty = Cases(desk.book, LOOPBACK).open("leer", AT)
    with pytest.raises(NotAFinding):
        of_case(desk.store, desk.book, empty)
    with Book.open(tmp_path / "fresh.db") as fresh, pytest.raises(NotAFinding):
        of_findings(desk.store, fresh, [desk.other.id])
    made = of_findings(desk.store, desk.book, [desk.other.id])
    with desk.book.reads() as connection:
        before = trail.count(connection)
    for roles in ("operator", "plan_manager", "exchange"):
        with pytest.raises(NotAllowed):
            desk.export(tmp_path / "no", made, Actor(name="x", roles=frozenset({roles}), member="m"))
    with desk.book.reads() as connection:
        assert trail.count(connection) == before
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("name", FILES)
def test_any_changed_byte_is_told(desk: Desk, copy: Path, name: str) -> None:
    whole = (copy / name).read_bytes()
    places = {0, len(whole) // 2, len(whole) - 1, *random.Random(name).sample(range(len(whole)), 6)}
    for place in sorted(places):
        altered = bytearray(whole)
        altered[place] ^= random.Random(place).choice((1, 0x20, 0x80))
        (copy / name).write_bytes(altered)
        found = desk.steps(copy, store=False)
        assert failed(found), (name, place)
        assert any(name in one.detail for one in found.values() if one.verdict is Verdict.FAILED), (name, place)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(desk: Desk, copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert failed(desk.steps(copy, store=False))


def test_an_added_file_is_told_even_signed(desk: Desk, copy: Path) -> None:
    (copy / ADDED).write_text("x")
    assert failed(desk.steps(copy))["intact"] == "unlisted"
    assert failed(desk.steps(again(desk, copy)))["intact"] == "unexpected-file"


def test_whoever_holds_the_key_cannot_say_what_the_book_does_not(desk: Desk, copy: Path) -> None:
    def lower(pack: Pack) -> Pack:  # the graver version is left out
        first, second = pack.findings
        return replace(pack, findings=(replace(first, versions=first.versions[:1]), second))

    found = desk.steps(again(desk, copy, lower))
    assert failed(found) == {"proved": "unproved"}  # records that nothing rests on any more


def test_a_history_of_ones_own_is_told_by_the_book(desk: Desk, copy: Path) -> None:
    def raised(pack: Pack) -> Pack:
        first, second = pack.findings
        assert second.versions[0].signal is not None
        signal = replace(second.versions[0].signal, amount=10**9)
        return replace(pack, findings=(first, replace(second, versions=(replace(second.versions[0], signal=signal),))))

    found = desk.steps(again(desk, copy, raised))
    assert failed(found) == {"found": "found-otherwise"}


def test_a_name_or_a_record_of_ones_own_is_told_by_the_replica(desk: Desk, copy: Path) -> None:
    def renamed(pack: Pack) -> Pack:
        return replace(pack, members={**pack.members, next(iter(pack.members)): "清白公司"})

    def retimed(pack: Pack) -> Pack:
        return replace(pack, records=(replace(pack.records[0], time=AT), *pack.records[1:]))

    for change in (renamed, retimed):
        folder = shutil.copytree(copy, copy.with_name(change.__name__))
        assert failed(desk.steps(again(desk, folder, change))) == {"proved": "differs"}, change


def test_words_that_the_data_do_not_say_are_told(desk: Desk, copy: Path) -> None:
    text = (copy / "evidence.txt").read_bytes().replace("高".encode(), "低".encode())
    assert failed(desk.steps(again(desk, copy, evidence_txt=text))) == {"rendered": "shows-otherwise"}
    told = json.loads((copy / "evidence.json").read_bytes())
    told["findings"][0]["explanation"]["en"] = "nothing to see"
    found = desk.steps(again(desk, copy, evidence_txt=text, evidence_json=canonical_json(told)))
    assert "evidence.json" in found["rendered"].detail


def test_a_proof_of_another_record_is_told(desk: Desk, copy: Path) -> None:
    lines = (copy / "proofs.jsonl").read_bytes().splitlines(keepends=True)
    for forged, code in (
        ([*lines[1:], lines[0]], "unproved"),
        (lines[:-1], "unproved"),
        ([*lines, lines[0]], "unproved"),
        ([b"{}\n", *lines[1:]], "proof-format"),
    ):
        folder = shutil.copytree(copy, copy.with_name("forged"), dirs_exist_ok=True)
        assert failed(desk.steps(again(desk, folder, proofs_jsonl=b"".join(forged)))) == {"proved": code}
    proof = json.loads(lines[0])
    proof["record"]["payload"] = proof["record"]["payload"].replace("1", "2")
    forged = b"".join([json.dumps(proof).encode() + b"\n", *lines[1:]])
    for store in (True, False):  # it does not hold in itself either
        assert failed(desk.steps(again(desk, copy, proofs_jsonl=forged), store=store)) == {"proved": "proof"}


def test_a_replica_of_another_chain_says_nothing(desk: Desk, pack: Path, tmp_path: Path) -> None:
    from tests.support.ledger_book import Book as Other

    other = Other(tmp_path / "other.db")
    found = judge_package(pack, trusted_ca=(), at=AT, store=other.store, kinds=(kind(),)).assessment
    other.store.close()
    assert {one.verdict for one in found.steps if one.name in ("proved", "found")} == {Verdict.INDETERMINATE}, found
    mine = judge_package(pack, trusted_ca=(), at=AT, store=None, genesis_hash=bytes(32), kinds=(kind(),)).assessment
    assert next(one.code for one in mine.steps if one.name == "proved") == "another-chain"


def test_a_program_that_knows_no_evidence_packs_does_not_pass_one(desk: Desk, pack: Path) -> None:
    judged = judge_package(pack, trusted_ca=(), at=AT, store=desk.store).assessment
    assert judged.verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "breaks",
    [
        lambda told: told.update(format="x"),
        lambda told: told.pop("case"),
        lambda told: told.update(findings={}),
        lambda told: told["findings"][0].update(height="1"),
        lambda told: told["findings"][0]["history"].reverse(),
        lambda told: told["findings"][0]["history"].clear(),
        lambda told: told["findings"][0]["history"][0].update(signal=None),
        lambda told: told["findings"][0]["history"][0]["signal"].update(score=101),
        lambda told: told["findings"][0]["history"][0]["signal"].update(level="x"),
        lambda told: told["findings"][0]["history"][0]["signal"].update(amount="1"),
        lambda told: told["findings"][0]["history"][0]["signal"].update(rule="x"),
        lambda told: told["findings"][0]["history"][0]["signal"].update(evidence=[[]]),
        lambda told: told["findings"][0]["history"][0]["signal"].update(details={"a": []}),
        lambda told: told["findings"][0]["history"][0]["signal"].update(more=1),
        lambda told: told["records"][0].update(position="x"),
        lambda told: told["records"][0].update(time="x"),
        lambda told: told["case"]["entries"][0].update(body=[]),
        lambda told: told.update(members=[]),
    ],
)
def test_data_of_another_shape_are_told(desk: Desk, copy: Path, breaks: Callable[[dict[str, object]], object]) -> None:
    told = json.loads((copy / "evidence.json").read_bytes())
    breaks(told)
    raw = canonical_json(told)
    with pytest.raises(PackageMalformed):
        Pack.load(raw)
    found = desk.steps(again(desk, copy, evidence_json=raw))
    assert failed(found) == {"proved": "evidence-shape"}
    assert found["rendered"].code == "not-reached"

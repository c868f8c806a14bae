"""An evidence pack holds what it says, each record with a proof that needs no database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from disclosure.errors import PackageExists
from disclosure.manifest import Manifest
from disclosure.package import read_package
from ledger.proofs import Proof, ProofVerifier
from ledger.verdict import Verdict
from portal.node import read_pin
from regulator import trail
from regulator.access import LOOPBACK, Actor
from regulator.book import Book
from regulator.cases import Cases
from regulator.errors import NotAFinding, NotAllowed, UnknownFinding
from regulator.evidence_pack import of_case, of_findings
from regulator.signals import Level
from tests.support.evidence import AT, FILES, Desk


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

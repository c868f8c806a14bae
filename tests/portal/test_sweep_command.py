"""`glasspool sweep`: a snapshot looked through by several processes shows what following its ledger shows."""

from __future__ import annotations

import csv
import re
from multiprocessing import active_children
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from openpyxl import load_workbook
from rich.cells import cell_len

from ledger.snapshot import Snapshot
from portal.cli import main
from regulator.errors import SweepFailed
from regulator.sweeping import sweepable, swept
from regulator.wording import KINDS
from tests.support.commands import Ran
from tests.support.printing import ON_PAGES, printed

pytestmark = pytest.mark.slow
PLANTED = ("exact_reuse", "cross_instrument", "phantom_debtor", "impossible_fields", "circular_trade")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the node of a market with trouble, followed to its head, and a snapshot of it."""
    folder = tmp_path_factory.mktemp("swept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSPOOL_HOME", str(folder / "node"))
        capsys: Any = _Silent()
        trouble = [each for name in PLANTED for each in ("--trouble", f"{name}=0.02")]
        for arguments in (
            ("consortium", "generate", folder / "chain", "--receivables", 90, "--plans", 1, "--seed", 5, *trouble),
            ("init", folder / "chain", "--pin", folder / "chain" / "node.toml"),
            ("sync", "--watch"),
            ("snapshot", "take", "-o", folder / "snapshot"),
        ):
            assert Ran(capsys, *arguments).code == 0, arguments
    return folder


class _Silent:
    """Stands where a test's captured output would: a fixture of a module has none."""

    def readouterr(self) -> tuple[str, str]:
        return "", ""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("GLASSPOOL_LANG", "en")
    return lambda *arguments: Ran(capsys, *arguments)


def test_it_shows_what_following_shows(run, node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = run("sweep", node / "snapshot", "--all", "--json").json
    monkeypatch.setenv("GLASSPOOL_HOME", str(node / "node"))
    rules = {rule for one in sweepable() for rule in one.rules}
    followed = run("findings", "--all", "--limit", 10_000, "--json").json["findings"]
    expected = [
        {name: one[name] for name in one if name != "suppressed_by"} for one in followed if one["rule"] in rules
    ]
    kept = ("sentence", "parties", "things")
    found = [{name: one[name] for name in one if name not in kept} for one in answer["findings"]]
    assert found == expected
    assert {one["rule"] for one in found} >= {f"duplicate.{name}" for name in PLANTED[:3]}
    assert (answer["total"], answer["verified"]) == (len(found), True)
    told = run("findings", "show", found[0]["id"], "--json").json
    assert set(answer["findings"][0]["sentence"].values()) <= {str(each) for each in _leaves(told)}


def _leaves(answer: Any) -> list[Any]:
    if isinstance(answer, dict):
        return [leaf for each in answer.values() for leaf in _leaves(each)]
    return [leaf for each in answer for leaf in _leaves(each)] if isinstance(answer, list) else [answer]


def test_one_process_says_what_several_say(node: Path) -> None:
    snapshot, heard = Snapshot.open(node / "snapshot"), [set[str](), set[str]()]
    files, height = snapshot.files(), snapshot.manifest.height
    one = swept(files, height, sweepable(), processes=1, told=lambda scope, _: heard[0].add(scope))
    several = swept(files, height, sweepable(), processes=2, told=lambda scope, _: heard[1].add(scope))
    assert one == several != []
    for scope in sweepable():
        its = [version for version in one if version.rule in scope.rules]
        assert its == sorted(its, key=lambda version: (version.height, version.rule, version.subject))
    assert heard[0] == heard[1] == {scope.name for scope in sweepable()}


def test_only_what_was_asked_for(run, node: Path) -> None:
    answer = run("sweep", node / "snapshot", "--unverified", "--rule", "duplicate.exact_reuse", "--json").json
    assert {one["rule"] for one in answer["findings"]} == {"duplicate.exact_reuse"}
    assert (answer["verified"], answer["levels"]["high"]) == (False, answer["total"])
    plans = run("sweep", node / "snapshot", "--rule", "monitor.idle_cash", "--json")
    assert (plans.code, plans.json["error"]["code"]) == (2, "needs-replica")
    none = run("sweep", node / "snapshot", "--rule", "duplicate.nothing", "--json")
    assert (none.code, none.json["error"]["code"]) == (2, "unknown-rule")


def test_people_are_told_in_sentences_in_either_language(run, node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run("sweep", node / "snapshot", "--unverified", "--family", "duplicate", "--limit", 1)
    assert told.code == 0
    assert "it was not verified" in " ".join(told.out.split())
    monkeypatch.setenv("GLASSPOOL_LANG", "zh")
    told = run("sweep", node / "snapshot", "--unverified", "--family", "duplicate", "--limit", 1)
    assert "未核对" in "".join(told.out.split())


def test_files_that_are_not_the_ledgers_are_refused(run, node: Path, tmp_path: Path) -> None:
    copytree(node / "snapshot", tmp_path / "other")
    file = tmp_path / "other" / "invoice.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    told = run("sweep", tmp_path / "other", "--json", "-o", tmp_path / "found.csv")
    assert (told.code, told.json["error"]["code"]) == (1, "snapshot-damaged")
    assert not (tmp_path / "found.csv").exists()


def test_a_folder_that_engines_take_for_several_is_refused(run, node: Path, tmp_path: Path) -> None:
    copytree(node / "snapshot", tmp_path / "snap[12]")
    told = run("sweep", tmp_path / "snap[12]", "--json")
    assert (told.code, told.json["error"]["code"]) == (2, "snapshot-path")
    copytree(node / "snapshot", tmp_path / "buyer=evil" / "snapshot")
    told = run("sweep", tmp_path / "buyer=evil" / "snapshot", "--json", "--all")
    assert told.json == run("sweep", node / "snapshot", "--json", "--all").json


def test_what_was_found_is_written_as_text(run, node: Path, tmp_path: Path) -> None:
    for name in ("found.csv", "found.xlsx"):
        answer = run("sweep", node / "snapshot", "--unverified", "-o", tmp_path / name, "--json").json
    rows = list(csv.DictReader((tmp_path / "found.csv").read_text("utf-8-sig").splitlines()))
    assert [row["Finding"] for row in rows] == [one["id"] for one in answer["findings"]]
    assert [row["What is so"] for row in rows] == [one["sentence"]["en"] for one in answer["findings"]]
    sheet = load_workbook(tmp_path / "found.xlsx").worksheets[0]
    assert sheet.max_row == len(rows) + 1
    assert printed(sheet) == (*ON_PAGES, 1, None)
    sentences = next(column for column in sheet.iter_cols() if column[0].value == "What is so")
    wide = sheet.column_dimensions[sentences[0].column_letter].width
    for cell in sentences[1:]:  # all of it is seen
        assert cell.alignment.wrap_text
        assert sheet.row_dimensions[cell.row].height * wide > 10 * len(str(cell.value))
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}
    assert run("sweep", node / "snapshot", "-o", tmp_path / "found.pdf").code == 2


def test_a_file_for_people_has_things_in_their_words_and_one_column_for_machines(
    run, node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSPOOL_LANG", "zh")
    answer = run("sweep", node / "snapshot", "--unverified", "-o", tmp_path / "found.csv", "--json").json
    rows = list(csv.DictReader((tmp_path / "found.csv").read_text("utf-8-sig").splitlines()))
    assert [row["对象代码"] for row in rows] == [one["subject"] for one in answer["findings"]]
    kinds = {one["subject"].partition(" ")[0] for one in answer["findings"]}
    assert {"invoice", "pair"} <= kinds
    for row in rows:
        kind, _, name = row["对象代码"].partition(" ")
        assert row["对象"] == f"{KINDS[kind]}{name}"
        assert not [each for each in kinds if f"{each} " in row["对象"] + row["涉及"]]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", ["80", "120"])
def test_a_list_breaks_no_amount_and_no_id(
    run, node: Path, monkeypatch: pytest.MonkeyPatch, width: str, language: str
) -> None:
    monkeypatch.setenv("GLASSPOOL_LANG", language)
    monkeypatch.setenv("COLUMNS", width)
    chosen = ("sweep", node / "snapshot", "--unverified", "--limit", 1_000)
    found, lines = run(*chosen, "--json").json["findings"], run(*chosen).out.splitlines()
    assert all(cell_len(line) <= int(width) for line in lines)
    shown = "\n".join(lines)
    for one in found:
        assert one["subject"].partition(" ")[2] in shown
        for whole in re.findall(r"0x[0-9a-f]{40}|[A-Z]+-[0-9A-Z-]+|[0-9,]+\.[0-9]{2}", one["sentence"][language]):
            assert whole in shown, one
    assert len(lines) < 8 * len(found) + 12


@pytest.mark.parametrize("processes", [1, 2])
def test_a_damaged_file_that_was_believed_is_told_in_a_sentence(
    node: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "none"))
    copytree(node / "snapshot", tmp_path / "bad")
    file = tmp_path / "bad" / "invoice.parquet"
    content = bytearray(file.read_bytes())
    for at in range(200, min(len(content) // 2, 4_000)):
        content[at] ^= 0x5A
    file.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        main(["sweep", str(tmp_path / "bad"), "--unverified", "--processes", str(processes)])
    out, err = capfd.readouterr()  # of the children too
    assert (ended.value.code, out, "Traceback" in err) == (2, "", False), err
    assert "[sweep-failed]" in err
    assert "without --unverified" in err


def test_no_more_processes_are_promised_than_there_are(run, node: Path) -> None:
    assert run("sweep", node / "snapshot", "--processes", 3).code == 2


def test_a_process_that_dies_is_told(node: Path) -> None:
    killed: list[Any] = []

    def die(_scope: str, _seeds: int) -> None:
        for one in active_children():
            one.kill()
            killed.append(one)

    snapshot = Snapshot.open(node / "snapshot")
    with pytest.raises(SweepFailed, match="ended before it was done"):
        swept(snapshot.files(), snapshot.manifest.height, sweepable(), processes=2, told=die)
    assert killed
    assert active_children() == []

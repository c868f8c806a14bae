"""`glasspool block verify` as a person runs it: exit codes, the JSON, and files that nobody should have made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.chains import limits
from portal import cli
from tests.support.blocks import BOOK, Forge, hexed
from tests.support.surroundings import oracle

if TYPE_CHECKING:
    from pathlib import Path

FORGE = Forge()
RECORD = FORGE.record()
PINNED = "0x47c6d9493171f62bf7201faa2e4766bbf058d95c0d76d605f965ff4b212e01f5"


@pytest.fixture(autouse=True)
def only_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command with this one noun: the others bring dependencies that take seconds to import."""
    monkeypatch.setattr(cli, "COMMANDS", ("block",))


class Run:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["block", "verify", *map(str, arguments)])
        told = self._capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), told.out, told.err

    def json(self, *arguments: object) -> tuple[int, dict[str, Any]]:
        code, out, _ = self(*arguments, "--json")
        return code, json.loads(out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    contents = {
        "block": FORGE.block([RECORD]),
        "hashes": FORGE.block([RECORD]) | {"transactions": [RECORD.body["hash"]]},
        "transaction": RECORD.body,
        "transactions": [RECORD.body],
        "receipt": {"jsonrpc": "2.0", "id": 1, "result": RECORD.answer},
        "receipts": [RECORD.answer],
        "genesis": {"result": FORGE.genesis()},
    }
    for name, content in contents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    return {name: tmp_path / f"{name}.json" for name in contents}


def verdicts(answer: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["verdict"] for step in answer["steps"]}


class TestAnswers:
    def test_the_json_has_one_shape(self, run: Run, files: dict[str, Path]) -> None:
        code, answer = run.json(files["block"], "--receipts", files["receipts"])
        assert code == 0
        assert set(answer) == {"verdict", "steps", "unproven"}
        assert answer["verdict"] == "INDETERMINATE"
        for step in answer["steps"]:
            assert set(step) == {"number", "name", "verdict", "code", "detail"}
            assert step["verdict"] in {"PASSED", "FAILED", "INDETERMINATE"}
            assert isinstance(step["number"], int)
        assert answer["unproven"] == ["receipt.message", "transaction.importTime"]

    def test_files_come_one_by_one_or_as_lists_bare_or_in_answers(self, run: Run, files: dict[str, Path]) -> None:
        told = [
            run.json(files["block"], "--receipts", files["receipts"]),
            run.json(files["hashes"], "--transactions", files["transaction"], "--receipts", files["receipt"]),
            run.json(files["hashes"], "--transactions", files["transactions"], "--receipts", files["receipts"]),
        ]
        assert [code for code, _ in told] == [0, 0, 0]
        assert len({json.dumps(verdicts(answer)) for _, answer in told}) == 1

    def test_with_genesis_and_contract_only_the_parent_is_missing(self, run: Run, files: dict[str, Path]) -> None:
        code, answer = run.json(
            files["block"], "--receipts", files["receipts"], "--genesis", files["genesis"],
            "--genesis-hash", FORGE.genesis()["hash"], "--contract", hexed(BOOK),
        )  # fmt: skip
        assert code == 0
        assert [name for name, verdict in verdicts(answer).items() if verdict != "PASSED"] == ["parent link"]

    def test_a_person_sees_a_table(self, run: Run, files: dict[str, Path]) -> None:
        code, out, err = run(files["block"], "--receipts", files["receipts"])
        assert (code, err) == (0, "")
        assert "quorum" in out
        assert "PASSED" in out
        assert "importTime" in out

    def test_a_failure_ends_with_one(self, run: Run, files: dict[str, Path]) -> None:
        code, answer = run.json(
            files["block"], "--receipts", files["receipts"], "--genesis", files["genesis"], "--genesis-hash", "ab" * 32
        )
        assert (code, answer["verdict"]) == (1, "FAILED")
        assert [step["code"] for step in answer["steps"] if step["verdict"] == "FAILED"] == ["genesis-hash"]


JUNK = {
    "empty": b"",
    "spaces": b" \n",
    "binary": bytes(range(256)) * 50,
    "no object": b"[]",
    "null": b"null",
    "number": b"1e999",
    "text": b'"block"',
    "cut": b'{"number": 1, "hash": ',
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "closed deep": b'{"result":' * 199 + b"{}" + b"}" * 199,
    "byte order mark": b"\xef\xbb\xbf{}",
    "another encoding": '{"number":1}'.encode("utf-16"),
    "markup": b'{"number":"[red]x[/]"}',
    "error": b'{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no such block"}}',
    "nothing": b'{"result":null}',
}


class TestMalformedInput:
    @pytest.mark.parametrize("name", JUNK)
    @pytest.mark.parametrize("role", ["block", "--transactions", "--receipts", "--genesis"])
    def test_is_a_negative_verdict(
        self, name: str, role: str, run: Run, files: dict[str, Path], tmp_path: Path
    ) -> None:
        junk = tmp_path / "junk.json"
        junk.write_bytes(JUNK[name])
        if role in {"--transactions", "--receipts"} and not JUNK[name].strip():
            return  # an empty file is an empty list, judged in the next test
        arguments = (junk,) if role == "block" else (files["hashes"], role, junk)
        code, answer = run.json(*arguments)
        assert (code, answer["verdict"]) == (1, "FAILED")
        code, out, err = run(*arguments)
        assert code == 1
        assert "FAILED" in out
        assert "Traceback" not in out + err

    @pytest.mark.parametrize("role", ["--transactions", "--receipts"])
    def test_an_empty_file_is_not_what_the_block_lists(
        self, role: str, run: Run, files: dict[str, Path], tmp_path: Path
    ) -> None:
        (tmp_path / "empty.json").write_bytes(b"")
        code, answer = run.json(files["hashes"], role, tmp_path / "empty.json")
        assert (code, answer["verdict"]) == (1, "FAILED")

    def test_a_file_cannot_end_another(self, run: Run, files: dict[str, Path], tmp_path: Path) -> None:
        """Files are put together as text; none may bring the members of another with it."""
        spliced, block = tmp_path / "spliced.json", files["hashes"].read_bytes()
        bodies, receipts = files["transactions"].read_bytes(), files["receipts"].read_bytes()
        spliced.write_bytes(block + b',"receipts":' + receipts)
        assert run(spliced)[0] == 1
        spliced.write_bytes(receipts + b',"transactions":' + bodies)
        assert run(files["hashes"], "--receipts", spliced)[0] == 1
        spliced.write_bytes(b'{"hash":"0x"},"block":' + block)
        assert run(spliced)[0] == 1

    def test_a_file_beyond_the_limit_is_never_read_whole(self, run: Run, tmp_path: Path) -> None:
        huge = tmp_path / "huge.json"
        with huge.open("wb") as file:
            file.truncate(300 * 1024 * 1024)
        code, answer = run.json(huge)
        assert code == 1
        assert answer["steps"][0]["code"] == "limit"
        assert answer["steps"][0]["detail"].startswith(f"The block has {limits.MAX_BLOCK_BYTES + 1} bytes")

    def test_names_in_a_block_cannot_speak_to_the_terminal(self, run: Run, files: dict[str, Path]) -> None:
        block = json.loads(files["block"].read_text()) | {"\x1b[2J": 1, "[red]": 1}
        files["block"].write_text(json.dumps(block))
        _, out, _ = run(files["block"])
        assert "\x1b[2J" not in out
        assert "(unprintable name)" in out


class TestUsage:
    def test_an_unreadable_file_ends_with_two(self, run: Run, files: dict[str, Path], tmp_path: Path) -> None:
        for arguments in (
            (tmp_path / "none.json",),
            (tmp_path,),
            (files["block"], "--receipts", tmp_path / "none.json"),
        ):
            code, _, err = run(*arguments)
            assert code == 2
            assert "cannot be read" in " ".join(err.split())
        code, answer = run.json(tmp_path / "none.json")
        assert code == 2
        assert answer["error"]["code"] == "file"
        assert answer["error"]["next_step"]

    @pytest.mark.parametrize(
        "arguments",
        [(), ("--genesis-hash", "ab" * 31), ("--genesis-hash", "zz" * 32), ("--contract", "ab" * 19), ("--nothing",)],
    )
    def test_wrong_usage_ends_with_two(self, arguments: tuple[str, ...], run: Run, files: dict[str, Path]) -> None:
        assert run(*(arguments and (files["block"], *arguments)))[0] == 2


@pytest.mark.oracle
class TestPublishedBlocks:
    """The acceptance of the project on blocks that others published."""

    def file(self, name: str) -> Path:
        return oracle(f"ledger/fisco3/{name}.json")

    def test_the_genesis(self, run: Run) -> None:
        code, answer = run.json(self.file("sm_block_0"), "--genesis-hash", PINNED)
        told = verdicts(answer)
        assert code == 0
        assert told["header hash"] == told["genesis"] == "PASSED"
        assert PINNED in json.dumps(answer)
        assert run(self.file("sm_block_0"), "--genesis-hash", "00" * 32)[0] == 1

    def test_block_2(self, run: Run) -> None:
        code, answer = run.json(
            self.file("sm_block_2"), "--receipts", self.file("sm_receipt_block2"), "--genesis", self.file("sm_block_0")
        )
        assert code == 0
        assert verdicts(answer) == {
            "limits": "PASSED", "strict shape": "PASSED", "header hash": "PASSED", "parent link": "INDETERMINATE",
            "genesis": "PASSED", "trusted sealers": "PASSED", "signatures": "PASSED", "quorum": "PASSED",
            "transaction hashes": "INDETERMINATE", "transactions root": "INDETERMINATE", "receipt hashes": "PASSED",
            "receipts root": "PASSED", "transaction signatures": "INDETERMINATE", "event logs": "PASSED",
        }  # fmt: skip
        details = {step["name"]: step["detail"] for step in answer["steps"]}
        assert details["signatures"] == "3 of 4 sealers signed"
        assert details["quorum"] == "weight 3 of 4, 3 needed"
        assert "receipt.message" in answer["unproven"]

    def test_block_9_without_a_genesis(self, run: Run) -> None:
        code, answer = run.json(self.file("ecdsa_block_9"))
        told = verdicts(answer)
        assert code == 0
        assert told["header hash"] == told["signatures"] == told["quorum"] == told["transactions root"] == "PASSED"
        assert told["genesis"] == told["trusted sealers"] == "INDETERMINATE"
        assert "over 51 hashes" in json.dumps(answer)

    def test_block_72_with_its_transaction_and_receipt(self, run: Run) -> None:
        code, answer = run.json(
            self.file("ecdsa_block_72"),
            "--transactions", self.file("ecdsa_block_72_tx"), "--receipts", self.file("ecdsa_block_72_receipt"),
        )  # fmt: skip
        assert code == 0
        undecided = {name for name, verdict in verdicts(answer).items() if verdict != "PASSED"}
        assert undecided == {"parent link", "genesis", "trusted sealers"}
        assert "0xc3905204c48f8bdffe5e57c465d178d4648416a4" in json.dumps(answer)
        assert {"transaction.importTime", "receipt.message"} <= set(answer["unproven"])


@pytest.mark.oracle
class TestPublishedFisco2:
    """A header alone and a transaction alone, as others published them: what is at hand holds, and no more is said."""

    def test_a_header_alone(self, run: Run) -> None:
        code, answer = run.json(oracle("ledger/fisco2/sm_header.json"))
        passed = {name for name, verdict in verdicts(answer).items() if verdict == "PASSED"}
        assert (code, answer["verdict"]) == (0, "INDETERMINATE")
        assert passed == {"limits", "strict shape", "header hash", "signatures", "quorum"}
        assert "3 of 4 sealers signed" in json.dumps(answer)

    @pytest.mark.parametrize("name", ["sm_tx_block1", "sm_tx_block2"])
    def test_a_transaction_alone(self, run: Run, name: str) -> None:
        code, answer = run.json(oracle(f"ledger/fisco2/{name}.json"))
        passed = {each for each, verdict in verdicts(answer).items() if verdict == "PASSED"}
        assert (code, answer["verdict"]) == (0, "INDETERMINATE")
        assert passed == {"limits", "strict shape", "transaction hashes", "transaction signatures"}
        assert "0xdba1e9f40baa1b956b509b04eb738eccfa8d784c" in json.dumps(answer)

    def test_a_header_and_a_transaction_of_another_block_do_not_go_together(self, run: Run) -> None:
        code, answer = run.json(
            oracle("ledger/fisco2/sm_header.json"), "--transactions", oracle("ledger/fisco2/sm_tx_block1.json")
        )
        assert (code, answer["verdict"]) == (1, "FAILED")
        assert [step["code"] for step in answer["steps"] if step["verdict"] == "FAILED"] == ["transactions-root"]


class TestTransactionsAlone:
    def test_with_their_receipts_and_without_their_block(self, run: Run, files: dict[str, Path]) -> None:
        code, answer = run.json(files["transaction"], "--receipts", files["receipt"])
        told = verdicts(answer)
        assert code == 0
        assert told["transaction hashes"] == told["receipt hashes"] == told["transaction signatures"] == "PASSED"
        assert told["receipts root"] == told["quorum"] == "INDETERMINATE"

    def test_altered_are_told_from_right_ones(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "altered.json").write_text(json.dumps(RECORD.body | {"input": "0x00"}))
        code, answer = run.json(tmp_path / "altered.json")
        assert code == 1
        assert next(step["code"] for step in answer["steps"] if step["verdict"] == "FAILED") == "transaction-hash"

"""Proofs: every one made verifies; every leaf of one, altered, is caught or repeated nowhere that matters."""

from __future__ import annotations

import copy
import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from ledger.consortium.keys import member_key
from ledger.errors import LedgerError, Malformed, ProofFailed, StoreDamaged, Unknown
from ledger.position import Position
from ledger.proofs import Proof, ProofVerifier, Prover
from ledger.replica import join, sync
from ledger.sources import RawBlock
from ledger.store import Store
from ledger.verdict import Verdict
from tests.support.chains import SmallChain
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator


class Proven:
    """A chain that changed its sealers twice, its store, and one proof from after that."""

    def __init__(self, folder: Path) -> None:
        self.chain = SmallChain()
        self.contract = self.chain.consortium.contract
        self.database = folder / "ledger.db"
        self._admit(5)
        self.chain.consortium.add_sealer("newcomer")
        self.chain.next_day()
        self._admit(2)
        self.chain.consortium.remove_sealer(self.chain.consortium.sealers[0].key)
        self.chain.next_day()
        self._admit(7)
        with Store.create(self.database) as store:
            source = Listed(self.chain.blocks)
            join(store, source, genesis_hash=self.chain.consortium.genesis_hash, contracts=(self.contract,))
            sync(store, source, evidence=folder, workers=0)
            self.proof = Prover(store).prove(Position(self.chain.consortium.height, 4, 0))

    def _admit(self, members: int) -> None:
        consortium = self.chain.consortium
        consortium.admit(self.chain.operator)
        for at in range(members):
            consortium.admit(consortium.enrol(f"m{consortium.height}-{at}", "成员", ("supplier",)))
        self.chain.next_day()

    def judge(self, proof: Proof) -> Verdict:
        """Judge with a fresh verifier that pins the chain and trusts its record book."""
        return (
            ProofVerifier(genesis_hash=self.chain.consortium.genesis_hash, contracts=(self.contract,))
            .verify(proof)
            .verdict
        )


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Proven:
    return Proven(tmp_path_factory.mktemp("proven"))


def test_every_record_of_a_chain_with_changed_sealers_is_proved(proven: Proven) -> None:
    with Store.open(proven.database) as store:
        prover = Prover(store)
        proofs = [prover.prove(row.place) for row in store.records()]
    assert len(proofs) > 14
    assert {proven.judge(proof) for proof in proofs} == {Verdict.PASSED}
    assert {len(proof.changes) for proof in proofs} == {0, 1, 2}


def test_a_proof_survives_its_own_file(proven: Proven) -> None:
    text = json.dumps(proven.proof.as_json(), ensure_ascii=False).encode()
    assert Proof.from_json(text) == proven.proof
    assert proven.judge(Proof.from_json(text)) is Verdict.PASSED


def test_another_genesis_hash_or_record_book_fails_and_none_is_not_enough(proven: Proven) -> None:
    genesis = proven.chain.consortium.genesis_hash
    assert ProofVerifier(genesis_hash=bytes(32)).verify(proven.proof).verdict is Verdict.FAILED
    other = ProofVerifier(genesis_hash=genesis, contracts=(bytes(20),)).verify(proven.proof)
    assert [step.code for step in other.steps if step.verdict is Verdict.FAILED] == ["contract"]
    assert (
        ProofVerifier(genesis_hash=None, contracts=(proven.contract,)).verify(proven.proof).verdict
        is Verdict.INDETERMINATE
    )
    assert ProofVerifier(genesis_hash=genesis).verify(proven.proof).verdict is Verdict.INDETERMINATE


# Printed beside what is hashed; no verdict hangs on them.
UNCOVERED = {"importTime", "message", "checksumContractAddress", "extraData"}


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every leaf of a JSON document with the way to it."""
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, name))
    else:
        yield path, value


def altered(value: Any) -> Any:
    """Something else of the same kind."""
    if isinstance(value, bool) or value is None:
        return "0x" + "00" * 32
    if isinstance(value, int):
        return value + 1
    return (value[:-1] + ("1" if value[-1:] != "1" else "2")) if value else "0x01"


def test_every_leaf_of_a_proof_altered_is_caught(proven: Proven) -> None:
    document, passed, tried = proven.proof.as_json(), [], 0
    for path, value in leaves(document):
        forged = copy.deepcopy(document)
        holder = forged
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = altered(value)
        tried += 1
        try:
            verdict = proven.judge(Proof.from_json(json.dumps(forged).encode()))
        except Malformed:
            continue
        if verdict is Verdict.PASSED:
            passed.append(path)
    assert tried > 150
    assert {path[-1] for path in passed} <= UNCOVERED
    assert all({"transaction", "receipt"} & set(path) for path in passed), "headers are covered whole"


def test_a_proof_without_its_changes_of_sealers_fails(proven: Proven) -> None:
    from dataclasses import replace

    assert proven.judge(replace(proven.proof, changes=proven.proof.changes[:1])) is Verdict.FAILED
    assert proven.judge(replace(proven.proof, changes=proven.proof.changes[::-1])) is Verdict.FAILED


def test_a_header_is_not_taken_as_signed_because_another_signature_list_was(proven: Proven) -> None:
    verifier = ProofVerifier(genesis_hash=proven.chain.consortium.genesis_hash, contracts=(proven.contract,))
    assert verifier.verify(proven.proof).verdict is Verdict.PASSED
    document = proven.proof.as_json()
    document["evidence"]["block"]["signatureList"] = document["evidence"]["block"]["signatureList"][:1]
    assert verifier.verify(Proof.from_json(json.dumps(document).encode())).verdict is Verdict.FAILED


def test_a_fork_signed_by_strangers_is_not_proved(proven: Proven) -> None:
    document = copy.deepcopy(proven.proof.as_json())
    block = document["evidence"]["block"]
    key = member_key(proven.chain.consortium.suite, 1, "stranger")
    digest = bytes.fromhex(block["hash"].removeprefix("0x"))
    for entry in block["signatureList"]:
        entry["signature"] = "0x" + key.sign(digest).hex()
    assert proven.judge(Proof.from_json(json.dumps(document).encode())) is Verdict.FAILED


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"format":"glasspool-proof/1"}', b"\xff\xfe", b'{"format":1}'])
def test_what_is_no_proof_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        Proof.from_json(raw)


def test_a_record_that_is_not_there_is_unknown(proven: Proven) -> None:
    with Store.open(proven.database) as store, pytest.raises(Unknown):
        Prover(store).prove(Position(1, 9, 0))


def test_stored_bytes_that_were_altered_prove_nothing(proven: Proven, tmp_path: Path) -> None:
    copied = tmp_path / "ledger.db"
    with sqlite3.connect(proven.database) as old, sqlite3.connect(copied) as new:
        old.backup(new)
        height = proven.chain.consortium.height
        (packed,) = new.execute("select content from document where height = ?", (height,)).fetchone()
        outer = json.loads(zstandard.decompress(packed))
        outer["receipts"][4]["gasUsed"] = "1"
        forged = zstandard.compress(json.dumps(outer).encode())
        new.execute("update document set content = ? where height = ?", (forged, height))
    old.close()
    new.close()
    with Store.open(copied) as store, pytest.raises(LedgerError) as refused:
        Prover(store).prove(Position(height, 4, 0))
    assert isinstance(refused.value, ProofFailed | StoreDamaged)


def _wrapped(answer: Any) -> Any:
    return {"id": 1, "jsonrpc": "2.0", "result": answer}


FORMS = {
    "as it came": lambda outer: outer,
    "every answer in its envelope": lambda outer: {
        "block": _wrapped(outer["block"]),
        "receipts": [_wrapped(each) for each in outer["receipts"]],
    },
    "bodies beside the block": lambda outer: {
        "block": {name: value for name, value in outer["block"].items() if name != "transactions"},
        "transactions": outer["block"]["transactions"],
        "receipts": outer["receipts"],
    },
    "hashes in the block and bodies beside it": lambda outer: {
        "block": outer["block"] | {"transactions": [each["hash"] for each in outer["block"]["transactions"]]},
        "transactions": [_wrapped(each) for each in outer["block"]["transactions"]],
        "receipts": outer["receipts"],
    },
    "an envelope with an envelope's name inside": lambda outer: {
        "block": _wrapped(outer["block"] | {"result": {}}),
        "receipts": [_wrapped(each | {"result": {"hash": "0x"}}) for each in outer["receipts"]],
    },
    "junk beside the fields": lambda outer: {
        "block": outer["block"]
        | {"junk": "JUNK", "parentInfo": [e | {"x": [1] * 9} for e in outer["block"]["parentInfo"]]},
        "receipts": [each | {"junk": {"deep": []}} for each in outer["receipts"]],
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_form_is_accepted_is_proved(form: str, tmp_path: Path) -> None:
    chain = SmallChain()
    chain.consortium.admit(chain.operator)
    chain.next_day()
    documents = []
    for raw in chain.blocks:
        outer = FORMS[form](json.loads(raw.document))
        text = json.dumps(outer).replace('"JUNK"', "1e400")
        documents.append(RawBlock(height=raw.height, document=text.encode()))
    with Store.create(tmp_path / "ledger.db") as store:
        contract = chain.consortium.contract
        join(store, Listed(documents), genesis_hash=chain.consortium.genesis_hash, contracts=(contract,))
        sync(store, Listed(documents), evidence=tmp_path, workers=0)
        proof = Prover(store).prove(Position(chain.consortium.height, 0, 0))
    copied = Proof.from_json(json.dumps(proof.as_json(), allow_nan=False).encode())
    reader = ProofVerifier(genesis_hash=chain.consortium.genesis_hash, contracts=(contract,))
    assert reader.verify(copied).verdict is Verdict.PASSED
    assert "junk" not in json.dumps(proof.as_json())

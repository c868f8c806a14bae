"""A FISCO BCOS 2 chain from end to end: joined over a node's RPC, verified, stored, proved; and lied about."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import LedgerError, ProofFailed, SourceUnreachable
from ledger.position import Position
from ledger.proofs import Proof, ProofVerifier, Prover
from ledger.replica import join, sync
from ledger.sources import open_source
from ledger.store import Store
from ledger.verdict import Verdict
from tests.support.blocks import key_of
from tests.support.fisco2 import (
    BOOK,
    GROUP,
    NOWHERE,
    OTHER,
    Entry,
    Fisco2,
    header_preimage,
    hexed,
    node_of,
    unhex,
)
from tests.support.nodes import serving

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.suites import SuiteName


def history(suite: SuiteName = "sm", *, remaining_gas: bool = True) -> Fisco2:
    """A chain with records, a record written by way of another contract, oddities, and a change of sealers."""
    chain = Fisco2(suite, remaining_gas)
    chain.seal(chain.record(), chain.call(to=None, call=b"code", contractAddress=hexed(BOOK)))
    chain.seal()
    odd = chain.call(to=NOWHERE, call=b"", zero_address=True)
    through = chain.call(to=OTHER, call=b"abcd", output=b"\x01", logs=[chain.recorded(b"k", b"{}", OTHER)])
    chain.seal(odd, through, *[chain.record(payload=b'{"v":%d}' % at) for at in range(20)])
    new = key_of("fisco2 newcomer", chain.crypto)
    chain.seal(chain.vote("addSealer", new.public_key), chain.record())
    chain.sealers = chain.sorted([*chain.sealers, new])
    chain.seal(chain.record(), signing=range(4))
    return chain


def replicated(chain: Fisco2, folder: Path, location: str) -> Store:
    """The chain's store, joined and synced from a node's address."""
    folder.mkdir(exist_ok=True)
    store = Store.create(folder / "ledger.db")
    source = open_source(location, group=str(GROUP))
    try:
        pinned = unhex(json.loads(chain.blocks[0].document)["block"]["hash"])
        join(store, source, genesis_hash=pinned, contracts=(BOOK,))
        sync(store, source, evidence=folder / "evidence", workers=0)
    finally:
        source.close()
    return store


@pytest.mark.parametrize(("suite", "remaining_gas"), [("sm", True), ("sm", False), ("ecdsa", True)])
def test_a_chain_is_followed_and_every_record_of_it_proved(
    suite: SuiteName, remaining_gas: bool, tmp_path: Path
) -> None:
    chain = history(suite, remaining_gas=remaining_gas)
    with serving(node_of(chain)) as url, replicated(chain, tmp_path / "home", url) as store:
        head = store.head()
        assert head is not None
        assert (head.height, store.record_count()) == (5, 24)
        prover = Prover(store)
        anchor = chain.anchor
        verifier = ProofVerifier(genesis_hash=anchor.genesis_hash, contracts=(BOOK,))
        for row in store.records():
            proof = Proof.from_json(json.dumps(prover.prove(row.place).as_json()).encode())
            assert (proof.family, verifier.verify(proof).verdict) == ("fisco2", Verdict.PASSED)
            assert len(proof.changes) == (row.place.height == 5)
        through = store.record(Position(3, 1, 0))
        assert (bytes(through.sender), bytes(through.signer), through.echoed) == (OTHER, chain.sender, False)


def altered(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    return (value[:-1] + ("1" if value[-1:] != "1" else "2")) if value else "0x01"


def test_every_leaf_of_a_proof_altered_is_caught(tmp_path: Path) -> None:
    chain = history()
    with serving(node_of(chain)) as url, replicated(chain, tmp_path / "home", url) as store:
        proof = Prover(store).prove(Position(5, 0, 0)).as_json()
    verifier = ProofVerifier(genesis_hash=chain.anchor.genesis_hash, contracts=(BOOK,))

    def leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
        if isinstance(value, dict | list):
            for name, part in value.items() if isinstance(value, dict) else enumerate(value):
                yield from leaves(part, (*path, name))
        else:
            yield path, value

    slipped, tried = [], 0
    for path, value in leaves(proof):
        forged = deepcopy(proof)
        holder: Any = forged
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = altered(value)
        tried += 1
        try:
            judged = verifier.verify(Proof.from_json(json.dumps(forged).encode())).verdict
        except LedgerError:
            continue
        if judged is Verdict.PASSED:
            slipped.append(path)
    assert tried > 100
    assert slipped == []


def code(chain: Fisco2, document: bytes) -> str:
    with pytest.raises(LedgerError) as refused:
        chain.accept(document, chain.trusted(len(chain.blocks) - 2))
    return refused.value.code


class TestLies:
    """Those of the table (``lies_fisco2``) are told to a node in consortium/test_lies.py; here are the others."""

    def test_of_a_name_that_stands_twice_are_refused(self) -> None:
        chain = Fisco2()
        document = chain.seal(chain.record(), chain.record())
        twice = document.replace(b'"status": "0x0"', b'"status": "0x1", "status": "0x0"', 1)
        assert twice != document
        assert code(chain, twice) == "json"

    def test_that_leave_the_block_out_are_refused(self) -> None:
        chain = Fisco2()
        told = json.loads(chain.seal(chain.record()))
        told["transactions"] = told.pop("block")["transactions"]
        assert code(chain, json.dumps(told).encode()) == "incomplete"

    def test_signed_by_a_quorum_are_told_by_the_rule_they_break(self) -> None:
        """The liar commands every sealer; only what the header follows from is left to tell."""
        chain = Fisco2()
        trusted = chain.trusted()

        def refused(**more: Any) -> str:
            block = chain.sign(chain.header(1, **more), enumerate(chain.sealers))
            with pytest.raises(LedgerError) as failure:
                chain.accept(json.dumps({"block": block, "receipts": []}).encode(), trusted)
            return failure.value.code

        assert refused(parentHash="0x" + "ab" * 32) == "parent-link"
        assert refused(number="0x2") == "height"
        assert refused(sealerList=[key.public_key.hex() for key in chain.sealers[:3]]) == "sealers"
        assert refused(transactionsRoot="0x" + "ab" * 32) == "transactions-root"
        assert refused(receiptsRoot="0x" + "ab" * 32) == "receipts-root"

    def test_about_the_group_are_refused(self) -> None:
        chain = Fisco2()
        entry = chain.record()
        body = chain.transaction(to=BOOK, call=unhex(entry.body["input"]), groupId="0x2")
        entry = Entry(body, chain.receipt(body))
        assert code(chain, chain.seal(entry)) == "wrong-chain"

    def test_by_a_node_stop_the_sync_and_leave_what_was_verified(self, tmp_path: Path) -> None:
        chain = history()

        def lie(method: str, answer: Any) -> Any:
            if method == "getBlockByNumber" and answer["number"] == "0x3":
                return answer | {"gasUsed": "0x1"}
            return answer

        with serving(node_of(chain, lie)) as url:
            with pytest.raises(ProofFailed) as refused:
                replicated(chain, tmp_path / "home", url)
            assert refused.value.code == "header-hash"
        with Store.open(tmp_path / "home" / "ledger.db") as store:
            head = store.head()
            assert head is not None
            assert head.height == 2
        with serving(node_of(chain)) as url, replicated(chain, tmp_path / "home", url) as store:
            head = store.head()
            assert head is not None
            assert head.height == 5


class TestSealers:
    def test_go_by_votes_with_the_next_block(self) -> None:
        chain = Fisco2()
        gone = chain.sealers[1]
        chain.seal(chain.vote("remove", gone.public_key))
        trusted = chain.trusted()
        same = chain.sign(chain.header(2), enumerate(chain.sealers))
        with pytest.raises(LedgerError) as refused:
            chain.accept(json.dumps({"block": same, "receipts": []}).encode(), trusted)
        assert refused.value.code == "sealers"
        chain.sealers = [key for key in chain.sealers if key is not gone]
        chain.seal(signing=range(3))
        assert chain.trusted().epochs == (1,)

    def test_a_vote_that_changed_no_row_changes_nothing(self) -> None:
        chain = Fisco2()
        chain.seal(
            chain.vote("remove", b"\x01" * 64, output=bytes(32)), chain.vote("remove", b"\x01" * 64, status="0x10")
        )
        chain.seal()
        assert chain.trusted().epochs == ()


class TestLogs:
    def test_of_the_record_book_that_are_no_records_are_counted_and_stop_nothing(self) -> None:
        """The chain committed them, and its hash leaves no doubt that they are logs."""
        chain = Fisco2()
        good = chain.recorded(b"k", b"{}")
        odd = [(BOOK, [], b""), (BOOK, good[1][:1], good[2]), (BOOK, good[1], good[2] + b"\x00" * 32)]
        odd += [(BOOK, [good[1][0], b"\xff" * 32], good[2])]
        before = chain.trusted()
        document = chain.seal(chain.call(to=OTHER, call=b"x", logs=[*odd, good, (OTHER, good[1], good[2])]))
        block, _ = chain.accept(document, before)
        assert ([event.log_index for event in block.events], block.unproven_logs) == ([4], 4)

    def test_of_a_failed_call_never_happened(self) -> None:
        chain = Fisco2()
        before, entry = chain.trusted(), chain.record()
        entry.answer["status"] = "0x16"
        block, _ = chain.accept(chain.seal(entry), before)
        assert (block.events, block.unproven_logs) == ((), 0)


class TestTheNode:
    def test_of_another_group_says_so(self) -> None:
        chain = Fisco2()
        with serving(node_of(chain)) as url:
            source = open_source(url, group="2")
            with pytest.raises(SourceUnreachable) as refused:
                source.head()
            source.close()
        assert refused.value.code == "rpc-error"
        assert "GroupID" in refused.value.message

    @pytest.mark.parametrize("answer", [5, "5", "0x", "0x05", "0xfffffffff", True, {}])
    def test_that_says_no_height_is_refused(self, answer: Any) -> None:
        chain = Fisco2()
        with serving(node_of(chain, lambda _, __: answer)) as url:
            source = open_source(url, group="1")
            with pytest.raises(LedgerError) as refused:
                source.head()
            source.close()
        assert refused.value.code == "rpc-shape"

    def test_a_group_of_3_is_asked_for_as_on_3(self) -> None:
        with serving(node_of(Fisco2())) as url:
            source = open_source(url, group="group0")
            with pytest.raises(SourceUnreachable) as refused:
                source.head()
            source.close()
        assert refused.value.code == "rpc-error"


def test_the_published_preimage_is_the_one_written_here() -> None:
    """So that a wrong formula here cannot agree with a wrong one there unseen: an oracle pins both."""
    from tests.support.surroundings import oracle

    published = json.loads(oracle("ledger/fisco2/sm_header.json").read_bytes())["result"]
    assert hexed(Fisco2().crypto.digest(header_preimage(published))) == published["hash"]

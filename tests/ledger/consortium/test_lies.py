"""Every lie is told to a real node and answered as the table says; what is refused leaves no trace in its store."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from ledger import assess
from ledger.bundle import Bundle
from ledger.checkpoint import origin_of
from ledger.comparison import compare
from ledger.consortium import blocks
from ledger.consortium.lies import Answer, BlockLie, Liar, Lie, lies
from ledger.consortium.lies_fisco2 import Fisco2Lie
from ledger.consortium.lies_member import KEYS, EnvelopeLie, StoryLie
from ledger.consortium.lies_peer import BundleLie, Peer, PeerLie, Said
from ledger.consortium.lies_prover import FilesLie, Papers, ProofLie
from ledger.consortium.lies_source import NONE, Served, SourceLie
from ledger.consortium.lies_stage import ABOUT, FORK, IMPOSTOR, Stage
from ledger.consortium.market import generate_market, labels_of
from ledger.consortium.market.trouble.table import BREACHES
from ledger.errors import LedgerError
from ledger.following import attempt
from ledger.keyring import NO_KEYS, Keyring
from ledger.position import Position
from ledger.proofs import Proof, ProofVerifier, Prover
from ledger.replica import join, sync
from ledger.sources.archive import ArchiveSource
from ledger.sources.raw import RawBlock
from ledger.store import Store
from ledger.suites import SuiteName
from ledger.trust import Case
from ledger.verdict import Assessment, Verdict
from tests.support.fisco2 import Fisco2
from tests.support.generated import followed, labelled, shown, written
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LIES = lies()
# Where SM carries the key inside the signature, ECDSA recovers some key from nearly any bytes: another sender.
NOBODY = {"transaction-signature", "sender"}
Heard = tuple[Answer, tuple[str, ...]]


class Node:
    """A store that has joined and holds some of the stage's blocks; nothing it refused may show in it."""

    def __init__(self, stage: Stage, folder: Path, held: int, keys: Keyring = NO_KEYS) -> None:
        folder.mkdir()
        self.evidence = folder / "evidence"
        self.store = Store.create(folder / "ledger.db", keys=keys)
        if held != NONE:
            self.join(stage, Listed(stage.blocks))
            self.follow(stage.blocks[: held + 1])

    def join(self, stage: Stage, source: Any, contracts: tuple[bytes, ...] = ()) -> None:
        wanted = contracts or (stage.contract,)
        join(self.store, source, genesis_hash=stage.genesis_hash, contracts=wanted, maps=stage.maps)

    def follow(self, listed: Sequence[RawBlock]) -> None:
        sync(self.store, Listed(listed), evidence=self.evidence, workers=0)

    @property
    def all_it_holds(self) -> tuple[Any, ...]:
        store = self.store
        return store.head(), store.anchor(), store.trusted(), store.record_count(), store.findings()

    def kept(self) -> list[str]:
        """The codes of the blocks that were kept as evidence."""
        files = sorted(self.evidence.glob("*.reason.json"), key=lambda file: file.stat().st_mtime_ns)
        return [json.loads(file.read_bytes())["code"] for file in files]


class Older:
    """A node of a FISCO BCOS 2 chain, and the block that it is lied to about."""

    def __init__(self, suite: SuiteName, folder: Path) -> None:
        folder.mkdir()
        self.chain, self.evidence = Fisco2(suite), folder / "evidence"
        self.chain.seal(self.chain.record(), self.chain.record())
        self.store = Store.create(folder / "ledger.db")
        anchor = self.chain.anchor
        join(self.store, Listed(self.chain.blocks), genesis_hash=anchor.genesis_hash, contracts=anchor.contracts)

    def heard(self, lie: Fisco2Lie) -> Heard:
        genesis, honest = self.chain.blocks
        with pytest.raises(LedgerError) as refused:
            self.follow([genesis, replace(honest, document=lie.tell(honest.document))])
        head = self.store.head()
        assert head is not None
        assert head.height == self.store.record_count() == 0
        return Answer.REFUSED, (refused.value.code,)

    def follow(self, listed: Sequence[RawBlock]) -> None:
        sync(self.store, Listed(listed), evidence=self.evidence, workers=0)


class TroubledMarket:
    """The smallest market in which every story of trouble is told, and the node that followed it."""

    def __init__(self, suite: SuiteName, folder: Path) -> None:
        folder.mkdir()
        rates = dict.fromkeys(BREACHES, Decimal("0.001"))
        summary = generate_market(
            folder / "out", receivables=110, plans=0, months=8, seed=7, trouble=rates, suite=suite
        )
        self.source, self.store = ArchiveSource(folder / "out"), followed(folder / "out", summary, folder / "home")
        self.labels = {label["label"]: label for label in labelled(labels_of(folder / "out"))[0]}
        self.shown = shown(self.store)
        self.recorded = {record.transaction_hash for record in written(self.store)}

    def found(self, name: str) -> tuple[str, ...]:
        """The findings on the records of one story, all of which stand in the store."""
        told = set(self.labels[name]["records"])
        assert told
        assert told <= self.recorded
        return tuple(sorted(Counter({code: n for (code, at), n in self.shown.items() if at in told}).elements()))


class Hearing:
    """Tells each lie to a node in the place it is meant for."""

    def __init__(self, suite: SuiteName, folder: Path) -> None:
        self.stage, self.folder = Stage(suite), folder
        self._serial = 0
        self.nodes = {held: self.node(held) for held in (NONE, ABOUT - 1, ABOUT, FORK - 1, FORK)}
        self.at_first = [node.all_it_holds for node in self.nodes.values()]
        self.before, self.after = self.nodes[ABOUT - 1], self.nodes[FORK]

    def node(self, held: int, keys: Keyring = NO_KEYS) -> Node:
        """A node that nobody else is told by."""
        self._serial += 1
        return Node(self.stage, self.folder / str(self._serial), held, keys)

    def close(self) -> None:
        for node in (*self.nodes.values(), self.older, self.market):
            node.store.close()

    @cached_property
    def older(self) -> Older:
        return Older(self.stage.suite.name, self.folder / "older")

    @cached_property
    def market(self) -> TroubledMarket:
        return TroubledMarket(self.stage.suite.name, self.folder / "market")

    @cached_property
    def papers(self) -> Papers:
        other = self.node(NONE)
        other.join(self.stage, Listed(self.stage.blocks), (IMPOSTOR,))
        other.follow(self.stage.blocks)
        record, impostor = (
            Prover(node.store).prove(Position(FORK, at, 0)).as_json() for at, node in enumerate((self.after, other))
        )
        other.store.close()
        return Papers(record=record, impostor=impostor, bench=self.stage.bench)

    def heard(self, lie: Lie) -> Heard:
        """How the lie was answered; that nothing of a refused one was stored is checked on the way."""
        try:
            return self._answer(lie)
        except LedgerError as refusal:
            return Answer.REFUSED, (refusal.code,)
        finally:
            assert [node.all_it_holds for node in self.nodes.values()] == self.at_first

    def _answer(self, lie: Lie) -> Heard:
        match lie:
            case BlockLie():
                return self._block(lie)
            case SourceLie(held=held) if held == NONE:
                return self._joining(lie.tell(self.stage))
            case SourceLie():
                return self._served(self.nodes[lie.held], lie.tell(self.stage))
            case ProofLie():
                proof = Proof.from_json(json.dumps(lie.tell(self.papers)).encode())
                trust = {"genesis_hash": self.stage.genesis_hash, "contracts": (self.stage.contract,)}
                return judged(ProofVerifier(**trust).verify(proof))
            case FilesLie():
                document, genesis = lie.tell(self.stage)
                return judged(assess.assess(Case(document=document, genesis_document=genesis)))
            case PeerLie():
                return self._compared(lie.tell(self.peer))
            case BundleLie():
                bundle = Bundle.parse(lie.tell(self.peer))
                return self._compared(Said(bundle.document, bundle.log))
            case Fisco2Lie():
                return self.older.heard(lie)
            case StoryLie():
                return Answer.FOUND, self.market.found(lie.name)
            case EnvelopeLie():
                return self._committed(self.stage.ending(lie.tell))
        raise TypeError(f"nobody hears {lie}")

    def _block(self, lie: BlockLie) -> Heard:
        honest = self.stage.blocks[ABOUT].document
        document = lie.tell(honest, self.stage.bench)
        assert document != honest
        listed = [*self.stage.blocks[:ABOUT], RawBlock(height=ABOUT, document=document)]
        if lie.answer is not Answer.UNPROVEN:
            known = len(self.before.kept())
            with pytest.raises(LedgerError) as refused:
                self.before.follow(listed)
            assert refused.value.code in self.before.kept()[known:]
            return Answer.REFUSED, (refused.value.code,)
        deceived, honestly = self.node(ABOUT - 1), self.nodes[ABOUT]
        deceived.follow(listed)
        assert deceived.all_it_holds == honestly.all_it_holds
        assert deceived.store.block(ABOUT).unproven_logs == honestly.store.block(ABOUT).unproven_logs == 1
        return Answer.UNPROVEN, ()

    def _joining(self, source: Served) -> Heard:
        with pytest.raises(LedgerError) as refused:
            self.nodes[NONE].join(self.stage, source)
        assert self.nodes[NONE].store.anchor() is None
        return Answer.REFUSED, (refused.value.code,)

    def _served(self, node: Node, source: Served) -> Heard:
        found = attempt(node.store, [source], evidence=node.evidence, workers=0)
        (standing,) = found.standings
        assert found.report.blocks == 0
        return Answer.REFUSED, (standing.code or "",)

    @property
    def peer(self) -> Peer:
        honest, rival = (
            [bytes.fromhex(blocks.loaded(raw.document)[0]["hash"][2:]) for raw in listed]
            for listed in (self.stage.blocks, self.stage.rival)
        )
        return Peer(origin_of(self.stage.genesis_hash), honest, rival)

    def _compared(self, said: Said) -> Heard:
        trusted = (self.peer.signer.verifier,)
        origin = origin_of(self.stage.genesis_hash)
        return judged(compare(self.after.store.log(), origin, said.note, said, trusted=trusted).assessment)

    def _committed(self, listed: Sequence[RawBlock]) -> Heard:
        """Sealed payloads are told to a node that reads them; it keeps them as they were committed."""
        node = self.node(FORK - 1, KEYS)
        known = len(node.store.findings())
        node.follow(listed)
        assert [node.store.document(at) for at in range(len(listed))] == [raw.document for raw in listed]
        (_, last), found = blocks.loaded(listed[-1].document), node.store.findings()[known:]
        assert f"{bytes(node.store.records()[-1].payload).hex()}" in last[0]["input"]
        assert all(finding.position.height == FORK for finding in found)
        return Answer.FOUND, tuple(finding.code.value for finding in found)


def judged(assessment: Assessment) -> Heard:
    """The verdict as the table writes it."""
    assert assessment.verdict is not Verdict.PASSED
    codes = tuple(step.code for step in assessment.steps if step.verdict is Verdict.FAILED)
    return Answer(assessment.verdict.name), codes


@pytest.fixture(scope="module", params=["sm", pytest.param("ecdsa", marks=pytest.mark.slow)])
def hearing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearing]:
    made = Hearing(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_lie_is_answered_as_the_table_says(lie: Lie, hearing: Hearing) -> None:
    answer, codes = hearing.heard(lie)
    if hearing.stage.suite.name == "ecdsa" and NOBODY.intersection(lie.codes):
        assert answer is lie.answer
        assert NOBODY.issuperset(codes)
        return
    assert (answer, codes) == (lie.answer, lie.codes)


def test_after_all_lies_the_truth_is_believed(hearing: Hearing) -> None:
    """Each is refused by what it breaks alone: without it, the very same blocks, notes and proofs are accepted."""
    stage = hearing.stage
    hearing.before.follow(stage.blocks)
    assert hearing.before.all_it_holds == hearing.after.all_it_holds
    assert hearing.after.store.block(ABOUT).unproven_logs == 1  # the call that returned what reads like a record
    assert {row.kind for row in hearing.after.store.records()} >= {"receivable.confirmed", "member.updated"}
    assert all(row.echoed for row in hearing.after.store.records())
    hearing.older.follow(hearing.older.chain.blocks)
    assert hearing.older.store.record_count() == 2
    again = attempt(hearing.after.store, [Served(stage.blocks, FORK)], evidence=hearing.after.evidence, workers=0)
    assert again.standings[0].code is None
    proof = Proof.from_json(json.dumps(hearing.papers.record).encode())
    trust = {"genesis_hash": stage.genesis_hash, "contracts": (stage.contract,)}
    assert ProofVerifier(**trust).verify(proof).verdict is Verdict.PASSED
    peer = hearing.peer
    own, trusted = hearing.after.store.log(), (peer.signer.verifier,)
    assert (
        compare(own, peer.origin, bytes(peer.note(peer.honest)), trusted=trusted).assessment.verdict is Verdict.PASSED
    )


def test_the_market_is_stored_as_committed_and_nothing_else_is_found_in_it(hearing: Hearing) -> None:
    market = hearing.market
    stored = [market.store.document(raw.height) for raw in market.source.blocks(0)]
    assert stored == [raw.document for raw in market.source.blocks(0)]
    told = {transaction for label in market.labels.values() for transaction in label["records"]}
    assert {at for _, at in market.shown} <= told
    assert market.shown.total() == sum(len(lie.codes) for lie in LIES if isinstance(lie, StoryLie))


def test_a_source_has_no_key_of_the_chain(hearing: Hearing) -> None:
    """With other keys in the sealers' place a source tells the very same lie, and sealers cannot."""
    stage = hearing.stage
    robbed = replace(stage.bench, sealers=stage.bench.strangers)
    for lie in LIES:
        if isinstance(lie, BlockLie):
            honest = stage.blocks[ABOUT].document
            same = lie.tell(honest, stage.bench) == lie.tell(honest, robbed)
            assert same == (lie.liar is Liar.SOURCE), lie.name


@pytest.mark.parametrize(
    "name", [lie.name for lie in LIES if "hash is the same" in lie.says and lie.codes != ("shape",)]
)
def test_shifts_keep_every_hash(name: str, hearing: Hearing) -> None:
    """What makes them dangerous: each receipt still hashes to what it claims."""
    lie = next(each for each in LIES if each.name == name)
    assert isinstance(lie, BlockLie)
    stage = hearing.stage
    block, receipts = blocks.loaded(lie.tell(stage.blocks[ABOUT].document, stage.bench))
    was, before = blocks.loaded(stage.blocks[ABOUT].document)
    assert (block, receipts) != (was, before)
    assert [each["hash"] for each in receipts] == [each["hash"] for each in before]
    for answer in receipts:
        claimed = answer["hash"]
        blocks.settle_receipt(stage.suite, answer)
        assert answer["hash"] == claimed


def test_a_lie_needs_something_to_lie_about(hearing: Hearing) -> None:
    lie = next(each for each in LIES if each.name == "data-into-topic")
    assert isinstance(lie, BlockLie)
    with pytest.raises(ValueError, match="record"):
        lie.tell(hearing.stage.blocks[1].document, hearing.stage.bench)

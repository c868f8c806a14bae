"""What no hash covers of a block is bounded, whoever put it there; what a hash covers may be as large as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ledger.admission import examine
from ledger.chains import limits
from ledger.errors import Malformed
from ledger.following import State, attempt
from ledger.replica import join, sync
from ledger.store import Store
from tests.support.blocks import OTHER, Entry, Forge
from tests.support.chains import SmallChain, chain
from tests.support.fisco2 import Fisco2
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORGE = Forge()
LARGE = bytes(3 << 20)
ROOM = limits.MAX_UNCOVERED + limits.MAX_UNCOVERED_TRANSACTION
HONEST = chain()


def refusal(document: bytes) -> str | None:
    """The code with which a block of the forge is refused by the steps that need no state."""
    failure = examine(document, FORGE.anchor(), FORGE.registry()).failure
    return None if failure is None else failure[1].code


def large(**version: Any) -> Entry:
    """A call with megabytes of input, which its hash covers and its receipt repeats."""
    body = FORGE.transaction(to=OTHER, call=LARGE, **version)
    return Entry(body, FORGE.receipt(body))


def with_text(size: int, entry: Entry | None = None) -> bytes:
    entry = (entry or FORGE.record()).copy()
    entry.answer["message"] = "a" * size
    return FORGE.document([entry])


class TestWhatIsCovered:
    def test_may_be_large(self) -> None:
        document = FORGE.document([large()])
        assert len(document) > 4 * len(LARGE)
        assert refusal(document) is None

    def test_may_be_large_on_the_older_chain_and_is_bounded_beside_it(self) -> None:
        older = Fisco2()
        before = older.trusted()
        document = older.seal(older.call(to=OTHER, call=LARGE))
        assert older.accept(document, before)[0].height == 1
        told = json.loads(document)
        told["receipts"][0]["statusMsg"] = "a" * ROOM
        with pytest.raises(Malformed) as refused:
            older.accept(json.dumps(told).encode(), before)
        assert refused.value.code == "uncovered-text"

    def test_leaves_no_more_room_for_what_is_not(self) -> None:
        assert refusal(with_text(ROOM // 2, large())) is None
        assert refusal(with_text(ROOM, large())) == "uncovered-text"


class TestWhatIsNot:
    @pytest.mark.parametrize(
        "change",
        [
            lambda told: told.update(note="a" * ROOM),
            lambda told: told["block"].update(note=["a"] * ROOM),
            lambda told: told["block"]["transactions"][0].update(importTime="a" * ROOM),
            lambda told: told["block"]["transactions"][0].update(value="1" * ROOM),
            lambda told: told["block"]["transactions"][0].update(extension=[7] * ROOM),
            lambda told: told["receipts"][0].update(effectiveGasPrice="1" * ROOM),
            lambda told: told["receipts"][0]["logEntries"][0].update(note={"a" * ROOM: 1}),
            lambda told: told["block"]["signatureList"][0].update(note="a" * ROOM),
            lambda told: told.update(receipts=[{"id": "a" * ROOM, "result": each} for each in told["receipts"]]),
        ],
        ids=["outside", "header", "body", "fee of no version", "extension of none", "price", "log", "seal", "wrapper"],
    )
    def test_is_bounded_wherever_it_stands(self, change: Callable[[dict[str, Any]], None]) -> None:
        told = json.loads(FORGE.document([FORGE.record()]))
        assert refusal(json.dumps(told).encode()) is None
        change(told)
        assert refusal(json.dumps(told).encode()) == "uncovered-text"

    def test_is_spaces_and_escapes_too(self) -> None:
        honest = FORGE.document([FORGE.record()])
        assert refusal(honest.replace(b"{", b"{" + b" " * ROOM, 1)) == "uncovered-text"
        plain = FORGE.document([large()])
        call = LARGE.hex().encode()
        assert plain.count(call) == 2
        assert refusal(plain.replace(call, call[:-20_000] + b"\\u0030" * 20_000)) == "uncovered-text"

    def test_has_room_for_what_nodes_print(self) -> None:
        entries = [FORGE.record(payload=b'{"v":%d}' % at) for at in range(8)]
        for entry in entries:
            entry.body["extraData"] = entry.answer["message"] = "a" * (limits.MAX_UNCOVERED_TRANSACTION // 3)
        indented = json.dumps(json.loads(FORGE.document(entries)), indent=4).encode()
        assert refusal(indented) is None

    def test_is_the_whole_body_where_its_hash_is_not_checked(self) -> None:
        """A label says that it hashes another way, so anything may stand there; its receipt's logs stay covered."""

        def relabelled(size: int) -> bytes:
            entry = FORGE.call(to=OTHER, call=b"x", logs=[(OTHER, [bytes(32)], LARGE)])
            input_ = "0x" + "ab" * size
            entry.body |= {"type": 1, "input": input_}
            entry.answer["input"] = input_
            return FORGE.document([entry])

        assert refusal(relabelled(128 * 1024)) is None, "what nodes of Ethereum pass on"
        assert refusal(relabelled(256 * 1024)) == "uncovered-text"

    def test_does_not_hide_what_is_worse(self) -> None:
        told = json.loads(with_text(ROOM))
        told["block"]["signatureList"] = told["block"]["signatureList"][:1]
        assert refusal(json.dumps(told).encode()) == "quorum"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "ledger.db") as opened:
        told = {"genesis_hash": HONEST.consortium.genesis_hash, "contracts": (HONEST.consortium.contract,)}
        join(opened, Listed(HONEST.blocks), **told)  # type: ignore[arg-type]
        yield opened


def padded(honest: SmallChain, height: int) -> Listed:
    listed = list(honest.blocks)
    listed[height] = replace(listed[height], document=listed[height].document + b" " * (1 << 20))
    return Listed(listed)


class TestASource:
    def test_that_pads_is_left_for_the_next(self, store: Store, tmp_path: Path) -> None:
        sources = [padded(HONEST, 3), Listed(HONEST.blocks)]
        followed = attempt(store, sources, evidence=tmp_path / "evidence", workers=0)
        assert followed.failure is None
        assert followed.report.height == len(HONEST.blocks) - 1
        assert [(each.state, each.code) for each in followed.standings] == [
            (State.REFUSED, "uncovered-text"), (State.AGREES, None),
        ]  # fmt: skip
        assert store.document(3) == HONEST.blocks[3].document

    def test_that_pads_alone_stops_the_sync_before_that_block(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(Malformed) as refused:
            sync(store, padded(HONEST, 3), evidence=tmp_path / "evidence", workers=0)
        assert (refused.value.code, store.last_document()) == ("uncovered-text", 2)
        assert "another source" in refused.value.next_step

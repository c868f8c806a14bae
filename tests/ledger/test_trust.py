"""The trusted state: what a block must show to join it, and in which order it is told what is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.admission import accept, examine, genesis
from ledger.anchor import Anchor, Trusted, anchor_from, quorum
from ledger.errors import Malformed, ProofFailed
from ledger.trust import PROCEDURE
from tests.support.blocks import OTHER, Forge, hexed, joined
from tests.support.joining import ANCHOR, FORGE, GENESIS, REGISTRY, START, as_sealers, code, join, stranger

if TYPE_CHECKING:
    pass


class TestQuorum:
    @pytest.mark.parametrize(
        ("weights", "needed"),
        [
            ([1], 1), ([1] * 2, 2), ([1] * 3, 3), ([1] * 4, 3), ([1] * 5, 4), ([1] * 6, 5), ([1] * 7, 5), ([1] * 10, 7),
            ([5], 4), ([100, 1, 1, 1], 69), ([2, 2, 2, 2], 6),
        ],
    )  # fmt: skip
    def test_of_known_sets(self, weights: list[int], needed: int) -> None:
        assert quorum(as_sealers(weights)) == needed

    @given(st.lists(st.integers(1, 2**32), min_size=1, max_size=9))
    def test_two_quorums_always_share_an_honest_sealer(self, weights: list[int]) -> None:
        """Two sets of that weight overlap in more than a third, which the faulty can never fill."""
        total, needed = sum(weights), quorum(as_sealers(weights))
        faulty = (total - 1) // 3
        assert needed + needed - total > faulty
        assert needed <= total - faulty


class TestTheGenesisBlock:
    def test_begins_the_trusted_state(self) -> None:
        assert (GENESIS.height, GENESIS.parent_hash, GENESIS.transactions) == (0, bytes(32), 0)
        assert START.hash == GENESIS.hash == ANCHOR.genesis_hash
        assert [sealer.key for sealer in START.sealers] == [key.public_key for key in FORGE.sealers]

    def test_must_be_the_pinned_one(self) -> None:
        with pytest.raises(ProofFailed) as refused:
            anchor_from(FORGE.genesis_document(), pinned=bytes(32), contracts=())
        assert refused.value.code == "genesis-hash"
        with pytest.raises(ProofFailed):
            genesis(Forge(weights=(1, 1, 1, 2)).genesis_document(), ANCHOR)

    def test_must_hash_to_what_it_claims(self) -> None:
        block = FORGE.genesis() | {"timestamp": 1}
        with pytest.raises(ProofFailed) as refused:
            anchor_from(joined(block, None), pinned=None, contracts=())
        assert refused.value.code == "genesis-hash"

    def test_is_not_a_later_block(self) -> None:
        with pytest.raises(Malformed) as refused:
            anchor_from(FORGE.document(), pinned=None, contracts=())
        assert refused.value.code == "genesis"

    def test_comes_once(self) -> None:
        assert code(FORGE.genesis_document()) in {"signatures-missing", "height"}


class TestABlockThatJoins:
    @pytest.mark.parametrize("name", ["sm", "ecdsa"])
    def test_gives_its_records_and_the_next_state(self, name: str) -> None:
        forge = Forge("sm" if name == "sm" else "ecdsa")
        anchor, registry = forge.anchor(), forge.registry()
        _, trusted = genesis(forge.genesis_document(), anchor)
        document = forge.document([forge.record(), forge.call(to=OTHER, call=b"a"), forge.record(payload=b"2")])
        block, trusted = accept(examine(document, anchor, registry), document, trusted)
        assert [(event.transaction_index, event.payload) for event in block.events] == [(0, b'{"v":1}'), (2, b"2")]
        assert (block.height, block.transactions, block.document) == (1, 3, document)
        assert (trusted.height, trusted.hash, trusted.timestamp) == (1, block.hash, block.timestamp)
        follower = forge.document(number=2, parent=block.hash)
        assert accept(examine(follower, anchor, registry), follower, trusted)[0].parent_hash == block.hash

    def test_with_either_engine(self) -> None:
        document = FORGE.document([FORGE.record()])
        slow = examine(document, ANCHOR, ANCHOR.registry("gmssl"))
        assert slow == examine(document, ANCHOR, REGISTRY)
        assert slow.failure is None

    def test_with_no_transactions(self) -> None:
        assert join(FORGE.document())[0].transactions == 0

    @pytest.mark.parametrize("signing", [(0, 1, 2), (3, 1, 0), (0, 1, 2, 3)])
    def test_signed_by_any_quorum(self, signing: tuple[int, ...]) -> None:
        assert join(FORGE.document(signing=signing))[0].height == 1

    def test_at_the_time_of_its_parent(self) -> None:
        block, trusted = join(FORGE.document())
        again = FORGE.document(number=2, parent=block.hash, timestamp=block.timestamp)
        assert join(again, trusted)[0].timestamp == block.timestamp


class TestSignatures:
    def altered(self, signatures: list[Any]) -> bytes:
        return joined(FORGE.block() | {"signatureList": signatures}, [])

    def test_too_few(self) -> None:
        assert code(FORGE.document(signing=(0, 1))) == "quorum"
        assert code(FORGE.document([FORGE.record()], signing=(3,))) == "quorum"

    def test_none(self) -> None:
        assert code(FORGE.document(signing=())) == "signatures-missing"
        assert code(FORGE.document([FORGE.record()], signing=())) == "signatures-missing"

    def test_one_three_times(self) -> None:
        assert code(self.altered(FORGE.block()["signatureList"][:1] * 3)) == "signature-repeated"

    def test_one_sealers_signature_under_other_numbers(self) -> None:
        signature = FORGE.block()["signatureList"][0]["signature"]
        spread = [{"sealerIndex": at, "signature": signature} for at in range(4)]
        assert code(self.altered(spread)) == "signature"

    @pytest.mark.parametrize("index", [4, 5, 2**31 - 1])
    def test_a_sealer_that_is_not_listed(self, index: int) -> None:
        signed = FORGE.block()["signatureList"]
        assert code(self.altered([*signed, signed[0] | {"sealerIndex": index}])) == "signer-unknown"

    @pytest.mark.parametrize("index", [-1, -4, True, "0", 0.0, None, 2**31])
    def test_a_number_that_is_none(self, index: object) -> None:
        """Python would take -1 for the last of the list."""
        signed = FORGE.block()["signatureList"]
        assert code(self.altered([*signed[:2], signed[2] | {"sealerIndex": index}])) == "shape"

    def test_a_wrong_one_beside_enough_right_ones(self) -> None:
        signed = FORGE.block(signing=(0, 1, 2, 3))["signatureList"]
        for wrong in (
            "0x",
            "0x" + "00" * 64,
            signed[0]["signature"],
            signed[3]["signature"][:-2],
            signed[3]["signature"] + "00",
        ):
            assert code(self.altered([*signed[:3], signed[3] | {"signature": wrong}])) == "signature"

    def test_of_another_block(self) -> None:
        other = FORGE.block(timestamp=1_700_000_000_777)
        assert code(self.altered(other["signatureList"])) == "signature"

    def test_over_the_claimed_hash_of_an_altered_header(self) -> None:
        """The signatures still verify: they were made over the claimed hash."""
        assert code(joined(FORGE.block() | {"stateRoot": "0x" + "77" * 32}, [])) == "header-hash"

    def test_weights_count_and_not_heads(self) -> None:
        forge = Forge(weights=(7, 1, 1, 1))
        anchor, registry = forge.anchor(), forge.registry()
        _, trusted = genesis(forge.genesis_document(), anchor)
        alone, light = forge.document(signing=(0,)), forge.document(signing=(1, 2, 3))
        assert accept(examine(alone, anchor, registry), alone, trusted)[0].height == 1
        with pytest.raises(ProofFailed) as refused:
            accept(examine(light, anchor, registry), light, trusted)
        assert refused.value.code == "quorum"


class TestLinks:
    def test_another_height(self) -> None:
        assert code(FORGE.document(number=2)) == "height"
        block, trusted = join(FORGE.document())
        assert code(FORGE.document(), trusted) == "height"
        assert code(FORGE.document(number=3, parent=block.hash), trusted) == "height"

    def test_another_parent(self) -> None:
        assert code(FORGE.document(parent=bytes(31) + b"\1")) == "parent-link"
        right = FORGE.block()["parentInfo"][0]
        for parents in (
            [right, right],
            [right | {"blockNumber": 1}],
            [right, {"blockNumber": 1, "blockHash": hexed(bytes(32))}],
        ):
            assert code(FORGE.document(parentInfo=parents)) == "parent-link"

    def test_an_older_time(self) -> None:
        block, trusted = join(FORGE.document())
        assert code(FORGE.document(number=2, parent=block.hash, timestamp=block.timestamp - 1), trusted) == "timestamp"


class TestTheOrderOfRefusals:
    """The lowest step that fails is told, whatever else is wrong: what comes later means nothing then."""

    def test_from_shape_to_logs(self) -> None:
        record = FORGE.record()
        log = record.answer["logEntries"][0]
        split = record.answer | {
            "logEntries": [log | {"topics": log["topics"][:1], "data": "0x" + log["topics"][1][2:] + log["data"][2:]}]
        }
        block = FORGE.block([record])
        strangers = [(stranger(at), 1) for at in range(4)]
        unsigned: dict[str, Any] = {"entries": [record], "sealers": strangers, "signing": ()}
        nobody, other = [record.body | {"signature": "0x"}], [record.body | {"nonce": "1"}]
        gas = split | {"gasUsed": "1"}
        steps: list[tuple[str, bytes]] = [
            ("log-split", joined(block, [split])),
            ("transaction-signature", joined(block | {"transactions": nobody}, [split])),
            ("receipt-hash", joined(block | {"transactions": nobody}, [gas])),
            ("transaction-hash", joined(block | {"transactions": other}, [gas])),
            ("signatures-missing", joined(block | {"signatureList": []}, [gas])),
            ("sealers", joined(FORGE.block(**unsigned), [split])),
            ("timestamp", joined(FORGE.block(**unsigned, timestamp=0), [split])),
            ("parent-link", joined(FORGE.block(**unsigned, timestamp=0, parent=b"\1" * 32), [split])),
            ("height", joined(FORGE.block(**unsigned, timestamp=0, number=5), [split])),
            ("header-hash", joined(FORGE.block(**unsigned, number=5) | {"timestamp": 1}, [split])),
            ("shape", joined(FORGE.block(**unsigned, number=5) | {"timestamp": -1}, [split])),
            ("json", b"{"),
        ]
        _, trusted = genesis(FORGE.genesis_document(), ANCHOR)
        trusted = Trusted.from_json(json.dumps(json.loads(trusted.to_json()) | {"timestamp": 1000}))
        assert [code(document, trusted) for _, document in steps] == [name for name, _ in steps]

    def test_the_steps_are_numbered_in_order(self) -> None:
        numbers = [step.number for step in PROCEDURE]
        assert numbers == sorted(numbers)
        assert set(numbers) == set(range(10))
        assert len({step.name for step in PROCEDURE}) == len(PROCEDURE)

    def test_an_examination_travels_and_is_small(self) -> None:
        import pickle

        found = examine(FORGE.document([FORGE.record()]), ANCHOR, REGISTRY)
        assert pickle.loads(pickle.dumps(found)) == found
        refused = examine(FORGE.document(signing=()), ANCHOR, REGISTRY)
        travelled = pickle.loads(pickle.dumps(refused))
        assert travelled.failure is not None
        assert refused.failure is not None
        assert str(travelled.failure[1]) == str(refused.failure[1])
        assert travelled.failure[1].next_step == refused.failure[1].next_step


class TestPersistence:
    def test_anchor_and_state_come_back_as_they_were(self) -> None:
        assert Anchor.from_json(ANCHOR.to_json()) == ANCHOR
        vote = FORGE.vote("addSealer(string,uint256)", stranger(0).public_key.hex(), 1)
        for trusted in (START, join(FORGE.document())[1], join(FORGE.document([vote]))[1]):
            assert Trusted.from_json(trusted.to_json()) == trusted

    def test_json_is_canonical(self) -> None:
        assert ANCHOR.to_json() == Anchor.from_json(ANCHOR.to_json()).to_json()

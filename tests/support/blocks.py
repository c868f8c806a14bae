"""Small real blocks for tests: SM2 or ECDSA keys, hashes by :mod:`tests.support.preimages`, nothing by the parser."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_abi import encode as abi_encode

from ledger.anchor import Anchor, anchor_from
from ledger.suites import SigningKey, Suite, suite
from tests.support import preimages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.contracts import Registry
    from ledger.suites import SuiteName

Object = dict[str, Any]

BOOK = bytes.fromhex("00c0ffee00c0ffee00c0ffee00c0ffee00c0ff01")
OTHER = bytes.fromhex("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb1")
CONSENSUS = bytes.fromhex("0000000000000000000000000000000000001003")
CHAIN, GROUP = "chain0", "group0"
START = 1_700_000_000_000
NONCE = "21057836295043339615578907092452971954661623224251924593750627344535423728157"
GAS = "24363"
ZEROS = "0x" + "0" * 64


def key_of(name: str, crypto: Suite) -> SigningKey:
    """The key of a name: the same on every machine."""
    return crypto.signing_key(1 + int.from_bytes(suite("sm").digest(b"glasspool test key ", name.encode())) // 2**9)


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def root(hashes: Sequence[bytes], crypto: Suite) -> bytes:
    """The tree of width 2, written once more by recursion."""
    if not hashes:
        return bytes(32)
    if len(hashes) == 1:
        return hashes[0]
    return root([crypto.digest(b"".join(hashes[at : at + 2])) for at in range(0, len(hashes), 2)], crypto)


@dataclass(slots=True)
class Entry:
    """A transaction and its receipt as JSON."""

    body: Object
    answer: Object

    def copy(self) -> Entry:
        return Entry(deepcopy(self.body), deepcopy(self.answer))


@dataclass(slots=True)
class Forge:
    """Writes blocks of a chain whose sealers it commands. ``weights`` gives one sealer each."""

    name: SuiteName = "sm"
    weights: tuple[int, ...] = (1, 1, 1, 1)
    crypto: Suite = field(init=False)
    sealers: list[SigningKey] = field(init=False)
    member: SigningKey = field(init=False)

    def __post_init__(self) -> None:
        self.crypto = suite(self.name)
        names = [f"sealer {at}" for at in range(len(self.weights))]
        self.sealers = sorted((key_of(name, self.crypto) for name in names), key=lambda key: key.public_key)
        self.member = key_of("member", self.crypto)

    @property
    def sender(self) -> bytes:
        return self.crypto.address(self.member.public_key)

    def genesis(self) -> Object:
        lines = [
            "[chain]",
            f"sm_crypto:{int(self.name == 'sm')}",
            f"chainID: {CHAIN}",
            f"grouID: {GROUP}",
            "[executor]",
        ]
        pairs = zip(self.sealers, self.weights, strict=True)
        lines += [f"node.{at}:{key.public_key.hex()},{weight}" for at, (key, weight) in enumerate(pairs)]
        block: Object = {
            "consensusWeights": [], "extraData": hexed(("\n".join(lines) + "\n").encode()), "gasUsed": "0", "number": 0,
            "parentInfo": [], "receiptsRoot": ZEROS, "sealer": 0, "sealerList": [], "signatureList": [],
            "stateRoot": ZEROS, "timestamp": 0, "transactions": [], "txsRoot": ZEROS, "version": 0x03020000,
        }  # fmt: skip
        block["hash"] = hexed(self.crypto.digest(preimages.header(block)))
        return block

    def genesis_document(self) -> bytes:
        return json.dumps({"block": self.genesis()}).encode()

    def anchor(self, *contracts: bytes) -> Anchor:
        """The anchor of this chain, reading the record book unless told otherwise."""
        pinned = bytes.fromhex(self.genesis()["hash"][2:])
        return anchor_from(self.genesis_document(), pinned=pinned, contracts=contracts or (BOOK,))

    def registry(self) -> Registry:
        return self.anchor().registry()

    def transaction(
        self, *, to: bytes | None, call: bytes, nonce: str = NONCE, version: int = 0, **more: Any
    ) -> Object:
        """A signed transaction; ``raw_nonce`` are the hashed bytes where the printed nonce is not them."""
        raw_nonce = more.pop("raw_nonce", None)
        body: Object = {
            "abi": "", "blockLimit": 571, "chainID": CHAIN, "from": hexed(self.sender), "groupID": GROUP,
            "importTime": 7, "input": hexed(call), "nonce": nonce, "to": hexed(to) if to else "", "version": version,
        } | more  # fmt: skip
        return self.sign(body, raw_nonce)

    def sign(self, body: Object, raw_nonce: bytes | None = None, key: SigningKey | None = None) -> Object:
        """Give the transaction its hash and the member's signature."""
        digest = self.crypto.digest(preimages.transaction(body, raw_nonce))
        return body | {
            "hash": hexed(digest),
            "signature": hexed((key or self.member).sign_transaction(digest)),
        }

    def receipt(
        self,
        body: Object,
        *,
        number: int = 1,
        output: bytes = b"",
        logs: Iterable[tuple[bytes, Sequence[bytes], bytes]] = (),
        **more: Any,
    ) -> Object:
        answer: Object = {
            "blockNumber": number, "contractAddress": "", "from": body["from"], "gasUsed": GAS, "input": body["input"],
            "logEntries": [
                {"address": address.hex(), "topics": [hexed(topic) for topic in topics], "data": hexed(data)}
                for address, topics, data in logs
            ],
            "message": "", "output": hexed(output), "status": 0, "to": body["to"], "transactionHash": body["hash"],
            "version": 0,
        } | more  # fmt: skip
        return self.hash_receipt(answer)

    def hash_receipt(self, answer: Object) -> Object:
        return answer | {"hash": hexed(self.crypto.digest(preimages.receipt(answer)))}

    def selector(self, signature: str) -> bytes:
        return self.crypto.digest(signature.encode())[:4]

    def recorded(self, kind: bytes, payload: bytes, sender: bytes | None = None) -> tuple[bytes, list[bytes], bytes]:
        """The log of one record."""
        topics = [self.crypto.digest(b"Recorded(address,string,bytes)"), (sender or self.sender).rjust(32, b"\0")]
        return BOOK, topics, abi_encode(("bytes", "bytes"), (kind, payload))

    def record(self, kind: bytes = b"test.kind", payload: bytes = b'{"v":1}', number: int = 1, **more: Any) -> Entry:
        """A member's record as the record book commits it."""
        call = self.selector("record(string,bytes)") + abi_encode(("bytes", "bytes"), (kind, payload))
        body = self.transaction(to=BOOK, call=call, **more)
        return Entry(body, self.receipt(body, number=number, logs=[self.recorded(kind, payload)]))

    def call(self, *, to: bytes | None, call: bytes, number: int = 1, **result: Any) -> Entry:
        """Any other transaction."""
        body = self.transaction(to=to, call=call)
        return Entry(body, self.receipt(body, number=number, **result))

    def vote(self, signature: str, *arguments: object, number: int = 1, **result: Any) -> Entry:
        """A call of the consensus precompile, accepted unless its output says otherwise."""
        types = signature[signature.index("(") + 1 : -1].split(",")
        call = self.selector(signature) + abi_encode(types, arguments)
        return self.call(to=CONSENSUS, call=call, number=number, **({"output": bytes(32)} | result))

    def block(
        self,
        entries: Sequence[Entry] = (),
        *,
        number: int = 1,
        parent: bytes | None = None,
        sealers: Sequence[tuple[SigningKey, int]] | None = None,
        signing: Iterable[int] = (0, 1, 2),
        **more: Any,
    ) -> Object:
        """A block over the entries, signed by the sealers at these indexes."""
        listed = list(zip(self.sealers, self.weights, strict=True)) if sealers is None else list(sealers)
        bodies, answers = [entry.body for entry in entries], [entry.answer for entry in entries]
        block: Object = {
            "consensusWeights": [weight for _, weight in listed], "extraData": "0x",
            "gasUsed": str(sum(int(answer["gasUsed"]) for answer in answers)), "number": number,
            "parentInfo": [
                {"blockNumber": number - 1, "blockHash": hexed(parent) if parent else self.genesis()["hash"]}
            ],
            "sealer": 0, "sealerList": [hexed(key.public_key) for key, _ in listed], "stateRoot": "0x" + "5a" * 32,
            "timestamp": START + number, "transactions": bodies, "version": 0x03020000,
            "receiptsRoot": hexed(root([bytes.fromhex(each["hash"][2:]) for each in answers], self.crypto)),
            "txsRoot": hexed(root([bytes.fromhex(each["hash"][2:]) for each in bodies], self.crypto)),
        } | more  # fmt: skip
        return self.seal(block, {at: listed[at][0] for at in signing})

    def seal(self, block: Object, signing: Mapping[int, SigningKey]) -> Object:
        """Give the block its hash and these signatures."""
        digest = self.crypto.digest(preimages.header(block))
        signatures = [{"sealerIndex": at, "signature": hexed(key.sign(digest))} for at, key in signing.items()]
        return block | {"hash": hexed(digest), "signatureList": signatures}

    def document(self, entries: Sequence[Entry] = (), **more: Any) -> bytes:
        """The block over the entries with its receipts, as a source hands it over."""
        return joined(self.block(entries, **more), [entry.answer for entry in entries])


def joined(block: Object, receipts: Sequence[Object] | None) -> bytes:
    return json.dumps({"block": block} | ({} if receipts is None else {"receipts": list(receipts)})).encode()


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))

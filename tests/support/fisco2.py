"""A FISCO BCOS 2 chain in memory: real keys, and hashes put together here with nothing of the parser's.

Written from the published formulas, RLP included, so that a fault in ``chains.fisco2`` is not made twice. A node of it
answers the JSON-RPC calls of 2.x over real HTTP.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_abi import encode as abi_encode

from ledger.anchor import Anchor, Trusted, anchor_from
from ledger.sources.raw import RawBlock
from ledger.suites import SigningKey, Suite, suite
from tests.support.blocks import key_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from ledger.admission import VerifiedBlock
    from ledger.suites import SuiteName

Object = dict[str, Any]
Log = tuple[bytes, "Sequence[bytes]", bytes]

BOOK = bytes.fromhex("00c0ffee00c0ffee00c0ffee00c0ffee00c0ff02")
OTHER = bytes.fromhex("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb2")
CONSENSUS = bytes.fromhex(f"{0x1003:040x}")
NOWHERE = bytes(20)
GROUP, CHAIN_ID = 1, 7
START = 1_700_000_000_000
ONE_ROW = (1).to_bytes(32)  # what the consensus precompile answers to a vote that was carried
BLOOM = "0x" + "00" * 256


def rlp(item: Any) -> bytes:
    """Recursive length prefix: bytes, whole numbers, and lists of them."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8)
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _length(len(item), 0x80) + item
    body = b"".join(rlp(each) for each in item)
    return _length(len(body), 0xC0) + body


def _length(size: int, offset: int) -> bytes:
    if size < 56:
        return bytes([offset + size])
    digits = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([offset + 55 + len(digits)]) + digits


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def number(value: int | str) -> int:
    return value if isinstance(value, int) else int(value, 16)


def header_preimage(block: Object) -> bytes:
    hashes = [unhex(block[name]) for name in ("parentHash", "stateRoot", "transactionsRoot", "receiptsRoot", "dbHash")]
    numbers = [number(block[name]) for name in ("number", "gasLimit", "gasUsed", "timestamp")]
    extra, keys = [unhex(each) for each in block["extraData"]], [unhex(key) for key in block["sealerList"]]
    return rlp([*hashes, unhex(block["logsBloom"]), *numbers, extra, number(block["sealer"]), keys])


def body_fields(body: Object, *, zero_address: bool = False) -> list[Any]:
    """What a transaction's sender signs; a call of the zero address is printed like a deployment."""
    to = unhex(body["to"])
    if to == NOWHERE and not zero_address:
        to = b""
    first = [number(body[name]) for name in ("nonce", "gasPrice", "gas", "blockLimit")]
    return [
        *first, to, number(body["value"]), unhex(body["input"]), number(body["chainId"]), number(body["groupId"]),
        unhex(body["extraData"]),
    ]  # fmt: skip


def receipt_preimage(answer: Object, *, with_remaining_gas: bool) -> bytes:
    logs = [
        [unhex(log["address"]), [unhex(topic) for topic in log["topics"]], unhex(log["data"])] for log in answer["logs"]
    ]
    fields: list[Any] = [
        unhex(answer["root"]), number(answer["gasUsed"]), unhex(answer["contractAddress"]), unhex(answer["logsBloom"]),
        number(answer["status"]), unhex(answer["output"]),
    ]  # fmt: skip
    return rlp([*fields, *([number(answer["remainGas"])] if with_remaining_gas else []), logs])


def root(hashes: Sequence[bytes], crypto: Suite) -> bytes:
    """The tree of width 16, from the root down."""
    nodes = [rlp(at) + each for at, each in enumerate(hashes)]

    def top(below: list[bytes]) -> bytes:
        if len(below) <= 1:
            return b"".join(below)
        return top([crypto.digest(b"".join(below[at : at + 16])) for at in range(0, len(below), 16)])

    return crypto.digest(top(nodes))


@dataclass(slots=True)
class Entry:
    """A transaction and its receipt as JSON."""

    body: Object
    answer: Object


@dataclass
class Fisco2:
    """A chain whose sealers it commands; ``remaining_gas`` makes its receipts those of 2.8 and later."""

    name: SuiteName = "sm"
    remaining_gas: bool = True
    crypto: Suite = field(init=False)
    sealers: list[SigningKey] = field(init=False)
    member: SigningKey = field(init=False)
    blocks: list[RawBlock] = field(default_factory=list)
    head: bytes = b""
    serial: int = 0

    def __post_init__(self) -> None:
        self.crypto = suite(self.name)
        self.sealers = self.sorted(key_of(f"fisco2 sealer {at}", self.crypto) for at in range(4))
        self.member = key_of("fisco2 member", self.crypto)
        keys = "".join(f"{key.public_key.hex()}," for key in self.sealers)
        self.add(self.header(0, extraData=[hexed(f"{GROUP}-{keys}-pbft-storage-0-1000-300000000".encode())]), [])

    @staticmethod
    def sorted(keys: Iterable[SigningKey]) -> list[SigningKey]:
        return sorted(keys, key=lambda key: key.public_key)

    @property
    def sender(self) -> bytes:
        return self.crypto.address(self.member.public_key)

    @property
    def anchor(self) -> Anchor:
        genesis = self.blocks[0].document
        return anchor_from(genesis, pinned=unhex(json.loads(genesis)["block"]["hash"]), contracts=(BOOK,))

    def header(self, height: int, entries: Sequence[Entry] = (), **more: Any) -> Object:
        """A header over the entries as getBlockByNumber prints it, its hash filled in, unsigned."""
        remaining = self.remaining_gas
        answers = [self.crypto.digest(receipt_preimage(each.answer, with_remaining_gas=remaining)) for each in entries]
        bodies = [unhex(each.body["hash"]) for each in entries]
        empty = "0x" + "00" * 32
        block: Object = {
            "dbHash": empty, "extraData": [], "gasLimit": "0x0", "gasUsed": "0x0", "logsBloom": BLOOM,
            "number": hex(height), "parentHash": hexed(self.head) if height else empty,
            "receiptsRoot": hexed(root(answers, self.crypto)) if height else empty, "sealer": "0x0",
            "sealerList": [key.public_key.hex() for key in self.sealers] if height else [], "stateRoot": empty,
            "timestamp": hex(START + height if height else 2**63 - 1), "transactions": [each.body for each in entries],
            "transactionsRoot": hexed(root(bodies, self.crypto)) if height else empty,
        } | more  # fmt: skip
        return block | {"hash": hexed(self.crypto.digest(header_preimage(block)))}

    def sign(self, block: Object, by: Iterable[tuple[int, SigningKey]]) -> Object:
        digest, listed = unhex(block["hash"]), []
        for index, key in by:
            made = key.sign(digest) + (key.public_key if self.name == "sm" else b"")
            listed.append({"index": hex(index), "signature": hexed(made)})
        return block | {"signatureList": listed}

    def add(self, block: Object, entries: Sequence[Entry]) -> bytes:
        """Append the block as a source hands it over; returns its document."""
        height, self.head = number(block["number"]), unhex(block["hash"])
        for at, entry in enumerate(entries):
            place = {"blockHash": block["hash"], "blockNumber": hex(height), "transactionIndex": hex(at)}
            entry.body |= place
            entry.answer |= place
        document = json.dumps({"block": block, "receipts": [entry.answer for entry in entries]}).encode()
        self.blocks.append(RawBlock(height=height, document=document))
        return document

    def seal(self, *entries: Entry, signing: Iterable[int] = (0, 1, 3), **more: Any) -> bytes:
        """Close a block over the entries, signed by these of the sealers."""
        block = self.header(len(self.blocks), entries, **more)
        return self.add(self.sign(block, [(at, self.sealers[at]) for at in signing]), entries)

    def transaction(self, *, to: bytes | None, call: bytes, zero_address: bool = False, **more: Any) -> Object:
        self.serial += 1
        body: Object = {
            "blockLimit": hex(500 + self.serial), "chainId": hex(CHAIN_ID), "extraData": "0x",
            "from": hexed(self.sender), "gas": hex(300_000_000), "gasPrice": hex(300_000_000), "groupId": hex(GROUP),
            "input": hexed(call), "nonce": hex(2**240 + self.serial), "to": hexed(to or NOWHERE), "value": "0x0",
        } | more  # fmt: skip
        fields = body_fields(body, zero_address=zero_address)
        made = self.member.sign_transaction(self.crypto.digest(rlp(fields)))
        r, s, v = made[:32], made[32:64], made[64:]
        hashed_v: bytes | int = v if self.name == "sm" else v[0] + 27
        members = [hashed_v, int.from_bytes(r), int.from_bytes(s)]
        signature = {
            "r": hexed(r), "s": hexed(s), "signature": hexed(made), "v": hexed(v) if self.name == "sm" else hex(v[0])
        }  # fmt: skip
        return body | {"hash": hexed(self.crypto.digest(rlp([*fields, *members]))), "signature": signature}

    def receipt(self, body: Object, *, output: bytes = b"", logs: Iterable[Log] = (), **more: Any) -> Object:
        answer: Object = {
            "blockNumber": hex(len(self.blocks)), "contractAddress": hexed(NOWHERE), "from": body["from"],
            "gasUsed": hex(24_363), "input": body["input"],
            "logs": [
                {"address": hexed(address), "data": hexed(data), "topics": [hexed(topic) for topic in topics]}
                for address, topics, data in logs
            ],
            "logsBloom": BLOOM, "output": hexed(output), "remainGas": hex(299_975_637 if self.remaining_gas else 0),
            "root": "0x" + "5a" * 32, "status": "0x0", "statusMsg": "None", "to": body["to"],
            "transactionHash": body["hash"],
        } | more  # fmt: skip
        return answer

    def call(self, *, to: bytes | None, call: bytes, zero_address: bool = False, **result: Any) -> Entry:
        body = self.transaction(to=to, call=call, zero_address=zero_address)
        return Entry(body, self.receipt(body, **result))

    def selector(self, signature: str) -> bytes:
        return self.crypto.digest(signature.encode())[:4]

    def recorded(self, kind: bytes, payload: bytes, sender: bytes | None = None) -> Log:
        topics = [self.crypto.digest(b"Recorded(address,string,bytes)"), (sender or self.sender).rjust(32, b"\0")]
        return BOOK, topics, abi_encode(("bytes", "bytes"), (kind, payload))

    def record(self, kind: bytes = b"test.kind", payload: bytes = b'{"v":1}') -> Entry:
        call = self.selector("record(string,bytes)") + abi_encode(("bytes", "bytes"), (kind, payload))
        return self.call(to=BOOK, call=call, logs=[self.recorded(kind, payload)])

    def vote(self, name: str, key: bytes, **result: Any) -> Entry:
        call = self.selector(f"{name}(string)") + abi_encode(("string",), (key.hex(),))
        return self.call(to=CONSENSUS, call=call, **({"output": ONE_ROW} | result))

    def accept(self, document: bytes, state: Trusted) -> tuple[VerifiedBlock, Trusted]:
        """Judge one document after a trusted state; raises what refuses it."""
        from ledger import admission

        return admission.accept(admission.examine(document, self.anchor, self.anchor.registry()), document, state)

    def trusted(self, height: int | None = None) -> Trusted:
        """The trusted state after verifying every block up to this height, by default all."""
        from ledger import admission

        _, state = admission.genesis(self.blocks[0].document, self.anchor)
        for block in self.blocks[1 : None if height is None else height + 1]:
            _, state = self.accept(block.document, state)
        return state


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def node_of(chain: Fisco2, change: Callable[[str, Any], Any] = lambda _, answer: answer) -> Any:
    """An ASGI application that answers as a node of 2.9; ``change`` may lie about the result of a method."""

    def answer(method: str, params: list[Any]) -> Any:
        if params[0] != GROUP:
            raise LookupError("GroupID does not exist")
        if method == "getBlockNumber":
            return hex(len(chain.blocks) - 1)
        if method == "getBlockByNumber":
            return json.loads(chain.blocks[int(params[1], 16)].document)["block"]
        for block in chain.blocks:
            for receipt in json.loads(block.document)["receipts"]:
                if method == "getTransactionReceipt" and receipt["transactionHash"] == params[1]:
                    return receipt
        raise LookupError("no such thing")

    async def application(
        scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        asked = json.loads((await receive())["body"])
        said: Object = {"id": asked["id"], "jsonrpc": "2.0"}
        try:
            said["result"] = change(asked["method"], answer(asked["method"], asked["params"]))
        except LookupError as failure:
            said["error"] = {"code": -40009, "message": str(failure)}
        body = json.dumps(said).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application

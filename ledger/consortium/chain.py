"""A consortium on one machine: members record, sealers close blocks, and what comes out is a real FISCO BCOS 3 chain.

There is no consensus and no execution: every member's call succeeds and gives the log the record book would emit. What
is real is everything a verifier can see: keys, signatures, hashes, roots, links and the bytes around them. No clock and
no randomness is read: the same seed, calls and times give the same chain to the byte.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from eth_abi import encode as abi_encode

from ledger.anchor import quorum
from ledger.chains import fisco3, fisco3_sealers
from ledger.chains.fisco3_sealers import ADD_SEALER, REMOVE, SET_WEIGHT
from ledger.chains.shape import Sealer
from ledger.consortium import blocks
from ledger.consortium.keys import SHANGHAI, credit_code, member_key
from ledger.consortium.press import Leaf, Press, Printed, print_batch
from ledger.contracts import RECORD, RECORDED, record_log
from ledger.sources.raw import RawBlock
from ledger.suites import suite as suite_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.consortium.blocks import Object
    from ledger.contracts import Function
    from ledger.suites import SigningKey, Suite, SuiteName

__all__ = ["MAX_TRANSACTIONS", "Consortium", "Member", "Sealed", "Sent", "Sink", "milliseconds"]

MAX_TRANSACTIONS = 1_000  # per block: the node's own default, written in the genesis block too
SEALERS = 4  # the least that tolerates one faulty sealer
OPERATOR = "operator"
MEMBER_VERSION = 1

# Nothing executes it: the bytes stand where a compiler's output stands on a real chain.
BYTECODE = bytes.fromhex("600180600a3d393df300") + b"glasspool record book"
ABI = blocks.canonical_json(
    [
        {
            "type": "function",
            "name": RECORD.name,
            "inputs": [
                {"name": name, "type": kind} for name, kind in zip(("kind", "payload"), RECORD.inputs, strict=True)
            ],
            "outputs": [],
            "stateMutability": "nonpayable",
        },
        {
            "type": "event",
            "name": RECORDED.name,
            "inputs": [
                {"name": name, "type": kind, "indexed": at < len(RECORDED.indexed)}
                for at, (name, kind) in enumerate(zip(("sender", "kind", "payload"), RECORDED.types, strict=True))
            ],
            "anonymous": False,
        },
    ]
).decode("ascii")


class Sink(Protocol):
    """Where closed blocks go, in order of height: an archive's writer, or a list."""

    def append(self, block: RawBlock, /) -> None:
        """Keep the next block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member 成员: its identity on the chain, its key, and its unified social credit code."""

    member: str
    name: str
    roles: tuple[str, ...]
    uscc: str
    key: SigningKey = field(repr=False)
    key_name: str
    """What the key follows from, with the seed."""
    address: bytes

    @property
    def account(self) -> str:
        """The address as records name it."""
        return blocks.hexed(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A transaction that a member sent: its hash is final, its place in the chain not yet."""

    hash: bytes

    def output(self, index: int = 0) -> str:
        """Return the id of the certificate output at ``index`` of the record it carries."""
        return f"{blocks.hexed(self.hash)}:{index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A closed block. ``timestamp`` in ms since 1970 UTC."""

    height: int
    hash: bytes
    timestamp: int
    transactions: int
    document: bytes = field(repr=False)


def milliseconds(time: datetime) -> int:
    """Return an aware instant as whole milliseconds since 1970 UTC."""
    if time.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def deployed_address(suite: Suite, height: int, index: int) -> bytes:
    """Return the address a node gives the contract deployed by transaction ``index`` of block ``height``."""
    return suite.digest(f"{height}_{index}_0".encode())[-20:]


class Consortium:
    """Four sealers, their members, and one record book; block 0 and the deployment in block 1 are written at once.

    ``sink`` takes the blocks (it may be exchanged between two of them), ``start`` is block 1's time, ``signing`` how
    many sealers sign each block: they take turns, and a quorum always signs. Memory holds the members and the
    transactions not yet sealed, nothing of the past. With a ``press``, blocks reach the sink some time after they are
    sealed; :meth:`finish` waits for the last.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        seed: int,
        start: datetime,
        suite: SuiteName = "sm",
        sealers: int = SEALERS,
        signing: int = 3,
    ) -> None:
        self.suite = suite_named(suite)
        self.seed = seed
        self.members: dict[str, Member] = {}
        self.height = -1
        self.sink = sink
        self.press: Press | None = None
        self._signing, self._serial, self._timestamp = signing, 0, 0
        self._ahead: deque[tuple[int, int]] = deque()
        self._selector = RECORD.selector(self.suite)
        self._queue: deque[Leaf] = deque()
        self._sealer_keys: dict[bytes, SigningKey] = {}
        self.sealers = tuple(sorted((self._sealer(f"sealer {at}") for at in range(sealers)), key=lambda each: each.key))
        block = blocks.genesis(self.suite, self.sealers)
        self.height = 0
        self.genesis_hash = self._pass_on(block, 0, 0, blocks.document_bytes(block, [])).hash
        operator = self.enrol(OPERATOR, "本地联盟链运营方", ("operator",))
        self.contract = self._deploy(operator)
        self.seal(start)

    def _sealer(self, name: str, weight: int = 1) -> Sealer:
        key = member_key(self.suite, self.seed, name)
        self._sealer_keys[key.public_key] = key
        return Sealer(key=key.public_key, weight=weight)

    def sealer_keys(self) -> tuple[SigningKey, ...]:
        """Return the present sealers' keys, in the order of the header's list: what a lie needs to be signed."""
        return tuple(self._sealer_keys[sealer.key] for sealer in self.sealers)

    @property
    def pending(self) -> int:
        """Transactions sent and not yet sealed."""
        return len(self._queue)

    def enrol(self, member: str, name: str, roles: Iterable[str], region: str = SHANGHAI) -> Member:
        """Return a new member with its key and credit code; the chain does not know it before :meth:`admit`.

        ``region`` is the six-digit division that its credit code begins with (GB/T 2260). Raises ValueError when the
        name is taken.
        """
        if member in self.members:
            raise ValueError(f"there is a member {member} already")
        return self._known(
            member, name, tuple(roles), credit_code(self.seed, member, region=region), key_name=f"member {member}"
        )

    def _known(self, member: str, name: str, roles: tuple[str, ...], uscc: str, *, key_name: str) -> Member:
        key = member_key(self.suite, self.seed, key_name)
        known = Member(
            member=member,
            name=name,
            roles=roles,
            uscc=uscc,
            key=key,
            key_name=key_name,
            address=self.suite.address(key.public_key),
        )
        self.members[member] = known
        return known

    def rekey(self, member: Member) -> Member:
        """Return the member with its next key; the chain believes it after ``member.key_rotated``."""
        return self._known(member.member, member.name, member.roles, member.uscc, key_name=f"{member.key_name} next")

    def admit(self, member: Member) -> Sent:
        """Record, as the operator, that a member is admitted."""
        payload = {
            "v": MEMBER_VERSION,
            "member": member.member,
            "name": member.name,
            "uscc": member.uscc,
            "roles": list(member.roles),
            "address": member.account,
            "certificate": None,
        }
        return self.record(self.members[OPERATOR], "member.admitted", payload)

    def record(self, sender: Member, kind: str, payload: Mapping[str, Any]) -> Sent:
        """Send one record to the record book; it stands in the chain after the next :meth:`seal`."""
        return self.send(sender, kind, blocks.canonical_json(dict(payload)))

    def send(self, sender: Member, kind: str, payload: bytes) -> Sent:
        """Send the bytes as they are, whatever they say: how a test writes what no platform should."""
        topics, data = record_log(self.suite, sender.address, kind, payload)
        call = self._selector + data  # the call's arguments and the event's are the same (string, bytes)
        return self._enqueue(sender, to=self.contract, call=call, logs=((self.contract, topics, data),))

    def call(
        self,
        sender: Member,
        to: bytes,
        call: bytes,
        *,
        output: bytes = b"",
        logs: tuple[tuple[bytes, tuple[bytes, ...], bytes], ...] = (),
        status: int = 0,
    ) -> Sent:
        """Send a transaction to any contract; its receipt shows status, output and logs (address, topics, data)."""
        return self._enqueue(sender, to=to, call=call, output=output, logs=logs, status=status)

    def add_sealer(self, name: str, weight: int = 1) -> Sent:
        """Vote a new sealer in; it signs from the block after the next :meth:`seal` on."""
        sealer = self._sealer(name, weight)
        return self._vote(ADD_SEALER, (sealer.key.hex(), weight))

    def remove_sealer(self, key: bytes) -> Sent:
        """Vote a sealer out."""
        return self._vote(REMOVE, (key.hex(),))

    def set_weight(self, key: bytes, weight: int) -> Sent:
        """Change a sealer's weight."""
        return self._vote(SET_WEIGHT, (key.hex(), weight))

    def _vote(self, function: Function, arguments: Sequence[object]) -> Sent:
        call = function.selector(self.suite) + abi_encode(function.inputs, arguments)
        return self._enqueue(
            self.members[OPERATOR], to=fisco3.CONSENSUS_PRECOMPILE, call=call, output=abi_encode(["int256"], [0])
        )

    def _deploy(self, operator: Member) -> bytes:
        contract = deployed_address(self.suite, self.height + 1, self.pending)
        self._enqueue(operator, to=None, call=BYTECODE, contract=contract, abi=ABI)
        return contract

    def _enqueue(self, sender: Member, *, to: bytes | None, call: bytes, abi: str = "", **result: Any) -> Sent:
        body = blocks.transaction(
            self.suite, seed=self.seed, serial=self._serial, sender=sender.address, to=to, call=call, abi=abi,
            height=self.height + 1, time=self._timestamp,
        )  # fmt: skip
        self._serial += 1
        self._queue.append(Leaf(body=body, key=sender.key_name, **result))
        return Sent(hash=bytes.fromhex(body["hash"][2:]))

    def seal(self, time: datetime, *, signing: int | None = None) -> Sealed:
        """Close a block at ``time`` over the first transactions sent, at most 1,000, and pass it to the sink.

        ``signing`` makes exactly that many sealers sign, be it a quorum or not. Raises ValueError when the time is
        before the previous block's.
        """
        self.finish()
        batch = self._begin(time)
        printed = print_batch(self.suite.name, self.seed, self.height, batch)
        sealed = self._close(printed, self.height, self._timestamp, signing)
        self._apply_votes(batch, sealed.height)
        return sealed

    def seal_ahead(self, time: datetime) -> None:
        """Close a block as :meth:`seal` does, printed by the press; votes take effect at once, so they need `seal`."""
        if self.press is None:
            raise RuntimeError("there is no press")
        while self.press.full:
            self._close(self.press.take(), *self._ahead.popleft())
        batch = self._begin(time)
        self.press.give(self.height, batch)
        self._ahead.append((self.height, self._timestamp))

    def finish(self) -> None:
        """Pass every sealed block to the sink."""
        while self._ahead and self.press is not None:
            self._close(self.press.take(), *self._ahead.popleft())

    def _begin(self, time: datetime) -> list[Leaf]:
        """Take the next block's transactions; from here on, what is sent stands in a later one."""
        timestamp = milliseconds(time)
        if timestamp < self._timestamp:
            raise ValueError(f"block {self.height + 1} cannot be older than its parent")
        self.height, self._timestamp = self.height + 1, timestamp
        return [self._queue.popleft() for _ in range(min(self.pending, MAX_TRANSACTIONS))]

    def _signers(self, number: int, signing: int | None) -> dict[int, SigningKey]:
        """Take sealers in turn: exactly ``signing``, or as many as usual and at least a quorum."""
        chosen: dict[int, SigningKey] = {}
        for step in range(len(self.sealers)):
            weight = sum(self.sealers[index].weight for index in chosen)
            enough = weight >= quorum(self.sealers) and len(chosen) >= self._signing
            if enough if signing is None else len(chosen) >= signing:
                break
            index = (number + step) % len(self.sealers)
            chosen[index] = self._sealer_keys[self.sealers[index].key]
        return chosen

    def _close(self, printed: Printed, number: int, timestamp: int, signing: int | None = None) -> Sealed:
        """Put the header over a printed block and pass it to the sink."""
        block = blocks.header(
            self.suite,
            number=number,
            parent=self.head,
            timestamp=timestamp,
            sealers=self.sealers,
            transactions=printed.transaction_hashes,
            receipts=printed.receipt_hashes,
            gas=printed.gas,
        )
        blocks.sign_header(block, self._signers(number, signing))
        return self._pass_on(
            block,
            timestamp,
            len(printed.receipt_hashes),
            blocks.printed_document(block, printed.transactions, printed.receipts),
        )

    def _pass_on(self, block: Object, timestamp: int, transactions: int, document: bytes) -> Sealed:
        self.head = bytes.fromhex(block["hash"][2:])
        sealed = Sealed(
            height=block["number"], hash=self.head, timestamp=timestamp, transactions=transactions, document=document
        )
        self.sink.append(RawBlock(height=sealed.height, document=sealed.document))
        return sealed

    def _apply_votes(self, batch: Sequence[Leaf], number: int) -> None:
        to = blocks.hexed(fisco3.CONSENSUS_PRECOMPILE)
        votes = [leaf for leaf in batch if leaf.body["to"] == to]
        made = fisco3_sealers.changes(
            [fisco3.parse_transaction(leaf.body) for leaf in votes],
            [
                fisco3.parse_receipt(
                    blocks.receipt(
                        self.suite, leaf.body, number=number, output=leaf.output, logs=leaf.logs, status=leaf.status
                    )
                )
                for leaf in votes
            ],
            self.suite,
        )
        if made:
            self.sealers = tuple(sorted(fisco3_sealers.apply(self.sealers, made), key=lambda each: each.key))

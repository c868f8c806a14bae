"""Contracts this node reads records from: their ABI, and one strict reading of calls and event logs.

A receipt's hash runs output and logs together without lengths, so a lying source could present part of an output as a
log, hide a log in an output, or shift bytes between topics and data, all under an unchanged hash. A log is evidence
only where the ABI leaves one reading: the transaction calls a registered contract, the function's outputs are known,
and every log of the receipt is a registered event in canonical encoding. Everything else is kept raw, as *unproven*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ledger.errors import Malformed, ProofFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.chains.shape import Log, Receipt, Transaction
    from ledger.suites import Suite

__all__ = [
    "RECORD",
    "RECORDED",
    "Contract",
    "Event",
    "Function",
    "RecordedEvent",
    "Registry",
    "canonical",
    "raw_types",
    "record_call",
    "record_log",
]

WORD = 32
_FIRST_OFFSET = (2 * WORD).to_bytes(WORD)


def canonical(types: tuple[str, ...], data: bytes) -> tuple[Any, ...] | None:
    """Return the values whose one canonical ABI encoding ``data`` begins with, or None.

    That encoding tells its own length, so what follows it cannot change the values; a contract does not read it either.
    """
    from eth_abi import decode, encode  # here, since verifying processes seldom need it and it is slow to import
    from eth_abi.exceptions import DecodingError, EncodingError

    try:
        values = decode(types, data)
        return values if data.startswith(encode(types, values)) else None
    except (DecodingError, EncodingError, OverflowError, ValueError):
        return None


def two_strings(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the two byte strings that ``data`` encodes as (string, bytes), or None when it is not canonical.

    Unlike :func:`canonical` it allows nothing behind, and takes a tenth of the time: it is asked of every record.
    """
    if len(data) < 4 * WORD or len(data) % WORD or data[:WORD] != _FIRST_OFFSET:
        return None
    first = int.from_bytes(data[2 * WORD : 3 * WORD])
    second_at = 3 * WORD + -(-first // WORD) * WORD
    if int.from_bytes(data[WORD : 2 * WORD]) != second_at or second_at + WORD > len(data):
        return None
    second = int.from_bytes(data[second_at : second_at + WORD])
    if second_at + WORD + -(-second // WORD) * WORD != len(data):
        return None
    ends = 3 * WORD + first, second_at + WORD + second
    if any(data[ends[0] : second_at]) or any(data[ends[1] :]):
        return None
    return data[3 * WORD : ends[0]], data[second_at + WORD : ends[1]]


def raw_types(types: tuple[str, ...]) -> tuple[str, ...]:
    """Read strings as bytes: their encoding is the same, and text that is not UTF-8 was committed all the same."""
    return tuple("bytes" if each == "string" else each for each in types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A contract's function by its ABI types."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()

    def selector(self, suite: Suite) -> bytes:
        """Return the four bytes a call begins with, by the chain's hash (SM3 on a 国密 chain)."""
        return suite.digest(f"{self.name}({','.join(self.inputs)})".encode())[:4]

    def arguments(self, call: bytes, suite: Suite) -> tuple[Any, ...] | None:
        """Return the arguments of a call, strings as bytes; None when it is another function's or not canonical."""
        return canonical(raw_types(self.inputs), call[4:]) if call[:4] == self.selector(suite) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A contract's event: the types of its indexed and of its other arguments, each in order."""

    name: str
    types: tuple[str, ...]
    indexed: tuple[str, ...]
    data: tuple[str, ...]

    def topic(self, suite: Suite) -> bytes:
        """Return the first topic of its logs, by the chain's hash."""
        return suite.digest(f"{self.name}({','.join(self.types)})".encode())


RECORD = Function(name="record", inputs=("string", "bytes"))
RECORDED = Event(name="Recorded", types=("address", "string", "bytes"), indexed=("address",), data=("string", "bytes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """One record as committed: where it stands, who sent it, what it says.

    ``sender`` is the event's argument, ``signer`` the account whose signature the transaction carries (20 bytes each).
    ``echoed`` tells that the event repeats exactly what the signer signed.
    """

    transaction_index: int
    log_index: int
    transaction_hash: bytes
    contract: bytes
    sender: bytes
    signer: bytes
    kind: str
    payload: bytes
    echoed: bool


def record_call(suite: Suite, kind: str, payload: bytes) -> bytes:
    """Return the input of a transaction that records ``payload`` under ``kind``."""
    from eth_abi import encode

    return RECORD.selector(suite) + encode(RECORD.inputs, (kind, payload))


def record_log(suite: Suite, sender: bytes, kind: str, payload: bytes) -> tuple[tuple[bytes, bytes], bytes]:
    """Return the topics and the data of the log that the record book emits for that call."""
    from eth_abi import encode

    return (RECORDED.topic(suite), sender.rjust(WORD, b"\0")), encode(RECORDED.data, (kind, payload))


class Contract(Protocol):
    """A registered contract of another platform, read by its map (``ledger.mapped``)."""

    topics: frozenset[bytes]
    """First topics of its events."""

    def reads(self, call: bytes) -> bool:
        """Tell whether a call is one of its functions'."""

    def read(
        self, index: int, transaction: Transaction, receipt: Receipt, signer: bytes
    ) -> tuple[list[RecordedEvent], int]:
        """Return the records of a call that it reads, and the logs that are no evidence."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The registered contracts of one chain, by address (20 bytes): record books, and those that have a map."""

    suite: Suite
    books: frozenset[bytes]
    mapped: Mapping[bytes, Contract] = field(default_factory=dict)
    _topic: bytes = field(init=False)
    _selector: bytes = field(init=False)

    @property
    def contracts(self) -> frozenset[bytes]:
        """Every registered address."""
        return self.books.union(self.mapped)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_topic", RECORDED.topic(self.suite))
        object.__setattr__(self, "_selector", RECORD.selector(self.suite))

    def read(
        self, index: int, transaction: Transaction, receipt: Receipt, signer: bytes | None
    ) -> tuple[list[RecordedEvent], int]:
        """Return the transaction's records, and how many logs claim a registered contract without being evidence.

        ``signer`` is None where the signature could not be checked. Raises Malformed or ProofFailed when a log or an
        output of a registered contract has been split in another way than its ABI allows.
        """
        if receipt.status:
            return [], 0  # nothing that a failed transaction logged ever happened; some versions print it all the same
        called = transaction.to
        contract = None if called is None else self.mapped.get(called)
        if contract is not None and signer is not None and contract.reads(transaction.call):
            records, rest = contract.read(index, transaction, receipt, signer)
            if not receipt.framed:
                return records, rest
            others, more = self._framed(index, transaction, receipt, signer, but=called)
            return sorted((*records, *others), key=lambda each: each.log_index), rest + more
        if receipt.framed and signer is not None:
            return self._framed(index, transaction, receipt, signer)
        if called not in self.books or signer is None or transaction.call[:4] != self._selector:
            return [], self._claims(receipt)
        if receipt.output:
            raise ProofFailed(
                "output-split",
                f"The receipt of transaction {index} has an output, and the record book returns none: it hides a log",
            )
        if any(log.address != called for log in receipt.logs):
            raise ProofFailed(
                "log-foreign",
                f"The receipt of transaction {index} holds a log of a contract the record book never calls",
            )
        return [self._record(index, at, log, transaction, signer) for at, log in enumerate(receipt.logs)], 0

    def _framed(
        self, index: int, transaction: Transaction, receipt: Receipt, signer: bytes, *, but: bytes | None = None
    ) -> tuple[list[RecordedEvent], int]:
        """Read a receipt whose hash tells its logs apart: each of a record book is evidence, whichever contract called.

        What such a log holds is what the chain committed, so one that is no record is counted and refuses nothing.
        """
        records, rest = [], 0
        for at, log in enumerate(receipt.logs):
            if log.address == but:
                continue
            said = len(log.topics) == 2 and log.topics[0] == self._topic and not any(log.topics[1][: WORD - 20])
            if log.address in self.books and said and two_strings(log.data) is not None:
                records.append(self._record(index, at, log, transaction, signer))
            elif log.address in self.contracts:
                rest += 1
        return records, rest

    def _claims(self, receipt: Receipt) -> int:
        """Count the records of registered contracts in the hashed bytes, whether shown as logs or within an output."""
        if receipt.framed:
            return sum(log.address in self.contracts for log in receipt.logs)
        marks = [book.hex().encode() + self._topic for book in self.books]
        marks += [
            address.hex().encode() + topic for address, each in self.mapped.items() for topic in sorted(each.topics)
        ]
        return max(sum(preimage.count(mark) for mark in marks) for preimage in receipt.preimages)

    def mentioned(self, receipt: Receipt) -> bool:
        """Tell whether the hashed bytes of a receipt hold the address of a registered contract, as a log or hidden."""
        if receipt.framed:
            return self._claims(receipt) > 0
        addresses = [address.hex().encode() for address in self.contracts]
        return any(address in preimage for address in addresses for preimage in receipt.preimages)

    def _record(self, index: int, at: int, log: Log, transaction: Transaction, signer: bytes) -> RecordedEvent:
        where = f"Log {at} of transaction {index}"
        if len(log.topics) != 2 or log.topics[0] != self._topic:
            raise ProofFailed("log-split", f"{where} does not have the two topics of a Recorded event")
        sender = log.topics[1]
        if any(sender[: WORD - 20]):
            raise Malformed("log-split", f"{where} has a sender that is no address")
        said = two_strings(log.data)
        if said is None:
            raise ProofFailed("log-split", f"{where} has data that is not the canonical encoding of its arguments")
        kind, payload = said
        return RecordedEvent(
            transaction_index=index,
            log_index=at,
            transaction_hash=transaction.claimed_hash,
            contract=log.address,
            sender=sender[-20:],
            signer=signer,
            kind=kind.decode("utf-8", "backslashreplace"),
            payload=payload,
            # Both encode (string, bytes), which tells its own length; behind it only fees may follow.
            echoed=transaction.to == log.address
            and transaction.call.startswith(log.data, 4)
            and sender[-20:] == signer,
        )

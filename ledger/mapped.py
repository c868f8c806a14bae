"""Reading the logs of a contract that has a map, with one reading for every receipt (docs/adr/0009).

The call is what its signer signed; its selector names the function, so the output has one length. After it come the
logs, each of an event that the map has, its topics counted and its data in canonical encoding. A receipt that does not
fit this was split in another way than it was hashed, and is refused; unless the map says that the contract calls others
that log (``foreign_logs``): then nothing of such a receipt is evidence, and its logs are counted as unproven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.contract_map import Unfit, values_of
from ledger.contracts import WORD, RecordedEvent, canonical, raw_types
from ledger.errors import ProofFailed
from ledger.records.base import canonical as canonical_json

if TYPE_CHECKING:
    from ledger.chains.shape import Log, Receipt, Transaction
    from ledger.contract_map import Argument, ContractMap
    from ledger.contracts import Event, Function
    from ledger.suites import Suite

__all__ = ["MappedContract"]

DYNAMIC = ("string", "bytes")


class MappedContract:
    """A contract at an address, read by its map (a ``contracts.Contract``)."""

    def __init__(self, address: bytes, mapping: ContractMap, suite: Suite) -> None:
        self._address, self._map = address, mapping
        self._functions: dict[bytes, Function] = {each.selector(suite): each for each in mapping.calls()}
        self._events: dict[bytes, tuple[Event, tuple[Argument, ...]]] = {
            event.topic(suite): (event, arguments) for event, arguments in mapping.events()
        }
        self.topics = frozenset(self._events)

    def reads(self, call: bytes) -> bool:
        """Tell whether a call is one of the functions that the map has."""
        return call[:4] in self._functions

    def read(
        self, index: int, transaction: Transaction, receipt: Receipt, signer: bytes
    ) -> tuple[list[RecordedEvent], int]:
        """Return one record a log. Raises ProofFailed ``mapped-split`` when the receipt has no such reading.

        Where the receipt's hash itself tells its logs apart, those of other contracts, and those that the map does not
        have, are only counted.
        """
        values: list[tuple[int, str, dict[str, Any]]] = []
        try:
            if not receipt.framed:
                self._check_output(index, self._functions[transaction.call[:4]], receipt)
            for at, log in enumerate(receipt.logs):
                try:
                    values.append((at, *self._values(index, at, log)))
                except ProofFailed:
                    if not receipt.framed:
                        raise
        except ProofFailed:
            if self._map.foreign_logs:
                return [], len(receipt.logs)
            raise
        records = [self._record(index, transaction, signer, *each) for each in values]
        return records, sum(log.address == self._address for log in receipt.logs) - len(records)

    def _record(
        self, index: int, transaction: Transaction, signer: bytes, at: int, event: str, arguments: dict[str, Any]
    ) -> RecordedEvent:
        kind, payload = self._said(event, arguments, f"0x{transaction.claimed_hash.hex()}")
        return RecordedEvent(
            transaction_index=index,
            log_index=at,
            transaction_hash=transaction.claimed_hash,
            contract=self._address,
            sender=signer,
            signer=signer,
            kind=kind,
            payload=payload,
            echoed=True,  # the contract says what it did; that it did so for its caller is the quorum's word
        )

    def _check_output(self, index: int, function: Function, receipt: Receipt) -> None:
        if function.outputs:
            given = canonical(raw_types(function.outputs), receipt.output)
            fits = given is not None and len(receipt.output) == _length(function.outputs, given)
        else:
            fits = not receipt.output
        if not fits:
            raise _split(f"The output of transaction {index} is not what {function.name} returns")

    def _values(self, index: int, at: int, log: Log) -> tuple[str, dict[str, Any]]:
        where = f"Log {at} of transaction {index}"
        if log.address != self._address:
            raise _split(f"{where} is of another contract than the one that was called")
        known = self._events.get(log.topics[0]) if log.topics else None
        if known is None:
            raise _split(f"{where} is of no event in the contract's map")
        event, arguments = known
        if len(log.topics) != 1 + len(event.indexed):
            raise _split(f"{where} does not have the topics of {event.name}")
        data: tuple[Any, ...] | None = canonical(raw_types(event.data), log.data) if event.data else ()
        if data is None or len(log.data) != _length(event.data, data):
            raise _split(f"{where} has data that is not the canonical encoding of {event.name}")
        topics = [_topic(kind, topic) for kind, topic in zip(event.indexed, log.topics[1:], strict=True)]
        if any(value is None for value in topics):
            raise _split(f"{where} has a topic that is not the encoding of its argument")
        rest, indexed = iter(data), iter(topics)
        values = {name: next(indexed if at_topic else rest) for name, _, at_topic in arguments}
        return event.name, {name: _told(kind, values[name]) for name, kind, _ in arguments}

    def _said(self, event: str, arguments: dict[str, Any], transaction: str) -> tuple[str, bytes]:
        try:
            kind, payload = self._map.record_of(event, arguments, transaction)
            return kind, canonical_json(payload)
        except Unfit:
            return f"{self._map.name}.{event}", canonical_json({"arguments": values_of(arguments), "v": 1})


def _length(types: tuple[str, ...], values: tuple[Any, ...]) -> int:
    from eth_abi import encode

    return len(encode(raw_types(types), values)) if types else 0


def _topic(kind: str, topic: bytes) -> Any:
    """Return an indexed argument; of a dynamic one only its hash is there. None when it is not canonical."""
    if kind in DYNAMIC or kind.endswith("[]"):
        return topic
    value = canonical((kind,), topic)
    return None if value is None or len(topic) != WORD else value[0]


def _told(kind: str, value: Any) -> Any:
    """Return text as text where it is UTF-8; anything else as it is."""
    if kind != "string" or not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _split(message: str) -> ProofFailed:
    return ProofFailed("mapped-split", message)

"""Which record shows a step: its kind, its block's time and its signer, read for many positions at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Executable, select
from sqlmodel import col

from ledger.errors import StoreDamaged
from ledger.facts import Address, Fact
from ledger.position import Position
from ledger.store import AsOf
from ledger.store.tables import BlockRow, RecordRow
from regulator.steps import Evidence

AT_ONCE: Final = 500
"""Positions asked for in one query: databases limit the parameters of a statement."""


class Register:
    """Evidence by position. Say with ``expect`` which positions will be asked for, so that they are read together."""

    def __init__(self, facts: AsOf) -> None:
        self._facts = facts
        self._wanted: set[int] = set()
        self._known: dict[int, Evidence] = {}

    def expect(self, positions: Iterable[int]) -> None:
        """Remember positions to be read with the next one asked for; those beyond the reading's height are not."""
        limit = Position(self._facts.height + 1, 0, 0).number
        self._wanted.update(position for position in positions if position < limit)

    def began(self, fact: Fact) -> Evidence:
        """The record that began this version of a fact."""
        return self.at(fact.from_position)

    def at(self, position: int) -> Evidence:
        """The record at a position; raises StoreDamaged when the facts name one that is not kept."""
        if position not in self._known:
            self._read(sorted({position, *self._wanted} - self._known.keys()))
            self._wanted.clear()
        try:
            return self._known[position]
        except KeyError:
            raise StoreDamaged(
                "record-missing", f"the facts name record {Position.from_number(position)}, which is not kept"
            ) from None

    def _read(self, positions: Sequence[int]) -> None:
        for some in _chunks(positions):
            statement = (
                select(col(RecordRow.position), col(RecordRow.kind), col(RecordRow.signer))
                .add_columns(col(RecordRow.transaction_hash))
                .where(col(RecordRow.position).in_(some))
            )
            rows = rows_of(self._facts, statement)
            times = self._times({Position.from_number(position).height for position, *_ in rows})
            owners = self._owners({_hex(signer) for _, _, signer, _ in rows})
            for position, kind, signer, transaction in rows:
                place = Position.from_number(position)
                self._known[position] = Evidence(
                    position=str(place),
                    height=place.height,
                    kind=kind,
                    time=times[place.height],
                    signer=_owner(owners.get(_hex(signer), ()), position) or _hex(signer),
                    transaction=_hex(transaction),
                )

    def _times(self, heights: set[int]) -> dict[int, datetime]:
        statement = select(col(BlockRow.height), col(BlockRow.timestamp)).where(
            col(BlockRow.height).in_(sorted(heights))
        )
        return {
            height: datetime.fromtimestamp(timestamp / 1000, tz=UTC)
            for height, timestamp in rows_of(self._facts, statement)
        }

    def _owners(self, addresses: set[str]) -> dict[str, list[tuple[int, int | None, str]]]:
        statement = (
            select(col(Address.id), col(Address.from_position), col(Address.to_position), col(Address.member))
            .where(col(Address.id).in_(sorted(addresses)))
            .order_by(col(Address.from_position))
        )
        found: dict[str, list[tuple[int, int | None, str]]] = {}
        for address, began, ended, member in rows_of(self._facts, statement):
            found.setdefault(address, []).append((began, ended, member))
        return found


def rows_of(facts: AsOf, statement: Executable) -> list[Any]:
    """The rows of a statement over several columns."""
    rows: Iterable[Any] = facts.execute(statement)
    return list(rows)


def _owner(versions: Iterable[tuple[int, int | None, str]], position: int) -> str | None:
    """The member an address belonged to when a record was made; the record that admits a member is its own witness."""
    for began, ended, member in versions:
        if began <= position and (ended is None or ended > position):
            return member
    return None


def _hex(value: bytes) -> str:
    return "0x" + bytes(value).hex()


def _chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]

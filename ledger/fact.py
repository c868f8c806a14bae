"""One version of a fact: the columns every fact table shares, and how their values are kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sqlalchemy import BigInteger, DateTime, String, Table, TypeDecorator
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from ledger.position import Position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Dialect

__all__ = ["Exact", "Fact", "Instant"]


class Instant(TypeDecorator[datetime]):
    """A UTC-aware instant, kept without a zone because not every database keeps one."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


class Exact(TypeDecorator[Decimal]):
    """A decimal kept digit for digit as text: SQLite knows only binary fractions."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Fact(SQLModel):
    """One version of one fact. See the module for what its five columns mean."""

    id: str = Field(primary_key=True)
    from_height: int = Field(default=0, sa_type=BigInteger)
    from_position: int = Field(default=0, primary_key=True, sa_type=BigInteger)
    to_height: int | None = Field(default=None, sa_type=BigInteger)
    to_position: int | None = Field(default=None, sa_type=BigInteger)

    __table__: ClassVar[Table]

    label: ClassVar[str]
    """The table's name."""
    names: ClassVar[tuple[str, ...]]
    """Every column in order."""
    stated: ClassVar[tuple[str, ...]]
    """The columns a record states: all but the heights and ``to_position``. What the facts digest covers."""
    defaults: ClassVar[dict[str, Any]]

    # A row is made once per change and never tracked by a session: setting its values at once, instead of one by one
    # through the mapper's instruments, takes a fifth of the time.
    def __init__(self, **values: Any) -> None:
        if not values.keys() <= self.columns_set:
            raise TypeError(f"{type(self).__name__} has no {sorted(values.keys() - self.columns_set)}")
        self.__dict__.update(self.defaults)
        self.__dict__.update(values)

    columns_set: ClassVar[frozenset[str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        fields = cls.model_fields
        cls.label = _snake(cls.__name__)
        cls.names = tuple(fields)
        cls.columns_set = frozenset(fields)
        cls.stated = tuple(name for name in fields if name not in ("from_height", "to_height", "to_position"))
        cls.defaults = {name: each.default for name, each in fields.items() if not each.is_required()}

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805
        return _snake(cls.__name__)

    @property
    def began(self) -> Position:
        """The record that began this version."""
        return Position.from_number(self.from_position)

    @property
    def ended(self) -> Position | None:
        """The record that ended this version."""
        return None if self.to_position is None else Position.from_number(self.to_position)

    def values(self) -> dict[str, Any]:
        """Return every column by name."""
        mine = self.__dict__
        return {name: mine[name] for name in self.names}

    def __eq__(self, other: object) -> bool:
        """Tell whether the other is of the same table and has the same values."""
        return isinstance(other, Fact) and self.label == other.label and self.values() == other.values()

    __hash__ = None  # type: ignore[assignment]

    def seen_from(self, height: int) -> None:
        """Forget an end that came after the height: from there it was not known."""
        if self.to_height is not None and self.to_height > height:
            self.__dict__["to_height"] = self.__dict__["to_position"] = None

    def changed(self, **changes: Any) -> Self:
        """Return the same thing with other values, not yet begun."""
        if not changes.keys() <= self.columns_set:
            raise TypeError(f"{type(self).__name__} has no {sorted(changes.keys() - self.columns_set)}")
        return self.from_columns({**self.values(), **changes})

    @classmethod
    def from_columns(cls, values: Mapping[str, Any]) -> Self:
        """Return the version with these values of every column, as a plain value that no session knows."""
        row: Self = cls.__new__(cls)
        row.__dict__.update(values)
        return row

    @classmethod
    def as_read(cls, values: dict[str, Any]) -> Self:
        """Return the version with these values of every column, to be looked at only; it keeps the dictionary.

        It is of a class beneath the table's, which no mapper knows.
        """
        row: Self = object.__new__(_looked_at(cls))
        object.__setattr__(row, "__dict__", values)
        return row


@cache
def _looked_at(table: type[Fact]) -> type[Any]:
    """Return the class of a table's rows that are only looked at: a column is an attribute of theirs as any other.

    On the table's own class it is the mapper's instrument, which takes ten times as long; there are millions of looks.
    """
    plain: dict[str, Any] = dict.fromkeys((*table.names, "__pydantic_extra__", "__pydantic_private__"))
    plain["__pydantic_fields_set__"] = table.columns_set
    plain["from_columns"] = table.from_columns  # what is made of one is the table's own again
    plain["__reduce_ex__"] = lambda row, _: (table.from_columns, (row.values(),))
    return type.__new__(type(table), table.__name__, (table,), plain | {"__module__": table.__module__})

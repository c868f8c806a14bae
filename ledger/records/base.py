"""A kind of record, in one place: its payload's shape, who may write it, what it refers to, and what it makes true.

A payload is canonical JSON (UTF-8, sorted keys, no insignificant space); it is decoded strictly, and whatever does not
decode is kept as it came and reported, never raised: the chain committed it.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core.core_schema import no_info_after_validator_function, no_info_before_validator_function

from ledger.finding import Code

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

    from ledger.facts import Fact
    from ledger.projection import Projection, Record

__all__ = [
    "KINDS",
    "MAX_FEN",
    "Account",
    "Amount",
    "Currency",
    "Day",
    "Delta",
    "Digest",
    "Distinct",
    "Id",
    "Ids",
    "Instant",
    "Lookup",
    "Need",
    "Part",
    "Payload",
    "PlanId",
    "Positive",
    "Quantity",
    "Rate",
    "Reference",
    "Role",
    "Roles",
    "Text",
    "Undecoded",
    "canonical",
    "decode",
    "record_kind",
]

MAX_FEN = 10**14  # one amount: a trillion yuan. Sums of 90,000 such amounts still fit a database's 64 bits
MAX_ITEMS = 100_000  # in one list of one record
REASON_SHOWN = 200  # characters


class Role(StrEnum):
    """What a member is in the consortium (角色)."""

    CORE_ENTERPRISE = "core_enterprise"
    SUPPLIER = "supplier"
    FACTOR = "factor"
    BANK = "bank"
    PLATFORM = "platform"
    PLAN_MANAGER = "plan_manager"
    CUSTODIAN = "custodian"
    SERVICER = "servicer"
    ORIGINATOR = "originator"
    RATING = "rating"
    LAW_FIRM = "law_firm"
    ASSET_GATEWAY = "asset_gateway"
    INVOICE_VERIFIER = "invoice_verifier"
    SETTLEMENT = "settlement"
    WAREHOUSE = "warehouse"
    CUSTOMS_PLATFORM = "customs_platform"
    EXCHANGE = "exchange"
    REGISTRY = "registry"
    REGULATOR = "regulator"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    SUPERVISING = "supervising"
    COLLECTING = "collecting"
    USING = "using"
    SUBJECT = "subject"
    SUPPORTING = "supporting"


class Need(Enum):
    """What a record needs of a thing it names."""

    NEW = "must not exist yet; the record has no effect when it does"
    ESSENTIAL = "must exist; the record has no effect when it does not"
    MENTIONED = "should exist; the record has its effect all the same"
    READ = "may exist or not; the projection asks"


class Reference(NamedTuple):
    """A thing a record names, and what it needs of it."""

    table: type[Fact]
    id: str
    need: Need = Need.MENTIONED


class Lookup(NamedTuple):
    """Rows that hold now and have one of these values in an indexed column."""

    table: type[Fact]
    column: str
    values: tuple[str, ...]


T = TypeVar("T")
W = TypeVar("W")


class Written(Generic[W]):
    """Text of one exact form, read as a value; a payload's schema states the form."""

    def __init__(self, form: str, read: Callable[[str], W], rule: str, **schema: str) -> None:
        self._matches = re.compile(rf"{form}\Z", re.ASCII).match
        self._read, self._rule = read, rule
        self._schema: dict[str, Any] = {"type": "string", "pattern": f"^{form}$", **schema}

    def read(self, value: object) -> W:
        """Return the value; ValueError for anything but text of the form that has one."""
        if not isinstance(value, str) or self._matches(value) is None:
            raise ValueError(self._rule)
        return self._read(value)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        return self._schema


_DAY = Written(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat, "a day is written YYYY-MM-DD", format="date")
_INSTANT = Written(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z",
    lambda text: datetime.fromisoformat(text).astimezone(UTC),
    "an instant is written YYYY-MM-DDTHH:MM:SSZ",
    format="date-time",
)
_RATE = Written(
    r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?", Decimal, "a rate is a decimal written as a string, such as 0.0525"
)
_QUANTITY = Written(
    r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?", Decimal, "a quantity is a decimal written as a string, such as 12.5"
)


class Distinct:
    """Of a list: it names nothing twice."""

    @staticmethod
    def read(values: tuple[T, ...]) -> tuple[T, ...]:
        """Return the values; ValueError when two are the same."""
        if len(set(values)) != len(values):
            raise ValueError("the list names one thing twice")
        return values

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "uniqueItems": True}


# No control characters: they cannot be shown, and a database may refuse them.
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
Id = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_PRINTABLE)]
Ids = Annotated[tuple[Id, ...], Field(max_length=MAX_ITEMS)]
Text = Annotated[str, StringConstraints(max_length=1000, pattern=_PRINTABLE)]
PlanId = Annotated[
    str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029/]*$")
]
Account = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{40}$")]
Roles = Annotated[tuple[Role, ...], Field(min_length=1, max_length=len(Role)), Distinct()]
Amount = Annotated[int, Field(ge=0, le=MAX_FEN)]
Positive = Annotated[int, Field(gt=0, le=MAX_FEN)]
Delta = Annotated[int, Field(ge=-MAX_FEN, le=MAX_FEN)]
Day = Annotated[date, _DAY]
Instant = Annotated[datetime, _INSTANT]
Rate = Annotated[Decimal, _RATE]
Quantity = Annotated[Decimal, _QUANTITY]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """A strict, frozen object inside a payload."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Payload(Part):
    """The content of one kind of record at one version."""

    kind: ClassVar[str]
    writers: ClassVar[frozenset[Role]]
    """Who may write it; empty: any member."""
    authority: ClassVar[bool] = False
    """It says who may write what: it has no effect when its sender may not write it (docs/adr/0015)."""

    v: int
    """The version; it chose this class, so nothing more is checked."""

    def admits_itself(self, record: Record) -> bool:
        """Tell whether this is how a first member may come in though nobody knows its sender yet."""
        del record
        return False

    @abstractmethod
    def references(self) -> Iterable[Reference]:
        """Return what the record names. Every thing its projection reads belongs here: it is read in one go."""

    def makes(self, record: Record) -> Iterable[Reference]:
        """Return what it makes under names that come from its transaction; they are new like any other."""
        del record
        return ()

    def lookups(self) -> Iterable[Lookup]:
        """Return what the projection looks up by something else than a name; it is read in one go too."""
        return ()

    def lookups_after(self, facts: Projection) -> Iterable[Lookup]:
        """Return what it looks up by what the things it names say; those have been read by then."""
        del facts
        return ()

    @abstractmethod
    def project(self, facts: Projection) -> None:
        """Make true what the record states, and raise findings for what it breaks.

        Called once the things it needs are known to exist.
        """


KINDS: dict[tuple[str, int], type[Payload]] = {}
"""Every kind and version there is."""

P = TypeVar("P", bound=type[Payload])


def record_kind(kind: str, *, by: Iterable[Role] = (), version: int = 1) -> Callable[[P], P]:
    """Register the class below as the payload of ``kind``, which only members with one of these roles may write."""

    def register(payload: P) -> P:
        if (kind, version) in KINDS:
            raise RuntimeError(f"{kind} version {version} is registered twice")
        payload.kind = kind
        payload.writers = frozenset(by)
        KINDS[kind, version] = payload
        return payload

    return register


@dataclass(frozen=True, slots=True)
class Undecoded:
    """A payload that is kept raw: the code of its finding, and why."""

    code: Code
    reason: str


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:
    """Return the one canonical JSON encoding of plain values; ValueError for what JSON cannot say."""
    return _encode(value).encode()


def _malformed(reason: str) -> Undecoded:
    """Say why, in what can be kept and shown: a payload's own words may be long and hold any character."""
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in reason[:REASON_SHOWN])
    return Undecoded(Code.MALFORMED, shown)


def decode(kind: str, payload: bytes) -> Payload | Undecoded:
    """Return the payload as its kind's class, or why it cannot be. Never raises for anything a chain may hold."""
    try:
        value = json.loads(payload)
        if canonical(value) != payload:
            return _malformed("it is not in canonical JSON")
    except (ValueError, RecursionError):
        return _malformed("it is not JSON in UTF-8")
    version = value.get("v") if isinstance(value, dict) else None
    if type(version) is not int:
        return _malformed("it states no version")
    found = KINDS.get((kind, version))
    if found is None:
        if any(known == kind for known, _ in KINDS):
            return Undecoded(Code.UNKNOWN_VERSION, f"version {version} of this kind is not known here")
        return Undecoded(Code.UNKNOWN_KIND, "this kind is not known here")
    try:
        return found.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        return _malformed(f"{where or 'it'}: {first['msg']}")

"""What a plan's record states, part by part: tranches, terms, accounts, fees, triggers, criteria and limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic_core.core_schema import no_info_after_validator_function

from ledger.records.base import Amount, Day, Id, Part, Positive, Rate, Text, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "Accounts",
    "Criteria",
    "Document",
    "Event",
    "Fees",
    "Limits",
    "Period",
    "Revolving",
    "Terms",
    "TrancheTerms",
    "Tranches",
    "Triggers",
    "columns_of",
    "entries",
    "face_of",
    "with_terms",
]

P = TypeVar("P", bound=Part)

LISTED = 100  # entries of one list of a plan's record
DEEPEST = 12  # objects and lists within each other in a document
MOST_VALUES = 20_000  # in a document, at any depth
MOST_BYTES = 512 * 1024  # of a document, which every fee that is paid looks into and every amendment keeps again
LARGEST = 10**18  # of a document's integers, either way: within a database's 64 bits

Period = Annotated[int, Field(ge=0, le=10_000)]
"""The period of a plan that a payment is for."""

Event = Literal["acceleration", "default", "perfection", "early_termination", "revolving_ended"]
"""加速清偿, 违约, 权利完善, 提前终止, 提前结束循环期."""


class TrancheTerms(Part):
    """A tranche as the plan's record states it."""

    tranche: Id
    name: Text
    code: Text
    rank: Literal["senior", "mezzanine", "subordinated"]
    principal: Amount
    rate: Rate | None
    repayment: Literal["pass_through", "scheduled", "bullet", "residual"]
    maturity: Day


class Terms(Part):
    """How the plan computes: day count, rounding to the fen, fen per unit, days from record date to payment."""

    day_count: Literal["ACT/365F"]
    rounding: Literal["half_up", "down"]
    face: Positive
    record_date_lag: Annotated[int, Field(ge=0, le=366)]


class AccountTerms(Part):
    """An account of the plan, and the bank that keeps it."""

    account: Id
    kind: Literal["collection", "custody", "reserve", "distribution"]
    bank: Id


class FeeTerms(Part):
    """A fee: so much a year, so much in all, or both."""

    fee: Id
    payee: Id
    rate: Rate | None = None
    amount: Amount | None = None


class TriggerTerms(Part):
    """The event that a measure leads to when it is beyond its threshold for so many periods in a row."""

    trigger: Id
    event: Event
    measure: Text
    threshold: Rate
    periods: Annotated[int, Field(ge=1, le=1_000)]


class Criterion(Part):
    """A condition that assets meet when they come in, and its figure where it has one."""

    criterion: Id
    text: Text
    limit: Rate | None = None


class LimitTerms(Part):
    """The share of the pool that one debtor, creditor, industry or region may have."""

    by: Literal["debtor", "creditor", "industry", "region"]
    limit: Rate


class Revolving(Part):
    """The last day of the revolving period (循环期), and the least yield of what is bought in it."""

    until: Day
    min_yield: Rate | None = None


def _named_once(name: str) -> Callable[[tuple[P, ...]], tuple[P, ...]]:
    """Return the check that no two entries have the same ``name``."""

    def check(entries: tuple[P, ...]) -> tuple[P, ...]:
        if len({getattr(each, name) for each in entries}) != len(entries):
            raise ValueError(f"two entries have one {name}")
        return entries

    return check


_listed = Field(max_length=LISTED)
Tranches = Annotated[
    tuple[TrancheTerms, ...], Field(min_length=1, max_length=LISTED), AfterValidator(_named_once("tranche"))
]
Accounts = Annotated[tuple[AccountTerms, ...], _listed, AfterValidator(_named_once("account"))]
Fees = Annotated[tuple[FeeTerms, ...], _listed, AfterValidator(_named_once("fee"))]
Triggers = Annotated[tuple[TriggerTerms, ...], _listed, AfterValidator(_named_once("trigger"))]
Criteria = Annotated[tuple[Criterion, ...], _listed, AfterValidator(_named_once("criterion"))]
Limits = Annotated[tuple[LimitTerms, ...], _listed, AfterValidator(_named_once("by"))]


_TEXT = TypeAdapter[str](Text)
_DAY, _RATE, _PAY = TypeAdapter[Any](Day), TypeAdapter[Any](Rate), TypeAdapter[Any](tuple[Day, ...])
_STATED: tuple[tuple[str, str, str], ...] = (
    ("day_count", "conventions", "day_count"),
    ("rounding", "conventions", "rounding"),
    ("face", "conventions", "face"),
    ("record_date_lag", "dates", "record"),
)
"""Where a document says what ``Plan.terms`` keeps: the name there, the document's part, the name in it."""


class _Plain:
    """Of a document: plain JSON without fractions, no deeper or larger than a database and a reader can take."""

    def read(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the document; ValueError for what a plan's document cannot hold."""
        self._count(document, 1, 0)
        if len(canonical(document)) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES} bytes")
        return document

    def _count(self, value: Any, depth: int, before: int) -> int:
        """Return how many values there are with this one and all in it."""
        count = before + 1
        if count > MOST_VALUES:
            raise ValueError(f"it holds more than {MOST_VALUES} values")
        if isinstance(value, dict | list):
            if depth > DEEPEST:
                raise ValueError(f"it is more than {DEEPEST} levels deep")
            for each in value.values() if isinstance(value, dict) else value:
                count = self._count(each, depth + 1, count)
            for name in value if isinstance(value, dict) else ():
                _check_text(name)
        elif isinstance(value, str):
            _check_text(value)
        elif isinstance(value, float) or abs(value or 0) > LARGEST:
            raise ValueError("it holds a fraction, or an integer beyond 10^18: decimals are written as strings")
        return count

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        return {"type": "object"}


def _check_text(text: str) -> None:
    try:
        _TEXT.validate_python(text)
    except ValidationError:
        raise ValueError("it holds a text of more than 1,000 characters, or one that cannot be shown") from None


Document = Annotated[dict[str, Any], _Plain()]
"""The terms of a plan (交易条款) as one document: ``abs.terms`` says what stands in it, and judges it."""


def _part(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _read(adapter: TypeAdapter[Any], value: Any) -> Any:
    """Return a value of the document, None where it has none or one of another shape."""
    try:
        return adapter.validate_python(tuple(value) if isinstance(value, list) else value)
    except ValidationError:
        return None


def columns_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of :class:`Plan` that follow from a document: itself, and what the ledger reads in it."""
    stated = {name: _part(document, part).get(key) for name, part, key in _STATED}
    revolving = _part(document, "revolving")
    days: tuple[date, ...] = _read(_PAY, _part(document, "dates").get("pay")) or ()
    return {
        "document": canonical(document).decode(),
        "terms": canonical({name: value for name, value in stated.items() if value is not None}).decode(),
        "revolving_until": _read(_DAY, revolving.get("until")),
        "revolving_min_yield": _read(_RATE, revolving.get("min_yield")),
        "payment_dates": [day.isoformat() for day in days],
    }


def with_terms(document: str, terms: Terms) -> str:
    """Return a document in which these terms have taken the place of its own."""
    whole = json.loads(document)
    for name, part, key in _STATED:
        whole[part] = {**_part(whole, part), key: getattr(terms, name)}
    return canonical(whole).decode()


def face_of(terms: str) -> int | None:
    """Return the fen per unit that ``Plan.terms`` states; None where a document says nothing that can be one."""
    face = json.loads(terms).get("face")
    return face if type(face) is int and face > 0 else None


def entries(document: str, part: str, name: str) -> dict[str, dict[str, Any]]:
    """Return the entries of one list of a document by their name; what is no such entry is left out."""
    found = json.loads(document).get(part)
    listed = found if isinstance(found, list) else ()
    return {each[name]: each for each in listed if isinstance(each, dict) and isinstance(each.get(name), str)}

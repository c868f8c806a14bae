"""What another platform's contract says, in our vocabulary: a TOML map from its ABI events to records.

A map names the contract's functions and events by their signatures and, for each event, the record it stands for and
where each field of the payload comes from. It is data that an operator reads and pins together with the contract's
address: facts follow from it. An event that no section takes becomes a record of kind ``<map>.<Event>`` with its raw
arguments, as does one whose values do not fit the section; so nothing a contract said is lost, and each is a finding.

The chain's hashes leave open where an output ends and a log begins. Here the reading is one as well, because the map
has the outputs of every function and the arguments of every event, and each encoding tells its own length.
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ledger.business_day import business_day
from ledger.contracts import Event, Function
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["ContractMap", "Unfit", "contract_map", "load_contract_map", "values_of"]

MAX_MAP_BYTES = 1 << 20
MAX_DEPTH = 8  # of lists and objects within one payload
_TYPE = r"[a-z]{3,7}[0-9]{0,3}(?:\[\])?"  # eth-abi says which of these there are
_ARGUMENT = re.compile(rf"({_TYPE})( indexed)? ([A-Za-z_][A-Za-z0-9_]*)\Z")
_EVENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\((.*)\)\Z")
_FUNCTION = re.compile(rf"([A-Za-z_][A-Za-z0-9_]*)\(((?:{_TYPE}(?:,{_TYPE})*)?)\)\Z")
_LONE_TYPE = re.compile(rf"{_TYPE}\Z")


class Unfit(Exception):
    """An event's values do not fit the section that takes it."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class Value(_Strict):
    """Where one value comes from: exactly one of these.

    ``value`` is a constant; the others name an argument of the event, taken as text (a string, or the ASCII of a fixed
    array of bytes), as 0x and hex digits, as an integer, as money in units of 10**-``decimals`` yuan, as decimal digits
    of which ``places`` stand behind the point, as a party (its
    hash looked up in the map's parties, and left as it is when nobody is known by it), as a day or an instant (seconds
    since 1970, or the digits YYYYMMDD), or by a table of choices. ``transaction`` is the transaction's hash.
    """

    value: Any = None
    text: Name | None = None
    hex: Name | None = None
    integer: Name | None = None
    fen: Name | None = None
    decimals: Annotated[int, Field(ge=0, le=30)] = 2
    digits: Name | None = None
    places: Annotated[int, Field(ge=0, le=30)] = 0
    negative: bool = False
    party: Name | None = None
    day: Name | None = None
    instant: Name | None = None
    form: Literal["seconds", "milliseconds", "yyyymmdd"] = "seconds"
    choice: Name | None = None
    of: dict[str, Any] = Field(default_factory=dict)
    transaction: Literal[True] | None = None
    prefix: str = ""
    list: tuple[Value, ...] | None = None
    object: dict[str, Value] | None = None

    @model_validator(mode="after")
    def _one(self) -> Value:
        given = [name for name in SOURCES if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"a value says exactly one of {', '.join(SOURCES)}")
        return self

    def arguments(self) -> set[str]:
        """Return the names of the arguments it uses."""
        named = {getattr(self, source) for source in ARGUMENTS} - {None}
        for inner in (*(self.list or ()), *(self.object or {}).values()):
            named |= inner.arguments()
        return named


ARGUMENTS = ("text", "hex", "integer", "fen", "digits", "party", "day", "instant", "choice")
SOURCES = ("value", *ARGUMENTS, "transaction", "list", "object")


class Section(_Strict):
    """One event, when it is taken, and the record it becomes."""

    event: str
    """Its signature: ``Created(bytes32 indexed id, uint256 amount)``."""
    when: dict[str, int | str | bool] = Field(default_factory=dict)
    """Arguments that must have these values for this section to take the event."""
    record: Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+$")]
    payload: dict[str, Value]


class Called(_Strict):
    """A function by its types: what it returns tells where its output ends."""

    signature: str
    outputs: tuple[str, ...] = ()


class ContractMap(_Strict):
    """A contract's map. ``parties``: 0x-hash -> member. ``foreign_logs``: it calls contracts that log on their own."""

    format: Literal[1]
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    foreign_logs: bool = False
    functions: tuple[Called, ...] = Field(min_length=1, max_length=1_000)
    sections: tuple[Section, ...] = Field(min_length=1, max_length=1_000)
    others: tuple[str, ...] = ()
    """Signatures of events that are read and become no record of ours."""
    parties: dict[Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{2,64}$")], str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> ContractMap:
        for called in self.functions:
            _function(called)
        signatures = {*(each.event for each in self.sections), *self.others}
        names = [arguments_of(signature)[0] for signature in signatures]
        if len(set(names)) != len(names):
            raise ValueError("one event has two signatures")
        for section in self.sections:
            arguments = {name for name, _, _ in arguments_of(section.event)[1]}
            used = set(section.when).union(*(value.arguments() for value in section.payload.values()))
            if missing := used - arguments:
                raise ValueError(f"{section.event} has no argument {', '.join(sorted(missing))}")
        return self

    def calls(self) -> tuple[Function, ...]:
        """Return the functions."""
        return tuple(map(_function, self.functions))

    def events(self) -> tuple[tuple[Event, tuple[Argument, ...]], ...]:
        """Return every event once, with its arguments as the signature orders them."""
        signatures = dict.fromkeys((*(each.event for each in self.sections), *self.others))
        return tuple(_event(signature) for signature in signatures)

    def record_of(self, event: str, arguments: Mapping[str, Any], transaction: str) -> tuple[str, dict[str, Any]]:
        """Return the kind and the payload that an event stands for; raises Unfit when no section can say it."""
        for section in self.sections:
            if arguments_of(section.event)[0] == event and all(
                _plain(arguments[name]) == wanted for name, wanted in section.when.items()
            ):
                payload = {name: self._made(value, arguments, transaction) for name, value in section.payload.items()}
                return section.record, payload
        raise Unfit("no section takes it")

    def _made(self, value: Value, arguments: Mapping[str, Any], transaction: str) -> Any:
        if value.list is not None:
            return [self._made(each, arguments, transaction) for each in value.list]
        if value.object is not None:
            return {name: self._made(each, arguments, transaction) for name, each in value.object.items()}
        if value.transaction:
            return value.prefix + transaction
        for source in ARGUMENTS:
            name = getattr(value, source)
            if name is not None:
                made = _CONVERT[source](value, arguments[name])
                made = self.parties.get(made, made) if source == "party" else made
                if not value.prefix:
                    return made
                if not isinstance(made, str):
                    raise Unfit("a prefix stands before text only")
                return value.prefix + made
        return value.value

    def to_json(self) -> str:
        """Return the map as JSON text that :meth:`model_validate_json` reads."""
        return self.model_dump_json(exclude_unset=True)


Argument = tuple[str, str, bool]
"""Name, type, indexed."""


def arguments_of(signature: str) -> tuple[str, tuple[Argument, ...]]:
    """Return an event's name and arguments; ValueError when the signature cannot be read."""
    found = _EVENT.match(signature)
    if found is None:
        raise ValueError(f"{signature} is no event's signature")
    arguments = []
    for part in filter(None, (each.strip() for each in found[2].split(","))):
        argument = _ARGUMENT.match(part)
        if argument is None:
            raise ValueError(f"{signature}: {part!r} is no argument such as 'uint256 indexed amount'")
        arguments.append((argument[3], argument[1], argument[2] is not None))
    _check_types(signature, (kind for _, kind, _ in arguments))
    if sum(indexed for _, _, indexed in arguments) > 3 or len({name for name, _, _ in arguments}) != len(arguments):
        raise ValueError(f"{signature}: at most three arguments are indexed, and each has its own name")
    return found[1], tuple(arguments)


def _event(signature: str) -> tuple[Event, tuple[Argument, ...]]:
    name, arguments = arguments_of(signature)
    event = Event(
        name=name,
        types=tuple(kind for _, kind, _ in arguments),
        indexed=tuple(kind for _, kind, indexed in arguments if indexed),
        data=tuple(kind for _, kind, indexed in arguments if not indexed),
    )
    return event, arguments


def _function(called: Called) -> Function:
    found = _FUNCTION.match(called.signature)
    if found is None or not all(map(_LONE_TYPE.match, called.outputs)):
        raise ValueError(f"{called.signature} is no function's signature, such as pay(bytes32,uint256)")
    inputs = tuple(filter(None, found[2].split(",")))
    _check_types(called.signature, (*inputs, *called.outputs))
    return Function(name=found[1], inputs=inputs, outputs=called.outputs)


def _check_types(signature: str, types: Iterable[str]) -> None:
    from eth_abi.exceptions import ABITypeError, ParseError
    from eth_abi.grammar import parse

    for each in types:
        try:
            parse(each).validate()
        except (ABITypeError, ParseError, ValueError):
            raise ValueError(f"{signature}: {each} is no type of the ABI") from None
        if parse(each).base not in ("address", "bool", "string", "bytes", "int", "uint"):
            raise ValueError(f"{signature}: {each} is no type of the ABI that is read here")
        if each.endswith("[]") and parse(each).base in ("string", "bytes") and not parse(each).sub:
            # One tail could be named by every offset: a small encoding of a huge value.
            raise ValueError(f"{signature}: lists of text or bytes are not read")


def _plain(value: Any) -> Any:
    """Return an argument as JSON can say it."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def values_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's arguments as a payload can hold them: what is kept where no section fits."""
    return {name: str(value) if _large(value) else _plain(value) for name, value in arguments.items()}


def _large(value: Any) -> bool:
    return type(value) is int and abs(value) >= 2**63


def _text(_: Value, given: Any) -> str:
    if isinstance(given, str):
        return given
    if not isinstance(given, bytes):
        raise Unfit("it is no text")
    try:
        return given.rstrip(b"\0").decode()
    except ValueError:
        raise Unfit("it is no text in UTF-8") from None


def _hex(_: Value, given: Any) -> str:
    if isinstance(given, bytes):
        return f"0x{given.hex()}"
    if isinstance(given, str) and given.startswith("0x"):  # an address, as the ABI's decoder prints it
        return given
    raise Unfit("it has no bytes")


def _integer(value: Value, given: Any) -> int:
    if type(given) is not int:
        raise Unfit("it is no number")
    number: int = given
    return -number if value.negative else number


def _fen(value: Value, given: Any) -> int:
    amount, scale = _integer(value, given), int(10 ** abs(value.decimals - 2))
    if value.decimals <= 2:
        return amount * scale
    if amount % scale:
        raise Unfit(f"{given} is no whole number of fen")
    return amount // scale


def _digits(value: Value, given: Any) -> str:
    number = _integer(value, given)
    digits = f"{abs(number):0{value.places + 1}d}"
    whole, part = digits[: len(digits) - value.places], digits[len(digits) - value.places :]
    return ("-" if number < 0 else "") + (f"{whole}.{part}" if part else whole)


def _moment(value: Value, given: Any) -> datetime:
    seconds = _integer(value, given)
    try:
        if value.form == "yyyymmdd":
            return datetime.strptime(f"{seconds:08d}", "%Y%m%d").replace(tzinfo=UTC)
        return datetime.fromtimestamp(seconds // 1000 if value.form == "milliseconds" else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unfit(f"{given} is no date") from None


def _day(value: Value, given: Any) -> str:
    found = _moment(value, given)
    try:
        day: date = found.date() if value.form == "yyyymmdd" else business_day(found)
    except OverflowError:  # the last hours of the year 9999 are in no year in China
        raise Unfit(f"{given} is no date") from None
    return day.isoformat()


def _instant(value: Value, given: Any) -> str:
    return _moment(value, given).strftime("%Y-%m-%dT%H:%M:%SZ")


def _choice(value: Value, given: Any) -> Any:
    key = str(_plain(given)).lower() if isinstance(given, bool) else str(_plain(given))
    if key not in value.of:
        raise Unfit(f"{key} is none of the choices")
    return value.of[key]


_CONVERT = {
    "text": _text,
    "hex": _hex,
    "party": _hex,
    "integer": _integer,
    "fen": _fen,
    "digits": _digits,
    "day": _day,
    "instant": _instant,
    "choice": _choice,
}


def contract_map(text: str) -> ContractMap:
    """Return the map that JSON text holds; raises Malformed ``contract-map``."""
    try:
        return ContractMap.model_validate_json(text)
    except ValidationError as failure:
        first = failure.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Malformed("contract-map", f"This is no contract map: {first['msg']}") from None


def load_contract_map(file: Path) -> ContractMap:
    """Return the map in a TOML file; raises Malformed ``contract-map`` with what is wrong in it."""
    try:
        with file.open("rb") as content:
            text = content.read(MAX_MAP_BYTES + 1)
        if len(text) > MAX_MAP_BYTES:
            raise _unusable(file, f"it has more than {MAX_MAP_BYTES} bytes")
        return ContractMap.model_validate(_tuples(tomllib.loads(text.decode())))
    except OSError as failure:
        raise _unusable(file, failure.strerror or "it cannot be read") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise _unusable(file, str(failure)) from None
    except ValidationError as failure:
        first = failure.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise _unusable(file, f"{where or 'it'}: {first['msg']}") from None


def _tuples(value: Any, depth: int = 0) -> Any:
    """Return TOML's arrays as tuples, which strict decoding asks for."""
    if depth > 3 * MAX_DEPTH:
        raise Malformed("contract-map", "The contract map is nested too deep")
    if isinstance(value, list):
        return tuple(_tuples(each, depth + 1) for each in value)
    return {name: _tuples(each, depth + 1) for name, each in value.items()} if isinstance(value, dict) else value


def _unusable(file: Path, why: str) -> Malformed:
    return Malformed(
        "contract-map",
        f"{file} is no contract map: {why}",
        next_step="Correct the map; docs/contract-maps.md says what it holds.",
    )

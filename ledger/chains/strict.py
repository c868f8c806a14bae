"""Strict readers of JSON values from outside: each gives exactly one kind of value or raises Malformed.

Python's own decoders accept ``+1``, ``1_0``, ``True`` for 1 and upper case where the hash was taken over lower case.
These do not. ``where`` names the field in the error, so a person finds it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

I32 = range(-(2**31), 2**31)
I64 = range(-(2**63), 2**63)
DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,19})\Z")  # at most 20 digits: the gas counters are 64 bits wide
ASCII = re.compile(r"[\x20-\x7e]*\Z")

Json = Any
Object = dict[str, Any]


def malformed(where: str, expected: str, value: object) -> Malformed:
    """Return the error for a value that is not ``expected``; the value is shown cut short."""
    if isinstance(value, dict | list):
        value = type(value)  # its contents may be as large as the block
    shown = repr(value[:60] if isinstance(value, str) else value)
    return Malformed("shape", f"{where} must be {expected}, and is {shown if len(shown) <= 60 else shown[:57] + '...'}")


def block_document(raw: bytes, where: str) -> Object:
    """Parse UTF-8 JSON bytes into an object without a name twice, fast; fields nothing reads may hold any number.

    The parser keeps the last of two members of one name. Every member has its colon, so where there are as many colons
    as names were read, none was lost; only where texts hold colons too does a slower parser have to tell.
    """
    value = _parsed(raw, where)
    if raw.count(b":") != _names(value):
        _named_once_throughout(raw, where)
    return as_object(value, where)


def _parsed(raw: bytes, where: str) -> Json:
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError as failure:
        raise Malformed("json", f"{where} is not JSON: {failure}") from None


def _names(value: Json) -> int:
    """Count the members of all objects."""
    found, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        if type(each) is dict:
            found += len(each)
            waiting += [inner for inner in each.values() if type(inner) is dict or type(inner) is list]
        elif type(each) is list:
            waiting += [inner for inner in each if type(inner) is dict or type(inner) is list]
    return found


def _named_once_throughout(raw: bytes, where: str) -> None:
    try:
        json.loads(raw, object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as failure:
        raise Malformed("json", f"{where} is not JSON as it is written here: {failure}") from None


def document(raw: bytes, where: str) -> Object:
    """Parse UTF-8 JSON bytes into an object that holds no float, no number out of bounds and no name twice."""
    _parsed(raw, where)  # bounds the nesting, and gives the better message
    try:
        value = json.loads(raw, parse_float=_refused, parse_constant=_refused, object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as failure:
        raise Malformed("json", f"{where} is not JSON as it is written here: {failure}") from None
    return as_object(value, where)


def _refused(number: str) -> float:
    raise ValueError(f"{number[:40]} is a number with a fraction or an exponent")


def _named_once(pairs: list[tuple[str, Json]]) -> Object:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def is_json(raw: bytes) -> bool:
    """Tell whether the bytes are one whole JSON value."""
    try:
        from_json(raw, allow_inf_nan=False)
    except ValueError:
        return False
    return True


def has_member(raw: bytes, name: str) -> bool:
    """Tell whether the bytes are a JSON object with a member of that name."""
    try:
        value = from_json(raw, allow_inf_nan=False)
    except ValueError:
        return False
    return isinstance(value, dict) and name in value


def as_object(value: Json, where: str) -> Object:
    if not isinstance(value, dict):
        raise malformed(where, "an object", value)
    return value


def as_list(value: Json, where: str, most: int) -> list[Json]:
    if not isinstance(value, list):
        raise malformed(where, "a list", value)
    if len(value) > most:
        raise Malformed("limit", f"{where} has {len(value)} entries; the limit is {most}")
    return value


def unwrapped(value: Json, where: str) -> Object:
    """Return the object itself, or what a JSON-RPC answer around it carries."""
    outer = as_object(value, where)
    return as_object(outer["result"], where) if "result" in outer else outer


def integer(source: Mapping[str, Json], name: str, where: str, bounds: range = I64) -> int:
    value = source.get(name)
    if type(value) is not int:
        raise malformed(f"{where}.{name}", "an integer", value)
    if value not in bounds:
        raise malformed(f"{where}.{name}", f"within {bounds.start} and {bounds.stop - 1}", value)
    return value


def text(value: Json, where: str) -> str:
    if not isinstance(value, str) or not ASCII.match(value):
        raise malformed(where, "printable ASCII text", value)
    return value


def decimal(value: Json, where: str) -> bytes:
    """Return the ASCII bytes of an unsigned decimal number without leading zeros."""
    if not isinstance(value, str) or not DECIMAL.match(value):
        raise malformed(where, "a decimal number in text, without sign or leading zeros", value)
    return value.encode()


def hexadecimal(value: Json, where: str, size: int | None = None) -> bytes:
    """Return the bytes of lower-case hex with or without 0x; ``size`` fixes their number."""
    if not isinstance(value, str):
        raise malformed(where, "lower-case hex", value)
    digits = value.removeprefix("0x")
    try:
        decoded = bytes.fromhex(digits)
    except ValueError:
        raise malformed(where, "lower-case hex", value) from None
    if decoded.hex() != digits:  # fromhex passes over spaces and takes upper case
        raise malformed(where, "lower-case hex", value)
    if size is not None and len(decoded) != size:
        raise malformed(where, f"{size} bytes of hex", value)
    return decoded

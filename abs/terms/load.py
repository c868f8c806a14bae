"""Reading a document of terms: TOML or JSON text becomes ``PlanTerms``, or an error that names every place it is wrong.

1. Text: UTF-8, bounded in size, parsed without any float; no name twice in one table.
2. Shape: as deep and as large as a record of the ledger may be.
3. Parts: every value of its type, nothing missing, nothing unknown (``abs.terms.parts``).
4. Whole: what the parts say of each other (``abs.terms.faults``).

A step finds all of its own faults; the next is not taken while there is one.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, NoReturn

from pydantic import ValidationError

from abs.errors import BadTerms, Fault
from abs.terms.faults import faults_of
from abs.terms.parts import PlanTerms
from ledger.records.plan_terms import DEEPEST, MOST_BYTES, MOST_VALUES

__all__ = ["checked", "document_in", "load_terms"]

LONGEST_LINE: Final = 4_000  # characters, in TOML: the time its parser takes grows with the square of a dotted name
SHOWN: Final = 40  # characters of a number that is none
CORRECT: Final = "Correct the document at these places; docs/terms.md says what it holds."


def load_terms(text: str | bytes, *, kind: Literal["toml", "json"] = "toml") -> PlanTerms:
    """The terms that a document holds, checked; raises BadTerms ``terms-document`` with every fault that was found."""
    return checked(terms_in(document_in(text, kind)))


def document_in(text: str | bytes, kind: Literal["toml", "json"]) -> dict[str, Any]:
    """The plain values that a text spells, no float among them; raises BadTerms with what is wrong with the text."""
    document = _parsed(text, kind)
    _bounded(document)
    return document


def terms_in(document: Mapping[str, Any]) -> PlanTerms:
    """The terms that plain values spell, each of its type; raises BadTerms ``terms-document``."""
    try:
        return PlanTerms.model_validate(document)
    except ValidationError as failure:
        found = failure.errors(include_url=False, include_input=False, include_context=False)
        # A list whose only member is wrong is also called too short, which it is not.
        told = [
            one
            for one in found
            if one["type"] != "too_short"
            or not any(one["loc"] == other["loc"][: len(one["loc"])] for other in found if other is not one)
        ]
        _refuse(*(Fault(path=path_of(one["loc"]), reason=one["msg"]) for one in told))


def checked(terms: PlanTerms) -> PlanTerms:
    """The same terms when their parts agree with each other; raises BadTerms ``terms-document`` otherwise."""
    if faults := faults_of(terms):
        _refuse(*faults)
    return terms


def path_of(steps: tuple[str | int, ...]) -> str:
    """A place in a document as people write it: ``waterfalls[0].steps[3].pays[1]``."""
    named = (f"[{one}]" if isinstance(one, int) else f".{one if one.isprintable() else ascii(one)}" for one in steps)
    return "".join(named).removeprefix(".")


def _refuse(*faults: Fault) -> NoReturn:
    many = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise BadTerms("terms-document", f"The terms have {many}", next_step=CORRECT, faults=faults) from None


def _parsed(text: str | bytes, kind: Literal["toml", "json"]) -> dict[str, Any]:
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MOST_BYTES:
        _refuse(Fault(path="", reason=f"it has more than {MOST_BYTES} bytes"))
    try:
        clear = raw.decode()
        if kind == "json":
            document = json.loads(clear, parse_float=_exact, parse_constant=_no_number, object_pairs_hook=_named_once)
        else:
            if any(len(line) > LONGEST_LINE for line in clear.split("\n")):
                _refuse(Fault(path="", reason=f"a line has more than {LONGEST_LINE} characters"))
            document = tomllib.loads(clear, parse_float=_exact)
    except (ValueError, RecursionError) as failure:
        why = "it is nested too deep" if isinstance(failure, RecursionError) else str(failure)
        _refuse(Fault(path="", reason=f"it is not {kind.upper()}: {why}"))
    if not isinstance(document, dict):
        _refuse(Fault(path="", reason="it is not an object"))
    return document


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        _refuse(Fault(path="", reason=f"{text[:SHOWN]} is too long for a number"))


def _no_number(text: str) -> NoReturn:
    _refuse(Fault(path="", reason=f"it is not JSON: {text} is no number"))


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        _refuse(Fault(path="", reason="it is not JSON as it is written here: a name stands twice in one object"))
    return made


def _bounded(document: dict[str, Any]) -> None:
    """Nothing, unless the document is deeper or larger than a record of the ledger can carry."""
    level: list[Any] = [document]
    depth = count = 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > DEEPEST and any(isinstance(one, dict | list) for one in level):
            _refuse(Fault(path="", reason=f"it is more than {DEEPEST} levels deep"))
        if count > MOST_VALUES:
            _refuse(Fault(path="", reason=f"it holds more than {MOST_VALUES} values"))
        level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]


def _inside(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value

"""The vocabulary as others read it: a JSON Schema per kind and version, and one table of them all.

Both are made from the classes of the kinds, so that they cannot say anything else than what is checked.
docs/records.md and docs/schemas are what :func:`documents` returns; a test holds them equal.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from ledger.records.base import KINDS, Payload, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Described", "describe", "documents"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TABLE = "records.md"
SCHEMAS = "schemas"

_CHINESE = re.compile(r"\(([^()]*[\u4e00-\u9fff][^()]*)\)")

_INTRODUCTION = """\
# Records

Every kind of record that this version reads. `glasspool records` lists the same, `glasspool records KIND` prints a
schema. This page and the files in `schemas/` are made from the code: `make records` makes them again.

A payload is canonical JSON: UTF-8, sorted keys, no insignificant space. `v` is its version; versions of one kind stand
beside each other on a ledger. Money is an integer, in fen (分) unless the record names another currency: then in its
hundredths. Days are `YYYY-MM-DD`, instants `YYYY-MM-DDTHH:MM:SSZ`, rates and quantities decimals written as strings.
Digests are 64 lower-case hex digits.

A payload that its schema refuses is kept as it came, with the finding `record.malformed`. So is one that breaks what a
JSON Schema cannot say: a day is one of the calendar, an integer is written without a point (`1`, never `1.0`), and what
one list defines has different names. The `document` of a plan's terms is any JSON object of at most 12 levels,
20,000 values and 512 KiB, with texts of at most 1,000 characters, integers within 10^18, and decimals as strings. A
sender without a role listed here, and whatever else does not fit, becomes a [finding](findings.md).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One kind at one version: its Chinese name, who may write it (empty: any member), what it states, its schema."""

    kind: str
    version: int
    name: str | None
    writers: tuple[str, ...]
    states: str
    schema: Mapping[str, Any]

    @property
    def file(self) -> str:
        """The schema's file, as seen from the table."""
        return f"{SCHEMAS}/{self.kind}.v{self.version}.json"

    def as_json(self) -> dict[str, Any]:
        """The kind as JSON-able data, without its schema."""
        return {
            "kind": self.kind,
            "version": self.version,
            "name": self.name,
            "writers": list(self.writers),
            "states": self.states,
            "schema": self.file,
        }


class _Untitled(GenerateJsonSchema):
    """Fields carry their own name as it is; a title that only repeats it says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def _schema(kind: str, version: int, payload: type[Payload]) -> dict[str, Any]:
    made = payload.model_json_schema(schema_generator=_Untitled)
    for part in made.get("$defs", {}).values():
        part.pop("title", None)
    made["properties"]["v"] = {"const": version}
    return {
        "$schema": DIALECT,
        "$id": f"urn:glasspool:record:{kind}:{version}",
        **made,
        "title": f"{kind} version {version}",
    }


def describe() -> tuple[Described, ...]:
    """Return every kind and version there is, by what they are about and in the order the code defines them."""
    found = []
    for (kind, version), payload in sorted(KINDS.items(), key=lambda item: item[1].__module__):
        states = " ".join(inspect.cleandoc(payload.__doc__ or "").split())
        name = _CHINESE.search(states)
        found.append(
            Described(
                kind=kind,
                version=version,
                name=name[1] if name else None,
                writers=tuple(role.value for role in Role if role in payload.writers),
                states=states,
                schema=_schema(kind, version, payload),
            )
        )
    return tuple(found)


def _section(each: Described) -> str:
    module = sys.modules[KINDS[each.kind, each.version].__module__]
    return (module.__doc__ or "").splitlines()[0].partition(":")[0].rstrip(".")


def _row(each: Described) -> str:
    writers = ", ".join(each.writers) or "any member"
    cells = (f"`{each.kind}`", f"[{each.version}]({each.file})", each.name or "", writers, each.states)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _table(described: tuple[Described, ...]) -> str:
    lines = [_INTRODUCTION]
    for title, group in groupby(described, key=_section):
        lines += [
            f"## {title}",
            "",
            "| kind | version | 名称 | who may write it | what it states |",
            "|---|---|---|---|---|",
        ]
        lines += [*map(_row, group), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def documents() -> dict[str, str]:
    """Return every file that publishes the vocabulary, by its path within the documentation."""
    described = describe()
    files = {TABLE: _table(described)}
    for each in described:
        files[each.file] = json.dumps(each.schema, ensure_ascii=False, indent=2) + "\n"
    return files

"""How a file from outside is to be read: a map that the owner writes, one that ships with the package, or a guess.

A map says of each field which column holds it, with the keys that maps of receivables have (``ledger.consortium``). A
guess goes by the headings, and by the days of the first rows where a day can be written in two ways; what it took for
what is told, and where something is missing or can be read in two ways it refuses.
"""

from __future__ import annotations

import codecs
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from ledger.consortium.mapping import Layout, MapReader, check_layout, layout_of, unusable_map
from ledger.consortium.spreadsheet import Line, csv_lines, xlsx_lines
from regulator.errors import OutsideRefused

__all__ = ["FIELDS", "PACKAGED", "REQUIRED", "Kind", "OutsideMap", "guess", "is_workbook", "load_map", "packaged_map"]

Kind = Literal["invoices", "registrations"]
PAGE: Final = "docs/outside.md"
PACKAGED: Final = ("demo", "einvoice", "highradius", "ibm", "payables", "zhongdeng")
REQUIRED: Final[dict[Kind, tuple[str, ...]]] = {
    "invoices": ("number", "issued", "amount"),
    "registrations": ("registration", "secured_party", "debtor", "description", "filed"),
}
FIELDS: Final[dict[Kind, tuple[str, ...]]] = {
    "invoices": (*REQUIRED["invoices"], "paper_number", "code", "seller", "seller_name", "buyer", "buyer_name"),
    "registrations": (*REQUIRED["registrations"], "type", "expires"),
}
PARTIES: Final = ("seller", "seller_name", "buyer", "buyer_name")
SECTIONS: Final = frozenset(("file", "columns", "values", "parties"))
DATES: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")
"""Ways to write a day that can be read in one way only."""
SLASHED: Final = (("%m/%d/%Y", "%d/%m/%Y"), ("%m-%d-%Y", "%d-%m-%Y"), ("%m.%d.%Y", "%d.%m.%Y"))
"""Pairs of ways that only the days themselves can tell apart."""
LOOKED_AT: Final = 5_000
"""Rows by which the way is told."""
TITLED: Final = 20
"""Lines among which the heading is looked for: above it stand titles, who made the list, and for which days."""
YUAN: Final = re.compile(r"\s*[(\[【](单位[:：])?\s*(人民币元?|元|cny|rmb|yuan)\s*[)\]】]\s*\Z")
"""The unit behind a heading, where it is ours."""
DELIMITERS: Final = ",;\t|"
LINE: Final = 1 << 18
"""Bytes looked at of one line; a longer one cannot be read anyway."""
ZIP, OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How a spreadsheet's "Unicode text" begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideMap(Layout):
    """A map as read. ``parties`` are those that no column names: ``seller`` or ``buyer`` of every row."""

    kind: Kind = "invoices"
    parties: Mapping[str, str]
    guessed: bool = False


def packaged_map(name: str) -> OutsideMap:
    """Return a map that ships with the package."""
    return _parsed(_packaged(name), f"{name}.toml")


def load_map(path: Path) -> OutsideMap:
    """Return the map in a TOML file; raises Malformed ``map`` when it is none, or says something unknown."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise unusable_map(str(path), f"it cannot be read ({failure})", PAGE) from None
    return _parsed(text, str(path))


def is_workbook(path: Path) -> bool:
    """Tell by its first bytes whether a file is an XLSX workbook; raises OutsideRefused for an old one (XLS)."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == OLD_WORKBOOK:
        raise OutsideRefused(
            "old-workbook", f"{path.name} is a workbook of the old kind (XLS)", next_step="Save it as XLSX or CSV."
        )
    return start == ZIP


def guess(path: Path) -> OutsideMap:
    """Return the map that the file's headings suggest.

    Raises OutsideRefused ``headings`` when a field has no column, ``dates`` when its days can be read in two ways, and
    Malformed ``spreadsheet`` when it is no table.
    """
    workbook = is_workbook(path)
    encoding = "utf-8-sig" if workbook else _encoding(path)
    best: tuple[int, str, int, Kind, dict[str, str]] | None = None
    headings: tuple[str, ...] = ()
    for delimiter in "," if workbook else DELIMITERS:
        for line in _lines(path, workbook, encoding, delimiter, TITLED):
            texts = tuple(cell.strip() for cell in line.cells if isinstance(cell, str) and cell.strip())
            headings = max(headings, texts, key=len)
            for kind in REQUIRED:
                columns = _named(texts, kind)
                if best is None or len(columns) > best[0]:
                    best = (len(columns), delimiter, line.number, kind, columns)
    _, delimiter, heading, kind, columns = best or (0, ",", 1, "invoices", {})
    missing = [field for field in REQUIRED[kind] if field not in columns]
    if kind == "invoices" and not columns.keys() & {"seller", "seller_name", "buyer", "buyer_name"}:
        missing.append("seller or buyer")
    if missing:
        raise OutsideRefused(
            "headings",
            f"{path.name} has no column known to hold {', '.join(missing)}; its headings are: {_told(headings)}",
        )
    layout = OutsideMap(
        title=path.name,
        columns=columns,
        encoding=encoding,
        delimiter=delimiter,
        heading=heading,
        thousands_separator=",",
        kind=kind,
        parties={},
        guessed=True,
    )
    return replace(layout, date_formats=_date_formats(path, layout, workbook))


def _packaged(name: str) -> str:
    return (resources.files("regulator.outside") / "maps" / f"{name}.toml").read_text(encoding="utf-8")


def _parsed(text: str, where: str) -> OutsideMap:
    try:
        outer = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise unusable_map(where, f"it is not TOML ({failure})", PAGE) from None
    kind = outer.pop("kind", "invoices")
    if kind not in REQUIRED:
        raise unusable_map(where, f"kind is {kind!r}; it may be {' or '.join(map(repr, REQUIRED))}", PAGE)
    reader = MapReader(outer, where, fields=FIELDS[kind], sections=SECTIONS, page=PAGE)
    given = layout_of(reader, REQUIRED[kind])
    parties = reader.some("parties", seller=reader.text, buyer=reader.text) if kind == "invoices" else {}
    reader.finish()
    made = OutsideMap(kind=kind, parties=parties, **given)
    check_layout(made, where, PAGE)
    if kind == "invoices" and not made.columns.keys() & set(PARTIES):
        raise reader.unusable("[columns] names neither seller nor buyer: one of them at least tells bills apart")
    return made


@cache
def _headings() -> dict[str, dict[str, list[str]]]:
    """By kind and field, the headings it is known by, as :func:`_plain` gives them."""
    known = tomllib.loads(_packaged("headings"))
    return {
        kind: {field: [_plain(each) for each in texts] for field, texts in of_kind.items()}
        for kind, of_kind in known.items()
    }


def _plain(heading: str) -> str:
    text = YUAN.sub("", unicodedata.normalize("NFKC", heading).casefold())
    return "".join(sign for sign in text if sign.isalnum())


def _named(headings: Sequence[str], kind: Kind) -> dict[str, str]:
    """Return the heading of each field; the first name of a field that the file has counts."""
    by_name: dict[str, str] = {}
    for heading in headings:
        by_name.setdefault(_plain(heading), heading)
    found = {}
    for field, names in _headings()[kind].items():
        name = next((each for each in names if each in by_name), None)
        if name is not None:
            found[field] = by_name.pop(name)
    return found


def _lines(path: Path, workbook: bool, encoding: str, delimiter: str, most: int) -> list[Line]:
    lines = xlsx_lines(path, sheet=None) if workbook else csv_lines(path, encoding=encoding, delimiter=delimiter)
    return list(islice(lines, most))


def _encoding(path: Path) -> str:
    """Return UTF-8 unless most lines that hold more than ASCII are no such text: then GB18030; UTF-16 where it says so.

    A file of both is read as the one that most of it is, and reading then names the first line that is not.
    """
    told = [0, 0]
    with path.open("rb") as file:
        if file.read(2) in UTF_16:
            return "utf-16"
        file.seek(0)
        while line := file.readline(LINE):
            if not line.isascii():
                told[_is_utf8(line)] += 1
    return "gb18030" if told[0] > told[1] else "utf-8-sig"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _date_formats(path: Path, layout: OutsideMap, workbook: bool) -> tuple[str, ...]:
    field = "issued" if layout.kind == "invoices" else "filed"
    lines = _lines(path, workbook, layout.encoding, layout.delimiter, LOOKED_AT)[layout.heading - 1 :]
    heading = [cell.strip() if isinstance(cell, str) else cell for cell in lines[0].cells]
    place = heading.index(layout.columns[field])
    cells = [line.cells[place] for line in lines[1:] if len(line.cells) > place]
    texts = {cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()}
    found = list(DATES)
    for pair in SLASHED:
        read = [sum(_is_day(text, each) for text in texts) for each in pair]
        if read[0] == read[1] and read[0]:
            raise OutsideRefused(
                "dates",
                f"the days of {path.name} can be read in two ways: {pair[0]} and {pair[1]}",
                next_step=f"Write a map that says which (date_formats), and give it with --map; see {PAGE}.",
            )
        if max(read):
            found.append(pair[read.index(max(read))])
    return tuple(found)


def _is_day(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return False
    return True


def _told(headings: Sequence[str]) -> str:
    text = ", ".join(headings) or "none"
    return text if len(text) <= 300 else f"{text[:297]}..."

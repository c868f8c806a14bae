"""Tables that fit the terminal: no number is folded or cut, what has no room beside the rest stands below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.segment import Segment

__all__ = ["Column", "Sheet", "prose", "spaced"]

LEAST_TEXT: Final = 14
"""Cells of the terminal that a column of text needs at the least; below it, words fold into shreds."""
MOST_WORD: Final = 24
"""Cells that a column of text has at the least where it holds a word, an amount or an id as long."""
HEADING: Final = 8
"""Cells that a heading without spaces, as Chinese is, may fold to: four characters."""
GAP: Final = 2
WIDE: Final = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
OPENING: Final = "（《「『【〔“‘"
CLOSING: Final = "，。；：、！？）》」』】〕”’%"
PIECE: Final = re.compile(rf"\s+|[{OPENING}]*(?:[^\s{WIDE}{OPENING}]+|[{WIDE}])[{CLOSING}]*|\S")
"""What stays on one line: a word, a number or an id, or a Chinese character; with the signs that belong to it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and what stands below it: ``number`` and ``word`` stay whole, ``text`` folds."""

    heading: str
    kind: Literal["number", "word", "text"] = "text"


class Sheet:
    """A table with a title; where it is too wide, its columns stand in several, each after the first ``keys`` columns.

    ``beneath``: what is said of each row, on lines of its own below it. A table without rows prints nothing: say why
    there are none where that is worth saying.
    """

    def __init__(
        self,
        title: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[str | Text]],
        *,
        keys: int = 1,
        beneath: Sequence[str] = (),
    ) -> None:
        self._title = title
        self._columns = columns
        self._rows = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
        self._keys = keys
        self._beneath = beneath

    def __bool__(self) -> bool:
        return bool(self._rows)

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        if not self._rows:
            return
        if self._title:
            yield Text(self._title, style="bold")
        blocks = list(self._blocks(options.max_width))
        for at, (places, widths) in enumerate(blocks):
            if at:
                yield Text("")
            if self._beneath and at == len(blocks) - 1:
                yield from self._told(places, widths)
            else:
                yield self._table(places, widths, self._rows)

    def _told(self, places: Sequence[int], widths: dict[int, int]) -> Iterator[RenderableType]:
        """Each row with what is said of it below."""
        for at, (row, said) in enumerate(zip(self._rows, self._beneath, strict=True)):
            yield self._table(places, widths, [row], headed=not at)
            yield Padding(prose(said), (0, 0, 0, GAP))

    def _table(
        self, places: Sequence[int], widths: dict[int, int], rows: Iterable[Sequence[Text]], *, headed: bool = True
    ) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=headed)
        for place in places:
            column = self._columns[place]
            justify: Literal["left", "right"] = "right" if column.kind == "number" else "left"
            table.add_column(column.heading, justify=justify, overflow="fold", width=widths[place])
        for row in rows:
            table.add_row(*(_wrapped(row[place], widths[place]) for place in places))
        return table

    def _blocks(self, room: int) -> Iterator[tuple[list[int], dict[int, int]]]:
        """The columns of each table and their widths."""
        whole = {place: self._width(place, whole=True) for place in range(len(self._columns))}
        if sum(whole.values()) + GAP * (len(whole) - 1) <= room:
            yield list(whole), whole
            return
        least = {place: self._width(place, whole=False) for place in whole}
        keys = list(whole)[: self._keys]
        block, used = list(keys), sum(least[place] + GAP for place in keys)
        for place in list(whole)[self._keys :]:
            if len(block) > len(keys) and used + least[place] > room:
                yield block, self._widened(block, least, whole, room)
                block, used = list(keys), sum(least[each] + GAP for each in keys)
            block.append(place)
            used += least[place] + GAP
        yield block, self._widened(block, least, whole, room)

    def _widened(self, block: list[int], least: dict[int, int], whole: dict[int, int], room: int) -> dict[int, int]:
        """The widths of a block: what is left goes to the columns that fold, to the one that lacks the least first."""
        left = max(0, room + GAP - sum(least[place] + GAP for place in block))
        found = {}
        for place in sorted(block, key=lambda each: (self._columns[each].kind != "text", whole[each] - least[each])):
            more = min(left, whole[place] - least[place])
            found[place], left = least[place] + more, left - more
        return found

    def _width(self, place: int, *, whole: bool) -> int:
        column = self._columns[place]
        longest = max((cell_len(line) for row in self._rows for line in row[place].plain.split("\n")), default=0)
        heading = cell_len(column.heading)
        if whole:
            return max(longest, heading, 1)
        word = max((cell_len(each) for each in column.heading.split()), default=1)
        folded = word if column.heading.isascii() else min(word, HEADING)
        if column.kind == "text":
            words = (cell_len(each) for row in self._rows for each in PIECE.findall(row[place].plain))
            longest = min(longest, max(LEAST_TEXT, min(max(words, default=1), MOST_WORD)))
        return max(longest, folded, 1)


class _Prose(Text):
    """Text that breaks where its language does, and never within a number or an id that a line has room for."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        return _wrapped(self, options.max_width).__rich_console__(console, options)


def prose(said: str, style: str = "") -> Text:
    """Sentences that the terminal wraps between words; Chinese ones between characters."""
    return _Prose(said, style=style, overflow="fold", no_wrap=False)


def _wrapped(said: Text, room: int) -> Text:
    """The text in lines of ``room`` cells at the most."""
    lines: list[Text] = []
    for line in said.split("\n", allow_blank=True):
        if cell_len(line.plain) <= room:
            lines.append(line)
            continue
        for each in line.divide(_breaks(line.plain, room)):
            each.rstrip()
            lines.append(each)
    return Text("\n").join(lines)


def _breaks(line: str, room: int) -> Iterator[int]:
    """Where the lines after the first begin."""
    used = 0
    for piece in PIECE.finditer(line):
        size = cell_len(piece[0])
        if used and used + size > room and not piece[0].isspace():
            yield piece.start()
            used = 0
        if size <= room or piece[0].isspace():
            used += size
            continue
        for at, sign in enumerate(piece[0], piece.start()):  # longer than a line: folded wherever that ends
            if used and used + cell_len(sign) > room:
                yield at
                used = 0
            used += cell_len(sign)


def spaced(parts: Iterable[RenderableType]) -> Group:
    """The parts below each other with a line between them; tables without rows are left out."""
    filled = [part for part in parts if not isinstance(part, Sheet) or part]
    return Group(*(piece for at, part in enumerate(filled) for piece in ((Text(""), part) if at else (part,))))

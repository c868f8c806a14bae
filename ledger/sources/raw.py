"""A raw block, and what every source of raw blocks offers. Nothing here is believed: verification comes after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

# One block with its receipts. The parser of the chain refuses more, so no source needs to hold more.
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
SHOWN = 200  # characters of foreign text that an error repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBlock:
    """The bytes a source gave for one height.

    ``document`` is one JSON object ``{"block": <answer>, "receipts": [<answer>, ...]}``, every answer verbatim as it
    was received, bare or in its JSON-RPC envelope. ``height`` is the position that was asked for, not what they claim.
    """

    height: int
    document: bytes = field(repr=False)


class Source(Protocol):
    """Where raw blocks come from: a node, an archive, another replica."""

    name: str

    def head(self) -> int:
        """Return the highest height on offer now; raises SourceUnreachable or Malformed."""

    def blocks(self, start: int) -> Iterator[RawBlock]:
        """Yield the blocks from ``start`` to the head in order, none of them held longer than needed.

        Raises SourceUnreachable where the source fails and Malformed where its bytes are not even an answer. Closing
        the iterator ends every fetch under way.
        """

    def close(self) -> None:
        """Give back files, connections and threads; the source is not used again."""


def shown(text: object) -> str:
    """Return foreign text fit for a terminal: cut short, with nothing that could steer one."""
    cut = str(text)[: SHOWN + 1]
    clean = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in cut)
    return clean if len(clean) <= SHOWN else f"{clean[:SHOWN]}…"


def why(failure: ValidationError) -> str:
    """Return the first complaint of a shape check in one line: where, and what."""
    first = failure.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return shown(f"{place}: {first['msg']}" if place else first["msg"])

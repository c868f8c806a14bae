"""The files of an archive: which there are, and their lines one at a time, whatever the files hold.

A chunk is named by the height of its first line in twelve digits, ``000000000256.jsonl.zst``; its lines are the blocks
from there on. Decompression is fed in slices so small that no file, however it was made, can fill the memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import zstandard

from ledger.errors import Malformed, SourceUnreachable
from ledger.sources.raw import MAX_DOCUMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

PACKED, PLAIN = ".jsonl.zst", ".jsonl"
DIGITS = 12
NAME = re.compile(rf"([0-9]{{{DIGITS}}})(?:{re.escape(PACKED)}|{re.escape(PLAIN)})\Z")

MAX_LINE_BYTES = MAX_DOCUMENT_BYTES
MAX_WINDOW = 2**27  # bytes a frame may make the decoder look back; what zstd itself allows unless told otherwise
# Four bytes of a zstd frame can stand for 128 KiB, so a slice grows to 128 MiB at most.
SLICE = 4096
PLAIN_SLICE = 1024 * 1024

COPY_AGAIN = "Copy the file again from where it came from, or take the block from another source."


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One file of an archive: ``first`` is the height of its first line."""

    first: int
    path: Path


def chunk_name(first: int) -> str:
    """Return the file name of the compressed chunk that begins at this height."""
    return f"{first:0{DIGITS}d}{PACKED}"


def chunks_of(folder: Path) -> list[Chunk]:
    """Return the chunks of a folder by height; other files are left alone.

    Raises SourceUnreachable ``archive-unreadable`` when the folder cannot be listed, Malformed ``archive-name`` for a
    block file whose name is not twelve digits and for two files of one height.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as failure:
        raise unreadable(folder, failure) from None
    found: dict[int, Chunk] = {}
    for path in paths:
        if path.name.startswith(".") or not path.name.endswith((PACKED, PLAIN)):
            continue
        match = NAME.match(path.name)
        if match is None:
            raise Malformed(
                "archive-name",
                f"{path} is not named by its first height, as in {chunk_name(256)}.",
                next_step="Rename the file, or move it out of the archive.",
            )
        first = int(match[1])
        if first in found:
            raise Malformed(
                "archive-name",
                f"{found[first].path} and {path.name} both begin at block {first}.",
                next_step="Move one of the two files out of the archive.",
            )
        found[first] = Chunk(first=first, path=path)
    return [found[first] for first in sorted(found)]


def unreadable(path: Path, failure: OSError) -> SourceUnreachable:
    """Return the error for a file or folder the system does not give."""
    return SourceUnreachable(
        "archive-unreadable",
        f"The archive {path} cannot be read: {failure.strerror or failure}.",
        next_step="Check the path and its permissions.",
    )


def count(path: Path) -> int:
    """Return how many lines a file has, without looking into them."""
    return sum(1 for _ in lines(path))


def lines(path: Path) -> Generator[bytes]:
    """Yield the lines of a file without their line ends, at most ``MAX_LINE_BYTES`` each.

    Raises SourceUnreachable ``archive-unreadable``; Malformed ``archive-zstd`` for damaged compression,
    ``archive-truncated`` for a file that ends within a frame or holds nothing, ``archive-line-too-long``.
    """
    pending: list[bytes] = []
    size = number = 0
    for piece in _pieces(path):
        at = 0
        while (end := piece.find(b"\n", at)) >= 0:
            number += 1
            _within_limit(size + end - at, path, number)
            if pending:
                pending.append(piece[at:end])
                yield b"".join(pending)
                pending, size = [], 0
            else:
                yield piece[at:end]
            at = end + 1
        if at < len(piece):
            pending.append(piece[at:])
            size += len(piece) - at
            _within_limit(size, path, number + 1)
    if pending:
        number += 1
        yield b"".join(pending)
    if not number:
        raise Malformed("archive-truncated", f"{path} holds no block.", next_step=COPY_AGAIN)


def _within_limit(size: int, path: Path, number: int) -> None:
    if size > MAX_LINE_BYTES:
        raise Malformed(
            "archive-line-too-long", f"{path}, line {number}: longer than {MAX_LINE_BYTES} bytes.", next_step=COPY_AGAIN
        )


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            if path.name.endswith(PACKED):
                yield from _inflated(file, path)
            else:
                while piece := file.read(PLAIN_SLICE):
                    yield piece
    except OSError as failure:
        raise unreadable(path, failure) from None
    except zstandard.ZstdError as failure:
        raise Malformed("archive-zstd", f"{path} does not decompress: {failure}", next_step=COPY_AGAIN) from None


def _inflated(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield what the frames of a file hold; a frame object is used because only it tells an end from a cut."""
    decoder = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    frame = None
    while piece := file.read(SLICE):
        while piece:
            frame = frame or decoder.decompressobj()
            if out := frame.decompress(piece):
                yield out
            piece = b""
            if frame.eof:
                piece, frame = frame.unused_data, None
    if frame is not None:
        raise Malformed("archive-truncated", f"{path} ends in the middle of its compressed data.", next_step=COPY_AGAIN)

"""Raw blocks kept in files: an archive folder that grows, or one file of lines. ``archive_writer.py`` writes them.

A folder holds chunks (``chunks.py``) and may hold ``archive.json``, which says for people which chain it is and proves
nothing. One file alone, ``.jsonl`` or ``.jsonl.zst``, begins at block 0 unless its name is a chunk's.
"""

from __future__ import annotations

from bisect import bisect_right
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from ledger.errors import Malformed, SourceUnreachable
from ledger.sources.chunks import (
    COPY_AGAIN,
    NAME,
    PACKED,
    PLAIN,
    Chunk,
    chunks_of,
    count,
    lines,
    unreadable,
)
from ledger.sources.raw import RawBlock, shown, why

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

__all__ = ["ArchiveSource", "Description", "check_document"]

FORMAT = 1
DESCRIPTION = "archive.json"
MAX_DESCRIPTION_BYTES = 64 * 1024


class _Numbered(BaseModel):
    number: Any = None


class _Answer(_Numbered):
    result: _Numbered | None = None


class _Line(BaseModel):
    """What a line is read for: that it is JSON, that it holds a block, and which number the block claims."""

    block: _Answer


class _DescriptionFile(BaseModel):
    format: int
    chain_id: str
    genesis_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What an archive says of itself: for a person to recognise it, never to trust it."""

    chain_id: str
    genesis_hash: str


class ArchiveSource:
    """A :class:`~ledger.sources.raw.Source` over an archive folder or a single file of block lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"archive {path}"
        self._counted: tuple[tuple[Path, tuple[int, int, int]], int] | None = None

    def head(self) -> int:
        """Return the last height, from the chunks' names and the lines of the last one.

        Raises SourceUnreachable ``archive-unreadable`` or ``archive-empty``, Malformed as the files deserve.
        """
        return self._head(self._chunks()[-1])

    def blocks(self, start: int) -> Generator[RawBlock]:
        """Yield the blocks from ``start`` to the head, reading only the chunks that hold them.

        Raises SourceUnreachable ``archive-starts-later`` and ``archive-gap`` for blocks that are not there, Malformed
        ``archive-overlap`` naming file and line. What a line says is not looked at: judging it is the verifier's work,
        which keeps what it refuses.
        """
        if start < 0:
            raise ValueError("heights begin at 0")
        chunks = self._chunks()
        head = self._head(chunks[-1])
        if start > head:
            return
        if start < chunks[0].first:
            raise SourceUnreachable(
                "archive-starts-later",
                f"{self.path} begins at block {chunks[0].first}; block {start} is not in it.",
                next_step="Use an archive that begins earlier, or a node.",
            )
        at = bisect_right([chunk.first for chunk in chunks], start) - 1
        for chunk, following in zip(chunks[at:], [*chunks[at + 1 :], None], strict=True):
            end = following.first if following else head + 1
            for block in _within(chunk, end, last=following is None):
                if block.height >= start:
                    yield block

    def identity(self, height: int) -> tuple[int, int, int]:
        """Return what changes when the file that holds this block is replaced."""
        chunks = self._chunks()
        at = max(0, bisect_right([chunk.first for chunk in chunks], height) - 1)
        return _identity(chunks[at].path)

    @property
    def description(self) -> Description | None:
        """What ``archive.json`` says, None without one.

        Raises Malformed ``archive-description`` or ``archive-format``.
        """
        path = self.path / DESCRIPTION
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_DESCRIPTION_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as failure:
            raise unreadable(path, failure) from None
        try:
            said = _DescriptionFile.model_validate_json(raw)
        except ValidationError as failure:
            raise Malformed(
                "archive-description",
                f"{path} is not an archive's description: {why(failure)}",
                next_step=f"Delete {path}.",
            ) from None
        if said.format != FORMAT:
            raise Malformed(
                "archive-format",
                f"{path} names format {said.format}; this version reads format {FORMAT}.",
                next_step="Use a newer version of Glasspool.",
            )
        return Description(chain_id=shown(said.chain_id), genesis_hash=shown(said.genesis_hash))

    def close(self) -> None:
        """Nothing is held between calls; files are closed with their iterators."""

    def _chunks(self) -> list[Chunk]:
        if self.path.is_dir():
            chunks = chunks_of(self.path)
        elif self.path.name.endswith((PACKED, PLAIN)):
            match = NAME.match(self.path.name)
            chunks = [Chunk(first=int(match[1]) if match else 0, path=self.path)]
        else:
            raise SourceUnreachable(
                "archive-unreadable",
                f"{self.path} is neither a folder nor a {PLAIN} or {PACKED} file.",
                next_step="Name the folder that holds the chunks, or a file of block lines.",
            )
        if not chunks:
            raise SourceUnreachable(
                "archive-empty",
                f"The archive {self.path} holds no block.",
                next_step="Check that this is the right folder.",
            )
        return chunks

    def _head(self, last: Chunk) -> int:
        state = (last.path, _identity(last.path))
        if self._counted is None or self._counted[0] != state:
            self._counted = (state, count(last.path))
        return last.first + self._counted[1] - 1


def _within(chunk: Chunk, end: int, *, last: bool) -> Iterator[RawBlock]:
    """Yield a chunk's lines as blocks, unexamined, up to ``end``, where the next chunk begins or the head was."""
    height = chunk.first
    with closing(lines(chunk.path)) as rows:
        for document in rows:
            if height == end:
                if last:
                    return  # it has grown since its head was read
                raise Malformed(
                    "archive-overlap",
                    f"{chunk.path}, line {height - chunk.first + 1}: is block {end}, where the next file begins.",
                    next_step="Restore both files from where they came from.",
                )
            yield RawBlock(height=height, document=document)
            height += 1
    if height < end:
        missing = f"block {height} is" if height == end - 1 else f"blocks {height} to {end - 1} are"
        raise SourceUnreachable(
            "archive-gap",
            f"{chunk.path} ends before the next file begins: {missing} missing.",
            next_step="Copy what is missing into the archive, or use another source.",
        )


def _identity(path: Path) -> tuple[int, int, int]:
    try:
        state = path.stat()
    except OSError as failure:
        raise unreadable(path, failure) from None
    return state.st_ino, state.st_size, state.st_mtime_ns


def check_document(document: bytes, where: str) -> None:
    """Raise Malformed ``archive-line`` for what is no block document: a writer's slip."""
    try:
        _Line.model_validate_json(document)
    except ValidationError as failure:
        raise Malformed(
            "archive-line", f"{where}: not a block document: {why(failure)}", next_step=COPY_AGAIN
        ) from None

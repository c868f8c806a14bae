"""Writes an archive folder block by block; what a reader sees is whole at every moment."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, Self

import zstandard

from ledger.errors import SourceUnreachable
from ledger.sources.archive import DESCRIPTION, FORMAT, Description, check_document
from ledger.sources.chunks import PACKED, Chunk, chunk_name, chunks_of, count, lines

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.sources.raw import RawBlock

__all__ = ["ArchiveWriter"]

PART = ".part"

BLOCKS_PER_CHUNK = 1_000
BYTES_PER_CHUNK = 32 * 1024 * 1024  # of documents, before compression
LEVEL = 3  # of zstd: on block JSON higher levels cost several times the work for a few per cent of the size


class ArchiveWriter:
    """Appends blocks to an archive folder so that a crash at any moment leaves only whole chunks.

    A chunk is written beside its place as ``.part``, brought to the disk and renamed. Blocks are readable once
    :meth:`flush` or :meth:`close` has returned, or the chunk is full; what came after is lost in a crash, and
    ``next_height`` of the next writer says where to go on. A short last chunk is continued: its bytes are copied, not
    compressed again. One writer at a time; raises SourceUnreachable ``archive-locked`` or ``archive-unwritable``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        description: Description | None = None,
        first: int = 0,
        blocks_per_chunk: int = BLOCKS_PER_CHUNK,
        bytes_per_chunk: int = BYTES_PER_CHUNK,
    ) -> None:
        self.folder = folder
        self._most = (blocks_per_chunk, bytes_per_chunk)
        self._part: _Part | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder, os.O_RDONLY)
        except OSError as failure:
            raise _unwritable(folder, failure) from None
        try:
            self._take(description)
            chunks = chunks_of(folder)
            self._last = chunks[-1] if chunks else None
            self._held = count(self._last.path) if self._last else 0
        except BaseException:
            os.close(self._lock)
            raise
        self.next_height = self._last.first + self._held if self._last else first

    def _take(self, description: Description | None) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SourceUnreachable(
                "archive-locked",
                f"Another program is writing the archive {self.folder}.",
                next_step="Wait for it to end, or stop it.",
            ) from None
        try:
            for left in self.folder.glob(f"*{PART}"):
                left.unlink()
            if description and not (self.folder / DESCRIPTION).exists():
                body = {"format": FORMAT, "chain_id": description.chain_id, "genesis_hash": description.genesis_hash}
                part = self.folder / f"{DESCRIPTION}{PART}"
                part.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
                part.replace(self.folder / DESCRIPTION)
        except OSError as failure:
            raise _unwritable(self.folder, failure) from None

    def append(self, block: RawBlock) -> None:
        """Add the next block. Line breaks inside the document, which JSON has only between its words, become spaces.

        Raises ValueError for a height out of turn and Malformed ``archive-line`` for bytes that are no block document.
        """
        if block.height != self.next_height:
            raise ValueError(f"block {self.next_height} is next, not {block.height}")
        row = _row(block.document, block.height)
        try:
            if self._part is None:
                self._part = self._begin()
            self._part.write(row)
            self.next_height += 1
            if self._part.blocks >= self._most[0] or self._part.size >= self._most[1]:
                self.flush()
        except OSError as failure:
            raise _unwritable(self.folder, failure) from None

    def _begin(self) -> _Part:
        last = self._last
        if last and last.path.name.endswith(PACKED) and self._held < self._most[0]:
            room = last.path.stat().st_size < self._most[1] // 4  # block JSON packs to a quarter or less
            if room:
                return _Part(last, blocks=self._held, continued=True)
        return _Part(Chunk(first=self.next_height, path=self.folder / chunk_name(self.next_height)))

    def flush(self) -> None:
        """Make every appended block readable and safe on the disk."""
        if self._part is None:
            return
        part, self._part = self._part, None
        try:
            part.publish()
        except OSError as failure:
            part.abandon()
            raise _unwritable(self.folder, failure) from None
        self._last, self._held = part.chunk, part.blocks

    def replace(self, height: int, document: bytes) -> None:
        """Put another document in the place of a block already written, the rest of its chunk unchanged.

        For mending an archive whose block is damaged. Raises ValueError for a height it does not hold.
        """
        self.flush()
        row = _row(document, height)
        chunks = [chunk for chunk in chunks_of(self.folder) if chunk.first <= height < self.next_height]
        if not chunks:
            raise ValueError(f"block {height} is not in the archive")
        chunk = chunks[-1]
        part = _Part(chunk)
        try:
            with closing(lines(chunk.path)) as rows:
                for at, line in enumerate(rows, chunk.first):
                    part.write(row if at == height else line + b"\n")
            part.publish()
        except OSError as failure:
            raise _unwritable(self.folder, failure) from None
        finally:
            part.abandon()

    def close(self) -> None:
        """Publish what was appended and let another writer in."""
        if self._lock >= 0:
            try:
                self.flush()
            finally:
                os.close(self._lock)
                self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _row(document: bytes, height: int) -> bytes:
    check_document(document, f"block {height}")
    return document.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"


def _unwritable(folder: Path, failure: OSError) -> SourceUnreachable:
    return SourceUnreachable(
        "archive-unwritable",
        f"The archive {folder} cannot be written: {failure.strerror or failure}.",
        next_step="Check the disk's space and the folder's permissions.",
    )


class _Part:
    """A chunk being written beside its place."""

    def __init__(self, chunk: Chunk, *, blocks: int = 0, continued: bool = False) -> None:
        self.chunk, self.blocks, self.size = chunk, blocks, 0
        self._path = chunk.path.with_name(chunk.path.name + PART)
        self._file: BinaryIO = self._path.open("wb")
        if continued:
            try:
                with chunk.path.open("rb") as before:
                    shutil.copyfileobj(before, self._file)
            except OSError:
                self.abandon()
                raise
        self._packed = chunk.path.name.endswith(PACKED)
        self._frame = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).stream_writer(
            self._file, closefd=False
        )

    def write(self, row: bytes) -> None:
        (self._frame if self._packed else self._file).write(row)
        self.blocks += 1
        self.size += len(row)

    def publish(self) -> None:
        if self._packed:
            self._frame.flush(zstandard.FLUSH_FRAME)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._path.replace(self.chunk.path)
        folder = os.open(self.chunk.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def abandon(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

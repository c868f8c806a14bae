"""Writing an archive: what a reader finds is whole at every moment, a crash included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.errors import Malformed, SourceUnreachable
from ledger.sources.archive import ArchiveSource
from ledger.sources.archive_writer import ArchiveWriter
from ledger.sources.raw import RawBlock
from tests.support.nodes import sample_document, write_sample
from tests.support.surroundings import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def block(height: int) -> RawBlock:
    return RawBlock(height=height, document=sample_document(height))


def heights(folder: Path) -> list[int]:
    return [each.height for each in ArchiveSource(folder).blocks(0)]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_chunk_is_closed_by_blocks_or_by_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path / "blocks", blocks=5, per_chunk=2)
    assert files(tmp_path / "blocks") == [f"{first:012d}.jsonl.zst" for first in (0, 2, 4)]

    with ArchiveWriter(tmp_path / "bytes", bytes_per_chunk=1) as writer:
        for height in range(3):
            writer.append(block(height))
    assert files(tmp_path / "bytes") == [f"{first:012d}.jsonl.zst" for first in range(3)]


def test_blocks_are_readable_once_flushed(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer:
        for height in range(4):
            writer.append(block(height))
            assert files(tmp_path)[-1].endswith(".part")
            writer.flush()
            assert heights(tmp_path) == list(range(height + 1))
    assert files(tmp_path) == ["000000000000.jsonl.zst"]


def test_a_short_last_chunk_is_continued(tmp_path: Path) -> None:
    for height in range(5):
        with ArchiveWriter(tmp_path, blocks_per_chunk=3) as writer:
            assert writer.next_height == height
            writer.append(block(height))
    assert files(tmp_path) == ["000000000000.jsonl.zst", "000000000003.jsonl.zst"]
    assert [each.document for each in ArchiveSource(tmp_path).blocks(0)] == [sample_document(each) for each in range(5)]


def test_an_archive_may_begin_later(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path, first=7) as writer:
        writer.append(block(7))
    assert [each.height for each in ArchiveSource(tmp_path).blocks(7)] == [7]


def test_only_the_next_block_is_taken(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer:
        writer.append(block(0))
        for height in (0, 2):
            with pytest.raises(ValueError, match="block 1 is next"):
                writer.append(block(height))


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b'{"block":{"extraData":"\n"}}'])
def test_what_no_reader_would_take_is_not_written(tmp_path: Path, document: bytes) -> None:
    with ArchiveWriter(tmp_path) as writer:
        with pytest.raises(Malformed) as caught:
            writer.append(RawBlock(height=0, document=document))
        assert caught.value.code == "archive-line"
        assert writer.next_height == 0


def test_line_breaks_between_words_become_spaces(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer:
        writer.append(RawBlock(height=0, document=b'{"block":\r\n{"number":0},\n"receipts":[]}\n'))
    (only,) = ArchiveSource(tmp_path).blocks(0)
    assert only.document == b'{"block":  {"number":0}, "receipts":[]} '


CRASH = """
import os, sys
from pathlib import Path
from ledger.sources.archive_writer import ArchiveWriter
from ledger.sources.raw import RawBlock
from tests.support.nodes import sample_document
writer = ArchiveWriter(Path(sys.argv[1]), blocks_per_chunk=4)
for height in range(writer.next_height, 100):
    if height == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    writer.append(RawBlock(height=height, document=sample_document(height)))
"""


def test_a_killed_writer_leaves_whole_chunks_and_the_next_goes_on(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for at, left in ((6, 4), (11, 8)):
        ended = subprocess.run(
            [sys.executable, "-c", CRASH, tmp_path, str(at)], env=environment, check=False, timeout=60
        )
        assert ended.returncode == -signal.SIGKILL
        assert any(name.endswith(".part") for name in files(tmp_path))
        assert heights(tmp_path) == list(range(left))
    with ArchiveWriter(tmp_path, blocks_per_chunk=4) as writer:
        assert writer.next_height == 8
        writer.append(block(8))
    assert heights(tmp_path) == list(range(9))
    assert not any(name.endswith(".part") for name in files(tmp_path))


def test_an_error_in_the_middle_keeps_what_was_appended(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="block 1 is next"), ArchiveWriter(tmp_path) as writer:
        [writer.append(block(height)) for height in (0, 5)]
    assert heights(tmp_path) == [0]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path):
        with pytest.raises(SourceUnreachable) as caught:
            ArchiveWriter(tmp_path)
        assert caught.value.code == "archive-locked"
    ArchiveWriter(tmp_path).close()


def test_a_damaged_last_chunk_is_not_continued(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=3)
    path = tmp_path / "000000000000.jsonl.zst"
    path.write_bytes(path.read_bytes()[:-5])
    for _ in range(2):  # and the lock is given back
        with pytest.raises(Malformed) as caught:
            ArchiveWriter(tmp_path)
        assert caught.value.code == "archive-truncated"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SourceUnreachable) as caught:
        ArchiveWriter(tmp_path / "file" / "archive")
    assert caught.value.code == "archive-unwritable"


@pytest.mark.parametrize("height", [0, 3, 4, 6])
def test_a_block_is_replaced_and_nothing_else(tmp_path: Path, height: int) -> None:
    documents = write_sample(tmp_path, blocks=7, per_chunk=3)
    other = sample_document(height, transactions=1)
    with ArchiveWriter(tmp_path, blocks_per_chunk=3) as writer:
        writer.replace(height, other)
        assert writer.next_height == 7
        writer.append(block(7))
    documents[height] = other
    assert [each.document for each in ArchiveSource(tmp_path).blocks(0)] == [*documents, sample_document(7)]


def test_only_a_block_of_the_archive_is_replaced(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=2)
    with ArchiveWriter(tmp_path) as writer:
        for height in (-1, 2):
            with pytest.raises(ValueError, match="not in the archive"):
                writer.replace(height, sample_document(1))
        with pytest.raises(Malformed):
            writer.replace(1, b"no block")
    assert heights(tmp_path) == [0, 1]

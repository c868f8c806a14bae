"""Reading an archive: order, random access, and every way its files can be wrong."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
import zstandard

from ledger.errors import Malformed, SourceUnreachable
from ledger.sources import archive, chunks
from ledger.sources.archive import ArchiveSource, Description
from ledger.sources.archive_writer import ArchiveWriter
from tests.support.nodes import sample_document, write_sample

if TYPE_CHECKING:
    from pathlib import Path


def packed(*rows: bytes) -> bytes:
    return zstandard.compress(b"".join(row + b"\n" for row in rows))


def fault(path: Path, start: int = 0) -> Malformed | SourceUnreachable:
    """The error that reading from `start` ends in."""
    with pytest.raises((Malformed, SourceUnreachable)) as caught:
        list(ArchiveSource(path).blocks(start))
    assert caught.value.next_step
    return caught.value


def test_blocks_come_back_exactly_and_in_order_from_any_start(tmp_path: Path) -> None:
    documents = write_sample(tmp_path, blocks=10, per_chunk=4)
    source = ArchiveSource(tmp_path)

    assert source.head() == 9
    for start in range(12):
        blocks = list(source.blocks(start))
        assert [block.height for block in blocks] == list(range(start, 10))
        assert [block.document for block in blocks] == documents[start:]


def test_the_head_reads_only_the_last_chunk_and_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(tmp_path, blocks=10, per_chunk=4)
    read: list[str] = []
    monkeypatch.setattr(archive, "count", lambda path: read.append(path.name) or chunks.count(path))
    source = ArchiveSource(tmp_path)

    assert source.head() == source.head() == 9
    assert read == ["000000000008.jsonl.zst"]

    (tmp_path / "000000000008.jsonl.zst").write_bytes(packed(*map(sample_document, range(8, 12))))
    assert source.head() == 11


def test_random_access_opens_only_the_chunk_that_holds_the_start(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=10, per_chunk=4)
    (tmp_path / "000000000000.jsonl.zst").write_bytes(b"damaged, and not in the way")

    assert next(iter(ArchiveSource(tmp_path).blocks(4))).height == 4
    assert fault(tmp_path).code == "archive-zstd"


def test_a_reader_goes_on_where_a_stopped_one_left(tmp_path: Path) -> None:
    documents = write_sample(tmp_path, blocks=6, per_chunk=2)
    first = ArchiveSource(tmp_path).blocks(0)
    got = [next(first), next(first), next(first)]
    first.close()
    got += ArchiveSource(tmp_path).blocks(got[-1].height + 1)
    assert [block.document for block in got] == documents


@pytest.mark.parametrize("name", ["ledger.jsonl", "ledger.jsonl.zst"])
def test_a_single_file_begins_at_block_0(tmp_path: Path, name: str) -> None:
    documents = [sample_document(height) for height in range(5)]
    rows = b"\n".join(documents)  # the last line may lack its end
    path = tmp_path / name
    path.write_bytes(zstandard.compress(rows) if name.endswith("zst") else rows)
    source = ArchiveSource(path)

    assert source.head() == 4
    assert [block.document for block in source.blocks(2)] == documents[2:]


def test_a_chunk_alone_begins_where_its_name_says(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=6, per_chunk=2)
    source = ArchiveSource(tmp_path / "000000000004.jsonl.zst")
    assert source.head() == 5
    assert [block.height for block in source.blocks(4)] == [4, 5]


def test_frames_one_after_another_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "000000000000.jsonl.zst"
    frames = [packed(sample_document(height)) for height in range(3)]
    path.write_bytes(b"".join([*frames[:2], zstandard.compress(b""), frames[2]]))
    assert [block.height for block in ArchiveSource(tmp_path).blocks(0)] == [0, 1, 2]


def test_every_cut_of_a_compressed_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "000000000000.jsonl.zst"
    whole = packed(*(sample_document(height) for height in range(3)))
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(Malformed) as caught:
            ArchiveSource(tmp_path).head()
        assert caught.value.code == "archive-truncated"
        assert str(path) in caught.value.message


def test_a_cut_after_a_whole_line_is_noticed_too(tmp_path: Path) -> None:
    path = tmp_path / "000000000000.jsonl.zst"
    coder = zstandard.ZstdCompressor().compressobj()
    head = coder.compress(sample_document(0) + b"\n") + coder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    path.write_bytes(head)
    assert fault(tmp_path).code == "archive-truncated"


@pytest.mark.parametrize(
    "content",
    [
        b"not compressed at all, whatever the name says\n",
        gzip.compress(b"another compression"),
        b"\x28\xb5\x2f\xfd\xff\xff\xff",
    ],
    ids=["text", "gzip", "header"],
)
def test_what_is_not_zstd_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "000000000000.jsonl.zst").write_bytes(content)
    assert fault(tmp_path).code in ("archive-zstd", "archive-truncated")


def test_a_changed_byte_fails_the_checksum(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=3, per_chunk=4)
    path = tmp_path / "000000000000.jsonl.zst"
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    assert fault(tmp_path).code in ("archive-zstd", "archive-line", "archive-truncated", "archive-gap")


@pytest.mark.parametrize("name", ["000000000000.jsonl", "000000000000.jsonl.zst"])
def test_an_endless_line_stops_at_the_limit(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "MAX_LINE_BYTES", 100_000)
    bomb = bytes(50_000_000)  # compresses to 1,600 bytes
    (tmp_path / name).write_bytes(zstandard.compress(bomb, 19) if name.endswith("zst") else bomb[:2_000_000])
    with pytest.raises(Malformed) as caught:
        ArchiveSource(tmp_path).head()
    assert caught.value.code == "archive-line-too-long"
    assert "line 1" in caught.value.message


def test_one_slice_cannot_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "000000000000.jsonl.zst"
    path.write_bytes(zstandard.compress(bytes(150_000_000)))
    with path.open("rb") as file:
        assert max(map(len, chunks._inflated(file, path))) <= 2**27


def test_a_window_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28)
    coder = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = coder.compress(sample_document(0) + b"\n") + coder.flush()
    (tmp_path / "000000000000.jsonl.zst").write_bytes(frame)
    assert fault(tmp_path).code == "archive-zstd"


def test_a_missing_chunk_is_named_by_its_blocks(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=10, per_chunk=2)
    (tmp_path / "000000000004.jsonl.zst").unlink()

    for start in (0, 3, 4, 5):
        error = fault(tmp_path, start)
        assert error.code == "archive-gap"
        assert "blocks 4 to 5 are missing" in error.message
    assert [block.height for block in ArchiveSource(tmp_path).blocks(6)] == [6, 7, 8, 9]


def test_a_missing_first_chunk_is_named(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=6, per_chunk=2)
    (tmp_path / "000000000000.jsonl.zst").unlink()
    error = fault(tmp_path)
    assert (error.code, "begins at block 2" in error.message) == ("archive-starts-later", True)


def test_chunks_that_overlap_are_refused(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=6, per_chunk=3)
    (tmp_path / "000000000002.jsonl.zst").write_bytes(packed(sample_document(2)))
    error = fault(tmp_path)
    assert error.code == "archive-overlap"
    assert "000000000000.jsonl.zst, line 3" in error.message


@pytest.mark.parametrize("name", ["3.jsonl.zst", "block-3.jsonl", "000000000003 (1).jsonl.zst", "0000000000003.jsonl"])
def test_a_block_file_of_another_name_is_refused(tmp_path: Path, name: str) -> None:
    write_sample(tmp_path, blocks=3)
    (tmp_path / name).write_bytes(b"")
    error = fault(tmp_path)
    assert error.code == "archive-name"
    assert name in error.message


def test_two_files_of_one_height_are_refused(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=3)
    (tmp_path / "000000000000.jsonl").write_bytes(sample_document(0))
    assert fault(tmp_path).code == "archive-name"


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=3)
    for name in ("README.txt", "._000000000000.jsonl.zst", "000000000003.jsonl.zst.part"):
        (tmp_path / name).write_bytes(b"something else")
    assert ArchiveSource(tmp_path).head() == 2


@pytest.mark.parametrize("row", [b"", b"not json", b"[1,2]", b'{"block":{"number":7}}'])
def test_what_a_line_says_is_left_to_the_verifier(tmp_path: Path, row: bytes) -> None:
    (tmp_path / "000000000000.jsonl").write_bytes(b"\n".join([sample_document(0), row, sample_document(2)]) + b"\n")
    assert [block.document for block in ArchiveSource(tmp_path).blocks(0)][1] == row


def test_places_that_hold_no_archive(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "blocks.zip").write_bytes(b"PK")
    assert fault(tmp_path / "empty").code == "archive-empty"
    assert fault(tmp_path / "nowhere").code == "archive-unreadable"
    assert fault(tmp_path / "nowhere.jsonl").code == "archive-unreadable"
    assert fault(tmp_path / "blocks.zip").code == "archive-unreadable"
    with pytest.raises(ValueError, match="begin at 0"):
        list(ArchiveSource(tmp_path).blocks(-1))


def test_the_description_is_read_and_believed_in_nothing(tmp_path: Path) -> None:
    said = Description(chain_id="chain0", genesis_hash="0x" + "ab" * 32)
    with ArchiveWriter(tmp_path, description=said):
        pass
    path = tmp_path / "archive.json"
    assert ArchiveSource(tmp_path).description == said

    path.write_text('{"format": 1, "chain_id": "\\u001b[31mred", "genesis_hash": ""}')
    described = ArchiveSource(tmp_path).description
    assert described is not None
    assert described.chain_id == "\N{REPLACEMENT CHARACTER}[31mred"
    for text, code in (
        ("{", "archive-description"),
        ('{"format": 2, "chain_id": "", "genesis_hash": ""}', "archive-format"),
    ):
        path.write_text(text)
        with pytest.raises(Malformed) as caught:
            _ = ArchiveSource(tmp_path).description
        assert caught.value.code == code
    path.unlink()
    assert ArchiveSource(tmp_path).description is None

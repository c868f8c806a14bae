"""A snapshot holds the facts of one height and nothing else, on every engine, and a changed file is found."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from ledger.errors import StoreDamaged, StoreUnavailable, Unknown
from ledger.facts import FACTS, Invoice, Output, PoolAsset, Receivable
from ledger.position import HEIGHT_LIMIT
from ledger.snapshot import Manifest, Snapshot, take, writing
from ledger.snapshot.manifest import MAX_HEIGHT
from ledger.store.digest import NO_FACTS, block_digest, chained
from tests.support.ledger_book import Book, certificate_on, financed_by_factor, plan

if TYPE_CHECKING:
    from pathlib import Path

    from ibis import Table

    from ledger.snapshot import Market
    from ledger.store import AsOf


@pytest.fixture
def market(book: Book) -> Book:
    """Certificates in several states, two of them in a pool."""
    outputs = {name: financed_by_factor(book, name) for name in ("r1", "r2")}
    certificate_on(book, "r3")
    book.tell("manager", "plan.established", plan("P1"))
    assets = [{"asset": name, "outputs": [output]} for name, output in outputs.items()]
    assigned = {"plan": "P1", "date": "2026-01-05", "assignor": "factor", "price": 200_000, "assets": assets}
    assert book.tell("factor", "pool.assigned", assigned) == []
    return book


def by_debtor(market: Market) -> Table:
    """An expression with a join, a filter, a sum of fen and an order: what analytics are made of."""
    receivables, outputs = market.table(Receivable), market.table(Output)
    joined = outputs.join(receivables, outputs.root == receivables.id)
    return (
        joined.group_by("debtor", "owner")
        .agg(total=joined.amount.sum().cast("int64"), pieces=joined.count())
        .order_by("debtor", "owner")
    )


def answer(table: Table) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in table.to_pyarrow().to_pylist()]


def number(table: Table) -> int:
    return int(table.count().to_pyarrow().as_py())


def counted(facts: AsOf) -> dict[str, tuple[int, int]]:
    """Versions begun and versions that hold, per table, as SQL says."""
    return {
        table.label: (
            facts.execute(select(func.count()).select_from(table).where(facts.begun(table))).scalar_one(),
            facts.count(table),
        )
        for table in FACTS
    }


def test_rows_and_digests_equal_those_of_sql(market: Book, tmp_path: Path) -> None:
    facts = market.store.at()
    manifest = take(facts, tmp_path / "s")
    assert {name: (entry.versions, entry.holding) for name, entry in manifest.tables.items()} == counted(facts)
    assert bytes.fromhex(manifest.facts_digest) == market.store.recompute_facts_digest()
    snapshot = Snapshot.open(tmp_path / "s")
    snapshot.verify()
    with snapshot.on_duckdb() as opened:
        for table in FACTS:
            assert number(opened.table(table)) == facts.count(table), table.label
        assert answer(by_debtor(opened)) == [("core", "factor", 226_000, 2), ("core", "supplier", 113_000, 1)]


def test_an_earlier_height_is_as_it_was_then(market: Book, tmp_path: Path) -> None:
    height = market.store.at().height - 2
    before = take(market.store.at(height), tmp_path / "before")
    again = take(market.store.at(height), tmp_path / "again")
    assert before == again
    assert before.facts_digest == market.store.at(height).facts_digest.hex()
    assert before.tables["pool_asset"].versions == 0
    snapshot = Snapshot.open(tmp_path / "before")
    snapshot.verify()
    with snapshot.on_duckdb() as opened:
        assert number(opened.table(Output)) == market.store.at(height).count(Output)
        assert number(opened.history(PoolAsset)) == 0


def test_small_batches_give_the_same_rows(market: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = take(market.store.at(), tmp_path / "whole")
    monkeypatch.setattr(writing, "ROWS", 1)
    parts = take(market.store.at(), tmp_path / "parts")
    assert {name: entry.rows_digest for name, entry in whole.tables.items()} == {
        name: entry.rows_digest for name, entry in parts.tables.items()
    }
    Snapshot.open(tmp_path / "parts").verify()


def test_values_come_back_as_they_were_stated(market: Book, tmp_path: Path) -> None:
    take(market.store.at(), tmp_path / "s")
    with Snapshot.open(tmp_path / "s").on_duckdb() as opened:
        outputs = opened.table(Output)
        rates = outputs.filter(outputs.financier == "factor").rate.to_pyarrow().to_pylist()
        assert {str(rate.normalize()) for rate in rates} == {"0.0525"}
        invoice = opened.table(Invoice).to_pyarrow().to_pylist()[0]
        assert (invoice["amount_including_tax"], invoice["issued"].isoformat()) == (113_000, "2026-01-04")
        assert invoice["refers_to"] == []


def _rewritten(file: Path, **changed: list[object]) -> None:
    table = pq.read_table(file)
    for name, values in changed.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(values, type=table.schema.field(at).type))
    pq.write_table(table, file)


def test_a_changed_file_is_found(market: Book, tmp_path: Path) -> None:
    take(market.store.at(), tmp_path / "s")
    file = tmp_path / "s" / "receivable.parquet"
    content = file.read_bytes()
    for at in range(0, len(content), 97):
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(StoreDamaged, match=r"receivable\.parquet"):
            Snapshot.open(tmp_path / "s").verify()
    file.unlink()
    with pytest.raises(StoreDamaged, match="cannot be read"):
        Snapshot.open(tmp_path / "s").verify()


def test_a_forged_table_with_a_fitting_manifest_does_not_give_the_facts_digest(market: Book, tmp_path: Path) -> None:
    take(market.store.at(), tmp_path / "s")
    file = tmp_path / "s" / "receivable.parquet"
    amounts = pq.read_table(file).column("amount").to_pylist()
    _rewritten(file, amount=[amounts[0] + 1, *amounts[1:]])
    told = json.loads((tmp_path / "s" / "manifest.json").read_text())
    entry = told["tables"]["receivable"]
    entry["file_digest"] = writing.file_digest(file).hex()
    (tmp_path / "s" / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(StoreDamaged, match="rows of receivable"):
        Snapshot.open(tmp_path / "s").verify()
    entry["rows_digest"] = _rows_digest(tmp_path / "s")
    (tmp_path / "s" / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(StoreDamaged, match="facts digest"):
        Snapshot.open(tmp_path / "s").verify()


def _forged(folder: Path, **changes: object) -> Snapshot:
    """The snapshot with a manifest that fits its receivables' file."""
    told = json.loads((folder / "manifest.json").read_text())
    told["tables"]["receivable"]["file_digest"] = writing.file_digest(folder / "receivable.parquet").hex()
    (folder / "manifest.json").write_text(json.dumps({**told, **changes}))
    return Snapshot.open(folder)


def test_a_file_that_no_reader_reads_is_damage_even_when_the_manifest_fits(market: Book, tmp_path: Path) -> None:
    take(market.store.at(), tmp_path / "s")
    file = tmp_path / "s" / "receivable.parquet"
    whole = file.read_bytes()
    half = whole[: len(whole) // 8] + b"\xff" * 64 + whole[len(whole) // 8 + 64 :]
    for wrong in (b"garbage", b"", b"PAR1" * 100, whole[:-1], half):
        file.write_bytes(wrong)
        with pytest.raises(StoreDamaged) as refused:
            _forged(tmp_path / "s").verify()
        assert (refused.value.code, "receivable" in refused.value.message) == ("snapshot-damaged", True)
    table = pq.read_table(pa.BufferReader(whole))
    for column, value in (("amount", "1"), ("from_height", "1"), ("due", 1)):
        at = table.column_names.index(column)
        pq.write_table(table.set_column(at, column, pa.array([value] * len(table))), file)
        with pytest.raises(StoreDamaged, match="columns"):
            _forged(tmp_path / "s").verify()


def test_a_manifest_of_an_absurd_height_is_refused_and_so_is_a_version_beyond_it(market: Book, tmp_path: Path) -> None:
    manifest = take(market.store.at(), tmp_path / "s")
    with pytest.raises(StoreDamaged, match="height"):
        _forged(tmp_path / "s", height=10**18)
    (tmp_path / "s" / "manifest.json").write_text(manifest.model_dump_json())
    file = tmp_path / "s" / "receivable.parquet"
    heights = pq.read_table(file).column("from_height").to_pylist()
    for wrong in (10**18, manifest.height + 1, -1):
        _rewritten(file, from_height=[*heights[:-1], wrong])
        told = json.loads((tmp_path / "s" / "manifest.json").read_text())["tables"]
        told["receivable"] |= {
            "file_digest": writing.file_digest(file).hex(),
            "rows_digest": _rows_digest(tmp_path / "s"),
        }
        with pytest.raises(StoreDamaged, match=f"height {wrong}"):
            _forged(tmp_path / "s", tables=told, height=manifest.height).verify()


def test_a_height_that_takes_hours_to_check_is_refused_at_once(market: Book, tmp_path: Path) -> None:
    """Every block without a record costs a hash: a manifest may not name more of them than can be waited for."""
    take(market.store.at(), tmp_path / "s")
    for height in (HEIGHT_LIMIT - 1, MAX_HEIGHT + 1):
        with pytest.raises(StoreDamaged) as refused:
            _forged(tmp_path / "s", height=height)
        assert refused.value.code == "snapshot-height"
        assert refused.value.next_step
    assert _forged(tmp_path / "s", height=MAX_HEIGHT).manifest.height == MAX_HEIGHT
    facts = market.store.at()
    facts.height = MAX_HEIGHT + 1
    with pytest.raises(StoreDamaged) as refused:
        take(facts, tmp_path / "far")
    assert (refused.value.code, (tmp_path / "far").exists()) == ("snapshot-height", False)


def test_empty_heights_are_hashed_like_any_other() -> None:
    by_hand = NO_FACTS
    for height in range(9):
        by_hand = block_digest(by_hand, [b"line"] if height == 4 else [])
    assert chained([iter([(4, b"line")])], 8) == by_hand
    for lines in ([(9, b"")], [(-1, b"")], [(4, b""), (3, b"")]):
        with pytest.raises(ValueError, match="height"):
            chained([iter(lines)], 8)


def _rows_digest(folder: Path) -> str:
    digest = writing.RowsDigest(Receivable)
    for rows in Snapshot.open(folder)._rows(Receivable):
        digest.add(rows)
    return digest.value().hex()


def test_a_folder_that_is_no_snapshot_says_so(market: Book, tmp_path: Path) -> None:
    with pytest.raises(Unknown) as missing:
        Snapshot.open(tmp_path / "nothing")
    assert missing.value.code == "no-snapshot"
    take(market.store.at(), tmp_path / "s")
    manifest = tmp_path / "s" / "manifest.json"
    told = json.loads(manifest.read_text())
    for wrong in (b"{", b"[]", b"\xff", json.dumps({**told, "height": "1"}).encode(), b" " * (2 << 20)):
        manifest.write_bytes(wrong)
        with pytest.raises(StoreDamaged):
            Snapshot.open(tmp_path / "s")
    del told["tables"]["invoice"]
    manifest.write_text(json.dumps(told))
    with pytest.raises(StoreDamaged, match="invoice"):
        Snapshot.open(tmp_path / "s")
    told["tables"]["invoice"] = {**told["tables"]["output"], "file": "../output.parquet"}
    manifest.write_text(json.dumps(told))
    with pytest.raises(StoreDamaged):
        Manifest.read(tmp_path / "s")


def test_nothing_is_overwritten_and_nothing_half_written(market: Book, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "mine").touch()
    with pytest.raises(StoreUnavailable) as refused:
        take(market.store.at(), tmp_path / "s")
    assert refused.value.code == "snapshot-exists"
    assert (tmp_path / "s" / "mine").exists()
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable) as refused:
        take(market.store.at(), tmp_path / "file" / "s")
    assert refused.value.code == "snapshot-unwritable"
    left = tmp_path / ".t.part"
    left.mkdir()
    (left / "rubbish").touch()
    take(market.store.at(), tmp_path / "t")
    assert not left.exists()


def test_no_room_leaves_nothing(market: Book, tmp_path: Path) -> None:
    full = tmp_path / "full"
    if not shutil.which("mount") or os.geteuid() != 0:
        pytest.skip("a full disk is made by mounting a small one, as root")
    import subprocess

    full.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", full], check=False, capture_output=True
    ).returncode:
        pytest.skip("this machine does not let a test mount a small disk")
    try:
        with pytest.raises(StoreUnavailable) as refused:
            take(market.store.at(), full / "s")
        assert refused.value.code == "snapshot-unwritable"
        assert list(full.iterdir()) == []
    finally:
        subprocess.run(["umount", full], check=True)

"""A generated archive followed by a real node: what the tests of markets and scenarios stand on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.replica import join, sync
from ledger.sources.archive import ArchiveSource
from ledger.store import Store

Shown = Counter[tuple[str, str]]
"""Findings by their code and the hash of the transaction that shows them."""


def followed(folder: Path, summary: Any, home: Path) -> Store:
    """A database that verified and projected every block of the archive."""
    home.mkdir(exist_ok=True)
    store = Store.create(home / "node.db")
    source = ArchiveSource(folder)
    pinned = bytes.fromhex(summary.genesis_hash[2:]), (bytes.fromhex(summary.contract[2:]),)
    join(store, source, genesis_hash=pinned[0], contracts=pinned[1])
    report = sync(store, source, evidence=home / "evidence", workers=0)
    assert f"0x{report.block_hash.hex()}" == summary.head
    return store


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A record as it stands in a database."""

    kind: str
    transaction_hash: str
    payload: dict[str, Any]


def written(store: Store) -> list[Written]:
    """Every record in ledger order."""
    made = []
    for row in store.records():
        payload = json.loads(row.payload)
        made.append(Written(kind=row.kind, transaction_hash=f"0x{row.transaction_hash.hex()}", payload=payload))
    return made


def shown(store: Store) -> Shown:
    """Every finding."""
    transactions = {row.place: f"0x{row.transaction_hash.hex()}" for row in store.records()}
    return Counter((finding.code.value, transactions[finding.position]) for finding in store.findings())


def labelled(file: Path) -> tuple[list[dict[str, Any]], Shown]:
    """The labels of a sidecar file, and the findings they expect."""
    labels = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return labels, Counter((each["code"], each["transaction"]) for label in labels for each in label["expects"])

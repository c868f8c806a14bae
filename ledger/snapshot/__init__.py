"""The facts at a height as Parquet files with a manifest: what whole-market analytics stand on."""

from ledger.snapshot.manifest import Manifest, TableEntry
from ledger.snapshot.market import Market
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take

__all__ = ["Manifest", "Market", "Snapshot", "TableEntry", "take"]

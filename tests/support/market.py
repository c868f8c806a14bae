"""A small market in a node's home: the generated sample of receivables, imported, verified and stored for real."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ledger.consortium import PIN, generate_sample, import_receivables, packaged_map
from ledger.replica import join, sync
from ledger.sources import open_source
from ledger.store import Store
from portal.node import read_pin

SEED = 1
DATABASE = "ledger.db"
ARCHIVE = "consortium"


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Where everything is, and what was imported: ``home`` of the node, ``plan`` it replicated, amount in fen."""

    home: Path
    archive: Path
    file: Path
    plan: str
    rows: int
    amount: int

    @property
    def database(self) -> Path:
        return self.home / DATABASE


def sample_market(folder: Path, *, rows: int = 60, seed: int = SEED) -> Market:
    """The market in ``folder``: the same blocks for the same seed; some seconds for a few hundred rows."""
    file = folder / "receivables.csv"
    file.write_bytes(generate_sample(seed, rows))
    archive, home = folder / ARCHIVE, folder / "home"
    summary = import_receivables(file, packaged_map("demo"), archive, seed=seed)
    home.mkdir()
    trusted = read_pin(archive / PIN)
    source = open_source(str(archive))
    try:
        with Store.create(home / DATABASE) as store:
            join(store, source, genesis_hash=trusted.genesis_hash, contracts=trusted.contracts)
            sync(store, source, evidence=home / "evidence", workers=1)
    finally:
        source.close()
    return Market(
        home=home, archive=archive, file=file, plan=summary.plan, rows=summary.imported, amount=summary.amount
    )


def sample_home(folder: Path) -> Path:
    """The home of a node that replicated the sample market."""
    return sample_market(folder).home

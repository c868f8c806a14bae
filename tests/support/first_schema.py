"""A database as an earlier release made it: its migrations alone, and a ledger's rows with the columns of that time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, select, text

import ledger
from ledger.store.engine import connect, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ledger.store import Store

MIGRATIONS = Path(ledger.__file__).parent / "migrations"
COPIED = ("block", "document", "record", "finding", "member", "address", "invoice")
COPIED_LATER = ("log_node", "receivable")


def first_release(store: Store, location: Path | str) -> None:
    """Make the database at the location, which must be empty, and copy into it what the store holds."""
    earlier_release(store, location, "0001")


def earlier_release(store: Store, location: Path | str, schema: str) -> None:
    """The same of the release that had this schema."""
    engine = connect(location, create=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine).begin() as connection, store._engine.connect() as source:
        config.attributes["connection"] = connection
        command.upgrade(config, schema)
        old, new = MetaData(), MetaData()
        old.reflect(connection)
        new.reflect(source)
        for name in COPIED if schema == "0001" else COPIED + COPIED_LATER:
            _copy(source, connection, old, new, name)
        kept = {name: store.state(name) for name in ("anchor", "trusted")}
        connection.execute(
            text("INSERT INTO state (name, text) VALUES (:name, :text)"),
            [{"name": name, "text": value} for name, value in kept.items()],
        )
    engine.dispose()


def _copy(source: Connection, target: Connection, old: MetaData, new: MetaData, name: str) -> None:
    columns = [column for column in new.tables[name].columns if column.name in old.tables[name].columns]
    rows = [row._asdict() for row in source.execute(select(*columns))]
    assert rows, f"the ledger has something in {name}"
    target.execute(old.tables[name].insert(), rows)

"""The database connection: how SQLite is set up, how the schema gets there, and what its failures mean."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.errors import LedgerError, StoreDamaged, StoreUnavailable, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

__all__ = ["SCHEMA", "WRITING", "check_schema", "connect", "guarded", "migrate"]

SCHEMA = "0002"
"""The migration this code reads and writes."""

WRITING = "glasspool_writes"  # the execution option by which a transaction takes the write lock at once
BUSY_MS = 10_000  # how long to wait for another process's transaction
CHECKPOINT_PAGES = 8_192  # 32 MB of log: a page changed by many blocks is carried over once
MIGRATIONS = Path(__file__).parents[1] / "migrations"

_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@contextmanager
def guarded(where: str) -> Iterator[None]:
    """Turn the database's failures into this package's errors; ``where`` says what was being done."""
    try:
        yield
    except DBAPIError as failure:
        raise _told(failure, where) from failure
    except PoolTimeout as failure:
        raise StoreUnavailable("store-busy", f"The database had no connection free while {where}") from failure


def _told(failure: DBAPIError, where: str) -> LedgerError:
    name = getattr(failure.orig, "sqlite_errorname", "")
    cause = f"{failure.orig} while {where}"
    if name.startswith(_DAMAGE):
        return StoreDamaged("store-damaged", f"The database is damaged: {cause}")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreUnavailable(
            "store-locked",
            f"Another process holds the database: {cause}",
            next_step="Stop the other command that writes to this node, or wait for it, then run this one again.",
        )
    if name.startswith("SQLITE_FULL"):
        return StoreUnavailable(
            "store-full",
            f"There is no room for the database: {cause}",
            next_step="Make room on its disk and run again.",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN", "SQLITE_AUTH")):
        return StoreUnavailable(
            "store-access",
            f"The database cannot be opened or written: {cause}",
            next_step="Check that the file and its folder are there and belong to you.",
        )
    return StoreUnavailable("store-failed", f"The database refused: {cause}")


def connect(location: str | Path, *, create: bool) -> Engine:
    """Return the engine of a database: a file's path (SQLite) or a database URL. Makes no connection yet.

    Raises Unknown ``no-store`` for a file that is not there, unless it is to be created.
    """
    given = str(location)
    try:
        url = make_url(given) if "://" in given else make_url("sqlite:///").set(database=given)
    except ArgumentError as failure:
        raise StoreUnavailable("store-url", f"{given} is no database URL") from failure
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        if create:
            _make_folder(file.parent)
        elif not file.exists():
            raise Unknown("no-store", f"There is no database at {file}", next_step="Run `glasspool init` first.")
    try:
        engine = create_engine(url)
    except (NoSuchModuleError, ImportError) as failure:
        raise StoreUnavailable(
            "store-driver",
            f"No driver for {url.drivername} is installed",
            next_step="Install the driver that the URL names, or use an SQLite file.",
        ) from failure
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise StoreUnavailable("store-access", f"The folder {folder} cannot be made: {failure.strerror}") from failure


def _set_up(connection: Any, _: object) -> None:
    """Set one SQLite connection: WAL survives a killed process, and readers do not wait for the writer."""
    connection.isolation_level = None  # transactions are begun by _begin, not by the driver's guess
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        "temp_store = MEMORY",
        "cache_size = -65536",  # KiB
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def migrate(engine: Engine) -> None:
    """Bring the schema to :data:`SCHEMA`; a database already there is left alone."""
    from alembic import command
    from alembic.config import Config

    with guarded("preparing its tables"), engine.connect() as connection:
        found = _schema(connection)
        if found not in (None, SCHEMA):
            raise _other_schema(found)
        if found == SCHEMA:
            return
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with guarded("preparing its tables"), engine.execution_options(**{WRITING: True}).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(engine: Engine) -> None:
    """Raise StoreUnavailable ``store-schema`` unless the database has the schema of this code."""
    with guarded("opening it"), engine.connect() as connection:
        found = _schema(connection)
    if found != SCHEMA:
        raise _other_schema(found)


def _schema(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _other_schema(found: str | None) -> StoreUnavailable:
    has = "no schema of Glasspool" if found is None else f"schema {found}"
    return StoreUnavailable(
        "store-schema",
        f"The database has {has}, and this version of Glasspool works with schema {SCHEMA}",
        next_step="Use the version of Glasspool that made it, or sync again into a new home folder.",
    )

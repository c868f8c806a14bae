"""The database connection: how SQLite and PostgreSQL are set up, and what their failures mean."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.errors import LedgerError, StoreDamaged, StoreUnavailable, Unknown
from ledger.records.base import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

__all__ = ["connect", "guarded", "reading", "writing"]

WRITING = "glasspool_writes"  # the execution option by which a transaction takes the write lock at once
WRITE_LOCK = 0x676C617373  # PostgreSQL's advisory lock of the one transaction that writes
BUSY_MS = 10_000  # how long to wait for another process's transaction
CHECKPOINT_PAGES = 8_192  # 32 MB of log: a page changed by many blocks is carried over once

_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002", "42P01", "42703")
_DAMAGE_SAID = ("Could not decode to UTF-8", "no such table", "no such column")
_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40P01", "40001")
_FULL = ("SQLITE_FULL", "53100")
_ACCESS = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN", "SQLITE_AUTH", "25006", "42501", "28")
_BUSY = ("53300", "57P03")
_LOST = ("08", "57P01", "57P02")
"""What SQLite names an error, and PostgreSQL's SQLSTATE codes or their classes."""


@contextmanager
def guarded(where: str, mend: str | None = None) -> Iterator[None]:
    """Turn the database's failures into this package's errors; ``where`` says what was being done.

    ``mend`` is what to do about damage, where the database is not a replica that can be fetched again.
    """
    try:
        yield
    except DBAPIError as failure:
        raise _told(failure, where, mend) from failure
    except UnicodeDecodeError as failure:  # the driver's, on what SQLite's file calls text
        raise StoreDamaged(
            "store-damaged", f"The database is damaged: bytes that are no text while {where}", next_step=mend
        ) from failure
    except PoolTimeout as failure:
        raise StoreUnavailable("store-busy", f"The database had no connection free while {where}") from failure


@contextmanager
def reading(where: str, mend: str | None = None) -> Iterator[None]:
    """Do what :func:`guarded` does, and tell a stored value that is none (a date, a decimal, JSON) as damage."""
    with guarded(where, mend):
        try:
            yield
        except (ValueError, ArithmeticError) as failure:
            told = f"A value cannot be read while {where}: {failure}"
            raise StoreDamaged("store-damaged", told, next_step=mend) from failure


def _told(failure: DBAPIError, where: str, mend: str | None) -> LedgerError:
    orig = failure.orig
    name = getattr(orig, "sqlite_errorname", None) or getattr(orig, "sqlstate", None) or ""
    said = " ".join(str(orig).split())
    cause = f"{said} while {where}"
    if name.startswith(_DAMAGE) or any(words in said for words in _DAMAGE_SAID):
        return StoreDamaged("store-damaged", f"The database is damaged: {cause}", next_step=mend)
    if name.startswith(_LOCKED):
        return StoreUnavailable(
            "store-locked",
            f"Another process holds the database: {cause}",
            next_step="Stop the other command that writes to this node, or wait for it, then run this one again.",
        )
    if name.startswith(_FULL):
        return StoreUnavailable(
            "store-full",
            f"There is no room for the database: {cause}",
            next_step="Make room on its disk and run again.",
        )
    if name.startswith(_ACCESS) or "authentication failed" in said or "no pg_hba.conf entry" in said:
        return StoreUnavailable(
            "store-access",
            f"The database cannot be opened or written: {cause}",
            next_step="Check that it is there, that its URL names the right user and password, and that you may write.",
        )
    if name.startswith("3D000") or ('database "' in said and "does not exist" in said):
        return Unknown(
            "no-store",
            f"There is no such database: {cause}",
            next_step="Create it on the server (createdb NAME), then run `glasspool init`.",
        )
    if name.startswith(_BUSY) or "too many clients" in said:
        return StoreUnavailable("store-busy", f"The database takes no more connections: {cause}")
    if name.startswith(_LOST) or failure.connection_invalidated or _is_lost(orig):
        return StoreUnavailable(
            "store-unreachable",
            f"The database server cannot be reached: {cause}",
            next_step="Check the server and the URL, then run again: a block is stored whole or not at all.",
        )
    return StoreUnavailable("store-failed", f"The database refused: {cause}")


def _is_lost(orig: object) -> bool:
    """Tell whether the driver, not the server, speaks: it never got through, or lost the connection."""
    return type(orig).__module__.startswith("psycopg") and getattr(orig, "sqlstate", None) is None


def connect(location: str | Path, *, create: bool) -> Engine:
    """Return the engine of a database: a file's path (SQLite) or a database URL. Makes no connection yet.

    Raises Unknown ``no-store`` for a file that is not there, unless it is to be created. No message holds a password.
    """
    url = _url(str(location))
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        if create:
            _make_folder(file.parent)
        elif not file.exists():
            raise Unknown("no-store", f"There is no database at {file}", next_step="Run `glasspool init` first.")
    try:
        ours: dict[str, Any] = {}
        if url.get_backend_name() == "postgresql":
            # Several statements of one reading then see one height, whatever is committed between them.
            ours = {"client_encoding": "utf8", "isolation_level": "REPEATABLE READ"}
        engine = create_engine(url, json_serializer=_json, **ours)
    except (NoSuchModuleError, ImportError) as failure:
        raise StoreUnavailable(
            "store-driver",
            f"No driver for {url.drivername} is installed",
            next_step="Install the driver that the URL names, or use an SQLite file.",
        ) from failure
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_up_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _url(given: str) -> URL:
    try:
        url = make_url(given) if "://" in given else make_url("sqlite:///").set(database=given)
    except (ArgumentError, ValueError):  # the URL may hold a password, and so may the cause
        shown = given.partition("://")[0]
        raise StoreUnavailable("store-url", f"The setting that begins with {shown}:// is no database URL") from None
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreUnavailable(
            "store-url",
            f"Glasspool keeps its data in SQLite or PostgreSQL, not in {url.drivername}",
            next_step="Give a file's path, or a URL such as postgresql://user@host/database.",
        )
    return url


def _json(value: Any) -> str:
    """Return JSON text that is the same for the same value: what scrub compares byte for byte."""
    return canonical(value).decode()


def writing(engine: Engine) -> Engine:
    """Return the engine whose transactions take the one write lock as they begin, and then see what it protected."""
    options: dict[str, Any] = {WRITING: True}
    if engine.dialect.name != "sqlite":
        options["isolation_level"] = "READ COMMITTED"  # the snapshot is taken after the lock, not before
    return engine.execution_options(**options)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise StoreUnavailable("store-access", f"The folder {folder} cannot be made: {failure.strerror}") from failure


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Set one SQLite connection: WAL survives a killed process, and readers do not wait for the writer."""
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver's guess
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


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_postgresql(connection: Any, _: object) -> None:
    """Set one PostgreSQL connection; the driver begins its transactions."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {BUSY_MS}")
    connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITING):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")

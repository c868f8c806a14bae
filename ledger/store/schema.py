"""The schema: how it gets into a database, what an older one needs, and whether the facts are those of this code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select, text

from ledger.errors import StoreUnavailable
from ledger.store import state
from ledger.store.engine import guarded, writing
from ledger.store.log import fill_log
from ledger.store.tables import BlockRow

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = [
    "FACTS_VERSION",
    "SCHEMA",
    "Upgrade",
    "check_facts",
    "check_schema",
    "migrate",
    "rebuilding",
    "stale",
    "upgrade",
]

SCHEMA = "0005"
"""The migration this code reads and writes."""

OLDER = ("0001", "0002", "0003", "0004")
"""The schemas that :func:`upgrade` knows the way from."""

FACTS_VERSION = "4"
"""Counted up whenever the same records give other facts, findings or digests than before."""

MIGRATIONS = Path(__file__).parents[1] / "migrations"

PREPARING = "preparing its tables"
OPENING = "opening it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What an upgrade found and left: the schemas before and after, and whether the facts must now be rebuilt."""

    before: str
    after: str
    stale: bool


def migrate(engine: Engine) -> None:
    """Give an empty database the schema; one that has a schema is left alone.

    Raises StoreUnavailable ``store-schema`` or ``store-old`` when it is another.
    """
    with guarded(PREPARING), engine.connect() as connection:
        found = _schema(connection)
        if found is None:
            _check_encoding(connection)
    if found is None:
        _run(engine)
    elif found != SCHEMA:
        raise _other_schema(found)


def check_schema(engine: Engine) -> None:
    """Raise StoreUnavailable ``store-schema`` or ``store-old`` unless the database has the schema of this code."""
    with guarded(OPENING), engine.connect() as connection:
        found = _schema(connection)
    if found != SCHEMA:
        raise _other_schema(found)


def upgrade(engine: Engine) -> Upgrade:
    """Bring an older database to :data:`SCHEMA` in one transaction; no block, record or trusted state is lost.

    Its facts stay those of the older code until they are rebuilt. Raises StoreUnavailable ``store-schema`` for a
    database without a schema of Glasspool, or with a newer one.
    """
    with guarded(OPENING), engine.connect() as connection:
        found = _schema(connection)
    if found is None or found not in (*OLDER, SCHEMA):
        raise _other_schema(found)
    if found != SCHEMA:
        _run(engine)
    with guarded(OPENING), engine.connect() as connection:
        kept = state.take(connection, state.FACTS, state.REBUILDING)
    return Upgrade(before=found, after=SCHEMA, stale=kept != {state.FACTS: FACTS_VERSION})


def check_facts(kept: dict[str, str]) -> None:
    """Raise StoreUnavailable unless the facts are whole and projected by this code; ``kept`` is the state's."""
    if state.REBUILDING in kept:
        raise rebuilding()
    if kept.get(state.FACTS) != FACTS_VERSION:
        raise stale("The facts of this node were made by another version of Glasspool")


def stale(message: str) -> StoreUnavailable:
    """Return the error of facts that must be made again before they are used or added to."""
    return StoreUnavailable(
        "facts-stale",
        message,
        next_step="Run `glasspool rebuild`: it makes them again from the blocks stored here.",
    )


def rebuilding() -> StoreUnavailable:
    """Return the error of reading or adding facts while they are being rebuilt."""
    return StoreUnavailable(
        "facts-rebuilding",
        "The facts of this node are being rebuilt",
        next_step="Let `glasspool rebuild` finish; where it was stopped, run it again: it goes on where it was.",
    )


def _run(engine: Engine) -> None:
    """Run the migrations and what a database of before needs, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with guarded(PREPARING), writing(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, SCHEMA)
        state.seal_all(connection)
        if connection.execute(select(func.max(BlockRow.height))).scalar() is None:
            state.put(connection, state.FACTS, FACTS_VERSION)
        else:
            fill_log(connection)


def _check_encoding(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise StoreUnavailable(
            "store-encoding",
            f"The database keeps text as {encoding}, which cannot hold every character",
            next_step="Create it with ENCODING 'UTF8' (createdb --encoding=UTF8 --template=template0 NAME).",
        )


def _schema(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _other_schema(found: str | None) -> StoreUnavailable:
    if found in OLDER:
        return StoreUnavailable(
            "store-old",
            f"The database has schema {found} of an earlier Glasspool; this one works with {SCHEMA}",
            next_step="Make a copy of it, then run `glasspool upgrade`.",
        )
    has = "no schema of Glasspool" if found is None else f"schema {found}"
    return StoreUnavailable(
        "store-schema",
        f"The database has {has}, and this version of Glasspool works with schema {SCHEMA}",
        next_step="Use the version of Glasspool that made it, or sync again into a new home folder.",
    )

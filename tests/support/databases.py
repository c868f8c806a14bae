"""The databases that the store is tested on: SQLite files, and databases of a PostgreSQL that a session starts."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
import pytest

from ledger.store import Store
from ledger.store.schema import SCHEMA
from ledger.store.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "glasspool"
LOCKED = "locked"
"""A role whose password nobody knows."""
TEMPLATE = "glasspool_template"


class MakeDatabase(Protocol):
    """Gives the location of the database with this name, made when it is first asked for."""

    def __call__(self, name: str = "ledger") -> Path | str: ...

    def empty(self) -> Path | str:
        """Give the location of a database without any table."""

    def drop(self, name: str = "ledger") -> None:
        """Let the database be as it was when it was first asked for."""


class Files:
    """SQLite files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str = "ledger") -> Path:
        return self._folder / f"{name}.db"

    def empty(self) -> Path:
        return self("empty")

    def drop(self, name: str = "ledger") -> None:
        for file in self._folder.glob(f"{name}.db*"):
            file.unlink()


class Databases:
    """Databases of a PostgreSQL, given back in the end."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._known: dict[str, str] = {}

    def __call__(self, name: str = "ledger") -> str:
        if name not in self._known:
            self._known[name] = self._server.lend()
        return self._server.url(self._known[name])

    def empty(self) -> str:
        self._known["empty"] = self._server.make(self._server.free_name(), template="template0")
        return self("empty")

    def drop(self, name: str = "ledger") -> None:
        if name in self._known:
            self._server.drop(self._known[name])
            self._server.make(self._known[name])

    def give_back(self) -> None:
        for database in self._known.values():
            self._server.take_back(database)


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, of the newest version where Debian has several; None where it is not."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = max(debian, key=lambda path: int(path.parts[-3]), default=None) or shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


class Server:
    """A PostgreSQL of its own: a temporary folder, a socket in it, no port. Text is ordered as English by default."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._numbers = itertools.count(1)
        self._free: list[str] = []
        self._state: list[Any] = []
        self.folder = Path(tempfile.mkdtemp(prefix="glasspool-pg-"))
        # PostgreSQL refuses to run as root; a session that is root runs it as somebody else.
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:
            other = pwd.getpwnam("nobody")
            self._as = {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}
            shutil.chown(self.folder, other.pw_uid, other.pw_gid)
        self.folder.chmod(0o755)

    def start(self) -> None:
        data = self.folder / "data"
        self._run(
            "initdb", "--pgdata", data, "--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C",
            "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync",
        )  # fmt: skip
        hba = data / "pg_hba.conf"
        hba.write_text(f"local all {LOCKED} scram-sha-256\n" + hba.read_text())
        options = {
            "listen_addresses": "", "unix_socket_directories": str(self.folder), "fsync": "off",
            "shared_buffers": "32MB", "max_connections": "40", "lc_messages": "C",
        }  # fmt: skip
        given = [each for name, value in options.items() for each in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", data, *given], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **self._as,
            )  # fmt: skip
        self._wait()
        self.execute(f"CREATE ROLE {LOCKED} LOGIN PASSWORD 'a secret'")
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        Store.create(self.url(TEMPLATE)).close()
        with self.connect(TEMPLATE) as connection:
            self._state = connection.execute("SELECT name, text, seal FROM state").fetchall()

    def stop(self) -> None:
        self._process.send_signal(3)  # at once
        self._process.wait()
        shutil.rmtree(self.folder)

    def url(self, database: str, user: str = USER) -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the test's own, every statement its own transaction."""
        return psycopg.connect(f"host={self.folder} user={USER} dbname={database}", autocommit=True)

    def execute(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement)

    def lend(self) -> str:
        """Return the name of a database with empty tables."""
        return self._free.pop() if self._free else self.make(self.free_name())

    def take_back(self, name: str) -> None:
        """Empty a database for the next test: quicker than making another. One that is not as it was is dropped."""
        deleting = [f'DELETE FROM "{table.name}"' for table in TABLES]
        try:
            with self.connect(name) as connection, connection.transaction():
                connection.execute("SET lock_timeout = 1000")
                connection.execute("; ".join(deleting))
                connection.execute("UPDATE alembic_version SET version_num = %s", (SCHEMA,))
                with connection.cursor() as cursor:
                    cursor.executemany("INSERT INTO state VALUES (%s, %s, %s)", self._state)
        except psycopg.Error:
            self.drop(name)
        else:
            self._free.append(name)

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def free_name(self) -> str:
        return f"test_{next(self._numbers)}"

    def make(self, name: str, *, template: str = TEMPLATE) -> str:
        """Make a database that is like another, by default one that has the tables; returns its name."""
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments], check=False, capture_output=True, text=True, **self._as
        )
        assert done.returncode == 0, done.stderr

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                told = (self.folder / "log").read_text()
                assert self._process.poll() is None, told
                assert time.monotonic() < deadline, told
                time.sleep(0.02)
            else:
                return


def private_server() -> Iterator[Server]:
    """What the session's fixture yields: the running server, or a skipped test with its reason."""
    found = programs()
    if found is None:
        reason = "PostgreSQL is not installed (Debian: postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = Server(found)
    try:
        server.start()
        yield server
        server.stop()
    except BaseException:
        shutil.rmtree(server.folder, ignore_errors=True)
        raise


def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeDatabase]:
    """What a fixture with a parameter ``sqlite`` or ``postgresql`` yields: a maker of databases of that kind."""
    if request.param == "sqlite":
        yield Files(tmp_path)
        return
    made = Databases(request.getfixturevalue("postgresql"))
    yield made
    made.give_back()

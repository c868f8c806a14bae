"""The book's database: findings are written version by version and never change; what people write stands elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import local
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, bindparam, delete, func, inspect, select, text, update

from ledger.errors import StoreUnavailable
from ledger.store import Prepared
from ledger.store.engine import connect, guarded, reading, writing
from regulator.book.asking import ORDERS, Search, clauses
from regulator.book.tables import BookTable, FindingLinkRow, FindingRow, FollowedRow, StateRow, VersionRow, table_of
from regulator.errors import BookStale, UnknownFinding
from regulator.evidence import AT_ONCE
from regulator.signals import Level, Signal, Version

__all__ = ["Book", "FindingLine", "Followed"]

FORM: Final = "2"
"""Form of the tables; an older one is brought to it when the book is opened, a later one is refused."""

UPGRADES: Final[Mapping[str, tuple[str, str]]] = {
    "1": ("2", "ALTER TABLE suppression ADD COLUMN height BIGINT NOT NULL DEFAULT -1"),
}
"""By form, the next one and the statement that makes it. What people wrote cannot be made anew, so it is kept."""

MEND: Final = (
    "Restore this file (of a server, this database) from a backup. Findings can be made again by `glasspool watch`; "
    "cases, suppressions and the trail cannot."
)
"""What to do about a damaged book: no sync brings it back."""

_FOUND, _VERSIONS, _LINKS = table_of(FindingRow), table_of(VersionRow), table_of(FindingLinkRow)
_FOLLOWED, _STATE = table_of(FollowedRow), table_of(StateRow)

# Asked with every block, so put together once.
_HELD = select(_FOLLOWED).order_by(_FOLLOWED.c.scope)
_MOVE = update(_FOLLOWED).where(_FOLLOWED.c.scope.in_(bindparam("moved", expanding=True)))
_STANDING = Prepared(
    lambda one_of: (
        select(_VERSIONS.c.id, _VERSIONS.c.signal)
        .join(_FOUND, (_FOUND.c.id == _VERSIONS.c.id) & (_FOUND.c.last_height == _VERSIONS.c.height))
        .where(_FOUND.c.standing, one_of(_FOUND.c.subject, "subjects"), one_of(_FOUND.c.rule, "rules"))
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far a scope was followed."""

    height: int
    facts_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """A finding in a list: as its last version leaves it."""

    id: str
    rule: str
    subject: str
    first_height: int
    last_height: int
    standing: bool
    level: Level
    score: int
    amount: int
    since: date | None


class Book:
    """The regulator's book at a file's path (SQLite) or a database URL. One process writes; any number read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._later: list[Callable[[Connection], None]] = []
        self._held = local()

    @classmethod
    def open(cls, location: str | Path) -> Self:
        """Return the book, made where there is none.

        Raises StoreUnavailable when it cannot be reached or written, or has another version's form.
        """
        engine = connect(location, create=True)
        try:
            with guarded(f"opening {_named_of(engine)}", MEND):
                with engine.connect() as connection:
                    ready = _form(connection) == FORM
                if not ready:  # a book that is as it should be can be read where nothing can be written
                    with writing(engine).begin() as connection:
                        _prepare(connection)
        except Exception:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def reads(self) -> Iterator[Connection]:
        """Give a connection that reads one state of the book."""
        held: Connection | None = getattr(self._held, "connection", None)
        with reading(f"reading {_named_of(self._engine)}", MEND):
            if held is not None:
                yield held
                return
            with self._engine.connect() as connection:
                connection.begin()
                yield connection

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Have this thread read one state of the book until the block ends: for many small questions in a row."""
        if getattr(self._held, "connection", None) is not None:
            yield
            return
        with ExitStack() as stack:
            with reading(f"reading {_named_of(self._engine)}", MEND):  # what the caller does beside is not guarded
                connection = stack.enter_context(self._engine.connect())
                connection.begin()
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = None

    @contextmanager
    def writes(self) -> Iterator[Connection]:
        """Give a transaction that is kept whole or not at all."""
        with guarded(f"writing {_named_of(self._engine)}", MEND), writing(self._engine).begin() as connection:
            yield connection

    def later(self, write: Callable[[Connection], None]) -> None:
        """Have something written in the transaction in which the step at hand is kept, or not at all."""
        self._later.append(write)

    def drop_later(self) -> None:
        """Forget what was to be written: the step it was of was cut short."""
        self._later.clear()

    # How far the ledger was followed

    def followed(self, scope: str) -> Followed | None:
        """Return how far a scope was followed, or None when it never was."""
        with self.reads() as connection:
            row = connection.execute(select(_FOLLOWED).where(_FOLLOWED.c.scope == scope)).one_or_none()
        return None if row is None else Followed(height=row.height, facts_digest=row.facts_digest)

    def followed_all(self) -> dict[str, Followed]:
        """Return how far each scope was followed that ever was, by its name."""
        with self.reads() as connection:
            rows = connection.execute(_HELD).all()
        return {row.scope: Followed(height=row.height, facts_digest=row.facts_digest) for row in rows}

    def reached(self, scopes: Collection[str]) -> int | None:
        """Return the last block that each of these scopes was followed to; None where one was not followed at all."""
        followed = self.followed_all()
        return min((followed[one].height for one in scopes), default=None) if followed.keys() >= {*scopes} else None

    def keep(self, scope: str, versions: Sequence[Version], before: Followed | None, now: Followed) -> None:
        """Write what one scope found: see :meth:`keep_all`."""
        self.keep_all({scope: versions}, {scope: before}, now)

    def keep_all(
        self, found: Mapping[str, Sequence[Version]], before: Mapping[str, Followed | None], now: Followed
    ) -> None:
        """Write what each scope found in the blocks from ``before`` to ``now``, all in one transaction.

        Raises BookStale ``book-moved`` when another process followed one of them meanwhile: nothing is written then.
        """
        with self.writes() as connection:
            held = {row.scope: row.height for row in connection.execute(_HELD) if row.scope in found}
            values = {"height": now.height, "facts_digest": now.facts_digest}
            new = []
            for scope in found:
                was = before[scope]
                if held.get(scope) != (None if was is None else was.height):
                    told = f"Another process has followed {scope} to block {held.get(scope)} meanwhile"
                    raise BookStale("book-moved", told)
                if was is None:
                    new.append({"scope": scope, **values})
            if new:
                connection.execute(_FOLLOWED.insert(), new)
            if held:
                connection.execute(_MOVE, {"moved": sorted(held), **values})
            _write(connection, [version for versions in found.values() for version in versions])
            for write in self._later:
                write(connection)
        self._later.clear()

    def forget(self, scope: str, rules: Collection[str]) -> None:
        """Remove what a scope found, so that the ledger can be followed anew. What people wrote stays."""
        with self.writes() as connection:
            mine = select(_FOUND.c.id).where(_FOUND.c.rule.in_(sorted(rules)))
            for table in (_VERSIONS, _LINKS):
                connection.execute(delete(table).where(table.c.id.in_(mine)))
            connection.execute(delete(_FOUND).where(_FOUND.c.rule.in_(sorted(rules))))
            connection.execute(delete(_FOLLOWED).where(_FOLLOWED.c.scope == scope))

    # Findings

    def standing(self, rules: Collection[str], subjects: Collection[str]) -> dict[str, Signal]:
        """Return the signals that stand, of these rules about these subjects, by finding id."""
        wanted = sorted(set(subjects))
        found: dict[str, Signal] = {}
        with self.reads() as connection:
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                rows = _STANDING.rows(connection, subjects=some, rules=sorted(rules))
                found |= {id_: Signal.from_text(text) for id_, text in rows}
        return found

    def findings(
        self,
        *,
        rule: str | None = None,
        level: Level | None = None,
        about: Collection[str] = (),
        standing: bool | None = True,
        search: Search | None = None,
        order: str = "level",
        descending: bool = True,
    ) -> list[FindingLine]:
        """Return findings, the gravest first: by level, amount, score, then id; or by another of ORDERS before these.

        ``rule`` is a rule or the family before its dot; ``about`` things, ``<kind> <id>``, each of which some version
        names; ``standing`` None: also those that stand no more.
        """
        statement = select(_FOUND).where(*clauses(rule, level, about, standing, search))
        first = [each.desc() if descending else each for each in ORDERS[order]]
        gravest = [*(each.desc() for each in ORDERS["level"]), _FOUND.c.id]
        with self.reads() as connection:
            rows = connection.execute(statement.order_by(*first, *gravest)).mappings().all()
        return [FindingLine(**dict(row) | {"level": Level(row["level"])}) for row in rows]

    def line(self, id_: str) -> FindingLine:
        """Return a finding as its last version leaves it. Raises UnknownFinding."""
        found = self.lines([id_])
        if id_ not in found:
            raise _unknown(id_)
        return found[id_]

    def lines(self, ids: Collection[str]) -> dict[str, FindingLine]:
        """Return those of these findings that are in the book, by id, each as its last version leaves it."""
        with self.reads() as connection:
            rows = connection.execute(select(_FOUND).where(_FOUND.c.id.in_(sorted(ids)))).mappings().all()
        return {row["id"]: FindingLine(**dict(row) | {"level": Level(row["level"])}) for row in rows}

    def counts(self, *, standing: bool | None = True) -> dict[tuple[str, Level], int]:
        """Return how many findings there are by rule and level."""
        statement = select(_FOUND.c.rule, _FOUND.c.level, func.count()).where(*clauses(None, None, (), standing, None))
        with self.reads() as connection:
            rows = connection.execute(statement.group_by(_FOUND.c.rule, _FOUND.c.level)).all()
        return {(rule, Level(level)): count for rule, level, count in rows}

    def history(self, id_: str) -> list[Version]:
        """Return every version of a finding, oldest first. Raises UnknownFinding."""
        with self.reads() as connection:
            row = connection.execute(select(_FOUND).where(_FOUND.c.id == id_)).mappings().one_or_none()
            if row is None:
                raise _unknown(id_)
            statement = select(_VERSIONS).where(_VERSIONS.c.id == id_).order_by(_VERSIONS.c.height)
            versions = connection.execute(statement).all()
        return [
            Version(
                rule=row["rule"],
                subject=row["subject"],
                height=one.height,
                signal=None if one.signal is None else Signal.from_text(one.signal),
            )
            for one in versions
        ]

    def signals(self, ids: Sequence[str]) -> dict[str, list[tuple[int, Signal]]]:
        """Return what each of these findings said, by id: the heights and signals of its versions, oldest first."""
        found: dict[str, list[tuple[int, Signal]]] = defaultdict(list)
        with self.reads() as connection:
            for start in range(0, len(ids), AT_ONCE):
                mine = _VERSIONS.c.id.in_(ids[start : start + AT_ONCE]) & _VERSIONS.c.signal.is_not(None)
                for row in connection.execute(
                    select(_VERSIONS).where(mine).order_by(_VERSIONS.c.id, _VERSIONS.c.height)
                ):
                    found[row.id].append((row.height, Signal.from_text(row.signal)))
        return found

    def last_said(self, ids: Collection[str]) -> dict[str, Signal]:
        """Return what each of these findings said last, by id."""
        mine = _VERSIONS.c.id.in_(sorted(ids)) & _VERSIONS.c.signal.is_not(None)
        last = select(_VERSIONS.c.id, func.max(_VERSIONS.c.height).label("height")).where(mine).group_by(_VERSIONS.c.id)
        newest = last.subquery()
        statement = select(_VERSIONS.c.id, _VERSIONS.c.signal).join(
            newest, (newest.c.id == _VERSIONS.c.id) & (newest.c.height == _VERSIONS.c.height)
        )
        with self.reads() as connection:
            return {id_: Signal.from_text(told) for id_, told in connection.execute(statement)}

    def named(self, kind: str, limit: int) -> list[str]:
        """Return the ids of things of a kind that findings name, those of most findings first."""
        statement = select(_LINKS.c.thing).where(_LINKS.c.thing.startswith(f"{kind} ", autoescape=True))
        statement = statement.group_by(_LINKS.c.thing).order_by(func.count().desc(), _LINKS.c.thing).limit(limit)
        with self.reads() as connection:
            return [thing.partition(" ")[2] for (thing,) in connection.execute(statement)]

    def things(self, id_: str) -> list[str]:
        """Return everything that some version of a finding names, ``<kind> <id>``, members too."""
        with self.reads() as connection:
            found = connection.execute(select(_LINKS.c.thing).where(_LINKS.c.id == id_).order_by(_LINKS.c.thing))
            return [thing for (thing,) in found]

    def versions(self, rules: Collection[str]) -> Iterator[Version]:
        """Yield every version of every finding of these rules, by height, then id."""
        statement = (
            select(_FOUND.c.rule, _FOUND.c.subject, _VERSIONS.c.height, _VERSIONS.c.signal)
            .join(_VERSIONS, _FOUND.c.id == _VERSIONS.c.id)
            .where(_FOUND.c.rule.in_(sorted(rules)))
            .order_by(_VERSIONS.c.height, _VERSIONS.c.id)
        )
        with self.reads() as connection:
            for rule, subject, height, text in connection.execute(statement):
                signal = None if text is None else Signal.from_text(text)
                yield Version(rule=rule, subject=subject, height=height, signal=signal)


def _named_of(engine: Engine) -> str:
    """Return the book by its file, or by its server and database."""
    return f"the book {engine.url.database if engine.dialect.name == 'sqlite' else engine.url.render_as_string()}"


def _unknown(id_: str) -> UnknownFinding:
    return UnknownFinding("unknown-finding", f"The book has no finding {id_!r}")


def _prepare(connection: Connection) -> None:
    """Make the tables where there are none, and bring those that are there to this version's form, or raise."""
    if (form := _form(connection)) is not None:
        while form in UPGRADES:
            form, statement = UPGRADES[form]
            connection.execute(text(statement))
            connection.execute(update(_STATE).where(_STATE.c.name == "form").values(text=form))
        if form != FORM:
            raise StoreUnavailable(
                "book-form",
                f"The book has form {form}, and this version of Glasspool reads form {FORM}",
                next_step="Use the version that made it, or give another book by GLASSPOOL_BOOK.",
            )
        return
    BookTable.metadata.create_all(connection)
    connection.execute(_STATE.insert().values(name="form", text=FORM))


def _form(connection: Connection) -> str | None:
    """Return the form of the book's tables, None where there are none yet."""
    if not inspect(connection).has_table(_STATE.name):
        return None
    return str(connection.execute(select(_STATE.c.text).where(_STATE.c.name == "form")).scalar())


def _write(connection: Connection, versions: Iterable[Version]) -> None:
    by_finding: dict[str, list[Version]] = defaultdict(list)
    for version in versions:
        by_finding[version.id].append(version)
    if not by_finding:
        return
    known = _known(connection, sorted(by_finding))
    rows: dict[str, list[dict[str, Any]]] = {"versions": [], "found": [], "links": []}
    for id_, mine in by_finding.items():
        rows["versions"] += [
            {"id": id_, "height": one.height, "signal": None if one.signal is None else one.signal.to_text()}
            for one in mine
        ]
        last = mine[-1]
        told = next(one.signal for one in reversed(mine) if one.signal is not None) if _says(mine) else None
        values: dict[str, Any] = {"last_height": last.height, "standing": last.signal is not None}
        if told is not None:
            values |= {"level": told.level.value, "score": told.score, "amount": told.amount, "since": told.since}
        if id_ in known:
            connection.execute(update(_FOUND).where(_FOUND.c.id == id_).values(**values))
        else:
            first = {"rule": last.rule, "subject": last.subject, "first_height": mine[0].height}
            rows["found"].append({"id": id_} | first | values)
        rows["links"] += [{"id": id_, "thing": thing} for thing in sorted(_named(mine) - known.get(id_, set()))]
    for table, name in ((_FOUND, "found"), (_VERSIONS, "versions"), (_LINKS, "links")):
        if rows[name]:
            connection.execute(table.insert(), rows[name])


def _says(versions: Iterable[Version]) -> bool:
    return any(one.signal is not None for one in versions)


def _named(versions: Iterable[Version]) -> set[str]:
    found: set[str] = set()
    for one in versions:
        found.add(one.subject)
        if one.signal is not None:
            found.update(one.signal.things)
            found.update(f"member {member}" for member in one.signal.parties)
    return found


def _known(connection: Connection, ids: Sequence[str]) -> dict[str, set[str]]:
    """Return what is linked to each of these findings that is in the book."""
    found: dict[str, set[str]] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        found |= {id_: set() for (id_,) in connection.execute(select(_FOUND.c.id).where(_FOUND.c.id.in_(some)))}
        for id_, thing in connection.execute(select(_LINKS.c.id, _LINKS.c.thing).where(_LINKS.c.id.in_(some))):
            found[id_].add(thing)
    return found

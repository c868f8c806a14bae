"""The asset gateway 资产网关: a file of real receivables becomes the signed history of a local consortium.

In order of business day: members and plan on the day before the first invoice; each invoice's whole origination on its
issue date, its assignment to the plan at that day's end; disputes; payment, redemption and collection on the settled
date; remittance at month end; distribution at quarter end, on a Monday where that is a weekend, from the first on that
can pay its interest: the pool is filled over time, so the first period may be a long one. A row that cannot become
lawful history is returned with its line and cause: imported + rejected = rows, always.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ledger.consortium import blocks
from ledger.consortium.cash import Waterfall, next_weekday, period_ends, tranches_of
from ledger.consortium.chain import MAX_TRANSACTIONS, Consortium
from ledger.consortium.folder import appearing, archived, refuse_used
from ledger.consortium.history import History, price_of
from ledger.consortium.rows import Receivable, Rejected, read_rows
from ledger.consortium.values import MAX_FEN
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ledger.consortium.mapping import ReceivablesMap
    from ledger.sources.raw import RawBlock
    from ledger.suites import SuiteName

__all__ = ["ImportSummary", "import_receivables"]

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
DAY = timedelta(days=1)
MONTH, QUARTER = 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """What became of the file. Amounts in fen; ``rows`` leaves out ``blank`` lines and the heading."""

    rows: int
    imported: int
    blank: int
    rejected: tuple[Rejected, ...]
    settled: int
    disputed: int
    debtors: int
    amount: int
    first: date | None
    last: date | None
    plan: str
    members: int
    blocks: int
    transactions: int
    genesis_hash: str
    contract: str
    head: str

    def as_json(self) -> dict[str, Any]:
        """Return plain values: rejections as objects, dates in ISO 8601."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["rejected"] = [{"line": each.line, "code": each.code, "cause": each.cause} for each in self.rejected]
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in plain.items()}


def import_receivables(
    path: Path,
    mapping: ReceivablesMap,
    out_dir: Path,
    *,
    workbook: bool = False,
    seed: int = 1,
    suite: SuiteName = "sm",
    progress: Callable[[int, int], None] | None = None,
) -> ImportSummary:
    """Write the archive of a consortium that lived through the file's receivables, and return what became of each row.

    ``workbook`` tells XLSX from CSV. ``out_dir`` appears only when it is complete: archive chunks, ``archive.json`` and
    ``node.toml`` with what a node pins. ``progress`` is told business events done and in all; memory holds the rows.
    Raises Malformed ``spreadsheet`` for unusable input, ``no-receivables`` or ``total`` for rows that give no history,
    OutputRefused ``output-used``.
    """
    refuse_used(out_dir)
    kept: list[Receivable] = []
    rejected: list[Rejected] = []
    blank = 0
    for row in read_rows(path, mapping, workbook=workbook):
        if isinstance(row, Receivable):
            kept.append(row)
        elif isinstance(row, Rejected):
            rejected.append(row)
        else:
            blank += 1
    if not kept:
        told = f"; line {rejected[0].line}: {rejected[0].cause}" if rejected else ""
        raise Malformed(
            "no-receivables",
            f"{path.name} has no row that can be imported ({len(rejected)} rejected{told})",
            next_step="Check that the map fits the file.",
        )
    if sum(row.amount for row in kept) > MAX_FEN:
        raise Malformed(
            "total", f"{path.name} adds up to more than {MAX_FEN // 100} yuan", next_step="Import it in parts."
        )
    run = _Run(kept, mapping, seed, suite, progress)
    with appearing(out_dir) as working:
        run.into(working)
    days = [row.issued for row in kept] + [row.settled for row in kept if row.settled]
    return ImportSummary(
        rows=len(kept) + len(rejected),
        imported=len(kept),
        blank=blank,
        rejected=tuple(rejected),
        settled=sum(row.settled is not None for row in kept),
        disputed=sum(row.disputed for row in kept),
        debtors=len({row.debtor for row in kept}),
        amount=sum(row.amount for row in kept),
        first=min(days),
        last=max(days),
        plan=mapping.plan,
        members=len(run.chain.members),
        blocks=run.chain.height + 1,
        transactions=run.history.records + 1,
        genesis_hash=blocks.hexed(run.chain.genesis_hash),
        contract=blocks.hexed(run.chain.contract),
        head=blocks.hexed(run.chain.head),
    )


class _Run:
    """One import: the calendar of what happens, day by day, and the chain it is written to."""

    def __init__(
        self,
        rows: Sequence[Receivable],
        mapping: ReceivablesMap,
        seed: int,
        suite: SuiteName,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._map, self._rows, self._progress = mapping, rows, progress
        self._issued = deque(sorted(rows, key=lambda row: (row.issued, row.line)))
        self._disputed = deque(sorted((r for r in rows if r.disputed), key=lambda row: (_disputed_on(row), row.line)))
        self._settled = deque(
            sorted((r for r in rows if r.settled), key=lambda row: (row.settled or date.max, row.line))
        )
        self._total, self._done = len(self._issued) + len(self._disputed) + len(self._settled), 0
        self._opening = self._issued[0].issued - DAY
        self._waiting: list[tuple[str, int]] = []
        self._period = 0
        self._payment_days: set[date] = set()
        self._founding: list[RawBlock] = []
        self.chain = Consortium(self._founding, seed=seed, start=self._at(self._opening), suite=suite)
        self.history = History(self.chain, mapping)
        raised = sum(price_of(row.amount, mapping.discount, (row.due - row.issued).days) for row in rows)
        self._account = Waterfall(tranches=tranches_of(raised, mapping), since=self._opening)

    def _at(self, day: date) -> datetime:
        """Return the business day's hour in Shanghai, which is the same day in UTC."""
        return datetime(day.year, day.month, day.day, self._map.hour, tzinfo=SHANGHAI)

    def into(self, folder: Path) -> None:
        """Write the archive and the pin into a folder."""
        with archived(self.chain, self._founding, folder):
            self._open()
            for day in self._days():
                self._live_through(day)

    def _open(self) -> None:
        companies: dict[str, tuple[str, set[str]]] = {}
        for row in self._rows:
            companies.setdefault(row.debtor, (row.debtor_name, set()))[1].add("core_enterprise")
            companies.setdefault(row.creditor, (row.creditor_name, set()))[1].add("supplier")
        self.history.admit((company, name, sorted(roles)) for company, (name, roles) in companies.items())
        end = max(max(row.due, row.settled or row.due) for row in self._rows)
        maturity = next_weekday(next(period_ends(end, end, QUARTER)))
        self.history.establish(self._account.tranches, opening=self._opening, maturity=maturity)
        self._seal(self._opening)

    def _days(self) -> list[date]:
        """Return every day on which something may happen, in order."""
        days = {row.issued for row in self._rows} | {_disputed_on(row) for row in self._disputed}
        settled = {row.settled for row in self._settled if row.settled}
        if settled:
            first, last = min(settled), max(settled)
            self._payment_days = {next_weekday(end) for end in period_ends(first, last, QUARTER)}
            days |= settled | set(period_ends(first, last, MONTH)) | self._payment_days
        return sorted(days)

    def _live_through(self, day: date) -> None:
        assets, items = [], []
        for row in _taken(self._issued, lambda row: row.issued == day):
            assets.append(self.history.originate(row, self._at(day)))
            self._step(day)
        self.history.assign(day, assets)
        for row in _taken(self._disputed, lambda row: _disputed_on(row) == day):
            self.history.dispute(row, day)
            self._step(day)
        for row in _taken(self._settled, lambda row: row.settled == day):
            items.append(self.history.settle(row, day))
            self._step(day)
        self._waiting += self.history.collect(day, items)
        if (day + DAY).day == 1 and self._waiting:
            self._account.cash += self.history.remit(day, self._waiting)
            self._waiting = []
        if day in self._payment_days and self._account.cash and (self._period or self._account.covers_interest(day)):
            self._period += 1
            self.history.distribute(day, self._period, self._account.pay(day))
        self._seal(day)

    def _step(self, day: date) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)
        if self.chain.pending >= MAX_TRANSACTIONS:
            self.chain.seal(self._at(day))

    def _seal(self, day: date) -> None:
        while self.chain.pending:
            self.chain.seal(self._at(day))


def _disputed_on(row: Receivable) -> date:
    """A file says that a claim was disputed, not when: at the latest when it fell due or was paid."""
    return min(row.due, row.settled or row.due)


def _taken(queue: deque[Receivable], wanted: Callable[[Receivable], bool]) -> Iterator[Receivable]:
    while queue and wanted(queue[0]):
        yield queue.popleft()

"""The asset gateway 资产网关: a file of real receivables becomes the signed history of a local consortium.

In order of business day: members and plan on the day before the first invoice; each invoice's whole origination on its
issue date, its assignment to the plan, or purchase by it, at that day's end; disputes; payment, redemption and
collection on the settled date; remittance at month end; at quarter end, on a Monday where that is a weekend, what the
plan pays by its terms. ``course`` says what it buys and pays. A plan whose terms are the caller's own is established on
the file's last day, over what is open then: it has paid nothing yet. A row that cannot become lawful history is
returned with its line and cause: imported + rejected = rows, always.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ledger.consortium import blocks
from ledger.consortium.chain import MAX_TRANSACTIONS, Consortium
from ledger.consortium.course import calendar_of, founded, price, terms_from, turn
from ledger.consortium.folder import appearing, archived, refuse_used
from ledger.consortium.history import History
from ledger.consortium.own_terms import stated_by
from ledger.consortium.rows import Receivable, Rejected, read_rows
from ledger.consortium.values import MAX_FEN
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ledger.consortium.course import Day
    from ledger.consortium.mapping import ReceivablesMap
    from ledger.sources.raw import RawBlock
    from ledger.suites import SuiteName

__all__ = ["ImportSummary", "import_receivables"]

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


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
    terms: Mapping[str, Any] | None = None,
    seed: int = 1,
    suite: SuiteName = "sm",
    progress: Callable[[int, int], None] | None = None,
) -> ImportSummary:
    """Write the archive of a consortium that lived through the file's receivables, and return what became of each row.

    ``workbook`` tells XLSX from CSV. ``terms``: a document of the caller's own for the plan, which nobody judges here
    beyond that it fits the file (``own_terms``). ``out_dir`` appears only when it is complete: archive chunks,
    ``archive.json`` and ``node.toml`` with what a node pins. ``progress`` is told business events done and in all;
    memory holds the rows.
    Raises Malformed ``spreadsheet`` for unusable input, ``no-receivables`` or ``total`` for rows that give no history,
    ``terms`` for terms that do not fit them, OutputRefused ``output-used``.
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
    run = _Run(kept, mapping, terms, seed, suite, progress)
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
        plan=run.history.map.plan,
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
        terms: Mapping[str, Any] | None,
        seed: int,
        suite: SuiteName,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        if terms is not None:
            mapping = replace(mapping, plan=str(terms["plan"]["plan"]))
        self._map, self._rows, self._progress = mapping, rows, progress
        self._calendar = calendar_of(rows, mapping)
        self._total = sum(len(day.issued) + len(day.disputed) + len(day.settled) for day in self._calendar.days)
        self._done = 0
        self._waiting: list[tuple[str, int]] = []
        self._held: dict[str, tuple[dict[str, Any], int]] = {}
        self._founding: list[RawBlock] = []
        opening = self._calendar.opening
        self.chain = Consortium(self._founding, seed=seed, start=self._at(opening), suite=suite)
        self.history = History(self.chain, mapping)
        self.history.day = opening
        self._desk = founded(self._calendar, mapping) if terms is None else None
        self._document: Mapping[str, Any]
        if self._desk is not None:
            self._stated = self.history.stated(self._desk.tranches, closing=opening, maturity=self._calendar.maturity)
            self._document = terms_from(self._calendar, mapping, self._desk.agreed, self._stated)
        elif terms is not None:
            self._stated, self._document = stated_by(terms, self.history.roles(), self._calendar), terms

    def _at(self, day: date) -> datetime:
        """Return the business day's hour in Shanghai, which is the same day in UTC."""
        return datetime(day.year, day.month, day.day, self._map.hour, tzinfo=SHANGHAI)

    def into(self, folder: Path) -> None:
        """Write the archive and the pin into a folder."""
        with archived(self.chain, self._founding, folder):
            companies: dict[str, tuple[str, set[str]]] = {}
            for row in self._rows:
                companies.setdefault(row.debtor, (row.debtor_name, set()))[1].add("core_enterprise")
                companies.setdefault(row.creditor, (row.creditor_name, set()))[1].add("supplier")
            self.history.admit((company, name, sorted(roles)) for company, (name, roles) in companies.items())
            if self._desk is not None:
                self.history.establish(self._stated, self._document)
            self._seal()
            for day in self._calendar.days:
                self._live_through(day)
            if self._desk is None:
                self.history.establish(self._stated, self._document)
                self.history.assign(list(self._held.values()), revolving=False)
                self._seal()

    def _live_through(self, day: Day) -> None:
        history, desk = self.history, self._desk
        history.day = day.on
        prices = [price(row, self._map) for row in day.issued]
        assets = []
        for row, asked in zip(day.issued, prices, strict=True):
            assets.append((history.originate(row, self._at(day.on), asked), asked))
            self._step()
        accelerated = desk is not None and desk.accelerated
        if desk is None:
            self._held |= {asset["asset"]: (asset, asked) for asset, asked in assets}
            bought, paid = frozenset[int](), None
        else:
            bought, paid = turn(desk, self._calendar, day, prices)
            for revolving in (False, True):
                some = [asset for place, asset in enumerate(assets) if (place in bought) is revolving]
                history.assign(some, revolving=revolving)
        for row in day.disputed:
            history.dispute(row)
            self._step()
        self._settle(day)
        if paid is not None:
            history.pay(paid, declared=paid.accelerated and not accelerated)
        self._seal()

    def _settle(self, day: Day) -> None:
        """What is settled goes to the plan by way of its servicer; before there is one, to the factor."""
        history, pooled = self.history, self._desk is not None
        items = []
        for row in day.settled:
            payee = history.parties.servicer if pooled else history.parties.factor
            items.append(history.settle(row, payee))
            self._step()
        if not pooled:
            for each in items:
                del self._held[each["asset"]]
            return
        self._waiting += history.collect(items)
        if day.remits and self._waiting:
            history.remit(self._waiting)
            self._waiting = []

    def _step(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)
        if self.chain.pending >= MAX_TRANSACTIONS:
            self.chain.seal(self._at(self.history.day))

    def _seal(self) -> None:
        while self.chain.pending:
            self.chain.seal(self._at(self.history.day))

"""The parts of a report that show what a plan holds: its pool, the assets one by one, and its cash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col

from abs.distribution import EVERY_RANK
from abs.frame import OPEN
from disclosure.reports.layout import BLANK, TOTAL, columns, footing, items, named
from disclosure.reports.report import Cell, Column, Plain, Row, Section, Table, Unit
from ledger.facts import Collection, Remittance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from abs.composition import Bucket
    from abs.distribution import DistributionStatement
    from abs.distribution_flows import PoolStatement
    from abs.figure import Figure
    from abs.reading import ReadModel

__all__ = ["assets_section", "cash_section", "pool_section"]


def pool_section(pool: PoolStatement) -> Section:
    """Return how the pool moved in the period, and how late what is left of it is."""
    explained = (
        "{pool:pool_opening.value}+{pool:pool_added.value}-{pool:pool_removed.value}"
        "-{pool:pool_payments.value}+{pool:pool_adjustments.value}"
    )
    movement = items(
        "pool",
        ("pool_opening", Cell(content=pool.opening)),
        ("pool_added", Cell(content=pool.added)),
        ("pool_removed", Cell(content=pool.removed)),
        ("pool_payments", Cell(content=pool.payments)),
        ("pool_adjustments", Cell(content=pool.adjustments)),
        ("pool_closing", Cell(content=pool.closing, live="SUM({assets.outstanding})")),
        ("pool_unexplained", Cell(content=pool.unexplained, live=f"{{pool:pool_closing.value}}-({explained})")),
        ("pool_count", Cell(content=pool.count, live="COUNT({assets.outstanding})")),
        (
            "overdue_ratio",
            Cell(
                content=pool.overdue_ratio,
                live='SUMIFS({assets.outstanding},{assets.days_past_due},">0")/SUM({assets.outstanding})',
            ),
        ),
        ("collected", Cell(content=pool.collected, live="{collections.amount.total}")),
        (
            "uncollected",
            Cell(content=pool.uncollected, live="{pool:pool_payments.value}-{pool:collected.value}"),
        ),
        ("remitted", Cell(content=pool.remitted, live="{remittances.amount.total}")),
        ("unremitted", Cell(content=pool.unremitted)),
    )
    return Section(key="pool", tables=(movement, _aging(pool.delinquency)), notes=("unexplained",))


def _aging(buckets: Sequence[Bucket]) -> Table:
    rows = tuple(
        Row(
            key=f"b{index}",
            cells=(
                Cell(content="bucket.current", word=True) if bucket.low is None else Cell(content=bucket.label),
                Cell(content=bucket.balance, live=f"SUMIFS({{assets.outstanding}},{_within(bucket)})"),
                Cell(content=bucket.count, live=f"COUNTIFS({_within(bucket)})"),
                Cell(content=bucket.share, live="{.balance}/{aging.balance.total}"),
            ),
        )
        for index, bucket in enumerate(buckets)
    )
    heads = columns(("bucket", Unit.TEXT), ("balance", Unit.FEN), ("count", Unit.COUNT), ("share", Unit.RATIO))
    balance, count = (sum(int(getattr(bucket, part).number()) for bucket in buckets) for part in ("balance", "count"))
    total = (
        TOTAL,
        Cell(content=balance, live="SUM({aging.balance})"),
        Cell(content=count, live="SUM({aging.count})"),
        Cell(content=1 if balance else None, live="SUM({aging.share})"),
    )
    return Table(key="aging", columns=heads, rows=rows, total=Row(cells=total))


def _within(bucket: Bucket) -> str:
    """The condition, in a spreadsheet's words, of an asset being in the bucket."""
    if bucket.low is None:
        return '{assets.days_past_due},"<=0"'
    over = f'{{assets.days_past_due}},">={bucket.low}"'
    return over if bucket.high is None else f'{over},{{assets.days_past_due}},"<={bucket.high}"'


def assets_section(pool: PoolStatement, names: dict[str, str]) -> Section:
    """Return every asset on which something is still owed at the end of the period."""
    held = pool.assets.listed(where=OPEN)
    records = pool.assets.day.facts(OPEN).by_row()
    heads = columns(
        ("asset", Unit.TEXT),
        ("invoices", Unit.TEXT),
        ("creditor", Unit.TEXT),
        ("debtor", Unit.TEXT),
        ("issued", Unit.DATE),
        ("due", Unit.DATE),
        ("assigned_on", Unit.DATE),
        ("original", Unit.FEN),
        ("outstanding", Unit.FEN),
        ("days_past_due", Unit.COUNT),
    )
    rows = tuple(
        Row(
            cells=(
                Cell(content=each["asset"]),
                Cell(content=", ".join(each["numbers"] or ())),
                named(each["creditor"], names),
                named(each["debtor"], names),
                Cell(content=each["issued"]),
                Cell(content=each["due"]),
                Cell(content=each["assigned_on"]),
                Cell(content=each["amount"]),
                Cell(content=each["outstanding"]),
                Cell(content=each["days_past_due"]),
            ),
            records=records[each["row"]],
        )
        for each in held.iter_rows(named=True)
    )
    original = Cell(content=pool.assets.day.total("amount", OPEN), live="SUM({assets.original})")
    outstanding = Cell(content=pool.closing, live="SUM({assets.outstanding})")
    total = Row(cells=(TOTAL, *(BLANK,) * 6, original, outstanding, BLANK))
    table = Table(key="assets", columns=heads, rows=rows, total=total, detail=True)
    return Section(key="assets", tables=(table,))


def cash_section(statement: DistributionStatement, facts: ReadModel) -> Section:
    """Return how the plan's cash moved in the period, with each collection and each remittance."""
    cash = statement.cash
    paid = next(each.total_paid for each in statement.totals if each.scope == EVERY_RANK)
    # Usually the period's payments; not where an earlier period was paid within these days.
    same = paid.value == cash.distributed.value
    came = "+".join(f"{{cash:cash_{name}.value}}" for name in ("remitted", "repurchased", "made_up"))
    spent = "+".join(f"{{cash:cash_{name}.value}}" for name in ("purchased", "fees", "repaid", "distributed"))
    unexplained = f"{came}-({spent}+{{cash:cash_change.value}})"
    movement = items(
        "cash",
        ("cash_opening", Cell(content=cash.opening)),
        ("cash_remitted", Cell(content=cash.remitted, live="{remittances.amount.total}")),
        ("cash_repurchased", Cell(content=cash.repurchased)),
        ("cash_made_up", Cell(content=cash.made_up)),
        ("cash_purchased", Cell(content=cash.purchased)),
        ("cash_fees", Cell(content=cash.fees)),
        ("cash_repaid", Cell(content=cash.repaid)),
        ("cash_distributed", Cell(content=cash.distributed, live="{payments.total_paid.total}" if same else "")),
        ("cash_closing", Cell(content=cash.closing)),
        ("cash_change", Cell(content=cash.change, live="{cash:cash_closing.value}-{cash:cash_opening.value}")),
        ("cash_unexplained", Cell(content=cash.unexplained, live=unexplained)),
    )
    tables = (
        movement,
        _remittances(facts, statement.plan, cash.remitted),
        _collections(facts, statement.plan, statement.pool.collected),
    )
    return Section(key="cash", tables=tables, notes=("unexplained", "purchases"))


def _collections(facts: ReadModel, plan: str, total: Figure) -> Table:
    found = facts.select(Collection, facts.current(Collection), col(Collection.plan) == plan)
    rows = {fact.id: (fact.id, fact.collected_on, fact.remittance, fact.amount) for fact in found}
    heads = columns(
        ("collection", Unit.TEXT), ("collected_on", Unit.DATE), ("remittance", Unit.TEXT), ("amount", Unit.FEN)
    )
    return _listed("collections", heads, rows, total)


def _remittances(facts: ReadModel, plan: str, total: Figure) -> Table:
    found = facts.select(Remittance, facts.current(Remittance), col(Remittance.plan) == plan)
    rows = {fact.id: (fact.id, fact.remitted_on, fact.amount) for fact in found}
    heads = columns(("remittance", Unit.TEXT), ("remitted_on", Unit.DATE), ("amount", Unit.FEN))
    return _listed("remittances", heads, rows, total)


def _listed(key: str, heads: tuple[Column, ...], rows: Mapping[str, tuple[Plain, ...]], total: Figure) -> Table:
    """The facts that ``total`` sums, one a row, its amount last."""
    return Table(
        key=key,
        columns=heads,
        rows=tuple(
            Row(cells=tuple(Cell(content=value) for value in rows[ref.id]), records=(ref.position,))
            for ref in total.facts
        ),
        total=footing(total, key, len(heads) - 2),
        detail=True,
    )

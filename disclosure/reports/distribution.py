"""收益分配报告: one distribution of a plan, as :mod:`abs.distribution` recomputes it, laid out for people and programs.

No rule in force lists the contents of this report; the fields are those of a Chinese ABS management product's model
(design note on disclosure, 5.1). Nothing is declared in anybody's name: the figures are the ledger's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abs.distribution import EVERY_RANK, distribution_statement
from abs.money import DayCount, Rounding
from disclosure.render.words import word
from disclosure.reports.holdings import assets_section, cash_section, pool_section
from disclosure.reports.layout import BLANK, TOTAL, columns, items, named, plain, term
from disclosure.reports.report import Cell, Report, Row, Section, Table, Unit
from ledger.facts import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.distribution import DistributionStatement, Totals
    from abs.distribution_tranches import Terms, TrancheStatement
    from abs.reading import ReadModel
    from disclosure.manifest import Ledger

__all__ = ["KIND", "distribution_report"]

KIND = "distribution"
YEARS = {DayCount.ACT_365F: 365, DayCount.ACT_360: 360}
SUMMED = ("opening", "principal_paid", "interest_paid", "total_paid", "closing")
ROUNDED = {Rounding.HALF_UP: "ROUND", Rounding.DOWN: "ROUNDDOWN", Rounding.UP: "ROUNDUP"}


def distribution_report(facts: ReadModel, plan: str, period: int | None = None, *, ledger: Ledger) -> Report:
    """Return the report on one distribution, the latest when no period is named.

    ``ledger`` is the state that ``facts`` reads. Raises what :func:`abs.distribution.distribution_statement` raises.
    """
    statement = distribution_statement(facts, plan, period)
    names = {member.id: member.name for member in facts.select(Member, facts.current(Member))}
    return Report(
        kind=KIND,
        plan=statement.plan,
        plan_name=statement.name,
        period=statement.period,
        ledger=ledger,
        block_time=facts.time,
        sections=(
            _distribution(statement, names),
            pool_section(statement.pool),
            assets_section(statement.pool, names),
            cash_section(statement, facts),
        ),
    )


def _distribution(statement: DistributionStatement, names: dict[str, str]) -> Section:
    terms = statement.terms
    outline = items(
        "terms",
        ("name", plain(statement.name, Unit.TEXT)),
        ("code", plain(statement.code, Unit.TEXT)),
        ("venue", term(f"venue.{statement.venue}")),
        ("manager", named(statement.manager, names)),
        ("custodian", named(statement.custodian, names)),
        ("servicer", named(statement.servicer, names)),
        ("paid_on", plain(statement.paid_on, Unit.DATE)),
        ("record_date", plain(statement.record_date, Unit.DATE)),
        ("previous_date", plain(statement.previous_date, Unit.DATE)),
        ("accrual_start", plain(statement.accrual_start, Unit.DATE)),
        ("accrual_end", plain(statement.accrual_end, Unit.DATE)),
        ("days", Cell(content=statement.days, live="{terms:accrual_end.value}-{terms:accrual_start.value}")),
        ("day_count", plain(terms.day_count.value, Unit.TEXT)),
        ("rounding", term(f"rounding.{terms.rounding.value}")),
        ("face", plain(terms.face, Unit.FEN)),
    )
    tranches = statement.tranches
    totals = {each.scope: each for each in statement.totals}
    return Section(
        key="distribution",
        tables=(
            outline,
            _payments(tranches, totals[EVERY_RANK]),
            _ranks(totals),
            _interest(statement),
            _per_unit(tranches),
            _tranches(tranches, totals[EVERY_RANK]),
            _past(statement),
        ),
        notes=("interest", "record_date"),
    )


def _payments(tranches: Sequence[TrancheStatement], total: Totals) -> Table:
    heads = columns(
        ("tranche", Unit.TEXT),
        ("rank", Unit.TEXT),
        ("opening", Unit.FEN),
        ("principal_paid", Unit.FEN),
        ("interest_paid", Unit.FEN),
        ("total_paid", Unit.FEN),
        ("closing", Unit.FEN),
    )
    rows = tuple(
        Row(
            key=f"t{index}",
            cells=(
                Cell(content=each.name),
                term(f"rank.{each.rank}"),
                Cell(content=each.opening),
                Cell(content=each.principal_paid),
                Cell(content=each.interest_paid),
                Cell(content=each.total_paid, live="{.principal_paid}+{.interest_paid}"),
                Cell(content=each.closing, live="{.opening}-{.principal_paid}"),
            ),
        )
        for index, each in enumerate(tranches)
    )
    sums = (Cell(content=getattr(total, name), live=f"SUM({{payments.{name}}})") for name in SUMMED)
    return Table(key="payments", columns=heads, rows=rows, total=Row(cells=(TOTAL, BLANK, *sums)))


def _accrued(terms: Terms, rate: str) -> str:
    """Interest of a row in a spreadsheet's words; the inner rounding takes off what binary fractions add.

    Nothing where a spreadsheet has no word for the terms' day count or rounding: the cell is then a value.
    """
    year, rounded = YEARS.get(terms.day_count), ROUNDED.get(terms.rounding)
    if year is None or rounded is None:
        return ""
    return f"{rounded}(ROUND({{.opening}}*{rate}*{{.days}}/{year},8),2)"


def _interest(statement: DistributionStatement) -> Table:
    heads = columns(
        ("tranche", Unit.TEXT),
        ("rate", Unit.RATIO),
        ("accrual_start", Unit.DATE),
        ("days", Unit.COUNT),
        ("opening", Unit.FEN),
        ("interest_expected", Unit.FEN),
        ("interest_arrears", Unit.FEN),
        ("interest_paid", Unit.FEN),
        ("interest_difference", Unit.FEN),
    )
    rows = []
    for index, each in enumerate(statement.tranches):
        earlier = [f"{{past:t{index}p{past.period}.interest_expected}}" for past in each.past[:-1]]
        settled = [f"{{past:t{index}p{past.period}.interest}}" for past in each.past[:-1]]
        unpaid = f"({'+'.join(earlier)})-({'+'.join(settled)})" if earlier else ""
        cells = (
            Cell(content=each.name),
            Cell(content=each.rate),
            Cell(content=each.accrual_start),
            Cell(content=each.days),
            Cell(content=each.opening, live=f"{{payments:t{index}.opening}}"),
            Cell(content=each.interest_expected, live=_accrued(statement.terms, "{.rate}")),
            Cell(content=each.interest_arrears, live=unpaid),
            Cell(content=each.interest_paid, live=f"{{payments:t{index}.interest_paid}}"),
            Cell(content=each.interest_difference, live="{.interest_paid}-({.interest_expected}+{.interest_arrears})"),
        )
        rows.append(Row(key=f"t{index}", cells=cells))
    return Table(key="interest", columns=heads, rows=tuple(rows))


def _ranks(totals: dict[str, Totals]) -> Table:
    rows = []
    for scope in (scope for scope in totals if scope != EVERY_RANK):
        label = term(f"rank.{scope}")
        rank = word(str(label.content)) if label.word else scope
        cells = (
            Cell(
                content=getattr(totals[scope], part),
                live=f'SUMIF({{{table}.rank}},"{rank}",{{{table}.{part}}})',
            )
            for table, part in (("tranches", "principal"), *(("payments", part) for part in SUMMED))
        )
        rows.append(Row(key=scope, cells=(label, *cells)))
    heads = columns(("rank", Unit.TEXT), ("principal", Unit.FEN), *((part, Unit.FEN) for part in SUMMED))
    parts = ("principal", *SUMMED)
    sums = (Cell(content=getattr(totals[EVERY_RANK], part), live=f"SUM({{ranks.{part}}})") for part in parts)
    return Table(key="ranks", columns=heads, rows=tuple(rows), total=Row(cells=(TOTAL, *sums)))


def _per_unit(tranches: Sequence[TrancheStatement]) -> Table:
    heads = columns(
        ("tranche", Unit.TEXT),
        ("units", Unit.COUNT),
        ("principal_per_unit", Unit.FEN),
        ("interest_per_unit", Unit.FEN),
        ("total_per_unit", Unit.FEN),
        ("face_after", Unit.FEN),
    )
    rows = tuple(
        Row(
            key=f"t{index}",
            cells=(
                Cell(content=each.name),
                Cell(content=each.units, live=f"{{tranches:t{index}.principal}}/{{terms:face.value}}"),
                Cell(content=each.principal_per_unit, live=f"{{payments:t{index}.principal_paid}}/{{.units}}"),
                Cell(content=each.interest_per_unit, live=f"{{payments:t{index}.interest_paid}}/{{.units}}"),
                Cell(content=each.total_per_unit, live="{.principal_per_unit}+{.interest_per_unit}"),
                Cell(content=each.face_after, live=f"{{payments:t{index}.closing}}/{{.units}}"),
            ),
        )
        for index, each in enumerate(tranches)
    )
    return Table(key="per_unit", columns=heads, rows=rows)


def _tranches(tranches: Sequence[TrancheStatement], total: Totals) -> Table:
    heads = columns(
        ("tranche", Unit.TEXT),
        ("code", Unit.TEXT),
        ("rank", Unit.TEXT),
        ("repayment", Unit.TEXT),
        ("maturity", Unit.DATE),
        ("principal", Unit.FEN),
        ("principal_of_original", Unit.RATIO),
        ("principal_of_opening", Unit.RATIO),
    )
    paid = "{{payments:t{0}.principal_paid}}/"
    rows = tuple(
        Row(
            key=f"t{index}",
            cells=(
                Cell(content=each.name),
                Cell(content=each.code),
                term(f"rank.{each.rank}"),
                term(f"repayment.{each.repayment}"),
                Cell(content=each.maturity),
                Cell(content=each.principal),
                Cell(content=each.principal_of_original, live=paid.format(index) + "{.principal}"),
                Cell(content=each.principal_of_opening, live=paid.format(index) + f"{{payments:t{index}.opening}}"),
            ),
        )
        for index, each in enumerate(tranches)
    )
    footing = Cell(content=total.principal, live="SUM({tranches.principal})")
    return Table(
        key="tranches",
        columns=heads,
        rows=rows,
        total=Row(cells=(TOTAL, BLANK, BLANK, BLANK, BLANK, footing, BLANK, BLANK)),
    )


def _past(statement: DistributionStatement) -> Table:
    rows = []
    for index, each in enumerate(statement.tranches):
        opening = f"{{tranches:t{index}.principal}}"
        for past in each.past:
            key = f"t{index}p{past.period}"
            cells = (
                Cell(content=each.name),
                plain(past.period, Unit.COUNT),
                Cell(content=past.paid_on),
                Cell(content=past.days),
                Cell(content=past.opening, live=opening),
                Cell(content=past.principal),
                Cell(content=past.interest_expected, live=_accrued(statement.terms, f"{{interest:t{index}.rate}}")),
                Cell(content=past.interest),
                Cell(content=past.principal_share, live=f"{{.principal_repaid}}/{{tranches:t{index}.principal}}"),
            )
            rows.append(Row(key=key, cells=cells))
            opening = f"{{past:{key}.opening}}-{{past:{key}.principal_repaid}}"
    heads = columns(
        ("tranche", Unit.TEXT),
        ("period", Unit.COUNT),
        ("paid_on", Unit.DATE),
        ("days", Unit.COUNT),
        ("opening", Unit.FEN),
        ("principal_repaid", Unit.FEN),
        ("interest_expected", Unit.FEN),
        ("interest", Unit.FEN),
        ("principal_share", Unit.RATIO),
    )
    return Table(key="past", columns=heads, rows=tuple(rows))

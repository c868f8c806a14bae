"""`glasspool duplicates check`: a list from outside held against itself and the ledger, without being mixed into it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import Malformed
from portal.cli.console import EXIT_NEGATIVE, emit, fail, progress, say
from portal.cli.files import writing
from portal.cli.lookthrough import Height
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError
from portal.node import NotJoined, opened_store
from portal.settings import Settings
from regulator.errors import OutsideRefused

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.store import AsOf
    from regulator.outside import Checked, OutsideMap
    from regulator.wording import Language

Option = typer.Option
NEGATIVE = frozenset(("spreadsheet", "no-rows", "old-workbook"))
"""Errors that are the file's own fault: a verdict on it."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Lists from outside, held against the ledger.", no_args_is_help=True)

    @group.callback()
    def duplicates() -> None:
        """Lists from outside, held against the ledger."""

    group.command("check")(check)
    app.add_typer(group, name="duplicates")


def check(
    file: Annotated[Path, typer.Argument(help="Invoices, payables or a registry extract (中登): CSV or XLSX.")],
    map_file: Annotated[
        str | None,
        Option("--map", help="Which column is which: a TOML file, or one of ours by name; else told by the headings."),
    ] = None,
    holder: Annotated[
        str | None, Option(help="Whose list it is: what this member claims itself is not reported.", metavar="MEMBER")
    ] = None,
    height: Height = None,
    alone: Annotated[bool, Option("--alone", help="Within the file only, without the ledger.")] = False,
    output: Annotated[
        Path | None, Option("--output", "-o", "--out", help="Write every row with its class and reasons: CSV or XLSX.")
    ] = None,
    limit: Annotated[int, Option(min=1, max=100_000, help="How many groups to show.")] = 20,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Find what in a list is one invoice twice, or claimed on the ledger; exit code 1 where there is such a match."""
    from regulator.outside import check as checked_of

    if not file.is_file():
        raise PortalError("file", f"{file} is no file", next_step="Name a CSV or XLSX file.")
    if output is not None and output.suffix.lower() not in (".csv", ".xlsx"):
        raise typer.BadParameter("--output ends in .csv or .xlsx")
    settings = Settings()
    try:
        mapping = _map(file, map_file)
        with ExitStack() as stack:
            facts = None if alone else _facts(stack, settings, height, as_json=as_json)
            if facts is None and holder is not None:
                raise typer.BadParameter("--holder asks for the ledger's members, and there is no ledger here")
            advance = stack.enter_context(progress("checking"))
            seen: dict[str, int] = {}

            def watch(what: str, done: int, total: int) -> None:
                advance(done - seen.get(what, 0), **({"total": total} if total else {}))
                seen[what] = done

            checked = checked_of(file, mapping, facts, holder=holder, told=watch)
            names = {} if facts is None else _names(facts)
    except (Malformed, OutsideRefused) as failure:
        if failure.code not in NEGATIVE:
            raise
        fail(str(failure), failure.next_step, code=failure.code, as_json=as_json)
        raise typer.Exit(EXIT_NEGATIVE) from None
    if output is not None:
        _write(checked, output, settings.lang, names)
    emit(checked.as_json(), shown(checked, settings.lang, names, limit), as_json=as_json)
    if not checked.clean:
        raise typer.Exit(EXIT_NEGATIVE)


def _map(file: Path, name: str | None) -> OutsideMap:
    from regulator.outside import PACKAGED, guess, load_map, packaged_map

    if name is None:
        return guess(file)
    return packaged_map(name) if name in PACKAGED else load_map(Path(name))


def _facts(stack: ExitStack, settings: Settings, height: int | None, *, as_json: bool) -> AsOf | None:
    """The node's facts; None where there is no node, which is said: the list is then held against itself alone."""
    try:
        store = stack.enter_context(opened_store(settings))
    except NotJoined:
        if height is not None:
            raise
        if not as_json:
            say("no node here: the file is held against itself alone")
        return None
    return stack.enter_context(store.at(height).at_once())


def _names(facts: AsOf) -> dict[str, str]:
    from portal.cli.words import member_names

    return member_names(facts)


def _write(checked: Checked, output: Path, language: Language, names: dict[str, str]) -> None:
    from regulator.outside.sheets import write_sheet

    with writing(output):
        write_sheet(checked, output, language, names)


def shown(checked: Checked, language: Language, names: dict[str, str], limit: int) -> RenderableType:
    """The answer for people: what was read, what is to be looked into, what was not compared."""
    from portal.cli.tables import Column, Sheet, prose, spaced
    from regulator.outside.words import matched, standing, word, yuan

    def told(name: str, **values: Any) -> str:
        return word(name, language, **values)

    unread = len(checked.unread)
    parts: list[RenderableType] = [
        prose(told("title", file=checked.file, rows=checked.rows, unread=unread, blank=checked.blank), "bold"),
        prose(told("alone") if checked.height is None else told("against", height=checked.height)),
    ]
    if checked.guessed:
        listed = told("list").join(f"{field} = {heading}" for field, heading in checked.columns.items())
        parts.append(prose(told("guessed", columns=listed)))
    alerts = len(checked.alerts)
    parts.append(prose(told("found", alerts=alerts, others=len(checked.groups) - alerts), "bold"))
    columns = [
        Column(told("group"), "number"), Column(told("match"), "word"), Column(told("level"), "word"),
        Column(told("face"), "number"), Column(told("lines_of"), "number"), Column(told("why")),
    ]  # fmt: skip
    rows = [
        [
            str(one.id), told(one.match), told(one.level.value), yuan(one.amount) if one.amount else "—",
            str(len(one.lines)),
            matched(one, language),
        ]
        for one in checked.groups[:limit]
    ]  # fmt: skip
    if checked.height is not None:
        columns.append(Column(told("stands")))
        for row, one in zip(rows, checked.groups, strict=False):
            row.append(standing(one.standing, names, language))
    parts.append(Sheet("", columns, rows))
    if len(checked.groups) > limit:
        parts.append(prose(told("shown", shown=limit)))
    if checked.usual:
        what = told("list").join(f"{told(name)} {count}" for name, count in checked.usual.items())
        parts.append(prose(told("usual", what=what)))
    parts += [prose(told(f"not_{why}", count=count)) for why, count in checked.not_compared.items()]
    parts.append(
        Sheet(
            told("unread"),
            (Column(told("line"), "number"), Column(told("code"), "word"), Column(told("cause"))),
            ((str(one.line), one.code, one.cause) for one in checked.unread[:limit]),
        )
    )
    return spaced(parts)

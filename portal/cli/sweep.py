"""`glasspool sweep`: what following a ledger would find, from a snapshot of it, at once and without a node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import StoreDamaged
from portal.cli.console import EXIT_NEGATIVE, emit, fail, progress
from portal.cli.files import writing
from portal.cli.parameters import JsonFlag
from portal.cli.tables import prose, spaced
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from ledger.snapshot import Snapshot
    from portal.cli.words import Words
    from regulator.book import FindingLine
    from regulator.signals import Signal

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sweep")(sweep)


def sweep(
    folder: Annotated[Path, typer.Argument(help="A snapshot's folder, as `glasspool snapshot take` writes it.")],
    rule: Annotated[list[str] | None, Option(help="Only this rule; may be repeated.")] = None,
    family: Annotated[list[str] | None, Option(help="Only this family of rules; may be repeated.")] = None,
    every: Annotated[bool, Option("--all", help="Also what stood earlier and stands no more.")] = False,
    unverified: Annotated[
        bool, Option("--unverified", help="Believe the files; `glasspool snapshot verify` shows what they are.")
    ] = False,
    processes: Annotated[int | None, Option(min=1, max=2, help="At once; two where there are two cores.")] = None,
    output: Annotated[
        Path | None, Option("--output", "-o", help="Write every finding with its sentence: CSV or XLSX.")
    ] = None,
    limit: Annotated[int, Option(min=1, help="How many to list at the most.")] = 20,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Look through a whole snapshot for what the rules find; nothing is kept of it but what you write."""
    from portal.cli.words import words_of
    from regulator.sweeping import lines_of, readable, sweepable, swept

    if output is not None and output.suffix.lower() not in (".csv", ".xlsx"):
        raise typer.BadParameter("--output ends in .csv or .xlsx")
    settings = Settings()
    wanted = (*(rule or ()), *(family or ()))
    looked = sweepable(wanted)
    snapshot = _opened(folder, verify=not unverified, as_json=as_json)
    with progress("sweeping", len(looked)) as advance:
        files, height = snapshot.files(), snapshot.manifest.height
        versions = swept(files, height, looked, processes=processes, told=lambda _scope, _seeds: advance())
    found = [
        (line, signal)
        for line, signal in lines_of(versions)
        if (every or line.standing) and (not wanted or not {line.rule, line.rule.partition(".")[0]}.isdisjoint(wanted))
    ]
    words = words_of(settings.lang)
    with readable():
        words.names = _names(snapshot)
    if output is not None:
        _write(words, found, output)
    levels = {name: sum(line.level == name for line, _ in found) for name in ("high", "medium", "low")}
    answer = {
        "height": snapshot.manifest.height,
        "facts_digest": f"0x{snapshot.manifest.facts_digest}",
        "verified": not unverified,
        "levels": levels,
        "total": len(found),
        "findings": [_json(line, signal, words.names) for line, signal in found],
    }
    emit(answer, _shown(words, found[:limit], answer), as_json=as_json)


def _opened(folder: Path, *, verify: bool, as_json: bool) -> Snapshot:
    from ledger.snapshot import Snapshot

    try:
        snapshot = Snapshot.open(folder)
        snapshot.check_columns()
        if verify:
            rows = sum(entry.versions for entry in snapshot.manifest.tables.values())
            with progress("verifying rows", rows) as advance:
                snapshot.verify(lambda _, rows: advance(rows))
    except StoreDamaged as damage:
        fail(str(damage), damage.next_step, code=damage.code, as_json=as_json)
        raise typer.Exit(EXIT_NEGATIVE) from None
    return snapshot


def _names(snapshot: Snapshot) -> dict[str, str]:
    """The members' names by id."""
    from ledger.facts import Member

    with snapshot.on_duckdb() as market:
        rows = market.backend.to_pyarrow(market.table(Member).select("id", "name"))
    named = zip(rows["id"].to_pylist(), rows["name"].to_pylist(), strict=True)
    return {member: name for member, name in named if name}


def _json(line: FindingLine, signal: Signal, names: Mapping[str, str]) -> dict[str, Any]:
    from portal.cli.findings_view import line_json
    from regulator.rules import explained

    told = {language: explained(signal, language, names) for language in ("zh", "en")}
    kept = {name: value for name, value in line_json(line, None).items() if name != "suppressed_by"}
    return kept | {"sentence": told, "parties": list(signal.parties), "things": list(signal.things)}


def _write(words: Words, found: Sequence[tuple[FindingLine, Signal]], output: Path) -> None:
    import polars as pl

    from portal.cli.findings_view import thing
    from regulator.outside.sheets import write_rows
    from regulator.rules import explained, titled

    fen = pl.Series([line.amount for line, _ in found], dtype=pl.Decimal(38, 2))
    columns = {
        "finding_id": [line.id for line, _ in found],
        "finding_level": [words.coded("level", line.level.value) for line, _ in found],
        "finding_title": [titled(line.rule, words.language.value) for line, _ in found],
        "finding_rule": [line.rule for line, _ in found],
        "finding_subject": [thing(words, line.subject) for line, _ in found],
        "finding_sentence": [explained(signal, words.language.value, words.names) for _, signal in found],
        "finding_amount": fen / pl.Series([100], dtype=pl.Decimal(38, 0)),
        "finding_since": ["" if line.since is None else line.since.isoformat() for line, _ in found],
        "finding_score": [line.score for line, _ in found],
        "finding_parties": [words.listed(map(words.member, signal.parties)) for _, signal in found],
        "finding_things": [words.listed(thing(words, each) for each in signal.things) for _, signal in found],
        "finding_stands": [words("yes") if line.standing else words("no") for line, _ in found],
        "finding_subject_code": [line.subject for line, _ in found],
    }
    with writing(output):
        write_rows(pl.DataFrame({words(name): values for name, values in columns.items()}), output)


def _shown(words: Words, found: Sequence[tuple[FindingLine, Signal]], answer: Mapping[str, Any]) -> RenderableType:
    from portal.cli.findings_view import table
    from regulator.rules import explained

    told = {line.id: explained(signal, words.language.value, words.names) for line, signal in found}
    parts: list[RenderableType] = [table(words, [line for line, _ in found], told=told)]
    if found:
        more = words("findings_more") if len(found) < answer["total"] else ""
        parts.append(prose(words("findings_shown", total=f"{answer['total']:,}", shown=f"{len(found):,}") + more))
    said = "sweep_done" if answer["verified"] else "sweep_believed"
    parts.append(prose(words(said, height=answer["height"], digest=answer["facts_digest"], **answer["levels"])))
    return spaced(parts)

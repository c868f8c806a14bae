"""`glasspool findings`: what the rules found, one finding in full, suppressions; and the ledger's own breaches."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ledger.business_day import business_day
from ledger.finding import Code
from portal.book import looked, opened_book, person
from portal.cli.block import printable
from portal.cli.console import emit
from portal.cli.lookthrough import stated_day
from portal.cli.parameters import Certificate, JsonFlag, PackFolder, SigningKey
from portal.errors import PortalError
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from ledger.finding import Finding
    from ledger.store import Store
    from regulator.book import Book
    from regulator.suppressions import Suppression

Option = typer.Option
Argument = typer.Argument
FindingId = Annotated[str, Argument(metavar="ID", help="The finding's id, as `glasspool findings` lists it.")]
KEPT = 100
"""Findings of one list that the trail names."""
RECORDS = 40
"""Records of one finding shown to people; ``--json`` has all."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What the rules find in the ledger, and what is hidden.", invoke_without_command=True)
    group.callback()(findings)
    group.command("show")(show)
    group.command("rules")(rules)
    group.command("suppress")(suppress)
    group.command("suppressions")(suppressions)
    group.command("unsuppress")(unsuppress)
    group.command("export")(export)
    app.add_typer(group, name="findings")


def findings(
    context: typer.Context,
    rule: Annotated[str | None, Option(help="Only this rule, or this family of rules.")] = None,
    level: Annotated[str | None, Option(help="Only this level: high, medium or low.")] = None,
    about: Annotated[
        str | None, Option(help="Only what names this thing: `invoice INV-1`, `plan P`, `member M`.", metavar="THING")
    ] = None,
    every: Annotated[bool, Option("--all", help="Also what is suppressed, and what stands no more.")] = False,
    limit: Annotated[int, Option(help="How many to list at the most.", min=1)] = 100,
    ledger: Annotated[
        bool, Option("--ledger", help="Instead, what was wrong in a record when the chain committed it.")
    ] = False,
    code: Annotated[str | None, Option(help="Of the ledger's, only this code; docs/findings.md lists them.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """List findings, the gravest first: what stands, and is not suppressed."""
    if context.invoked_subcommand is not None:
        return
    if ledger or code is not None:
        _breaches(code, limit, as_json=as_json)
        return
    from portal.cli import findings_view as view
    from portal.cli.words import words_of
    from regulator.rules import RULES
    from regulator.signals import Level
    from regulator.suppressions import Suppressions

    settings, actor, now = Settings(), person(), datetime.now(UTC)
    if level is not None and level not in set(Level):
        raise typer.BadParameter("--level is high, medium or low")
    if rule is not None:
        _known(rule)
    if about is not None:
        _kind_of(about)
    with opened_store(settings) as store, opened_book(settings) as book:
        wanted = None if level is None else Level(level)
        lines = book.findings(
            rule=rule, level=wanted, about=() if about is None else (about,), standing=None if every else True
        )
        hidden = Suppressions(book, actor).hidden(lines, business_day(now))
        shown = [one for one in lines if every or one.id not in hidden]
        page = shown[:limit]
        asked = {"rule": rule, "level": level, "about": about, "all": every}
        told = {name: value for name, value in asked.items() if value}
        looked(book, actor, "findings", now, **told, count=len(page), first=[one.id for one in page[:KEPT]])
        followed, head = book.reached(RULES.values()), store.at().height
        words = words_of(settings.lang, store.at())
    answer = {
        "height": head,
        "followed": followed,
        "total": len(shown),
        "suppressed": len(lines) - len(shown) if not every else len(hidden),
        "findings": [view.line_json(one, hidden.get(one.id)) for one in page],
    }
    emit(answer, view.listed(words, page, answer, hidden), as_json=as_json)


def show(finding: FindingId, as_json: Annotated[bool, JsonFlag] = False) -> None:
    """Explain one finding: in a sentence, its figures, parties, history, and the records behind it."""
    from portal.cli import findings_view as view
    from portal.cli.words import words_of
    from regulator.cases import Cases
    from regulator.evidence import Register
    from regulator.suppressions import Suppressions

    settings, actor, now = Settings(), person(), datetime.now(UTC)
    with opened_store(settings) as store, opened_book(settings) as book:
        versions = book.history(finding)
        facts = store.at()
        told = next(one.signal for one in reversed(versions) if one.signal is not None)
        register = Register(facts)
        register.expect(told.evidence)
        records = [register.at(number) for number in told.evidence if number >> 32 <= facts.height]
        hidden = Suppressions(book, actor).hidden([book.line(finding)], business_day(now)).get(finding)
        cases = [one.case for one in Cases(book, actor).all() if finding in dict(one.findings)]
        looked(book, actor, f"finding {finding}", now)
        words = words_of(settings.lang, facts)
    shown = view.Shown(finding=finding, versions=versions, records=records, hidden=hidden, cases=cases)
    emit(view.shown_json(words, shown), view.shown(words, shown, RECORDS), as_json=as_json)


def rules(as_json: Annotated[bool, JsonFlag] = False) -> None:
    """List every rule, with what it finds and how many of its findings stand."""
    from portal.book import has_book
    from portal.cli import findings_view as view
    from portal.cli.words import words_of
    from regulator.rules import RULES, titled

    settings = Settings()
    counts: dict[str, int] = {}
    if has_book(settings):
        with opened_book(settings) as book:
            for (name, _), count in book.counts().items():
                counts[name] = counts.get(name, 0) + count
    listed = [
        {
            "rule": name,
            "family": name.partition(".")[0],
            "scope": scope,
            "title": {"zh": titled(name, "zh"), "en": titled(name, "en")},
            "standing": counts.get(name, 0),
        }
        for name, scope in RULES.items()
    ]
    emit({"rules": listed}, view.rules(words_of(settings.lang), listed), as_json=as_json)


def suppress(
    rule: Annotated[str, Argument(help="A rule, or a family of rules, as `glasspool findings rules` lists them.")],
    reason: Annotated[str, Option(help="Why these findings need not be shown.")],
    until: Annotated[str, Option(help="The last day on which they are not.", metavar="YYYY-MM-DD")],
    thing: Annotated[
        str | None, Option(help="Only what names this thing: `invoice INV-1`, `plan P`, `member M`.")
    ] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Hide findings for a while, for a reason; nothing is removed, and the trail has who did it."""
    from portal.cli import findings_view as view
    from portal.cli.words import words_of
    from regulator.rules import RULES
    from regulator.suppressions import Suppressions

    settings, last = Settings(), stated_day(until)
    assert last is not None
    with opened_store(settings) as store, opened_book(settings) as book:
        if thing is not None:
            _check_thing(store, book, thing)
        made = Suppressions(book, person()).make(rule, reason, last, datetime.now(UTC), rules=RULES, thing=thing)
    said = words_of(settings.lang)("suppression_made", id=made.id, until=made.expires_on)
    emit(view.suppression_json(made, _today()), Text(said), as_json=as_json)


def suppressions(as_json: Annotated[bool, JsonFlag] = False) -> None:
    """List suppressions, ended ones too."""
    from portal.cli import findings_view as view
    from portal.cli.words import words_of
    from regulator.suppressions import Suppressions

    settings = Settings()
    with opened_book(settings) as book:
        found: list[Suppression] = Suppressions(book, person()).all()
    listed = [view.suppression_json(one, _today()) for one in found]
    emit({"suppressions": listed}, view.suppressions(words_of(settings.lang), found, _today()), as_json=as_json)


def unsuppress(
    suppression: Annotated[str, Argument(metavar="ID", help="The suppression's id.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """End a suppression before its day."""
    from portal.cli.words import words_of
    from regulator.suppressions import Suppressions

    settings = Settings()
    with opened_book(settings) as book:
        Suppressions(book, person()).withdraw(suppression, datetime.now(UTC))
    said = words_of(settings.lang)("suppression_ended", id=suppression)
    emit({"withdrawn": suppression}, Text(said), as_json=as_json)


def export(
    finding: Annotated[list[str], Argument(metavar="ID...", help="The findings' ids.")],
    output: Annotated[Path, PackFolder],
    key: Annotated[Path | None, SigningKey] = None,
    certificate: Annotated[Path | None, Certificate] = None,
    force: Annotated[bool, Option("--force", help="Replace a pack that stands there.")] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Write a signed evidence pack (证据包) of findings: explanation, history, workbook, proof of every record."""
    from portal.cli.packs import write_pack
    from regulator.evidence_pack import of_findings

    settings = Settings()
    with opened_store(settings) as store, opened_book(settings) as book:
        made = of_findings(store, book, finding)
        write_pack(settings, store, book, made, output, key, certificate, force=force, as_json=as_json)


def _known(rule: str) -> None:
    from regulator.rules import scopes

    scopes((rule,))


def _kind_of(thing: str) -> tuple[str, str]:
    """Return the kind and the id of ``<kind> <id>``. Raises UnknownThing for what is not that, or of no kind."""
    from regulator.errors import UnknownThing
    from regulator.graph.things import TABLES
    from regulator.wording import KINDS

    kind, _, id_ = thing.partition(" ")
    kinds = sorted({*TABLES, *KINDS})
    if kind not in kinds or not id_.strip():
        raise UnknownThing(
            "unknown-kind",
            f"{thing!r} is not a thing's kind and its id",
            next_step=f"Name it as `invoice INV-1`; the kinds are: {', '.join(kinds)}.",
        )
    return kind, id_


def _check_thing(store: Store, book: Book, thing: str) -> None:
    """Return where the ledger has the thing, or a finding names it. Raises UnknownThing."""
    from regulator.errors import UnknownThing
    from regulator.graph.things import TABLES

    kind, id_ = _kind_of(thing)
    facts = store.at()
    there = kind in TABLES and facts.stated(TABLES[kind], "id", [id_])
    if not there and not book.findings(about=(thing,), standing=None):
        raise UnknownThing("unknown-thing", f"No {kind} {id_!r} is on the ledger at height {facts.height}")


def _today() -> date:
    return business_day(datetime.now(UTC))


def _breaches(code: str | None, limit: int, *, as_json: bool) -> None:
    """List what is wrong in what the chain committed, in the order of the ledger."""
    if code is not None and code not in {each.value for each in Code}:
        raise PortalError("finding-code", f"There is no finding {code!r}", next_step="docs/findings.md lists them.")
    with opened_store(Settings()) as store:
        found = store.findings(None if code is None else Code(code), limit=limit)
        counts = store.finding_counts()
    answer = {"counts": counts, "findings": [_breach(each) for each in found]}
    total = sum(counts.values()) if code is None else counts.get(code, 0)
    rest = "; --limit N shows more of them" if len(found) < total else ""
    if not found:
        emit(answer, Text("No findings." if code is None else f"No finding {code}."), as_json=as_json)
        return
    table = Table(caption=f"{len(found)} of {total} findings{rest}")
    for heading in ("record", "code", "severity", "what"):
        table.add_column(heading, overflow="fold")
    for each in found:
        table.add_row(str(each.position), each.code.value, each.severity.value, escape(printable(each.message)))
    emit(answer, table, as_json=as_json)


def _breach(found: Finding) -> dict[str, Any]:
    return {
        "record": str(found.position),
        "code": found.code.value,
        "severity": found.severity.value,
        "message": found.message,
        "subject": found.subject,
        "others": [str(each) for each in found.others],
        "details": dict(found.details),
    }

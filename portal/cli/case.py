"""`glasspool case`: work on findings together, from opening to decision, and take the evidence away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portal.book import looked, opened_book, person
from portal.cli.console import emit
from portal.cli.lookthrough import stated_day
from portal.cli.parameters import Certificate, JsonFlag, PackFolder, SigningKey
from portal.errors import PortalError
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from ledger.store import Store
    from regulator.book import Book
    from regulator.cases import Case, Cases

Option = typer.Option
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case's id, such as CASE-0001.")]
Said = Annotated[str, typer.Argument(metavar="TEXT", help="What you say.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Cases: findings that people work on together.", no_args_is_help=True)
    for name, command in (
        ("open", open_case), ("list", list_cases), ("show", show), ("collect", collect), ("drop", drop),
        ("assign", assign), ("comment", comment), ("ask", ask), ("answer", answer), ("decide", decide),
        ("reopen", reopen), ("export", export),
    ):  # fmt: skip
        group.command(name)(command)
    app.add_typer(group, name="case")


def _done(act: Callable[[Cases, datetime], Case], *, as_json: bool) -> None:
    """Do something to a case and show what it is then."""
    from regulator.cases import Cases

    settings = Settings()
    with opened_store(settings) as store, opened_book(settings) as book:
        found = act(Cases(book, person()), datetime.now(UTC))
        _tell(settings, store, book, found, as_json=as_json)


def _tell(settings: Settings, store: Store, book: Book, found: Case, *, as_json: bool) -> None:
    from portal.cli import case_view as view
    from portal.cli.words import words_of

    lines = book.lines([one for one, _ in found.findings])
    emit(view.as_json(found, lines), view.shown(words_of(settings.lang, store.at()), found, lines), as_json=as_json)


def open_case(
    title: Annotated[str, typer.Argument(help="What it is about.")],
    plan: Annotated[str | None, Option(help="The plan that it concerns.")] = None,
    finding: Annotated[list[str] | None, Option(help="Collect this finding at once; may be repeated.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Open a case (立案)."""

    def act(cases: Cases, at: datetime) -> Case:
        heights = {one: cases.until(one) for one in finding or ()}  # an unknown one before anything is opened
        if plan is not None:
            _check_plan(plan)
        made = cases.open(title, at, plan=plan)
        for one, height in heights.items():
            made = cases.collect(made.case, one, height, at)
        return made

    _done(act, as_json=as_json)


def list_cases(
    every: Annotated[bool, Option("--all", help="Closed cases too.")] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """List the cases that are worked on, the newest first."""
    from portal.cli import case_view as view
    from portal.cli.words import words_of
    from regulator.cases import Cases

    settings, actor = Settings(), person()
    with opened_book(settings) as book:
        found = [one for one in Cases(book, actor).all() if every or one.open]
        looked(book, actor, "cases", datetime.now(UTC), count=len(found), all=every)
    answer = {"cases": [view.line_json(one) for one in found]}
    emit(answer, view.listed(words_of(settings.lang), found, every=every), as_json=as_json)


def show(case: CaseId, as_json: Annotated[bool, JsonFlag] = False) -> None:
    """Show a case: its findings, questions and everything that was done."""
    from regulator.cases import Cases

    settings, actor = Settings(), person()
    with opened_store(settings) as store, opened_book(settings) as book:
        found = Cases(book, actor).get(case)
        looked(book, actor, f"case {case}", datetime.now(UTC))
        _tell(settings, store, book, found, as_json=as_json)


def collect(
    case: CaseId,
    finding: Annotated[list[str], typer.Argument(metavar="FINDING...", help="Ids of findings.")],
    height: Annotated[int | None, Option(min=0, help="As they stood at this height; as they stand by default.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Put findings into a case, each as it stands at a height."""

    def act(cases: Cases, at: datetime) -> Case:
        known = {one: cases.until(one) for one in finding}
        heights = {
            one: last if height is None else height for one, last in known.items()
        }  # an unknown one before any is collected
        for one, as_of in heights.items():
            cases.collect(case, one, as_of, at)
        return cases.get(case)

    _done(act, as_json=as_json)


def drop(
    case: CaseId,
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="A finding of the case.")],
    reason: Annotated[str, Option(help="Why it does not belong here.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Take a finding out of a case, for a reason."""
    _done(lambda cases, at: cases.drop(case, finding, reason, at), as_json=as_json)


def assign(
    case: CaseId,
    to: Annotated[str, typer.Argument(metavar="NAME", help="Who works on it.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Say who works on a case."""
    _done(lambda cases, at: cases.assign(case, to, at), as_json=as_json)


def comment(case: CaseId, text: Said, as_json: Annotated[bool, JsonFlag] = False) -> None:
    """Add a comment, which no evidence pack holds."""
    _done(lambda cases, at: cases.comment(case, text, at), as_json=as_json)


def ask(
    case: CaseId,
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id or its whole name.")],
    text: Said,
    due: Annotated[str | None, Option(help="The day by which to answer.", metavar="YYYY-MM-DD")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Put a question to a member (问询)."""
    day = stated_day(due)
    to = _member(member)
    _done(lambda cases, at: cases.ask(case, to, text, at, due=day), as_json=as_json)


def answer(
    case: CaseId,
    question: Annotated[int, typer.Argument(metavar="NO", help="The question's number.", min=0)],
    text: Said,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Enter the answer to a question."""
    _done(lambda cases, at: cases.answer(case, question, text, at), as_json=as_json)


def decide(
    case: CaseId,
    outcome: Annotated[str, typer.Argument(help="confirmed, dismissed, remedied or referred.")],
    text: Said,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Close a case with a decision and its grounds."""
    from regulator.cases import Outcome

    if outcome not in set(Outcome):
        raise typer.BadParameter(f"an outcome is one of {', '.join(Outcome)}")
    _done(lambda cases, at: cases.decide(case, Outcome(outcome), text, at), as_json=as_json)


def reopen(
    case: CaseId,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why it is worked on again.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Work on a closed case again."""
    _done(lambda cases, at: cases.reopen(case, reason, at), as_json=as_json)


def export(
    case: CaseId,
    output: Annotated[Path, PackFolder],
    key: Annotated[Path | None, SigningKey] = None,
    certificate: Annotated[Path | None, Certificate] = None,
    force: Annotated[bool, Option("--force", help="Replace a pack that stands there.")] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Write a case as a signed evidence pack (证据包): its findings, their records with proofs, what may leave."""
    from portal.cli.packs import write_pack
    from regulator.cases import Cases
    from regulator.evidence_pack import of_case

    settings = Settings()
    with opened_store(settings) as store, opened_book(settings) as book:
        made = of_case(store, book, Cases(book, person()).get(case))
        write_pack(settings, store, book, made, output, key, certificate, force=force, as_json=as_json)


def _check_plan(plan: str) -> None:
    from abs.reading import plan_of

    with opened_store(Settings()) as store:
        plan_of(store.at(), plan)


def _member(given: str) -> str:
    """Return a member's id, given it or the whole name. Raises PortalError for one that nobody or several have."""
    from ledger.facts import Member

    with opened_store(Settings()) as store:
        found = {one.id for one in store.at().select(Member) if given in (one.id, one.name)}
    if len(found) != 1:
        raise PortalError(
            "unknown-member",
            f"{'No member is' if not found else 'Several members are'} called {given!r}",
            next_step="Give the member's id; `glasspool findings show ID` has it beside the name.",
        )
    return found.pop()

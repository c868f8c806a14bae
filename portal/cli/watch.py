"""`glasspool watch`: look at what every new block changed, and keep what is found in the book."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from portal.book import book_file, opened_book, person, watched
from portal.cli.console import emit, progress
from portal.cli.parameters import JsonFlag
from portal.cli.tables import Column, Sheet, prose, spaced
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import RenderableType

    from portal.book import Watched
    from portal.cli.words import Words
    from regulator.book import Followed
    from regulator.scope import Scope
    from regulator.watch import Step

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("watch")(watch)


def watch(
    rule: Annotated[list[str] | None, Option(help="Only what runs this rule; may be repeated.")] = None,
    family: Annotated[list[str] | None, Option(help="Only this family of rules; may be repeated.")] = None,
    again: Annotated[
        bool, Option("--again", help="Follow from the first block; then exchange what was found.")
    ] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Bring findings up to the newest block stored here; goes on where it stopped."""
    from portal.cli.words import words_of
    from regulator import trail
    from regulator.book import book_beside, take_over
    from regulator.rules import scopes

    settings = Settings()
    chosen = scopes((*(rule or ()), *(family or ())))
    with opened_store(settings) as store, opened_book(settings, create=True) as book:
        if again:
            with book.writes() as connection:
                names = [one.name for one in chosen]
                trail.append(connection, person(), trail.Act.FOLLOWED, "ledger", datetime.now(UTC), again=names)
        whole = again and not (rule or family)  # then the book stands as it is until all is found anew
        for one in chosen if again and not whole else ():
            book.forget(one.name, one.rules)
        head = store.head()
        blocks = 0 if head is None else head.height + 1
        beside = (book_file(settings) or settings.home / "book").resolve().parent
        with book_beside(beside) if whole else nullcontext(book) as made:
            with progress("watching") as advance:
                done = watched(store, made, chosen, _bar(advance, chosen, made.followed_all(), blocks))
            if whole:
                take_over(book, made)
        counts, followed = book.counts(), book.followed_all()
    levels = {level: sum(count for (_, each), count in counts.items() if each == level) for level in _levels()}
    answer = {
        "height": None if head is None else head.height,
        "scopes": [
            {"scope": one.scope, "start": one.start, "height": one.height, "changes": one.changes} for one in done
        ],
        "standing": levels,
        "total": sum(levels.values()),
    }
    emit(answer, _shown(words_of(settings.lang), done, levels, followed), as_json=as_json)


def _levels() -> tuple[str, ...]:
    from regulator.signals import Level

    return tuple(each.value for each in reversed(Level))


def _bar(
    advance: Callable[..., None], chosen: Sequence[Scope], followed: Mapping[str, Followed], blocks: int
) -> Callable[[Step], None]:
    """Return what moves the bar on with every step: by the blocks of it, of those that all scopes have before them."""
    at = {one.name: followed[one.name].height if one.name in followed else -1 for one in chosen}
    total = sum(blocks - 1 - height for height in at.values())

    def told(step: Step) -> None:
        advance(step.height - at[step.scope], total=total)
        at[step.scope] = step.height

    return told


def _shown(
    say: Words, done: Sequence[Watched], levels: Mapping[str, int], followed: Mapping[str, Followed]
) -> RenderableType:
    columns = (
        Column(say("watch_scope")),
        Column(say("watch_from"), "number"),
        Column(say("watch_to"), "number"),
        Column(say("watch_changes"), "number"),
    )
    moved = [one for one in done if one.height > one.start]
    rows = [(one.scope, str(one.start + 1), str(one.height), f"{one.changes:,}") for one in moved]
    height = max((one.height for one in done), default=-1)
    parts: list[RenderableType] = [Sheet("", columns, rows)]
    parts.append(prose(say("watch_done", height=height, total=f"{sum(levels.values()):,}", **levels)))
    if any(levels.values()):
        parts.append(prose(say("watch_next")))
    if any(one.height < height for one in followed.values()):
        parts.append(prose(say("watch_partly")))
    return spaced(parts)

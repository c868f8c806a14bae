"""`glasspool trail`: who looked at what and took it away; whether that record still is what was written."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from portal.book import opened_book, person
from portal.cli.block import printable
from portal.cli.checkpoint import PASSPHRASE, keys_folder
from portal.cli.console import EXIT_NEGATIVE, emit, fail, say
from portal.cli.node import refused_with
from portal.cli.parameters import JsonFlag
from portal.cli.tables import Column, Sheet, prose, spaced
from portal.errors import PortalError
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from ledger.checkpoint import Checkpoint
    from ledger.signed_note import NoteSigner, VerifierKey
    from portal.cli.words import Words
    from regulator.trail import Entry, Fault

Option = typer.Option
KEY_NAME = "glasspool/trail"
"""The name under which this node's keys sign checkpoints of the trail."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who looked at what, and took it away.", invoke_without_command=True)
    group.callback()(show)
    group.command("check")(check)
    group.command("checkpoint")(checkpoint)
    app.add_typer(group, name="trail")


def show(
    context: typer.Context,
    actor: Annotated[str | None, Option(help="Only what this person did.")] = None,
    subject: Annotated[str | None, Option(help="Only about this, such as `case CASE-0001` or CASE-0001.")] = None,
    limit: Annotated[int, Option(help="How many to list at the most.", min=1)] = 50,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """List what people did, the newest first."""
    if context.invoked_subcommand is not None:
        return
    from portal.cli.words import words_of
    from regulator import trail
    from regulator.access import Action, require

    settings = Settings()
    require(person(), Action.READ_TRAIL)
    with opened_book(settings) as book, book.reads() as connection:
        found = trail.entries(connection, actor=actor, subject=subject, limit=limit)
        total = trail.count(connection)
    answer = {"total": total, "entries": [_entry(one) for one in found]}
    emit(answer, _listed(words_of(settings.lang), found, total), as_json=as_json)


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "number": one.number,
        "at": one.at.isoformat(),
        "actor": one.actor,
        "act": one.act,
        "subject": one.subject,
        "details": one.details,
        "hash": one.hash,
    }


def _listed(words: Words, found: Sequence[Entry], total: int) -> RenderableType:
    if not found:
        return Text(words("trail_no_match", total=f"{total:,}") if total else words("trail_none"))
    columns = (
        Column(words("case_number"), "number"),
        Column(words("trail_at"), "word"),
        Column(words("trail_who"), "word"),
        Column(words("trail_act"), "word"),
        Column(words("trail_subject")),
        Column(words("trail_details")),
    )
    rows = [
        (
            str(one.number),
            f"{one.at:%Y-%m-%d %H:%M}",
            printable(one.actor),
            words.coded("act", one.act),
            printable(one.subject),
            _details(one),
        )
        for one in found
    ]
    parts = (Sheet("", columns, rows), prose(words("trail_shown", total=f"{total:,}", shown=f"{len(found):,}")))
    return spaced(parts)


def _details(one: Entry) -> str:
    """The details that say something, short: a command's arguments, other lists by how long they are."""
    parts = []
    for name, value in one.details.items():
        if value in (None, False, [], {}):
            continue
        value = " ".join(value) if name == "arguments" else value
        said = str(len(value)) if isinstance(value, list | dict) else printable(" ".join(str(value).split()))
        parts.append(f"{name} {said[:60]}")
    return ", ".join(parts)


def check(
    noted: Annotated[
        list[Path] | None, Option("--checkpoint", help="A checkpoint you kept elsewhere; may be repeated.")
    ] = None,
    key: Annotated[list[str] | None, Option(help="The verifier key it is signed with; this node's own else.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Read the whole trail again: is it what was written, and what was signed? Exit code 1 where it is not."""
    from ledger.signed_note import VerifierKey
    from portal.cli.words import words_of
    from regulator import trail

    settings = Settings()
    own = [each.verifier for each in _signers(settings)] if keys_folder(settings).exists() else []
    trusted = [*own, *(VerifierKey.parse(each) for each in key or ())]
    with refused_with(as_json):
        checkpoints = [*trail.signed(settings.trail_checkpoints, trusted), *_kept(noted or (), trusted)]
    with opened_book(settings) as book, book.reads() as connection:
        faults, count = trail.check(connection, checkpoints), trail.count(connection)
    answer = {
        "entries": count,
        "checkpoints": [{"size": one.size, "root": "0x" + one.root.hex()} for one in checkpoints],
        "faults": [{"code": one.code, "entry": one.number, "message": one.message} for one in faults],
        "verdict": "FAILED" if faults else "PASSED" if checkpoints else "INDETERMINATE",
    }
    emit(answer, _judged(words_of(settings.lang), count, checkpoints, faults), as_json=as_json)
    if faults:
        raise typer.Exit(EXIT_NEGATIVE)


def _judged(words: Words, count: int, checkpoints: Sequence[Checkpoint], faults: Sequence[Fault]) -> RenderableType:
    if faults:
        lines = [Text(f"  {one.message} [{one.code}]") for one in faults]
        return Group(prose(words("trail_broken", count=len(faults)), "bold red"), *lines)
    parts = [prose(words("trail_sound", entries=f"{count:,}", checkpoints=len(checkpoints)), "green")]
    if not checkpoints:
        parts.append(prose(words("trail_unsigned"), "yellow"))
    return Group(*parts)


def checkpoint(
    output: Annotated[Path | None, Option("--output", "-o", help="Write the signed note to this file as well.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Sign the trail as it stands, so that its end cannot be cut off unseen; keep the note elsewhere too."""
    from ledger.checkpoint import write_whole
    from portal.cli.words import words_of
    from portal.note_keys import make_note_keys
    from regulator import trail
    from regulator.errors import TrailBroken

    settings, folder = Settings(), keys_folder(Settings())
    with opened_book(settings) as book, book.reads() as connection, refused_with(as_json):
        if not folder.exists():
            make_note_keys(folder, random=secrets.token_bytes, passphrase=os.environ.get(PASSPHRASE))
            say(f"Keys to sign checkpoints with were made in {folder}; others check with the verifier keys.")
        signers = _signers(settings)
        try:
            published = trail.sign(connection, signers, settings.trail_checkpoints)
        except TrailBroken as failure:
            if failure.code == "trail-empty":
                raise
            fail(str(failure), failure.next_step, code=failure.code, as_json=as_json)
            raise typer.Exit(EXIT_NEGATIVE) from None
        if output is not None:
            write_whole(output, bytes(published.note))
    said, keys = published.checkpoint, [str(each.verifier) for each in signers]
    answer = {
        "origin": said.origin,
        "size": said.size,
        "root": "0x" + said.root.hex(),
        "kept": str(published.file),
        "output": None if output is None else str(output),
        "verifier_keys": keys,
        "note": bytes(published.note).decode(),
    }
    words = words_of(settings.lang)
    told = prose(words("trail_signed", size=f"{said.size:,}", file=published.file))
    emit(answer, Group(told, words("trail_keys"), *map(Text, keys)), as_json=as_json)


def _signers(settings: Settings) -> tuple[NoteSigner, ...]:
    from portal.note_keys import note_signers

    return note_signers(keys_folder(settings), KEY_NAME, passphrase=os.environ.get(PASSPHRASE))


def _kept(files: Sequence[Path], trusted: Sequence[VerifierKey]) -> list[Checkpoint]:
    from regulator import trail

    found = []
    for file in files:
        try:
            note = file.read_bytes()
        except OSError as failure:
            raise PortalError(
                "file", f"{file} cannot be read: {failure.strerror}", next_step="Give a note you kept."
            ) from None
        found.append(trail.read_checkpoint(note, trusted))
    return found

"""`glasspool checkpoint` and `glasspool compare`: sign what this node holds, hold it against another's word."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.text import Text

from ledger.anchor import Anchor
from ledger.errors import LedgerError
from ledger.verdict import Verdict
from portal.cli.block import assessment_json, assessment_table
from portal.cli.console import EXIT_NEGATIVE, emit, say
from portal.cli.node import pairs, refused_with
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.checkpoint import Published
    from ledger.comparison import Comparison, OtherLog
    from ledger.signed_note import NoteSigner, VerifierKey
    from ledger.store import Store

Option = typer.Option

PASSPHRASE = "GLASSPOOL_KEY_PASSPHRASE"  # noqa: S105 the name of the variable


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("checkpoint")(checkpoint)
    app.command("compare")(compare)


def checkpoint(
    output: Annotated[Path | None, Option("--output", "-o", help="Write the signed note to this file as well.")] = None,
    bundle: Annotated[Path | None, Option(help="Write it with every block hash, to be compared offline.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Sign the log of blocks as it stands, keep the note, and print it with the keys to check it by."""
    from ledger.bundle import write_bundle
    from ledger.checkpoint import write_whole

    settings = Settings()
    with opened_store(settings) as store, refused_with(as_json):
        signers = _signers(settings, store)
        published = _publish(settings, store, signers)
        if output is not None:
            write_whole(output, bytes(published.note))
        if bundle is not None:
            hashes = store.log().block_hashes(0, published.checkpoint.size)
            write_whole(bundle, write_bundle(published.note, hashes))
    said, keys = published.checkpoint, [str(signer.verifier) for signer in signers]
    answer: dict[str, object] = {
        "origin": said.origin,
        "size": said.size,
        "height": said.size - 1,
        "root": "0x" + said.root.hex(),
        "kept": str(published.file),
    }
    answer |= {name: str(file) for name, file in (("output", output), ("bundle", bundle)) if file is not None}
    whole = answer | {"verifier_keys": keys, "note": bytes(published.note).decode()}
    emit(whole, Group(pairs(answer), "verifier keys, for those who compare:", *map(Text, keys)), as_json=as_json)


def compare(
    other: Annotated[str, typer.Argument(help="A checkpoint or bundle of another node, or its http(s) URL.")],
    key: Annotated[list[str] | None, Option(help="Its verifier key, told by its operator; may be repeated.")] = None,
    strict: Annotated[bool, Option("--strict", help="Exit 1 as well when a step is INDETERMINATE.")] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Judge whether another node was shown the same ledger: 0 nothing failed, 1 something did, 2 unreadable."""
    from ledger.comparison import View
    from ledger.comparison import compare as compared
    from ledger.signed_note import VerifierKey
    from ledger.split_view import keep_split_view

    settings, trusted = Settings(), [VerifierKey.parse(each) for each in key or ()]
    with opened_store(settings) as store, refused_with(as_json), _other(other) as (document, answers):
        log, own_keys = store.log(), [] if trusted else _own_keys(settings, store)
        found = compared(
            log,
            _origin(store),
            document,
            answers,
            trusted=trusted,
            own_keys=own_keys,
        )
        evidence = None
        if found.view is View.SPLIT:
            own = _publish(settings, store, _signers(settings, store))
            evidence = keep_split_view(settings.evidence, found, own, store.log())
    answer = _answer(found, evidence)
    note = f"{found.view.value}; evidence in {evidence}" if evidence else found.view.value
    emit(answer, assessment_table(found.assessment, note), as_json=as_json)
    verdict = found.assessment.verdict
    if verdict is Verdict.FAILED or (strict and verdict is not Verdict.PASSED):
        raise typer.Exit(EXIT_NEGATIVE)


def _origin(store: Store) -> str:
    from ledger.checkpoint import origin_of

    pinned = store.anchor()
    if pinned is None:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    return origin_of(Anchor.from_json(pinned).genesis_hash)


def keys_folder(settings: Settings) -> Path:
    return settings.home / "checkpoint-keys"


def _own_keys(settings: Settings, store: Store) -> list[VerifierKey]:
    """Return the keys this node signs with, none while it has not signed yet."""
    return [each.verifier for each in _signers(settings, store)] if keys_folder(settings).exists() else []


def _signers(settings: Settings, store: Store) -> tuple[NoteSigner, ...]:
    """Return the node's signers, their keys made on first use."""
    from portal.note_keys import make_note_keys, note_signers

    folder, passphrase = keys_folder(settings), os.environ.get(PASSPHRASE)
    if not folder.exists():
        make_note_keys(folder, random=secrets.token_bytes, passphrase=passphrase)
        say(f"Keys to sign checkpoints with were made in {folder}; others check with the verifier keys.")
    return note_signers(folder, _origin(store), passphrase=passphrase)


def _publish(settings: Settings, store: Store, signers: tuple[NoteSigner, ...]) -> Published:
    from ledger.checkpoint import publish

    return publish(store.log(), _origin(store), signers, settings.checkpoints)


@contextmanager
def _other(location: str) -> Iterator[tuple[bytes, OtherLog | None]]:
    """Yield the other node's note, and whom to ask about it: the node itself, its bundle, or nobody."""
    from ledger.bundle import MAX_BUNDLE_BYTES, Bundle
    from ledger.peer_log import PeerLog

    if location.startswith(("http://", "https://")):
        with PeerLog(location) as peer:
            yield peer.note(), peer
        return
    try:
        with Path(location).open("rb") as file:
            document = file.read(MAX_BUNDLE_BYTES)
    except OSError as failure:
        raise PortalError(
            "file",
            f"{location} cannot be read: {failure.strerror}",
            next_step="Give a file that `glasspool checkpoint` wrote, or the address of a node.",
        ) from None
    if document.startswith(b"{"):
        bundle = Bundle.parse(document)
        yield bundle.document, bundle.log
    else:
        yield document, None


def _answer(found: Comparison, evidence: Path | None) -> dict[str, object]:
    said, fork = found.checkpoint, found.fork
    return assessment_json(found.assessment) | {
        "view": found.view.value,
        "size": found.own_size,
        "other_size": None if said is None else said.size,
        "fork": None
        if fork is None
        else {
            "height": fork.height,
            "block_hash": "0x" + fork.own_hash.hex(),
            "other_block_hash": "0x" + fork.other_hash.hex(),
        },
        "evidence": None if evidence is None else str(evidence),
    }

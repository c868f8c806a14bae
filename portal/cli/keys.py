"""`glasspool keys`: what this node reads confidential payloads with."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from disclosure.errors import KeyUnusable
from disclosure.signing import read_key
from ledger.sm_backends import N as ORDER
from ledger.suites import SM2Key
from portal.cli.console import emit, say
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError
from portal.reader_keys import PASSPHRASE, ReaderKey, ReaderKeys
from portal.settings import Settings

__all__ = ["register"]

Option = typer.Option
NEXT = "Records that came before it stay sealed until `glasspool rebuild`."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The keys that confidential payloads are read with.", no_args_is_help=True)
    group.command("list")(list_keys)
    group.command("new")(new_key)
    group.command("add")(add_key)
    group.command("add-epoch")(add_epoch)
    group.command("remove")(remove_key)
    app.add_typer(group, name="keys")


def passphrase(*, new: bool = False) -> str:
    """Return the passphrase of the node's keys: from the environment, or asked for at a terminal."""
    given = os.environ.get(PASSPHRASE)
    if not given and sys.stdin.isatty():
        given = typer.prompt("Passphrase of this node's keys", hide_input=True, confirmation_prompt=new, err=True)
    if not given:
        raise KeyUnusable(
            "key-locked",
            "This node's keys are kept encrypted, and no passphrase was given.",
            next_step=f"Give it in {PASSPHRASE}.",
        )
    return given


def _keys() -> ReaderKeys:
    return ReaderKeys(Settings().home / "keys")


def list_keys(as_json: Annotated[bool, JsonFlag] = False) -> None:
    """List the readers' keys with what platforms seal to, and the epochs whose fingerprint key is here."""
    keys = _keys()
    shown, _ = keys.read(passphrase()) if keys else ([], None)
    answer = {"keys": [_told(each) for each in shown], "epochs": keys.epochs()}
    table = Table(caption=f"Fingerprint keys of epochs: {', '.join(keys.epochs()) or 'none'}")
    for heading in ("name", "in envelopes", "public key"):
        table.add_column(heading, overflow="fold")
    for each in shown:
        table.add_row(Text(each.name), each.key, each.public_key.hex())
    emit(answer, table, as_json=as_json)


def _told(key: ReaderKey) -> dict[str, str]:
    return {"name": key.name, "key": key.key, "public_key": key.public_key.hex()}


def _kept(key: ReaderKey, *, as_json: bool) -> None:
    emit(_told(key), Text(f"{key.name}: {key.key}\nPlatforms seal to {key.public_key.hex()}"), as_json=as_json)
    say(NEXT)


def new_key(
    name: Annotated[str, typer.Argument(help="What to call it here.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Make a new reader's key, and show the public half that platforms seal to."""
    key = SM2Key(secret=secrets.randbelow(ORDER - 2) + 1)
    _kept(_keys().add(name, key, passphrase(new=True)), as_json=as_json)


def add_key(
    name: Annotated[str, typer.Argument(help="What to call it here.")],
    file: Annotated[Path, typer.Argument(help="An SM2 key in PKCS#8 PEM, encrypted with the same passphrase or not.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Keep a reader's key from a file, encrypted. Delete the file afterwards if it is not."""
    secret = passphrase()
    _kept(_keys().add(name, read_key(file, passphrase=secret), secret), as_json=as_json)


def add_epoch(
    epoch: Annotated[str, typer.Argument(help="The epoch, as envelopes name it.")],
    file: Annotated[Path, typer.Argument(help="The consortium's fingerprint key: 64 hex digits.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Keep the consortium's fingerprint key of an epoch, so that fingerprints can be held against what is opened."""
    try:
        key = bytes.fromhex(file.read_text("ascii").strip())
    except (OSError, ValueError) as failure:
        raise PortalError(
            "epoch-key", f"{file} holds no fingerprint key: {failure}", next_step="It holds 64 hex digits."
        ) from None
    keys = _keys()
    keys.add_epoch(epoch, key, passphrase())
    emit({"epoch": epoch}, Text(f"The fingerprint key of epoch {epoch} is kept."), as_json=as_json)
    say(NEXT)


def remove_key(
    name: Annotated[str, typer.Argument(help="A reader's key, or an epoch.")],
    yes: Annotated[
        bool, Option("--yes", help="Really: what was sealed to it cannot be read again without it.")
    ] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Delete a key for good. What this node has opened with it stays open until `glasspool rebuild`."""
    if not yes:
        raise PortalError(
            "not-confirmed",
            f"Without the key {name}, what was sealed to it can never be read again",
            next_step="Give --yes if that is meant.",
        )
    _keys().remove(name)
    emit({"removed": name}, Text(f"The key {name} is gone."), as_json=as_json)

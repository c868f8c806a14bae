"""Options that several commands share, checked where they come in."""

from __future__ import annotations

import re
from typing import Any

import typer

JsonFlag = typer.Option("--json", help="Print one JSON document instead.")
SigningKey = typer.Option("--key", help="Your signing key (PKCS#8 PEM); needs --certificate.")
Certificate = typer.Option("--certificate", help="Its certificate, then those above it (PEM).")
PackFolder = typer.Option("--output", "-o", help="The pack's folder; its .zip stands beside it.")


def _hex(size: int, what: str) -> Any:
    pattern = re.compile(rf"(?:0x)?[0-9a-fA-F]{{{2 * size}}}\Z")

    def check(value: str | list[str] | None) -> str | list[str] | None:
        for each in [value] if isinstance(value, str) else value or ():
            if not pattern.match(each):
                raise typer.BadParameter(f"{what} has {2 * size} hex digits")
        return value

    return check


def Hash32(*, help: str) -> Any:  # noqa: N802, A002 it stands where typer.Option would
    """Return an option that takes a 32-byte hash in hex."""
    return typer.Option(help=help, callback=_hex(32, "a hash"), metavar="HASH")


def Address(*, help: str) -> Any:  # noqa: N802, A002 it stands where typer.Option would
    """Return an option that takes a contract's address in hex."""
    return typer.Option(help=help, callback=_hex(20, "an address"), metavar="ADDRESS")

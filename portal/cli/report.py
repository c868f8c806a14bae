"""`glasspool report`: a signed package of what the ledger says of a distribution; and judging one."""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portal.cli.console import emit, say
from portal.cli.node import pairs
from portal.cli.parameters import Certificate, JsonFlag, SigningKey
from portal.errors import PortalError
from portal.node import NotJoined, opened_store
from portal.reader_keys import PASSPHRASE
from portal.settings import Settings

if TYPE_CHECKING:
    from disclosure.package import Written
    from disclosure.signing import FileSigner, LocalAuthority
    from ledger.verdict import Assessment

Option = typer.Option

SIGNER_NAME = "Glasspool node"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    plan: Annotated[str, typer.Argument(help="The plan's id; `glasspool plans` lists them.")],
    output: Annotated[Path, Option("--output", "-o", help="The package's folder; its .zip stands beside it.")],
    period: Annotated[int | None, Option(help="Which distribution; the latest when none is named.", min=0)] = None,
    height: Annotated[int | None, Option(help="As of which height; the verified head when none.", min=0)] = None,
    key: Annotated[Path | None, SigningKey] = None,
    certificate: Annotated[Path | None, Certificate] = None,
    force: Annotated[bool, Option("--force", help="Replace a package that stands there.")] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Write the signed package of a distribution report: page, workbook, data, manifest, signature."""
    from disclosure.publish import publish_distribution

    settings = Settings()
    with opened_store(settings) as store:
        authority, signer, made = node_signer(settings, key, certificate)
        written = publish_distribution(
            store,
            plan,
            folder=output,
            signer=signer,
            clock=lambda: datetime.now(UTC),
            period=period,
            height=height,
            force=force,
        )
    if made and authority is not None:
        say(
            f"A signing key and a local CA were made in {authority.folder}; readers verify with --ca ca.pem from there."
        )
    answer = _answer(written, authority)
    emit(answer, pairs(answer), as_json=as_json)


def node_signer(
    settings: Settings, key: Path | None, certificate: Path | None
) -> tuple[LocalAuthority | None, FileSigner, bool]:
    """Return the signer of the files named, or the node's own, made on first use."""
    from disclosure.signing import FileSigner, LocalAuthority, make_local_authority

    if (key is None) is not (certificate is None):
        raise PortalError(
            "key-and-certificate",
            "A key signs only together with its certificate",
            next_step="Give --key and --certificate, or neither to sign with the node's own key.",
        )
    if key is not None and certificate is not None:
        return None, FileSigner.open(key, certificate, passphrase=_passphrase(key)), False
    authority = LocalAuthority(folder=settings.home / "signer")
    made = not authority.folder.exists()
    if made:
        authority = make_local_authority(
            authority.folder,
            name=SIGNER_NAME,
            at=datetime.now(UTC),
            random=secrets.token_bytes,
            passphrase=os.environ.get(PASSPHRASE),
        )
    return authority, authority.signer(passphrase=_passphrase(authority.key)), made


def _passphrase(key: Path) -> str | None:
    """Return the passphrase of an encrypted key: from the environment, or asked for at a terminal."""
    given = os.environ.get(PASSPHRASE)
    if given or not sys.stdin.isatty() or not key.is_file():
        return given
    if b"ENCRYPTED" not in key.read_bytes()[:64]:
        return None
    asked: str = typer.prompt(f"Passphrase of {key}", hide_input=True, err=True)
    return asked


def _answer(written: Written, authority: LocalAuthority | None) -> dict[str, object]:
    manifest = written.manifest
    return {
        "plan": manifest.plan,
        "period": manifest.period,
        "height": manifest.ledger.height,
        "package": str(written.folder),
        "archive": str(written.archive),
        "page": str(written.folder / "report.html"),
        "workbook": str(written.folder / "report.xlsx"),
        "data": str(written.folder / "report.json"),
        "ca": None if authority is None else str(authority.authority),
    }


def judge_package(file: Path, *, ca: Path | None, genesis_hash: str | None) -> Assessment:
    """Return the verdicts on a package, recomputed from this node's replica where there is one."""
    from disclosure.certificates import read_pem
    from disclosure.verify import verify_package

    try:
        trusted = () if ca is None else read_pem(ca.read_bytes())
    except OSError as failure:
        raise PortalError(
            "file", f"{ca} cannot be read: {failure.strerror}", next_step="Give the CA's certificate in PEM."
        ) from None
    from portal.book import has_book, opened_book
    from regulator.evidence_pack import kind

    with ExitStack() as stack:
        settings = Settings()
        try:
            store = stack.enter_context(opened_store(settings))
        except NotJoined:
            store = None
        book = stack.enter_context(opened_book(settings)) if store is not None and has_book(settings) else None
        return verify_package(
            file,
            trusted_ca=trusted,
            at=datetime.now(UTC),
            store=store,
            genesis_hash=None if genesis_hash is None else bytes.fromhex(genesis_hash.removeprefix("0x")),
            kinds=(kind(book),),
        )

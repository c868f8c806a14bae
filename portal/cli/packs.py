"""Writing evidence packs: with the node's own key or another, told to whoever asked for one."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from portal.book import person
from portal.cli.console import emit, progress, say
from portal.cli.report import node_signer
from portal.cli.tables import prose, spaced
from portal.cli.words import words_of

if TYPE_CHECKING:
    from ledger.store import AsOf, Store
    from portal.settings import Settings
    from regulator.book import Book
    from regulator.evidence_pack import Pack

__all__ = ["write_pack"]


def write_pack(
    settings: Settings,
    store: Store,
    book: Book,
    made: tuple[Pack, AsOf],
    output: Path,
    key: Path | None,
    certificate: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Write the pack, and say where it is and how it is checked."""
    from regulator.evidence_pack import export

    authority, signer, fresh = node_signer(settings, key, certificate)
    pack, _ = made
    with progress("proving records", len(pack.records)) as advance:
        written = export(
            store,
            book,
            person(),
            made,
            folder=output,
            signer=signer,
            at=datetime.now(UTC),
            engine=settings.sm_engine,
            watch=lambda _total: advance(),
            force=force,
        )
    if fresh and authority is not None:
        say(f"A signing key and a local CA were made in {authority.folder}; readers verify with --ca ca.pem there.")
    ca = None if authority is None else str(authority.authority)
    answer = {
        "of": pack.subject,
        "findings": [one.id for one in pack.findings],
        "records": len(pack.records),
        "height": written.manifest.ledger.height,
        "package": str(written.folder),
        "archive": str(written.archive),
        "workbook": str(written.folder / "evidence.xlsx"),
        "proofs": str(written.folder / "proofs.jsonl"),
        "ca": ca,
    }
    words = words_of(settings.lang)
    told = words(
        "pack_written",
        folder=written.folder,
        archive=written.archive.name,
        findings=len(pack.findings),
        records=len(pack.records),
        height=written.manifest.ledger.height,
    )
    check = words("pack_check", archive=shlex.quote(str(written.archive)), ca=shlex.quote(ca or "ca.pem"))
    emit(answer, spaced((prose(told), Text(check))), as_json=as_json)  # a command is pasted as one line

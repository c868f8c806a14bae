"""A replica, a book and a signer to make evidence packs with, and ways to forge one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from disclosure.certificates import read_pem
from disclosure.manifest import Manifest, entry_of
from disclosure.package import read_package
from disclosure.signing import LocalAuthority
from disclosure.verify import judge_package
from ledger.store import Store
from ledger.verdict import StepVerdict, Verdict
from regulator.access import LOOPBACK, Actor
from regulator.book import Book
from regulator.evidence_pack import Pack, export, kind
from regulator.evidence_pack.export import render
from regulator.evidence_pack.judge import STEPS
from regulator.signals import Signal
from tests.support.market import Market

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
ADDED = "note.txt"
EVIDENCE = ("evidence.json", "evidence.txt", "evidence.xlsx", "proofs.jsonl")
FILES = ("certificate.pem", *EVIDENCE[:3], "manifest.json", "manifest.sig", EVIDENCE[3])


class Desk(SimpleNamespace):
    """A replica with real signed blocks, a book that follows it, and a signer."""

    store: Store
    book: Book
    market: Market
    authority: LocalAuthority
    reuse: Signal
    other: Signal
    case: str

    def steps(self, path: Path, *, store: bool = True, book: Book | bool | None = True) -> dict[str, StepVerdict]:
        judged = judge_package(
            path,
            trusted_ca=read_pem(self.authority.authority.read_bytes()),
            at=AT,
            store=self.store if store else None,
            kinds=(kind(self.book if book is True else book or None),),
        )
        if judged.manifest is not None and judged.manifest.report == "evidence":
            assert tuple(one.name for one in judged.assessment.steps) == STEPS
        return {one.name: one for one in judged.assessment.steps}

    def export(self, folder: Path, made: object, actor: Actor = LOOPBACK) -> Path:
        signer = self.authority.signer()
        return export(
            self.store,
            self.book,
            actor,
            made,
            folder=folder,
            signer=signer,
            at=AT,  # type: ignore[arg-type]
        ).folder


def records_of(store: Store, table: str) -> list[int]:
    from ledger.facts import Invoice, Receivable

    facts = store.at()
    return sorted({one.from_position for one in facts.select({"invoice": Invoice, "receivable": Receivable}[table])})


def again(desk: Desk, folder: Path, change: Callable[[Pack], Pack] | None = None, **files: bytes) -> Path:
    """Sign the folder again with the same key, as whoever holds it can, after a change of what it says."""
    content = read_package(folder)
    manifest = Manifest.load(content["manifest.json"])
    if change is not None:
        content |= render(change(Pack.load(content["evidence.json"])), manifest.ledger, manifest.made_at)
    content |= {name.replace("_", "."): data for name, data in files.items()}
    listed = tuple(entry_of(name, content[name]) for name in sorted(content) if not name.startswith("manifest."))
    raw = replace(manifest, files=listed).dump()
    content |= {"manifest.json": raw, "manifest.sig": desk.authority.signer().sign(raw)}
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


def failed(found: dict[str, StepVerdict]) -> dict[str, str]:
    return {name: one.code for name, one in found.items() if one.verdict is Verdict.FAILED}

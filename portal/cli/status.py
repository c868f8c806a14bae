"""`glasspool status`: where the node stands, how far its sources are, and what was found when it was last looked at."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.anchor import Anchor, Trusted
from ledger.checkpoint import latest
from ledger.errors import LedgerError
from ledger.facts import Confidential
from ledger.following import SOURCE_FAILURES, State
from ledger.pace import last_pace
from ledger.scrub import last_scrub
from ledger.split_view import kept_split_views
from ledger.store.size import database_size
from portal.cli.console import emit
from portal.cli.node import pairs
from portal.cli.parameters import JsonFlag
from portal.metrics import severities
from portal.node import known_sources, masked, opened_sources, opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.sources import Source
    from ledger.store import Head, Store

ANSWER_SECONDS = 3.0  # how long a source is waited for

NOT_ASKED = "not asked"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(
    offline: Annotated[bool, typer.Option("--offline", help="Ask no source how far it is.")] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Say what this node follows, how far it has verified and its sources are, and what was found."""
    settings = Settings()
    with opened_store(settings) as store:
        head = store.head()
        height = -1 if head is None else head.height
        sources = _sources(settings, height, offline=offline)
        heads = [each["head"] for each in sources if isinstance(each["head"], int)]
        counts = store.finding_counts()
        answer: dict[str, object] = {
            "home": str(settings.home),
            **_chain(store.anchor(), store.trusted()),
            **_head(head),
            "lag": max(0, max(heads) - height) if heads else None,
            "sources": sources,
            "last_run": last_pace(store),
            "records": store.record_count(),
            "confidential_records": _confidential(store),
            "findings": counts,
            "findings_by_severity": severities(counts),
            "last_scrub": last_scrub(store),
            "last_checkpoint": _checkpoint(settings.checkpoints),
            "database": dict(zip(("kind", "bytes"), database_size(settings.database_url), strict=True)),
            "refused_blocks": _refused(settings.evidence, height),
            "split_views": _split_views(settings.evidence),
        }
    emit(answer, pairs(answer), as_json=as_json)


def _chain(pinned: str | None, state: str | None) -> dict[str, object]:
    anchor = None if pinned is None else Anchor.from_json(pinned)
    trusted = None if state is None else Trusted.from_json(state)
    return {
        "chain": anchor and anchor.chain,
        "group": anchor and anchor.group,
        "suite": anchor and anchor.suite,
        "genesis_hash": anchor and "0x" + anchor.genesis_hash.hex(),
        "contracts": ["0x" + each.hex() for each in anchor.contracts] if anchor else [],
        "sealers": len(trusted.sealers) if trusted else None,
        "sealer_pins": [pin.as_json() for pin in trusted.pins] if trusted else [],
    }


def _head(head: Head | None) -> dict[str, object]:
    return {
        "height": head and head.height,
        "block_hash": head and "0x" + head.hash.hex(),
        "block_time": head and _instant(head.timestamp),
        "facts_digest": head and "0x" + head.facts_digest.hex(),
    }


def _instant(timestamp: int) -> str | None:
    """Return a block's time, or None for a genesis block, which has none."""
    return datetime.fromtimestamp(timestamp / 1000, UTC).isoformat(timespec="seconds") if timestamp else None


def _sources(settings: Settings, height: int, *, offline: bool) -> list[dict[str, object]]:
    """Return each source with its state, head and lag. All are asked at once, and none is waited for any longer."""
    locations = known_sources(settings)
    if offline or not locations:
        return [_source(location, NOT_ASKED) for location in locations]
    with (
        opened_sources(settings, locations, seconds=ANSWER_SECONDS) as opened,
        ThreadPoolExecutor(len(opened)) as threads,
    ):
        found = list(threads.map(_asked, opened))
    told = []
    for location, answered in zip(locations, found, strict=True):
        if isinstance(answered, int):
            state = "answers" if answered >= height else "behind"
            told.append(_source(location, state, head=answered, lag=max(0, answered - height)))
        else:
            told.append(_source(location, State.UNREACHABLE.value, code=answered.code, message=answered.message))
    return told


def _asked(source: Source) -> int | LedgerError:
    try:
        return source.head()
    except SOURCE_FAILURES as failure:
        return failure


def _source(
    location: str,
    state: str,
    *,
    head: int | None = None,
    lag: int | None = None,
    code: str | None = None,
    message: str | None = None,
) -> dict[str, object]:
    told = {"state": state, "head": head, "lag": lag, "code": code, "message": message}
    return {"source": masked(location), **told}


def _confidential(store: Store) -> dict[str, int] | None:
    """Return how many records came in envelopes this node could open, and how many stay sealed to it.

    None where the facts are another version's, or are being rebuilt.
    """
    try:
        facts = store.at()
    except LedgerError:
        return None
    opened, sealed = (facts.count(Confidential, Confidential.opened == readable) for readable in (True, False))
    return {"opened": opened, "sealed": sealed}


def _checkpoint(folder: Path) -> dict[str, object] | None:
    """Return the last checkpoint published here, or why it cannot be told."""
    try:
        published = latest(folder)
    except LedgerError as failure:
        return {"code": failure.code, "message": failure.message}
    if not published:
        return None
    said = published[-1].checkpoint
    return {"height": said.size - 1, "root": "0x" + said.root.hex(), "kept": str(published[-1].file)}


def _refused(folder: Path, height: int) -> list[dict[str, object]]:
    """Return the blocks kept as evidence, and whether the chain has gone past them since."""
    kept = []
    for file in sorted(folder.glob("block-*.reason.json")) if folder.exists() else ():
        told = json.loads(file.read_text("utf-8"))
        state = "passed since" if told["height"] <= height else "waiting for another block"
        kept.append({"height": told["height"], "code": told["code"], "state": state, "file": str(file)})
    return kept


def _split_views(folder: Path) -> dict[str, object] | None:
    """Return how much evidence of split views is kept, the newest of it, and what to do; None where there is none."""
    kept = kept_split_views(folder)
    if not kept:
        return None
    at = datetime.fromtimestamp(kept[-1].stat().st_mtime, UTC)
    return {
        "count": len(kept),
        "newest": str(kept[-1]),
        "kept_at": at.isoformat(timespec="seconds"),
        "next_step": "Show both notes in it to the consortium, and ask which ledger it stands by.",
    }

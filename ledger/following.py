"""Following a chain from several sources: whoever serves honest blocks is enough, and whoever does not is named.

Sources are tried in the operator's order. One that does not answer, or offers a block that cannot be believed, is left
for the next; what was verified stays. Afterwards every source is asked for the block at the height both have, and what
it gives is held against the one this node verified: a source may be behind, but may not tell another story.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from ledger import chains
from ledger.admission import examine
from ledger.anchor import Anchor, hashes_to, same_sealers
from ledger.errors import LedgerError, Malformed, ProofFailed, SourceUnreachable
from ledger.replica import Progress, SyncReport, Tally, keep_evidence, sync

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ledger.anchor import Engine
    from ledger.sources import Source
    from ledger.store import Store

__all__ = ["SOURCE_FAILURES", "Following", "Standing", "State", "attempt", "cross_check", "follow"]

SOURCE_FAILURES = (SourceUnreachable, Malformed, ProofFailed)

CONFLICT = "Show both blocks to the consortium; this node keeps the one it verified."


class State(StrEnum):
    """What one source is worth after a run."""

    AGREES = "agrees"
    """Its block at our common height is the one this node verified."""
    DIFFERS = "differs"
    """Its block there is another one that does not verify."""
    FORKED = "forked"
    """Its block there is another one, and a quorum of the same sealers signed it: the chain itself has split."""
    REFUSED = "refused"
    """It offered a block that could not be believed."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A source as it was found. ``head`` is the height it offers, ``height`` where it was compared."""

    name: str
    state: State
    head: int | None = None
    height: int | None = None
    code: str | None = None
    message: str | None = None

    @property
    def dangerous(self) -> bool:
        """It told something that is not so."""
        return self.state in (State.DIFFERS, State.FORKED, State.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What a run added, and how each source stood, in the operator's order; one that was stopped asked not all.

    ``failure`` is what the first source was refused for, or failed with, where none of them could be followed.
    """

    report: SyncReport
    standings: tuple[Standing, ...]
    failure: LedgerError | None = None


def follow(
    store: Store,
    sources: Sequence[Source],
    *,
    evidence: Path,
    engine: Engine = "auto",
    workers: int = 1,
    watch: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Following:
    """Bring the store to the highest verified block that any source offers; return that and how the sources stood.

    Raises what the first source was refused for, or failed with, when none of them could be followed.
    """
    followed = attempt(store, sources, evidence=evidence, engine=engine, workers=workers, watch=watch, stop=stop)
    if followed.failure is not None:
        raise followed.failure
    return followed


def attempt(
    store: Store,
    sources: Sequence[Source],
    *,
    evidence: Path,
    engine: Engine = "auto",
    workers: int = 1,
    watch: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    turn: Callable[[], Callable[[], bool]] = lambda: lambda: False,
) -> Following:
    """Do what :func:`follow` does, and tell rather than raise when no source could be followed.

    ``turn`` is called as a source's turn begins, and what it returns tells when it is over: the next source goes on
    from the block at hand, so that one which is slow holds up nobody.
    """
    start = store.head()
    if not sources:
        raise LedgerError("no-source", "No source of blocks is known", next_step="Name one, or several.")
    if start is None:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    tally = Tally(start)
    failures: dict[int, LedgerError] = {}

    def seen(progress: Progress) -> None:
        tally.add(progress)
        watch(progress)

    stopped = False
    for at, source in enumerate(sources):
        over = turn()
        try:
            sync(
                store,
                source,
                evidence=evidence,
                engine=engine,
                workers=workers,
                watch=seen,
                stop=lambda over=over: stop() or over(),  # type: ignore[misc]
            )
        except SOURCE_FAILURES as failure:
            failures[at] = failure
        if stopped := stop():
            break
    behind = {at for at, failure in failures.items() if failure.code == "source-behind"}
    standings = []
    for at, source in enumerate(sources):
        if at in failures and at not in behind:
            standings.append(_left_for_another(source, failures[at]))
        elif not stopped:  # otherwise nobody waits for an answer any more
            found = cross_check(store, source, evidence=evidence, engine=engine)
            if at in behind and found.state is State.AGREES:
                found = replace(found, code=failures[at].code, message=failures[at].message)
            standings.append(found)
    # Of those that could not be followed, one that is only behind tells most.
    nobody = failures[min(behind, default=0)] if len(failures) == len(sources) else None
    return Following(report=tally.report(store.head() or start), standings=tuple(standings), failure=nobody)


def _left_for_another(source: Source, failure: LedgerError) -> Standing:
    state = State.UNREACHABLE if isinstance(failure, SourceUnreachable) else State.REFUSED
    return Standing(name=source.name, state=state, code=failure.code, message=failure.message)


def cross_check(store: Store, source: Source, *, evidence: Path, engine: Engine = "auto") -> Standing:
    """Hold the source's block at the height both have against the one this node verified; another one is kept."""
    pinned, head = store.anchor(), store.head()
    if pinned is None or head is None:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    anchor = Anchor.from_json(pinned)
    try:
        offered = source.head()
        height = min(offered, head.height)
        with closing(source.blocks(height)) as blocks:  # type: ignore[type-var]
            raw = next(iter(blocks), None)
        if raw is None:
            raise SourceUnreachable("source-empty", f"{source.name} offers no block {height}")
        header = chains.named(anchor.family).parse_block(raw.document).header
        registry = anchor.registry(engine)
        if header is not None and header.number != height:
            raise ProofFailed("height", f"{source.name} was asked for block {height} and gave block {header.number}")
        if header is None or not hashes_to(header.preimages, header.claimed_hash, registry.suite):
            raise ProofFailed("header-hash", f"The header of block {height} does not hash to the hash it claims")
    except SOURCE_FAILURES as failure:
        return _left_for_another(source, failure)
    verified = store.block(height).hash
    if header.claimed_hash == verified:
        return Standing(name=source.name, state=State.AGREES, head=offered, height=height)
    ours = chains.named(anchor.family).parse_block(store.document(height)).header
    signed = (
        ours is not None
        and same_sealers(header.sealers, ours.sealers)
        and examine(raw.document, anchor, registry).failure is None
    )
    told = (
        f"{source.name} offers 0x{header.claimed_hash.hex()} as block {height}, and this node verified "
        f"0x{verified.hex()}"
    )
    if signed:
        conflict = ProofFailed("chain-forked", f"{told}; a quorum of its sealers signed both", next_step=CONFLICT)
    else:
        conflict = ProofFailed("source-differs", f"{told}; the other one does not verify", next_step=CONFLICT)
    keep_evidence(evidence, raw, conflict)
    return Standing(
        name=source.name,
        state=State.FORKED if signed else State.DIFFERS,
        head=offered,
        height=height,
        code=conflict.code,
        message=conflict.message,
    )

"""Making an evidence pack: what the book says, the proofs of the records, signed, and kept in the trail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from disclosure.errors import KeyUnusable
from disclosure.package import Written, write_package
from disclosure.recompute import generator, ledger_state
from ledger.anchor import Anchor
from ledger.facts import Member
from ledger.proofs import Prover
from ledger.suites import sm3
from regulator import trail
from regulator.access import Action, Actor, require
from regulator.cases import LEAVES, Case
from regulator.errors import NotAFinding
from regulator.evidence import Register
from regulator.evidence_pack.form import DATA, KIND, PROOFS, TEXT, WORKBOOK, CaseStory, Held, Pack, Record
from regulator.evidence_pack.sheets import workbook
from regulator.evidence_pack.telling import told
from regulator.signals import Version

if TYPE_CHECKING:
    from disclosure.manifest import Ledger
    from disclosure.signing import Signer
    from ledger.anchor import Engine
    from ledger.store import AsOf, Store
    from regulator.book import Book

__all__ = ["export", "names_of", "of_case", "of_findings", "render"]


def of_findings(store: Store, book: Book, findings: Sequence[str]) -> tuple[Pack, AsOf]:
    """Return a pack of findings as they stand, and the facts it is of: those at the height the book has followed to.

    Raises UnknownFinding, and NotAFinding for none at all.
    """
    facts = _facts(store, book)
    return _pack(facts, None, [_held(book, one, facts.height, facts.height) for one in dict.fromkeys(findings)])


def of_case(store: Store, book: Book, case: Case) -> tuple[Pack, AsOf]:
    """Return a pack of a case: its findings as they were collected, and the entries that may leave."""
    facts = _facts(store, book)
    entries = tuple(
        {
            "number": one.number,
            "at": one.at.isoformat(timespec="seconds"),
            "actor": one.actor,
            "did": one.did.value,
            "body": one.body,
        }
        for one in case.entries
        if one.did in LEAVES
    )
    outcome = None if case.outcome is None else case.outcome.value
    story = CaseStory(case=case.case, title=case.title, plan=case.plan, outcome=outcome, entries=entries)
    return _pack(
        facts, story, [_held(book, one, min(height, facts.height), facts.height) for one, height in case.findings]
    )


def export(
    store: Store,
    book: Book,
    actor: Actor,
    made: tuple[Pack, AsOf],
    *,
    folder: Path,
    signer: Signer,
    at: datetime,
    engine: Engine = "auto",
    watch: Callable[[int], None] = lambda _total: None,
    force: bool = False,
) -> Written:
    """Write the signed pack to ``folder`` and ``folder`` + ".zip", and that it was exported into the trail.

    ``watch`` hears of each record that was proved, and how many there are. The trail is written first: what could not
    be written to disk then stands in it too, and nothing leaves without standing in it. Raises NotAllowed, KeyUnusable
    ``certificate-expired``, and as :func:`disclosure.package.write_package`.
    """
    pack, facts = made
    require(actor, Action.EXPORT, None if pack.case is None else pack.case.plan)
    anchor = store.anchor()
    assert anchor is not None, "a store with facts has an anchor"
    mine, now = signer.chain[0], at.replace(microsecond=0)
    if not mine.not_before <= now <= mine.not_after:
        raise KeyUnusable("certificate-expired", f"The certificate of “{mine.subject}” is not valid today.")
    ledger = ledger_state(Anchor.from_json(anchor), facts)
    files = render(pack, ledger, now) | {PROOFS: _proofs(store, pack, engine, watch)}
    with book.writes() as connection:
        held = [{"finding": one.id, "height": one.height} for one in pack.findings]
        digest = sm3(files[DATA]).hex()
        trail.append(
            connection, actor, trail.Act.EXPORTED, pack.subject, at,
            findings=held, records=len(pack.records), height=ledger.height, sm3=digest,
        )  # fmt: skip
    return write_package(
        folder,
        files,
        ledger=ledger,
        report=KIND,
        plan=pack.subject,
        period=0,
        made_at=now,
        generator=generator(),
        signer=signer,
        force=force,
    )


def render(pack: Pack, ledger: Ledger, made_at: datetime) -> dict[str, bytes]:
    """Return the files that follow from the pack itself, by name: data, text, workbook."""
    return {DATA: pack.dump(), TEXT: told(pack, ledger, made_at), WORKBOOK: workbook(pack, ledger, made_at)}


def names_of(facts: AsOf, held: Sequence[Held], story: CaseStory | None, records: Sequence[Record]) -> dict[str, str]:
    """Return the names of the members that a pack names, by id."""
    wanted = {one.signer for one in records}
    for each in held:
        for version in each.versions:
            if version.signal is not None:
                wanted.update(version.signal.parties)
                wanted.update(str(value) for _, value in version.signal.details)
    if story is not None:
        wanted.update(str(one["body"].get("to")) for one in story.entries)
    return {one.id: one.name for one in facts.select(Member) if one.id in wanted and one.name}


def records_of(facts: AsOf, held: Sequence[Held]) -> tuple[Record, ...]:
    """Return the records that findings rest on, in the order of the ledger."""
    numbers = sorted({number for one in held for number in one.evidence})
    register = Register(facts)
    register.expect(numbers)
    found = [register.at(number) for number in numbers]
    return tuple(
        Record(
            position=one.position,
            kind=one.kind,
            time=one.time.replace(microsecond=0),
            signer=one.signer,
            transaction=one.transaction,
        )
        for one in found
    )


def _pack(facts: AsOf, story: CaseStory | None, held: Sequence[Held]) -> tuple[Pack, AsOf]:
    if not held:
        raise NotAFinding("pack-empty", "There is no finding to make an evidence pack of")
    records = records_of(facts, held)
    members = names_of(facts, held, story, records)
    return Pack(case=story, findings=tuple(held), records=records, members=members), facts


def _facts(store: Store, book: Book) -> AsOf:
    """Return the facts at the height up to which the book has followed everything it follows."""
    heights = [one.height for one in book.followed_all().values()]
    if not heights:
        raise NotAFinding("pack-empty", "The book follows no ledger yet", next_step="Run `glasspool watch` first.")
    return store.at(min(heights))


def _held(book: Book, finding: str, height: int, until: int) -> Held:
    versions: Sequence[Version] = [one for one in book.history(finding) if one.height <= until]
    if not versions or versions[0].height > height:
        raise NotAFinding(
            "pack-behind",
            f"Finding {finding} was found after block {until}, where not every rule has come to yet",
            next_step="Run `glasspool watch` first.",
        )
    first = versions[0]
    return Held(rule=first.rule, subject=first.subject, height=height, versions=tuple(versions))


def _proofs(store: Store, pack: Pack, engine: Engine, watch: Callable[[int], None]) -> bytes:
    """Return the proofs of the pack's records, one a line, in the order of the ledger."""
    prover, lines = Prover(store, engine=engine), []
    for position in pack.positions:
        proved: Mapping[str, object] = prover.prove(position).as_json()
        lines.append(json.dumps(proved, ensure_ascii=False) + "\n")
        watch(len(pack.positions))
    return "".join(lines).encode()

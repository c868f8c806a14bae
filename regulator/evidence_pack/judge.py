"""Judging an evidence pack beyond its signature (:mod:`disclosure.verify` does that): proofs, findings, words.

4. *proved*    every record that a finding rests on has its proof, in the order of the ledger, and nothing else has;
               with a replica at hand every proof leads to its pinned genesis and its record books, the ledger's state
               is the same, and so are the records' kind, time, signer and the members' names.
5. *found*     this node's own book has the very same findings with the very same history up to the pack's height.
6. *rendered*  text and workbook say what the data say, byte for byte what this version makes of them.

Without a replica a proof that does not hold in itself still fails step 4; one that does leaves it INDETERMINATE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from disclosure.errors import PackageMalformed
from disclosure.recompute import NotAtHand, generator, same_ledger
from disclosure.render.xlsx import same_workbook
from disclosure.verify import SHOWN, Failed, Kind, Opened
from ledger.anchor import Anchor, Trusted
from ledger.errors import LedgerError, Malformed
from ledger.proofs import Proof, ProofVerifier
from ledger.verdict import Verdict
from regulator.errors import UnknownFinding
from regulator.evidence_pack.export import names_of, records_of, render
from regulator.evidence_pack.form import DATA, KIND, PROOFS, TEXT, WORKBOOK, Pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.store import Store
    from regulator.book import Book

__all__ = ["STEPS", "kind"]

STEPS: Final = ("intact", "valid", "trusted", "proved", "found", "rendered")


def kind(book: Book | None = None) -> Kind:
    """Return the kind of package that evidence packs are, judged against this book where there is one."""
    steps: tuple[tuple[str, Callable[[Opened], str]], ...] = (
        ("proved", _proved),
        ("found", lambda opened: _found(opened, book)),
        ("rendered", _rendered),
    )
    return Kind(name=KIND, files=frozenset({DATA, TEXT, WORKBOOK, PROOFS}), steps=steps)


def _proved(opened: Opened) -> str:
    """Step 4."""
    if opened.manifest is None:
        raise NotAtHand("not-reached", "Without a manifest nothing says which ledger to look at.")
    stated = opened.manifest.ledger.genesis_hash
    if opened.genesis_hash is not None and opened.genesis_hash != stated:
        raise Failed("another-chain", f"The pack speaks of the chain with genesis {stated.hex()}, not of yours.")
    try:
        pack = Pack.load(opened.files.get(DATA, b""))
    except PackageMalformed as failure:
        raise Failed(failure.code, failure.message) from None
    proofs = _proofs(opened.files.get(PROOFS, b""))
    wanted, listed = [str(one) for one in pack.positions], [one.position for one in pack.records]
    if not wanted == listed == [one.position for one in proofs]:
        raise Failed("unproved", f"The records that {DATA} names are not those that {PROOFS} proves.")
    if opened.manifest.plan != pack.subject:
        raise Failed("another-subject", f"The manifest says it is of {opened.manifest.plan}, {DATA} of {pack.subject}.")
    anchor = _pinned(opened.store)
    trusts = anchor is not None and anchor.genesis_hash == stated
    verifier = _verifier(opened.store, anchor) if trusts else ProofVerifier(genesis_hash=stated)
    for proof, record in zip(proofs, pack.records, strict=True):
        judged = verifier.verify(proof)
        failed = next((one for one in judged.steps if one.verdict is Verdict.FAILED), None)
        if failed is not None or proof.kind != record.kind:
            why = f"it is a {proof.kind}" if failed is None else failed.detail
            raise Failed("proof", f"The proof of record {proof.position} does not hold: {why}")
        if trusts and judged.verdict is not Verdict.PASSED:
            said = next(one for one in judged.steps if one.verdict is not Verdict.PASSED)
            raise Failed("proof", f"The proof of record {proof.position} is not shown to hold: {said.detail}")
    opened.found = pack
    if opened.store is None or anchor is None:
        raise NotAtHand("no-replica", f"{len(proofs)} proofs hold in themselves; no replica is at hand to trust by.")
    return _same(opened, pack, opened.store)


def _proofs(raw: bytes) -> list[Proof]:
    found = []
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            found.append(Proof.from_json(line))
        except Malformed as failure:
            raise Failed(failure.code, f"{PROOFS}, line {number}: {failure.message}") from None
    return found


def _pinned(store: Store | None) -> Anchor | None:
    text = None if store is None else store.anchor()
    return None if text is None else Anchor.from_json(text)


def _verifier(store: Store | None, anchor: Anchor | None) -> ProofVerifier:
    """Return the verifier by what the replica pinned."""
    assert store is not None
    assert anchor is not None
    trusted = store.trusted()
    pins = () if trusted is None else Trusted.from_json(trusted).pins
    return ProofVerifier(genesis_hash=anchor.genesis_hash, contracts=anchor.contracts, maps=anchor.maps, pins=pins)


def _same(opened: Opened, pack: Pack, store: Store) -> str:
    assert opened.manifest is not None
    state, differences = same_ledger(opened.manifest, store)
    if differences:
        raise Failed("differs", " ".join(differences[:SHOWN]))
    facts = store.at(state.height)
    try:
        records = records_of(facts, pack.findings)
    except LedgerError as failure:
        raise Failed("differs", f"The replica cannot show these records: {failure.message}.") from None
    other = next((mine for mine, theirs in zip(records, pack.records, strict=True) if mine != theirs), None)
    if other is not None:
        raise Failed("differs", f"Record {other.position} is told otherwise than this replica has it.")
    if names_of(facts, pack.findings, pack.case, records) != dict(pack.members):
        raise Failed("differs", "The names of the members are not those on this replica.")
    return f"{len(records)} records are proved to the pinned genesis, and stand so on this replica."


def _found(opened: Opened, book: Book | None) -> str:
    """Step 5."""
    if not isinstance(opened.found, Pack) or opened.manifest is None:
        raise NotAtHand("not-reached", "The pack's data could not be read.")
    if book is None or opened.store is None:
        raise NotAtHand("no-book", "No book of findings is at hand: run `glasspool watch` on a replica of this chain.")
    height, followed = opened.manifest.ledger.height, book.followed_all()
    if not followed or min(one.height for one in followed.values()) < height:
        raise NotAtHand("book-behind", f"This node's book has not come to height {height}: run `glasspool watch`.")
    for one in opened.found.findings:
        try:
            mine = tuple(version for version in book.history(one.id) if version.height <= height)
        except UnknownFinding:
            mine = ()
        if mine != one.versions:
            raise Failed("found-otherwise", f"This node's book does not say of {one.subject} what the pack does.")
    return f"{len(opened.found.findings)} findings stand with the same history in this node's book."


def _rendered(opened: Opened) -> str:
    """Step 6."""
    if not isinstance(opened.found, Pack) or opened.manifest is None:
        raise NotAtHand("not-reached", "The pack's data could not be read.")
    if dict(opened.manifest.generator) != generator():
        made_by = ", ".join(f"{name} {number}" for name, number in sorted(opened.manifest.generator.items()))
        raise NotAtHand("another-version", f"The pack was made by {made_by}, which tells findings in its own words.")
    expected = render(opened.found, opened.manifest.ledger, opened.manifest.made_at)
    differing = [name for name in (DATA, TEXT) if opened.files.get(name) != expected[name]]
    if not same_workbook(opened.files.get(WORKBOOK, b""), expected[WORKBOOK]):
        differing.append(WORKBOOK)
    if differing:
        raise Failed("shows-otherwise", f"{', '.join(differing)}: not what the pack's data say.")
    return "The text and the workbook say what the pack's data say."

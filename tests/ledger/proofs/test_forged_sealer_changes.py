"""A proof carries the votes that changed the sealers: votes nobody cast, or cast once, must not be told in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.proofs import Proof, ProofVerifier
from ledger.proofs.form import Evidence, Inclusion
from ledger.verdict import Verdict
from tests.support.blocks import BOOK, OTHER, Entry, Forge, key_of, unhexed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.suites import SigningKey

FORGE = Forge()
EVIL = key_of("evil", FORGE.crypto)
PINNED = unhexed(FORGE.genesis()["hash"])
WITH_EVIL = [*((key, 1) for key in FORGE.sealers), (EVIL, 99)]
ADD = ("addSealer(string,uint256)", EVIL.public_key.hex(), 99)
REMOVE = ("remove(string)", EVIL.public_key.hex())


def evidence(entry: Entry, block: dict[str, Any] | None = None, **more: Any) -> Evidence:
    """A block of one transaction as evidence."""
    block = FORGE.block([entry], **more) if block is None else block
    header = {name: value for name, value in block.items() if name != "transactions"}
    places = (Inclusion(index=0, transaction_path=(), receipt_path=()),)
    return Evidence(block=header, transactions=(entry.body,), receipts=(entry.answer,), inclusions=places)


def failure(
    changes: Sequence[Evidence], number: int, sealers: list[tuple[SigningKey, int]], signing: Sequence[int]
) -> str:
    """The code that refuses a record which these sealers sealed, proved over those changes; empty when it is proved."""
    record = FORGE.record(number=number)
    proof = Proof(
        family="fisco3",
        genesis=FORGE.genesis(),
        changes=tuple(changes),
        evidence=evidence(record, number=number, sealers=sealers, signing=signing),
        contract=BOOK,
        log_index=0,
        kind="test.kind",
        payload='{"v":1}',
        position=f"{number}:0:0",
    )
    judged = ProofVerifier(genesis_hash=PINNED, contracts=(BOOK,)).verify(proof)
    failed = [step.code for step in judged.steps if step.verdict is Verdict.FAILED]
    return failed[0] if failed else ""


def test_a_vote_that_was_cast_leads_to_the_new_sealers() -> None:
    added = evidence(FORGE.vote(*ADD), number=1)
    assert failure([added], 2, WITH_EVIL, (4,)) == ""
    assert failure([], 2, WITH_EVIL, (4,)) == "sealers"


def test_a_vote_under_a_label_that_makes_it_unverifiable_counts_for_nothing() -> None:
    """The quorum committed a harmless call; the proof shows a vote in its place and says its kind is another."""
    honest = FORGE.call(to=OTHER, call=b"abcd", output=bytes(32))
    vote = FORGE.vote(*ADD).body
    told = {"to": vote["to"], "input": vote["input"]}
    forged = Entry(honest.body | told | {"type": 1}, honest.answer | told)
    assert failure([evidence(forged, FORGE.block([honest]))], 2, WITH_EVIL, (4,)) == "sealers"


def test_an_old_vote_cannot_be_told_again() -> None:
    """Voted in at 1 and out at 2: telling the first vote once more after the second would make it a sealer for ever."""
    added = evidence(FORGE.vote(*ADD, number=1), number=1)
    removed = evidence(FORGE.vote(*REMOVE, number=2), number=2, sealers=WITH_EVIL, signing=(4,))
    same = [(key, 1) for key in FORGE.sealers]
    assert failure([added, removed], 3, same, (0, 1, 2)) == ""
    assert failure([added, removed], 3, WITH_EVIL, (4,)) == "sealers"
    assert failure([added, removed, added], 3, WITH_EVIL, (4,)) == "sealer-order"
    assert failure([added], 1, WITH_EVIL, (4,)) == "sealer-order"

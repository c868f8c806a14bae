"""Every lie that a node can be told, as data: what it is, who tells it, and how it is answered.

A lie is a function and nothing else: from a block's document to another, from a chain to what a source serves of it,
from a proof or a signed note to a forged one, or a member's records that break a rule of business. Some are crude; the
dangerous ones recompute hashes and roots, and are signed again by as many sealers as the liar commands, so that only
the one rule they break can tell. docs/lies.md is this table; tests tell every lie and hold the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from ledger.consortium import blocks
from ledger.consortium.keys import member_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.consortium.blocks import Object
    from ledger.consortium.chain import Consortium
    from ledger.suites import SigningKey, Suite

__all__ = ["UNTOLD", "Answer", "Bench", "BlockLie", "Draft", "Liar", "Lie", "lies"]

STRANGERS = 4
NO_STORY = "It is about a node's own home, not about what is told to it."


class Liar(StrEnum):
    """Who tells a lie, and so whose keys it takes."""

    SOURCE = "source"
    """Whoever serves blocks: no key of the chain."""
    SEALERS = "sealers"
    """Some of the sealers, or all of them."""
    MEMBER = "member"
    PEER = "peer"
    """Another node, in its checkpoints."""
    PROVER = "prover"
    """Whoever hands out a proof, or a block's files."""


class Answer(StrEnum):
    """What becomes of a lie."""

    REFUSED = "refused"
    """Nothing of it is stored."""
    UNPROVEN = "stored, never evidence"
    """The bytes are the chain's all the same; no record is read from them."""
    FOUND = "finding"
    """The chain committed it: stored as it is, and found."""
    FAILED = "FAILED"
    INDETERMINATE = "INDETERMINATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """One lie. ``codes`` are all that it meets: of the refusal, of its findings, or of the steps that FAILED."""

    name: str
    says: str
    liar: Liar
    answer: Answer
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a liar has: the suite, the sealers' keys in the order of the header's list, and keys nobody trusts.

    ``contract`` is the record book, ``mapped`` another platform's contract, in hex with 0x.
    """

    suite: Suite
    contract: str
    mapped: str
    sealers: tuple[SigningKey, ...] = field(repr=False)
    strangers: tuple[SigningKey, ...] = field(repr=False)

    @classmethod
    def of(cls, consortium: Consortium, mapped: bytes = b"") -> Bench:
        """Return the bench for blocks that the consortium closes with its present sealers."""
        return cls(
            suite=consortium.suite,
            contract=blocks.hexed(consortium.contract),
            mapped=blocks.hexed(mapped),
            sealers=consortium.sealer_keys(),
            strangers=tuple(member_key(consortium.suite, consortium.seed, f"stranger {at}") for at in range(STRANGERS)),
        )


def as_printed(document: bytes) -> bytes:
    """Leave a document as it is."""
    return document


@dataclass(slots=True, kw_only=True)
class Draft:
    """A document taken apart, and the tools to make it consistent again as far as the lie wants it to be.

    ``printed`` has the last word: what is done to the document's bytes.
    """

    bench: Bench
    block: Object
    receipts: list[Object] | None
    printed: Callable[[bytes], bytes] = as_printed

    @property
    def transactions(self) -> list[Object]:
        """The transactions' bodies, as the block lists them."""
        listed: list[Object] = self.block["transactions"]
        return listed

    @property
    def answers(self) -> list[Object]:
        """The receipts; only for lies that leave them there."""
        if self.receipts is None:
            raise ValueError("the receipts were taken away")
        return self.receipts

    def record(self) -> tuple[Object, Object]:
        """Return the first call of the record book with its receipt."""
        return self._call(self.bench.contract)

    def mapped(self) -> tuple[Object, Object]:
        """Return the first call of the contract that has a map, with its receipt."""
        return self._call(self.bench.mapped)

    def _call(self, contract: str) -> tuple[Object, Object]:
        for body, answer in zip(self.transactions, self.answers, strict=True):
            if body["to"] == contract:
                return body, answer
        raise ValueError("this lie needs a block with a record")

    def pair(self) -> tuple[int, int]:
        """Return two places in the block to exchange."""
        if len(self.transactions) < 2:
            raise ValueError("this lie needs a block with two transactions")
        return 0, len(self.transactions) - 1

    def settle_transaction(self, body: Object, answer: Object, key: SigningKey | None = None) -> None:
        """Recompute a transaction's hash, let its receipt follow, and sign it again with ``key`` where one is given."""
        digest = blocks.settle_transaction(self.bench.suite, body)
        if key:
            body["signature"] = blocks.hexed(key.sign_transaction(digest))
        answer |= {"transactionHash": body["hash"], "from": body["from"], "to": body["to"], "input": body["input"]}

    def settle_receipt(self, answer: Object) -> None:
        """Recompute a receipt's hash."""
        blocks.settle_receipt(self.bench.suite, answer)

    def settle_header(self, *, roots: bool = False) -> None:
        """Recompute the block's hash, and with ``roots`` both roots before."""
        blocks.settle_header(self.bench.suite, self.block, self.receipts if roots else None)

    def sign(self, by: Iterable[int]) -> None:
        """Replace the signatures by those of these sealers of the consortium."""
        blocks.sign_header(self.block, {index: self.bench.sealers[index] for index in by})

    def reseal(self, by: Iterable[int] | None = None, *, roots: bool = True) -> None:
        """Recompute everything above the transactions and sign it: by every sealer unless told otherwise."""
        self.settle_header(roots=roots)
        self.sign(range(len(self.bench.sealers)) if by is None else by)

    def document(self) -> bytes:
        """Return the draft as a document again."""
        return self.printed(blocks.document_bytes(self.block, self.receipts))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLie(Lie):
    """A lie about a block, which turns one document into another."""

    change: Callable[[Draft], None]

    def tell(self, document: bytes, bench: Bench) -> bytes:
        """Return the document with the lie in it; raises ValueError where the block has nothing to lie about."""
        block, receipts = blocks.loaded(document)
        draft = Draft(bench=bench, block=block, receipts=receipts)
        self.change(draft)
        return draft.document()


def by_source(name: str, code: str | None, says: str, change: Callable[[Draft], None]) -> BlockLie:
    """Return the lie of whoever hands the block on; without a ``code`` it is stored, never as evidence."""
    return _about_a_block(name, code, says, change, Liar.SOURCE)


def by_sealers(name: str, code: str | None, says: str, change: Callable[[Draft], None]) -> BlockLie:
    """Return the lie of those who seal."""
    return _about_a_block(name, code, says, change, Liar.SEALERS)


def _about_a_block(name: str, code: str | None, says: str, change: Callable[[Draft], None], liar: Liar) -> BlockLie:
    answer = Answer.REFUSED if code else Answer.UNPROVEN
    return BlockLie(name=name, says=says, liar=liar, answer=answer, codes=(code,) if code else (), change=change)


UNTOLD = {
    "amount.out_of_range": "A member would have to write 92,234 records of the greatest amount there is.",
    "no-source": NO_STORY,
    "not-joined": NO_STORY,
    "pinned-otherwise": NO_STORY,
}
"""Codes of refusals and findings that no lie reaches, and why."""


def lies() -> tuple[Lie, ...]:
    """Return every lie: about blocks in the order of the procedure's steps, then what others tell."""
    from ledger.consortium import (
        lies_body,
        lies_fisco2,
        lies_header,
        lies_member,
        lies_peer,
        lies_print,
        lies_prover,
        lies_source,
    )

    return (
        *lies_print.LIES,
        *lies_header.LIES,
        *lies_body.LIES,
        *lies_fisco2.LIES,
        *lies_source.LIES,
        *lies_prover.LIES,
        *lies_peer.LIES,
        *lies_member.LIES,
    )

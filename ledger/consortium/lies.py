"""Every lie about a block that the verifier claims to detect, as data: what it does, and by which code it is refused.

A lie turns one document into another and nothing else. Some are crude; the dangerous ones recompute hashes and roots,
and are signed again by as many sealers as the liar commands, so that only the one rule they break can tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.consortium import blocks
from ledger.consortium.keys import member_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.consortium.blocks import Object
    from ledger.consortium.chain import Consortium
    from ledger.suites import SigningKey, Suite

__all__ = ["Bench", "Draft", "Lie", "lies"]

STRANGERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a liar has: the suite, the sealers' keys in the order of the header's list, and keys nobody trusts.

    ``contract`` is the record book, in hex with 0x.
    """

    suite: Suite
    contract: str
    sealers: tuple[SigningKey, ...] = field(repr=False)
    strangers: tuple[SigningKey, ...] = field(repr=False)

    @classmethod
    def of(cls, consortium: Consortium) -> Bench:
        """Return the bench for blocks that the consortium closes with its present sealers."""
        return cls(
            suite=consortium.suite,
            contract=blocks.hexed(consortium.contract),
            sealers=consortium.sealer_keys(),
            strangers=tuple(member_key(consortium.suite, consortium.seed, f"stranger {at}") for at in range(STRANGERS)),
        )


@dataclass(slots=True, kw_only=True)
class Draft:
    """A document taken apart, and the tools to make it consistent again as far as the lie wants it to be."""

    bench: Bench
    block: Object
    receipts: list[Object] | None

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
        for body, answer in zip(self.transactions, self.answers, strict=True):
            if body["to"] == self.bench.contract:
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
        return blocks.document_bytes(self.block, self.receipts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """One lie. ``code`` is what refuses it; None where it is stored, but never as the evidence it claims to be."""

    name: str
    says: str
    code: str | None
    change: Callable[[Draft], None]

    def tell(self, document: bytes, bench: Bench) -> bytes:
        """Return the document with the lie in it; raises ValueError where the block has nothing to lie about."""
        block, receipts = blocks.loaded(document)
        draft = Draft(bench=bench, block=block, receipts=receipts)
        self.change(draft)
        return draft.document()


def lies() -> tuple[Lie, ...]:
    """Return every lie, in the order of the procedure's steps."""
    from ledger.consortium import lies_body, lies_header

    return (*lies_header.LIES, *lies_body.LIES)

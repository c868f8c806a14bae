"""Lies in what a source serves: another genesis block, blocks out of their order, another history, less than it had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.consortium import blocks
from ledger.consortium.lies import Answer, Liar, Lie
from ledger.consortium.lies_stage import ABOUT, FORK, Stage
from ledger.sources.raw import RawBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ledger.consortium.blocks import Object

__all__ = ["LIES", "NONE", "Served", "SourceLie"]

OTHER_SEED = 8
MAJORITY = 3  # of the five sealers after the vote
NONE = -1
"""What a node holds that has yet to join."""


@dataclass(frozen=True, slots=True)
class Served:
    """A source that claims a head and serves these blocks, each at the place it has here."""

    listed: Sequence[RawBlock]
    claimed: int
    name: str = "a source"

    def head(self) -> int:
        """Return the height that is claimed."""
        return self.claimed

    def blocks(self, start: int) -> Iterator[RawBlock]:
        """Yield what there is from this place on."""
        yield from self.listed[start:]

    def close(self) -> None:
        """Nothing is open."""


def served(listed: Sequence[RawBlock]) -> Served:
    """Return the source of these blocks, which claims what it has."""
    return Served(listed, len(listed) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLie(Lie):
    """A lie about a chain, told by what a source serves of it to a node that has the blocks up to ``held``."""

    held: int
    tell: Callable[[Stage], Served]


def _genesis(change: Callable[[Object, Stage], None]) -> Callable[[Stage], Served]:
    def tell(stage: Stage) -> Served:
        block, receipts = blocks.loaded(stage.blocks[0].document)
        change(block, stage)
        return served([RawBlock(height=0, document=blocks.document_bytes(block, receipts)), *stage.blocks[1:]])

    return tell


def _rewritten(block: Object, old: str, new: str) -> None:
    text = bytes.fromhex(block["extraData"][2:]).decode().replace(old, new)
    block["extraData"] = blocks.hexed(text.encode())


def _weightier(block: Object, _: Stage) -> None:
    _rewritten(block, ",1\n", ",9\n")


def _own_sealer(block: Object, stage: Stage) -> None:
    key, own = (each.public_key.hex() for each in (stage.bench.sealers[0], stage.bench.strangers[0]))
    _rewritten(block, key, own)
    blocks.settle_header(stage.suite, block)


def _no_configuration(block: Object, stage: Stage) -> None:
    _rewritten(block, "chainID", "chain")
    blocks.settle_header(stage.suite, block)


def _note(block: Object, _: Stage) -> None:
    block["note"] = "f" * (1 << 20)


def _signed(block: Object, stage: Stage) -> None:
    blocks.sign_header(block, {0: stage.bench.sealers[0]})


def _other_chain(stage: Stage) -> Served:
    return served(Stage(stage.suite.name, OTHER_SEED).blocks)


def _later_block(stage: Stage) -> Served:
    return served(stage.blocks[1:])


def _nothing(stage: Stage) -> Served:
    return Served((), len(stage.blocks) - 1)


def _twice(stage: Stage) -> Served:
    return served([*stage.blocks[:ABOUT], *stage.blocks[ABOUT - 1 :]])


def _left_out(stage: Stage) -> Served:
    return served([*stage.blocks[:ABOUT], *stage.blocks[ABOUT + 1 :]])


def _forgets(stage: Stage) -> Served:
    return served(stage.blocks[:ABOUT])


def _rewrites(stage: Stage) -> Served:
    block, receipts = blocks.loaded(stage.blocks[FORK].document)
    block["gasUsed"] = "1"
    return served([*stage.blocks[:FORK], RawBlock(height=FORK, document=blocks.document_bytes(block, receipts))])


def _forks(stage: Stage) -> Served:
    return served(stage.rival[: FORK + 1])


def _outgrows(stage: Stage) -> Served:
    return served(stage.rival)


def _invents(stage: Stage) -> Served:
    block, receipts = blocks.loaded(stage.rival[FORK].document)
    block["signatureList"] = block["signatureList"][:1]
    return served([*stage.blocks[:FORK], RawBlock(height=FORK, document=blocks.document_bytes(block, receipts))])


def _majority(stage: Stage) -> Served:
    block, receipts = blocks.loaded(stage.blocks[FORK].document)
    block["signatureList"] = block["signatureList"][:MAJORITY]
    return served([*stage.blocks[:FORK], RawBlock(height=FORK, document=blocks.document_bytes(block, receipts))])


def _old_sealers(stage: Stage) -> Served:
    """Who seals after a vote as if there had been none: the block is the one before it, numbered on."""
    block, _ = blocks.loaded(stage.blocks[FORK - 1].document)
    parent = {"blockHash": block["hash"], "blockNumber": FORK - 1}
    block |= {"number": FORK, "parentInfo": [parent], "transactions": [], "gasUsed": "0"}
    blocks.settle_header(stage.suite, block, [])
    blocks.sign_header(block, dict(enumerate(stage.bench.sealers)))
    return served([*stage.blocks[:FORK], RawBlock(height=FORK, document=blocks.document_bytes(block, []))])


def _lie(
    name: str, code: str, says: str, held: int, tell: Callable[[Stage], Served], liar: Liar = Liar.SOURCE
) -> SourceLie:
    return SourceLie(name=name, says=says, liar=liar, answer=Answer.REFUSED, codes=(code,), held=held, tell=tell)


LIES = (
    _lie("other-chain-joined", "genesis-hash", "The genesis block is another chain's.", NONE, _other_chain),
    _lie(
        "genesis-altered", "genesis-hash", "The first sealers' weights are altered, the claimed hash kept.",
        NONE, _genesis(_weightier),
    ),
    _lie(
        "genesis-rehashed", "genesis-hash", "A stranger stands among the first sealers, and the hash follows.",
        NONE, _genesis(_own_sealer),
    ),
    _lie(
        "genesis-without-chain", "genesis", "The genesis block does not say which chain it begins.",
        NONE, _genesis(_no_configuration),
    ),
    _lie("genesis-later-block", "genesis", "A later block is given as the genesis block.", NONE, _later_block),
    _lie("genesis-signed", "shape", "The genesis block carries a signature.", NONE, _genesis(_signed)),
    _lie(
        "genesis-with-note", "uncovered-text", "A note of a mebibyte stands in the genesis block.",
        NONE, _genesis(_note),
    ),
    _lie("nothing-to-join", "source-empty", "It claims a height and serves no block.", NONE, _nothing),
    _lie("block-twice", "height", "A block is served again in the next one's place.", ABOUT - 1, _twice),
    _lie("block-left-out", "height", "A block is left out.", ABOUT - 1, _left_out),
    _lie(
        "other-chain-followed", "parent-link", "From some height on the blocks are another chain's.",
        ABOUT - 1, _other_chain,
    ),
    _lie(
        "majority-of-five", "quorum", "Three of five signatures are shown: a majority, and no quorum.",
        FORK - 1, _majority,
    ),
    _lie(
        "vote-ignored", "sealers", "The old sealers seal on as if no vote had changed them.",
        FORK - 1, _old_sealers, Liar.SEALERS,
    ),
    _lie("history-shortened", "source-behind", "It serves less than the node has.", FORK, _forgets),
    _lie("nothing-to-show", "source-empty", "It claims a height and cannot show its block.", FORK, _nothing),
    _lie("history-altered", "header-hash", "A block that the node has is altered.", FORK, _rewrites),
    _lie(
        "history-invented", "source-differs", "A block that the node has is another one, short of signatures.",
        FORK, _invents,
    ),
    _lie(
        "other-chain-shown", "source-differs", "The block at the node's height is another chain's.",
        FORK, _other_chain,
    ),
    _lie(
        "history-forked", "chain-forked", "A quorum signed two blocks of one height.",
        FORK, _forks, Liar.SEALERS,
    ),
    _lie(
        "history-outgrown", "parent-link", "A quorum signed another history, and goes on with that one.",
        FORK, _outgrows, Liar.SEALERS,
    ),
)  # fmt: skip

"""Lies in what is handed out to be checked without a node: proofs, and the files of a block."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.anchor import SealerPin
from ledger.chains.shape import Sealer
from ledger.consortium import blocks
from ledger.consortium.lies import Answer, Liar, Lie
from ledger.consortium.lies_stage import ABOUT, FORK
from ledger.proofs.form import MAX_NODE, pin_out
from ledger.suites import suite

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.consortium.blocks import Object
    from ledger.consortium.lies import Bench
    from ledger.consortium.lies_stage import Stage

__all__ = ["LIES", "FilesLie", "Papers", "ProofLie"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Two honest proofs of block ``FORK`` as JSON: of a record, and of what a contract logs like one; and the bench."""

    record: Object
    impostor: Object
    bench: Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLie(Lie):
    """A lie about a record, told by a proof of it.

    ``change`` alters the proof's JSON, or returns another in its place.
    """

    change: Callable[[Object, Papers], Object | None]

    def tell(self, papers: Papers) -> Object:
        """Return the forged proof."""
        proof = deepcopy(papers.record)
        return self.change(proof, papers) or proof


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesLie(Lie):
    """A lie told by a block's file and a genesis block's."""

    tell: Callable[[Stage], tuple[bytes, bytes]]


def _at(*path: str | int, becomes: Callable[[Any], Any]) -> Callable[[Object, Papers], None]:
    """Return the change of one value of the proof."""
    *way, name = path

    def change(proof: Object, _: Papers) -> None:
        holder: Any = proof
        for step in way:
            holder = holder[step]
        holder[name] = becomes(holder[name])

    return change


def _touched(text: str) -> str:
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


def _becomes(value: object) -> Callable[[Any], Any]:
    return lambda _: value


def _by_strangers(proof: Object, papers: Papers) -> None:
    block = proof["evidence"]["block"]
    digest = bytes.fromhex(block["hash"][2:])
    for entry, key in zip(block["signatureList"], papers.bench.strangers, strict=False):
        entry["signature"] = blocks.hexed(key.sign(digest))


def _signed_by_stranger(proof: Object, papers: Papers) -> None:
    body = proof["evidence"]["transactions"][0]["transaction"]
    body["signature"] = blocks.hexed(papers.bench.strangers[0].sign_transaction(bytes.fromhex(body["hash"][2:])))


def _own_genesis(proof: Object, papers: Papers) -> None:
    text = bytes.fromhex(proof["genesis"]["extraData"][2:]).decode()
    key, own = (each.public_key.hex() for each in (papers.bench.sealers[0], papers.bench.strangers[0]))
    proof["genesis"]["extraData"] = blocks.hexed(text.replace(key, own).encode())
    blocks.settle_header(papers.bench.suite, proof["genesis"])


def _pin_for_vote(proof: Object, _: Papers) -> None:
    block = proof["evidence"]["block"]
    listed = zip(block["sealerList"], block["consensusWeights"], strict=True)
    sealers = tuple(Sealer(key=bytes.fromhex(key[2:]), weight=weight) for key, weight in listed)
    pin = SealerPin(height=FORK, sealers=sealers, by="a prover", at="2024-01-02T00:00:00Z")
    proof |= {"sealer_changes": [], "sealer_pins": [pin_out(pin)]}


def _impostor(_: Object, papers: Papers) -> Object:
    return deepcopy(papers.impostor)


def _renamed(_: Object, papers: Papers) -> Object:
    return deepcopy(papers.impostor) | {"contract": papers.bench.contract}


def _own_map(proof: Object, _: Papers) -> None:
    proof["contract_map"] = "{}"


def _other_algorithms(stage: Stage) -> tuple[bytes, bytes]:
    other = suite("ecdsa" if stage.suite.name == "sm" else "sm")
    sealers = [Sealer(key=key.public_key, weight=1) for key in stage.bench.sealers]
    return stage.blocks[ABOUT].document, blocks.document_bytes(blocks.genesis(other, sealers), [])


def _lie(
    name: str, code: str, says: str, change: Callable[[Object, Papers], Object | None], answer: Answer = Answer.FAILED
) -> ProofLie:
    """Return the lie; without a ``code`` nothing in it is wrong, and nothing vouches for it either."""
    codes = (code,) if code else ()
    return ProofLie(
        name=name,
        says=says,
        liar=Liar.PROVER,
        answer=answer if code else Answer.INDETERMINATE,
        codes=codes,
        change=change,
    )


ENTRY = ("evidence", "transactions", 0)
LIES = (
    _lie(
        "proof-of-other-form", "proof-format", "The file says that it is of another form.",
        _at("format", becomes=_becomes("glasspool-proof/0")), Answer.REFUSED,
    ),
    _lie(
        "proof-misprinted", "shape", "A hash in a path is no hex.",
        _at(*ENTRY, "receipt_path", becomes=_becomes(["0x0"])), Answer.REFUSED,
    ),
    _lie(
        "proof-path-too-wide", "limit", "A node of a path is wider than any tree's.",
        _at(*ENTRY, "receipt_path", becomes=_becomes(["0x" + "00" * (MAX_NODE + 1)])), Answer.REFUSED,
    ),
    _lie(
        "proof-of-other-family", "family", "The proof is said to be of a chain that is not known.",
        _at("family", becomes=_becomes("fisco9")),
    ),
    _lie("proof-of-own-genesis", "genesis-hash", "The proof begins with a genesis block of its own.", _own_genesis),
    _lie(
        "proof-without-vote", "sealers", "The vote that brought in a sealer is left out.",
        _at("sealer_changes", becomes=_becomes([])),
    ),
    _lie(
        "proof-votes-twice", "sealer-order", "A vote is told twice.",
        _at("sealer_changes", becomes=lambda listed: listed * 2),
    ),
    _lie("proof-pins-a-vote", "", "Instead of a vote, the prover's own word stands for the sealers.", _pin_for_vote),
    _lie(
        "proof-header-altered", "header-hash", "The header is altered.",
        _at("evidence", "block", "stateRoot", becomes=_touched),
    ),
    _lie("proof-by-strangers", "signature", "Other keys signed the header.", _by_strangers),
    _lie(
        "proof-signatures-cut", "quorum", "One signature is shown.",
        _at("evidence", "block", "signatureList", becomes=lambda listed: listed[:1]),
    ),
    _lie(
        "proof-of-two", "proof-format", "The proof holds a second transaction.",
        _at("evidence", "transactions", becomes=lambda listed: listed * 2),
    ),
    _lie(
        "proof-transaction-altered", "transaction-hash", "The transaction is altered.",
        _at(*ENTRY, "transaction", "nonce", becomes=_becomes("1")),
    ),
    _lie(
        "proof-receipt-altered", "receipt-hash", "The receipt is altered.",
        _at(*ENTRY, "receipt", "gasUsed", becomes=_becomes("1")),
    ),
    _lie("proof-sender-replaced", "sender", "Somebody else signed the transaction.", _signed_by_stranger),
    _lie(
        "proof-transaction-elsewhere", "transactions-path", "The transaction's path is another one.",
        _at(*ENTRY, "transaction_path", 0, becomes=_touched),
    ),
    _lie(
        "proof-receipt-elsewhere", "receipts-path", "The receipt's path is another one.",
        _at(*ENTRY, "receipt_path", 0, becomes=_touched),
    ),
    _lie(
        "proof-of-other-words", "record", "The payload for the reader is not what the log holds.",
        _at("record", "payload", becomes=_becomes('{"v":1}')),
    ),
    _lie(
        "proof-of-other-place", "record", "The position for the reader is another one.",
        _at("record", "position", becomes=_becomes(f"{FORK}:9:0")),
    ),
    _lie("proof-of-impostor-renamed", "record", "A contract that logs like the record book is named so.", _renamed),
    _lie("proof-of-impostor", "contract", "A contract that logs like the record book is not it.", _impostor),
    _lie("proof-with-a-map", "contract-map", "The record book is said to be read by a map, which is none.", _own_map),
    FilesLie(
        name="genesis-of-other-algorithms", says="A block comes with the genesis block of a chain of other algorithms.",
        liar=Liar.PROVER, answer=Answer.FAILED, codes=("suite",), tell=_other_algorithms,
    ),
)  # fmt: skip

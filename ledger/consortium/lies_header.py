"""Lies about a block's header: its hash, its link, its sealers and their signatures (steps 1 to 5 of the procedure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.consortium import blocks
from ledger.consortium.lies import Draft, by_sealers, by_source

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LIES"]

MINORITY = (0, 1)  # of four sealers: one short of a quorum


def _flipped(text: str) -> str:
    """Return hex with its last bit turned."""
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


def _field(name: str, change: Callable[[Any], Any]) -> Callable[[Draft], None]:
    def altered(draft: Draft) -> None:
        draft.block[name] = change(draft.block[name])

    return altered


def _parent(draft: Draft) -> None:
    draft.block["parentInfo"][0]["blockHash"] = _flipped(draft.block["parentInfo"][0]["blockHash"])


def _first(name: str, change: Callable[[Any], Any]) -> Callable[[Draft], None]:
    def altered(draft: Draft) -> None:
        draft.block[name][0] = change(draft.block[name][0])

    return altered


# Every field the header's hash covers, altered alone.
HEADER_FIELDS: dict[str, Callable[[Draft], None]] = {
    "version": _field("version", lambda value: value + 1),
    "parent": _parent,
    "txsRoot": _field("txsRoot", _flipped),
    "receiptsRoot": _field("receiptsRoot", _flipped),
    "stateRoot": _field("stateRoot", _flipped),
    "number": _field("number", lambda value: value + 1),
    "gasUsed": _field("gasUsed", lambda value: str(int(value) + 1)),
    "timestamp": _field("timestamp", lambda value: value + 1),
    "sealer": _field("sealer", lambda value: value + 1),
    "sealerList": _first("sealerList", _flipped),
    "extraData": _field("extraData", lambda _: "0x00"),
    "consensusWeights": _first("consensusWeights", lambda value: value + 1),
}


def _forged_by(signers: tuple[int, ...]) -> Callable[[Draft], None]:
    def forged(draft: Draft) -> None:
        draft.block["gasUsed"] = str(int(draft.block["gasUsed"]) + 1)
        draft.reseal(signers)

    return forged


def _hash_follows(draft: Draft) -> None:
    draft.block["stateRoot"] = _flipped(draft.block["stateRoot"])
    draft.settle_header()


def _wrong_parent(draft: Draft) -> None:
    _parent(draft)
    draft.reseal()


def _two_parents(draft: Draft) -> None:
    draft.block["parentInfo"] *= 2
    draft.reseal()


def _renumbered(step: int) -> Callable[[Draft], None]:
    def renumbered(draft: Draft) -> None:
        draft.block["number"] += step
        draft.block["parentInfo"][0]["blockNumber"] += step
        for answer in draft.answers:
            answer["blockNumber"] += step
            draft.settle_receipt(answer)
        draft.reseal()

    return renumbered


def _before_parent(draft: Draft) -> None:
    draft.block["timestamp"] = 1
    draft.reseal()


def _no_parent(draft: Draft) -> None:
    draft.block["parentInfo"] = []
    draft.block["hash"] = blocks.NO_HASH


def _sealers_swapped(resigned: bool) -> Callable[[Draft], None]:
    def swapped(draft: Draft) -> None:
        keys = draft.block["sealerList"]
        keys[0], keys[1] = keys[1], keys[0]
        draft.settle_header()
        if resigned:
            bench = draft.bench
            order = {0: bench.sealers[1], 1: bench.sealers[0], 2: bench.sealers[2], 3: bench.sealers[3]}
            blocks.sign_header(draft.block, order)

    return swapped


def _sealer_twice(draft: Draft) -> None:
    draft.block["sealerList"][1] = draft.block["sealerList"][0]
    draft.block["hash"] = blocks.NO_HASH


def _sealer_added(draft: Draft) -> None:
    draft.block["sealerList"].append(blocks.hexed(draft.bench.strangers[0].public_key))
    draft.block["consensusWeights"].append(1)
    draft.settle_header()
    signers = dict(enumerate((*draft.bench.sealers, draft.bench.strangers[0])))
    blocks.sign_header(draft.block, signers)


def _sealer_removed(draft: Draft) -> None:
    draft.block["sealerList"].pop()
    draft.block["consensusWeights"].pop()
    draft.reseal(range(len(draft.bench.sealers) - 1))


def _weights_raised(draft: Draft) -> None:
    for index in MINORITY:
        draft.block["consensusWeights"][index] = 100
    draft.reseal(MINORITY)


def _other_sealers(draft: Draft) -> None:
    draft.block["sealerList"] = [blocks.hexed(key.public_key) for key in draft.bench.strangers]
    draft.block["consensusWeights"] = [1] * len(draft.bench.strangers)
    draft.settle_header()
    blocks.sign_header(draft.block, dict(enumerate(draft.bench.strangers)))


def _unsigned(draft: Draft) -> None:
    draft.block["signatureList"] = []


def _too_few(draft: Draft) -> None:
    draft.block["signatureList"] = draft.block["signatureList"][: len(MINORITY)]


def _repeated(draft: Draft) -> None:
    draft.block["signatureList"] = [draft.block["signatureList"][0]] * 3


def _spread(draft: Draft) -> None:
    first = draft.block["signatureList"][0]
    draft.block["signatureList"] = [
        {"sealerIndex": index, "signature": first["signature"]} for index in range(len(draft.bench.sealers))
    ]


def _unknown_index(draft: Draft) -> None:
    draft.block["signatureList"][2]["sealerIndex"] = 99


def _stranger_signs(draft: Draft) -> None:
    forged = draft.bench.strangers[0].sign(bytes.fromhex(draft.block["hash"][2:]))
    draft.block["signatureList"][2]["signature"] = blocks.hexed(forged)


def _signature(change: Callable[[str], str]) -> Callable[[Draft], None]:
    def altered(draft: Draft) -> None:
        first = draft.block["signatureList"][0]
        first["signature"] = change(first["signature"])

    return altered


def _emptied(signers: tuple[int, ...]) -> Callable[[Draft], None]:
    def emptied(draft: Draft) -> None:
        draft.block |= {"transactions": [], "gasUsed": "0"}
        draft.receipts = []
        draft.reseal(signers)

    return emptied


def _upper_case(draft: Draft) -> None:
    draft.block["hash"] = "0x" + draft.block["hash"][2:].upper().translate(str.maketrans("0123456789", "ABCDEFABCD"))


LIES = (
    by_source("upper-case-hash", "shape", "A hash is printed in a way no node prints it.", _upper_case),
    by_source("sealer-listed-twice", "shape", "One sealer stands in the list twice, to sign twice.", _sealer_twice),
    by_source("no-parent", "shape", "A block after the genesis names no parent.", _no_parent),
    *(
        by_source(f"header-{name}", "header-hash", f"The header's {name} is altered and its claimed hash kept.", change)
        for name, change in HEADER_FIELDS.items()
    ),
    by_sealers(
        "parent-altered", "parent-link", "The block names another parent, signed by all sealers.", _wrong_parent,
    ),
    by_sealers("parent-twice", "parent-link", "The block names its parent twice, signed by all sealers.", _two_parents),
    by_sealers("number-skipped", "height", "The block claims the height after its own.", _renumbered(1)),
    by_sealers("number-back", "height", "The block claims the height before its own.", _renumbered(-1)),
    by_sealers("time-turned-back", "timestamp", "The block is older than its parent, signed by all.", _before_parent),
    by_source(
        "sealers-swapped", "sealers", "Two sealers changed places, the hash follows, old signatures.",
        _sealers_swapped(resigned=False),
    ),
    by_sealers(
        "sealers-swapped-resigned", "sealers", "Two sealers changed places, signed by all.",
        _sealers_swapped(resigned=True),
    ),
    by_sealers("sealer-added", "sealers", "A fifth sealer appears that nobody voted in; all five sign.", _sealer_added),
    by_sealers("sealer-removed", "sealers", "A sealer disappears that nobody voted out.", _sealer_removed),
    by_sealers("weights-raised", "sealers", "Two sealers raise their own weight and sign.", _weights_raised),
    by_source("fork-by-strangers", "sealers", "Other keys seal a block of their own.", _other_sealers),
    by_source(
        "claimed-hash-follows", "signature", "The header is altered and rehashed, its signatures kept.",
        _hash_follows,
    ),
    by_source("signatures-missing", "signatures-missing", "The block carries no signature.", _unsigned),
    by_source("signatures-too-few", "quorum", "Two of the sealers' signatures are shown.", _too_few),
    by_source(
        "signature-repeated", "signature-repeated", "One sealer's signature stands there three times.", _repeated,
    ),
    by_source("signature-spread", "signature", "One signature stands under every sealer's index.", _spread),
    by_source(
        "signer-unknown", "signer-unknown", "A signature claims a sealer that is not in the list.", _unknown_index,
    ),
    by_source("stranger-signs", "signature", "A key nobody trusts signs under a sealer's index.", _stranger_signs),
    by_source("signature-bit-flipped", "signature", "One bit of a signature is turned.", _signature(_flipped)),
    by_source("signature-cut", "signature", "A signature has lost its last byte.", _signature(lambda text: text[:-2])),
    by_sealers("forged-by-minority", "quorum", "Two sealers sign a block of their own making.", _forged_by(MINORITY)),
    by_source("emptied-unsigned", "signatures-missing", "The block is emptied and nobody signed it.", _emptied(())),
    by_sealers("emptied-by-minority", "quorum", "The block is emptied and two sealers signed it.", _emptied(MINORITY)),
)  # fmt: skip

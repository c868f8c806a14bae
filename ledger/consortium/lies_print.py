"""Lies in how a document is printed: what a parser could take for another thing, or for more than it can bear."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ledger.chains.limits import MAX_SEALERS
from ledger.consortium.lies import Draft, by_source

if TYPE_CHECKING:
    from ledger.consortium.blocks import Object

__all__ = ["LIES"]

LETTERS = "f" * (1 << 20)
WEB3 = 1  # the first kind of transaction whose hash is taken over other bytes


def _too_many(draft: Draft) -> None:
    draft.block["signatureList"] = draft.block["signatureList"][:1] * (MAX_SEALERS + 1)


def _name_twice(draft: Draft) -> None:
    draft.printed = lambda raw: raw.replace(b'"status":0', b'"status":16,"status":0', 1)


def _cut_short(draft: Draft) -> None:
    draft.printed = lambda raw: raw[:-1]


def _beside(draft: Draft, **outer: object) -> None:
    """Print the bodies beside the block."""
    bodies, answers = list(draft.transactions), draft.answers
    draft.printed = lambda _: json.dumps({**outer, "transactions": bodies, "receipts": answers}).encode()


def _no_block(draft: Draft) -> None:
    _beside(draft)


def _other_list(draft: Draft) -> None:
    hashes = [body["hash"] for body in draft.transactions]
    _beside(draft, block=draft.block | {"transactions": hashes[::-1]})


def _note_in_a_block(draft: Draft) -> None:
    draft.block["note"] = LETTERS


def _note_in_a_transaction(draft: Draft) -> None:
    draft.transactions[0]["extraData"] = LETTERS


def _note_in_a_receipt(draft: Draft) -> None:
    draft.answers[0]["message"] = LETTERS


def _blanks(draft: Draft) -> None:
    draft.printed = lambda raw: raw + b" " * len(LETTERS)


def _relabelled(draft: Draft) -> None:
    body, answer = draft.record()
    told: Object = {"to": "0x" + "bb" * 20, "input": "0x"}
    body |= told | {"type": WEB3}
    answer |= told


LIES = (
    by_source("entries-without-end", "limit", "The block lists more signatures than a chain has sealers.", _too_many),
    by_source("name-twice", "json", "A receipt has two statuses, for each reader the one it looks for.", _name_twice),
    by_source("document-cut", "json", "The document ends before its end.", _cut_short),
    by_source("header-withheld", "incomplete", "The transactions and receipts come without their block.", _no_block),
    by_source(
        "transactions-beside", "transaction-list", "The bodies beside the block are not those that it lists.",
        _other_list,
    ),
    by_source(
        "record-relabelled", "unsupported-transaction",
        "A record is altered, and shown as of a kind whose hash cannot be checked.", _relabelled,
    ),
    by_source("note-in-block", "uncovered-text", "A note of a mebibyte stands beside the header.", _note_in_a_block),
    by_source(
        "note-in-transaction", "uncovered-text",
        "A note of a mebibyte stands in a transaction, where no hash covers it.", _note_in_a_transaction,
    ),
    by_source(
        "note-in-receipt", "uncovered-text", "A note of a mebibyte stands in a receipt, where no hash covers it.",
        _note_in_a_receipt,
    ),
    by_source("blanks", "uncovered-text", "A mebibyte of spaces stands behind the block.", _blanks),
)  # fmt: skip

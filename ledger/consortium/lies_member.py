"""Lies that the chain itself commits: each is stored as it is, and is a finding.

Most are the market's stories of trouble, one for every rule of business; sealed payloads take a reader's key, which a
market has none of, and stand here.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.consortium.blocks import canonical_json
from ledger.consortium.lies import Answer, Liar, Lie
from ledger.consortium.lies_stage import seal
from ledger.consortium.market.trouble.table import BREACHES
from ledger.envelope import Sealing, fingerprints_of, seal_payload
from ledger.finding import Code
from ledger.keyring import Keyring
from ledger.suites import SM2Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.consortium.chain import Consortium, Member
    from ledger.consortium.market.trouble.teller import Story

__all__ = ["KEYS", "LIES", "EnvelopeLie", "StoryLie"]

READER = SM2Key(secret=7_000)
EPOCH, EPOCH_KEY = "2024", bytes(range(32))
KEYS = Keyring.of((READER,), {EPOCH: EPOCH_KEY})
"""The keys of the node that is lied to; they are worth nothing."""

ALONGSIDE = {
    "redemption.payer": ("payment.parties",),
    "credit.exceeds_limit": ("quota.value",),
    "quota.double_spend": ("credit.exceeds_limit",),
    "quota.foreign_credit": ("credit.exceeds_limit",),
    "remittance.twice": ("remittance.exceeds_collections",),
}
"""What else a breach shows of itself."""
BY_SEALERS = {Code.NOT_ECHOED}
"""No member can make the contract log what it did not sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLie(Lie):
    """A breach of a rule of business, told by the market's story of that name."""

    tell: Story


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeLie(Lie):
    """A lie in a sealed payload: ``tell`` writes one record and closes its block."""

    tell: Callable[[Consortium], None]


def _sealed(sender: Member, kind: str, payload: dict[str, Any], shown: dict[str, Any]) -> bytes:
    """Return the payload sealed for the node, with the fingerprints of another."""
    prints = fingerprints_of(shown, ["document", "number"], epoch=EPOCH, key=EPOCH_KEY)
    sealing = Sealing(sender=sender.address, readers=(READER.public_key,), fingerprints=prints)
    # Repeatable to the byte, as everything here: it keeps nobody's secret.
    return seal_payload(kind, canonical_json(payload), sealing, random=random.Random(kind))  # noqa: S311


def _document(**changes: Any) -> dict[str, Any]:
    return {
        "v": 1, "document": "D-1", "type": "contract", "number": "HT-1", "parties": ["supplier"], "amount": None,
        "currency": "CNY", "date": "2024-01-02", "refers_to": [], "file_digest": None, **changes,
    }  # fmt: skip


def _wrong_fingerprints(chain: Consortium) -> None:
    """The fingerprints are those of another document: nobody else sees that this one is told twice."""
    payload = _sealed(chain.members["supplier"], "document.registered", _document(), _document(number="HT-2"))
    chain.send(chain.members["supplier"], "document.registered", payload)
    seal(chain)


def _unopenable(chain: Consortium) -> None:
    told = json.loads(_sealed(chain.members["supplier"], "document.registered", _document(), _document()))
    told["content"] = ("B" if told["content"][0] == "A" else "A") + told["content"][1:]
    chain.send(chain.members["supplier"], "document.registered", canonical_json(told))
    seal(chain)


def _authority(chain: Consortium) -> None:
    payload = {"v": 1, "member": "core", "reason": "失联"}
    sealed = _sealed(chain.members["operator"], "member.suspended", payload, payload)
    chain.send(chain.members["operator"], "member.suspended", sealed)
    seal(chain)


def _envelope(code: Code, says: str, tell: Callable[[Consortium], None]) -> EnvelopeLie:
    return EnvelopeLie(
        name=code.value, says=says, liar=Liar.MEMBER, answer=Answer.FOUND, codes=(code.value,), tell=tell
    )


def _told(code: Code, story: Story) -> StoryLie:
    return StoryLie(
        name=code.value,
        says=story.__doc__ or "",
        liar=Liar.SEALERS if code in BY_SEALERS else Liar.MEMBER,
        answer=Answer.FOUND,
        codes=tuple(sorted((code.value, *ALONGSIDE.get(code.value, ())))),
        tell=story,
    )


ENVELOPES = {
    lie.name: lie
    for lie in (
        _envelope(Code.ENVELOPE_UNOPENABLE, "A sealed payload names a reader and cannot be opened by it.", _unopenable),
        _envelope(
            Code.ENVELOPE_FINGERPRINT, "A sealed payload shows the fingerprints of another.", _wrong_fingerprints
        ),
        _envelope(Code.ENVELOPE_KIND, "Who may write what is said in a sealed payload.", _authority),
    )
}
LIES: tuple[Lie, ...] = tuple(
    ENVELOPES[code] if code in ENVELOPES else _told(code, *BREACHES[code])
    for code in Code
    if code in ENVELOPES or code in BREACHES
)

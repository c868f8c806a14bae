"""What a replica trusts: the anchor an operator pinned, and the verified head that grows from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ledger.chains import fisco3
from ledger.chains.shape import Sealer
from ledger.contracts import Registry
from ledger.errors import ProofFailed
from ledger.suites import Suite, suite

if TYPE_CHECKING:
    from ledger.suites import SuiteName

__all__ = ["Anchor", "Engine", "Trusted", "anchor_from", "hashes_to", "quorum", "same_sealers"]

Engine = Literal["auto", "tongsuo", "gmssl"]


def quorum(sealers: tuple[Sealer, ...]) -> int:
    """Return the least weight of signatures that commits a block: total - floor((total - 1) / 3)."""
    total = sum(sealer.weight for sealer in sealers)
    return total - (total - 1) // 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What this node trusts to begin with: a pinned genesis hash, what that block fixes, and the contracts it reads."""

    genesis_hash: bytes
    family: str
    suite: SuiteName
    chain: str
    group: str
    sealers: tuple[Sealer, ...]
    contracts: tuple[bytes, ...]

    def to_json(self) -> str:
        """Return the anchor as canonical JSON text."""
        return json.dumps(
            {
                "chain": self.chain,
                "contracts": [address.hex() for address in self.contracts],
                "family": self.family,
                "genesis_hash": self.genesis_hash.hex(),
                "group": self.group,
                "sealers": _sealers_out(self.sealers),
                "suite": self.suite,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> Anchor:
        """Return what :meth:`to_json` wrote."""
        data = json.loads(text)
        return cls(
            genesis_hash=bytes.fromhex(data["genesis_hash"]),
            family=data["family"],
            suite=data["suite"],
            chain=data["chain"],
            group=data["group"],
            sealers=_sealers_in(data["sealers"]),
            contracts=tuple(bytes.fromhex(address) for address in data["contracts"]),
        )

    def registry(self, engine: Engine = "auto") -> Registry:
        """Return the registered contracts together with the chain's suite."""
        return Registry(suite(self.suite, engine), frozenset(self.contracts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The verified head: its height, hash, time (ms) and sealers.

    ``successors`` is what the next block's sealers may be instead, in any order: the result of a committed change, or
    the genesis set, whose order no header has fixed yet. ``epochs`` are the heights whose committed changes altered the
    set: what a proof needs to lead from a later block's sealers back to the genesis block.
    """

    height: int
    hash: bytes
    timestamp: int
    sealers: tuple[Sealer, ...]
    successors: tuple[Sealer, ...] | None
    epochs: tuple[int, ...] = ()

    def to_json(self) -> str:
        """Return the state as canonical JSON text."""
        return json.dumps(
            {
                "epochs": list(self.epochs),
                "hash": self.hash.hex(),
                "height": self.height,
                "sealers": _sealers_out(self.sealers),
                "successors": None if self.successors is None else _sealers_out(self.successors),
                "timestamp": self.timestamp,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> Trusted:
        """Return what :meth:`to_json` wrote."""
        data = json.loads(text)
        successors = data["successors"]
        return cls(
            height=data["height"],
            hash=bytes.fromhex(data["hash"]),
            timestamp=data["timestamp"],
            sealers=_sealers_in(data["sealers"]),
            successors=None if successors is None else _sealers_in(successors),
            epochs=tuple(data["epochs"]),
        )


def _sealers_out(sealers: tuple[Sealer, ...]) -> list[list[object]]:
    return [[sealer.key.hex(), sealer.weight] for sealer in sealers]


def _sealers_in(listed: list[list[str | int]]) -> tuple[Sealer, ...]:
    return tuple(Sealer(key=bytes.fromhex(str(key)), weight=int(weight)) for key, weight in listed)


def same_sealers(one: tuple[Sealer, ...], other: tuple[Sealer, ...]) -> bool:
    """Tell whether both are the same keys with the same weights, in whatever order."""
    return sorted((each.key, each.weight) for each in one) == sorted((each.key, each.weight) for each in other)


def hashes_to(preimages: tuple[bytes, ...], claimed: bytes, crypto: Suite) -> bool:
    """Tell whether one of the readings hashes to the claimed hash."""
    return any(crypto.digest(preimage) == claimed for preimage in preimages)


def anchor_from(
    document: bytes, *, pinned: bytes | None, contracts: tuple[bytes, ...], engine: Engine = "auto"
) -> Anchor:
    """Return the anchor that a genesis block gives, its hash recomputed and equal to the pinned one.

    With ``pinned`` None only the block's own claim is checked: enough to look at a file, never to follow a chain.
    Raises Malformed, or ProofFailed ``genesis-hash``.
    """
    header = fisco3.parse_block(document).header
    fixed = fisco3.genesis(header)
    name: SuiteName = "sm" if fixed.suite == "sm" else "ecdsa"
    crypto = suite(name, engine)
    if not hashes_to(header.preimages, header.claimed_hash, crypto):
        raise ProofFailed("genesis-hash", "The genesis block does not hash to the hash it claims")
    if pinned is not None and pinned != header.claimed_hash:
        raise ProofFailed(
            "genesis-hash",
            f"The genesis block is 0x{header.claimed_hash.hex()}, and 0x{pinned.hex()} was pinned",
            next_step="Check the pinned hash with the consortium: this source serves another chain, or lies.",
        )
    return Anchor(
        genesis_hash=header.claimed_hash,
        family=fisco3.NAME,
        suite=name,
        chain=fixed.chain,
        group=fixed.group,
        sealers=fixed.sealers,
        contracts=contracts,
    )

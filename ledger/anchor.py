"""What a replica trusts: the anchor an operator pinned, and the verified head that grows from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ledger import chains
from ledger.chains.shape import Sealer
from ledger.contracts import Registry
from ledger.errors import Malformed, ProofFailed
from ledger.suites import Suite, suite

if TYPE_CHECKING:
    from ledger.chains.shape import Header
    from ledger.contracts import Contract
    from ledger.suites import SuiteName

__all__ = ["Anchor", "Engine", "SealerPin", "Trusted", "anchor_from", "followed", "hashes_to", "quorum", "same_sealers"]

Engine = Literal["auto", "tongsuo", "gmssl"]


def quorum(sealers: tuple[Sealer, ...]) -> int:
    """Return the least weight of signatures that commits a block: total - floor((total - 1) / 3)."""
    total = sum(sealer.weight for sealer in sealers)
    return total - (total - 1) // 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What this node trusts to begin with: a pinned genesis hash, what that block fixes, and the contracts it reads.

    ``chain`` is empty where the genesis block does not fix it, as on FISCO BCOS 2: each transaction then names it.
    """

    genesis_hash: bytes
    family: str
    suite: SuiteName
    chain: str
    group: str
    sealers: tuple[Sealer, ...]
    contracts: tuple[bytes, ...]
    maps: tuple[tuple[bytes, str], ...] = ()
    """Contracts of other platforms by address, each with its map as JSON text, in order of address."""

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
            }
            | ({"maps": [[address.hex(), text] for address, text in self.maps]} if self.maps else {}),
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
            maps=tuple((bytes.fromhex(address), text) for address, text in data.get("maps", ())),
        )

    def registry(self, engine: Engine = "auto") -> Registry:
        """Return the registered contracts together with the chain's suite."""
        crypto = suite(self.suite, engine)
        mapped: dict[bytes, Contract] = {}
        if self.maps:  # a map is read by what a worker without one need not load
            from ledger.contract_map import ContractMap
            from ledger.mapped import MappedContract

            for address, text in self.maps:
                mapped[address] = MappedContract(address, ContractMap.model_validate_json(text), crypto)
        return Registry(crypto, frozenset(self.contracts), mapped)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealerPin:
    """An operator's word for the sealers of one block: who said it (``by``), and when (``at``, an instant in UTC)."""

    height: int
    sealers: tuple[Sealer, ...]
    by: str
    at: str

    def as_json(self) -> dict[str, object]:
        """Return the pin as it is kept and shown."""
        return {"height": self.height, "sealers": _sealers_out(self.sealers), "by": self.by, "at": self.at}

    @classmethod
    def of(cls, data: dict[str, Any]) -> SealerPin:
        """Return what :meth:`as_json` gave."""
        return cls(height=data["height"], sealers=_sealers_in(data["sealers"]), by=data["by"], at=data["at"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The verified head: its height, hash, time (ms) and sealers.

    ``successors`` is what the next block's sealers must be, in any order: the result of a committed change, or the
    genesis set, whose order no header has fixed yet. None where they stay what they are. ``epochs`` are the heights
    whose committed changes altered the set: what a proof needs to lead from a later block's sealers back to the genesis
    block. ``pins`` are the operator's, in order of height: those that were applied, and one that may wait for the next
    block.
    """

    height: int
    hash: bytes
    timestamp: int
    sealers: tuple[Sealer, ...]
    successors: tuple[Sealer, ...] | None
    epochs: tuple[int, ...] = ()
    pins: tuple[SealerPin, ...] = ()

    def pin_for(self, height: int) -> SealerPin | None:
        """Return the operator's pin for that block."""
        return next((pin for pin in self.pins if pin.height == height), None)

    def to_json(self) -> str:
        """Return the state as canonical JSON text."""
        return json.dumps(
            {
                "epochs": list(self.epochs),
                "hash": self.hash.hex(),
                "height": self.height,
                "pins": [pin.as_json() for pin in self.pins],
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
            pins=tuple(SealerPin.of(pin) for pin in data.get("pins", ())),
        )


def _sealers_out(sealers: tuple[Sealer, ...]) -> list[list[object]]:
    return [[sealer.key.hex(), sealer.weight] for sealer in sealers]


def _sealers_in(listed: list[list[str | int]]) -> tuple[Sealer, ...]:
    return tuple(Sealer(key=bytes.fromhex(str(key)), weight=int(weight)) for key, weight in listed)


def same_sealers(one: tuple[Sealer, ...], other: tuple[Sealer, ...]) -> bool:
    """Tell whether both are the same keys with the same weights, in whatever order."""
    return sorted((each.key, each.weight) for each in one) == sorted((each.key, each.weight) for each in other)


def followed(header: Header, trusted: Trusted) -> Literal["unchanged", "voted", "pinned"] | None:
    """Return what makes the sealers of the next block believable; None when nothing does.

    A committed change takes effect in the next block and in no other: sealers who go on without it are not believed.
    """
    if trusted.successors is None and header.sealers == trusted.sealers:
        return "unchanged"
    if trusted.successors is not None and same_sealers(header.sealers, trusted.successors):
        return "unchanged" if header.sealers == trusted.sealers else "voted"
    pin = trusted.pin_for(header.number)
    return "pinned" if pin is not None and same_sealers(header.sealers, pin.sealers) else None


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
    chain = chains.of(document)
    header = chain.parse_block(document).header
    if header is None:
        raise Malformed("genesis", "The genesis block has no header")
    fixed = chain.genesis(header)
    names: tuple[SuiteName, ...] = ("sm", "ecdsa")
    fitting = [
        name
        for name in names
        if fixed.suite in ("", name) and hashes_to(header.preimages, header.claimed_hash, suite(name, engine))
    ]
    if not fitting:
        raise ProofFailed("genesis-hash", "The genesis block does not hash to the hash it claims")
    if pinned is not None and pinned != header.claimed_hash:
        raise ProofFailed(
            "genesis-hash",
            f"The genesis block is 0x{header.claimed_hash.hex()}, and 0x{pinned.hex()} was pinned",
            next_step="Check the pinned hash with the consortium: this source serves another chain, or lies.",
        )
    return Anchor(
        genesis_hash=header.claimed_hash,
        family=chain.NAME,
        suite=fitting[0],
        chain=fixed.chain,
        group=fixed.group,
        sealers=fixed.sealers,
        contracts=contracts,
    )

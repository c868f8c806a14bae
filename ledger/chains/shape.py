"""What every chain family's parser yields: plain data with the exact bytes that hashes are taken over.

``preimages`` holds the byte strings of which one must hash to the claimed hash; more than one only where the chain's
own printing leaves two readings (``docs/ledger.md``). Nothing here has been verified: that is ``ledger.trust``'s work.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """A consensus node 共识节点: its public key (64 bytes) and its vote's weight."""

    key: bytes
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealerSignature:
    """A signature over a block hash, by the sealer at that index of the header's list."""

    index: int
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A block header as claimed. ``timestamp`` is in milliseconds since 1970 UTC."""

    number: int
    claimed_hash: bytes
    preimages: tuple[bytes, ...]
    parents: tuple[tuple[int, bytes], ...]
    transactions_root: bytes
    receipts_root: bytes
    timestamp: int
    sealers: tuple[Sealer, ...]
    signatures: tuple[SealerSignature, ...]
    extra_data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction body as claimed; ``to`` is None for a deployment, ``sender`` None where none is claimed.

    ``call`` is what is hashed after ``to``, as one run of bytes: on FISCO BCOS 3 input, abi and fees together. It is
    certain where ``input`` is not, since from version 1 on a liar may move the end of ``input`` into the fees.
    ``signed`` is what the sender signed the hash of, empty where that is the transaction's own hash. ``unsupported``
    names why the hash may not be recomputable (another transaction type), ``loose`` why nothing may be read from it,
    else they are empty. ``otherwise`` holds the other transactions that a node prints in the same way.
    """

    claimed_hash: bytes
    preimages: tuple[bytes, ...]
    chain: str
    group: str
    to: bytes | None
    input: bytes
    call: bytes
    sender: bytes | None
    signature: bytes
    signed: bytes = b""
    unsupported: str = ""
    loose: str = ""
    otherwise: tuple[Transaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """An event log: emitting contract (20 bytes), topics (32 bytes each), data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What executing a transaction gave, as claimed; ``echo`` repeats the transaction's from, to and input.

    ``claimed_hash`` is empty where nodes print none: the root alone tells then which of the ``preimages`` it is.
    ``framed`` tells that the hashed bytes tell where each field ends, so that no border in them can be moved.
    """

    claimed_hash: bytes
    preimages: tuple[bytes, ...]
    transaction_hash: bytes | None
    number: int
    status: int
    contract: bytes | None
    output: bytes
    logs: tuple[Log, ...]
    echo: tuple[bytes | None, bytes | None, bytes | None]
    framed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A parsed block; None stands for parts that are not at hand. ``unproven`` names fields that nothing covers."""

    header: Header | None
    transaction_hashes: tuple[bytes, ...] | None
    transactions: tuple[Transaction, ...] | None
    receipts: tuple[Receipt, ...] | None
    unproven: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Genesis:
    """What a chain's first block fixes: the suite, the chain's names and the first sealers.

    ``suite`` is ``sm``, ``ecdsa``, or empty where only the hash tells; ``chain`` is empty where the block names none.
    """

    suite: str
    chain: str
    group: str
    sealers: tuple[Sealer, ...]

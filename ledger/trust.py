"""The numbered procedure by which a block from outside joins the trusted state of a replica.

Trust comes in through one object, the :class:`Anchor`: the 32 bytes of a genesis hash that an operator pinned, and the
contracts the operator chose to read. The genesis block's extraData, covered by that hash, names the first sealers, and
suite and chain as far as its family has them there. From there each block is believed only when all of this holds:

0. limits: bytes, transactions, logs and signatures are bounded, so that a hostile block costs a bounded amount of work.
   So is what no hash covers (``surplus``), once the other steps have shown what is covered.
1. strict shape: every field has exactly the form the chain prints (``chains/``), since the hashes leave the rest open.
2. the header hash, recomputed, equals the claimed one. Before any signature is looked at: signatures are made over the
   claimed hash and still verify when the header beneath it was altered.
3. number, parent link and time follow the verified head.
4. sealers and weights equal the trusted set; after committed calls of the consensus precompile in the block before,
   what these lead to, and nothing else. An operator's pin for this very height may say otherwise.
5. signatures: distinct sealers of that set, each valid, weighing at least total - floor((total - 1) / 3). A block
   without transactions is treated like any other.
6. every transaction hash, then the transactions root.
7. every receipt hash, then the receipts root; as many receipts as transactions, paired by position and by hash.
8. every transaction's own signature, which tells its sender.
9. the logs of registered contracts decode in exactly one way (``contracts``).

Not covered: that executing a transaction really gave its receipt. The quorum vouches for that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ledger.anchor import anchor_from, followed, hashes_to, quorum, same_sealers
from ledger.case import Case, NotAtHand, receipt_readings
from ledger.chains import limits as bounds
from ledger.contracts import RecordedEvent, Registry
from ledger.errors import Malformed, ProofFailed, SealerChangeUnexplained
from ledger.suites import suite

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.anchor import Trusted
    from ledger.chains.sealers import SealerChange
    from ledger.chains.shape import Block, Header, Receipt, Transaction
    from ledger.suites import Suite

__all__ = [
    "LAST_PREREQUISITE",
    "PROCEDURE",
    "Case",
    "NotAtHand",
    "Step",
    "sealer_changes",
]


def limits(case: Case) -> str:
    """Step 0."""
    if len(case.document) > bounds.MAX_BLOCK_BYTES:
        raise Malformed("limit", f"The block has {len(case.document)} bytes; the limit is {bounds.MAX_BLOCK_BYTES}")
    return f"{len(case.document)} bytes"


def shape(case: Case) -> str:
    """Step 1."""
    case.block = case.chain.parse_block(case.document)
    return f"block {case.block.header.number}" if case.block.header else "transactions without their block"


def header_hash(case: Case) -> str:
    """Step 2. Without an anchor the suite is the one whose hash fits."""
    header = case.parsed.header
    if case.suite is None and case.anchor:
        case.suite = suite(case.anchor.suite, case.engine)
    candidates = [case.suite] if case.suite else [suite("sm", case.engine), suite("ecdsa")]
    if header is None:
        first = (case.parsed.transactions or (None,))[0]
        fitting = [each for each in candidates if first and _fits(first, each)]
        case.suite = fitting[0] if fitting else candidates[0]
        return NotAtHand("the header is not at hand")
    for crypto in candidates:
        if hashes_to(header.preimages, header.claimed_hash, crypto):
            case.suite = crypto
            return f"0x{header.claimed_hash.hex()} recomputed with {crypto.name}"
    raise ProofFailed("header-hash", f"The header of block {header.number} does not hash to the hash it claims")


def parent_link(case: Case) -> str:
    """Step 3."""
    if case.trusted is None:
        return NotAtHand("the block before it is not at hand")
    return check_link(case.header, case.trusted)


def check_link(header: Header, trusted: Trusted) -> str:
    """Step 3, given the verified head."""
    if header.number != trusted.height + 1:
        raise ProofFailed("height", f"Block {header.number} came where block {trusted.height + 1} must follow")
    if header.parents != ((trusted.height, trusted.hash),):
        raise ProofFailed(
            "parent-link", f"Block {header.number} does not name the verified block {trusted.height} as its parent"
        )
    if header.timestamp < trusted.timestamp:
        raise ProofFailed("timestamp", f"Block {header.number} is older than its parent")
    return f"follows block {trusted.height}"


def trusted_genesis(case: Case) -> str:
    """Step 4, its root: the genesis block hashes to what was pinned, or at least to what it claims."""
    if case.anchor:
        return f"pinned genesis 0x{case.anchor.genesis_hash.hex()}"
    if case.genesis_document is None:
        return NotAtHand("no genesis block was given")
    case.anchor = anchor_from(case.genesis_document, pinned=case.pinned, contracts=case.contracts, engine=case.engine)
    fixed, found = (case.anchor.family, case.anchor.suite), (case.chain.NAME, case.crypto.name)
    if fixed != found:
        raise ProofFailed(
            "suite", f"The genesis block is of {' with '.join(fixed)}, and this block of {' with '.join(found)}"
        )
    return f"genesis hash 0x{case.anchor.genesis_hash.hex()} recomputed"


def sealers(case: Case) -> str:
    """Step 4."""
    header = case.header
    if case.trusted:
        return check_sealers(header, case.trusted)
    if case.anchor is None:
        return NotAtHand("the sealers are the header's own: nothing at hand says they may be trusted")
    if same_sealers(header.sealers, case.anchor.sealers):
        return f"{len(header.sealers)} sealers are those of the genesis block"
    raise SealerChangeUnexplained("sealers", f"The sealers of block {header.number} are not those of the genesis block")


def check_sealers(header: Header, trusted: Trusted) -> str:
    """Step 4, given the verified head."""
    how = followed(header, trusted)
    if how == "unchanged":
        return f"{len(header.sealers)} sealers, unchanged"
    if how == "voted":
        return f"{len(header.sealers)} sealers, as committed in block {trusted.height}"
    if how == "pinned":
        return f"{len(header.sealers)} sealers, as an operator pinned for block {header.number}"
    expected = "the trusted ones" if trusted.successors is None else f"those that block {trusted.height} leads to"
    raise SealerChangeUnexplained("sealers", f"The sealers of block {header.number} are not {expected}")


def signatures(case: Case) -> str:
    """Step 5, each signature."""
    header = case.header
    if not header.signatures:
        raise ProofFailed("signatures-missing", f"Block {header.number} carries no signature")
    if len({each.index for each in header.signatures}) != len(header.signatures):
        raise ProofFailed("signature-repeated", f"Block {header.number} counts a sealer twice")
    for each in header.signatures:
        if each.index >= len(header.sealers):
            raise ProofFailed(
                "signer-unknown", f"Block {header.number} is signed by sealer {each.index} of {len(header.sealers)}"
            )
        if not case.crypto.sealer_signed(header.sealers[each.index].key, header.claimed_hash, each.signature):
            raise ProofFailed(
                "signature", f"The signature of sealer {each.index} on block {header.number} does not hold"
            )
    return f"{len(header.signatures)} of {len(header.sealers)} sealers signed"


def quorum_reached(case: Case) -> str:
    """Step 5, their weight."""
    header = case.header
    if not header.sealers:
        raise ProofFailed("quorum", f"Block {header.number} names no sealer")
    signers = {each.index for each in header.signatures if each.index < len(header.sealers)}
    weight, needed = sum(header.sealers[index].weight for index in signers), quorum(header.sealers)
    if weight < needed:
        raise ProofFailed("quorum", f"Block {header.number} is signed with weight {weight}; it needs {needed}")
    return f"weight {weight} of {sum(each.weight for each in header.sealers)}, {needed} needed"


def _fits(transaction: Transaction, crypto: Suite) -> Transaction | None:
    """Return which of the transactions that are printed in this way hashes to the claimed hash."""
    for each in (transaction, *transaction.otherwise):
        if hashes_to(each.preimages, each.claimed_hash, crypto):
            return each
    return None


def transaction_hashes(case: Case) -> str:
    """Step 6, each body."""
    block = case.parsed
    if block.transactions is None:
        return NotAtHand("the transactions' bodies are not at hand")
    if block.transaction_hashes is not None and block.transaction_hashes != tuple(
        t.claimed_hash for t in block.transactions
    ):
        raise ProofFailed("transaction-list", "The transactions are not those that the block lists")
    unsupported, proved = "", list(block.transactions)
    for index, printed in enumerate(block.transactions):
        transaction = _fits(printed, case.crypto)
        if transaction is None:
            if printed.unsupported:
                unsupported = f"transaction {index} is of an unsupported kind ({printed.unsupported})"
                case.quarantined.add(index)
                continue
            raise ProofFailed("transaction-hash", f"Transaction {index} does not hash to the hash it claims")
        proved[index] = transaction
        anchor = case.anchor
        if anchor and (transaction.group != anchor.group or anchor.chain not in ("", transaction.chain)):
            raise ProofFailed("wrong-chain", f"Transaction {index} was signed for another chain or group")
    case.block = block = replace(block, transactions=tuple(proved))
    if block.receipts is None and any(case.chain.may_be_call(transaction) for transaction in proved):
        return NotAtHand("whether a transaction is a call or a deployment is told by its receipt, which is not at hand")
    return NotAtHand(unsupported) if unsupported else f"{len(proved)} transactions"


def transactions_root(case: Case) -> str:
    """Step 6, the root."""
    block, hashes = case.parsed, _listed(case.parsed)
    if hashes is None:
        return NotAtHand("the list of transactions is not at hand")
    if case.chain.root(hashes, case.crypto.digest) != case.header.transactions_root:
        raise ProofFailed("transactions-root", "The transactions do not give the header's transactions root")
    bare = "; without the bodies their number is unproven" if block.transactions is None else ""
    return f"over {len(hashes)} hashes{bare}"


def _listed(block: Block) -> tuple[bytes, ...] | None:
    """Return the transactions' hashes, as the block lists them or their bodies claim them."""
    if block.transaction_hashes is None and block.transactions is not None:
        return tuple(each.claimed_hash for each in block.transactions)
    return block.transaction_hashes


def receipt_hashes(case: Case) -> str:
    """Step 7, each receipt and its pairing."""
    block, hashes = case.parsed, _listed(case.parsed)
    if block.receipts is None:
        return NotAtHand("the receipts are not at hand")
    if hashes is not None and len(hashes) != len(block.receipts):
        raise ProofFailed("receipt-count", f"{len(hashes)} transactions came with {len(block.receipts)} receipts")
    for index, receipt in enumerate(block.receipts):
        if receipt.claimed_hash and not hashes_to(receipt.preimages, receipt.claimed_hash, case.crypto):
            raise ProofFailed("receipt-hash", f"Receipt {index} does not hash to the hash it claims")
        if block.header and receipt.number != block.header.number:
            raise ProofFailed("receipt-pairing", f"Receipt {index} is of block {receipt.number}")
        if hashes is not None and receipt.transaction_hash not in (None, hashes[index]):
            raise ProofFailed("receipt-pairing", f"Receipt {index} names another transaction")
        if block.transactions is not None and index < len(block.transactions):
            _check_echo(block.transactions[index], receipt, index)
    if all(receipt.claimed_hash for receipt in block.receipts):
        return f"{len(block.receipts)} receipts"
    told = f"{len(block.receipts)} receipts, whose hashes nodes do not print: the root tells"
    return told if block.header else NotAtHand(told)


def _check_echo(transaction: Transaction, receipt: Receipt, index: int) -> None:
    sender, to, given = receipt.echo
    told = (transaction.sender, transaction.to or b"", transaction.input)
    if any(
        said is not None and fact is not None and said != fact
        for said, fact in zip((sender, to, given), told, strict=True)
    ):
        raise ProofFailed("receipt-pairing", f"Receipt {index} repeats another transaction's from, to or input")
    certain = receipt.framed or bool(transaction.loose)
    if not certain and receipt.status == 0 and (transaction.to is None) != (receipt.contract is not None):
        raise ProofFailed(
            "deployment", f"Transaction {index} and its receipt disagree on whether a contract was deployed"
        )


def receipts_root(case: Case) -> str:
    """Step 7, the root."""
    block = case.parsed
    if block.receipts is None:
        return NotAtHand("the receipts are not at hand")
    digest = case.crypto.digest
    roots = (case.chain.root(each, digest) for each in receipt_readings(block.receipts, digest))
    if case.header.receipts_root not in roots:
        raise ProofFailed("receipts-root", "The receipts do not give the header's receipts root")
    return f"over {len(block.receipts)} hashes"


def transaction_signatures(case: Case) -> str:
    """Step 8."""
    block = case.parsed
    if block.transactions is None:
        return NotAtHand("the transactions' bodies are not at hand")
    found: list[bytes | None] = []
    for index, transaction in enumerate(block.transactions):
        if index in case.quarantined:
            found.append(None)
            continue
        signed = case.crypto.digest(transaction.signed) if transaction.signed else transaction.claimed_hash
        sender = case.crypto.sender(signed, transaction.signature)
        told = None if block.receipts is None or index >= len(block.receipts) else block.receipts[index].echo[0]
        if transaction.sender not in (None, sender) or told not in (None, b"", sender):
            raise ProofFailed("sender", f"Transaction {index} claims a sender that did not sign it")
        found.append(sender)
    case.senders = tuple(found)
    if None in found:
        return NotAtHand("a transaction is of an unsupported kind")
    shown = f", sender 0x{found[0].hex()}" if len(found) == 1 and found[0] else ""
    return f"{len(found)} signatures{shown}"


def event_logs(case: Case) -> str:
    """Step 9."""
    block = case.parsed
    if block.receipts is None:
        return NotAtHand("the receipts are not at hand")
    logs = sum(len(receipt.logs) for receipt in block.receipts)
    if block.transactions is None and not any(receipt.logs or receipt.output for receipt in block.receipts):
        return "no logs"
    if block.transactions is None:
        return NotAtHand(
            f"{logs} logs, the split between them and the outputs unproven: the transactions are not at hand"
        )
    if len(block.transactions) != len(block.receipts):
        return NotAtHand("transactions and receipts do not pair up")
    registry = case.registry or (
        case.anchor.registry(case.engine) if case.anchor else Registry(case.crypto, frozenset(case.contracts))
    )
    for index in sorted(case.quarantined):
        _check_harmless(index, block.receipts[index], registry, vote=case.chain.carried(block.receipts[index]))
    for index, transaction in enumerate(block.transactions):
        if transaction.loose:
            _check_harmless(index, block.receipts[index], registry, vote=False)
    events: list[RecordedEvent] = []
    for index, (transaction, receipt) in enumerate(zip(block.transactions, block.receipts, strict=True)):
        signer = case.senders[index] if index < len(case.senders) else None
        read, unproven = registry.read(index, transaction, receipt, signer)
        events += read
        case.unproven_logs += unproven
    case.events = tuple(events)
    rest = logs - len(events)
    if rest:
        return NotAtHand(
            f"{len(events)} records; topic split unproven for {rest} logs of contracts that are not registered"
        )
    return f"{len(events)} records"


def _check_harmless(index: int, receipt: Receipt, registry: Registry, *, vote: bool) -> None:
    """Raise when a transaction that has no one reading may have been one that matters.

    Its kind is only a label, and a path may be the end of a nonce with an address behind it. A vote need not be looked
    for behind a path: hidden, it leaves the next block's sealers unexplained.
    """
    hidden = "names a record book" if registry.mentioned(receipt) else ""
    if vote:
        hidden = "is that of a vote on the sealers"
    if hidden:
        raise ProofFailed(
            "unsupported-transaction",
            f"Transaction {index} cannot be read with certainty, and its receipt {hidden}",
            next_step="Ask another node; if it says the same, this version cannot follow the chain.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the procedure: its number, its name, and the check that raises or says what it saw.

    ``of_header`` tells that there is nothing to check where transactions came without their block.
    """

    number: int
    name: str
    check: Callable[[Case], str]
    of_header: bool = False


PROCEDURE = (
    Step(number=0, name="limits", check=limits),
    Step(number=1, name="strict shape", check=shape),
    Step(number=2, name="header hash", check=header_hash),
    Step(number=3, name="parent link", of_header=True, check=parent_link),
    Step(number=4, name="genesis", check=trusted_genesis),
    Step(number=4, name="trusted sealers", of_header=True, check=sealers),
    Step(number=5, name="signatures", of_header=True, check=signatures),
    Step(number=5, name="quorum", of_header=True, check=quorum_reached),
    Step(number=6, name="transaction hashes", check=transaction_hashes),
    Step(number=6, name="transactions root", of_header=True, check=transactions_root),
    Step(number=7, name="receipt hashes", check=receipt_hashes),
    Step(number=7, name="receipts root", of_header=True, check=receipts_root),
    Step(number=8, name="transaction signatures", check=transaction_signatures),
    Step(number=9, name="event logs", check=event_logs),
)
WITHOUT_STATE = tuple(step for step in PROCEDURE if step.number not in (3, 4))
LAST_PREREQUISITE = 2  # when a step up to this one fails, none of the later ones means anything


def sealer_changes(case: Case) -> tuple[SealerChange, ...]:
    """Return what the block's transactions did to the sealers; only those whose hash and signature held can have."""
    transactions, receipts = case.parsed.transactions or (), case.parsed.receipts or ()
    proved = [at for at, sender in enumerate(case.senders) if sender is not None]
    return case.chain.sealer_changes([transactions[at] for at in proved], [receipts[at] for at in proved], case.crypto)

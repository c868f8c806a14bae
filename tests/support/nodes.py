"""A small chain of block documents, right in shape and unsigned, and a node that serves it over real HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from ledger.sources.archive_writer import ArchiveWriter
from ledger.sources.raw import RawBlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ZERO = "0x" + "0" * 64
KEYS = [hashlib.sha512(bytes([at])).hexdigest() for at in range(4)]
INI = "[chain]\nsm_crypto:1\nchainID: chain0\ngrouID: group0\n[executor]\n" + "".join(
    f"node.{at}:{key},1\n" for at, key in enumerate(KEYS)
)


def digest(*parts: object) -> str:
    """A 32-byte hash in hex that stands for something."""
    return "0x" + hashlib.sha256(repr(parts).encode()).hexdigest()


def sample_document(height: int, transactions: int = 3, padding: int = 0) -> bytes:
    """The document of one block; `padding` bytes of input make its transactions as large as real ones."""
    hashes = [digest("tx", height, at) for at in range(transactions)] if height else []
    block = {
        "consensusWeights": [1] * 4 if height else [],
        "extraData": "0x" if height else f"0x{INI.encode().hex()}",
        "gasUsed": "0",
        "hash": digest("block", height),
        "number": height,
        "parentInfo": [{"blockHash": digest("block", height - 1), "blockNumber": height - 1}] if height else [],
        "receiptsRoot": digest("receipts", height) if height else ZERO,
        "sealer": 0,
        "sealerList": [f"0x{key}" for key in KEYS] if height else [],
        "signatureList": [],
        "stateRoot": ZERO,
        "timestamp": 1_680_598_474_810 + height if height else 0,
        "transactions": [
            {"hash": each, "input": "0x" + hashlib.shake_128(each.encode()).hexdigest(padding), "nonce": str(height)}
            for each in hashes
        ],
        "txsRoot": digest("txs", height) if height else ZERO,
        "version": 50528256,
    }
    receipts = [
        {"blockNumber": height, "hash": digest("receipt", each), "output": "0x", "status": 0, "transactionHash": each}
        for each in hashes
    ]
    return json.dumps({"block": block, "receipts": receipts}, separators=(",", ":")).encode()


def write_sample(
    folder: Path, blocks: int = 10, per_chunk: int = 4, transactions: int = 3, padding: int = 0
) -> list[bytes]:
    """Write an archive of so many blocks and return their documents."""
    documents = [sample_document(height, transactions, padding) for height in range(blocks)]
    with ArchiveWriter(folder, blocks_per_chunk=per_chunk) as writer:
        for height, document in enumerate(documents):
            writer.append(RawBlock(height=height, document=document))
    return documents


def same(document: bytes, other: bytes) -> bool:
    """Whether two documents hold the same answers, with or without their envelopes."""

    def bare(value: Any) -> Any:
        return value.get("result", value)

    one, two = json.loads(document), json.loads(other)
    return bare(one["block"]) == bare(two["block"]) and list(map(bare, one["receipts"])) == list(
        map(bare, two["receipts"])
    )


@contextmanager
def serving(application: Any) -> Iterator[str]:
    """Run an ASGI application under uvicorn in a thread on a free port; gives its address."""
    config = uvicorn.Config(
        application, host="127.0.0.1", port=0, ws="none", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="server under test")
    thread.start()
    try:
        while not server.started:
            thread.join(0.005)
            if not thread.is_alive():
                raise RuntimeError("the node did not start")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()

"""The node over an archive answers as FISCO BCOS 3 does, on real HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ledger.consortium.server import MAX_REQUEST_BYTES, Node
from ledger.consortium.shelf import Shelf
from ledger.sources.archive import ArchiveSource
from ledger.sources.archive_writer import ArchiveWriter
from ledger.sources.raw import RawBlock
from tests.support.nodes import KEYS, digest, sample_document, serving, write_sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCKS = 6


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("archive")
    write_sample(folder, blocks=BLOCKS)
    with serving(Node(ArchiveSource(folder))) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def ask(client: httpx.Client, method: str, *params: object) -> Any:
    answer = client.post("/", json={"jsonrpc": "2.0", "method": method, "params": params, "id": 7})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["jsonrpc"] == "2.0"
    assert body["id"] == 7
    return body["error"]["code"] if "error" in body else body["result"]


def test_blocks_and_the_flags_of_the_call(client: httpx.Client) -> None:
    assert ask(client, "getBlockNumber", "group0", "") == BLOCKS - 1
    for height in (0, 5, 2, 3):
        whole = json.loads(sample_document(height))["block"]
        hashes = [each["hash"] for each in whole["transactions"]]
        head = {name: value for name, value in whole.items() if name != "transactions"}
        assert ask(client, "getBlockByNumber", "group0", "", height, False, False) == whole
        assert ask(client, "getBlockByNumber", "group0", "node0", height, False, True) == {
            **head,
            "transactions": hashes,
        }
        for only_hashes in (False, True):
            assert ask(client, "getBlockByNumber", "group0", "", height, True, only_hashes) == head


def test_a_receipt_is_found_whether_or_not_its_block_was_asked_for(client: httpx.Client) -> None:
    for height, at in ((5, 2), (1, 0), (3, 1), (5, 0)):
        receipt = ask(client, "getTransactionReceipt", "group0", "", digest("tx", height, at), False)
        assert receipt == json.loads(sample_document(height))["receipts"][at]


def test_the_group_its_sealers_and_its_state(client: httpx.Client) -> None:
    sealers = [{"nodeID": key, "weight": 1} for key in KEYS]
    assert ask(client, "getSealerList", "group0", "") == sealers
    assert ask(client, "getObserverList", "group0", "") == []
    assert ask(client, "getGroupPeers", "group0") == KEYS
    info = ask(client, "getGroupInfo", "group0")
    assert (info["chainID"], info["groupID"], len(info["nodeList"])) == ("chain0", "group0", 4)
    assert json.loads(info["nodeList"][0]["iniConfig"])["smCryptoType"] is True
    state = json.loads(ask(client, "getSyncStatus", "group0", ""))
    assert (state["blockNumber"], state["isSyncing"]) == (BLOCKS - 1, False)
    assert state["genesisHash"] == digest("block", 0)[2:]
    assert state["latestHash"] == digest("block", BLOCKS - 1)[2:]


def test_a_chain_of_one_block_names_its_sealers(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=1)
    with serving(Node(ArchiveSource(tmp_path))) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert [each["nodeID"] for each in ask(client, "getSealerList", "group0", "")] == KEYS


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("sendTransaction", ["group0", "", "0x"], -32601),
        ("genesis", ["group0"], -32601),
        ("getBlockNumber", [], -32602),
        ("getBlockNumber", [0, ""], -32602),
        ("getBlockByNumber", ["group0", "", "1", False, False], -32602),
        ("getBlockByNumber", ["group0", "", True, False, False], -32602),
        ("getBlockByNumber", ["group0", "", 1, False], -32602),
        ("getTransactionReceipt", ["group0", "", digest("tx", 1, 0), True], -32602),
        ("getBlockNumber", ["group1", ""], -32005),
        ("getBlockByNumber", ["group0", "", BLOCKS, False, False], -32603),
        ("getBlockByNumber", ["group0", "", -1, False, False], -32603),
        ("getTransactionReceipt", ["group0", "", digest("tx", 1, 9), False], -32603),
    ],
)
def test_what_cannot_be_answered(client: httpx.Client, method: str, params: list[object], code: int) -> None:
    assert ask(client, method, *params) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"[]", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"1.0","method":"getBlockNumber","params":[],"id":1}', -32600),
        (b'{"jsonrpc":"2.0","method":"getBlockNumber","params":{},"id":1}', -32600),
        (b'{"jsonrpc":"2.0","method":"getBlockNumber","params":["group0",""]}', -32600),
    ],
)
def test_what_is_no_call(client: httpx.Client, body: bytes, code: int) -> None:
    assert client.post("/", content=body).json()["error"]["code"] == code


def test_other_methods_and_large_requests_are_refused(client: httpx.Client) -> None:
    assert client.get("/").status_code == 405
    assert client.post("/", content=b" " * (MAX_REQUEST_BYTES + 1)).status_code == 413


def test_a_growing_and_mended_archive_is_served_as_it_is_now(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=BLOCKS)
    with serving(Node(ArchiveSource(tmp_path))) as url, httpx.Client(base_url=url, trust_env=False) as client:
        block = ["getBlockByNumber", "group0", "", 2, False, True]
        assert len(ask(client, *block)["transactions"]) == 3
        with ArchiveWriter(tmp_path) as writer:
            writer.replace(2, sample_document(2, transactions=1))
            writer.append(RawBlock(height=BLOCKS, document=sample_document(BLOCKS)))
        assert len(ask(client, *block)["transactions"]) == 1
        assert ask(client, "getBlockNumber", "group0", "") == BLOCKS
        assert ask(client, "getTransactionReceipt", "group0", "", digest("tx", BLOCKS, 0), False)["status"] == 0
        assert ask(client, "getTransactionReceipt", "group0", "", digest("tx", 2, 2), False) == -32603


def test_a_damaged_archive_is_an_error_of_the_node(tmp_path: Path) -> None:
    write_sample(tmp_path, blocks=BLOCKS, per_chunk=2)
    (tmp_path / "000000000002.jsonl.zst").write_bytes(b"damaged")
    with serving(Node(ArchiveSource(tmp_path))) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert ask(client, "getBlockByNumber", "group0", "", 2, False, False) == -32603
        assert ask(client, "getBlockByNumber", "group0", "", 4, False, True)["number"] == 4


def test_few_blocks_are_kept_and_all_are_found(tmp_path: Path) -> None:
    documents = write_sample(tmp_path, blocks=40, per_chunk=8)

    async def questions() -> int:
        shelf = Shelf(ArchiveSource(tmp_path), recent_bytes=3 * len(documents[1]))
        try:
            for height in [*range(1, 40), *range(39, 0, -5)]:
                assert (await shelf.receipt(digest("tx", height, 1)))["blockNumber"] == height
                assert (await shelf.block(height)).block["number"] == height
            return len(shelf._recent)
        finally:
            shelf.close()

    assert asyncio.run(questions()) <= 3

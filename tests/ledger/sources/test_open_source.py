"""A location names its kind of source."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from ledger.errors import SourceUnreachable
from ledger.sources import open_source
from ledger.sources.archive import ArchiveSource
from ledger.sources.jsonrpc import JsonRpcSource, Limits
from tests.support.nodes import write_sample


def test_addresses_are_nodes_and_paths_are_archives(tmp_path: Path) -> None:
    for address in ("http://node:20200", "HTTPS://[::1]:20200/rpc"):
        node = open_source(address, group="group1")
        assert isinstance(node, JsonRpcSource)
        assert node.name.startswith("node http")
        node.close()
    write_sample(tmp_path, blocks=2)
    for place in (tmp_path, str(tmp_path)):
        archive = open_source(place)
        assert isinstance(archive, ArchiveSource)
        assert [block.height for block in archive.blocks(0)] == [0, 1]
        archive.close()


@pytest.mark.parametrize(
    "address", ["ftp://node/blocks", "ws://node:20200", "http://", "http://node:port", "https:///x"]
)
def test_other_addresses_are_refused_with_what_to_do(address: str) -> None:
    with pytest.raises(SourceUnreachable) as caught:
        open_source(address)
    assert caught.value.code == "source-location"
    assert "http://host:port" in caught.value.next_step


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b""])
def test_something_else_behind_the_port(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        limits = Limits(attempts=2, pause_seconds=0.001, request_seconds=2)
        with JsonRpcSource(url, limits=limits) as node, pytest.raises(SourceUnreachable) as caught:
            node.head()
        thread.join()
    assert caught.value.code == "rpc-unreachable"
    assert caught.value.message.isprintable()

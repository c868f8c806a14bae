"""A node read over real HTTP: order, bounds, and every way a node or the road to it can fail."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ledger.consortium.server import Call, Node, Reply
from ledger.errors import LedgerError, Malformed, SourceUnreachable
from ledger.sources import jsonrpc
from ledger.sources.archive import ArchiveSource
from ledger.sources.jsonrpc import JsonRpcSource, Limits
from tests.support.nodes import digest, same, serving, write_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUICK = Limits(in_flight=8, ahead=3, request_seconds=10, block_seconds=20, attempts=2, pause_seconds=0.001)
IMPATIENT = replace(QUICK, request_seconds=0.3, attempts=3)
BLOCKS = 8

HEAD, BLOCK, RECEIPT = "getBlockNumber", "getBlockByNumber", "getTransactionReceipt"


class Rig:
    """A node over a sample archive whose replies a test may change, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.documents = write_sample(folder, blocks=BLOCKS)
        self.node = Node(ArchiveSource(folder), misbehave=self._reply)
        self.active = 0
        self.url = ""
        self.honest()

    def honest(self) -> None:
        """Change nothing, and forget what was asked."""
        self.change: Callable[[Call, Reply], Reply] = lambda call, reply: reply
        self.calls: list[Call] = []
        self.clients: set[Any] = set()
        self.headers: list[dict[bytes, bytes]] = []
        self.most_active = 0

    def _reply(self, call: Call, reply: Reply) -> Reply:
        self.calls.append(call)
        return self.change(call, reply)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.clients.add(scope["client"])
            self.headers.append(dict(scope["headers"]))
        self.active += 1
        self.most_active = max(self.active, self.most_active)
        try:
            await self.node(scope, receive, send)
        finally:
            self.active -= 1

    def on(self, method: str, change: Callable[[Reply], Reply], times: int = 1000) -> None:
        """Change the next so many replies to a method."""
        left = [times]

        def apply(call: Call, reply: Reply) -> Reply:
            if call.method != method or not left[0]:
                return reply
            left[0] -= 1
            return change(reply)

        self.change = apply

    def asked(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("archive"))
    with serving(rig) as rig.url:
        yield rig


@pytest.fixture
def rig(running: Rig) -> Iterator[Rig]:
    """The node, honest and asked nothing yet; afterwards no thread of a source is left."""
    until = time.monotonic() + 2
    while running.active > 1 and time.monotonic() < until:  # calls an earlier test gave up; the lifespan is one
        time.sleep(0.01)
    running.honest()
    yield running
    running.change = lambda call, reply: reply
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("node ")] == []


def source(rig: Rig, limits: Limits = QUICK, **more: Any) -> Any:
    return closing(JsonRpcSource(rig.url, limits=limits, **more))


def fault(rig: Rig, limits: Limits = QUICK) -> LedgerError:
    """The error that reading everything ends in."""
    with source(rig, limits) as node, pytest.raises(LedgerError) as caught:
        list(node.blocks(0))
    assert caught.value.next_step
    assert caught.value.message.isprintable()
    return caught.value


def changed(reply: Reply, **members: Any) -> Reply:
    return replace(reply, body=json.dumps({**json.loads(reply.body), **members}).encode())


def test_blocks_come_in_order_from_any_start(rig: Rig) -> None:
    with source(rig) as node:
        assert node.head() == BLOCKS - 1
        for start in (0, 3, BLOCKS - 1, BLOCKS, BLOCKS + 5):
            blocks = list(node.blocks(start))
            assert [block.height for block in blocks] == list(range(start, BLOCKS))
            assert all(same(block.document, rig.documents[block.height]) for block in blocks)
        with pytest.raises(ValueError, match="begin at 0"):
            next(node.blocks(-1))


def test_answers_are_kept_verbatim(rig: Rig) -> None:
    bodies: dict[str, bytes] = {}

    def spaced(call: Call, reply: Reply) -> Reply:
        body = b" " + json.dumps(json.loads(reply.body), indent=1).encode() + b"\n"
        bodies[str(call.params[2]) if call.method == RECEIPT else call.method] = body
        return replace(reply, body=body)

    rig.change = spaced
    with source(rig) as node:
        (last,) = node.blocks(BLOCKS - 1)
    receipts = [bodies[digest("tx", BLOCKS - 1, at)] for at in range(3)]
    assert last.document == b'{"block":%b,"receipts":[%b]}' % (bodies[BLOCK], b",".join(receipts))


def test_the_parameters_stand_in_the_node_s_order(rig: Rig) -> None:
    with source(rig, node="node1") as node:
        list(node.blocks(BLOCKS - 1))
    assert [call.params for call in rig.asked(HEAD)] == [("group0", "node1")]
    assert [call.params for call in rig.asked(BLOCK)] == [("group0", "node1", BLOCKS - 1, False, False)]
    assert ("group0", "node1", digest("tx", BLOCKS - 1, 0), False) in [call.params for call in rig.asked(RECEIPT)]


def test_order_holds_whatever_arrives_first(rig: Rig) -> None:
    rig.change = lambda call, reply: replace(reply, delay=0.05 if call.params[2:3] == (2,) else 0.0)
    with source(rig) as node:
        assert [block.height for block in node.blocks(0)] == list(range(BLOCKS))
    assert [call.params[2] for call in rig.asked(BLOCK)] != list(range(BLOCKS)) or rig.most_active > 1


PASSING: dict[str, tuple[Callable[[Reply], Reply], str]] = {
    "busy": (lambda reply: replace(reply, status=429), "rpc-status"),
    "http-500": (lambda reply: replace(reply, status=500), "rpc-status"),
    "http-503": (lambda reply: replace(reply, status=503), "rpc-status"),
    "dropped": (lambda reply: replace(reply, cut=0), "rpc-unreachable"),
    "cut-off": (lambda reply: replace(reply, cut=20), "rpc-unreachable"),
}
SLOW: dict[str, Callable[[Reply], Reply]] = {
    "late": lambda reply: replace(reply, delay=5),
    "hanging": lambda reply: replace(reply, hang=20),
    "silent": lambda reply: replace(reply, hang=0),
    "trickling": lambda reply: replace(reply, piece=1, pause=0.05),
}


def assert_lasting(rig: Rig, method: str, change: Callable[[Reply], Reply], code: str, limits: Limits) -> None:
    rig.on(method, change, times=1)
    with source(rig, limits) as node:
        blocks = list(node.blocks(0))
    assert all(same(block.document, rig.documents[block.height]) for block in blocks)
    assert len(blocks) == BLOCKS

    rig.on(method, change)
    error = fault(rig, limits)
    assert (type(error), error.code) == (SourceUnreachable, code)
    assert method in error.message
    assert f"{limits.attempts} times" in error.message


@pytest.mark.parametrize("method", [HEAD, BLOCK, RECEIPT])
@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_is_tried_again_and_a_lasting_one_reported(rig: Rig, name: str, method: str) -> None:
    change, code = PASSING[name]
    assert_lasting(rig, method, change, code, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "method"), [("late", HEAD), ("hanging", BLOCK), ("silent", RECEIPT), ("trickling", RECEIPT)]
)
def test_an_answer_that_takes_too_long_is_tried_again_and_reported(rig: Rig, name: str, method: str) -> None:
    assert_lasting(rig, method, SLOW[name], "rpc-timeout", IMPATIENT)


LASTING: dict[str, tuple[Callable[[Reply], Reply], str]] = {
    "redirect": (lambda reply: replace(reply, status=307, headers=((b"location", b"/elsewhere"),)), "rpc-redirect"),
    "redirect-nowhere": (lambda reply: replace(reply, status=302), "rpc-redirect"),
    "not-found": (lambda reply: replace(reply, status=404), "rpc-status"),
    "created": (lambda reply: replace(reply, status=201), "rpc-status"),
    "compressed": (lambda reply: replace(reply, headers=((b"content-encoding", b"gzip"),)), "rpc-encoding"),
    "web-page": (lambda reply: replace(reply, body=b"<html>Welcome</html>"), "rpc-json"),
    "nothing": (lambda reply: replace(reply, body=b""), "rpc-json"),
    "half-json": (lambda reply: replace(reply, body=reply.body[:-1]), "rpc-json"),
    "json-and-more": (lambda reply: replace(reply, body=reply.body + b"{}"), "rpc-json"),
    "list": (lambda reply: replace(reply, body=b"[]"), "rpc-shape"),
    "other-id": (lambda reply: changed(reply, id=10**9), "rpc-id"),
    "id-as-text": (lambda reply: changed(reply, id=str(json.loads(reply.body)["id"])), "rpc-id"),
    "id-true": (lambda reply: changed(reply, id=True), "rpc-id"),
    "no-id": (lambda reply: changed(reply, id=None), "rpc-id"),
    "null": (lambda reply: changed(reply, result=None), "rpc-null"),
    "no-result": (lambda reply: replace(reply, body=b'{"id":%d}' % json.loads(reply.body)["id"]), "rpc-null"),
    "text": (lambda reply: changed(reply, result="0x8"), "rpc-shape"),
    "error": (lambda reply: changed(reply, error={"code": -32000, "message": "no"}), "rpc-error"),
    "error-for-result": (lambda reply: changed(reply, error={"code": -1}, result="none"), "rpc-error"),
    "error-text": (lambda reply: changed(reply, error="broken", result=None), "rpc-error"),
}


@pytest.mark.parametrize("method", [HEAD, BLOCK, RECEIPT])
@pytest.mark.parametrize("name", LASTING)
def test_a_wrong_answer_is_not_asked_for_again(rig: Rig, name: str, method: str) -> None:
    change, code = LASTING[name]
    rig.on(method, change)
    error = fault(rig, replace(QUICK, in_flight=1, ahead=1))
    assert error.code == code
    assert isinstance(error, Malformed if code in ("rpc-json", "rpc-shape") else SourceUnreachable)
    assert len(rig.asked(method)) == 1
    assert method in error.message


@pytest.mark.parametrize(
    ("method", "result"),
    [
        (HEAD, True),
        (HEAD, -1),
        (HEAD, 1.5),
        (HEAD, [7]),
        (BLOCK, []),
        (BLOCK, {"transactions": {}}),
        (BLOCK, {"transactions": [7]}),
        (BLOCK, {"transactions": [{}]}),
        (BLOCK, {"transactions": ["0x12"]}),
        (BLOCK, {"transactions": [digest("A").upper()]}),
        (BLOCK, {"transactions": [digest("A") + "\n"]}),
        (RECEIPT, []),
        (RECEIPT, 0),
    ],
)
def test_a_result_of_another_shape_is_malformed(rig: Rig, method: str, result: object) -> None:
    rig.on(method, lambda reply: changed(reply, result=result))
    error = fault(rig)
    assert (type(error), error.code) == (Malformed, "rpc-shape")


def test_the_node_s_own_error_is_shown_cut_and_clean(rig: Rig) -> None:
    message = "no\x1b[31m such\u202e group\n" + "x" * 1000
    rig.on(HEAD, lambda reply: changed(reply, error={"code": -32005, "message": message}, result=None))
    error = fault(rig)
    assert "(-32005)" in error.message
    assert "such" in error.message
    assert len(error.message) < 500
    assert error.message.isprintable()


def test_an_unknown_group_is_reported_in_the_node_s_words(rig: Rig) -> None:
    with source(rig, group="group9") as node, pytest.raises(SourceUnreachable) as caught:
        node.head()
    assert caught.value.code == "rpc-error"
    assert "group9 does not exist" in caught.value.message


def test_a_block_s_transactions_may_be_hashes_or_missing(rig: Rig) -> None:
    rig.on(BLOCK, lambda reply: changed(reply, result={"transactions": [digest("tx", 5, 1)]}))
    with source(rig) as node:
        (last,) = node.blocks(BLOCKS - 1)
    assert len(json.loads(last.document)["receipts"]) == 1
    rig.on(BLOCK, lambda reply: changed(reply, result={}))
    with source(rig) as node:
        (last,) = node.blocks(BLOCKS - 1)
    assert json.loads(last.document)["receipts"] == []


def test_more_transactions_than_a_block_may_have(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonrpc, "MAX_TRANSACTIONS", 2)
    error = fault(rig)
    assert (type(error), error.code) == (Malformed, "limit")
    assert rig.asked(RECEIPT) == []


@pytest.mark.parametrize("method", [BLOCK, RECEIPT])
def test_an_answer_announced_too_large_is_not_read(rig: Rig, method: str) -> None:
    rig.on(method, lambda reply: replace(reply, body=reply.body + b" " * 1_000_000, hang=100))
    error = fault(rig, replace(QUICK, answer_bytes=500_000))
    assert error.code == "rpc-too-large"


def test_a_block_of_many_small_answers_is_limited_in_all(rig: Rig) -> None:
    rig.on(RECEIPT, lambda reply: replace(reply, body=reply.body + b" " * 3_000))
    assert fault(rig, replace(QUICK, answer_bytes=8_000)).code == "rpc-too-large"


@pytest.mark.parametrize("size", [200, 65_536])
def test_an_endless_answer_stops_at_the_limit(size: int) -> None:
    sent = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while sum(sent) < 200_000:
            sent.append(size)
            await send({"type": "http.response.body", "body": b" " * size, "more_body": True})

    with serving(endless) as url, JsonRpcSource(url, limits=QUICK) as node, pytest.raises(SourceUnreachable) as caught:
        node.head()
    assert caught.value.code == "rpc-too-large"


def test_pauses_double_up_to_a_longest_and_are_spread(rig: Rig) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    rig.on(HEAD, lambda reply: replace(reply, status=503))
    limits = replace(QUICK, attempts=6, pause_seconds=1, longest_pause_seconds=5)
    for jitter, expected in ((0.0, [0.5, 1, 2, 2.5, 2.5]), (0.5, [0.75, 1.5, 3, 3.75, 3.75])):
        pauses.clear()
        with source(rig, limits, jitter=lambda: jitter, sleep=sleep) as node, pytest.raises(SourceUnreachable):  # noqa: B023
            node.head()
        assert pauses == expected


def test_nobody_there() -> None:
    with serving(lambda scope, receive, send: None) as url:
        pass
    with JsonRpcSource(url, limits=QUICK) as node, pytest.raises(SourceUnreachable) as caught:
        node.head()
    assert caught.value.code == "rpc-unreachable"


def test_a_fault_further_on_does_not_hold_back_what_comes_before(rig: Rig) -> None:
    rig.change = lambda call, reply: replace(reply, status=404) if call.params[2:3] == (5,) else reply
    with source(rig) as node, closing(node.blocks(0)) as blocks:
        assert next(blocks).height == 0
        settled(rig)
        assert [next(blocks).height for _ in range(4)] == [1, 2, 3, 4]
        with pytest.raises(SourceUnreachable) as caught:
            next(blocks)
    assert caught.value.code == "rpc-status"


def test_calls_in_flight_are_many_and_bounded_on_kept_connections(rig: Rig) -> None:
    rig.on(RECEIPT, lambda reply: replace(reply, delay=0.01))
    with source(rig, replace(QUICK, in_flight=5)) as node:
        list(node.blocks(0))
        list(node.blocks(0))
    assert 3 <= rig.most_active - 1 <= 5  # the lifespan is one more
    assert len(rig.clients) <= 10  # of 60 calls; a machine under load may let one grow old
    assert len(rig.calls) == 2 * (1 + BLOCKS + 3 * (BLOCKS - 1))


def settled(rig: Rig) -> int:
    """How many calls there were once no more come."""
    before = -1
    while before != len(rig.calls):
        before = len(rig.calls)
        time.sleep(0.25)
    return before


def test_blocks_are_fetched_ahead_and_no_further(rig: Rig) -> None:
    with source(rig, replace(QUICK, ahead=3)) as node, closing(node.blocks(0)) as blocks:
        next(blocks)
        settled(rig)
        assert sorted(call.params[2] for call in rig.asked(BLOCK)) == [0, 1, 2, 3]
        assert [block.height for block in blocks] == list(range(1, BLOCKS))


@pytest.mark.parametrize("ahead_bytes", [0, 1, 3_000, 20_000])
def test_what_is_fetched_ahead_is_bounded_in_bytes_and_gives_way(rig: Rig, ahead_bytes: int) -> None:
    limits = replace(QUICK, ahead=BLOCKS, ahead_bytes=ahead_bytes)
    with source(rig, limits) as node, closing(node.blocks(0)) as blocks:
        got = [next(blocks)]
        settled(rig)
        receipts = len(rig.asked(RECEIPT))
        got += blocks
    assert [block.height for block in got] == list(range(BLOCKS))
    assert all(same(block.document, rig.documents[block.height]) for block in got)
    whole = 3 * (BLOCKS - 1)
    assert receipts == whole if ahead_bytes == 20_000 else receipts < whole


def test_a_block_has_a_deadline_whatever_its_calls_do(rig: Rig) -> None:
    rig.on(RECEIPT, lambda reply: replace(reply, hang=1))
    limits = replace(QUICK, request_seconds=0.1, attempts=1_000, block_seconds=0.3)
    began = time.monotonic()
    error = fault(rig, limits)
    assert error.code == "rpc-deadline"
    assert "Block 1 " in error.message
    assert time.monotonic() - began < 2


def test_a_stopped_reader_stops_the_fetches(rig: Rig) -> None:
    rig.change = lambda call, reply: replace(reply, hang=1) if call.params[2:3] == (2,) else reply
    with source(rig, replace(QUICK, request_seconds=30, ahead=5)) as node:
        blocks = node.blocks(0)
        next(blocks)
        while len(rig.asked(BLOCK)) < 3:
            time.sleep(0.01)
        blocks.close()
        until = time.monotonic() + 2
        while rig.active > 1 and time.monotonic() < until:  # the lifespan is one
            time.sleep(0.01)
        assert rig.active == 1
        rig.change = lambda call, reply: reply
        assert len(list(node.blocks(0))) == BLOCKS  # and the source still serves


def test_a_forgotten_iterator_stops_too(rig: Rig) -> None:
    with source(rig) as node:
        next(node.blocks(0))
        count = settled(rig)
    assert len(rig.calls) == count


@pytest.mark.slow
def test_cancelled_calls_leave_no_connection_behind(rig: Rig) -> None:
    with source(rig, replace(IMPATIENT, in_flight=4)) as node:
        rig.on(RECEIPT, lambda reply: replace(reply, hang=10))
        for _ in range(2):
            with pytest.raises(SourceUnreachable):
                list(node.blocks(0))
        rig.change = lambda call, reply: reply
        assert len(list(node.blocks(0))) == BLOCKS


def test_closing_ends_a_reader_that_waits(rig: Rig) -> None:
    rig.on(RECEIPT, lambda reply: replace(reply, hang=1))
    node = JsonRpcSource(rig.url, limits=replace(QUICK, request_seconds=30))
    closer = threading.Timer(0.2, node.close)
    closer.start()
    with pytest.raises(SourceUnreachable) as caught:
        list(node.blocks(0))
    closer.join()
    assert caught.value.code == "source-closed"
    with pytest.raises(SourceUnreachable) as caught:
        node.head()
    assert caught.value.code == "source-closed"
    node.close()


def test_a_source_never_used_needs_no_thread() -> None:
    before = threading.active_count()
    node = JsonRpcSource("http://127.0.0.1:1", limits=QUICK)
    assert threading.active_count() == before
    node.close()


def test_a_password_is_sent_and_never_shown(rig: Rig) -> None:
    address = rig.url.replace("//", "//reader:s3cret@")
    with closing(JsonRpcSource(address, limits=QUICK)) as node:
        node.head()
        assert rig.headers[-1][b"authorization"] == b"Basic cmVhZGVyOnMzY3JldA=="
        rig.on(HEAD, lambda reply: replace(reply, status=404))
        with pytest.raises(SourceUnreachable) as caught:
            node.head()
    assert "s3cret" not in node.name + caught.value.message
    assert rig.url in node.name


def test_proxies_of_the_environment_are_not_used(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with source(rig) as node:
        assert node.head() == BLOCKS - 1

"""A node's read interface over an archive: FISCO BCOS 3 JSON-RPC 2.0 over HTTP, as an ASGI application.

It answers what an observer node (观察节点) answers to a replica, from the blocks of an archive. For tests it can be
told to misbehave: every answer passes through a hook that may change its bytes or the way they are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from ledger.consortium.questions import INVALID_PARAMS, METHODS, Questions, Refusal
from ledger.consortium.shelf import Shelf
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from ledger.sources.archive import ArchiveSource

__all__ = ["Call", "Node", "Reply"]

MAX_REQUEST_BYTES = 64 * 1024  # every read call fits in a few hundred

# JSON-RPC 2.0, section 5.1, and the node's own beside them.
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INTERNAL_ERROR = -32700, -32600, -32601, -32603
GROUP_NOT_EXIST = -32005

Json = Any
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked."""

    method: str
    params: tuple[Json, ...]
    id: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent, and how. Every field but ``status`` and ``body`` is for misbehaving."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)
    delay: float = 0.0  # seconds before anything is sent
    piece: int | None = None  # bytes sent at a time; all at once when None
    pause: float = 0.0  # seconds between the pieces
    cut: int | None = None  # after so many bytes the connection is dropped
    hang: int | None = None  # after so many bytes nothing more comes, and the connection stays


Misbehave = Callable[[Call, Reply], Reply]


class Node:
    """The ASGI application. One event loop; the chain's names and first sealers come from the archive's block 0.

    ``misbehave`` is given every call with its honest reply and returns the reply to send.
    """

    def __init__(self, archive: ArchiveSource, *, misbehave: Misbehave | None = None) -> None:
        self._shelf = Shelf(archive)
        self._questions = Questions(self._shelf)
        self._misbehave = misbehave

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            reply = await self._reply(scope, receive)
            if reply is not None:
                await _send(reply, receive, send)
        else:
            raise ValueError(f"a node speaks HTTP alone, not {scope['type']}")

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self._shelf.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _reply(self, scope: Message, receive: Receive) -> Reply | None:
        if scope["method"] != "POST":
            return Reply(status=405, body=b"", headers=((b"allow", b"POST"),))
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > MAX_REQUEST_BYTES:
                return Reply(status=413, body=b"", headers=((b"connection", b"close"),))
            if not message.get("more_body"):
                break
        call, answer = await self._answer(body)
        reply = Reply(body=answer)
        return self._misbehave(call, reply) if self._misbehave else reply

    async def _answer(self, body: bytes) -> tuple[Call, bytes]:
        call = Call(method="", params=())
        try:
            call = _call(body)
            result = await self._result(call)
        except Refusal as refusal:
            return call, _error(call, refusal.code, refusal.message)
        except LedgerError as failure:
            return call, _error(call, INTERNAL_ERROR, failure.message)
        return call, b'{"id":%b,"jsonrpc":"2.0","result":%b}' % (to_json(call.id), to_json(result))

    async def _result(self, call: Call) -> Json:
        if call.method not in METHODS:
            raise Refusal(METHOD_NOT_FOUND, "Method not found")
        answer, kinds = METHODS[call.method]
        arguments = call.params[: len(kinds)]  # what stands after them is ignored, as a node does
        if [type(each) for each in arguments] != list(kinds):
            raise Refusal(INVALID_PARAMS, f"Invalid params: {', '.join(kind.__name__ for kind in kinds)} expected")
        genesis = await self._questions.genesis()
        if arguments[0] != genesis.group:
            raise Refusal(GROUP_NOT_EXIST, f"The group {arguments[0][:80]} does not exist")
        return await answer(self._questions, *arguments[1:])


def _call(body: bytes) -> Call:
    try:
        request = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise Refusal(PARSE_ERROR, "Parse error") from None
    if not isinstance(request, dict):
        raise Refusal(INVALID_REQUEST, "One call at a time: the request must be an object")
    number, method, params = request.get("id"), request.get("method"), request.get("params")
    if request.get("jsonrpc") != "2.0" or not isinstance(method, str) or not isinstance(params, list):
        raise Refusal(INVALID_REQUEST, "Invalid request")
    if not isinstance(number, int | str):
        raise Refusal(INVALID_REQUEST, "Every call here has an answer, so it needs an id")
    return Call(method=method, params=tuple(params), id=number)


def _error(call: Call, code: int, message: str) -> bytes:
    return to_json({"error": {"code": code, "message": message}, "id": call.id, "jsonrpc": "2.0"})


async def _send(reply: Reply, receive: Receive, send: Send) -> None:
    if reply.delay and await _gone(receive, reply.delay):
        return
    length = (b"content-length", str(len(reply.body)).encode())
    await send({"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, length]})
    end = min(each for each in (len(reply.body), reply.cut, reply.hang) if each is not None)
    size = reply.piece or max(1, end)
    for at in range(0, end, size):
        if at and reply.pause and await _gone(receive, reply.pause):
            return
        await send({"type": "http.response.body", "body": reply.body[at : min(at + size, end)], "more_body": True})
    if reply.hang is not None:
        await _gone(receive, None)
    elif reply.cut is None:
        await send({"type": "http.response.body"})
    # After a cut nothing ends the answer, and the server that runs this drops the connection.


async def _gone(receive: Receive, seconds: float | None) -> bool:
    """Wait so long, or until the client has gone, and tell whether it has."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True

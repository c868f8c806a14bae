"""One JSON-RPC 2.0 call over HTTP, with every limit on what the other side may cost: time, bytes, attempts.

The answer is returned as the bytes received. It is read only so far as to know that it is JSON, that it answers this
call, and what the next calls need from it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from ledger.errors import LedgerError, Malformed, SourceUnreachable
from ledger.sources.raw import MAX_DOCUMENT_BYTES, shown, why

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")

KEEP_ALIVE_SECONDS = 4.0  # below the 5 after which common servers close an idle connection
BUSY = 429  # Too Many Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a node may cost. The defaults suit a node on the same machine or network."""

    in_flight: int = 32  # calls, each on a connection of its own
    ahead: int = 8  # blocks fetched before they are asked for
    ahead_bytes: int = 128 * 1024 * 1024  # held for them in all; beyond it only the block being waited for goes on
    answer_bytes: int = MAX_DOCUMENT_BYTES
    request_seconds: float = 30.0  # one attempt, from connecting to the last byte
    block_seconds: float = 600.0  # one block, from when it is waited for
    attempts: int = 5
    pause_seconds: float = 0.2  # before the second attempt; doubles with each
    longest_pause_seconds: float = 10.0


class Answer(BaseModel, Generic[T]):
    """What is read of a JSON-RPC answer; the rest of it is only checked to be JSON."""

    model_config = ConfigDict(strict=True)

    id: Any = None
    error: Any = None
    result: T | None = None


class _TryAgain(Exception):
    """An attempt failed in a way that another may not."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class RpcClient:
    """Calls one node over kept-alive connections. Use it inside one event loop, as an async context manager.

    ``jitter`` gives a number in [0, 1) and ``sleep`` waits; both are injected. Redirects are refused, compression is
    not asked for, and proxies of the environment are not used: the node that was named is the node that is asked.

    Each call in flight has a transport with one connection. One pool of 32 looks at all its connections whenever a
    request begins or ends, which made it four times slower than 32 transports of one.
    """

    def __init__(
        self,
        url: str,
        *,
        limits: Limits,
        tls: ssl.SSLContext | None = None,
        jitter: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as failure:
            raise _no_address(url, str(failure)) from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise _no_address(url, "it has no http(s) scheme or no host")
        self.limits = limits
        self._url = parsed.copy_with(userinfo=b"")
        # A path or a query may hold a key; the origin is what a person knows the node by.
        self.name = shown(self._url.copy_with(path="/", query=None, fragment=None)).rstrip("/")
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if parsed.userinfo:
            self._headers["Authorization"] = (
                f"Basic {b64encode(f'{parsed.username}:{parsed.password}'.encode()).decode()}"
            )
        self._tls = tls
        self._jitter = jitter or random.SystemRandom().random
        self._sleep = sleep
        self._ids = itertools.count(1)
        self._free = asyncio.Semaphore(limits.in_flight)
        self._lanes: list[httpx.AsyncHTTPTransport] = []  # those not in use, the last used on top
        self._opened: list[httpx.AsyncHTTPTransport] = []

    async def __aenter__(self) -> RpcClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        for lane in self._opened:
            await lane.aclose()

    def _new_lane(self) -> httpx.AsyncHTTPTransport:
        if self._tls is None and self._url.scheme == "https":
            self._tls = httpx.create_ssl_context(trust_env=False)
        one = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_SECONDS)
        lane = httpx.AsyncHTTPTransport(verify=self._tls or False, trust_env=False, limits=one)
        self._opened.append(lane)
        return lane

    async def call(
        self, method: str, params: Sequence[object], shape: type[Answer[T]], admit: Callable[[int], None]
    ) -> tuple[bytes, T]:
        """Return the answer's bytes and what ``shape`` reads of its result.

        ``admit`` is told of every byte as it arrives and, as a negative number, of those a failed attempt gave back; it
        raises to refuse them.

        Tries again, after growing pauses, what a passing fault can explain: no connection, no answer in time, an answer
        cut off, HTTP 429 and 5xx. Raises SourceUnreachable ``rpc-unreachable``, ``rpc-timeout``, ``rpc-status``,
        ``rpc-redirect``, ``rpc-encoding``, ``rpc-too-large``, ``rpc-id``, ``rpc-error``, ``rpc-null``, and Malformed
        ``rpc-json`` and ``rpc-shape``.
        """
        number = next(self._ids)
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": number}).encode()
        raw = await self._answer(body, method, admit)
        return raw, self._read(raw, method, number, shape)

    async def _answer(self, body: bytes, method: str, admit: Callable[[int], None]) -> bytes:
        for attempt in itertools.count(1):
            try:
                async with self._free:
                    return await self._on_a_lane(body, method, admit)
            except _TryAgain as failure:
                if attempt >= self.limits.attempts:
                    raise self._failed(
                        failure.code,
                        f"{failure.reason}, {attempt} times",
                        "Check the node's address, its load and log.",
                    ) from None
                await self._sleep(self._pause(attempt))
        raise AssertionError("the count of attempts never ends")

    async def _on_a_lane(self, body: bytes, method: str, admit: Callable[[int], None]) -> bytes:
        lane = self._lanes.pop() if self._lanes else self._new_lane()
        try:
            raw = await self._attempt(lane, body, method, admit)
        except BaseException:
            # A connection left in the middle of an answer is not used again, nor the pool that may still count it.
            await lane.aclose()
            self._opened.remove(lane)
            raise
        self._lanes.append(lane)
        return raw

    def _pause(self, attempt: int) -> float:
        """Return seconds to wait after this many attempts: doubling, capped, and spread over its upper half."""
        longest = min(self.limits.longest_pause_seconds, self.limits.pause_seconds * 2.0 ** (attempt - 1))
        return longest * (1 + self._jitter()) / 2

    async def _attempt(
        self, lane: httpx.AsyncHTTPTransport, body: bytes, method: str, admit: Callable[[int], None]
    ) -> bytes:
        request = httpx.Request("POST", self._url, headers=self._headers, content=body)
        seconds = self.limits.request_seconds
        received: list[bytes] = []
        whole = False
        try:
            async with asyncio.timeout(seconds):
                response = await lane.handle_async_request(request)
                try:
                    self._headers_fit(response, method)
                    async for piece in response.aiter_raw():
                        received.append(piece)
                        admit(len(piece))
                finally:
                    await response.aclose()
            whole = True
        except TimeoutError:
            raise _TryAgain("rpc-timeout", f"did not answer {method} within {seconds:g} s") from None
        except httpx.TransportError as failure:
            reason = shown(failure) or type(failure).__name__
            raise _TryAgain("rpc-unreachable", f"cannot be reached for {method}: {reason}") from None
        finally:
            if not whole:
                admit(-sum(map(len, received)))
        return b"".join(received)

    def _headers_fit(self, response: httpx.Response, method: str) -> None:
        status = response.status_code
        if status == BUSY or status >= 500:
            raise _TryAgain("rpc-status", f"answered {method} with HTTP {status}")
        if response.has_redirect_location or 300 <= status < 400:
            raise self._failed(
                "rpc-redirect", f"redirects {method} elsewhere", "Name the address it redirects to, if you trust it."
            )
        if status != 200:
            raise self._failed(
                "rpc-status", f"answered {method} with HTTP {status}", "Check the address and the node's access rules."
            )
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise self._failed(
                "rpc-encoding", f"compresses its answer to {method}, unasked", "Turn compression off at the proxy."
            )
        if int(response.headers.get("Content-Length", "0")) > self.limits.answer_bytes:
            raise self.too_large(method)

    def _read(self, raw: bytes, method: str, number: int, shape: type[Answer[T]]) -> T:
        try:
            answer = shape.model_validate_json(raw)
        except ValidationError as failure:
            self._judge(raw, method, number)
            kind = "rpc-json" if failure.errors(include_input=False)[0]["type"] == "json_invalid" else "rpc-shape"
            raise Malformed(kind, f"{self.name} answered {method} with something else: {why(failure)}") from None
        self._ours(answer, method, number)
        if answer.result is None:
            raise self._failed("rpc-null", f"has no answer to {method}", "Ask a node that keeps the whole chain.")
        return answer.result

    def _judge(self, raw: bytes, method: str, number: int) -> None:
        """Prefer the node's own error over the shape of what stands beside it."""
        try:
            self._ours(Answer[Any].model_validate_json(raw), method, number)
        except ValidationError:
            return

    def _ours(self, answer: Answer[Any], method: str, number: int) -> None:
        if answer.error is not None:
            said = answer.error if isinstance(answer.error, dict) else {"message": answer.error}
            code, message = shown(said.get("code", "no code")), shown(said.get("message", ""))
            raise self._failed(
                "rpc-error", f"refused {method}: {message} ({code})", "Check the group's name and the node's log."
            )
        if type(answer.id) is not int or answer.id != number:
            raise self._failed(
                "rpc-id", f"answered {method} with the answer to another call", "Look for a faulty proxy before it."
            )

    def too_large(self, method: str) -> SourceUnreachable:
        """Return the error for more bytes than a block may have."""
        most = self.limits.answer_bytes
        return self._failed("rpc-too-large", f"answers {method} with more than {most} bytes", "Do not use this node.")

    def _failed(self, code: str, what: str, next_step: str) -> SourceUnreachable:
        return SourceUnreachable(code, f"The node {self.name} {what}.", next_step=next_step)


def _no_address(url: str, reason: str) -> LedgerError:
    return SourceUnreachable(
        "source-location",
        f"{shown(url.rpartition('@')[2])} is not a node's address: {shown(reason)}.",
        next_step="Name a node as http://host:port or https://host:port.",
    )

"""The log of another Glasspool node, asked over HTTP; every answer is bounded, and none is believed by itself.

The node serves ``/ledger/checkpoint`` (the signed note), ``/ledger/consistency?from=&to=``,
``/ledger/subtree?start=&end=`` and ``/ledger/blocks?start=``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.errors import Malformed, SourceUnreachable
from ledger.rfc6962 import Consistency
from ledger.signed_note import MAX_NOTE_BYTES
from ledger.sources.raw import shown, why

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["BlocksAnswer", "ConsistencyAnswer", "PeerLog", "SubtreeAnswer"]

SECONDS = 20.0  # for one answer, each of its parts
LONGEST_PATH = 128  # hashes; a log of 2^63 blocks needs 64

Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=0, lt=1 << 63)]


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True)


class ConsistencyAnswer(_Answer):
    """That a log at one size begins it at another; ``root`` is the one at ``from``."""

    old: Size = Field(alias="from")
    new: Size = Field(alias="to")
    root: Hash
    path: list[Hash] = Field(max_length=LONGEST_PATH)


class SubtreeAnswer(_Answer):
    """The two parts of the subtree over the blocks ``[start, end)``."""

    start: Size
    end: Size
    left: Hash
    right: Hash


class BlockAnswer(_Answer):
    """One block."""

    height: Size
    hash: Hash


class BlocksAnswer(_Answer):
    """Blocks that follow each other."""

    blocks: list[BlockAnswer] = Field(max_length=1_000)


A = TypeVar("A", bound=_Answer)


class PeerLog:
    """Another node's log (a ``comparison.OtherLog``). Use it as a context manager.

    The node that was named is asked: redirects and the environment's proxies are not used. Raises SourceUnreachable
    ``peer-address``, ``peer-unreachable``, ``peer-status``, ``peer-too-large`` and Malformed ``peer-answer``.
    """

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self.name = shown(url.rpartition("@")[2])
        try:
            self._client = httpx.Client(
                base_url=url, timeout=seconds, trust_env=False, headers={"Accept-Encoding": "identity"}
            )
        except (httpx.InvalidURL, ValueError) as failure:
            raise SourceUnreachable(
                "peer-address",
                f"{self.name} is no node's address: {shown(failure)}",
                next_step="Name the other node as http(s)://host:port.",
            ) from None

    def __enter__(self) -> PeerLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def note(self) -> bytes:
        """Return the checkpoint it published last, unchecked."""
        return self._get("/ledger/checkpoint")

    def consistency(self, old: int, new: int) -> Consistency:
        """See :class:`ledger.comparison.OtherLog`."""
        told = self._read("/ledger/consistency", ConsistencyAnswer, {"from": old, "to": new})
        path = tuple(map(_bytes, told.path))
        return Consistency(old=told.old, new=told.new, old_root=_bytes(told.root), path=path)

    def children(self, start: int, end: int) -> tuple[bytes, bytes]:
        """See :class:`ledger.comparison.OtherLog`."""
        told = self._read("/ledger/subtree", SubtreeAnswer, {"start": start, "end": end})
        return _bytes(told.left), _bytes(told.right)

    def block_hash(self, height: int) -> bytes:
        """See :class:`ledger.comparison.OtherLog`."""
        told = self._read("/ledger/blocks", BlocksAnswer, {"start": height, "end": height + 1}).blocks
        if [each.height for each in told] != [height]:
            raise Malformed("peer-answer", f"{self.name} does not say what its block {height} is")
        return _bytes(told[0].hash)

    def _read(self, path: str, shape: type[A], query: dict[str, int]) -> A:
        try:
            return shape.model_validate_json(self._get(path, query))
        except ValidationError as failure:
            raise Malformed(
                "peer-answer",
                f"{self.name} answered {path} with something else: {why(failure)}",
                next_step="Check that it is a Glasspool node of this version.",
            ) from None

    def _get(self, path: str, query: dict[str, int] | None = None) -> bytes:
        received = bytearray()
        try:
            with self._client.stream("GET", path, params=query) as response:
                for piece in response.iter_raw():
                    received += piece
                    if len(received) > MAX_NOTE_BYTES:
                        raise SourceUnreachable(
                            "peer-too-large",
                            f"{self.name} answers {path} with more than {MAX_NOTE_BYTES} bytes",
                            next_step="Check that it is a Glasspool node.",
                        )
        except httpx.HTTPError as failure:
            raise SourceUnreachable(
                "peer-unreachable",
                f"{self.name} cannot be asked for {path}: {shown(failure) or type(failure).__name__}",
                next_step="Check that `glasspool serve` runs there and that its port is reached from here.",
            ) from None
        if response.status_code != httpx.codes.OK:
            raise SourceUnreachable(
                "peer-status",
                f"{self.name} answered {path} with HTTP {response.status_code}: {shown(bytes(received)[:300])}",
                next_step="Run `glasspool checkpoint` there first, and check the address.",
            )
        return bytes(received)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])

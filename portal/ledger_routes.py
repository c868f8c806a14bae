"""What another node asks of this one's log: the last checkpoint, proofs, subtrees, block hashes. Read only.

Nothing is signed here: a checkpoint is published by its operator, with `glasspool checkpoint`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from ledger.checkpoint import latest

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store import Store

__all__ = ["ledger_routes"]

BLOCKS = 500  # at the most in one answer

Size = Annotated[int, Query(ge=0, lt=1 << 63)]


def ledger_routes(store: Store, checkpoints: Path) -> APIRouter:
    """Return the routes beneath ``/ledger`` over a store and the folder of its published checkpoints."""
    router = APIRouter(prefix="/ledger")

    @router.get("/checkpoint")
    def checkpoint() -> Response:
        published = latest(checkpoints)
        if not published:
            return _refused(404, "no-checkpoint", "This node has published no checkpoint yet.")
        return PlainTextResponse(bytes(published[-1].note), headers={"cache-control": "no-store"})

    @router.get("/consistency")
    def consistency(old: Annotated[int, Query(alias="from", ge=1)], new: Annotated[int, Query(alias="to")]) -> Response:
        log = store.log()
        if not old <= new <= log.size:
            return _refused(404, "no-such-size", f"This node's log has {log.size} blocks.")
        proof = log.consistency(old, new)
        path = [_hex(each) for each in proof.path]
        return JSONResponse({"from": old, "to": new, "root": _hex(proof.old_root), "path": path})

    @router.get("/subtree")
    def subtree(start: Size, end: Size) -> Response:
        log = store.log()
        if not (end <= log.size and end - start > 1):
            return _refused(404, "no-such-range", f"This node's log has {log.size} blocks.")
        try:
            left, right = log.children(start, end)
        except ValueError:
            return _refused(404, "no-such-range", "No log has these blocks as one subtree.")
        return JSONResponse({"start": start, "end": end, "left": _hex(left), "right": _hex(right)})

    @router.get("/blocks")
    def blocks(start: Size, end: Size | None = None) -> Response:
        last = start + BLOCKS if end is None else min(end, start + BLOCKS)
        hashes = store.log().block_hashes(start, last)
        return JSONResponse(
            {"blocks": [{"height": height, "hash": _hex(each)} for height, each in enumerate(hashes, start)]}
        )

    return router


def _hex(hash_: bytes) -> str:
    return "0x" + hash_.hex()


def _refused(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, "next_step": ""}}, status_code=status)

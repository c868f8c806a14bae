"""What a snapshot says of itself: the height it stands at, and each file with its rows and digests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ledger.errors import StoreDamaged, Unknown

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MANIFEST", "MAX_HEIGHT", "Manifest", "TableEntry", "check_height"]

MANIFEST = "manifest.json"
MAX_BYTES = 1 << 20
MAX_HEIGHT = 100_000_000
"""The highest block a snapshot may stand at: the facts digest takes a hash a block, also of blocks without a record.

As many are three years of a block a second, and some two minutes of hashing.
"""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class TableEntry(BaseModel):
    """One fact table: its file, how many versions it holds, and how many of them hold at the height.

    ``rows_digest`` is SM3 over the table's lines (the facts digest's own, in its order); ``file_digest`` over the file.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    file: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}\.parquet$")]
    versions: Count
    holding: Count
    rows_digest: Digest
    file_digest: Digest


class Manifest(BaseModel):
    """A snapshot's manifest. ``facts_digest`` is the ledger's at ``height``: the files alone must give it again."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    format: Literal["glasspool-snapshot-1"] = "glasspool-snapshot-1"
    height: Count
    block_hash: Digest
    block_time: str
    """Instant of the block, ISO 8601 UTC."""
    facts_digest: Digest
    tables: dict[str, TableEntry]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Return the manifest in ``folder``.

        Raises Unknown ``no-snapshot``, StoreDamaged ``snapshot-damaged`` or ``snapshot-height``.
        """
        try:
            with (folder / MANIFEST).open("rb") as file:
                text = file.read(MAX_BYTES + 1)
        except OSError as failure:
            raise Unknown(
                "no-snapshot",
                f"There is no snapshot in {folder} ({failure.strerror})",
                next_step="Make one with `glasspool snapshot take`.",
            ) from None
        try:
            manifest = cls.model_validate_json(text[:MAX_BYTES] if len(text) <= MAX_BYTES else b"")
        except ValidationError as failure:
            first = failure.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise StoreDamaged(
                "snapshot-damaged",
                f"The manifest of {folder} is not one: {where or 'it'}: {first['msg']}",
                next_step="Take the snapshot again.",
            ) from None
        check_height(manifest.height)
        return manifest


def check_height(height: int) -> None:
    """Raise StoreDamaged ``snapshot-height`` for a height no snapshot stands at."""
    if height > MAX_HEIGHT:
        raise StoreDamaged(
            "snapshot-height",
            f"The height {height} is beyond {MAX_HEIGHT}, the highest that a snapshot is taken or checked at",
            next_step="Take a snapshot of an earlier height, or ask whoever made this one.",
        )

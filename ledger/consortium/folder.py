"""The folder a local consortium is written to: it appears when it is complete, with what a node pins beside it."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.chains import fisco3
from ledger.consortium import blocks
from ledger.errors import LedgerError
from ledger.sources.archive import Description
from ledger.sources.archive_writer import ArchiveWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.consortium.chain import Consortium
    from ledger.sources.raw import RawBlock

__all__ = ["PIN", "OutputRefused", "appearing", "archived", "pin"]

PIN = "node.toml"


class OutputRefused(LedgerError):
    """The folder to write to is not empty, or cannot be made."""

    default_next_step = "Name a folder that does not exist yet or is empty."


def refuse_used(folder: Path) -> None:
    """Raise OutputRefused ``output-used`` unless the folder is new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputRefused("output-used", f"{folder} is not an empty folder, and an import never adds to another")


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """Yield a folder to write into; it takes ``folder``'s place when all went well, and is gone when it did not."""
    refuse_used(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield working
        working.chmod(0o755)
        try:
            os.replace(working, folder)  # noqa: PTH105 - takes an empty folder's place in one step
        except OSError as failure:
            raise OutputRefused("output-used", f"{folder} cannot be written ({failure.strerror})") from None
    finally:
        shutil.rmtree(working, ignore_errors=True)


@contextmanager
def archived(chain: Consortium, founding: Sequence[RawBlock], folder: Path) -> Iterator[None]:
    """Let the chain's blocks go to an archive in the folder, the ``founding`` ones first; then write the pin."""
    genesis = blocks.hexed(chain.genesis_hash)
    with ArchiveWriter(folder, description=Description(chain_id=blocks.CHAIN, genesis_hash=genesis)) as archive:
        for block in founding:
            archive.append(block)
        chain.sink = archive
        yield
        chain.finish()
    (folder / PIN).write_text(pin(chain), encoding="utf-8")


def pin(chain: Consortium) -> str:
    """Return the TOML text with what a node pins to follow this chain, and nothing else."""
    return (
        "# What a node pins to follow this local consortium. Everything else it verifies.\n"
        "[pin]\n"
        f'family = "{fisco3.NAME}"\n'
        f'genesis_hash = "{blocks.hexed(chain.genesis_hash)}"\n'
        f'contracts = ["{blocks.hexed(chain.contract)}"]\n'
    )

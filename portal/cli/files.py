"""Files that commands write: each appears when it is complete, and one that cannot be written is told in a sentence."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from portal.errors import PortalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["whole", "writing"]


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Whatever keeps ``file`` from being written is a PortalError ``file``."""
    try:
        yield
    except OSError as failure:
        raise PortalError(
            "file", f"{file} cannot be written: {failure.strerror or failure}", next_step="Name another file."
        ) from None


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Where to write what becomes ``file`` once it is complete; otherwise nothing is left behind.

    A device, a pipe and what a link leads to are written to as they are. Raises PortalError ``file``.
    """
    with writing(file):
        if file.is_symlink() or (file.exists() and not file.is_file()):
            yield file
            return
        partial = file.with_name(f"{file.name}.partial")
        try:
            yield partial
            if file.exists():
                partial.chmod(file.stat().st_mode)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)

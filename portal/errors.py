"""Errors of the portal: a stable code, a sentence for a person, and what that person can do next."""

from __future__ import annotations

from ledger.errors import Explained

__all__ = ["NotLoopback", "PortalError"]


class PortalError(Explained):
    """Root of the package's errors."""


class NotLoopback(PortalError):
    """The pages were to be opened to other machines although nobody signs in yet."""

    def __init__(self, host: str) -> None:
        super().__init__(
            "not-loopback",
            f"The pages have no sign-in yet, so they are not opened on {host!r}, which other machines may reach.",
            next_step="Use --host 127.0.0.1, and reach it from elsewhere through an SSH tunnel. To answer other nodes "
            "about checkpoints alone, set GLASSPOOL_PUBLIC_NAMES.",
        )

"""Every error of the ledger package: one root, leaves by whose fault it is.

An error carries a stable ``code`` (what programs and the documentation table match on), a sentence for a person, and
what that person can do next. The codes of refusals are listed in docs/ledger.md; a test holds the two together.
"""

from __future__ import annotations


class Explained(Exception):
    """What every package's root error is: it tells a person what is wrong and what to do next.

    ``code`` is a stable kebab-case name, ``message`` one sentence with the cause, ``next_step`` what to do about it.
    """

    default_next_step = ""

    def __init__(self, code: str, message: str, *, next_step: str | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.next_step = self.default_next_step if next_step is None else next_step

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"

    def __reduce__(self) -> tuple[object, ...]:
        """Travels between processes with its next step."""
        return (_rebuild, (type(self), self.code, self.message, self.next_step))


def _rebuild(kind: type[Explained], code: str, message: str, next_step: str) -> Explained:
    return kind(code, message, next_step=next_step)


class LedgerError(Explained):
    """Root of the package's errors."""


class Malformed(LedgerError):
    """Bytes from outside do not have the shape the chain's rules require; nothing in them is believed."""

    default_next_step = "Fetch the block again from another node; if it stays malformed, keep the evidence file."


class ProofFailed(LedgerError):
    """Well-formed bytes whose hash, root, link, signature or quorum is not what it must be."""

    default_next_step = "Do not use this block: fetch it from another node and keep the evidence file."


class SealerChangeUnexplained(ProofFailed):
    """The sealers differ from the trusted ones and no committed transaction explains the difference."""

    default_next_step = "Confirm the new sealers with the consortium out of band before pinning them."


class SourceUnreachable(LedgerError):
    """The source of raw blocks did not answer, or not within its limits."""

    default_next_step = "Check that the node or archive is there and answers, then run the command again."


class StoreDamaged(LedgerError):
    """What this node stored is not what it verified."""

    default_next_step = "Restore the node's home from a backup, or delete its database and sync again."


class Unknown(LedgerError):
    """A record, plan, asset or height that this replica does not hold."""

    default_next_step = "Check the name, or sync further."


class StoreUnavailable(LedgerError):
    """The database cannot be used right now: locked, read-only, full, out of reach, or made by another version."""

    default_next_step = "Check that the database can be reached and written, then run the command again."

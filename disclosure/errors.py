"""Every error of the disclosure package: one root, leaves by whose fault it is.

What is wrong *inside* a package is not an error but a verdict (:mod:`disclosure.verify`); these are for what keeps a
package from being made, or from being judged at all.
"""

from __future__ import annotations

from ledger.errors import Explained


class DisclosureError(Explained):
    """Root of the package's errors."""


class PackageMalformed(DisclosureError):
    """A package from outside breaks the format's rules or limits; ``file`` is the part that does, "" for the whole."""

    default_next_step = "Ask whoever sent the package for it again; do not rely on this copy."

    def __init__(self, code: str, message: str, *, file: str = "", next_step: str | None = None) -> None:
        super().__init__(code, message, next_step=next_step)
        self.file = file


class PackageUnreadable(DisclosureError):
    """What was named is not there, or cannot be read."""

    default_next_step = "Check the path: a package is a folder with a manifest.json, or the .zip of one."


class PackageExists(DisclosureError):
    """Something already stands where the package would go; nothing was written."""

    default_next_step = "Choose another folder, or say --force to replace a package that stands there."


class Unwritable(DisclosureError):
    """A file or folder cannot be written; nothing of it was left behind."""

    default_next_step = "Check that the folder is yours to write to and the disk has room, or choose another."


class CertificateInvalid(DisclosureError):
    """A certificate, or the path from it, does not hold."""

    default_next_step = "Ask the signer for a certificate from an authority you trust."


class KeyUnusable(DisclosureError):
    """The signing key cannot be used as it is kept."""

    default_next_step = "Check the key file, its permissions and its passphrase."


class CatalogueDamaged(DisclosureError):
    """The rules that come with this version cannot be read, or contradict each other."""

    default_next_step = "Reinstall Glasspool, or correct the file of disclosure/catalogue/rules that is named."


class UnknownDeadline(DisclosureError):
    """No deadline follows: the catalogue has none, or the calendar does not reach so far."""

    default_next_step = "Look at disclosure/catalogue/rules; renew exchange_calendars where its last year has passed."

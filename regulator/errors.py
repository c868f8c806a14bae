"""Every error of this package: one root, leaves by whose fault it is."""

from __future__ import annotations

from ledger.errors import Explained


class RegulatorError(Explained):
    """Root of the package's errors."""


class UnknownAsset(RegulatorError):
    """The plan's pool holds no such asset at this height."""

    default_next_step = "List the pool's assets with `glasspool look-through PLAN`, or choose another --height."

"""Every error of this package: one root, leaves by whose fault it is."""

from __future__ import annotations


class RegulatorError(Exception):
    """Root of the package's errors: ``code`` is stable, ``message`` says what is wrong, ``next_step`` what to do."""

    default_next_step = ""

    def __init__(self, code: str, message: str, *, next_step: str | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.next_step = self.default_next_step if next_step is None else next_step

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class UnknownAsset(RegulatorError):
    """The plan's pool holds no such asset at this height."""

    default_next_step = "List the pool's assets with `glasspool look-through PLAN`, or choose another --height."

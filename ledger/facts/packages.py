"""Packages of small invoices that are registered once (小额发票打包)."""

from __future__ import annotations

from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Package", "PackageInvoice"]


class Package(Fact, table=True):
    """Many small invoices under one digest."""

    digest: str
    """SM3 of the canonical JSON of the invoices' ids as listed, as the record states it: 64 hex digits."""
    registered_by: str | None = None
    """The member who registered it; None when nobody knows."""
    supersedes: str | None = None
    superseded_by: str | None = None


class PackageInvoice(Fact, table=True):
    """An invoice in a package, live until another package supersedes that one."""

    package: str = Field(index=True)
    invoice: str = Field(index=True)

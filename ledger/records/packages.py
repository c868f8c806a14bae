"""Packages (小额发票打包): many small invoices registered once, under one digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.facts import Invoice, Package, PackageInvoice
from ledger.finding import Code
from ledger.records.base import Digest, Id, Ids, Lookup, Need, Payload, Reference, Role, canonical, record_kind
from ledger.suites import sm3

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["PackageRegistered"]

SHOWN = 5  # names spelled out in one message


@record_kind("package.registered", by=[Role.SUPPLIER, Role.ASSET_GATEWAY, Role.PLATFORM])
class PackageRegistered(Payload):
    """Invoices are registered as one package (打包登记); one that supersedes another takes its place."""

    package: Id
    invoices: Ids
    digest: Digest
    supersedes: Id | None = None

    def references(self) -> list[Reference]:
        return [
            Reference(Package, self.package, Need.NEW),
            *(Reference(Invoice, each) for each in dict.fromkeys(self.invoices)),
            *([] if self.supersedes is None else [Reference(Package, self.supersedes)]),
        ]

    def lookups(self) -> list[Lookup]:
        packed = Lookup(PackageInvoice, "invoice", self.invoices)
        return [packed] if self.supersedes is None else [packed, Lookup(PackageInvoice, "package", (self.supersedes,))]

    def project(self, facts: Projection) -> None:
        digest = sm3(canonical(self.invoices)).hex()
        if digest != self.digest:
            facts.finding(
                Code.PACKAGE_DIGEST,
                "The digest is not that of the invoices listed",
                subject=f"package {self.package}",
                stated=self.digest,
                computed=digest,
            )
        if self.supersedes is not None:
            self._supersede(self.supersedes, facts)
        self._check_packed(facts)
        for index, name in enumerate(dict.fromkeys(self.invoices)):
            facts.add(PackageInvoice(id=facts.place(index), package=self.package, invoice=name))
        facts.add(
            Package(
                id=self.package,
                digest=self.digest,
                registered_by=None if facts.sender is None else facts.sender.id,
                supersedes=self.supersedes,
            )
        )

    def _supersede(self, name: str, facts: Projection) -> None:
        """End what the other package holds, so that its invoices may be packed again."""
        package = facts.current(Package, name)
        if package is None:
            return
        served = facts.sender is not None and not {Role.ASSET_GATEWAY, Role.PLATFORM}.intersection(facts.sender.roles)
        if served and package.registered_by is not None:
            facts.by_party(package.registered_by, act=f"supersedes package {name}")
        for row in facts.live(PackageInvoice, "package", [name]):
            facts.end(row)
        facts.begin(package.changed(superseded_by=self.package))

    def _check_packed(self, facts: Projection) -> None:
        """Report invoices that another package holds, one finding for each such package."""
        held: dict[str, list[PackageInvoice]] = {}
        for row in facts.live(PackageInvoice, "invoice", self.invoices):
            held.setdefault(row.package, []).append(row)
        for package, rows in held.items():
            more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
            facts.finding(
                Code.PACKAGE_INVOICE_PACKED,
                f"Package {package} holds {', '.join(row.invoice for row in rows[:SHOWN])}{more} already",
                subject=f"package {self.package}",
                others=[rows[0].from_position],
                invoices=len(rows),
            )

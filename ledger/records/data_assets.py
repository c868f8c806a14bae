"""Data assets (数据资产凭证): a subject authorises, the supervisor issues, the collector deposits, a user exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.facts import DataCertificate, DataUse, Member
from ledger.finding import Code
from ledger.records.base import Day, Digest, Id, Need, Payload, Reference, Role, Text, record_kind
from ledger.records.paths import Paths, follow, since

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = [
    "DataCertificateAuthorised",
    "DataCertificateDeposited",
    "DataCertificateExercised",
    "DataCertificateIssued",
]

_PATHS: Paths = {
    "authorised": {"issued"},
    "issued": {"deposited"},
    "deposited": {"exercised"},
    "exercised": {"exercised"},
}


@record_kind("data_certificate.authorised", by=[Role.SUBJECT])
class DataCertificateAuthorised(Payload):
    """The subject lets its data be used for one behaviour (授权/印证), by a blank certificate."""

    certificate: Id
    subject: Id
    behaviour: Text
    blank_digest: Digest
    source_space: Id
    target_space: Id
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(DataCertificate, self.certificate, Need.NEW), Reference(Member, self.subject)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.subject, act=f"authorises for {self.subject}")
        facts.dated("data is authorised before that is recorded", self.at, facts.record.business_day)
        facts.add(
            DataCertificate(
                id=self.certificate,
                subject=self.subject,
                behaviour=self.behaviour,
                blank_digest=self.blank_digest,
                source_space=self.source_space,
                target_space=self.target_space,
                authorised_on=self.at,
                changed_on=since(facts, self.at),
            )
        )


class DataCertificateAct(Payload):
    """What happens to a data certificate on a day."""

    certificate: Id
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(DataCertificate, self.certificate, Need.ESSENTIAL)]

    def followed(self, facts: Projection, certificate: DataCertificate, **changes: str) -> None:
        """Let the certificate take the status of this act; report one out of order."""
        changed_on = follow(facts, certificate, self.at, _PATHS, Code.DATA_CERTIFICATE_PATH)
        status = facts.record.kind.partition(".")[2]
        facts.begin(certificate.changed(status=status, changed_on=changed_on, **changes))


def _same(facts: Projection, certificate: DataCertificate, digest: str) -> None:
    """Report a digest that is not the one issued; before anything was issued there is no telling."""
    if certificate.filled_digest not in (None, digest):
        facts.finding(
            Code.DATA_CERTIFICATE_DIGEST,
            "The certificate is not the one that was issued: its digest differs",
            subject=f"data_certificate {certificate.id}",
            others=[certificate.from_position],
            issued=str(certificate.filled_digest),
            stated=digest,
        )


@record_kind("data_certificate.issued", by=[Role.SUPERVISING])
class DataCertificateIssued(DataCertificateAct):
    """The supervising party issues the certificate, filled in (确权/发证)."""

    filled_digest: Digest

    def project(self, facts: Projection) -> None:
        if certificate := facts.current(DataCertificate, self.certificate):
            self.followed(facts, certificate, filled_digest=self.filled_digest)


@record_kind("data_certificate.deposited", by=[Role.COLLECTING])
class DataCertificateDeposited(DataCertificateAct):
    """The collecting party deposits the issued certificate (产权/存证)."""

    digest: Digest

    def project(self, facts: Projection) -> None:
        if certificate := facts.current(DataCertificate, self.certificate):
            _same(facts, certificate, self.digest)
            self.followed(facts, certificate, deposited_digest=self.digest)


@record_kind("data_certificate.exercised", by=[Role.USING])
class DataCertificateExercised(DataCertificateAct):
    """A user uses the data under the certificate (行权/用证), as often as it likes."""

    user: Id
    behaviour: Text
    filled_digest: Digest

    def references(self) -> list[Reference]:
        return [*super().references(), Reference(Member, self.user)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.user, act=f"uses data for {self.user}")
        certificate = facts.current(DataCertificate, self.certificate)
        if certificate is None:
            return
        _same(facts, certificate, self.filled_digest)
        if self.behaviour != certificate.behaviour:
            facts.finding(
                Code.DATA_CERTIFICATE_BEHAVIOUR,
                f"The data was authorised for {certificate.behaviour!r} and is used for {self.behaviour!r}",
                subject=f"data_certificate {certificate.id}",
                others=[certificate.from_position],
            )
        self.followed(facts, certificate)
        facts.add(
            DataUse(
                id=facts.place(0),
                certificate=self.certificate,
                user=self.user,
                behaviour=self.behaviour,
                filled_digest=self.filled_digest,
                used_on=self.at,
            )
        )

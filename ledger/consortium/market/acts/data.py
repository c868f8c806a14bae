"""Data-asset certificates 数据资产凭证: 授权, 发证, 存证, 用证."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.consortium.market.acts.trade import digest

if TYPE_CHECKING:
    from ledger.consortium.chain import Member, Sent
    from ledger.consortium.market.stage import Stage

__all__ = ["DataCertificate", "authorise", "deposit", "exercise", "issue"]


@dataclass(frozen=True, slots=True)
class DataCertificate:
    """A data-asset certificate: what may be done with whose data."""

    certificate: str
    behaviour: str

    @property
    def filled(self) -> str:
        return digest("filled", self.certificate)


def authorise(stage: Stage, subject: Member, behaviour: str, *, source: str, target: str) -> DataCertificate:
    """The subject lets its data be used for one behaviour 授权/印证."""
    made = DataCertificate(stage.named("DC"), behaviour)
    stage.write(
        subject,
        "data_certificate.authorised",
        certificate=made.certificate,
        subject=subject.member,
        behaviour=behaviour,
        blank_digest=digest("blank", made.certificate),
        source_space=source,
        target_space=target,
        at=stage.today(),
    )
    return made


def issue(stage: Stage, supervising: Member, held: DataCertificate) -> Sent:
    """The supervising party issues it, filled in 确权/发证."""
    return stage.write(
        supervising,
        "data_certificate.issued",
        certificate=held.certificate,
        filled_digest=held.filled,
        at=stage.today(),
    )


def deposit(stage: Stage, collecting: Member, held: DataCertificate, stated: str | None = None) -> Sent:
    """The collecting party deposits it 产权/存证."""
    return stage.write(
        collecting,
        "data_certificate.deposited",
        certificate=held.certificate,
        digest=stated or held.filled,
        at=stage.today(),
    )


def exercise(stage: Stage, user: Member, held: DataCertificate, behaviour: str | None = None) -> Sent:
    """A user uses the data under it 行权/用证."""
    return stage.write(
        user,
        "data_certificate.exercised",
        certificate=held.certificate,
        user=user.member,
        behaviour=behaviour or held.behaviour,
        filled_digest=held.filled,
        at=stage.today(),
    )

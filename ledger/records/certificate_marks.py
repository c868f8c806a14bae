"""Marks on pieces of certificates that spend nothing: a guarantee (担保), a freeze (冻结) and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ledger.facts import Freeze, Guarantee, Member, Output
from ledger.finding import Code
from ledger.records.base import Day, Distinct, Id, Payload, Positive, Reference, Role, Text, record_kind
from ledger.records.spending import MAX_OUTPUTS, inputs_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.projection import Projection

__all__ = ["CertificateFrozen", "CertificateGuaranteed", "CertificateUnfrozen"]

Marked = Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_OUTPUTS), Distinct()]

MARSHALS = (Role.SETTLEMENT, Role.ASSET_GATEWAY, Role.PLATFORM, Role.REGULATOR)
"""Who may freeze what is not its own."""


def _live(facts: Projection, outputs: tuple[str, ...]) -> Iterator[Output]:
    """Yield the outputs that can be marked; report those that were spent before."""
    for name in outputs:
        output = facts.last(Output, name)
        if output is None:
            continue
        if output.to_position is None:
            yield output
        else:
            _wrong_state(facts, f"Output {name} was spent before {facts.record.kind}", name, output.to_position)


def _wrong_state(facts: Projection, message: str, output: str, *others: int) -> None:
    facts.finding(Code.CERTIFICATE_STATUS, message, subject=f"output {output}", others=others)


@record_kind("certificate.guaranteed", by=[Role.BANK, Role.FACTOR, Role.CORE_ENTERPRISE])
class CertificateGuaranteed(Payload):
    """A guarantor stands in for outputs (担保)."""

    outputs: Marked
    guarantor: Id
    amount: Positive
    until: Day

    def references(self) -> list[Reference]:
        return [*inputs_named(self.outputs), Reference(Member, self.guarantor)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.guarantor, act=f"guarantees for {self.guarantor}")
        facts.dated("a guarantee ends after it is given", facts.record.business_day, self.until)
        for index, output in enumerate(_live(facts, self.outputs)):
            facts.add(
                Guarantee(
                    id=facts.place(index),
                    output=output.id,
                    guarantor=self.guarantor,
                    amount=self.amount,
                    until=self.until,
                )
            )


@record_kind("certificate.frozen", by=MARSHALS)
class CertificateFrozen(Payload):
    """Outputs may not move any more (冻结)."""

    outputs: Marked
    by: Id
    reason: Text

    def references(self) -> list[Reference]:
        return [*inputs_named(self.outputs), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"freezes for {self.by}")
        for output in _live(facts, self.outputs):
            if held := facts.current(Freeze, output.id):
                message = f"Output {output.id} is frozen by {held.frozen_by} already and stays so"
                _wrong_state(facts, message, output.id, held.from_position)
            else:
                facts.add(Freeze(id=output.id, frozen_by=self.by, reason=self.reason))


@record_kind("certificate.unfrozen", by=MARSHALS)
class CertificateUnfrozen(Payload):
    """Outputs may move again (解冻): who froze them says so, or a regulator."""

    outputs: Marked
    by: Id

    def references(self) -> list[Reference]:
        return [*inputs_named(self.outputs), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"unfreezes for {self.by}")
        regulator = facts.sender is not None and Role.REGULATOR in facts.sender.roles
        for name in self.outputs:
            held = facts.current(Freeze, name)
            if held is None:
                _wrong_state(facts, f"Output {name} is not frozen", name)
                continue
            if self.by != held.frozen_by and not regulator:
                message = f"{self.by} unfreezes output {name}, which {held.frozen_by} froze"
                _wrong_state(facts, message, name, held.from_position)
            facts.end(held)

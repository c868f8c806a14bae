"""The lineage of one asset with the proof of every record in it, recomputed from the stored bytes when it is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from ledger.errors import LedgerError
from ledger.position import Position
from ledger.proofs import Proof, Prover
from ledger.store import AsOf, Store
from ledger.verdict import Verdict
from regulator.lookthrough import Lineage, lineage
from regulator.steps import ISSUED, AssetTrail, Evidence, InvoiceStep, Movement, OutputStep, ReceivableStep

__all__ = ["ProvedTrail", "TrailStep", "proof_of", "proved_trail", "steps_of"]

TRANCHE = "tranche"  # a part of the record that established the plan, shown as a step of its own
RECORD_DIFFERS = "record-differs"  # the stored record is not what its block holds
FACT_DIFFERS = "fact-differs"  # the fact shown is not what the proved record states

_AMOUNT_FIELDS = {
    "receivable.registered": "amount",
    "invoice.registered": "amount_including_tax",
    "invoice.verified": "tax_authority_amount",
}
_WITH_OUTPUTS = frozenset(f"certificate.{what}" for what in ("transfer_proposed", "signed_in", "split", "financed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailStep:
    """One record in a lineage: its kind, what it is about, who took part, its amount (fen), its place and its proof.

    ``parties`` are names in the order value or goods moved; ``fields`` are (name, value) pairs whose names the texts
    know. ``position`` is ``height:transaction:log``, ``signer`` the name of the member that signed it; ``reason`` says
    why a proof failed. ``sound`` is False where the record, though on the ledger, does not conserve value.
    """

    kind: str
    subject: str
    parties: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    amount: int | None = None
    on: date | None = None
    height: int
    position: str
    signer: str
    proof: Verdict = Verdict.INDETERMINATE
    reason: str = ""
    sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedTrail:
    """Every step beneath one asset of a plan, from the plan down to the payments, each with its proof."""

    plan: str
    asset: str
    steps: tuple[TrailStep, ...]

    @property
    def records(self) -> int:
        """How many different records the steps stand on."""
        return len({step.position for step in self.steps})

    @property
    def unproved(self) -> int:
        """How many of them could not be proved."""
        return len({step.position for step in self.steps if step.proof is not Verdict.PASSED})


def proved_trail(store: Store, facts: AsOf, plan: str, asset: str) -> ProvedTrail:
    """The asset's steps as of the reading's height, each record proved while this runs.

    Raises UnknownPlan and UnknownAsset.
    """
    seen = lineage(facts, plan, asset)
    prover = Prover(store)  # a new one every time: what it parsed for an earlier question is not what is stored now
    proofs: dict[str, Proof | str] = {}
    steps = []
    for step in steps_of(seen):
        if step.position not in proofs:
            proofs[step.position] = proof_of(store, prover, step.position)
        named = replace(step, signer=seen.names.get(step.signer, step.signer))
        steps.append(_judged(named, proofs[step.position]))
    return ProvedTrail(plan=plan, asset=asset, steps=tuple(steps))


def proof_of(store: Store, prover: Prover, position: str) -> Proof | str:
    """The record's proof, made now from the stored bytes; the code of the error where there is none.

    The record as stored must say what the proof says: the bytes may be sound and the row beside them edited.
    """
    place = Position.parse(position)
    if place is None:
        return "position"
    try:
        proof, record = prover.prove(place), store.record(place)
    except LedgerError as failure:
        return failure.code
    if (record.kind, record.payload) != (proof.kind, proof.payload.encode()):
        return RECORD_DIFFERS
    return proof


def _judged(step: TrailStep, proof: Proof | str) -> TrailStep:
    """The step with its verdict: PASSED only where what is shown is also what the proved record states."""
    if isinstance(proof, str):
        return replace(step, proof=Verdict.FAILED, reason=proof)
    stated = _stated_amount(proof, step)
    if stated is not None and stated != step.amount:
        return replace(step, proof=Verdict.FAILED, reason=FACT_DIFFERS)
    return replace(step, proof=Verdict.PASSED)


def _stated_amount(proof: Proof, step: TrailStep) -> int | None:
    """The amount the proved record itself states for this step, fen; None where it states none of its own."""
    payload = json.loads(proof.payload)
    if step.kind in _AMOUNT_FIELDS:
        return int(payload[_AMOUNT_FIELDS[step.kind]])
    if step.kind in _WITH_OUTPUTS:
        return sum(int(output["amount"]) for output in payload["outputs"])
    if step.kind == TRANCHE:
        return next((int(one["principal"]) for one in payload["tranches"] if one["name"] == step.subject), None)
    return None


def steps_of(seen: Lineage) -> Iterator[TrailStep]:
    """Plan, tranches, assignment, receivable, certificate, invoices, payments: from security to cash, unproved."""
    trail = seen.asset
    if trail is None:
        return
    names = seen.names
    plan = seen.plan
    yield _step(
        plan.established,
        plan.name,
        parties=_named(names, plan.manager, plan.custodian),
        fields=(("closing", plan.closing.isoformat()),),
    )
    for tranche in seen.tranches:
        yield _step(
            tranche.established,
            tranche.name,
            kind=TRANCHE,
            amount=tranche.principal,
            fields=(
                *((("rate", f"{tranche.rate * 100:.2f}%"),) if tranche.rate else ()),
                ("due", tranche.maturity.isoformat()),
            ),
        )
    for assignment in trail.assignments:
        yield _step(
            assignment.assigned,
            trail.asset,
            parties=(*_named(names, assignment.assignor), plan.name),
            on=assignment.assigned_on,
            fields=(("outputs", str(len(assignment.outputs))),) if assignment.outputs else (),
        )
    yield from _receivable_steps(trail.receivable, names)
    yield from _certificate_steps(trail, names)
    for invoice in trail.invoices:
        yield from _invoice_steps(invoice, names)
    yield from _cash_steps(trail, names)


def _receivable_steps(receivable: ReceivableStep, names: Mapping[str, str]) -> Iterator[TrailStep]:
    yield _step(
        receivable.registered,
        receivable.receivable,
        parties=_named(names, receivable.debtor, receivable.creditor),
        amount=receivable.amount,
        fields=(("due", receivable.due.isoformat()),),
    )
    if receivable.confirmed is not None:
        told = (("method", receivable.confirmed_method), ("foreign_account", receivable.foreign_account))
        yield _step(
            receivable.confirmed,
            "",
            parties=_named(names, receivable.confirmed_by or receivable.debtor),
            fields=tuple((name, value) for name, value in told if value),
        )
    for adjustment in receivable.adjustments:
        yield _step(adjustment, "", fields=(("adjusted", str(receivable.adjusted)),) if receivable.adjusted else ())


def _certificate_steps(trail: AssetTrail, names: Mapping[str, str]) -> Iterator[TrailStep]:
    outputs = {output.output: output for output in trail.outputs}
    for movement in trail.movements:
        yield _certificate_step(movement, outputs, names, debtor=trail.receivable.debtor)


def _certificate_step(
    movement: Movement, outputs: Mapping[str, OutputStep], names: Mapping[str, str], *, debtor: str
) -> TrailStep:
    """One record that moved the certificate: from whom to whom, into how many pieces, for what price."""
    made = [outputs[one] for one in movement.outputs if one in outputs]
    spent = [outputs[one] for one in movement.inputs if one in outputs]
    owners = dict.fromkeys(owner for output in (*spent, *made) for owner in output.owners)
    if movement.record.kind == ISSUED and not spent:
        owners = dict.fromkeys((debtor, *owners))
    financed = next((output for output in made if output.price is not None), None)
    fields = [("pieces", str(len(made)))] if len(made) > 1 else []
    if financed is not None and financed.price is not None:
        fields.append(("price", str(financed.price)))
        fields += [("rate", f"{financed.rate * 100:.2f}%")] if financed.rate is not None else []
    subject = next((output.certificate for output in (*made, *spent)), "")
    step = _step(
        movement.record,
        subject,
        parties=_named(names, *owners),
        amount=movement.value_out,
        fields=tuple(fields),
    )
    return replace(step, sound=movement.conserved)


def _invoice_steps(invoice: InvoiceStep, names: Mapping[str, str]) -> Iterator[TrailStep]:
    yield _step(
        invoice.registered,
        invoice.number,
        parties=_named(names, invoice.seller, invoice.buyer),
        amount=invoice.amount_including_tax,
        fields=(("goods", invoice.goods),),
        on=invoice.issued,
    )
    if invoice.verified is not None:
        yield _step(
            invoice.verified,
            invoice.number,
            parties=_named(names, invoice.verified_by or ""),
            amount=invoice.verified_amount,
            fields=(("result", invoice.verified_result or ""),),
        )
    if invoice.status_changed is not None:
        yield _step(invoice.status_changed, invoice.number, fields=(("status", invoice.status),))


def _cash_steps(trail: AssetTrail, names: Mapping[str, str]) -> Iterator[TrailStep]:
    for payment in trail.payments:
        yield _step(
            payment.recorded,
            payment.payment,
            parties=_named(names, payment.payer, payment.payee),
            amount=payment.settled,
            fields=(("bank_reference", payment.bank_reference),) if payment.bank_reference else (),
            on=payment.paid_on,
        )
    for collection in trail.collections:
        yield _step(collection.received, collection.collection, amount=collection.amount, on=collection.collected_on)
        if collection.remitted is not None:
            yield _step(collection.remitted, collection.remittance or "")


def _step(
    evidence: Evidence,
    subject: str,
    *,
    kind: str = "",
    parties: tuple[str, ...] = (),
    fields: tuple[tuple[str, str], ...] = (),
    amount: int | None = None,
    on: date | None = None,
) -> TrailStep:
    return TrailStep(
        kind=kind or evidence.kind,
        subject=subject,
        parties=parties,
        fields=fields,
        amount=amount,
        on=on,
        height=evidence.height,
        position=evidence.position,
        signer=evidence.signer,
    )


def _named(names: Mapping[str, str], *members: str) -> tuple[str, ...]:
    return tuple(names.get(member, member) for member in members if member)

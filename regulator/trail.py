"""Everything beneath one asset of a pool, read from the facts: certificate, invoices, payments, collections.

The order of reading is that of the look-through: assignment -> receivable and confirmation -> lineage of the
certificate -> invoices -> payments -> collections. Every step carries the record that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from sqlmodel import col

from ledger.facts import (
    Collection,
    CollectionItem,
    Fact,
    Invoice,
    Output,
    Payment,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    Remittance,
    Settlement,
)
from ledger.store import AsOf
from regulator.errors import UnknownAsset
from regulator.evidence import Register
from regulator.steps import (
    ISSUED,
    REDEEMED,
    AssetTrail,
    AssignmentStep,
    CollectionStep,
    Conservation,
    Evidence,
    InvoiceStep,
    Movement,
    OutputStep,
    PaymentStep,
    ReceivableStep,
)

FactT = TypeVar("FactT", bound=Fact)


def asset_trail(facts: AsOf, plan: str, asset: str) -> AssetTrail:
    """The trail of one asset of the plan's pool; raises UnknownAsset when the pool does not hold it at this height."""
    held = facts.select(PoolAsset, col(PoolAsset.plan) == plan, col(PoolAsset.asset) == asset)
    versions = facts.history(Receivable, asset)
    if not held or not versions:
        raise UnknownAsset("unknown-asset", f"plan {plan} holds no asset {asset!r} at height {facts.height}")
    outputs = _outputs(facts, asset)
    invoices = _invoices(facts, asset)
    settlements = facts.select(Settlement, col(Settlement.receivable) == asset)
    collected = _collected(facts, plan, asset)
    register = Register(facts)
    register.expect(_positions(held, versions, outputs, settlements))
    register.expect(_positions(*invoices.values(), *collected.values()))
    in_pool = {output for one in held for output in one.outputs}
    steps = tuple(_output_step(register, one, facts.height, in_pool=one.id in in_pool) for one in outputs)
    return AssetTrail(
        asset=asset,
        assignments=tuple(
            AssignmentStep(
                assignor=one.assignor,
                assigned_on=one.assigned_on,
                outputs=tuple(one.outputs),
                assigned=register.began(one),
            )
            for one in held
        ),
        receivable=_receivable_step(register, versions),
        outputs=steps,
        movements=_movements(steps, owed=versions[-1].amount + versions[-1].adjusted),
        conservation=_conservation(steps),
        invoices=tuple(_invoice_step(register, one) for one in invoices.values()),
        payments=tuple(_payment_step(facts, register, one) for one in _by_day(settlements)),
        collections=tuple(
            _collection_step(facts, register, one, item)
            for (one, *_), item in ((collected[item.collection], item) for item in _items(facts, plan, asset))
        ),
    )


def _positions(*groups: Iterable[Fact]) -> Iterable[int]:
    for group in groups:
        for one in group:
            yield one.from_position
            if one.to_position is not None:
                yield one.to_position


def _outputs(facts: AsOf, receivable: str) -> list[Output]:
    """Every output of the receivable's certificate, spent or live, and inputs of other receivables mixed into them."""
    rows = facts.select_ended(Output, col(Output.root) == receivable)
    known = {one.id for one in rows}
    strangers = {parent for one in rows for parent in one.parents} - known
    for stranger in sorted(strangers):
        rows.extend(facts.history(Output, stranger))
    return sorted(rows, key=lambda one: (one.from_position, int(one.id.rpartition(":")[2])))


def _invoices(facts: AsOf, receivable: str) -> dict[str, list[Invoice]]:
    links = facts.select(ReceivableInvoice, col(ReceivableInvoice.receivable) == receivable)
    found = {one.invoice: facts.history(Invoice, one.invoice) for one in links}
    return {invoice: versions for invoice, versions in found.items() if versions}


def _items(facts: AsOf, plan: str, asset: str) -> list[CollectionItem]:
    rows = facts.select(CollectionItem, col(CollectionItem.asset) == asset, col(CollectionItem.plan) == plan)
    return sorted(rows, key=lambda one: (one.from_position, one.id))


def _collected(facts: AsOf, plan: str, asset: str) -> dict[str, list[Collection]]:
    wanted = dict.fromkeys(one.collection for one in _items(facts, plan, asset))
    return {collection: facts.history(Collection, collection)[-1:] for collection in wanted}


def _by_day(settlements: Sequence[Settlement]) -> list[Settlement]:
    return sorted(settlements, key=lambda one: (one.paid_on, one.from_position, one.id))


def _receivable_step(register: Register, versions: Sequence[Receivable]) -> ReceivableStep:
    first, last = versions[0], versions[-1]
    confirmed = next((one for one in versions if one.confirmed_by is not None), None)
    adjusted = [
        later
        for earlier, later in pairwise(versions)
        if (earlier.adjusted, earlier.disputed) != (later.adjusted, later.disputed)
    ]
    return ReceivableStep(
        receivable=first.id,
        creditor=first.creditor,
        debtor=first.debtor,
        amount=first.amount,
        adjusted=last.adjusted,
        paid=last.paid,
        due=first.due,
        disputed=last.disputed,
        related_party=first.related_party,
        confirmed_method=last.confirmed_method,
        registered=register.began(first),
        confirmed=None if confirmed is None else register.began(confirmed),
        adjustments=tuple(register.began(one) for one in adjusted),
    )


def _output_step(register: Register, output: Output, height: int, *, in_pool: bool) -> OutputStep:
    spent = output.to_height is not None and output.to_height <= height
    return OutputStep(
        output=output.id,
        certificate=output.certificate,
        owners=output.owners,
        amount=output.amount,
        due=output.due,
        parents=tuple(output.parents),
        in_pool=in_pool,
        financier=output.financier,
        form=output.form,
        price=output.price,
        rate=output.rate,
        made=register.began(output),
        spent=register.at(output.to_position) if spent and output.to_position is not None else None,
    )


def _movements(outputs: Sequence[OutputStep], *, owed: int) -> tuple[Movement, ...]:
    """One movement for each record that made or redeemed outputs, in ledger order."""
    amounts = {one.output: one.amount for one in outputs}
    records: dict[str, Evidence] = {}
    inputs: dict[str, dict[str, None]] = {}
    made: dict[str, list[str]] = {}
    for one in outputs:
        records[one.made.position] = one.made
        made.setdefault(one.made.position, []).append(one.output)
        inputs.setdefault(one.made.position, {}).update(dict.fromkeys(one.parents))
    for one in outputs:
        if one.spent is not None:
            records[one.spent.position] = one.spent
            inputs.setdefault(one.spent.position, {})[one.output] = None
    ordered = sorted(records.values(), key=lambda one: tuple(map(int, one.position.split(":"))))
    return tuple(
        _movement(record, tuple(inputs.get(record.position, ())), tuple(made.get(record.position, ())), amounts, owed)
        for record in ordered
    )


def _movement(
    record: Evidence, inputs: tuple[str, ...], made: tuple[str, ...], amounts: dict[str, int], owed: int
) -> Movement:
    value_in = sum(amounts.get(one, 0) for one in inputs)
    value_out = sum(amounts[one] for one in made)
    if record.kind == ISSUED and not inputs:
        return Movement(
            record=record,
            inputs=inputs,
            outputs=made,
            value_in=owed,
            value_out=value_out,
            conserved=value_out <= owed,
        )
    if record.kind == REDEEMED:
        value_out = value_in
    return Movement(
        record=record,
        inputs=inputs,
        outputs=made,
        value_in=value_in,
        value_out=value_out,
        conserved=value_in == value_out,
    )


def _conservation(outputs: Sequence[OutputStep]) -> Conservation:
    issued = sum(one.amount for one in outputs if one.made.kind == ISSUED)
    live = sum(one.amount for one in outputs if one.spent is None)
    redeemed = sum(one.amount for one in outputs if one.spent is not None and one.spent.kind == REDEEMED)
    return Conservation(issued=issued, live=live, redeemed=redeemed, holds=issued == live + redeemed)


def _invoice_step(register: Register, versions: Sequence[Invoice]) -> InvoiceStep:
    first, last = versions[0], versions[-1]
    verified = [one for one in versions if one.verified_at is not None and one.verified_at == last.verified_at]
    changed = [one for one in versions if one.status != first.status and one.status == last.status]
    return InvoiceStep(
        invoice=first.id,
        number=first.number,
        code=first.code,
        type=first.type,
        seller=first.seller,
        buyer=first.buyer,
        amount_including_tax=first.amount_including_tax,
        tax=first.tax,
        issued=first.issued,
        goods=first.goods,
        status=last.status,
        verified_by=last.verified_by,
        verified_result=last.verified_result,
        verified_amount=last.verified_amount,
        registered=register.began(first),
        verified=register.began(verified[0]) if verified else None,
        status_changed=register.began(changed[0]) if changed else None,
    )


def _payment_step(facts: AsOf, register: Register, settlement: Settlement) -> PaymentStep:
    payment = facts.get(Payment, settlement.payment)
    return PaymentStep(
        payment=settlement.payment,
        payer="" if payment is None else payment.payer,
        payee="" if payment is None else payment.payee,
        amount=settlement.amount if payment is None else payment.amount,
        settled=settlement.amount,
        paid_on=settlement.paid_on,
        bank_reference="" if payment is None else payment.bank_reference,
        target_kind=settlement.target_kind,
        target=settlement.target,
        recorded=register.began(settlement),
    )


def _collection_step(facts: AsOf, register: Register, collection: Collection, item: CollectionItem) -> CollectionStep:
    remittance = None if collection.remittance is None else facts.get(Remittance, collection.remittance)
    return CollectionStep(
        collection=collection.id,
        payment=item.payment,
        amount=item.amount,
        collected_on=collection.collected_on,
        received=register.began(item),
        remittance=collection.remittance,
        remitted=None if remittance is None else register.began(remittance),
    )

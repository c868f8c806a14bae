"""Everything beneath one asset of a pool, read from the facts: certificate, invoices, payments, collections.

The order of reading is that of the look-through: assignment -> receivable and confirmation -> lineage of the
certificate -> invoices -> payments -> collections. Every step carries the record that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from sqlalchemy import select
from sqlmodel import col

from ledger.confirmation import by_debtor, confirmation
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
from regulator.evidence import AT_ONCE, Register
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
    with facts.at_once() as known:
        return _trail(known, plan, asset)


def _trail(facts: AsOf, plan: str, asset: str) -> AssetTrail:
    held = facts.select(PoolAsset, col(PoolAsset.asset) == asset, col(PoolAsset.plan) == plan)
    versions = facts.history(Receivable, asset)
    if not held or not versions:
        raise UnknownAsset("unknown-asset", f"plan {plan} holds no asset {asset!r} at height {facts.height}")
    outputs = _outputs(facts, asset)
    invoices = _invoices(facts, asset)
    settlements = facts.select(Settlement, col(Settlement.receivable) == asset)
    payments = _named(facts, Payment, (one.payment for one in settlements))
    items = _items(facts, plan, asset)
    collections = _named(facts, Collection, (one.collection for one in items))
    remittances = _named(facts, Remittance, (one.remittance for one in collections.values() if one.remittance))
    register = Register(facts)
    register.expect(_positions(held, versions, outputs, settlements, items, remittances.values()))
    register.expect(_positions(*invoices.values()))
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
        payments=tuple(_payment_step(payments.get(one.payment), register, one) for one in _by_day(settlements)),
        collections=tuple(_collection_step(register, collections[one.collection], remittances, one) for one in items),
    )


def _named(facts: AsOf, table: type[FactT], ids: Iterable[str]) -> dict[str, FactT]:
    """The things of these ids that hold, by id: read together, however many."""
    wanted = sorted(set(ids))
    found: dict[str, FactT] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        found |= {one.id: one for one in facts.select(table, col(table.id).in_(some))}
    return found


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
    strangers = sorted({parent for one in rows for parent in one.parents} - known)
    for start in range(0, len(strangers), AT_ONCE):
        rows.extend(facts.select_ended(Output, col(Output.id).in_(strangers[start : start + AT_ONCE])))
    return sorted(rows, key=lambda one: (one.from_position, int(one.id.rpartition(":")[2])))


def _invoices(facts: AsOf, receivable: str) -> dict[str, list[Invoice]]:
    """Every version of each invoice, in the order in which the receivable names them."""
    links = facts.current(ReceivableInvoice), col(ReceivableInvoice.receivable) == receivable
    beneath = select(col(ReceivableInvoice.invoice)).where(*links)
    found: dict[str, list[Invoice]] = {one.invoice: [] for one in facts.select(ReceivableInvoice, links[1])}
    for version in facts.select_ended(Invoice, col(Invoice.id).in_(beneath)):
        found[version.id].append(version)
    return {invoice: versions for invoice, versions in found.items() if versions}


def _items(facts: AsOf, plan: str, asset: str) -> list[CollectionItem]:
    return facts.select(CollectionItem, col(CollectionItem.asset) == asset, col(CollectionItem.plan) == plan)


def _by_day(settlements: Sequence[Settlement]) -> list[Settlement]:
    return sorted(settlements, key=lambda one: (one.paid_on, one.from_position, one.id))


def _receivable_step(register: Register, versions: Sequence[Receivable]) -> ReceivableStep:
    first, last = versions[0], versions[-1]
    confirmed = confirmation(versions, last.from_height)
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
        confirmed_method=None if confirmed is None else confirmed.confirmed_method,
        confirmed_by=None if confirmed is None else confirmed.confirmed_by,
        foreign_account=None if confirmed is None or by_debtor(confirmed) else confirmed.confirmed_signer,
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


def _payment_step(payment: Payment | None, register: Register, settlement: Settlement) -> PaymentStep:
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


def _collection_step(
    register: Register, collection: Collection, remittances: Mapping[str, Remittance], item: CollectionItem
) -> CollectionStep:
    remittance = None if collection.remittance is None else remittances.get(collection.remittance)
    return CollectionStep(
        collection=collection.id,
        payment=item.payment,
        amount=item.amount,
        collected_on=collection.collected_on,
        received=register.began(item),
        remittance=collection.remittance,
        remitted=None if remittance is None else register.began(remittance),
    )

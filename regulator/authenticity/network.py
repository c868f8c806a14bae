"""The second step: papers against each other, across those who registered them (全网数据交叉校验)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from ledger.confirmation import by_debtor
from ledger.facts import TradeDocument
from ledger.verdict import Verdict
from regulator.authenticity.background import CUSTOMS, Paper, Trade
from regulator.authenticity.node import BEARS, rest_of
from regulator.authenticity.outcome import Check, Item, failed, open_, passed
from regulator.network.goods import FAMILIES, family_of

__all__ = ["BOTH", "GROUP", "MORE", "SERVICES", "UNITS", "is_service", "network_checks", "unit_of"]

MORE: Final = 10
"""Per cent that may be delivered or charged beyond what was agreed (溢短装), as "about" allows in UCP 600, art. 30."""
GROUP: Final = 4
"""First signs that the names of companies of one group have in common: place and brand."""
BOTH: Final = ("contract", "order", CUSTOMS)
"""Types of documents that both parties of the trade stand in; of a waybill one of them must."""
SERVICES: Final = ("服务", "运输", "货运", "物流", "仓储", "加工", "租赁", "咨询", "劳务", "费")
"""Words of what is no goods: it has no quantity in a warehouse and no waybill of its own."""
CNY: Final = "CNY"
GRAVEST: Final = (Verdict.FAILED, Verdict.INDETERMINATE, Verdict.PASSED)


class Unit(NamedTuple):
    """What a unit measures, and how much of it."""

    measures: str
    of: Decimal


UNITS: Final[dict[str, Unit]] = {
    word: Unit(measures, Decimal(of))
    for words, measures, of in (
        ("千克 公斤 kg", "mass", "1"), ("吨 公吨 t mt", "mass", "1000"), ("克 g", "mass", "0.001"),
        ("米 m", "length", "1"), ("千米 公里 km", "length", "1000"),
        ("立方米 方 m3", "volume", "1"), ("升 l", "volume", "0.001"),
        ("件 个 只 台 套 pcs", "piece", "1"),
    )
    for word in words.split()
}  # fmt: skip
"""By the way a unit is written: what it measures. Others are compared with themselves alone."""

_FAMILIES = frozenset(FAMILIES.values())


def unit_of(text: str) -> Unit:
    """Return what a unit measures."""
    name = text.strip().casefold()
    return UNITS.get(name, Unit(f"unit {name}", Decimal(1)))


def is_service(goods: str) -> bool:
    """Tell whether what is sold is a service."""
    return any(word in goods for word in SERVICES)


def network_checks(trade: Trade) -> Iterator[Check]:
    """Yield what the papers of a trade say of each other."""
    yield from _parties(trade)
    for paper in trade.papers:
        if paper.active:
            yield _document_parties(trade, paper)
            yield from _same(trade, paper)
    for order in trade.orders:
        mine = {order.buyer, order.seller} & {trade.receivable.creditor, trade.receivable.debtor}
        thing = f"order {order.id}"
        if mine:
            yield passed("document-parties", Item.CONTRACT, thing, order)
        else:
            yield failed("document-parties", Item.CONTRACT, thing, "party-foreign", order, trade.receivable)
    yield from _amounts(trade)
    yield from _goods(trade)
    yield from _quantities(trade)
    if trade.missing:
        thing = f"receivable {trade.receivable.id}"
        yield open_(
            "references", Item.CONTRACT, thing, "reference-missing", trade.receivable,
            missing=len(trade.missing), first=trade.missing[0],
        )  # fmt: skip
    elif trade.references or trade.papers:
        yield passed("references", Item.CONTRACT, f"receivable {trade.receivable.id}", trade.receivable)
    yield _confirmed(trade)
    yield from _payments(trade)


def _parties(trade: Trade) -> Iterator[Check]:
    owed = trade.receivable
    for invoice in trade.invoices:
        thing = f"invoice {invoice.id}"
        if (invoice.seller, invoice.buyer) == (owed.creditor, owed.debtor):
            yield passed("parties", Item.INVOICE, thing, invoice, owed)
        else:
            yield failed(
                "parties", Item.INVOICE, thing, "parties-differ", invoice, owed, seller_party=invoice.seller,
                buyer_party=invoice.buyer, creditor_party=owed.creditor, debtor_party=owed.debtor,
            )  # fmt: skip


def _document_parties(trade: Trade, paper: Paper) -> Check:
    """A contract is between the two parties; one of a group may sign for another, and a party may not be named."""
    document, owed = paper.document, trade.receivable
    name, bears, thing = "document-parties", BEARS[document.type], f"document {document.id}"
    ours, theirs = {owed.creditor, owed.debtor}, set(document.parties)
    lacking, others = ours - theirs, theirs - ours
    wanted = ours if document.type in BOTH else ours & theirs
    if wanted and wanted <= theirs:
        return passed(name, bears, thing, document, owed)
    if document.type in BOTH and len(theirs) > 1 and document.type != CUSTOMS:
        if all(any(_one_group(trade, one, each) for each in others) for one in lacking):
            return open_(name, bears, thing, "party-of-group", document, owed, party=min(lacking))
        return failed(name, bears, thing, "party-foreign", document, owed, party=min(lacking))
    if not ours & theirs and document.type in (*BOTH, "waybill"):
        return failed(name, bears, thing, "party-foreign", document, owed, party=min(lacking))
    return open_(name, bears, thing, "party-missing", document, owed, party=min(lacking))


def _one_group(trade: Trade, one: str, other: str) -> bool:
    names = [member.name for each in (one, other) if (member := trade.members.get(each)) is not None]
    return len(names) == 2 and len(names[0]) > GROUP and names[0][:GROUP] == names[1][:GROUP]


def _same(trade: Trade, paper: Paper) -> Iterator[Check]:
    """One file under two documents: each party may register it, and one scan may hold several papers of one trade.

    Of several others the gravest counts, and of those the first by its id, whichever of them is amended meanwhile.
    """
    document, bears = paper.document, BEARS[paper.document.type]
    thing = f"document {document.id}"
    others = trade.same.get(document.id, ())
    if not others:
        return
    other = min(others, key=lambda one: (GRAVEST.index(_shared(document, one)), one.id))
    match _shared(document, other):
        case Verdict.FAILED:
            yield failed("file", bears, thing, "file-shared", document, other, other=other.id)
        case Verdict.INDETERMINATE:
            yield open_("file", bears, thing, "file-common", document, other, other=other.id)
        case Verdict.PASSED:
            yield passed("file", bears, thing, document, other)


def _shared(one: TradeDocument, other: TradeDocument) -> Verdict:
    """Return what one file under two documents says: it may be the same paper, or another of the same parties."""
    if set(one.parties) != set(other.parties):
        return Verdict.FAILED
    if one.type != other.type:
        return Verdict.INDETERMINATE
    return Verdict.PASSED if one.number == other.number else Verdict.FAILED


def _amounts(trade: Trade) -> Iterator[Check]:
    """What is owed is within the invoices, and what was invoiced without tax within what was agreed and declared."""
    owed, thing = trade.receivable, f"receivable {trade.receivable.id}"
    if not trade.invoices:
        yield open_("amount", Item.INVOICE, thing, "no-invoice", owed)
        return
    faces = sum(rest_of(trade, one) for one in trade.invoices)
    void = all(rest_of(trade, one) == 0 for one in trade.invoices)
    if owed.claimed > faces and not void:
        yield failed(
            "amount", Item.INVOICE, thing, "above-invoices", owed, *trade.invoices,
            owed_fen=owed.claimed, invoiced_fen=faces,
        )  # fmt: skip
    else:
        yield passed("amount", Item.INVOICE, thing, owed, *trade.invoices)
    net = sum(one.amount_excluding_tax for one in trade.invoices)
    agreed: tuple[tuple[str, Item, list[tuple[str, int | None]]], ...] = (
        ("contract-amount", Item.CONTRACT, [_stated(one) for one in trade.of("contract")]),
        (
            "order-amount",
            Item.CONTRACT,
            [_stated(one) for one in trade.of("order")]
            + [(f"order {one.id}", one.amount if one.currency == CNY else None) for one in trade.orders],
        ),
        ("customs-amount", Item.CUSTOMS, [_stated(one) for one in trade.of(CUSTOMS)]),
    )
    by_thing = {f"document {one.document.id}": one.document for one in trade.papers}
    for name, bears, stated in agreed:
        amounts = [amount for _, amount in stated if amount is not None]
        if amounts and len(amounts) == len(stated):
            about, limit = stated[0][0], sum(amounts)
            facts = [by_thing[each] for each, _ in stated if each in by_thing]
            if net * 100 > limit * (100 + MORE):
                yield failed(name, bears, about, f"above-{name}", *facts, owed, net_fen=net, agreed_fen=limit)
            else:
                yield passed(name, bears, about, *facts, owed)


def _stated(paper: Paper) -> tuple[str, int | None]:
    document = paper.document
    return f"document {document.id}", document.amount if document.currency == CNY else None


def _goods(trade: Trade) -> Iterator[Check]:
    """Goods are compared by family; only families that are known contradict each other."""
    sold = {family_of(one.goods) for one in trade.invoices}
    service = any(is_service(one.goods) for one in trade.invoices)
    shown: list[tuple[str, Item, str, TradeDocument | None]] = [
        (f"document {one.document.id}", BEARS[one.document.type], one.document.goods, one.document)
        for one in trade.papers
        if one.active and one.document.goods is not None
    ]
    shown += [(f"receipt {one.id}", Item.DELIVERY, one.goods, None) for one in trade.receipts]
    shown += [(f"order {one.id}", Item.CONTRACT, one.goods, None) for one in trade.orders]
    if not shown or not sold:
        return
    families = {family_of(goods) for _, _, goods, _ in shown}
    agree, known = bool(families & sold), families | sold <= _FAMILIES
    for thing, bears, goods, document in shown:
        facts = (*trade.invoices, *(() if document is None else (document,)))
        if agree or service:
            yield passed("goods", bears, thing, *facts)
        else:
            say = failed if known and not is_service(goods) else open_
            code = "goods-differ" if say is failed else "goods-unsure"
            yield say("goods", bears, thing, code, *facts, goods=goods, invoiced=trade.invoices[0].goods)


def _quantities(trade: Trade) -> Iterator[Check]:
    """What waybills carry is within what was ordered, and what leaves a warehouse on them within its receipt."""
    ordered = _measured(trade.of("order")) or _measured(trade.of("contract"))
    carried = _measured(trade.of("waybill"))
    for measure, (quantity, documents) in carried.items():
        if measure in ordered:
            most, against = ordered[measure]
            yield _within(quantity, most, [*documents, *against])
    papers = {one.document.id: one for one in trade.of("waybill", "warehouse_receipt")}
    for receipt in trade.receipts:
        sources = {one.source for one in trade.references if one.target == receipt.id}
        kinds: defaultdict[str, list[Paper]] = defaultdict(list)
        for one in (papers[name] for name in sorted(sources) if name in papers):
            kinds[one.document.type].append(one)
        for some in kinds.values():
            found = _measured(some).get(unit_of(receipt.unit).measures)
            if found is not None:
                yield _within(found[0], receipt.quantity * unit_of(receipt.unit).of, found[1])


def _measured(papers: Iterable[Paper]) -> dict[str, tuple[Decimal, list[TradeDocument]]]:
    """Return by what is measured: how much the papers state together; nothing where one states none."""
    found: dict[str, tuple[Decimal, list[TradeDocument]]] = {}
    for paper in papers:
        document = paper.document
        if document.quantity is None or document.unit is None:
            continue
        unit = unit_of(document.unit)
        quantity, documents = found.get(unit.measures, (Decimal(0), []))
        found[unit.measures] = quantity + document.quantity * unit.of, [*documents, document]
    return found


def _within(quantity: Decimal, most: Decimal, documents: list[TradeDocument]) -> Check:
    thing = f"document {documents[0].id}"
    if quantity * 100 <= most * (100 + MORE):
        return passed("quantity", Item.DELIVERY, thing, *documents)
    stated, limit = f"{quantity.normalize():f}", f"{most.normalize():f}"
    return failed("quantity", Item.DELIVERY, thing, "quantity-above", *documents, quantity=stated, most=limit)


def _confirmed(trade: Trade) -> Check:
    """The creditor's word in place of the debtor's is a contradiction; another of its group, or a platform, may act."""
    name, bears, thing = "confirmation", Item.CONFIRMATION, f"receivable {trade.receivable.id}"
    owed = trade.confirmed
    if owed is None:
        return open_(name, bears, thing, "not-confirmed", trade.receivable)
    if by_debtor(owed):
        return passed(name, bears, thing, owed)
    by, signer = str(owed.confirmed_by), str(owed.confirmed_signer)
    if by == owed.creditor:
        return failed(name, bears, thing, "confirmed-by-creditor", owed, party=by, signer=signer)
    holder = owed.confirmed_signer_member
    if holder == owed.creditor:
        return failed(name, bears, thing, "signed-by-creditor", owed, party=by, signer=signer, signer_party=holder)
    if by != owed.debtor:
        return open_(name, bears, thing, "confirmed-by-other", owed, party=by, signer=signer)
    if holder is None:
        return open_(name, bears, thing, "signed-by-nobody", owed, party=by, signer=signer)
    return open_(name, bears, thing, "signed-by-other", owed, party=by, signer=signer, signer_party=holder)


def _payments(trade: Trade) -> Iterator[Check]:
    owed = trade.receivable
    settled: defaultdict[str, int] = defaultdict(int)
    for paid in trade.paid:
        settled[paid.settlement.payment] += paid.settlement.amount
    for payment in {one.payment.id: one.payment for one in trade.paid if one.payment is not None}.values():
        thing = f"payment {payment.id}"
        if settled[payment.id] > payment.amount:
            yield failed(
                "payment", Item.PAYMENT, thing, "payment-exceeded", payment,
                settled_fen=settled[payment.id], paid_fen=payment.amount,
            )  # fmt: skip
        elif payment.payer == owed.debtor:
            yield passed("payment", Item.PAYMENT, thing, payment)
        else:
            yield open_("payment", Item.PAYMENT, thing, "payer-other", payment, owed, party=payment.payer)

"""The second step: papers against each other, across those who registered them (全网数据交叉校验)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar

from ledger.confirmation import by_debtor
from ledger.facts import Invoice, Receipt, TradeDocument, TradeOrder
from ledger.verdict import Verdict
from regulator.authenticity.background import CUSTOMS, Paper, Trade
from regulator.authenticity.node import BEARS, left_by_invoice
from regulator.authenticity.outcome import Check, Item, failed, open_, passed
from regulator.network.goods import KNOWN, families_in

__all__ = ["BOTH", "GROUP", "MORE", "SERVICES", "UNITS", "is_service", "network_checks", "unit_of"]

T = TypeVar("T")

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
    """What is owed is within the invoices, and what was invoiced without tax within what was agreed and declared.

    Of one invoice under several ids the least cover counts, and of one paper the most that was agreed.
    """
    owed, thing = trade.receivable, f"receivable {trade.receivable.id}"
    if not trade.invoices:
        yield open_("amount", Item.INVOICE, thing, "no-invoice", owed)
        return
    bills = _grouped(trade.invoices, lambda one: (one.code, one.number, one.seller))
    left = left_by_invoice(trade)
    rests = [min(left[one.id].rest for one in bill) for bill in bills]
    if owed.claimed > sum(rests) and any(rests):
        yield failed(
            "amount", Item.INVOICE, thing, "above-invoices", owed, *trade.invoices,
            owed_fen=owed.claimed, invoiced_fen=sum(rests),
        )  # fmt: skip
    else:
        yield passed("amount", Item.INVOICE, thing, owed, *trade.invoices)
    net = sum(max(one.amount_excluding_tax for one in bill) for bill in bills)
    agreed: tuple[tuple[str, Item, list[Sequence[TradeDocument | TradeOrder]]], ...] = (
        ("contract-amount", Item.CONTRACT, [*_distinct(trade.of("contract"))]),
        ("order-amount", Item.CONTRACT, [*_distinct(trade.of("order")), *([one] for one in trade.orders)]),
        ("customs-amount", Item.CUSTOMS, [*_distinct(trade.of(CUSTOMS))]),
    )
    for name, bears, papers in agreed:
        stated = [[one.amount for one in copies if one.amount is not None and one.currency == CNY] for copies in papers]
        known = [max(amounts) for amounts in stated if amounts]
        if not known:
            continue
        about, facts, limit = _thing(papers[0][0]), [one for copies in papers for one in copies], sum(known)
        unknown = len(papers) - len(known)
        if net * 100 <= limit * (100 + MORE):
            yield passed(name, bears, about, *facts, owed)
        elif unknown:
            yield open_(
                name, bears, about, "amount-unsure", *facts, owed, net_fen=net, agreed_fen=limit, unknown=unknown
            )
        else:
            yield failed(name, bears, about, f"above-{name}", *facts, owed, net_fen=net, agreed_fen=limit)


def _grouped(things: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Return the things of one key together, in the order of their first."""
    found: defaultdict[Hashable, list[T]] = defaultdict(list)
    for one in things:
        found[key(one)].append(one)
    return list(found.values())


def _distinct(papers: Iterable[Paper]) -> list[list[TradeDocument]]:
    """Return each paper once, with all documents that it was registered as: each party may register it."""
    documents = [one.document for one in papers]
    return _grouped(documents, lambda one: (one.type, one.number, frozenset(one.parties)))


def _thing(fact: TradeDocument | TradeOrder | Receipt) -> str:
    kind = "order" if isinstance(fact, TradeOrder) else "receipt" if isinstance(fact, Receipt) else "document"
    return f"{kind} {fact.id}"


def _goods(trade: Trade) -> Iterator[Check]:
    """What each paper shows is, by itself, among what was invoiced.

    A delivery that the invoices do not refer to may be another's under the same order, where there is one of theirs.
    """
    if not trade.invoices:
        return
    shown: list[tuple[Item, str, TradeDocument | Receipt | TradeOrder]] = [
        (BEARS[one.document.type], one.document.goods, one.document)
        for one in trade.papers
        if one.active and one.document.goods is not None
    ]
    shown += [(Item.DELIVERY, one.goods, one) for one in trade.receipts]
    shown += [(Item.CONTRACT, one.goods, one) for one in trade.orders]
    verdicts = [_among(goods, trade.invoices) for _, goods, _ in shown]
    agreeing = {bears for (bears, _, _), one in zip(shown, verdicts, strict=True) if one is Verdict.PASSED}
    own = _own(trade)
    for (bears, goods, fact), verdict in zip(shown, verdicts, strict=True):
        thing, facts = _thing(fact), (*trade.invoices, fact)
        if verdict is Verdict.PASSED or (verdict is Verdict.INDETERMINATE and agreeing):
            yield passed("goods", bears, thing, *facts)
            continue
        certain = verdict is Verdict.FAILED and (fact.id in own or bears not in agreeing)
        say, code = (failed, "goods-differ") if certain else (open_, "goods-unsure")
        yield say("goods", bears, thing, code, *facts, goods=goods, invoiced=trade.invoices[0].goods)


def _among(goods: str, invoices: Sequence[Invoice]) -> Verdict:
    """Tell by their families whether goods are among those invoiced; a service alone may carry anything."""
    named, sold = families_in(goods), [families_in(one.goods) for one in invoices]
    services = [is_service(one.goods) for one in invoices]
    if all(services) or any(not named.isdisjoint(each) for each in sold):
        return Verdict.PASSED
    known = all(service or each <= KNOWN for each, service in zip(sold, services, strict=True))
    return Verdict.FAILED if known and named <= KNOWN and not is_service(goods) else Verdict.INDETERMINATE


def _own(trade: Trade) -> set[str | None]:
    """Return what refers to an invoice, and what the invoices and the receivable refer to, down to the last."""
    invoices = {one.id for one in trade.invoices}
    found: set[str | None] = {one.source for one in trade.references if one.target in invoices}
    fresh: set[str | None] = {*invoices, trade.receivable.contract}
    while fresh:
        found |= fresh
        fresh = {one.target for one in trade.references if one.source in fresh and one.target not in found}
    return found


class Total(NamedTuple):
    """What papers state together of one measure; ``unknown``: how many of them do not state it."""

    quantity: Decimal
    unknown: int
    facts: list[TradeDocument | Receipt]


def _quantities(trade: Trade) -> Iterator[Check]:
    """What waybills carry is within what was ordered, and what leaves warehouses on papers within their receipts."""
    waybills = _distinct(trade.of("waybill"))
    for measure in _measures(waybills):
        ordered = [_total(_distinct(trade.of(type_)), measure) for type_ in ("order", "contract")]
        stated = [one for one in ordered if one.facts]
        if stated:  # orders before contracts, but first what all of them state
            yield _within(measure, _total(waybills, measure), min(stated, key=lambda one: one.unknown > 0))
    receipts = {one.id: one for one in trade.receipts}
    named: defaultdict[str, set[str]] = defaultdict(set)
    for one in trade.references:
        if one.target in receipts:
            named[one.source].add(one.target)
    for type_ in ("waybill", "warehouse_receipt"):
        drawn = [
            (paper, store)
            for paper in _distinct(trade.of(type_))
            if (store := frozenset(name for one in paper for name in named[one.id]))
        ]
        # What draws on some receipts alone is within these; and all of it within all of them.
        stores = {store for _, store in drawn}
        for store in sorted({*stores, frozenset[str]().union(*stores)}, key=sorted):
            out = [paper for paper, of in drawn if of <= store]
            for measure in _measures(out):
                kept = _total([[receipts[name]] for name in sorted(store)], measure)
                if kept.facts:
                    yield _within(measure, _total(out, measure), kept)


def _measures(papers: Iterable[Sequence[TradeDocument]]) -> list[str]:
    """Return what is measured in the papers."""
    units = [one.unit for paper in papers for one in paper if one.quantity is not None and one.unit is not None]
    return sorted({unit_of(unit).measures for unit in units})


def _total(papers: Iterable[Sequence[TradeDocument | Receipt]], measure: str) -> Total:
    """Return how much the papers state; each counts once, with the most that any copy of it states."""
    quantity, unknown, facts = Decimal(0), 0, list[TradeDocument | Receipt]()
    for paper in papers:
        stated = [
            (one.quantity * unit_of(one.unit).of, one)
            for one in paper
            if one.quantity is not None and one.unit is not None and unit_of(one.unit).measures == measure
        ]
        quantity += max((most for most, _ in stated), default=Decimal(0))
        unknown += not stated
        facts += [one for _, one in stated]
    return Total(quantity, unknown, facts)


def _within(measure: str, carried: Total, most: Total) -> Check:
    thing, facts = _thing(carried.facts[0]), (*carried.facts, *most.facts)
    if carried.quantity * 100 <= most.quantity * (100 + MORE):
        return passed("quantity", Item.DELIVERY, thing, *facts)
    unit = next(
        (name for name, one in UNITS.items() if one == Unit(measure, Decimal(1))), measure.removeprefix("unit ")
    )
    figures = {"quantity": f"{carried.quantity.normalize():f}", "most": f"{most.quantity.normalize():f}", "unit": unit}
    if most.unknown:
        return open_("quantity", Item.DELIVERY, thing, "quantity-unsure", *facts, **figures, unknown=most.unknown)
    return failed("quantity", Item.DELIVERY, thing, "quantity-above", *facts, **figures)


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

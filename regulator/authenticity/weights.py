"""What evidence is worth, and what a contradiction costs: data with reasons.

Evidence that the two parties make themselves is worth less than what somebody makes who has nothing to gain: the tax
authority, the debtor who will have to pay, the bank, the warehouse. Points of a kind of trade add up to 100.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from regulator.authenticity.order import EDGES
from regulator.authenticity.outcome import Item, Step

__all__ = ["CHECKS", "EXPECTED", "FLOWS", "REASONS", "Flow", "Rule", "Trading"]


class Trading(StrEnum):
    """Kinds of trade (贸易类型), by which it is told what there should be."""

    GOODS = "goods"
    SERVICES = "services"
    CROSS_BORDER = "cross_border"
    PACKAGED = "packaged"


class Flow(StrEnum):
    """The four flows (四流): 商流, 物流, 资金流, 信息流."""

    TRADE = "trade"
    GOODS = "goods"
    MONEY = "money"
    INFORMATION = "information"


EXPECTED: Final[dict[Trading, dict[Item, int]]] = {
    Trading.GOODS: {
        Item.INVOICE: 10, Item.CONTRACT: 20, Item.DELIVERY: 10, Item.KEEPER: 5, Item.TAX: 20, Item.CONFIRMATION: 20,
        Item.PAYMENT: 15,
    },
    Trading.SERVICES: {
        Item.INVOICE: 10, Item.CONTRACT: 20, Item.DELIVERY: 10, Item.TAX: 20, Item.CONFIRMATION: 25, Item.PAYMENT: 15,
    },
    Trading.CROSS_BORDER: {
        Item.INVOICE: 10, Item.CONTRACT: 15, Item.CUSTOMS: 20, Item.DELIVERY: 5, Item.KEEPER: 5, Item.TAX: 10,
        Item.CONFIRMATION: 20, Item.PAYMENT: 15,
    },
    Trading.PACKAGED: {
        Item.INVOICE: 10, Item.CONTRACT: 15, Item.PACKAGE: 15, Item.TAX: 25, Item.CONFIRMATION: 15, Item.PAYMENT: 20,
    },
}  # fmt: skip
"""By kind of trade: what evidence is expected, and its points."""

REASONS: Final[dict[Item, tuple[str, str]]] = {
    Item.INVOICE: (
        "发票是卖方自己开的，只说明有人开票", "the seller writes it; it shows no more than that somebody invoiced"),
    Item.CONTRACT: ("双方约定在先，伪造需两方配合", "both sides agreed before; to forge it takes two"),
    Item.CUSTOMS: ("海关放行，独立于双方", "the customs let the goods pass; they belong to neither side"),
    Item.DELIVERY: ("货物或服务确已交付", "the goods or the service were delivered"),
    Item.KEEPER: (
        "单据由仓库、平台或数据采集方登记，而非卖方", "a warehouse, platform or collector registered it, no seller"),
    Item.PACKAGE: ("小额发票一次打包登记，不可重复打包", "small invoices are registered once, as one package"),
    Item.TAX: ("税务机关认可该发票", "the tax authority knows the invoice"),
    Item.CONFIRMATION: ("付款义务人自认债务，于己不利", "the debtor says itself that it owes, against its interest"),
    Item.PAYMENT: ("银行记录的真实资金", "money that a bank saw move; expected once the receivable is due"),
}  # fmt: skip
"""Why evidence is worth its points (Chinese, English)."""

FLOWS: Final[dict[Flow, tuple[Item, ...]]] = {
    Flow.TRADE: (Item.CONTRACT,),
    Flow.GOODS: (Item.DELIVERY, Item.CUSTOMS),
    Flow.MONEY: (Item.PAYMENT,),
    Flow.INFORMATION: (Item.TAX, Item.CONFIRMATION, Item.PACKAGE),
}
"""By flow: the evidence of it; any of it will do."""


class Rule(NamedTuple):
    """A check: its step, what its failure takes off the score, and why (Chinese, English)."""

    step: Step
    penalty: int
    why: tuple[str, str]


_GRAVE = 40
_SERIOUS = 25
_SLIGHT = 15

CHECKS: Final[dict[str, Rule]] = {
    "invoice-sum": Rule(Step.NODE, _SERIOUS, ("价、税、合计由开票系统算出", "the invoicing system adds it up")),
    "invoice-tax": Rule(Step.NODE, _SERIOUS, ("从无高于17%的增值税率", "no rate was ever above 17 per cent")),
    "invoice-number": Rule(Step.NODE, _GRAVE, ("票号由税务机关赋予", "the tax authority gives the number")),
    "invoice-verified": Rule(Step.NODE, _GRAVE, ("税务机关另有说法", "the tax authority says otherwise")),
    "invoice-status": Rule(Step.NODE, _GRAVE, ("债权所依发票已失效", "what the claim rests on is void")),
    "party-code": Rule(Step.NODE, _SLIGHT, ("信用代码校验位可查", "a credit code proves itself by its check sign")),
    "document-file": Rule(Step.NODE, 0, ("无附件只是证据不足", "no file is a lack of evidence, no contradiction")),
    "document-status": Rule(Step.NODE, _SERIOUS, ("债权所依单据已作废", "a paper it rests on was cancelled")),
    "document-quantity": Rule(Step.NODE, _SLIGHT, ("数量为零的单据", "a paper for nothing")),
    "receivable-paid": Rule(Step.NODE, _SLIGHT, ("已付超过应付", "more was paid than was owed")),
    "parties": Rule(Step.NETWORK, _GRAVE, ("发票属于别人", "the invoice is between others")),
    "document-parties": Rule(Step.NETWORK, _SERIOUS, ("单据属于别的交易", "the paper is of another trade")),
    "file": Rule(Step.NETWORK, _GRAVE, ("一份文件作多份单据", "one file stands for several papers")),
    "amount": Rule(Step.NETWORK, _GRAVE, ("债权大于发票", "more is claimed than was invoiced")),
    "contract-amount": Rule(Step.NETWORK, _SERIOUS, ("开票超过合同", "more is invoiced than agreed")),
    "order-amount": Rule(Step.NETWORK, _SERIOUS, ("开票超过订单", "more is invoiced than ordered")),
    "customs-amount": Rule(Step.NETWORK, _GRAVE, ("开票超过报关", "more is invoiced than declared")),
    "goods": Rule(Step.NETWORK, _GRAVE, ("单据与发票货物不同", "papers and invoice name different goods")),
    "quantity": Rule(Step.NETWORK, _SERIOUS, ("运出多于订购或库存", "more was carried than ordered or stored")),
    "references": Rule(Step.NETWORK, 0, ("可能随后补登", "it may yet be registered")),
    "confirmation": Rule(Step.NETWORK, _GRAVE, ("债权人自己确权", "the creditor confirmed its own claim")),
    "payment": Rule(Step.NETWORK, _SERIOUS, ("结清多于付款", "more was settled than was paid")),
    **{edge.name: Rule(Step.ORDER, _SERIOUS, edge.why) for edge in EDGES},
}
"""By check. What the tax authority, the debtor, customs or a second owner of the paper contradicts costs most."""

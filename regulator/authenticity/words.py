"""What cross-checks say to a person, in Chinese and English: names, and a sentence for each code over its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from ledger.verdict import Verdict
from regulator.authenticity.outcome import Check, Item, Step
from regulator.authenticity.weights import Flow, Trading
from regulator.wording_authenticity import NAMES

__all__ = [
    "ABSENT",
    "CODES",
    "FLOWS",
    "ITEMS",
    "NAMES",
    "PLACES",
    "STEPS",
    "TABLE",
    "TRADINGS",
    "VERDICTS",
    "Language",
    "say",
    "thing_of",
]

Language = Literal["zh", "en"]
Pair = tuple[str, str]

STEPS: Final[dict[Step, Pair]] = {
    Step.NODE: ("节点自身", "in itself"),
    Step.NETWORK: ("全网交叉", "against each other"),
    Step.ORDER: ("时间次序", "in time"),
}
ITEMS: Final[dict[Item, Pair]] = {
    Item.INVOICE: ("发票", "invoice"),
    Item.CONTRACT: ("合同或订单", "contract or order"),
    Item.CUSTOMS: ("报关单", "customs declaration"),
    Item.DELIVERY: ("运单、仓单或验收单", "waybill, receipt or acceptance note"),
    Item.KEEPER: ("第三方登记的交付单据", "delivery paper of a third party"),
    Item.PACKAGE: ("发票打包登记", "package of invoices"),
    Item.TAX: ("税务验真", "tax verification"),
    Item.CONFIRMATION: ("债务人确权", "confirmation by the debtor"),
    Item.PAYMENT: ("银行付款", "payment through a bank"),
}
TRADINGS: Final[dict[Trading, Pair]] = {
    Trading.GOODS: ("货物", "goods"),
    Trading.SERVICES: ("服务", "services"),
    Trading.CROSS_BORDER: ("跨境", "cross-border"),
    Trading.PACKAGED: ("小额打包", "packaged"),
}
FLOWS: Final[dict[Flow, Pair]] = {
    Flow.TRADE: ("商流", "trade"),
    Flow.GOODS: ("物流", "goods"),
    Flow.MONEY: ("资金流", "money"),
    Flow.INFORMATION: ("信息流", "information"),
}
VERDICTS: Final[dict[Verdict, Pair]] = {
    Verdict.PASSED: ("相符", "passed"),
    Verdict.FAILED: ("矛盾", "FAILED"),
    Verdict.INDETERMINATE: ("无法判断", "cannot tell"),
}
ABSENT: Final[Pair] = ("缺少", "missing")
"""What is said of evidence that is not there."""
THINGS: Final[dict[str, str]] = {
    "document": "单据", "invoice": "发票", "member": "成员", "order": "订单", "payment": "付款", "receipt": "仓单",
    "receivable": "应收账款",
}  # fmt: skip
"""Kinds of things in Chinese; in English they are their own names."""
PLACES: Final[dict[str, Pair]] = {
    "contract": ("合同", "contract"), "order": ("订单", "order"), "delivery": ("运单", "waybill"),
    "customs": ("报关单", "customs declaration"), "invoice": ("发票", "invoice"), "payment": ("付款", "payment"),
    "registered": ("债权登记", "registration"), "confirmed": ("确权", "confirmation"), "due": ("到期日", "due date"),
}  # fmt: skip
"""What stands in the order in time."""

CODES: Final[dict[str, Pair]] = {
    "sum-differs": (
        "价税合计载明{stated_fen}元，而不含税金额与税额之和为{sum_fen}元",
        "the total is stated as {stated_fen} yuan, and amount and tax make {sum_fen} yuan",
    ),
    "tax-impossible": (
        "税额{tax_fen}元对不含税金额{net_fen}元不可能成立", "a tax of {tax_fen} yuan on {net_fen} yuan cannot be"),
    "number-not-digital": ("数电票号码{number}不是20位数字", "the 数电 number {number} has not 20 digits"),
    "number-impossible": (
        "号码{number}的年份或省份与开票日{issued}不符", "year or province of {number} cannot be, issued {issued}"),
    "not-verified": ("未经税务验真", "it was never verified"),
    "tax-authority-unknown": ("税务机关查无此票", "the tax authority does not know it"),
    "tax-authority-differs": (
        "票面{stated_fen}元，税务机关记录为{known_fen}元",
        "it states {stated_fen} yuan, the tax authority knows {known_fen} yuan"),
    "stands-for-several": (
        "与税务记录不符，但汇总了{invoices}张发票", "not as verified, but it stands for {invoices} invoices"),
    "verified-by-party": (
        "由交易一方{verifier_party}自行验真", "verified by a party of the trade, {verifier_party}"),
    "invoice-abnormal": ("自{on}起状态异常", "abnormal since {on}"),
    "part-red": ("部分红冲，剩余{rest_fen}元", "red-flushed in part, {rest_fen} yuan are left"),
    "reissued": ("已红冲并重开，余{rest_fen}元", "red-flushed and issued anew, {rest_fen} yuan stand"),
    "voided": ("已于{on}作废", "voided on {on}"),
    "red_flushed": ("已于{on}红冲", "red-flushed on {on}"),
    "all-red": (
        "自{on}起已被红字发票冲尽，状态却未更新",
        "red ones left nothing of it on {on}, and its status does not say so"),
    "party-unknown": ("{party}不是已登记成员", "{party} is no member"),
    "code-wrong": (
        "{party}的统一社会信用代码{uscc}校验不符", "the credit code {uscc} of {party} fails its check sign"),
    "file-missing": ("没有登记文件摘要", "no file was registered for it"),
    "quantity-none": ("载明数量为零", "it states a quantity of nothing"),
    "unit-missing": ("载明数量{quantity}而无单位", "it states a quantity of {quantity} and no unit"),
    "document-cancelled": ("已于{on}作废，且无替代单据", "cancelled on {on}, and nothing took its place"),
    "overpaid": ("已付{paid_fen}元，应付{face_fen}元", "{paid_fen} yuan were paid, {face_fen} yuan were owed"),
    "parties-differ": (
        "发票由{seller_party}开给{buyer_party}，债权属{creditor_party}对{debtor_party}",
        "the invoice is from {seller_party} to {buyer_party}, the claim of {creditor_party} on {debtor_party}"),
    "party-foreign": ("单据当事人中没有交易方", "a party of the trade is not in it, others are"),
    "party-of-group": ("{party}未列名，由同一集团成员签署", "{party} is not named; one of its group signed"),
    "party-missing": ("单据未列明{party}", "it does not name {party}"),
    "file-shared": ("与单据{other}使用同一份文件或号码", "its file or number is that of document {other} too"),
    "file-common": ("与单据{other}同在一份文件中", "it is in one file with document {other}"),
    "no-invoice": ("没有发票", "there is no invoice"),
    "above-invoices": (
        "债权{owed_fen}元大于发票合计{invoiced_fen}元",
        "{owed_fen} yuan are claimed, {invoiced_fen} yuan were invoiced"),
    "above-contract-amount": (
        "不含税开票{net_fen}元超过合同{agreed_fen}元",
        "{net_fen} yuan without tax were invoiced, the contract is for {agreed_fen} yuan"),
    "above-order-amount": (
        "不含税开票{net_fen}元超过订单{agreed_fen}元",
        "{net_fen} yuan without tax were invoiced, {agreed_fen} yuan were ordered"),
    "above-customs-amount": (
        "不含税开票{net_fen}元超过报关{agreed_fen}元",
        "{net_fen} yuan without tax were invoiced, {agreed_fen} yuan were declared"),
    "amount-unsure": (
        "不含税开票{net_fen}元超过已载明的{agreed_fen}元，另有{unknown}份未载明人民币金额",
        "{net_fen} yuan without tax were invoiced, {agreed_fen} yuan are stated, and {unknown} more state none in CNY"),
    "goods-differ": ("载明{goods}，发票为{invoiced}", "it names {goods}, the invoice {invoiced}"),
    "goods-unsure": (
        "载明{goods}，发票为{invoiced}，无法判断是否一致", "it names {goods}, the invoice {invoiced}: who can tell"),
    "quantity-above": (
        "运出{quantity}{unit}，多于订购或库存的{most}{unit}",
        "{quantity} {unit} were carried, {most} {unit} were ordered or stored"),
    "quantity-unsure": (
        "运出{quantity}{unit}，多于已载明的{most}{unit}，另有{unknown}份未载明同类计量的数量",
        "{quantity} {unit} were carried, {most} {unit} are stated, and {unknown} more state none that compares"),
    "reference-missing": (
        "引用的{missing}份单据尚未登记，首份为{first}", "{missing} papers referred to are not known, first {first}"),
    "not-confirmed": ("债务人未确权", "the debtor has not confirmed it"),
    "confirmed-by-creditor": (
        "由债权人{party}自行确权，签名账户{signer}", "confirmed by its creditor, {party}, signed by {signer}"),
    "confirmed-by-other": (
        "由{party}确权，而非债务人，签名账户{signer}", "confirmed by {party}, not by the debtor, signed by {signer}"),
    "signed-by-creditor": (
        "以{party}名义确权，签名账户{signer}却属于债权人{signer_party}",
        "confirmed in the name of {party}, signed with the account {signer} of the creditor, {signer_party}"),
    "signed-by-other": (
        "以债务人{party}名义确权，签名账户{signer}却属于{signer_party}",
        "confirmed in the name of the debtor, {party}, signed with the account {signer} of {signer_party}"),
    "signed-by-nobody": (
        "以债务人{party}名义确权，而账户{signer}的签名不代表任何成员",
        "confirmed in the name of the debtor, {party}, and the signature of {signer} is no member's word for it"),
    "payment-exceeded": (
        "一笔付款{paid_fen}元结清了{settled_fen}元", "a payment of {paid_fen} yuan settles {settled_fen} yuan"),
    "payer-other": ("由{party}支付，而非债务人", "paid by {party}, not by the debtor"),
    "out-of-order": (
        "{earlier}（{earlier_on}）晚于{later}（{later_on}）{days}天，容许{allowed}天",
        "{earlier} ({earlier_on}) came {days} days after {later} ({later_on}); {allowed} are allowed"),
}  # fmt: skip
"""By code: why a check did not pass. Subject is the check's thing."""

TABLE: Final[dict[str, Pair]] = {
    "title": ("贸易背景表", "Trade background"),
    "asset": ("应收账款", "Receivable"),
    "kind": ("贸易类型", "Kind of trade"),
    "creditor": ("债权人", "Creditor"),
    "debtor": ("债务人", "Debtor"),
    "amount": ("债权金额（元）", "Claim (CNY)"),
    "due": ("到期日", "Due"),
    "contracts": ("合同号（商流）", "Contracts"),
    "contract_amount": ("合同金额（元）", "Contract (CNY)"),
    "orders": ("订单号（商流）", "Orders"),
    "order_amount": ("订单金额（元）", "Orders (CNY)"),
    "customs": ("报关单号", "Customs declarations"),
    "waybills": ("运单号（物流）", "Waybills"),
    "carried": ("运输数量", "Carried"),
    "receipts": ("仓单（物流）", "Warehouse receipts"),
    "invoices": ("发票号码（信息流）", "Invoices"),
    "invoiced": ("发票金额（元）", "Invoiced (CNY)"),
    "verified": ("已验真张数", "Invoices verified"),
    "confirmed": ("确权日", "Confirmed"),
    "accepted": ("承兑、验收等单据", "Acceptances and others"),
    "payments": ("付款（资金流）", "Payments"),
    "paid": ("已付金额（元）", "Paid (CNY)"),
    "flows": ("四流", "Flows"),
    "score": ("评分", "Score"),
    "contradictions": ("矛盾", "Contradictions"),
    "missing": ("缺少", "Missing"),
}
"""Headings of the table, in the order of its columns; ``title`` is its name."""


def say(check: Check, language: Language, names: Mapping[str, str]) -> str:
    """Return why a check did not pass, in a sentence; ``names``: members by id. Empty for one that passed."""
    if not check.code:
        return ""
    at = 0 if language == "zh" else 1
    told = {name: _told(name, value, at, names) for name, value in check.details}
    return CODES[check.code][at].format(**told)


def thing_of(check: Check, language: Language, names: Mapping[str, str]) -> str:
    """Return what a check is about, members by name."""
    kind, name = check.thing.split(" ", 1)
    name = names.get(name, name) if kind == "member" else name
    return f"{THINGS[kind]} {name}" if language == "zh" else f"{kind} {name}"


def _told(name: str, value: int | str, at: int, names: Mapping[str, str]) -> str:
    if isinstance(value, int):
        sign, fen = "-" if value < 0 else "", abs(value)
        return f"{sign}{fen // 100:,}.{fen % 100:02d}" if name.endswith("_fen") else f"{value:,}"
    if name == "party" or name.endswith("_party"):
        return names.get(value, value)
    if name in ("earlier", "later"):
        return PLACES[value][at]
    return value

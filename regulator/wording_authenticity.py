"""What findings of authenticity say, in the form of ``regulator.wording``; and the names of its checks."""

from __future__ import annotations

from typing import Final

__all__ = ["NAMES", "SENTENCES", "TERMS", "TERMS_EN"]

NAMES: Final[dict[str, tuple[str, str]]] = {
    "invoice-sum": ("价税合计", "sum with tax"),
    "invoice-tax": ("税额", "tax"),
    "invoice-number": ("发票号码", "invoice number"),
    "invoice-verified": ("发票验真", "verification"),
    "invoice-status": ("发票状态", "invoice status"),
    "party-code": ("统一社会信用代码", "credit code"),
    "document-file": ("单据附件", "file"),
    "document-status": ("单据状态", "document status"),
    "document-quantity": ("单据数量", "quantity stated"),
    "receivable-paid": ("已付金额", "amount paid"),
    "parties": ("债权与发票的双方", "parties of claim and invoice"),
    "document-parties": ("单据的双方", "parties of the paper"),
    "file": ("文件唯一", "one file, one paper"),
    "amount": ("债权与发票金额", "claim within its invoices"),
    "contract-amount": ("合同金额", "within the contract"),
    "order-amount": ("订单金额", "within the order"),
    "customs-amount": ("报关金额", "within the declaration"),
    "goods": ("货物一致", "same goods"),
    "quantity": ("数量一致", "quantity"),
    "references": ("单据引用", "references"),
    "confirmation": ("确权", "confirmation"),
    "payment": ("付款", "payment"),
    "contract-then-order": ("先合同后订单", "contract, then order"),
    "contract-then-delivery": ("先合同后交付", "contract, then delivery"),
    "contract-then-invoice": ("先合同后发票", "contract, then invoice"),
    "contract-then-payment": ("先合同后付款", "contract, then payment"),
    "order-then-delivery": ("先订单后交付", "order, then delivery"),
    "order-then-invoice": ("先订单后发票", "order, then invoice"),
    "delivery-then-invoice": ("先交付后发票", "delivery, then invoice"),
    "customs-then-invoice": ("先报关后发票", "customs, then invoice"),
    "invoice-then-claim": ("先发票后登记债权", "invoice, then claim"),
    "invoice-then-confirmation": ("先发票后确权", "invoice, then confirmation"),
    "invoice-then-due": ("先发票后到期", "invoice, then due date"),
}
"""By check: its name (Chinese, English)."""

TERMS: Final[dict[str, str]] = {f"check {name}": told[0] for name, told in NAMES.items()}
TERMS_EN: Final[dict[str, str]] = {f"check {name}": told[1] for name, told in NAMES.items()}

SENTENCES: Final[dict[str, tuple[str, str, str, str]]] = {
    "authenticity.contradiction": (
        "贸易背景矛盾",
        "Trade background contradicts itself",
        "{subject}的贸易背景有{failed}项校验不符，首要为{on}的“{first}”；其上有{at_stake_fen}元融资或入池。",
        "Failed checks behind {subject}: {failed}, first “{first}” of {on}; {at_stake_fen} yuan rest on it.",
    ),
}
"""By rule: titles and sentences."""

"""Payloads of trade: documents, packages, warehouse receipts, orders, data certificates; and the members they need."""

from __future__ import annotations

import hashlib
from typing import Any

from ledger.records import canonical
from ledger.suites import sm3

TRADERS = {
    "platform": ["platform"],
    "customs": ["customs_platform"],
    "warehouse": ["warehouse"],
    "elsewhere": ["warehouse"],
    "subject": ["subject"],
    "supervisor": ["supervising"],
    "collector": ["collecting"],
    "user": ["using"],
}
"""The members that trade and data need beside the small consortium of ``ledger_book``."""

TODAY = "2026-01-05"


def digest(of: str) -> str:
    """64 hex digits that stand for a file."""
    return hashlib.sha256(of.encode()).hexdigest()


def document(name: str, *refers_to: str, **changes: Any) -> dict[str, Any]:
    return {
        "document": name, "type": "contract", "number": f"HT-{name}", "parties": ["supplier", "core"],
        "amount": 113_000, "currency": "CNY", "date": "2026-01-04", "refers_to": list(refers_to),
        "file_digest": digest(name), "goods": "钢材", "quantity": "12.5", "unit": "吨", **changes,
    }  # fmt: skip


def package(name: str, *invoices: str, **changes: Any) -> dict[str, Any]:
    stated = sm3(canonical(invoices)).hex()
    return {"package": name, "invoices": list(invoices), "digest": stated, **changes}


def receipt(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "receipt": name, "warehouse": "warehouse", "location": "3号库", "lot": "L1", "goods": "电解铜",
        "quantity": "100.000", "unit": "吨", "owner": "supplier", "date": "2026-01-04", **changes,
    }  # fmt: skip


def stock(**changes: Any) -> dict[str, Any]:
    return {
        "warehouse": "warehouse", "location": "3号库", "lot": "L1", "goods": "电解铜", "quantity": "100",
        "unit": "吨", "at": TODAY, **changes,
    }  # fmt: skip


def order(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "order": name, "platform": "customs", "buyer": "core", "seller": "supplier", "amount": 9_900,
        "currency": "USD", "date": "2026-01-04", "goods": "茶叶", "customs_number": f"CN-{name}", **changes,
    }  # fmt: skip


def authorised(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "certificate": name, "subject": "subject", "behaviour": "credit assessment", "blank_digest": digest("blank"),
        "source_space": "陆港数据空间", "target_space": "银行数据空间", "at": "2026-01-04", **changes,
    }  # fmt: skip

"""Writes records into a store as verified blocks, without a chain: what the tests of facts and findings stand on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.admission import VerifiedBlock
from ledger.contracts import RecordedEvent
from ledger.facts import output_id
from ledger.finding import Finding
from ledger.keyring import NO_KEYS, Keyring
from ledger.position import Position
from ledger.records import canonical
from ledger.store import Store

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
CONTRACT = bytes.fromhex("c0" * 20)
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

MEMBERS = {
    "operator": ["operator"],
    "core": ["core_enterprise"],
    "supplier": ["supplier"],
    "tier2": ["supplier"],
    "gateway": ["asset_gateway"],
    "verifier": ["invoice_verifier"],
    "bank": ["bank"],
    "settlement": ["settlement"],
    "factor": ["factor", "originator"],
    "manager": ["plan_manager"],
    "custodian": ["custodian"],
    "servicer": ["servicer"],
}
"""A small consortium: name and roles."""


def account(member: str) -> bytes:
    """The account of a test member: derived from its name."""
    return hashlib.sha256(member.encode()).digest()[-20:]


def address(member: str) -> str:
    return f"0x{account(member).hex()}"


def uscc(seed: str) -> str:
    """A unified social credit code with the right check sign."""
    body = f"9144{int(hashlib.sha256(seed.encode()).hexdigest(), 16) % 10**13:013d}"
    total = sum(SIGNS.index(sign) * pow(3, at, 31) for at, sign in enumerate(body))
    return body + SIGNS[-total % 31]


class Book:
    """A store and the block being written. ``day`` moves the time of the next block."""

    def __init__(self, location: Path | str, keys: Keyring = NO_KEYS) -> None:
        self.store = Store.create(location, keys=keys)
        self.time = START
        self.events: list[RecordedEvent] = []
        self.found: list[Finding] = []
        self._serial = 0
        self.seal()

    @property
    def height(self) -> int:
        """Height of the block being written."""
        head = self.store.head()
        return 0 if head is None else head.height + 1

    @property
    def today(self) -> str:
        """The day of the block being written, unless days are let pass before it is sealed, as records say it."""
        return self.time.date().isoformat()

    def say(self, sender: str, kind: str, payload: Mapping[str, Any] | bytes, **other: Any) -> str:
        """Add a record to the block; returns its transaction hash."""
        self._serial += 1
        hash_ = hashlib.sha256(f"transaction {self._serial}".encode()).digest()
        raw = payload if isinstance(payload, bytes) else canonical({"v": 1, **payload})
        values: dict[str, Any] = {
            "transaction_index": len(self.events),
            "log_index": 0,
            "transaction_hash": hash_,
            "contract": CONTRACT,
            "sender": account(sender),
            "signer": account(sender),
            "kind": kind,
            "payload": raw,
            "echoed": True,
        }
        self.events.append(RecordedEvent(**{**values, **other}))
        return f"0x{values['transaction_hash'].hex()}"

    def seal(self, days: int = 0) -> tuple[Finding, ...]:
        """Commit the block; returns its findings. Time moves on by ``days`` first."""
        self.time += timedelta(days=days, minutes=1)
        head = self.store.head()
        height = 0 if head is None else head.height + 1
        block = VerifiedBlock(
            height=height,
            hash=hashlib.sha256(f"block {height}".encode()).digest(),
            parent_hash=bytes(32) if head is None else head.hash,
            timestamp=int(self.time.timestamp() * 1000),
            transactions=len(self.events),
            events=tuple(self.events),
            unproven_logs=0,
            document=b'{"block":%d}' % height,
        )
        self.events = []
        found = self.store.commit(block, trusted=f'{{"height":{height}}}')
        self.found += found
        return found

    def tell(self, sender: str, kind: str, payload: Mapping[str, Any] | bytes, **other: Any) -> list[str]:
        """Commit a block with one record; returns the codes of its findings."""
        self.say(sender, kind, payload, **other)
        return [finding.code.value for finding in self.seal()]

    def admit(self, members: Mapping[str, list[str]] = MEMBERS) -> None:
        """Admit the consortium."""
        for member, roles in members.items():
            self.say("operator", "member.admitted", admitted(member, roles))
        self.seal()

    def last(self) -> Position:
        """The position of the last record committed."""
        return self.store.records()[-1].place


def admitted(member: str, roles: list[str]) -> dict[str, Any]:
    return {
        "member": member,
        "name": f"{member} Ltd",
        "uscc": uscc(member),
        "roles": roles,
        "address": address(member),
        "certificate": None,
    }


def invoice(name: str, **changes: Any) -> dict[str, Any]:
    number = f"{int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**20:020d}"
    return {
        "invoice": name, "number": number, "type": "digital", "seller": "supplier", "buyer": "core",
        "amount_excluding_tax": 100_000, "tax": 13_000, "amount_including_tax": 113_000, "issued": "2026-01-04",
        "goods": "钢材", "refers_to": [], **changes,
    }  # fmt: skip


def receivable(name: str, *invoices: str, **changes: Any) -> dict[str, Any]:
    return {
        "receivable": name, "creditor": "supplier", "debtor": "core", "amount": 113_000, "due": "2026-06-30",
        "contract": "C-1", "invoices": list(invoices), "related_party": False, **changes,
    }  # fmt: skip


def out(amount: int, *owners: str, due: str = "2026-06-30") -> dict[str, Any]:
    return {"owners": list(owners), "amount": amount, "due": due}


def plan(name: str, **changes: Any) -> dict[str, Any]:
    tranche = {
        "tranche": "A", "name": "优先级", "code": "180001", "rank": "senior", "principal": 90_000, "rate": "0.0525",
        "repayment": "pass_through", "maturity": "2027-01-31",
    }  # fmt: skip
    junior = {
        "tranche": "B", "name": "次级", "code": "180002", "rank": "subordinated", "principal": 10_000, "rate": None,
        "repayment": "residual", "maturity": "2027-01-31",
    }  # fmt: skip
    return {
        "plan": name, "code": f"{name}-code", "name": "第一期资产支持专项计划", "venue": "SSE", "manager": "manager",
        "custodian": "custodian", "originators": ["factor"], "servicer": "servicer", "shelf": None,
        "cutoff": "2026-01-01", "closing": "2026-01-05", "maturity": "2027-01-31", "tranches": [tranche, junior],
        "terms": {"day_count": "ACT/365F", "rounding": "half_up", "face": 10_000, "record_date_lag": 1}, **changes,
    }  # fmt: skip


def certificate_on(book: Book, name: str) -> str:
    """A confirmed receivable with a certificate that its supplier holds whole; returns the output's id."""
    book.say("supplier", "invoice.registered", invoice(f"inv-{name}"))
    book.say("supplier", "receivable.registered", receivable(name, f"inv-{name}"))
    book.say("core", "receivable.confirmed", {"receivable": name, "by": "core", "method": "signature"})
    issued = book.say(
        "core",
        "certificate.issued",
        {"certificate": f"cert-{name}", "receivable": name, "issuer": "core", "outputs": [out(113_000, "supplier")]},
    )
    assert book.seal() == ()
    return output_id(issued, 0)


def financed_by_factor(book: Book, name: str) -> str:
    """The same, passed on to the factor by a financing; returns the factor's output."""
    source = certificate_on(book, name)
    paid = book.say(
        "supplier",
        "certificate.financed",
        {
            "inputs": [source], "outputs": [out(113_000, "factor")], "financier": "factor", "form": "factoring",
            "price": 110_000, "rate": "0.0525",
        },
    )  # fmt: skip
    assert book.seal() == ()
    return output_id(paid, 0)

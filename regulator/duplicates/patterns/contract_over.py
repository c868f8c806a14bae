"""``duplicate.contract_over`` (超合同开票融资): more is invoiced or financed under a contract than it is for.

Definition: of a contract or order that states an amount, what was invoiced under it without tax is more than that
amount: by invoices that refer to it, or to a document under it, and by the invoices of receivables that name it; or the
active financings on the contract itself come to more than its amount.

Evidence: the contract as it stands, the invoices, the financings.

Lawful: a frame contract (框架合同) without an amount has no cap; one that was amended has the cap of the day; an amount
may be meant with or without tax, so only what is beyond it without tax counts; another currency is not compared;
voided and red-flushed invoices count no more, nor do their red ones, other red ones take off; one invoice that was
registered twice counts once. A contract that was cancelled keeps its amount for what was invoiced until then.

Severity: LOW while nothing is claimed on its invoices or itself; MEDIUM when something is; HIGH when the excess is at
least a tenth of the amount and what is claimed is more than the amount leaves. Amount: the excess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.facts import Invoice, Receivable, TradeDocument
from regulator.duplicates.claims import Claim
from regulator.duplicates.family import key_of
from regulator.duplicates.stakes import things_of
from regulator.duplicates.view import VOID
from regulator.signals import Level, Signal

__all__ = ["RULE", "TYPES", "Account", "look"]

RULE: Final = "duplicate.contract_over"
TYPES: Final = ("contract", "order")
GRAVE: Final = 10
"""One part in so many of a contract's amount: beyond what is delivered more or less than ordered (溢短装)."""
HIGHEST_TAX: Final = 13
"""Per cent of tax that a receivable of no known invoice has at most."""
SCORE: Final = 85
SHOWN: Final = 50
"""Invoices named in a finding, the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A contract as of a height with what is under it. ``bare``: receivables under it that rest on no known invoice."""

    contract: TradeDocument
    invoices: Sequence[Invoice]
    bare: Sequence[Receivable]
    direct: Sequence[Claim]
    """Financings on the contract itself."""
    claims: Sequence[Claim]
    """On its invoices and receivables."""
    firsts: dict[str, int]
    """By invoice or receivable: the position at which it became known."""


def look(account: Account) -> Signal | None:
    """Return what is to be said of a contract, or None."""
    contract = account.contract
    if contract.amount is None or contract.currency != "CNY" or contract.type not in TYPES:
        return None
    counted = _counted(account.invoices)
    untaxed = sum(one.amount_excluding_tax for one in counted)
    untaxed += sum(max(one.claimed, 0) * 100 // (100 + HIGHEST_TAX) for one in account.bare)
    invoiced = sum(one.amount_including_tax for one in counted) + sum(max(one.claimed, 0) for one in account.bare)
    late = [one for one in counted if contract.status == "cancelled" and one.issued > contract.changed_on]
    lent = sum({claim.thing: claim.money or 0 for claim in account.direct}.values())
    after = sum(one.amount_excluding_tax for one in late)
    excess = max(untaxed - contract.amount, after, lent - contract.amount)
    if excess <= 0:
        return None
    claims = [*account.direct, *account.claims]
    at_stake = sum(_by_target(claims).values())
    level = Level.LOW if not claims else Level.MEDIUM
    if claims and excess * GRAVE >= contract.amount and at_stake > contract.amount - max(after, 0):
        level = Level.HIGH
    shown = sorted(counted, key=lambda one: (account.firsts[one.id], one.id))[-SHOWN:]
    evidence = {contract.from_position, *(account.firsts[one.id] for one in shown)}
    evidence |= {position for claim in claims[-SHOWN:] for position in claim.evidence}
    evidence |= {account.firsts[one.id] for one in account.bare[-SHOWN:]}
    return Signal(
        rule=RULE,
        subject=f"document {contract.id}",
        level=level,
        score=SCORE,
        amount=excess,
        since=max((one.issued for one in counted), default=contract.changed_on),
        parties=tuple({*contract.parties, *(claim.holder for claim in claims)}),
        things=tuple(
            {f"invoice {one.id}" for one in shown}
            | {f"receivable {one.id}" for one in account.bare[-SHOWN:]}
            | (things_of(claims[-SHOWN:]) - {f"document {contract.id}"})
        ),
        evidence=tuple(evidence),
        details=(
            ("amount_fen", contract.amount),
            ("at_stake_fen", at_stake),
            ("excess_fen", excess),
            ("invoiced_fen", invoiced),
            ("invoices", len(counted)),
            ("lent_fen", lent),
            ("number", contract.number),
            ("untaxed_fen", untaxed),
        ),
    )


def _counted(invoices: Sequence[Invoice]) -> list[Invoice]:
    """Return the invoices that count: one for each key, without those taken back and the red ones that did it."""
    void = {one.id for one in invoices if one.status in VOID}
    red = {one.red_invoice for one in invoices if one.status in VOID and one.red_invoice is not None}
    by_key: dict[tuple[str, ...], Invoice] = {}
    for one in invoices:
        undoes = one.amount_including_tax < 0 and (one.id in red or not void.isdisjoint(one.refers_to))
        if one.id not in void and not undoes:
            by_key.setdefault(key_of(one), one)
    return list(by_key.values())


def _by_target(claims: Sequence[Claim]) -> dict[tuple[str, str], int]:
    return {(claim.thing, claim.target): claim.money or 0 for claim in claims}

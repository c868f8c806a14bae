"""``duplicate.structuring`` (拆分开票): one sale is split into invoices that each stay just under a limit.

Definition: at least RUN invoices of one day between the same parties with consecutive numbers, each just under one of
the LIMITS (no more than SLACK of it below), on one basis, without or with tax.

Evidence: the run.

Lawful: the tax control's own limit forces splits (单张开票限额): then one order or contract, which every invoice of the
run refers to or its receivable names, covers all of it. A frame contract without an amount shows a reason but no total:
it makes the finding LOW. Numbers that do not follow each other, or amounts apart, are no run.

Severity: MEDIUM while something is claimed on the run, else LOW: the run alone is a circumstance, no proof. Amount:
what the run comes to, tax included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from ledger.facts import Invoice
from regulator.duplicates.claims import Claim
from regulator.duplicates.paper_numbers import bare
from regulator.duplicates.stakes import money_of, things_of
from regulator.duplicates.view import VOID
from regulator.signals import Level, Signal

__all__ = ["LIMITS", "RULE", "RUN", "SLACK", "limit_of", "look", "runs"]

RULE: Final = "duplicate.structuring"
LIMITS: Final = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
"""Fen: the classes of limit for one invoice that tax offices grant (万元版, 十万元版, 百万元版, 千万元版); funders' own
limits, above which they look at a single invoice, follow them."""
SLACK: Final = 20
"""One part in so many of a limit: amounts that come within it by chance are one in twenty each."""
RUN: Final = 4
"""Invoices: by chance four in a row come to one run in 160,000, three to one in 8,000."""
STEP: Final = 2
"""From one number to the next: one between them may be spoilt (作废) or another buyer's."""
SCORE: Final = 70
SCORE_FRAMED: Final = 40


def limit_of(amount: int) -> int | None:
    """Return the limit that an amount is just under, or None."""
    return next((limit for limit in LIMITS if limit - limit // SLACK <= amount < limit), None)


def runs(invoices: Iterable[Invoice]) -> Iterator[list[Invoice]]:
    """Yield the runs among invoices of one day and the same parties, each in the order of numbers; none overlap."""
    bases: tuple[Callable[[Invoice], int], ...] = (
        lambda one: one.amount_excluding_tax,
        lambda one: one.amount_including_tax,
    )
    left = [one for one in invoices if one.status not in VOID and bare(one.number)[-8:].isdigit()]
    for basis in bases:
        taken: set[str] = set()
        for run in _consecutive(left, basis):
            if len(run) >= RUN:
                taken.update(one.id for one in run)
                yield run
        left = [one for one in left if one.id not in taken]


def _consecutive(invoices: Iterable[Invoice], basis: Callable[[Invoice], int]) -> Iterator[list[Invoice]]:
    run: list[Invoice] = []
    for one in sorted(invoices, key=lambda each: (bare(each.code), *_place(each), each.id)):
        limit = limit_of(basis(one))
        if limit is None:
            continue
        if run and _follows(run[-1], one) and limit_of(basis(run[-1])) == limit:
            if _place(run[-1]) != _place(one):  # a second record of one invoice is no more of the run
                run.append(one)
            continue
        yield run
        run = [one]
    yield run


def _place(invoice: Invoice) -> tuple[str, int]:
    number = bare(invoice.number)
    return number[:-8], int(number[-8:])


def _follows(one: Invoice, other: Invoice) -> bool:
    (lead, number), (its, next_) = _place(one), _place(other)
    return bare(one.code) == bare(other.code) and lead == its and next_ - number <= STEP


def look(run: Sequence[Invoice], *, framed: bool, claims: Sequence[Claim], firsts: dict[str, int]) -> Signal:
    """Return what is to be said of a run that nothing explains; ``framed``: all of it is under one frame contract."""
    total = sum(one.amount_including_tax for one in run)
    first, last = run[0], run[-1]
    excluding = limit_of(first.amount_excluding_tax)
    subject = f"invoice {first.id}"
    things = {f"invoice {one.id}" for one in run} | things_of(claims)
    evidence = {firsts[one.id] for one in run} | {position for claim in claims for position in claim.evidence}
    return Signal(
        rule=RULE,
        subject=subject,
        level=Level.MEDIUM if claims and not framed else Level.LOW,
        score=SCORE_FRAMED if framed else SCORE,
        amount=total,
        since=first.issued,
        parties=tuple({first.seller, first.buyer} | {claim.holder for claim in claims}),
        things=tuple(things - {subject}),
        evidence=tuple(evidence),
        details=(
            ("claimed_fen", money_of(claims, total)),
            ("first_number", first.number),
            ("invoices", len(run)),
            ("issued", first.issued.isoformat()),
            ("last_number", last.number),
            ("limit_fen", excluding or limit_of(first.amount_including_tax) or 0),
            ("total_fen", total),
        ),
    )

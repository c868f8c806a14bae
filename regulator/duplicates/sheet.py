"""One suspected invoice as of a height, with what the patterns of papers hold it against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ledger.facts import Invoice, Member
from regulator.duplicates.claims import Claim
from regulator.duplicates.patterns.telling import ends
from regulator.duplicates.stakes import Stakes, money_of, things_of
from regulator.duplicates.view import current
from regulator.signals import Level, Signal

__all__ = ["Papers", "Sheet", "told"]

Versions = list[Invoice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """An invoice with its history and all that it is held against, each with its own.

    ``same``: invoices of its number and parties; ``near``: those its seller issued about the same day under nearly its
    number; ``otherwise``: those whose number is its own, written in another way; ``parts``: those it refers to;
    ``parties``: seller and buyer, where one ever had a credit code that does not hold.
    """

    versions: Versions
    same: Mapping[str, Versions]
    near: Mapping[str, Versions]
    otherwise: Mapping[str, Versions]
    parts: Mapping[str, Versions]
    parties: Mapping[str, list[Member]]
    stakes: Stakes

    @property
    def node(self) -> str:
        """The invoice, ``invoice <id>``."""
        return f"invoice {self.versions[0].id}"


class Sheet:
    """The invoice as of a height."""

    def __init__(self, papers: Papers, invoice: Invoice, height: int) -> None:
        self.papers, self.invoice, self.height = papers, invoice, height

    @cached_property
    def claims(self) -> list[Claim]:
        """What is claimed on it."""
        return self.papers.stakes.on(self.papers.node, self.height)

    def claims_on(self, other: Invoice) -> list[Claim]:
        """What is claimed on another invoice."""
        return self.papers.stakes.on(f"invoice {other.id}", self.height)

    @cached_property
    def same(self) -> list[Invoice]:
        """Other invoices of its number and parties, as they stand."""
        found = (current(versions, self.height) for versions in self.papers.same.values())
        return [one for one in found if one is not None]

    def first(self, invoice: Invoice) -> int:
        """Return the position at which an invoice became known."""
        papers = self.papers
        held = (some[invoice.id] for some in (papers.same, papers.near, papers.otherwise) if invoice.id in some)
        return next(held, papers.versions)[0].from_position


def told(
    rule: str,
    sheet: Sheet,
    *,
    level: Level,
    score: int,
    amount: int,
    others: Iterable[Invoice] = (),
    claims: Iterable[Claim] | None = None,
    **details: int | str,
) -> Signal:
    """Return a signal about the sheet's invoice, with who claims it and the other invoices it rests on."""
    invoice, others = sheet.invoice, list(others)
    claims = ends(sheet.claims if claims is None else list(claims))
    positions = {sheet.papers.versions[0].from_position, invoice.from_position}
    positions |= {position for one in others for position in (sheet.first(one), one.from_position)}
    positions |= {position for claim in claims for position in claim.evidence}
    parties = {invoice.seller, invoice.buyer} | {party for one in others for party in (one.seller, one.buyer)}
    subject = f"invoice {invoice.id}"
    return Signal(
        rule=rule,
        subject=subject,
        level=level,
        score=score,
        amount=amount,
        since=invoice.issued,
        parties=tuple(parties | {holder for claim in claims for holder in _members(claim)}),
        things=tuple(({f"invoice {one.id}" for one in others} | things_of(claims)) - {subject}),
        evidence=tuple(positions),
        details=tuple(
            sorted(({"claimed_fen": money_of(sheet.claims, invoice.amount_including_tax)} | details).items())
        ),
    )


def _members(claim: Claim) -> Iterable[str]:
    return claim.agents if claim.thing.startswith("plan ") else (claim.holder,)

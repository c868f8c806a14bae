"""An underlying asset as of one height: what it is worth, and who claims it. What the patterns look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Final, TypeVar

from ledger.business_day import business_day
from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PoolAsset,
    Receivable,
    RegistrationCollateral,
)
from regulator.duplicates.claims import Claim, Instrument
from regulator.duplicates.family import Rows, key_of

__all__ = ["ALL", "VOID", "View", "begun", "current"]

F = TypeVar("F", bound=Fact)

ALL: Final = "all"
"""The node that everything of the asset is a part of."""
STEPS: Final = 2_000
"""Pieces of a certificate through which a lineage is followed."""
OVER: Final = frozenset(("repaid", "released"))
VOID: Final = frozenset(("voided", "red_flushed"))


def current(versions: Iterable[F], height: int) -> F | None:
    """Return the version of a thing that holds at the height."""
    for one in versions:
        if one.from_height <= height and (one.to_height is None or one.to_height > height):
            return one
    return None


def begun(versions: Iterable[F], height: int) -> list[F]:
    """Return the versions that had begun by the height, ended or not."""
    return [one for one in versions if one.from_height <= height]


class View:
    """One asset of a family as of a height.

    ``invoices`` and ``receivables`` are those of the asset, by id, as they stand then; ``nodes`` its things as
    ``<kind> <id>``; ``worth`` what every node that a claim covers is worth, fen; ``known`` tells whether the worth of
    the whole can be told; ``claims`` are those that are active.
    """

    def __init__(self, rows: Rows, nodes: Collection[str], height: int) -> None:
        self.rows, self.nodes, self.height = rows, nodes, height
        self.invoices: dict[str, Invoice] = {}
        self.receivables: dict[str, Receivable] = {}
        for node in nodes:
            kind, name = node.split(" ", 1)
            if kind == "invoice" and (invoice := current(rows.invoices.get(name, ()), height)) is not None:
                self.invoices[name] = invoice
            elif kind == "receivable" and (owed := current(rows.receivables.get(name, ()), height)) is not None:
                self.receivables[name] = owed
        self.outputs = {
            name: one
            for name, one in rows.outputs.items()
            if one.root in self.receivables and one.from_height <= height
        }
        self.faces = self._faces()
        self.known = True
        self.worth = self._worth()
        self.claims: tuple[Claim, ...] = tuple(self._claims())

    @property
    def subject(self) -> str:
        """The first invoice that was registered, else the first receivable, else the thing itself."""
        rows = self.rows
        found = [(rows.invoices[name][0].from_position, f"invoice {name}") for name in self.invoices]
        found = found or [(rows.receivables[name][0].from_position, f"receivable {name}") for name in self.receivables]
        return min(found)[1] if found else min(self.nodes)

    def tied(self, receivable: str) -> list[str]:
        """Return the invoices that a receivable rests on."""
        return [
            link.invoice
            for link in self.rows.links
            if link.receivable == receivable and link.from_height <= self.height and link.invoice in self.invoices
        ]

    def over(self, receivable: str) -> bool:
        """Tell whether nothing is owed on a receivable any more."""
        owed = self.receivables.get(receivable)
        return owed is not None and owed.settled_on is not None

    # What it is worth

    def _faces(self) -> dict[str, int]:
        """Return the invoices that count, one for each key, and their faces, tax included.

        Of several records of one invoice it is the one that the tax authority knows, else the first.
        """
        by_key: dict[tuple[str, ...], Invoice] = {}
        firsts = {name: self.rows.invoices[name][0].from_position for name in self.invoices}
        for invoice in sorted(self.invoices.values(), key=lambda one: (firsts[one.id], one.id)):
            held = by_key.get(key_of(invoice))
            sure = invoice.verified_result == "consistent"
            if held is None or (sure and held.verified_result != "consistent"):
                by_key[key_of(invoice)] = invoice
        return {one.id: max(one.amount_including_tax, 0) for one in by_key.values()}

    def _worth(self) -> dict[str, int]:
        worth = {f"invoice {name}": max(one.amount_including_tax, 0) for name, one in self.invoices.items()}
        owed = {f"receivable {name}": max(one.claimed, 0) for name, one in self.receivables.items()}
        if self.invoices:
            # A receivable may be larger than its invoices, or some of those unknown: that is another finding.
            whole = max(sum(self.faces.values()), max(owed.values(), default=0))
        elif self.receivables:
            whole = sum(owed.values())
        else:
            whole = self._alone()
        worth |= owed
        worth |= {f"output {name}": one.amount for name, one in self.outputs.items()}
        return {node: min(each, whole) for node, each in worth.items()} | {ALL: whole}

    def _alone(self) -> int:
        """Return the worth of a thing that rests on no invoice; 1 where nobody can tell: there is one of it."""
        for node in self.nodes:
            one = current(self.rows.alone.get(node, ()), self.height)
            amount = getattr(one, "amount", None)
            if amount is not None and getattr(one, "currency", "CNY") == "CNY":
                return int(amount)
        self.known = False
        return 1

    # Who claims it

    def _claims(self) -> Iterator[Claim]:
        rows = self.rows
        for put_up in rows.collateral:
            if current((put_up,), self.height) is not None:
                financing = current(rows.financings.get(put_up.financing, ()), self.height)
                if financing is not None and financing.status not in OVER:
                    yield from self._lent(put_up, financing)
        for output in self.outputs.values():
            if output.to_height is None or output.to_height > self.height:
                yield from self._piece(output)
        for covered in rows.covered:
            if current((covered,), self.height) is not None:
                yield from self._filed(covered)
        for pooled in rows.pools:
            if pooled.asset in self.receivables and current((pooled,), self.height) is not None:
                yield from self._pooled(pooled)

    def _targets(self, kind: str, name: str) -> list[str]:
        """Return what of this asset a claim on a thing is on: of a package, its invoices."""
        if kind != "package":
            node = f"{kind} {name}"
            return [node] if node in self.nodes or (kind == "output" and name in self.outputs) else []
        packed = (one.invoice for one in begun(self.rows.packed, self.height) if one.package == name)
        return [f"invoice {invoice}" for invoice in dict.fromkeys(packed) if f"invoice {invoice}" in self.nodes]

    def _covers(self, target: str) -> tuple[str, ...]:
        """Return a node and everything it is a part of."""
        kind, name = target.split(" ", 1)
        if kind != "output":
            return (target, ALL) if target in self.worth else (ALL,)
        return (*self._parts_of(name), f"receivable {self.outputs[name].root}", ALL)

    def _parts_of(self, output: str) -> list[str]:
        """Return a piece and the pieces it is a part of: of several that went into one record nobody can tell."""
        found: dict[str, None] = {}
        parents = [output]
        while len(parents) == 1 and parents[0] in self.outputs and len(found) < STEPS:
            found[f"output {parents[0]}"] = None
            parents = self.outputs[parents[0]].parents
        return list(found)

    def lineage(self, output: str) -> list[str]:
        """Return a piece and those it was made from, as far back as STEPS."""
        seen = {output: None}
        waiting = [output]
        while waiting and len(seen) < STEPS:
            one = self.outputs.get(waiting.pop())
            for parent in () if one is None else one.parents:
                if parent not in seen:
                    seen[parent] = None
                    waiting.append(parent)
        return list(seen)

    def _lent(self, put_up: FinancingCollateral, financing: Financing) -> Iterator[Claim]:
        versions = self.rows.financings[financing.id]
        paid = next((one.from_position for one in begun(versions, self.height) if one.disbursed), None)
        exposure = max(max(financing.amount, financing.disbursed) - financing.repaid, 0)
        share = self.rows.worths.share(put_up, exposure, self.height)
        for target in self._targets(put_up.target_kind, put_up.target):
            money = share
            if put_up.target_kind == "package":
                invoice = target.split(" ", 1)[1]
                money = self.rows.worths.within(put_up.target, invoice, share, put_up.from_position)
            whole = self.worth.get(target, self.worth[ALL])
            partly = put_up.amount is not None and put_up.target_kind != "package"
            extent = min(put_up.amount or 0, whole) if partly else whole
            yield Claim(
                instrument=Instrument.FINANCING,
                thing=f"financing {financing.id}",
                holder=financing.financier,
                givers=frozenset((financing.applicant,)) - {financing.financier},
                target=target,
                covers=self._covers(target),
                extent=extent if self.known or not partly else 0,
                money=money,
                bought=True,
                began=put_up.from_position,
                paid_out=put_up.from_position if paid is None else max(paid, put_up.from_position),
                day=financing.start,
                evidence=(versions[0].from_position, put_up.from_position),
                drawn=financing.disbursed > 0,
            )

    def _piece(self, output: Output) -> Iterator[Claim]:
        """A live piece of a certificate, unless it is still with the creditor it was issued to."""
        holder = output.co_owner or output.owner  # what waits on a middle account is for the second of them
        before = [self.outputs[each] for each in self.lineage(output.id) if each in self.outputs]
        bought = any(each.financier == holder for each in before)
        if holder == self.receivables[output.root].creditor and not bought:
            return
        target = f"output {output.id}"
        yield Claim(
            instrument=Instrument.CERTIFICATE,
            thing=target,
            holder=holder,
            givers=frozenset(owner for each in before for owner in each.owners) - {holder},
            target=target,
            covers=self._covers(target),
            extent=self.worth[target],
            money=output.amount if bought else 0,
            bought=bought,
            began=output.from_position,
            paid_out=min([each.from_position for each in before if each.financier == holder], default=0)
            or output.from_position,
            day=None,
            evidence=(output.from_position,),
        )

    def _filed(self, covered: RegistrationCollateral) -> Iterator[Claim]:
        versions = self.rows.registrations.get(covered.registration, [])
        registration = current(versions, self.height)
        if registration is None or registration.status != "active":
            return
        for target in self._targets(covered.target_kind, covered.target):
            yield Claim(
                instrument=Instrument.REGISTRATION,
                thing=f"registration {registration.id}",
                holder=registration.secured_party,
                givers=frozenset((registration.debtor,)) - {registration.secured_party},
                target=target,
                covers=self._covers(target),
                extent=self.worth.get(target, self.worth[ALL]),
                money=0,
                bought=False,
                began=covered.from_position,
                paid_out=covered.from_position,
                day=business_day(registration.filed_at),
                evidence=(versions[0].from_position, covered.from_position),
                idle=self._idle(registration.secured_party),
            )

    def _pooled(self, pooled: PoolAsset) -> Iterator[Claim]:
        entered = self._entered(pooled)
        named = [f"output {output}" for output in pooled.outputs if output in self.outputs]
        manager = self.rows.managers.get(pooled.plan)
        for target in named or [f"receivable {pooled.asset}"]:
            yield Claim(
                instrument=Instrument.POOL,
                thing=f"plan {pooled.plan}",
                holder=pooled.plan,
                agents=frozenset(() if manager is None else (manager,)),
                givers=frozenset((pooled.assignor,)),
                target=target,
                covers=self._covers(target),
                extent=self.worth[target],
                money=self.worth[target],
                bought=False,
                began=entered,
                paid_out=entered,
                day=pooled.assigned_on,
                evidence=(entered, pooled.from_position),
            )

    def _entered(self, pooled: PoolAsset) -> int:
        """Return the position at which an asset came into the pool; a later version has more pieces of it."""
        began = {one.to_position: one.from_position for one in self.rows.pools if one.id == pooled.id}
        position = pooled.from_position
        while position in began:
            position = began[position]
        return position

    def _idle(self, member: str) -> bool:
        """Tell whether a member lent on this asset, and all of that was repaid or given back."""
        mine = [
            one
            for one in begun(self.rows.collateral, self.height)
            if any(each.financier == member for each in self.rows.financings.get(one.financing, ())[:1])
        ]
        return bool(mine) and not any(
            current((one,), self.height) is not None
            and (now := current(self.rows.financings[one.financing], self.height)) is not None
            and now.status not in OVER
            for one in mine
        )

    def day_of(self, claims: Iterable[Claim]) -> date | None:
        """Return the last day on which one of these claims began, where records state one."""
        return max((claim.day for claim in claims if claim.day is not None), default=None)

    def parties(self, claims: Iterable[Claim]) -> set[str]:
        """Return the members who hold or gave these claims."""
        found: set[str] = set()
        for claim in claims:
            found |= claim.givers | (claim.agents if claim.instrument is Instrument.POOL else {claim.holder})
        return found

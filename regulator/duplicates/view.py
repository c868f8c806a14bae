"""An underlying asset as of one height: what it is worth, and who claims it. What the patterns look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
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
from regulator.duplicates.claims import Claim, Instrument, handed_on
from regulator.duplicates.family import Rows
from regulator.duplicates.keys import VOID, Keys
from regulator.duplicates.lineage import Line, lines_of

__all__ = ["ALL", "VOID", "View", "begun", "current"]

F = TypeVar("F", bound=Fact)

ALL: Final = "all"
"""The node that everything of the asset is a part of."""
OVER: Final = frozenset(("repaid", "released"))


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
    ``<kind> <id>``; ``keys`` the keys of its invoices; ``faces`` one invoice for each key, with its face, tax included;
    ``replaced`` those in whose place a sound one was issued; ``worth`` what every node that a claim covers is worth,
    fen, with ``key <id>`` for an invoice under whatever ids; ``known`` tells whether the worth of the whole can be
    told; ``claims`` are those that are active.
    """

    def __init__(self, rows: Rows, nodes: Collection[str], height: int) -> None:
        self.rows, self.nodes, self.height = rows, nodes, height
        self._nodes = frozenset(nodes)
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
        firsts = {name: rows.invoices[name][0].from_position for name in self.invoices}
        ordered = sorted(self.invoices.values(), key=lambda one: (firsts[one.id], one.id))
        notes = (note for each in rows.notes.values() if (note := current(each, height)) is not None)
        keys = Keys.of(ordered, notes)
        self.keys = keys.shared
        self._counted = keys.counted(ordered)
        self.faces = {one.id: max(one.amount_including_tax, 0) for one in self._counted.values()}
        self.replaced = frozenset(name for name in keys.gone if self._counted[self.keys[name]].id not in keys.gone)
        self._rests: defaultdict[str, list[str]] = defaultdict(list)
        for link in rows.links:
            if link.from_height <= height and link.invoice in self.invoices:
                self._rests[link.receivable].append(link.invoice)
        self._shares: dict[str, dict[str, int | None]] = {}
        self._covered: dict[str, tuple[tuple[str, ...], Mapping[str, int]]] = {}
        self.known = True
        self.worth = self._worth()
        self.claims: tuple[Claim, ...] = handed_on(tuple(self._claims()))

    @property
    def subject(self) -> str:
        """The first invoice that was registered, else the first receivable, else the thing itself."""
        rows = self.rows
        found = [(rows.invoices[name][0].from_position, f"invoice {name}") for name in self.invoices]
        found = found or [(rows.receivables[name][0].from_position, f"receivable {name}") for name in self.receivables]
        return min(found)[1] if found else min(self.nodes)

    def tied(self, receivable: str) -> list[str]:
        """Return the invoices that a receivable rests on."""
        return self._rests.get(receivable, [])

    def key_node(self, invoice: str) -> str:
        """Return the node of an invoice under whatever ids it is known."""
        return f"key {self._counted[self.keys[invoice]].id}"

    def beneath(self, receivable: str) -> dict[str, int]:
        """Return the invoices beneath a receivable, under whatever ids they are known, with their faces."""
        counted = (self._counted[self.keys[each]].id for each in self.tied(receivable))
        return {f"key {name}": self.faces[name] for name in counted}

    def beyond(self, receivable: str, amount: int) -> int:
        """Return by how much an amount of a receivable is more than the invoices beneath it."""
        return max(amount - sum(self.beneath(receivable).values()), 0)

    @cached_property
    def resting(self) -> Mapping[str, list[str]]:
        """By invoice the receivables that rest on it."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for receivable in self.receivables:
            for invoice in self.tied(receivable):
                found[invoice].append(receivable)
        return found

    @cached_property
    def claims_on(self) -> Mapping[str, list[int]]:
        """By node the places among ``claims`` of those on it or on a part of it."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for at, claim in enumerate(self.claims):
            for node in {claim.target, *claim.covers}:
                found[node].append(at)
        return found

    @cached_property
    def noted(self) -> Mapping[str, list[Invoice]]:
        """By invoice the red ones (红字发票) that refer to it, as they were registered, in that order."""
        found: defaultdict[str, list[Invoice]] = defaultdict(list)
        for versions in self.rows.notes.values():
            note = versions[0]
            if note.from_height <= self.height and note.amount_including_tax < 0:
                for name in dict.fromkeys(note.refers_to):
                    found[name].append(note)
        for notes in found.values():
            notes.sort(key=lambda note: (note.from_position, note.id))
        return found

    def over(self, receivable: str) -> bool:
        """Tell whether nothing is owed on a receivable any more."""
        owed = self.receivables.get(receivable)
        return owed is not None and owed.settled_on is not None

    # What it is worth

    def _worth(self) -> dict[str, int]:
        worth = {f"invoice {name}": max(one.amount_including_tax, 0) for name, one in self.invoices.items()}
        owed = {f"receivable {name}": max(one.claimed, 0) for name, one in self.receivables.items()}
        if self.invoices or self.receivables:
            # A receivable may be larger than its invoices, or some of those unknown: that is another finding.
            whole = sum(self.faces.values())
            whole += sum(self.beyond(name, one.claimed) for name, one in self.receivables.items())
        else:
            whole = self._alone()
        worth |= owed
        worth |= {f"key {name}": face for name, face in self.faces.items()}
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
            return [node] if node in self._nodes or (kind == "output" and name in self.outputs) else []
        return [f"invoice {invoice}" for invoice in self._packed.get(name, ()) if f"invoice {invoice}" in self._nodes]

    @cached_property
    def _packed(self) -> Mapping[str, dict[str, None]]:
        """By package its invoices."""
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for one in begun(self.rows.packed, self.height):
            found[one.package][one.invoice] = None
        return found

    def _covers(self, target: str) -> tuple[tuple[str, ...], Mapping[str, int]]:
        """Return a node with everything it is a part of, and what there is beside that to make up for it."""
        if target not in self._covered:
            kind, name = target.split(" ", 1)
            if kind == "output":
                root = self.outputs[name].root
                nodes, spare = self._covers(f"receivable {root}")
                self._covered[target] = (
                    (target, *(f"output {each}" for each in self._lines[name].within), *nodes),
                    spare,
                )
            else:
                beneath: dict[str, int] = {}
                if kind == "receivable" and name in self.receivables:
                    beneath = self._spare(name)
                elif kind == "invoice" and name in self.invoices:
                    beneath = {self.key_node(name): 0}
                self._covered[target] = (*((target,) if target in self.worth else ()), *beneath, ALL), beneath
        return self._covered[target]

    def _spare(self, receivable: str) -> dict[str, int]:
        """Return the invoices beneath a receivable, and of each what the receivable has beside: others, an excess."""
        faces = self.beneath(receivable)
        beside = sum(faces.values()) + self.beyond(receivable, self.receivables[receivable].claimed)
        return {node: beside - face for node, face in faces.items()}

    @cached_property
    def _lines(self) -> dict[str, Line]:
        """By piece where it comes from."""
        rows = self.rows
        named = {one.target for one in rows.collateral if one.target_kind == "output"}
        named |= {one.target for one in rows.covered if one.target_kind == "output"}
        return lines_of(self.outputs.values(), named.union(*(pooled.outputs for pooled in rows.pools)))

    def _lent(self, put_up: FinancingCollateral, financing: Financing) -> Iterator[Claim]:
        versions = self.rows.financings[financing.id]
        paid = next((one.from_position for one in begun(versions, self.height) if one.disbursed), None)
        exposure = max(max(financing.amount, financing.disbursed) - financing.repaid, 0)
        if financing.id not in self._shares:
            self._shares[financing.id] = self.rows.worths.shares(financing.id, exposure, self.height)
        share = self._shares[financing.id].get(put_up.id)
        for target in self._targets(put_up.target_kind, put_up.target):
            money = share
            if put_up.target_kind == "package":
                invoice = target.split(" ", 1)[1]
                money = self.rows.worths.within(put_up.target, invoice, share, put_up.from_position)
            whole = self.worth.get(target, self.worth[ALL])
            partly = put_up.amount is not None and put_up.target_kind != "package"
            extent = min(put_up.amount or 0, whole) if partly else whole
            covers, spare = self._covers(target)
            yield Claim(
                instrument=Instrument.FINANCING,
                thing=f"financing {financing.id}",
                holder=financing.financier,
                givers=frozenset((financing.applicant,)) - {financing.financier},
                giver=financing.applicant,
                target=target,
                covers=covers,
                spare=spare,
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
        line = self._lines[output.id]
        bought = holder in line.bought
        if holder == self.receivables[output.root].creditor and not bought:
            return
        target = f"output {output.id}"
        covers, spare = self._covers(target)
        yield Claim(
            instrument=Instrument.CERTIFICATE,
            thing=target,
            holder=holder,
            givers=line.owners - {holder},
            giver=line.giver,
            target=target,
            covers=covers,
            spare=spare,
            extent=self.worth[target],
            money=output.amount if bought else 0,
            bought=bought,
            began=output.from_position,
            paid_out=line.bought.get(holder, output.from_position),
            day=None,
            evidence=(output.from_position,),
        )

    def _filed(self, covered: RegistrationCollateral) -> Iterator[Claim]:
        versions = self.rows.registrations.get(covered.registration, [])
        registration = current(versions, self.height)
        if registration is None or registration.status != "active":
            return
        for target in self._targets(covered.target_kind, covered.target):
            covers, spare = self._covers(target)
            yield Claim(
                instrument=Instrument.REGISTRATION,
                thing=f"registration {registration.id}",
                holder=registration.secured_party,
                givers=frozenset((registration.debtor,)) - {registration.secured_party},
                giver=registration.debtor,
                target=target,
                covers=covers,
                spare=spare,
                extent=self.worth.get(target, self.worth[ALL]),
                money=0,
                bought=False,
                began=covered.from_position,
                paid_out=covered.from_position,
                day=business_day(registration.filed_at),
                evidence=(versions[0].from_position, covered.from_position),
                idle=registration.secured_party in self._idle,
            )

    def _pooled(self, pooled: PoolAsset) -> Iterator[Claim]:
        entered = self._entered(pooled)
        named = [f"output {output}" for output in pooled.outputs if output in self.outputs]
        manager = self.rows.managers.get(pooled.plan)
        for target in named or [f"receivable {pooled.asset}"]:
            covers, spare = self._covers(target)
            yield Claim(
                instrument=Instrument.POOL,
                thing=f"plan {pooled.plan}",
                holder=pooled.plan,
                agents=frozenset(() if manager is None else (manager,)),
                givers=frozenset((pooled.assignor,)),
                giver=pooled.assignor,
                target=target,
                covers=covers,
                spare=spare,
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
        position = pooled.from_position
        while (pooled.id, position) in self._earlier:
            position = self._earlier[pooled.id, position]
        return position

    @cached_property
    def _earlier(self) -> dict[tuple[str, int | None], int]:
        """By asset of a pool and the position at which a version of it ended: where that began."""
        return {(one.id, one.to_position): one.from_position for one in self.rows.pools if one.to_position is not None}

    @cached_property
    def _idle(self) -> set[str]:
        """Who lent on this asset, and all of that was repaid or given back."""
        lent: set[str] = set()
        out: set[str] = set()
        for one in begun(self.rows.collateral, self.height):
            versions = self.rows.financings.get(one.financing, [])
            lent.update(each.financier for each in versions[:1])
            now = current(versions, self.height)
            if now is not None and now.status not in OVER and current((one,), self.height) is not None:
                out.add(now.financier)
        return lent - out

    def day_of(self, claims: Iterable[Claim]) -> date | None:
        """Return the last day on which one of these claims began, where records state one."""
        return max((claim.day for claim in claims if claim.day is not None), default=None)

    def parties(self, claims: Iterable[Claim]) -> set[str]:
        """Return the members who hold or gave these claims."""
        found: set[str] = set()
        for claim in claims:
            found |= claim.givers | (claim.agents if claim.instrument is Instrument.POOL else {claim.holder})
        return found

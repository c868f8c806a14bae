"""The scope of pool assets: what else rests on a receivable that a plan's pool holds, and on its invoices (T05).

A neighbourhood is one receivable with its pieces, papers, pools and financings: a block re-evaluates the receivables it
touched and no others, however large the pools are. What is claimed of invoices alone, without a receivable, is for the
patterns of duplicate financing (``duplicate.red_after_finance``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Freeze,
    Invoice,
    Output,
    PackageInvoice,
    Plan,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    Registration,
    RegistrationCollateral,
)
from ledger.snapshot import Market
from regulator.histories import Histories, at, heights_of
from regulator.monitor.rules import RULES, article_of
from regulator.scope import Changes
from regulator.signals import Level, Signal, subject_of

__all__ = ["AssetScope", "AssetWatch"]

F = TypeVar("F", bound=Fact)
Rows = dict[type[Fact], list[Any]]

OUT: Final = ("opened", "disbursed", "defaulted")
"""States of a financing that is not over."""
LEVELS: Final = {"abnormal": Level.MEDIUM, "voided": Level.HIGH, "red_flushed": Level.HIGH}
GRAVE: Final = ("passed_on", "pool", "financing", "registration")
"""How an asset may be claimed beside a freeze, the gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Somebody else's hold on what a pool has: how, whose, on which thing, since which record."""

    how: str
    holder: str
    thing: str
    row: Fact
    since: date | None
    amount: int


class AssetWatch:
    """A receivable and what rests on it, with its history."""

    def __init__(self, receivable: str, rows: Rows) -> None:
        self._receivable = receivable
        self._rows = rows

    @property
    def subjects(self) -> Collection[str]:
        """Its place in each pool, and each paper it rests on."""
        mine = {f"asset {one.plan}/{self._receivable}" for one in self._rows[PoolAsset]}
        return mine | {subject_of("paper", one.invoice, self._receivable) for one in self._rows[ReceivableInvoice]}

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        return heights_of(*self._rows.values())

    def assess(self, height: int) -> Iterable[Signal]:
        """See :meth:`Neighbourhood.assess`."""
        now: Rows = defaultdict(list, {table: at(rows, height) for table, rows in self._rows.items()})
        begun = [one for one in self._rows[Output] if one.from_height <= height]
        plans = {one.id: one for one in now[Plan] if one.liquidated_on is None}
        pools = [one for one in now[PoolAsset] if one.plan in plans]
        for asset in pools:
            others = [*self._claims(asset, plans[asset.plan], now, begun, pools)]
            if others:
                yield self._claimed(asset, plans[asset.plan], now, others)
        yield from self._papers(now, pools, plans)

    def _claims(
        self, asset: PoolAsset, plan: Plan, now: Rows, outputs: list[Output], pools: list[PoolAsset]
    ) -> Iterator[Other]:
        """Who holds, beside the plan and its parties, what the pool holds."""
        ours = {plan.manager, plan.custodian, plan.servicer, asset.assignor, *plan.originators}
        held = {one.id for one in outputs if not asset.outputs or one.held_by(asset)}
        named = {("output", one) for one in held} | {("receivable", self._receivable)}
        named |= {("invoice", one.invoice) for one in now[ReceivableInvoice]}
        packages = {one.package for one in now[PackageInvoice]}
        named |= {("package", one) for one in packages}
        financings = {one.id: one for one in now[Financing]}
        for put in now[FinancingCollateral]:
            loan = financings.get(put.financing)
            if (put.target_kind, put.target) in named and loan and loan.status in OUT and loan.financier not in ours:
                yield Other(
                    how="financing", holder=loan.financier, thing=f"financing {loan.id}", row=put, since=loan.start,
                    amount=put.amount or loan.amount,
                )  # fmt: skip
        filed = {one.id: one for one in now[Registration]}
        for cover in now[RegistrationCollateral]:
            entry = filed.get(cover.registration)
            if (
                (cover.target_kind, cover.target) in named
                and entry is not None
                and entry.status == "active"
                and entry.secured_party not in {*ours, plan.id}
            ):
                yield Other(
                    how="registration", holder=entry.secured_party, thing=f"registration {entry.id}", row=cover,
                    since=entry.filed_at.date(), amount=0,
                )  # fmt: skip
        for piece in outputs:
            if piece.from_position > asset.from_position and held & set(piece.parents) and not ours & {*piece.owners}:
                yield Other(
                    how="passed_on", holder=piece.owner, thing=f"output {piece.id}", row=piece, since=None,
                    amount=piece.amount,
                )  # fmt: skip
        for other in pools:
            same = not other.outputs or not asset.outputs or set(other.outputs) & set(asset.outputs)
            if other.plan != asset.plan and same:
                yield Other(
                    how="pool", holder=other.assignor, thing=f"plan {other.plan}", row=other, since=other.assigned_on,
                    amount=0,
                )  # fmt: skip
        for freeze in now[Freeze]:
            if freeze.id in held:
                yield Other(
                    how="freeze", holder=freeze.frozen_by, thing=f"output {freeze.id}", row=freeze, since=None, amount=0
                )

    def _claimed(self, asset: PoolAsset, plan: Plan, now: Rows, others: list[Other]) -> Signal:
        """T05: title to an asset of a pool is another's too, or is restricted (权属变化或权利受限).

        High for a second transfer, pool, financing or registration; medium for a freeze alone.
        """
        ranked = sorted(others, key=lambda one: (_rank(one.how), one.row.from_position, one.thing))
        grave = ranked[0].how in GRAVE
        owed = sum(max(one.outstanding, 0) for one in now[Receivable])
        since = [one.since for one in others if one.since is not None]
        return Signal(
            rule="monitor.asset_claimed",
            subject=f"asset {asset.plan}/{self._receivable}",
            level=Level.HIGH if grave else Level.MEDIUM,
            score=90 if grave else 60,
            amount=min(owed, sum(one.amount for one in others) or owed),
            since=max([asset.assigned_on, *since]),
            parties=(plan.manager, *(one.holder for one in others)),
            things=(f"plan {asset.plan}", f"receivable {self._receivable}", *(one.thing for one in others)),
            evidence=(asset.from_position, *(one.row.from_position for one in others)),
            details=_sorted(
                ("plan", asset.plan),
                ("claims", len(others)),
                ("how", ranked[0].how),
                ("first", ranked[0].thing),
                ("holder_party", ranked[0].holder),
                ("owed_fen", owed),
                ("article", article_of("monitor.asset_claimed", plan.venue)),
                ("trigger", "T05"),
            ),
        )

    def _papers(self, now: Rows, pools: list[PoolAsset], plans: dict[str, Plan]) -> Iterator[Signal]:
        """An invoice is not normal while its receivable is unpaid and in a pool, or secures a financing that is out.

        Low where the invoices that are normal still carry what is claimed: it was issued anew, or less is claimed.
        """
        owing = next(iter(now[Receivable]), None)
        if owing is None or owing.outstanding <= 0:
            return
        loans = self._loans(now)
        if not pools and not loans:
            return
        good = sum(one.amount_including_tax for one in now[Invoice] if one.status == "normal")
        venue = plans[pools[0].plan].venue if pools else "SSE"
        parties = {one.assignor for one in pools} | {one.financier for one in loans}
        for invoice in now[Invoice]:
            if invoice.status == "normal":
                continue
            covered = good >= owing.claimed
            level = Level.LOW if covered else LEVELS.get(invoice.status, Level.MEDIUM)
            yield Signal(
                rule="monitor.invoice_status",
                subject=subject_of("paper", invoice.id, self._receivable),
                level=level,
                score={Level.HIGH: 90, Level.MEDIUM: 65, Level.LOW: 30}[level],
                amount=invoice.amount_including_tax,
                since=invoice.status_on,
                parties=(invoice.seller, invoice.buyer, *parties, *(plans[one.plan].manager for one in pools)),
                things=(
                    f"invoice {invoice.id}",
                    f"receivable {self._receivable}",
                    *(f"plan {one.plan}" for one in pools),
                    *(f"financing {one.id}" for one in loans),
                ),
                evidence=(invoice.from_position, *(one.from_position for one in (*pools, *loans))),
                details=_sorted(
                    ("invoice", f"invoice {invoice.id}"),
                    ("receivable", f"receivable {self._receivable}"),
                    ("status", invoice.status),
                    ("on", "—" if invoice.status_on is None else invoice.status_on.isoformat()),
                    ("invoice_fen", invoice.amount_including_tax),
                    ("pools", len(pools)),
                    ("financings", len(loans)),
                    ("left_fen", good),
                    ("claimed_fen", owing.claimed),
                    ("article", article_of("monitor.invoice_status", venue)),
                ),
            )

    def _loans(self, now: Rows) -> list[Financing]:
        """The financings that are out on the receivable or a piece of it."""
        named = {("receivable", self._receivable), *(("output", one.id) for one in now[Output])}
        put = {one.financing for one in now[FinancingCollateral] if (one.target_kind, one.target) in named}
        return [one for one in now[Financing] if one.id in put and one.status in OUT]


def _sorted(*details: tuple[str, int | str]) -> tuple[tuple[str, int | str], ...]:
    return tuple(sorted(details))  # the order that the book keeps


def _rank(how: str) -> int:
    return GRAVE.index(how) if how in GRAVE else len(GRAVE)


class AssetScope:
    """Receivables that a pool holds or a financing rests on."""

    name = "monitor.assets"
    rules = tuple(rule for rule in RULES if rule in ("monitor.asset_claimed", "monitor.invoice_status"))
    reads = (
        Financing, FinancingCollateral, Freeze, Invoice, Output, PackageInvoice, Plan, PoolAsset, Receivable,
        ReceivableInvoice, Registration, RegistrationCollateral,
    )  # fmt: skip

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`."""
        found = {one.asset for one in _of(changes, PoolAsset)} | {one.id for one in _of(changes, Receivable)}
        found |= {one.receivable for one in _of(changes, ReceivableInvoice)}
        found |= {one.root for one in _of(changes, Output)}
        changed_plans = {one.id for one in _of(changes, Plan)}
        found |= {one.asset for one in histories.having(PoolAsset, "plan", changed_plans)}
        claims: list[Any] = [*_of(changes, FinancingCollateral), *_of(changes, RegistrationCollateral)]
        claims += histories.having(FinancingCollateral, "financing", {one.id for one in _of(changes, Financing)})
        filed = {one.id for one in _of(changes, Registration)}
        claims += histories.having(RegistrationCollateral, "registration", filed)
        named: defaultdict[str, set[str]] = defaultdict(set)
        for one in claims:
            named[one.target_kind].add(one.target)
        named["output"] |= {one.id for one in _of(changes, Freeze)}
        packed = histories.having(PackageInvoice, "package", named["package"])
        invoices = {one.id for one in _of(changes, Invoice)} | named["invoice"]
        invoices |= {one.invoice for one in (*packed, *_of(changes, PackageInvoice))}
        found |= named["receivable"] | {one.root for one in histories.having(Output, "id", named["output"])}
        found |= {one.receivable for one in histories.having(ReceivableInvoice, "invoice", invoices)}
        return {f"receivable {one}" for one in found}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: what was ever in a pool, or was put up itself or by a piece."""
        pools, put = market.history(PoolAsset), market.history(FinancingCollateral)
        outputs = market.history(Output)
        pieces = put.filter(put.target_kind == "output").join(outputs, put.target == outputs.id)
        whole = put.filter(put.target_kind == "receivable")
        found = pools.select(name=pools.asset).union(whole.select(name=whole.target))
        found = found.union(pieces.select(name=pieces.root)).distinct()
        return found.select(seed="receivable " + found.name)

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[AssetWatch]:
        """See :meth:`Scope.load`. A receivable that no pool ever held and nothing was lent on has nothing to say."""
        names = {seed.removeprefix("receivable ") for seed in seeds}
        mine: defaultdict[str, Rows] = defaultdict(lambda: defaultdict(list))
        by_output: dict[str, str] = {}
        for one in histories.having(PoolAsset, "asset", names):
            mine[one.asset][PoolAsset].append(one)
        for piece in histories.having(Output, "root", names):
            mine[piece.root][Output].append(piece)
            by_output[piece.id] = piece.root
        for link in histories.having(ReceivableInvoice, "receivable", names):
            mine[link.receivable][ReceivableInvoice].append(link)
        self._claims(histories, names, by_output, mine)
        mine = defaultdict(
            mine.default_factory,
            {name: rows for name, rows in mine.items() if rows[PoolAsset] or rows[FinancingCollateral]},
        )
        for owed in histories.having(Receivable, "id", mine):
            mine[owed.id][Receivable].append(owed)
        for freeze in histories.having(Freeze, "id", [one for one, root in by_output.items() if root in mine]):
            mine[by_output[freeze.id]][Freeze].append(freeze)
        for name, invoice in _papers_of(histories, mine):
            mine[name][Invoice].append(invoice)
        plans = defaultdict(list)
        for plan in histories.having(Plan, "id", {one.plan for rows in mine.values() for one in rows[PoolAsset]}):
            plans[plan.id].append(plan)
        for name in sorted(mine):
            found = mine[name]
            found[Plan] = [plan for each in sorted({one.plan for one in found[PoolAsset]}) for plan in plans[each]]
            yield AssetWatch(name, found)

    def _claims(
        self, histories: Histories, names: set[str], by_output: dict[str, str], mine: defaultdict[str, Rows]
    ) -> None:
        """Add what financings and registrations cover of receivables, pieces, invoices and packages of them."""
        owners: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for name in names:
            owners["receivable", name].add(name)
        for output, root in by_output.items():
            owners["output", output].add(root)
        links = [link for name in names if name in mine for link in mine[name][ReceivableInvoice]]
        for link in links:
            owners["invoice", link.invoice].add(link.receivable)
        for packed in histories.having(PackageInvoice, "invoice", {one.invoice for one in links}):
            for name in owners["invoice", packed.invoice]:
                owners["package", packed.package].add(name)
                mine[name][PackageInvoice].append(packed)
        targets = {target for _, target in owners}
        over: tuple[tuple[type[Any], type[Any], str], ...] = (
            (FinancingCollateral, Financing, "financing"),
            (RegistrationCollateral, Registration, "registration"),
        )
        for cover, claim, column in over:
            by_claim: defaultdict[str, set[str]] = defaultdict(set)
            for one in histories.having(cover, "target", targets):
                for name in owners.get((one.target_kind, one.target), ()):
                    mine[name][cover].append(one)
                    by_claim[getattr(one, column)].add(name)
            for each in histories.having(claim, "id", by_claim):
                for name in by_claim[each.id]:
                    mine[name][claim].append(each)


def _papers_of(histories: Histories, mine: defaultdict[str, Rows]) -> Iterator[tuple[str, Invoice]]:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for name, rows in mine.items():
        for link in rows[ReceivableInvoice]:
            owners[link.invoice].add(name)
    for invoice in histories.having(Invoice, "id", owners):
        for name in owners[invoice.id]:
            yield name, invoice


def _of(changes: Changes, table: type[F]) -> Sequence[F]:
    return changes.get(table, ())  # type: ignore[return-value]

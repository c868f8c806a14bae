"""Which families of a snapshot any pattern could speak of: for each pattern a sweep that aggregates first.

Each sweep is a superset of what its pattern can fire on, by facts that no height can take back, so every version
counts, ended ones too. Where claims meet is told by *anchors*: the key of an invoice, or a thing that rests on none.
What claims a receivable is on the anchors of all its invoices. Two claims that share no anchor are no rivals: each
covers no more than the faces of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Final

from ledger.facts import (
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    PoolAsset,
    Receivable,
    Registration,
    RegistrationCollateral,
    TradeDocument,
    TradeOrder,
)
from ledger.snapshot import Market
from regulator.duplicates.anchors import Anchors, hashed, joined, text, union
from regulator.duplicates.family import ALONE
from regulator.duplicates.keys import VOID

__all__ = ["candidates"]

LENT: Final = ("financing", "certificate")
LOAN: Final = ("instrument", "thing")
CLAIM: Final = ("instrument", "thing", "holder", "giver", "kind", "name", "began", "ended", "amount", "start")


def candidates(market: Market) -> Any:
    """Return the seeds, in a column ``seed``.

    Most sweeps begin with the same joins: the engine makes those once and keeps them until the last sweep is done.
    """
    import ibis

    seeds: set[str] = set()
    with ExitStack() as kept:
        sweeps = _Sweeps(market, kept)
        found = (
            sweeps.rivals(), *sweeps.crossed(), *sweeps.over_financed(), *sweeps.double_spent(), sweeps.red(),
            sweeps.settled(),
        )  # fmt: skip
        for each in found:
            seeds.update(market.backend.to_pyarrow(each.select("seed").distinct())["seed"].to_pylist())
    return ibis.memtable({"seed": sorted(seeds)}, schema={"seed": "string"})


def _most(one: Any, other: Any) -> Any:
    import ibis

    return ibis.greatest(one, other)


class _Sweeps:
    """The claims of a market on its anchors, and the sweeps over them."""

    def __init__(self, market: Market, kept: ExitStack) -> None:
        self._market, self._kept = market, kept
        self.invoices = market.stated(Invoice)
        self.receivables = market.stated(Receivable)
        self.outputs = market.stated(Output)
        self.pools = market.stated(PoolAsset)
        self.collateral = market.stated(FinancingCollateral)
        self.financings = market.stated(Financing)
        self.anchors = Anchors(market, self._keep)

    def _keep(self, table: Any) -> Any:
        return self._kept.enter_context(self._market.kept(table))

    @cached_property
    def claims(self) -> Any:
        """Every claim there ever was, as CLAIM says, on a receivable, an invoice or a thing of its own.

        One on a package is on each of its invoices, one on a piece on its receivable. ``amount``: the most that was
        ever out; ``start``: the business day.
        """
        import ibis

        none = ibis.literal(0, "int64")
        first = self.financings.group_by("id", "financier", "applicant").aggregate(
            amount=self.financings.amount.max(),
            disbursed=self.financings.disbursed.max(),
            start=self.financings.start.max(),
        )
        lent = joined(self.collateral, first, {"financing": "id"})
        lent = lent.select(
            instrument=text("financing"), thing="financing", holder="r_financier", giver="r_applicant",
            kind="target_kind", name="target", began="from_position", ended="to_position",
            amount=_most(lent.r_amount, lent.r_disbursed), start="r_start",
        )  # fmt: skip
        registrations = self._market.stated(Registration).select("id", "secured_party", "debtor").distinct()
        filed = joined(self._market.stated(RegistrationCollateral), registrations, {"registration": "id"})
        filed = filed.select(
            instrument=text("registration"), thing="registration", holder="r_secured_party", giver="r_debtor",
            kind="target_kind", name="target", began="from_position", ended="to_position", amount=none,
            start=ibis.null("date"),
        )  # fmt: skip
        bought = self.outputs.filter(self.outputs.financier == self.outputs.owner)
        bought = bought.select(
            instrument=text("certificate"), thing="id", holder="owner", giver="issuer", kind=text("receivable"),
            name="root", began="from_position", ended="to_position", amount="amount", start=ibis.null("date"),
        )  # fmt: skip
        pooled = self.pools.select(
            instrument=text("pool"), thing="id", holder="plan", giver="assignor", kind=text("receivable"),
            name="asset", began="from_position", ended="to_position", amount=none, start="assigned_on",
        )  # fmt: skip
        return union((self._resolved(self._keep(lent.union(filed))), bought, pooled))

    def _resolved(self, claims: Any) -> Any:
        """Return claims on packages and pieces as claims on what they are made of."""
        plain = claims.filter(claims.kind.isin(["invoice", "receivable", *ALONE]))
        packed = self._market.stated(PackageInvoice).select("package", "invoice").distinct()
        opened = joined(claims.filter(claims.kind == "package"), packed, {"name": "package"})
        opened = opened.mutate(kind=text("invoice"), name=opened.r_invoice).select(*CLAIM)
        roots = self.outputs.select("id", "root")
        rooted = joined(claims.filter(claims.kind == "output"), roots, {"name": "id"})
        rooted = rooted.mutate(kind=text("receivable"), name=rooted.r_root).select(*CLAIM)
        return union((plain, opened, rooted))

    @cached_property
    def anchored(self) -> Any:
        """The claims with what they are ``on``, the anchors that has (if none, itself), and their seeds."""
        import ibis

        claims = self.claims
        claims = claims.mutate(seed=claims.kind + text(" ") + claims["name"], on=hashed(claims.kind, claims["name"]))
        found = joined(claims, self.anchors.keys.union(self.anchors.tied), {"on": "on"}, how="left")
        return self._keep(
            found.select(*CLAIM, "seed", "on", anchor=ibis.coalesce(found.r_anchor, found.on)).drop("name")
        )

    @cached_property
    def crowded(self) -> Any:
        """Those claims on whose anchor is another thing's too: most things are claimed once."""
        claims = self.anchored
        met = _several(claims.group_by("anchor").aggregate(**_ends(claims)))
        return self._keep(claims.semi_join(met, "anchor"))

    def rivals(self) -> Any:
        """Return what two parties claimed by one kind of instrument: financings and pieces, registrations, pools."""
        import ibis

        claims = self.crowded
        kind = ibis.ifelse(claims.instrument == "certificate", "financing", claims.instrument)
        claims = claims.mutate(sort=kind)
        met = claims.group_by("anchor", "sort").aggregate(
            seed=claims.seed.min(), one=claims.holder.min(), other=claims.holder.max()
        )
        return met.filter(met.one != met.other)

    def crossed(self) -> Iterable[Any]:
        """Yield what different parties claimed by two kinds of instrument, neither of them the other's giver.

        Against a certificate it is looked for by receivable: its pieces are claims on that, whoever holds them.
        """
        claims = self.crowded.filter(self.crowded.instrument != "certificate")
        pairs = joined(claims, claims, {"anchor": "anchor"})
        yield pairs.filter(
            pairs.instrument < pairs.r_instrument,
            pairs.holder != pairs.r_holder,
            pairs.giver != pairs.r_holder,
            pairs.holder != pairs.r_giver,
            pairs.ended.isnull() | (pairs.ended > pairs.r_began),
            pairs.r_ended.isnull() | (pairs.r_ended > pairs.began),
        )
        claims = self.anchored.filter(self.anchored.instrument != "certificate")
        claims = claims.select("seed", "holder", "giver", "began", "ended", "on", "anchor")
        creditors = self._market.table(Receivable)
        creditors = creditors.select(on=hashed("receivable", creditors.id), creditor="creditor")
        pieces = self.outputs.mutate(
            on=hashed("receivable", self.outputs.root), held_by=self.outputs.co_owner.fill_null(self.outputs.owner)
        )
        pieces = joined(pieces, creditors, {"on": "on"})
        pieces = pieces.filter((pieces.held_by != pieces.r_creditor) | pieces.financier.notnull())
        pieces = pieces.select("on", "held_by", "from_position", "to_position")
        met = joined(self._reached(claims), pieces, {"root": "on"})
        yield met.filter(
            met.holder != met.r_held_by,
            met.giver != met.r_held_by,
            met.r_to_position.isnull() | (met.r_to_position > met.began),
            met.ended.isnull() | (met.ended > met.r_from_position),
        )

    def _reached(self, claims: Any) -> Any:
        """Return claims, once for each receivable on their anchor: ``root``, the ``on`` of a claim on that."""
        met = joined(claims, self.anchors.tied, {"anchor": "anchor"}, "left")
        return met.mutate(root=met.r_on.fill_null(met.on)).select(*claims.columns, "root")

    def over_financed(self) -> Iterable[Any]:
        """Yield what was lent on more than once, or once beyond its worth, by the most that was ever out."""
        loans = self.crowded.filter(self.crowded.instrument.isin(LENT))
        again = loans.group_by("anchor").aggregate(seed=loans.seed.min(), out=loans.amount.sum(), **_ends(loans))
        again = self._keep(_several(again))
        here = (
            union((self.anchors.keys, self.anchors.tied, loans.select("on", "anchor")))
            .semi_join(again, "anchor")
            .distinct()
        )
        every = self.anchored.filter(self.anchored.instrument.isin(LENT))
        least = self._least(self._keep(here.select("on").union(every.select("on")).distinct()))
        on = joined(here, least, {"on": "on"})
        faces = on.group_by("anchor").aggregate(face=on.r_least.min())
        much = joined(again, faces, {"anchor": "anchor"}, how="left")
        yield much.filter(much.r_face.isnull() | (much.out > much.r_face))
        yield self._beyond(every, least)

    def _beyond(self, loans: Any, least: Any) -> Any:
        """Return what one loan is more than: its share, by first worths, of what is least left of an asset.

        Where parts were stated, or some collateral was given back before the rest, the share may be the whole loan. A
        share is no more than that: of most loans the amount tells enough.
        """
        import ibis

        worth = joined(loans, least, {"on": "on"}, how="left")
        asset = worth.kind.isin(["invoice", "receivable"])
        odd = asset & (worth.amount > worth.r_least.fill_null(0))
        much = worth.filter(odd | (worth.r_first < 0)).select(*LOAN).distinct()
        worth = worth.filter(asset | worth.r_first.notnull()).semi_join(much, LOAN)
        each = worth.group_by(*LOAN, "kind", "on").aggregate(
            seed=worth.seed.min(), amount=worth.amount.max(), least=worth.r_least.min(),
            most=worth.r_first.max(), first=worth.r_first.min(),
        )  # fmt: skip
        total = each.group_by(*LOAN).aggregate(total=each["first"].sum())
        shared = self.collateral.mutate(end=self.collateral.to_position.fill_null(0))
        shared = shared.group_by("financing").aggregate(
            first_end=shared.end.min(), last_end=shared.end.max(), parts=shared.amount.count()
        )
        met = joined(joined(each, total, {name: name for name in LOAN}), shared, {"thing": "financing"}, how="left")
        met = met.filter(met.kind.isin(["invoice", "receivable"]))
        loose = (met.r_first_end != met.r_last_end).fill_null(False) | (met.r_parts.fill_null(0) > 0)
        share = ibis.ifelse(loose, 1.0, met.most.cast("float64") / met.r_total.nullif(0))
        return met.filter(met.amount * share > met.least.fill_null(0) + 0.5)  # shares are whole fen, rounded down

    def _least(self, wanted: Any) -> Any:
        """Return what each thing wanted was worth when it began, and the least that was ever left of it, by ``on``."""
        import ibis

        def of(kind: str, rows: Any, **more: Any) -> Any:
            rows = rows.select(on=hashed(kind, rows.id), **more)
            return rows.semi_join(wanted, "on")

        owed = self.receivables
        net = owed.amount + ibis.least(owed.adjusted + owed.netted, ibis.literal(0, "int64"))
        owed = of("receivable", owed, amount=owed.amount, net=net)
        found = [owed.group_by("on").aggregate(first=owed.amount.max(), least=owed.net.min())]
        notes = self.anchors.aimed.filter(self.anchors.aimed.amount < 0)
        taken = notes.group_by("target").aggregate(off=notes.amount.sum())
        taken = taken.select("off", on=hashed("invoice", taken.target))
        faces = of("invoice", self._market.table(Invoice), first="amount_including_tax")
        faces = joined(faces, taken, {"on": "on"}, how="left")
        found.append(faces.select("on", "first", least=faces["first"] + faces.r_off.fill_null(0)))
        for kind, table in (("order", TradeOrder), ("document", TradeDocument)):
            rows = self._market.stated(table)
            rows = of(kind, rows.filter(rows.amount.notnull()), amount="amount")
            found.append(rows.group_by("on").aggregate(first=rows.amount.min(), least=rows.amount.min()))
        return self._keep(union(found))

    def double_spent(self) -> Iterable[Any]:
        """Yield receivables of which more was issued than they came to, or a piece used after it was consumed."""
        root = text("receivable ")
        owed = self.receivables
        yield owed.filter(owed.certified > owed.amount + owed.adjusted).select(seed=root + owed.id)
        made = self.outputs.select("root", "from_position", parent=self.outputs.parents.unnest()).distinct()
        edges = joined(made, self.outputs.select("id", "amount", "to_position"), {"parent": "id"})
        edges = self._keep(edges.select("root", "from_position", amount="r_amount", gone="r_to_position"))
        yield edges.filter(edges.gone < edges.from_position).select(seed=root + edges.root)
        children = self.outputs.filter(self.outputs.parents.length() > 0)
        children = children.group_by("root", "from_position").aggregate(value=children.amount.sum())
        spent = edges.group_by("root", "from_position").aggregate(worth=edges.amount.sum())
        grown = joined(children, spent, {"root": "root", "from_position": "from_position"})
        yield grown.filter(grown.value > grown.r_worth).select(seed=root + grown.root)
        put_up = self.collateral.filter(self.collateral.target_kind == "output")
        # A later version of a pool's asset names again what the first one brought: what counts is the first naming.
        plans = self.pools.select("plan", taken="from_position", name=self.pools.outputs.unnest())
        firsts = plans.group_by("plan", "name").aggregate(taken=plans.taken.min()).select("name", "taken")
        uses = firsts.union(put_up.select(name="target", taken="from_position"))
        taken = joined(uses, self.outputs.select("id", "root", "to_position"), {"name": "id"})
        yield taken.filter(taken.r_to_position < taken.taken).select(seed=root + taken.r_root)

    def red(self) -> Any:
        """Return claimed invoices that are void by now or that red ones refer to."""
        void = self.invoices.filter(self.invoices.status.isin(sorted(VOID))).select(name="id")
        noted = self.anchors.aimed.filter(self.anchors.aimed.amount < 0).select(name="target")
        red = void.union(noted).distinct()
        red = joined(red.mutate(on=hashed("invoice", red["name"])), self.anchors.keys, {"on": "on"}).select(
            "name", "r_anchor"
        )
        claimed = self.anchored.filter(self.anchored.instrument != "registration").select("anchor")
        held = red.semi_join(claimed, red.r_anchor == claimed.anchor)
        return held.select(seed=text("invoice ") + held["name"])

    def settled(self) -> Any:
        """Return receivables that were settled before some loan, purchase or pool began, by records or by days.

        A part that was paid before a loan counts too: the loan may be more than the rest.
        """
        owed = self.receivables.filter(self.receivables.settled_on.notnull() | (self.receivables.paid > 0))
        owed = owed.select("id", at="from_position", day="settled_on", on=hashed("receivable", owed.id))
        drawn = self.financings.filter(self.financings.disbursed > 0)
        drawn = drawn.group_by("id").aggregate(out=drawn.from_position.min())
        claims = self.anchored.filter(self.anchored.instrument != "registration")
        claims = claims.select("thing", "on", "anchor", "began", "start")
        claims = joined(claims, drawn, {"thing": "id"}, how="left")
        claims = claims.select("on", "anchor", "start", out=_most(claims.began, claims.r_out.fill_null(0)))
        early = joined(self._reached(claims), owed, {"root": "on"})
        early = early.filter((early.out > early.r_at) | (early.start > early.r_day))
        return early.select(seed=text("receivable ") + early.r_id)


def _ends(claims: Any) -> dict[str, Any]:
    """Return the first and the last thing of claims, and the same of their instruments."""
    return {
        "one": claims.thing.min(),
        "other": claims.thing.max(),
        "by": claims.instrument.min(),
        "and_by": claims.instrument.max(),
    }


def _several(met: Any) -> Any:
    """Return the rows of more than one thing: two of one name are two where they claim by different instruments."""
    return met.filter((met.one != met.other) | (met.by != met.and_by))

"""Which families of a snapshot any pattern could speak of: for each pattern a sweep that aggregates first.

Each sweep is a superset of what its pattern can fire on, by facts that no height can take back, so every version
counts, ended ones too. Where claims meet is told by *anchors*: the key of an invoice, or a thing that rests on none.
What claims a receivable is on the anchors of all its invoices. Two claims that share no anchor are no rivals: each
covers no more than the faces of its own, and what its receivable is beyond them.
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
)
from ledger.snapshot import Market
from regulator.duplicates.anchors import Anchors, hashed, joined, text, union
from regulator.duplicates.family import ALONE
from regulator.duplicates.keys import VOID
from regulator.duplicates.left import least_of

__all__ = ["candidates"]

LENT: Final = ("financing", "certificate")
LOAN: Final = ("instrument", "thing")
CLAIM: Final = (
    "instrument", "thing", "holder", "giver", "kind", "name", "began", "ended", "amount", "start", "piece", "face",
)  # fmt: skip


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

        One on a package is on each of its invoices, one on a piece on its receivable: with ``piece``, its hash, and
        ``face``, its amount. ``amount``: the most that was ever out; ``start``: the business day.
        """
        import ibis

        none, null = ibis.literal(0, "int64"), ibis.null("int64")
        first = self.financings.group_by("id", "financier", "applicant").aggregate(
            amount=self.financings.amount.max(),
            disbursed=self.financings.disbursed.max(),
            start=self.financings.start.max(),
        )
        lent = joined(self.collateral, first, {"financing": "id"})
        lent = lent.select(
            instrument=text("financing"), thing="financing", holder="r_financier", giver="r_applicant",
            kind="target_kind", name="target", began="from_position", ended="to_position",
            amount=_most(lent.r_amount, lent.r_disbursed), start="r_start", piece=null, face=null,
        )  # fmt: skip
        registrations = self._market.stated(Registration).select("id", "secured_party", "debtor").distinct()
        filed = joined(self._market.stated(RegistrationCollateral), registrations, {"registration": "id"})
        filed = filed.select(
            instrument=text("registration"), thing="registration", holder="r_secured_party", giver="r_debtor",
            kind="target_kind", name="target", began="from_position", ended="to_position", amount=none,
            start=ibis.null("date"), piece=null, face=null,
        )  # fmt: skip
        bought = self.outputs.filter(self.outputs.financier == self.outputs.owner)
        bought = bought.select(
            instrument=text("certificate"), thing="id", holder="owner", giver="issuer", kind=text("receivable"),
            name="root", began="from_position", ended="to_position", amount="amount", start=ibis.null("date"),
            piece=hashed("output", bought.id), face="amount",
        )  # fmt: skip
        pooled = self.pools.select(
            instrument=text("pool"), thing="id", holder="plan", giver="assignor", kind=text("receivable"),
            name="asset", began="from_position", ended="to_position", amount=none, start="assigned_on", piece=null,
            face=null,
        )  # fmt: skip
        return union((self._resolved(self._keep(lent.union(filed))), bought, pooled))

    def _resolved(self, claims: Any) -> Any:
        """Return claims on packages and pieces as claims on what they are made of."""
        plain = claims.filter(claims.kind.isin(["invoice", "receivable", *ALONE]))
        packed = self._market.stated(PackageInvoice).select("package", "invoice").distinct()
        opened = joined(claims.filter(claims.kind == "package"), packed, {"name": "package"})
        opened = opened.mutate(kind=text("invoice"), name=opened.r_invoice).select(*CLAIM)
        roots = self.outputs.select("id", "root", "amount")
        rooted = joined(claims.filter(claims.kind == "output"), roots, {"name": "id"})
        rooted = rooted.mutate(
            kind=text("receivable"), name=rooted.r_root, piece=hashed("output", rooted["name"]), face=rooted.r_amount
        ).select(*CLAIM)
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
        import ibis

        loans = self.crowded.filter(self.crowded.instrument.isin(LENT))
        again = loans.group_by("anchor").aggregate(seed=loans.seed.min(), out=loans.amount.sum(), **_ends(loans))
        again = self._keep(_several(again))
        every = self.anchored.filter(self.anchored.instrument.isin(LENT))
        every = every.mutate(part=ibis.coalesce(every.piece, every.on))
        # Of one loan on several things that are, or rest on, one invoice: where that is.
        spread = every.group_by(*LOAN, "anchor").aggregate(one=every.part.min(), other=every.part.max())
        spread = self._keep(spread.filter(spread.one != spread.other).select(*LOAN, "anchor"))
        keys = self.anchors.keys
        here = union((keys, self.anchors.tied, loans.select("on", "anchor"))).semi_join(again, "anchor").distinct()
        beneath = joined(spread.select("anchor").distinct(), keys, {"anchor": "anchor"})
        beneath = self._keep(beneath.select("anchor", on="r_on").distinct())
        wanted = union((here.select("on"), beneath.select("on"), every.select("on")))
        least = self._keep(least_of(self._market, self.anchors, self._keep(wanted.distinct())))
        on = joined(here, least, {"on": "on"})
        faces = on.group_by("anchor").aggregate(face=on.r_least.min())
        much = joined(again, faces, {"anchor": "anchor"}, how="left")
        yield much.filter(much.r_face.isnull() | (much.out > much.r_face))
        yield from self._on_pieces(loans, again)
        beneath = joined(beneath, least, {"on": "on"})
        yield from self._beyond(every, least, spread, beneath.group_by("anchor").aggregate(face=beneath.r_least.min()))

    def _on_pieces(self, loans: Any, again: Any) -> Iterable[Any]:
        """Yield pieces on which more came out than they are, but for what their buyers gave on; pieces that went on.

        Of what was lent on a piece that was then made into others, what came out on those counts too.
        """
        import ibis

        on = loans.filter(loans.piece.notnull())
        bought = on.instrument == "certificate"
        on = on.mutate(
            lent=ibis.ifelse(bought, 0, on.amount),
            buyer=ibis.ifelse(bought, on.holder, ibis.null("string")),
            giver=ibis.ifelse(bought, ibis.null("string"), on.giver),
        )
        on = on.select(*LOAN, "piece", "seed", "amount", "face", "lent", "buyer", "giver").distinct()
        met = on.group_by("piece").aggregate(
            seed=on.seed.min(), out=on.amount.sum(), lent=on.lent.sum(), face=on.face.min(),
            buyer=on.buyer.max(), first=on.giver.min(), last=on.giver.max(), **_ends(on),
        )  # fmt: skip
        strange = (met["first"] != met.buyer) | (met["last"] != met.buyer)
        yield _several(met).filter(lambda met: (met.lent > met.face) | ((met.out > met.face) & strange))
        gone = self.outputs.filter(self.outputs.to_position.notnull())
        gone = gone.select(piece=hashed("output", gone.id), gone="to_position")
        loans = loans.filter(loans.instrument == "financing", loans.piece.notnull())
        over = joined(loans, gone, {"piece": "piece"})
        over = over.filter(over.ended.isnull() | (over.ended > over.r_gone)).select("anchor", "seed", "face")
        over = joined(over, again, {"anchor": "anchor"})
        yield over.filter(over.r_out > over.face)

    def _beyond(self, loans: Any, least: Any, spread: Any, faces: Any) -> Iterable[Any]:
        """Yield what one loan is more than: its share, by first worths, of what is least left of an asset.

        Its shares of several things count together where those meet: on one receivable, and on one invoice, of which
        the ``faces`` are, by anchor, where it is ``spread``. Where parts were stated, or some collateral was given back
        before the rest, the share may be the whole loan. A share is no more than that: of most loans the amount tells
        enough.
        """
        import ibis

        worth = joined(loans, least, {"on": "on"}, how="left")
        asset = worth.kind.isin(["invoice", "receivable"])
        left = worth.r_least.fill_null(0)
        worth = worth.mutate(
            first=ibis.coalesce(worth.face, worth.r_first), left=ibis.least(left, worth.face.fill_null(left))
        )
        odd = asset & (worth.amount > worth.left)
        much = worth.filter(odd | (worth["first"] < 0)).select(*LOAN).distinct()
        worth = worth.filter(asset | worth["first"].notnull()).semi_join(much, LOAN)
        each = worth.group_by(*LOAN, "kind", "on", "part").aggregate(
            seed=worth.seed.min(), amount=worth.amount.max(), least=worth.r_least.min(), left=worth.left.min(),
            most=worth["first"].max(), first=worth["first"].min(),
        )  # fmt: skip
        total = each.group_by(*LOAN).aggregate(total=_most(each["first"], 0).sum())
        shared = self.collateral.mutate(end=self.collateral.to_position.fill_null(0))
        shared = shared.group_by("financing").aggregate(
            first_end=shared.end.min(), last_end=shared.end.max(), parts=shared.amount.count()
        )
        met = joined(joined(each, total, {name: name for name in LOAN}), shared, {"thing": "financing"}, how="left")
        met = met.filter(met.kind.isin(["invoice", "receivable"]))
        loose = (met.r_first_end != met.r_last_end).fill_null(False) | (met.r_parts.fill_null(0) > 0)
        share = ibis.ifelse(loose, 1.0, met.most.cast("float64") / met.r_total.nullif(0))
        met = self._keep(met.select(*LOAN, "on", "seed", "amount", "least", "left", share=met.amount * share))
        yield met.filter(met.share > met.left + 0.5)  # shares are whole fen, rounded down
        one = met.group_by(*LOAN, "on").aggregate(
            seed=met.seed.min(), share=met.share.sum(), amount=met.amount.max(), least=met.least.min()
        )
        yield one.filter(ibis.least(one.share, one.amount) > one.least.fill_null(0) + 0.5)
        on = joined(met, self.anchors.keys.union(self.anchors.tied), {"on": "on"}).mutate(anchor=lambda on: on.r_anchor)
        on = on.semi_join(spread, [*LOAN, "anchor"]).select(*LOAN, "on", "seed", "amount", "share", "anchor")
        one = on.group_by(*LOAN, "anchor").aggregate(seed=on.seed.min(), share=on.share.sum(), amount=on.amount.max())
        one = joined(one, faces, {"anchor": "anchor"})
        yield one.filter(ibis.least(one.share, one.amount) > one.r_face + 0.5)

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

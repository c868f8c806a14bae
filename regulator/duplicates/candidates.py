"""Which families of a snapshot any pattern could speak of: for each pattern a sweep that aggregates first.

Each sweep is a superset of what its pattern can fire on, by facts that no height can take back, so every version
counts, ended ones too. Where claims meet is told by *anchors*: the key of an invoice, or a thing that rests on none.
What claims a receivable is on the anchors of all its invoices. Two claims that share no anchor are no rivals: each
covers no more than the faces of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property, reduce
from typing import Any, Final

from ledger.facts import (
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    Registration,
    RegistrationCollateral,
    TradeDocument,
    TradeOrder,
    TradeReference,
)
from ledger.snapshot import Market
from regulator.duplicates.family import ALONE
from regulator.duplicates.keys import VOID
from regulator.duplicates.ties import Ties

__all__ = ["candidates"]

DIGITS: Final = 20
"""Of a number that is a key by itself. One that has as many other signs only makes two keys one: a wider sweep."""

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


def _union(tables: Iterable[Any]) -> Any:
    return reduce(lambda one, other: one.union(other), tables)


def _met(left: Any, right: Any, on: dict[str, str], how: str = "inner") -> Any:
    """Return a join whose right-hand columns are named ``r_<name>``; ``on``: left column by right column."""
    other = right.rename("r_{name}")
    return left.join(other, [left[mine] == other[f"r_{its}"] for mine, its in on.items()], how=how)


def _text(value: str) -> Any:
    import ibis

    return ibis.literal(value, "string")


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
        self.references = market.stated(TradeReference)

    def _keep(self, table: Any) -> Any:
        return self._kept.enter_context(self._market.kept(table))

    @cached_property
    def anchors(self) -> Any:
        """Every (kind, name, anchor): on which anchors a claim on an invoice or a receivable is.

        Anchors are hashes: of two that are one by chance the sweep is wider, and half as large in memory.
        """
        import ibis

        one = self._market.table(Invoice)  # what its key is made of never changes
        code = one.code.fill_null("")
        paper = ibis.ifelse(code != "", code + "|" + one.number, one.seller + "|" + one.buyer + "|" + one.number)
        key = ibis.ifelse(one.number.length() == DIGITS, one.number, paper)
        keys = one.select(name=one.id, anchor=(_text("key ") + key).hash())
        coded = one.filter(code != "", one.number.length() != DIGITS)  # may be known without its code too
        bare = coded.seller + "|" + coded.buyer + "|" + coded.number
        keys = self._of_trades(keys.union(coded.select(name=coded.id, anchor=(_text("key ") + bare).hash())))
        links = self._market.stated(ReceivableInvoice)
        tied = _met(links, keys, {"invoice": "name"})
        tied = tied.select(kind=_text("receivable"), name=tied.receivable, anchor=tied.r_anchor)
        ids = self._market.table(Receivable).select(name="id")
        untied = ids.anti_join(links, ids.name == links.receivable)
        untied = untied.select(
            kind=_text("receivable"), name="name", anchor=(_text("receivable ") + untied["name"]).hash()
        )
        return self._keep(_union((keys.select(kind=_text("invoice"), name="name", anchor="anchor"), tied, untied)))

    def _of_trades(self, keys: Any) -> Any:
        """Return (name, anchor) of invoices, those alike that one trade may have: one issued in another's place.

        Whether the other was gone is not asked. Reissues are few, and may follow each other: their anchors are tied
        here, not in the engine.
        """
        import ibis

        one = self._market.table(Invoice)
        one = one.select("id", "seller", "buyer", amount=one.amount_including_tax)
        refers = self.references.filter(self.references.source_kind == "invoice").select("source", "target").distinct()
        notes = _met(refers, one.filter(one.amount < 0).select("id"), {"source": "id"}).select("source", "target")
        by_red = _met(refers, notes, {"target": "source"})
        pairs = refers.union(by_red.select(source="source", target="r_target")).distinct()
        pairs = _met(pairs, one, {"source": "id"}).select(
            "source", "target", seller="r_seller", buyer="r_buyer", amount="r_amount"
        )
        pairs = _met(pairs, one.view(), {"target": "id", "seller": "seller", "buyer": "buyer"})
        pairs = pairs.filter(pairs.r_amount > 0, pairs.amount >= pairs.r_amount).select("source", "target")
        pairs = _met(pairs, keys, {"source": "name"}).select("target", new="r_anchor")
        pairs = _met(pairs, keys.view(), {"target": "name"})
        found = self._market.backend.to_pyarrow(pairs.select("new", old="r_anchor").distinct())
        ties = Ties()
        for new, old in zip(found["new"].to_pylist(), found["old"].to_pylist(), strict=True):
            ties.tie(str(new), str(old))
        if not ties.nodes():
            return keys
        names = sorted(ties.nodes())
        roots = {"anchor": [int(name) for name in names], "root": [int(ties.root(name)) for name in names]}
        self._roots = ibis.memtable(roots, schema={"anchor": "int64", "root": "int64"})
        # Spark keeps tables it knows: a question makes this one known for as long as it is held.
        self._market.backend.to_pyarrow(self._roots.count())
        tied = _met(keys, self._roots, {"anchor": "anchor"}, "left")
        return tied.select(name="name", anchor=ibis.coalesce(tied.r_root, tied.anchor))

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
        lent = _met(self.collateral, first, {"financing": "id"})
        lent = lent.select(
            instrument=_text("financing"), thing="financing", holder="r_financier", giver="r_applicant",
            kind="target_kind", name="target", began="from_position", ended="to_position",
            amount=_most(lent.r_amount, lent.r_disbursed), start="r_start",
        )  # fmt: skip
        registrations = self._market.stated(Registration).select("id", "secured_party", "debtor").distinct()
        filed = _met(self._market.stated(RegistrationCollateral), registrations, {"registration": "id"})
        filed = filed.select(
            instrument=_text("registration"), thing="registration", holder="r_secured_party", giver="r_debtor",
            kind="target_kind", name="target", began="from_position", ended="to_position", amount=none,
            start=ibis.null("date"),
        )  # fmt: skip
        bought = self.outputs.filter(self.outputs.financier == self.outputs.owner)
        bought = bought.select(
            instrument=_text("certificate"), thing="id", holder="owner", giver="issuer", kind=_text("receivable"),
            name="root", began="from_position", ended="to_position", amount="amount", start=ibis.null("date"),
        )  # fmt: skip
        pooled = self.pools.select(
            instrument=_text("pool"), thing="id", holder="plan", giver="assignor", kind=_text("receivable"),
            name="asset", began="from_position", ended="to_position", amount=none, start="assigned_on",
        )  # fmt: skip
        return self._keep(_union((self._resolved(lent.union(filed)), bought, pooled)))

    def _resolved(self, claims: Any) -> Any:
        """Return claims on packages and pieces as claims on what they are made of."""
        plain = claims.filter(claims.kind.isin(["invoice", "receivable", *ALONE]))
        packed = self._market.stated(PackageInvoice).select("package", "invoice").distinct()
        opened = _met(claims.filter(claims.kind == "package"), packed, {"name": "package"})
        opened = opened.mutate(kind=_text("invoice"), name=opened.r_invoice).select(*CLAIM)
        roots = self.outputs.select("id", "root")
        rooted = _met(claims.filter(claims.kind == "output"), roots, {"name": "id"})
        rooted = rooted.mutate(kind=_text("receivable"), name=rooted.r_root).select(*CLAIM)
        return _union((plain, opened, rooted))

    @cached_property
    def anchored(self) -> Any:
        """The claims with the anchors they are on (what has none is its own), and their seeds."""
        import ibis

        found = _met(self.claims, self.anchors, {"kind": "kind", "name": "name"}, how="left")
        own = found.kind + _text(" ") + found["name"]
        return self._keep(found.select(*CLAIM, anchor=ibis.coalesce(found.r_anchor, own.hash()), seed=own))

    def rivals(self) -> Any:
        """Return what two parties claimed by one kind of instrument: financings and pieces, registrations, pools."""
        import ibis

        kind = ibis.ifelse(self.anchored.instrument == "certificate", "financing", self.anchored.instrument)
        claims = self.anchored.mutate(sort=kind)
        met = claims.group_by("anchor", "sort").aggregate(
            seed=claims.seed.min(), one=claims.holder.min(), other=claims.holder.max()
        )
        return met.filter(met.one != met.other)

    def crossed(self) -> Iterable[Any]:
        """Yield what different parties claimed by two kinds of instrument, neither of them the other's giver.

        Against a certificate it is looked for by receivable: its pieces are claims on that, whoever holds them.
        """
        claims = self.anchored.filter(self.anchored.instrument != "certificate")
        pairs = _met(claims, claims, {"anchor": "anchor"})
        yield pairs.filter(
            pairs.instrument < pairs.r_instrument,
            pairs.holder != pairs.r_holder,
            pairs.giver != pairs.r_holder,
            pairs.holder != pairs.r_giver,
            pairs.ended.isnull() | (pairs.ended > pairs.r_began),
            pairs.r_ended.isnull() | (pairs.r_ended > pairs.began),
        )
        reached = _met(claims, self._tied, {"anchor": "on"})
        creditors = self._market.table(Receivable).select("id", "creditor")
        pieces = _met(self.outputs, creditors, {"root": "id"})
        pieces = pieces.mutate(held_by=pieces.co_owner.fill_null(pieces.owner))
        pieces = pieces.filter((pieces.held_by != pieces.r_creditor) | pieces.financier.notnull())
        pieces = pieces.select("root", "held_by", "from_position", "to_position")
        met = _met(reached.select(*CLAIM, "seed", root="r_root"), pieces, {"root": "root"})
        yield met.filter(
            met.holder != met.r_held_by,
            met.giver != met.r_held_by,
            met.r_to_position.isnull() | (met.r_to_position > met.began),
            met.ended.isnull() | (met.ended > met.r_from_position),
        )

    @cached_property
    def _tied(self) -> Any:
        """Every (root, on): a receivable and its anchors."""
        tied = self.anchors.filter(self.anchors.kind == "receivable")
        return tied.select(root="name", on="anchor")

    def over_financed(self) -> Iterable[Any]:
        """Yield what was lent on more than once, or once beyond its worth, by the most that was ever out."""
        least = self._least
        loans = self.anchored.filter(self.anchored.instrument.isin(["financing", "certificate"]))
        again = loans.group_by("anchor").aggregate(
            seed=loans.seed.min(), one=loans.thing.min(), other=loans.thing.max(), out=loans.amount.sum()
        )
        on = _met(self.anchors, least, {"kind": "kind", "name": "name"})
        faces = on.group_by("anchor").aggregate(face=on.r_least.min())
        much = _met(again.filter(again.one != again.other), faces, {"anchor": "anchor"}, how="left")
        yield much.filter(much.r_face.isnull() | (much.out > much.r_face))
        yield from self._beyond(loans)

    def _beyond(self, loans: Any) -> Iterable[Any]:
        """Yield what one loan is more than: its share, by first worths, of what is least left of an asset.

        Where parts were stated, or some collateral was given back before the rest, the share may be the whole loan.
        """
        import ibis

        worth = _met(loans, self._least, {"kind": "kind", "name": "name"}, how="left")
        worth = worth.filter(worth.kind.isin(["invoice", "receivable"]) | worth.r_first.notnull())
        each = worth.group_by("thing", "kind", "name").aggregate(
            seed=worth.seed.min(), amount=worth.amount.max(), first=worth.r_first.min(), least=worth.r_least.min()
        )
        total = each.group_by("thing").aggregate(total=each["first"].sum())
        shared = self.collateral.mutate(end=self.collateral.to_position.fill_null(0))
        shared = shared.group_by("financing").aggregate(ends=shared.end.nunique(), parts=shared.amount.count())
        met = _met(_met(each, total, {"thing": "thing"}), shared, {"thing": "financing"}, how="left")
        met = met.filter(met.kind.isin(["invoice", "receivable"]))
        loose = (met.r_ends.fill_null(1) > 1) | (met.r_parts.fill_null(0) > 0)
        share = ibis.ifelse(loose, 1.0, met["first"].cast("float64") / met.r_total.nullif(0))
        yield met.filter(met.amount * share > met.least.fill_null(0) + 0.5)  # shares are whole fen, rounded down

    @cached_property
    def _least(self) -> Any:
        """What each thing was worth when it began, and the least that was ever left of it, by (kind, name)."""
        import ibis

        owed = self.receivables
        net = owed.amount + ibis.least(owed.adjusted + owed.netted, ibis.literal(0, "int64"))
        receivables = owed.group_by("id").aggregate(first=owed.amount.max(), least=net.min())
        face = self._market.table(Invoice).select("id", "amount_including_tax")
        notes = face.filter(face.amount_including_tax < 0)
        taken = _met(self.references, notes, {"source": "id"})
        taken = taken.group_by("target").aggregate(off=taken.r_amount_including_tax.sum())
        faces = _met(face, taken, {"id": "target"}, how="left")
        faces = faces.select(
            kind=_text("invoice"), name="id", first="amount_including_tax",
            least=faces.amount_including_tax + faces.r_off.fill_null(0),
        )  # fmt: skip
        others = []
        for kind, table in (("order", TradeOrder), ("document", TradeDocument)):
            rows = self._market.stated(table)
            rows = rows.filter(rows.amount.notnull()).group_by("id").aggregate(first=rows.amount.min())
            others.append(rows.select(kind=_text(kind), name="id", first="first", least="first"))
        return self._keep(
            _union(
                (receivables.select(kind=_text("receivable"), name="id", first="first", least="least"), faces, *others)
            )
        )

    def double_spent(self) -> Iterable[Any]:
        """Yield receivables of which more was issued than they came to, or a piece used after it was consumed."""
        root = _text("receivable ")
        owed = self.receivables
        yield owed.filter(owed.certified > owed.amount + owed.adjusted).select(seed=root + owed.id)
        made = self.outputs.select("root", "from_position", "id", "amount", parent=self.outputs.parents.unnest())
        edges = _met(made, self.outputs.select("id", "amount", "to_position"), {"parent": "id"})
        yield edges.filter(edges.r_to_position < edges.from_position).select(seed=root + edges.root)
        children = self.outputs.filter(self.outputs.parents.length() > 0)
        children = children.group_by("root", "from_position").aggregate(value=children.amount.sum())
        spent = edges.select("root", "from_position", "parent", "r_amount").distinct()
        spent = spent.group_by("root", "from_position").aggregate(worth=spent.r_amount.sum())
        grown = _met(children, spent, {"root": "root", "from_position": "from_position"})
        yield grown.filter(grown.value > grown.r_worth).select(seed=root + grown.root)
        put_up = self.collateral.filter(self.collateral.target_kind == "output")
        # A later version of a pool's asset names again what the first one brought: what counts is the first naming.
        plans = self.pools.select("plan", taken="from_position", name=self.pools.outputs.unnest())
        firsts = plans.group_by("plan", "name").aggregate(taken=plans.taken.min()).select("name", "taken")
        uses = firsts.union(put_up.select(name="target", taken="from_position"))
        taken = _met(uses, self.outputs.select("id", "root", "to_position"), {"name": "id"})
        yield taken.filter(taken.r_to_position < taken.taken).select(seed=root + taken.r_root)

    def red(self) -> Any:
        """Return claimed invoices that are void by now or that red ones refer to."""
        void = self.invoices.filter(self.invoices.status.isin(sorted(VOID))).select(name="id")
        note = self.invoices.filter(self.invoices.amount_including_tax < 0).select("id").distinct()
        noted = _met(self.references, note, {"source": "id"}).select(name="target")
        red = self.anchors.filter(self.anchors.kind == "invoice")
        red = _met(red, void.union(noted).distinct(), {"name": "name"}).select("name", "anchor")
        claimed = self.anchored.filter(self.anchored.instrument != "registration").select("anchor").distinct()
        held = _met(red, claimed, {"anchor": "anchor"})
        return held.select(seed=_text("invoice ") + held["name"])

    def settled(self) -> Any:
        """Return receivables that were settled before some loan, purchase or pool began, by records or by days.

        A part that was paid before a loan counts too: the loan may be more than the rest.
        """
        owed = self.receivables.filter(self.receivables.settled_on.notnull() | (self.receivables.paid > 0))
        first = owed.group_by("id").aggregate(at=owed.from_position.min(), on=owed.settled_on.min())
        drawn = self.financings.filter(self.financings.disbursed > 0)
        drawn = drawn.group_by("id").aggregate(out=drawn.from_position.min())
        claims = self.anchored.filter(self.anchored.instrument != "registration")
        claims = claims.select("thing", "anchor", "began", "start")
        claims = _met(claims, drawn, {"thing": "id"}, how="left")
        claims = claims.select("anchor", "start", out=_most(claims.began, claims.r_out.fill_null(0)))
        on = _met(claims, self._tied, {"anchor": "on"}).select("start", "out", root="r_root")
        early = _met(on, first, {"root": "id"})
        return early.filter((early.out > early.r_at) | (early.start > early.r_on)).select(
            seed=_text("receivable ") + early.root
        )

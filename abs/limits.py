"""What no single party may be too much of: concentration limits, the net pool, important payers, diversification.

Affiliates (关联方) are a term of the deal: ``grouped`` makes the columns ``debtor_group`` and ``creditor_group``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import polars as pl

from abs.composition import UNKNOWN, Holding, is_member, members
from abs.figure import Figure, Unit, difference_of, ratio_of, sum_of
from abs.frame import OPEN, Basis, Day
from abs.money import CONTEXT
from abs.terms import Affiliates, Concentration

__all__ = [
    "Diversification",
    "Excess",
    "Limited",
    "Provider",
    "diversification",
    "excess_concentration",
    "grouped",
    "important_providers",
    "net_pool_balance",
]

LEAST_UNRELATED: Final = 10
"""The unrelated debtors, or creditors of a supply-chain pool, that a pool must have (SL2 3.2.3, ZL2 64)."""
MOST_OF_ONE: Final = Decimal("0.5")
"""The most that one debtor may have of a pool (SL2 3.2.3)."""

_FAMILY: Final = MappingProxyType({"debtor_group": "debtor", "creditor_group": "creditor"})
"""Limits on members and on their groups are on the same money."""


def grouped(day: Day, affiliates: Sequence[Affiliates]) -> Day:
    """The day with the columns ``debtor_group`` and ``creditor_group``: the group of a member, or the member itself."""
    names = {member: one.group for one in affiliates for member in one.members}
    groups = [
        pl.col(side).cast(pl.String).replace(names).cast(pl.Categorical).alias(f"{side}_group")
        for side in ("debtor", "creditor")
    ]
    return Day(pool=day.pool, on=day.on, frame=day.frame.with_columns(groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """A member beyond its limit: what it stands for, the most it may, fen, and the excess."""

    member: str
    balance: Figure
    limit: Figure
    excess: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """One limit on the pool: what all members beyond it exceed it by, the largest excess first."""

    by: str
    limit: Decimal
    excess: Figure
    over: tuple[Limited, ...]


def excess_concentration(
    day: Day, limits: Sequence[Concentration], eligible: pl.Expr
) -> tuple[Figure, tuple[Excess, ...]]:
    """Metric 3: sum over members d of max(0, E_d - limit_d x sum E), fen, in all and for each limit.

    E is the balance of what is ``eligible``; a cap with a part of a fen is rounded down. A limit on members and one on
    their groups are on the same money, so of each group the greater excess counts: its own, or that of its members.
    Others are added, up to the balance. There is one limit ``by`` each at most, and the day must be ``grouped`` where
    one is on groups.
    """
    total = day.sum("pool.eligible_balance", "outstanding", eligible, formula="sum of outstanding that is eligible")
    found = tuple(_excess(day, one, total, eligible) for one in limits)
    families: dict[str, list[Excess]] = {}
    for one in found:
        families.setdefault(_FAMILY.get(one.by, one.by), []).append(one)
    counted = {
        each[-1].by: each[0].excess if len(each) == 1 else _of_groups(day, side, each)
        for side, each in families.items()
    }
    added = " + ".join(f"excess by {by}" for by in counted) or "0, as there is no limit"
    whole = Figure(
        name="pool.excess_concentration",
        value=min(total.fen(), _fen_of(counted.values())),
        unit=Unit.FEN,
        formula=f"min(eligible balance, {added})" if len(counted) > 1 else added,
        height=day.height,
        inputs=(total, *counted.values()) if len(counted) > 1 else tuple(counted.values()),
    )
    return whole, found


def _of_groups(day: Day, side: str, limits: Iterable[Excess]) -> Figure:
    """The excess by a limit on members and one on their groups: of each group the greater of its own and theirs."""
    by = {one.by: one.over for one in limits}
    own = {one.member: [one.excess] for one in by[f"{side}_group"]}
    beyond = pl.Series([one.member for one in by[side]], dtype=pl.String)
    pairs = day.frame.select(pl.col(side, f"{side}_group").cast(pl.String).fill_null(UNKNOWN)).unique()
    group = dict(pairs.filter(pl.col(side).is_in(beyond.implode())).iter_rows())
    theirs: dict[str, list[Figure]] = {}
    for one in by[side]:
        theirs.setdefault(group[one.member], []).append(one.excess)
    greater = (max(own.get(name, []), theirs.get(name, []), key=_fen_of) for name in dict.fromkeys([*own, *theirs]))
    return sum_of(
        f"pool.excess.{side}_or_group",
        [one for each in greater for one in each],
        formula=f"sum over groups of max(excess of the group, sum of excess of each {side} in it)",
        height=day.height,
    )


def _fen_of(figures: Iterable[Figure]) -> int:
    return sum(one.fen() for one in figures)


def _excess(day: Day, limit: Concentration, total: Figure, eligible: pl.Expr) -> Excess:
    general, own = _cap(limit.limit, total), {name: _cap(share, total) for name, share in limit.names.items()}
    cap = pl.lit(general, pl.Int128)
    if own:
        names, caps = pl.Series(list(own), dtype=pl.String), pl.Series(list(own.values()), dtype=pl.Int128)
        cap = pl.col("member").replace_strict(names, caps, default=general, return_dtype=pl.Int128)
    held = members(day, limit.by, where=eligible).with_columns(cap=cap).filter(pl.col("weight") > pl.col("cap"))
    over = []
    for member, weight, _, most in held.sort(pl.col("cap") - pl.col("weight"), "member").iter_rows():
        share = limit.names.get(member, limit.limit)
        part = day.computed(
            f"pool.{limit.by}.balance",
            weight,
            Unit.FEN,
            eligible & is_member(limit.by, member),
            formula=f"sum of eligible outstanding of one {limit.by}",
        )
        most_figure = Figure(
            name=f"pool.{limit.by}.limit",
            value=most,
            unit=Unit.FEN,
            formula=f"{share} x eligible balance, rounded down",
            height=day.height,
            inputs=(total,),
        )
        exceeding = difference_of(f"pool.{limit.by}.excess", part, most_figure, formula="balance - limit")
        over.append(Limited(member=member, balance=part, limit=most_figure, excess=exceeding))
    whole = Figure(
        name=f"pool.excess.{limit.by}",
        value=sum(one.excess.fen() for one in over),
        unit=Unit.FEN,
        formula=f"sum over {limit.by} of max(0, eligible balance of one - limit of it x eligible balance)",
        height=day.height,
        inputs=(total, *(one.excess for one in over)),
    )
    return Excess(by=limit.by, limit=limit.limit, excess=whole, over=tuple(over))


def _cap(share: Decimal, total: Figure) -> int:
    # Exact, whatever the digits: a context would round the product before it is rounded down.
    numerator, denominator = share.as_integer_ratio()
    return total.fen() * numerator // denominator


def net_pool_balance(eligible: Figure, excess: Figure) -> Figure:
    """Metric 3, net receivables pool balance (NRPB): eligible balance - excess concentration."""
    return difference_of("pool.nrpb", eligible, excess, formula="eligible balance - excess concentration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a payer is important: its share alone, or with its affiliates; ``reached``: the share itself is enough."""

    rule: str
    alone: Decimal
    together: Decimal
    reached: bool
    words: str


EXCHANGE: Final = Rule(
    rule="exchange", alone=Decimal("0.15"), together=Decimal("0.20"), reached=False, words="unpaid future cash flow"
)
"""上交所 S5 9.1(2), 深交所 Z1 69: more than 15% alone or 20% with affiliates."""
PRINCIPAL: Final = Rule(
    rule="unpaid_principal", alone=Decimal("0.15"), together=Decimal("0.20"), reached=True, words="unpaid principal"
)
"""CSRC C49, NAFMII NF 14: 15% or 20% 以上, the number included."""
SMALL_POOL, SMALL_ALONE, SMALL_TOGETHER = Decimal("0.20"), Decimal("0.30"), Decimal("0.40")
"""Exempt from the exchange rule (S5 9.2): the pool below 20% of the issue, the payer below 30%, its group below 40%."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A payer that a rule makes important (重要现金流提供方), and whether an exemption applies."""

    rule: str
    member: str
    group: str
    share: Figure
    group_share: Figure
    exempt: bool


def important_providers(
    day: Day, issue_size: int, *, default_days: int, affiliates: Sequence[Affiliates] = ()
) -> tuple[Provider, ...]:
    """Metric 4, 重要现金流提供方 by both rules, the largest share first.

    Exchange rule: share of unpaid future cash flow of the pool: what is owed on open assets that are expected to pay,
    which those in default (the servicer's word, or ``default_days`` past due) are not; more than 15% alone or 20% with
    affiliates; exempt in a small pool (``SMALL_POOL`` of ``issue_size``, fen). CSRC and NAFMII: share of unpaid
    principal, of every open asset, from 15% or 20% on.
    """
    known = grouped(day, affiliates)
    default = (pl.col("days_past_due") >= max(default_days, 1)) | (pl.col("defaulted_on") <= day.on).fill_null(
        value=False
    )
    whole = known.total("outstanding", OPEN)
    small = Decimal(whole) < CONTEXT.multiply(Decimal(issue_size), SMALL_POOL)
    expected = f"sum of outstanding, but of what was declared in default or is {max(default_days, 1)} days past due"
    found = _providers(known, EXCHANGE, OPEN & ~default, expected, small=small)
    return (*found, *_providers(known, PRINCIPAL, OPEN, "sum of outstanding over open assets", small=False))


def _providers(day: Day, rule: Rule, where: pl.Expr, formula: str, *, small: bool) -> Iterable[Provider]:
    total = day.sum(f"pool.{rule.rule}.total", "outstanding", where, formula=f"{rule.words}: {formula}")
    groups = {member: weight for member, weight, _ in members(day, "debtor_group", where=where).iter_rows()}
    least = CONTEXT.multiply(min(rule.alone, rule.together), Decimal(total.fen()))
    owing = (
        day.frame.lazy()
        .filter(where)
        .group_by(pl.col("debtor").cast(pl.String), pl.col("debtor_group").cast(pl.String))
        .agg(pl.col("outstanding").cast(pl.Int128).sum().alias("weight"))
        .sort("weight", "debtor", descending=[True, False])
        .collect()
    )
    for member, group, weight in owing.iter_rows():
        if max(weight, groups[group]) < least:
            continue
        alone = _share(day, rule, "debtor", member, weight, total, where)
        together = _share(day, rule, "debtor_group", group, groups[group], total, where)
        if _beyond(alone, rule.alone, rule) or _beyond(together, rule.together, rule):
            exempt = small and _below(alone, SMALL_ALONE) and _below(together, SMALL_TOGETHER)
            yield Provider(rule=rule.rule, member=member, group=group, share=alone, group_share=together, exempt=exempt)


def _share(day: Day, rule: Rule, side: str, member: str, weight: int, total: Figure, where: pl.Expr) -> Figure:
    part = Figure(
        name=f"pool.{rule.rule}.{side}",
        value=weight,
        unit=Unit.FEN,
        formula=f"{rule.words} of one {side}",
        height=day.height,
        facts=day.facts(where & (pl.col(side) == member)),
    )
    return ratio_of(f"pool.{rule.rule}.{side}_share", part, total)


def _beyond(share: Figure, limit: Decimal, rule: Rule) -> bool:
    value = Decimal(share.number())
    return value >= limit if rule.reached else value > limit


def _below(share: Figure, limit: Decimal) -> bool:
    return Decimal(share.number()) < limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversification:
    """Metric 5: how many unrelated debtors and creditors there are, and the largest of each.

    ``by_debtors``: at least ten, none with more than half of the pool; ``by_creditors`` is what a supply-chain pool
    (反向保理) must meet instead.
    """

    debtors: Figure
    creditors: Figure
    largest_debtor: Holding | None
    largest_creditor: Holding | None
    by_debtors: bool
    by_creditors: bool


def diversification(day: Day, affiliates: Sequence[Affiliates] = ()) -> Diversification:
    """Metric 5: >= 10 unrelated debtors and each <= 50% of the balance; supply-chain pools >= 10 unrelated creditors.

    Affiliates count as one (SL2 3.2.3, ZL2 64).
    """
    known = grouped(day, affiliates)
    counts, largest = {}, {}
    total = known.sum("pool.balance", "outstanding", OPEN, formula="sum of outstanding over open assets")
    for side in ("debtor", "creditor"):
        held = members(known, f"{side}_group", Basis.OUTSTANDING)
        counts[side] = known.computed(
            f"pool.{side}.unrelated", held.height, Unit.COUNT, OPEN, formula=f"number of unrelated {side}s"
        )
        for member, weight, number in held.head(1).iter_rows():
            part = Figure(
                name=f"pool.{side}_group.balance",
                value=weight,
                unit=Unit.FEN,
                formula=f"sum of outstanding of one group of {side}s",
                height=day.height,
                facts=known.facts(OPEN & (pl.col(f"{side}_group") == member)),
            )
            share = ratio_of(f"pool.{side}_group.share", part, total)
            largest[side] = Holding(member=member, balance=part, share=share, count=number)
    most = largest.get("debtor")
    spread = most is not None and Decimal(most.share.number()) <= MOST_OF_ONE
    return Diversification(
        debtors=counts["debtor"],
        creditors=counts["creditor"],
        largest_debtor=most,
        largest_creditor=largest.get("creditor"),
        by_debtors=int(counts["debtor"].number()) >= LEAST_UNRELATED and spread,
        by_creditors=int(counts["creditor"].number()) >= LEAST_UNRELATED,
    )

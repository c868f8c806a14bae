"""What the pool of a plan shows at the height of its last change: criteria, limits, payers, cover, triggers.

These rules recompute the pool with ``abs`` and so say what its pages say. A pool is judged at every block that changed
it, and again on the days that it waits for.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import polars as pl

from abs.coverage import Measures
from abs.eligibility import judged
from abs.figure import Figure, Unit
from abs.frame import OPEN, PoolFrame
from abs.limits import diversification, excess_concentration, important_providers
from abs.terms import Condition, Criterion, PlanTerms
from abs.terms.vocabulary import FIELDS, MEASURES, unit_of
from abs.waterfall.triggers import judge
from disclosure.catalogue import catalogue
from ledger.facts import Plan, Tranche
from regulator.monitor.events import stated_versions
from regulator.monitor.plan import View, parties_of, percent
from regulator.monitor.turns import AGEING
from regulator.signals import Level, Signal

__all__ = ["pool_signals", "pool_subjects"]

BEYOND: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""What is so where a comparison is not met."""
NAMED: Final = 200
"""Assets that one alert names; it counts and adds up all."""


def pool_subjects(plan: str, terms: PlanTerms) -> set[str]:
    """The subjects that these rules could speak of by these terms, beside the plan."""
    found = {f"criterion {plan}/{one.criterion}" for one in terms.eligibility}
    found |= {f"limit {plan}/{one.by}" for one in terms.concentration}
    return found | {f"trigger {plan}/{one.trigger}" for one in terms.triggers}


def pool_signals(view: View, terms: PlanTerms, frame: PoolFrame) -> tuple[Signal, ...]:
    """What the rules say of the pool by its terms, as of the view's height and on its day."""
    pool = _Pool(view, terms, frame)
    rules = (pool.eligibility, pool.concentration, pool.parties, pool.providers, pool.coverage, pool.triggers)
    return tuple(signal for rule in rules for signal in rule())


class _Pool:
    """The pool of a plan at a height, read once for all rules."""

    def __init__(self, view: View, terms: PlanTerms, frame: PoolFrame) -> None:
        self.view = view
        self.terms = terms
        self.on = view.day
        self.measures = Measures(view.facts, view.id, view.day, terms, frame)

    @cached_property
    def open(self) -> int:
        """How many assets are open."""
        return self.measures.day.number(OPEN)

    def eligibility(self) -> Iterator[Signal]:
        """Assets that came in without meeting a criterion (T12), and open ones that do not meet it any more.

        What the ledger does not say is no breach. An asset that is not in the pool any more breaks nothing.
        """
        if not self.terms.eligibility:
            return
        found = judged(self.measures.day, self.terms.eligibility)
        there = self.measures.day.frame.select(
            "row", "in_pool", "open", "amount", "outstanding", "came", "creditor", "pooled", "entered_on"
        )
        wide = found.wide.join(there, on="row", how="left", maintain_order="left")
        for one in self.terms.eligibility:
            entry, today = pl.col(f"entry:{one.criterion}"), pl.col(f"day:{one.criterion}")
            never = wide.filter(pl.col("in_pool") & _failed(entry))
            fallen = wide.filter(OPEN & _failed(today) & ~_failed(entry))
            for rule, chosen, level in (
                ("monitor.ineligible_entry", never, Level.HIGH),
                ("monitor.ineligible_now", fallen, Level.MEDIUM),
            ):
                if chosen.height:
                    yield self._criterion(rule, one, chosen, level)

    def _criterion(self, rule: str, of: Criterion, chosen: pl.DataFrame, level: Level) -> Signal:
        when, criterion = ("entry" if rule.endswith("entry") else "day"), of.criterion
        value = str(chosen[f"{when}={criterion}"][0])
        if FIELDS[of.field].kind == "amount":
            value = _yuan(Decimal(value))
        if when == "day" and of.field in AGEING and of.op in BEYOND:
            value = f"{BEYOND[of.op]} {of.value}"  # it grows with every day, which says nothing new
        named = chosen["asset"].to_list()
        amount = int(chosen["amount"].sum())
        return self.view.alert(
            rule,
            f"criterion {self.view.id}/{criterion}",
            level=level,
            score=90 if level is Level.HIGH else 70,
            amount=amount,
            since=chosen["entered_on"].max() if when == "entry" else None,  # type: ignore[arg-type]
            things=[f"receivable {name}" for name in named[:NAMED]],
            criterion=criterion,
            text=of.text,
            assets=len(named),
            first=named[0],
            value=value,
            amount_fen=amount,
        )

    def concentration(self) -> Iterator[Signal]:
        """Each limit of the terms that members are beyond (集中度)."""
        if not self.terms.concentration or not self.open:
            return
        _, limits = excess_concentration(self.measures.day, self.terms.concentration, self.measures.eligible)
        for one in limits:
            if not one.over:
                continue
            top = one.over[0]
            excess, most = one.excess.fen(), top.limit.fen()
            grave = 2 * top.excess.fen() >= most
            people = one.by in ("debtor", "creditor")
            yield self.view.alert(
                "monitor.concentration",
                f"limit {self.view.id}/{one.by}",
                level=Level.HIGH if grave else Level.MEDIUM,
                score=85 if grave else 65,
                amount=excess,
                since=None,
                parties=[each.member for each in one.over] if people else (),
                by=one.by,
                members=len(one.over),
                first_party=top.member,
                held_fen=top.balance.fen(),
                limit_fen=most,
                limit=f"{one.limit:%}",
                excess_fen=excess,
            )

    def parties(self) -> Iterator[Signal]:
        """Unrelated debtors or creditors (SL2 3.2.3), and what the originators and their affiliates owe (SL2 2.2.3)."""
        if not self.open:
            return
        known, view = catalogue(), self.view
        spread = diversification(self.measures.day, self.terms.affiliates)
        if not spread.by_debtors and not spread.by_creditors:
            largest = spread.largest_debtor
            assert largest is not None
            yield view.alert(
                "monitor.diversification",
                f"plan {view.id}",
                level=Level.LOW,
                score=50,
                since=None,
                debtors=int(spread.debtors.number()),
                creditors=int(spread.creditors.number()),
                least=int(known.share("unrelated_parties")),
                largest_party=largest.member,
                most=f"{known.share('single_debtor'):%}",
            )
        ours = set(parties_of(stated_versions(view.begun(Plan))[-1])["originators"])
        ours |= {name for one in self.terms.affiliates if ours & set(one.members) for name in one.members}
        owed = self.measures.day.total("outstanding", OPEN & pl.col("debtor").cast(pl.String).is_in(sorted(ours)))
        whole = self.measures.day.total("outstanding", OPEN)
        if Decimal(owed) > known.share("related_share") * whole:
            yield view.alert(
                "monitor.related_party",
                f"plan {view.id}",
                level=Level.MEDIUM,
                score=70,
                amount=owed,
                since=None,
                parties=sorted(ours),
                owed_fen=owed,
                share=percent(owed, whole, 10),
                limit=f"{known.share('related_share'):%}",
            )

    def providers(self) -> Iterator[Signal]:
        """重要现金流提供方 by both formulas, those that are exempt left out."""
        if not self.open:
            return
        issue = sum(one.principal for one in self.view.now(Tranche))
        found = important_providers(
            self.measures.day, issue, default_days=self.terms.metrics.default_days, affiliates=self.terms.affiliates
        )
        counted = [one for one in found if not one.exempt]
        if not counted:
            return
        first = counted[0]
        by = {rule: sum(one.rule == rule for one in counted) for rule in ("exchange", "unpaid_principal")}
        yield self.view.alert(
            "monitor.important_provider",
            f"plan {self.view.id}",
            level=Level.LOW,
            score=30,
            since=None,
            parties=sorted({one.member for one in counted}),
            providers=len({one.member for one in counted}),
            first_party=first.member,
            by_cash_flow=by["exchange"],
            by_principal=by["unpaid_principal"],
        )

    def coverage(self) -> Iterator[Signal]:
        """Pool and cash below what is outstanding (循环购买资产不足 while the plan revolves)."""
        if self.on <= self.view.plan.closing or not self.measures.frame.assets.height:
            return  # what the plan buys need not be there before its closing
        owed = self.view.unpaid
        rated = sum(max(one.outstanding, 0) for one in self.view.now(Tranche) if one.rank != "subordinated")
        ratio = self.measures["coverage.asset_liability"]
        if not owed or ratio.value is None or ratio.number() >= 1:
            return
        assets = self.measures["pool.balance"].fen() + self.measures.funds.cash(self.on).fen()
        grave = assets < rated
        revolving = self.view.revolving_until is not None and self.on <= self.view.revolving_until
        yield self.view.alert(
            "monitor.coverage",
            f"plan {self.view.id}",
            level=Level.HIGH if grave else Level.MEDIUM,
            score=90 if grave else 60,
            amount=owed - assets,
            since=None,
            assets_fen=assets,
            owed_fen=owed,
            short_fen=owed - assets,
            covered=percent(assets, owed, 10),
            state="revolving" if revolving else "amortising",
        )

    def triggers(self) -> Iterator[Signal]:
        """Triggers (触发事件) of the terms on measures of the pool: those whose condition holds, and those near it."""
        for one in self.terms.triggers:
            condition = one.when
            if not _of_pool(condition) or not self.open:
                continue
            held, _ = judge(condition, self._value)
            near = None if held else self._near(condition)
            if not held and near is None:
                continue
            yield self.view.alert(
                "monitor.trigger",
                f"trigger {self.view.id}/{one.trigger}",
                level=Level.HIGH if held else Level.LOW,
                score=90 if held else 40,
                since=None,
                name=one.name,
                measure=condition.measure,
                state="holds" if held else "near",
                value=_short(condition, self._value(condition.measure)),
                threshold=f"{condition.op} {_limit(condition, self._threshold(condition))}",
                effect=one.effect,
                periods=one.periods,
            )

    def _value(self, name: str) -> Any:
        figure: Figure = self.measures[name]
        return figure.value if isinstance(figure.value, int | Decimal) else None

    def _threshold(self, condition: Condition) -> Any:
        return condition.value if condition.than is None else self._value(condition.than)

    def _near(self, condition: Condition) -> bool | None:
        """True where the measure is within a share of its threshold, on the side where it does not hold yet."""
        value, threshold = self._value(condition.measure), self._threshold(condition)
        if value is None or threshold is None or condition.op == "==" or not threshold:
            return None
        within = catalogue().share("trigger_near") * abs(Decimal(threshold))
        return True if abs(Decimal(value) - Decimal(threshold)) <= within else None


def _failed(verdict: pl.Expr) -> pl.Expr:
    """Judged and not met: what the ledger does not say is null, and no breach."""
    return ~verdict.fill_null(value=True)


def _of_pool(condition: Condition) -> bool:
    names = [condition.measure, *([] if condition.than is None else [condition.than])]
    return all(name in MEASURES and MEASURES[name].source == "pool" and unit_of(name) is not None for name in names)


def _short(condition: Condition, value: Any) -> str:
    """A measure to two decimals; an amount in yuan."""
    if value is not None and unit_of(condition.measure) is Unit.FEN:
        return _yuan(Decimal(value))
    return f"{value.quantize(Decimal('0.01')):f}" if isinstance(value, Decimal) else str(value)


def _limit(condition: Condition, value: Any) -> str:
    """What a measure is compared with: as the terms state it, or as :func:`_short` has another measure."""
    if condition.value is None or unit_of(condition.measure) is Unit.FEN:
        return _short(condition, value)
    return f"{condition.value:f}"


def _yuan(fen: Decimal) -> str:
    return f"CNY {fen / 100:,.2f}"

"""How authentic the trade behind a plan's pool is: scores by balance, the worst assets, what evidence is missing.

Every amount and count is a :class:`abs.figure.Figure`: it unfolds to the records of the assets it was made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from abs.figure import FactRef, Figure, Unit, computed_over, count_over, ratio_of, sum_over
from abs.pool import read_pool
from ledger.store import AsOf
from ledger.verdict import Verdict
from regulator.authenticity.assess import Authenticity, assess_trades
from regulator.authenticity.outcome import Item
from regulator.authenticity.weights import Flow

__all__ = ["BANDS", "Band", "PoolAsset", "PoolAuthenticity", "assess_pool"]

BANDS: Final = (0, 25, 50, 75, 90)
"""The least score of each class of the distribution."""
TOP: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAsset:
    """An asset of the pool: what is still owed of it to the plan, fen, and what is to be said of its trade."""

    balance: int
    found: Authenticity

    def refs(self) -> Iterator[FactRef]:
        """Every fact beneath."""
        yield from self.found.refs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A class of scores, from ``least`` to ``most``, both of it: its balance, share and number of assets."""

    least: int
    most: int
    balance: Figure
    share: Figure
    count: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAuthenticity:
    """What is to be said of the trade behind a plan's pool, as known at a height, on a day."""

    plan: str
    height: int
    on: date
    assets: tuple[PoolAsset, ...]

    def balance(self) -> Figure:
        """What is owed on the assets, fen."""
        return self._sum("balance", self.assets, "sum of outstanding over assets in the pool")

    def score(self) -> Figure:
        """The mean score by balance; None where nothing is owed."""
        weighted = sum(one.balance * one.found.score for one in self.assets)
        whole = sum(one.balance for one in self.assets)
        value = None if whole == 0 else Decimal(weighted) / Decimal(whole)
        formula = "sum of (outstanding x score) / sum of outstanding"
        return computed_over("authenticity.score", self.assets, value, Unit.INDEX, formula=formula, height=self.height)

    def bands(self) -> tuple[Band, ...]:
        """The distribution of scores by balance, the lowest class first."""
        whole, found = self.balance(), []
        for least, above in zip(BANDS, (*BANDS[1:], TOP + 1), strict=True):
            some = [one for one in self.assets if least <= one.found.score < above]
            name = f"score_{least}"
            formula = f"sum of outstanding where {least} <= score < {above}"
            balance = self._sum(name, some, formula)
            found.append(
                Band(
                    least=least,
                    most=above - 1,
                    balance=balance,
                    share=ratio_of(f"{balance.name}.share", balance, whole),
                    count=count_over(
                        f"{balance.name}.count", some, formula=f"assets where {least} <= score < {above}",
                        height=self.height,
                    ),
                )
            )  # fmt: skip
        return tuple(found)

    def four_flows(self) -> Figure:
        """The share of the balance that has evidence of all four flows."""
        some = [one for one in self.assets if len(one.found.flows) == len(Flow)]
        whole = self._sum("four_flows", some, "sum of outstanding of assets with all four flows")
        return ratio_of("authenticity.four_flows.share", whole, self.balance())

    def contradicted(self) -> Figure:
        """What is owed on assets of which a check failed, fen."""
        some = [one for one in self.assets if one.found.verdict is Verdict.FAILED]
        return self._sum("contradicted", some, "sum of outstanding of assets with a failed check")

    def missing(self) -> dict[Item, Figure]:
        """By evidence that is expected and missing somewhere: what is owed on those assets, fen."""
        found = {}
        for item in Item:
            some = [one for one in self.assets if item in one.found.missing]
            if some:
                formula = f"sum of outstanding of assets that lack {item.value}"
                found[item] = self._sum(f"missing_{item.value}", some, formula)
        return found

    def worst(self, top: int = 20) -> tuple[PoolAsset, ...]:
        """The assets of the lowest score, of those the largest first."""
        ranked = sorted(self.assets, key=lambda one: (one.found.score, -one.balance, one.found.receivable))
        return tuple(ranked[:top])

    def as_json(self, top: int = 20) -> dict[str, Any]:
        """Return plain values."""
        return {
            "plan": self.plan,
            "height": self.height,
            "date": self.on.isoformat(),
            "assets": len(self.assets),
            "balance": self.balance().as_json(),
            "score": self.score().as_json(),
            "bands": [
                {"least": one.least, "most": one.most, "balance": one.balance.as_json()}
                | {"share": one.share.as_json(), "count": one.count.as_json()}
                for one in self.bands()
            ],
            "four_flows": self.four_flows().as_json(),
            "contradicted": self.contradicted().as_json(),
            "missing": {item.value: figure.as_json() for item, figure in self.missing().items()},
            "worst": [
                {"receivable": one.found.receivable, "balance": one.balance, "score": one.found.score}
                | {"verdict": one.found.verdict.value, "failed": [each.code for each in one.found.failed]}
                for one in self.worst(top)
            ],
        }

    def _sum(self, name: str, assets: Any, formula: str) -> Figure:
        return sum_over(
            f"authenticity.{name}", tuple(assets), lambda one: one.balance, formula=formula, height=self.height
        )


def assess_pool(facts: AsOf, plan: str, on: date) -> PoolAuthenticity:
    """Return what is to be said of a plan's pool on a day. Raises UnknownPlan."""
    held = read_pool(facts, plan, on).composition().select("asset", "outstanding")
    balances: dict[str, int] = dict(held.iter_rows())
    found = assess_trades(facts, list(balances), on)
    assets = tuple(PoolAsset(balance=balances[one.receivable], found=one) for one in found)
    return PoolAuthenticity(plan=plan, height=facts.height, on=on, assets=assets)

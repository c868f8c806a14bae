"""Metrics 7 to 16 over plain assets, with fractions: the formulas as they are written, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from abs.terms import Metrics
from tests.support import plain_series as plain

Plain = dict[str, Any]
Share = Fraction | None


class Months:
    """The whole months of a pool up to a day, from that of the first invoice on."""

    def __init__(self, assets: Sequence[Plain], terms: Metrics, day: date) -> None:
        self.assets, self.terms = assets, terms
        first = min((one["issued"] for one in assets), default=day).replace(day=1)
        self.ends = []
        while (nxt := (first + timedelta(days=32)).replace(day=1)) - plain.DAY <= day:
            self.ends.append(nxt - plain.DAY)
            first = nxt
        entered = min((one["entered_on"] for one in assets), default=date.max)
        self.begun = [at for at, end in enumerate(self.ends) if end >= entered]
        # a month counts whole where the pool was there on its first morning, or where nothing at all was before it
        nothing = all(one["issued"] >= entered for one in assets)
        self.whole = [at for at in self.begun if nothing or entered <= self.ends[at].replace(day=1)]

    def after(self, at: int) -> date:
        return self.ends[at].replace(day=1) - plain.DAY

    def flow(self, name: str, at: int) -> int:
        return plain.flows(self.assets, self.after(at), self.ends[at], self.terms.default_days)[name]

    def level(self, name: str, day: date) -> int:
        return plain.levels(self.assets, day, self.terms.default_days, self.terms.delinquency_edges)[name]

    def sales(self, of: int, by: int) -> int:
        return plain.sales(self.assets, self.after(of), self.ends[of], self.ends[by])

    def lagged(self, name: str, at: int, lag: int) -> Share:
        return share(self.flow(name, at), self.sales(at - lag, at)) if at in self.whole and at >= lag else None

    def default_ratio(self, at: int) -> Share:
        return self.lagged("defaulted", at, self.terms.default_lag)

    def dilution_ratio(self, at: int) -> Share:
        return self.lagged("dilution", at, self.terms.dilution_lag)

    def cumulative_default_rate(self, at: int) -> Share:
        came = sum(self.flow(name, each) for each in range(at + 1) for name in ("initial", "purchased"))
        return share(sum(self.flow("defaulted", each) for each in range(at + 1)), came)

    def loss_to_liquidation(self, at: int) -> Share:
        return share(self.level("doubtful", self.ends[at]) + self.flow("written_off", at), self.flow("payments", at))

    def turnover(self, at: int) -> Share:
        year = [each for each in self.whole if at - 12 < each <= at]
        balances = sum(self.level("balance", self.ends[each]) for each in year)
        return share(12 * sum(self.sales(each, at) for each in year), balances) if len(year) == 12 else None

    def dso(self, at: int) -> Share:
        days = (self.ends[at] - self.after(at)).days
        return share(self.level("balance", self.ends[at]) * days, self.sales(at, at))

    def came(self, at: int) -> int:
        return sum(self.flow(name, at) for name in ("initial", "purchased", "substituted"))

    def collection_rate(self, at: int) -> Share:
        base = self.level("balance", self.after(at)) + self.came(at)
        return share(self.flow("payments", at), base)

    def smm(self, at: int) -> Share:
        early = self.flow("prepaid", at)
        return share(early, early + self.level("coming", self.ends[at]))

    def periodic_default_rate(self, at: int) -> Share:
        return share(self.flow("defaulted", at), self.level("performing", self.after(at)) + self.came(at))

    def recovery_rate(self, at: int) -> Share:
        names = ("recovered", "defaulted")
        return share(*(sum(self.flow(name, each) for each in range(at + 1)) for name in names))

    def return_decline(self, at: int) -> Share:
        before = self.flow("payments", at - 1) if at - 1 in self.whole and at in self.whole else 0
        return 1 - Fraction(self.flow("payments", at), before) if before > 0 else None

    def window(self, months: int, upto: int) -> list[int]:
        """So many months that end with one; none where the pool was not there for all of them."""
        wanted = list(range(upto - months + 1, upto + 1))
        return wanted if set(wanted) <= set(self.whole) else []

    def mean(self, ratios: Sequence[Share]) -> Share:
        known = [one for one in ratios if one is not None]
        return share(sum(known), len(known))

    def dilution(self) -> tuple[Share, Share]:
        """ADR and HDR."""
        months = self.window(self.terms.history, len(self.ends) - 1)
        if not months or months[0] < self.terms.dilution_lag:
            return None, None
        found = [self.dilution_ratio(at) for at in months]
        return self.mean(found), max((one for one in found if one is not None), default=None)

    def peak_default(self) -> Share:
        lag, averages = self.terms.default_lag, []
        months = self.window(self.terms.history, len(self.ends) - 1)
        for at in months:
            averaged = self.window(self.terms.average_months, at)
            if not averaged or averaged[0] < lag:
                return None
            averages.append(self.mean([self.default_ratio(each) for each in averaged]))
        return max((one for one in averages if one is not None), default=None)

    def horizon(self, months: int, nrpb: int) -> Share:
        window = self.window(months, len(self.ends) - 1)
        return share(sum(self.sales(at, window[-1]) for at in window), nrpb) if window else None


def share(part: int | Fraction, whole: int | Fraction) -> Share:
    return None if not whole else Fraction(part) / Fraction(whole)


def floor(owing: Mapping[str, int], ratings: Mapping[str, str], nrpb: int) -> Share:
    """The largest debtors of each class together, the most of any class."""
    found = []
    for rating, number in (("D", 5), ("C", 3), ("B", 2), ("A", 1)):
        of_class = sorted((owed for name, owed in owing.items() if ratings.get(name, "D") == rating), reverse=True)
        found.append(sum(of_class[:number]))
    return share(max(found), nrpb)

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

    def after(self, at: int) -> date:
        return self.ends[at].replace(day=1) - plain.DAY

    def flow(self, name: str, at: int) -> int:
        return plain.flows(self.assets, self.after(at), self.ends[at], self.terms.default_days)[name]

    def level(self, name: str, day: date) -> int:
        return plain.levels(self.assets, day, self.terms.default_days, self.terms.delinquency_edges)[name]

    def sales(self, of: int, by: int) -> int:
        return plain.sales(self.assets, self.after(of), self.ends[of], self.ends[by])

    def lagged(self, name: str, at: int, lag: int) -> Share:
        return share(self.flow(name, at), self.sales(at - lag, at)) if at in self.begun and at >= lag else None

    def default_ratio(self, at: int) -> Share:
        return self.lagged("defaulted", at, self.terms.default_lag)

    def dilution_ratio(self, at: int) -> Share:
        return self.lagged("dilution", at, self.terms.dilution_lag)

    def cumulative_default_rate(self, at: int) -> Share:
        came = sum(self.flow(name, each) for each in range(at + 1) for name in ("initial", "purchased"))
        return share(sum(self.flow("defaulted", each) for each in range(at + 1)), came)

    def turnover(self, at: int) -> Share:
        year = [each for each in self.begun if at - 12 < each <= at]
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
        before = self.flow("payments", at - 1) if at - 1 in self.begun else 0
        rest = share(self.flow("payments", at), before)
        return None if rest is None else 1 - rest

    def last(self, months: int, upto: int | None = None) -> list[int]:
        known = [at for at in self.begun if upto is None or at <= upto]
        return [at for at in known if at > known[-1] - months] if known else []

    def dilution(self) -> tuple[Share, Share]:
        """ADR and HDR."""
        found = [self.dilution_ratio(at) for at in self.last(self.terms.history)]
        known = [one for one in found if one is not None]
        return (share(sum(known), len(known)), max(known)) if known else (None, None)

    def peak_default(self) -> Share:
        averages = []
        for at in self.last(self.terms.history):
            found = [self.default_ratio(each) for each in self.last(self.terms.average_months, at)]
            known = [one for one in found if one is not None]
            averages += [sum(known) / len(known)] if known else []
        return max(averages, default=None)

    def horizon(self, months: int, nrpb: int) -> Share:
        if not self.begun:
            return None
        last = self.begun[-1]
        return share(sum(self.sales(at, last) for at in range(max(0, last - months + 1), last + 1)), nrpb)


def share(part: int | Fraction, whole: int | Fraction) -> Share:
    return None if not whole else Fraction(part) / Fraction(whole)


def floor(owing: Mapping[str, int], ratings: Mapping[str, str], nrpb: int) -> Share:
    """The largest debtors of each class together, the most of any class."""
    found = []
    for rating, number in (("D", 5), ("C", 3), ("B", 2), ("A", 1)):
        of_class = sorted((owed for name, owed in owing.items() if ratings.get(name, "D") == rating), reverse=True)
        found.append(sum(of_class[:number]))
    return share(max(found), nrpb)

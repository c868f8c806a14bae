"""A slow forecast to hold the real one to: asset by asset, day by day, in exact fractions; and random pools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

from abs.scenario import Scenario, Vector
from tests.support.pool_frames import asset

START = date(2024, 1, 1)
DAY = timedelta(days=1)
Plain = dict[str, Any]


def random_assets(random: Random, count: int, day: date) -> list[Plain]:
    """Assets of about a year before a day: paid, paid in part or late, diluted, in default, gone, still open."""
    found = []
    for number in range(count):
        issued = day - timedelta(days=random.randint(0, 400))
        due = issued + timedelta(days=random.choice([1, 30, 30, 60, 90, 180]))
        if random.random() < 0.3:
            due = max(issued, day) + timedelta(days=random.choice([0, 30, 60, 90]))  # ends of the periods of tests
        amount = random.choice([1, 7, 1_000, random.randint(1, 10**9)])
        changes: list[tuple[Any, ...]] = []
        left = amount
        for _ in range(random.randint(0, 3)):
            on = due + timedelta(days=random.choice([-20, -1, 0, 0, 1, 5, 5, 30, 89, 90, 91, 120]))
            part = min(left, random.choice([left, left, max(1, left // 3)]))
            if part and on >= issued:
                changes.append((on, -part, random.choice(["paid", "paid", "paid", "return"])))
                left -= part
        entered = issued + timedelta(days=random.choice([0, 0, 10]))
        more: Plain = {"entered_on": entered, "assigned_on": entered, "price": amount * 95 // 100 or None}
        if random.random() < 0.1:
            more["left_on"] = entered + timedelta(days=random.randint(0, 200))
        if random.random() < 0.1:
            more["defaulted_on"] = due + timedelta(days=random.randint(0, 40))
        more["came"] = random.choice(["assigned", "purchased"])
        found.append(asset(f"a{number}", amount, issued, due, changes=changes, **more))
    return found


@dataclass
class PlainForecast:
    """What the assets of a pool did up to a day, and are expected to do after it."""

    assets: Sequence[Mapping[str, Any]]
    day: date
    default_days: int
    paid: int = 0
    diluted: int = 0
    defaulted: int = 0
    recovered: int = 0
    fallen: int = 0
    lag: int = 0
    came: int = 0
    seasoned: bool = False
    late: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    due: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    in_default: int = 0

    def __post_init__(self) -> None:
        there = [one for one in self.assets if one["entered_on"] <= self.day]
        self.came = sum(one["amount"] for one in there)
        ripe = sum(one["amount"] for one in there if self._ripe(one))
        self.seasoned = ripe * 10 >= max(1, self.came)
        weighted = 0
        for one in self.assets:
            fell = self._default(one)
            counts = self._ripe(one) or not self.seasoned
            for on, amount, *why in one.get("changes", ()):
                if not (on <= self.day and self._there(one, on)):
                    continue
                kind = why[0] if why else "paid"
                if fell is not None and on > fell[0]:
                    if kind == "paid":
                        self.recovered -= amount
                        weighted -= amount * (on - fell[0]).days
                elif kind == "paid":
                    self.paid -= amount * counts
                    self.late[(on - one["due"]).days] -= amount * counts
                else:
                    self.diluted -= amount * counts
            if fell is not None:
                self.fallen += fell[1]
                self.defaulted += fell[1] * counts
            owed = self._owed(one, self.day)
            if owed > 0 and self._there(one, self.day):
                if fell is None:
                    self.due[one["due"]] += owed
                else:
                    self.in_default += owed
        self.lag = weighted // self.recovered if self.recovered else 0

    def rates(self) -> tuple[Fraction, Fraction, Fraction]:
        """Default, dilution, recovery."""
        whole = self.paid + self.diluted + self.defaulted if self.seasoned else self.came
        return (
            Fraction(self.defaulted, whole) if whole else Fraction(0),
            Fraction(self.diluted, whole) if whole else Fraction(0),
            Fraction(self.recovered, self.fallen) if self.fallen else Fraction(0),
        )

    def cash(self, scenario: Scenario, ends: Sequence[date]) -> list[int]:
        """What is paid by each end, one payment period each, recoveries included."""
        return self.run(self.due, self.in_default, self.day, scenario, ends)[0]

    def gone(self, scenario: Scenario, ends: Sequence[date]) -> list[tuple[int, int, int]]:
        """What is diluted and in default so far, and past due, by each end."""
        return self.run(self.due, self.in_default, self.day, scenario, ends)[2]

    def lost(self, scenario: Scenario, ends: Sequence[date]) -> int:
        """What is never paid."""
        return self.run(self.due, self.in_default, self.day, scenario, ends)[1]

    def run(
        self, due: Mapping[date, int], stock: int, day: date, scenario: Scenario, ends: Sequence[date]
    ) -> tuple[list[int], int, list[tuple[int, int, int]]]:
        """Cash by each end, what is lost, and what is diluted, in default and past due, of what is owed on a day."""
        usual = {days: amount for days, amount in self.late.items() if amount > 0} or {0: 1}
        lag = self.lag if scenario.recovery.lag is None else scenario.recovery.lag
        base, thin, back = self.rates()
        in_time = [0] * len(ends)
        after = [0] * len(ends)
        thinned, broken, late, doomed = ([0] * len(ends) for _ in range(4))
        whole = lost = 0
        for on, amount in due.items():
            at = next((at for at, end in enumerate(ends) if on <= end), len(ends))
            rate = self._rate(scenario.default, at, base, max)
            gone = min(self._rate(scenario.dilution, at, thin, max), 1 - rate)
            bad = floor(amount * rate)
            less = floor(amount * (rate + gone)) - bad
            saved = floor(bad * self._rate(scenario.recovery, at, back, min))
            lost += bad - saved + less
            good = amount - bad - less
            whole += good
            fails = max(on + timedelta(days=self.default_days), day + DAY)
            later = timedelta(days=scenario.delay[min(at, len(scenario.delay) - 1)])
            coming = {on + timedelta(days=k) + later: w for k, w in usual.items() if on + timedelta(days=k) > day}
            for nth, end in enumerate(ends):
                if end <= day:
                    continue
                if coming:
                    share = Fraction(sum(w for when, w in coming.items() if when <= end), sum(coming.values()))
                else:
                    share = Fraction(int((on if on > day else fails) + later <= end))
                in_time[nth] += floor(good * share)
                late[nth] += (good - floor(good * share)) * (on < end)
                doomed[nth] += bad * (on < end)
                thinned[nth] += less * (on <= end)
                broken[nth] += bad * (fails <= end)
                after[nth] += saved * (fails + timedelta(days=lag) <= end)
        kept = Fraction(1)
        for nth, end in enumerate(ends):
            if end > day:
                kept *= 1 - Fraction(scenario.prepayment[min(nth, len(scenario.prepayment) - 1)])
            in_time[nth] = whole - floor((whole - in_time[nth]) * kept)
            late[nth] = floor(late[nth] * kept)
        saved = floor(stock * self._rate(scenario.recovery, 0, back, min))
        for nth, end in enumerate(ends):
            after[nth] += saved * (end > day and day + timedelta(days=lag) <= end)
        gone = [
            (thinned[nth], broken[nth] + stock, late[nth] + doomed[nth] + stock - after[nth])
            for nth in range(len(ends))
        ]
        return [one + other for one, other in zip(in_time, after, strict=True)], lost + stock - saved, gone

    @staticmethod
    def _rate(vector: Vector, at: int, history: Fraction, worse: Any) -> Fraction:
        """A rate of a period, cut off after twelve decimals."""
        said = []
        if vector.rate is not None:
            said.append(Fraction(vector.rate[min(at, len(vector.rate) - 1)]))
        if vector.multiple is not None:
            said.append(min(Fraction(1), history * Fraction(vector.multiple[min(at, len(vector.multiple) - 1)])))
        return Fraction(floor((worse(said) if said else history) * 10**12), 10**12)

    def _ripe(self, one: Mapping[str, Any]) -> bool:
        return bool(one["due"] + timedelta(days=self.default_days) <= self.day)

    @staticmethod
    def _there(one: Mapping[str, Any], on: date) -> bool:
        left = one.get("left_on")
        return bool(one["entered_on"] <= on and (left is None or on < left))

    @staticmethod
    def _owed(one: Mapping[str, Any], on: date) -> int:
        return int(one["amount"] + sum(change[1] for change in one.get("changes", ()) if change[0] <= on))

    def _default(self, one: Mapping[str, Any]) -> tuple[date, int] | None:
        """The first day up to the day on which the asset is in default, and what is owed on it."""
        fails = min(one["due"] + timedelta(days=self.default_days), one.get("defaulted_on") or date.max)
        on = max(fails, one["entered_on"])
        while on <= self.day and self._there(one, on):
            if (owed := self._owed(one, on)) > 0:
                return on, owed
            on += DAY
        left = one.get("left_on")
        if left == fails == one.get("defaulted_on") and one["entered_on"] < left <= self.day:
            owed = self._owed(one, left - DAY)  # declared on the day it left, of what was owed until then
            return (left, owed) if owed > 0 else None
        return None

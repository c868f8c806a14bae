"""What flowed in a pool and was owed on it, worked out asset by asset and day by day: slow, and another way to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

Plain = dict[str, Any]
DAY = timedelta(days=1)
FIRST = date(2024, 1, 1)


def owed(one: Plain, day: date) -> int:
    """Fen unpaid at the end of a day."""
    moved = sum(change[1] for change in one.get("changes", ()) if change[0] <= day)
    return int(one["amount"] + moved) if one["issued"] <= day else 0


def there(one: Plain, day: date) -> bool:
    """Whether the asset is in the pool."""
    left = one.get("left_on")
    return bool(one["entered_on"] <= day and (left is None or left > day))


def open_on(one: Plain, day: date) -> int:
    """What is owed on it in the pool."""
    return max(0, owed(one, day)) if there(one, day) else 0


def fell(one: Plain, default_days: int, until: date) -> tuple[date, int] | None:
    """The first day on which it is in default in the pool, and what is owed then.

    Late enough; or said to be lost by the servicer, for good, in one of two ways, on the day that it left at the
    latest: then what was owed the evening before is what is lost.
    """
    day = one["entered_on"]
    said = [on for on in (one.get("defaulted_on"), one.get("written_off_on")) if on is not None]
    while day <= until:
        late = (day - one["due"]).days >= max(1, default_days)
        if open_on(one, day) and (late or any(on <= day for on in said)):
            return day, open_on(one, day)
        if day == one.get("left_on") and said and min(said) == day and open_on(one, day - DAY):
            return day, open_on(one, day - DAY)
        day += DAY
    return None


def written_off(one: Plain, day: date) -> int:
    """What the servicer had written off of it by a day, as long as the asset was the pool's business."""
    left = one.get("left_on") or date.max
    sums = [said["written_off"] for said in one.get("statuses", ()) if said["on"] <= min(day, left)]
    return int(sums[-1]) if sums else 0


def levels(assets: Iterable[Plain], day: date, default_days: int, edges: Sequence[int]) -> Counter[str]:
    """Every level at the end of a day; classes of delay by their first day."""
    found: Counter[str] = Counter()
    for one in assets:
        left = open_on(one, day)
        if not left:
            continue
        late = max(0, (day - one["due"]).days)
        default = fell(one, default_days, day)
        found["balance"] += left
        found["count"] += 1
        found["overdue"] += left if late else 0
        found["coming"] += left if one["due"] > day else 0
        found["in_default" if default is not None else "performing"] += left
        found["doubtful"] += max(0, left - written_off(one, day)) if late in range(91, 121) else 0
        found[f"from {max((edge for edge in edges if edge <= late), default=0)}"] += left
    return +found


def flows(assets: Iterable[Plain], after: date, end: date, default_days: int) -> Counter[str]:
    """Everything that flowed after one day, until another."""
    found: Counter[str] = Counter()
    for one in assets:
        came, gone = one["entered_on"], one.get("left_on")
        default = fell(one, default_days, end)
        for on, amount, *why in one.get("changes", ()):
            if not after < on <= end or not there(one, on):
                continue
            if not why:
                found["payments"] -= amount
                found["prepaid"] -= amount if one["due"] > end else 0
                found["recovered"] -= amount if default is not None and on > default[0] else 0
            elif amount < 0:
                found["dilution"] -= amount
                found[f"dilution.{why[0]}"] -= amount
            else:
                found["raised"] += amount
        if after < came <= end:
            before = owed_before(one, came)
            found["added"] += before
            way = one.get("came", "assigned")
            found["initial" if way == "assigned" else way] += max(0, before)
        if gone is not None and after < max(gone, came) <= end:
            found["removed"] += owed_before(one, max(gone, came))
        if default is not None and after < default[0] <= end:
            found["defaulted"] += default[1]
        found["written_off"] += written_off(one, end) - (written_off(one, after) if after > date.min else 0)
    return found


def owed_before(one: Plain, day: date) -> int:
    """What is owed when a day begins, whether it is invoiced on that day or was before."""
    return int(one["amount"] + sum(change[1] for change in one.get("changes", ()) if change[0] < day))


def sales(assets: Iterable[Plain], after: date, end: date, by: date) -> int:
    """First amounts invoiced after one day, until another, of what came by a third."""
    return sum(one["amount"] for one in assets if after < one["issued"] <= end and one["entered_on"] <= by)


@st.composite
def assets(draw: st.DrawFn, most: int = 12) -> list[Plain]:
    """A few assets of half a year, with payments early, late, too high and taken back, disputes, exits, defaults."""
    found = []
    for at in range(draw(st.integers(0, most))):
        issued = FIRST + draw(st.integers(0, 120)) * DAY
        entered = issued + draw(st.sampled_from((0, 0, 5, 40))) * DAY
        amount = draw(st.integers(1, 10_000))
        moves = [
            (
                issued + draw(st.integers(-3, 150)) * DAY,
                draw(st.sampled_from((-amount, -amount // 2, -amount - 7, -1, amount // 3 + 1))),
                *draw(st.sampled_from(((), (), ("dilution",), ("dispute",)))),
            )
            for _ in range(draw(st.integers(0, 3)))
        ]
        left = draw(st.none() | st.integers(0, 150))
        declared = draw(st.none() | st.none() | st.integers(0, 150) | st.just(left))
        lost = draw(st.none() | st.none() | st.integers(0, 150) | st.just(left))
        lost_on = None if lost is None else issued + lost * DAY
        said = [] if lost_on is None else [(lost_on, draw(st.integers(1, amount))), (lost_on + 20 * DAY, amount)]
        found.append(
            {
                "asset": f"a{at}",
                "creditor": "c",
                "debtor": f"d{draw(st.integers(0, 3))}",
                "amount": amount,
                "issued": issued,
                "registered_on": issued,
                "entered_on": entered,
                "due": issued + draw(st.integers(0, 60)) * DAY,
                "came": draw(st.sampled_from(("assigned", "purchased", "substituted"))),
                "left_on": None if left is None else issued + left * DAY,
                "left_how": None if left is None else "repurchased",
                "defaulted_on": None if declared is None else issued + declared * DAY,
                "written_off_on": lost_on,
                "statuses": [
                    {"status": "written_off", "since": lost_on, "on": on, "written_off": sum_} for on, sum_ in said
                ],
                "began": at,
                "pooled": at,
                "changes": moves,
            }
        )
    return found

"""Every criterion is judged on every asset, as it came in and as it is, and says what by."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.eligibility import condition, eligible, judged
from abs.errors import BadTerms
from abs.terms import Criterion
from abs.terms.vocabulary import FIELDS
from tests.support.pool_frames import asset, frame

START = date(2024, 1, 1)
DUE = START + timedelta(days=60)


def criterion(field: str, op: Any, value: Any = None, *values: str) -> Criterion:
    return Criterion(criterion=f"{field} {op}", text="t", field=field, op=op, value=value, values=values)


COMPARED = {
    "<": lambda found, value: found < value,
    "<=": lambda found, value: found <= value,
    ">": lambda found, value: found > value,
    ">=": lambda found, value: found >= value,
    "==": lambda found, value: found == value,
}


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=5),
    st.sampled_from(sorted(COMPARED)),
    st.integers(-1, 14).map(lambda half: Decimal(half) / 2),
)
def test_a_number_is_compared_exactly(amounts: list[int], op: str, value: Decimal) -> None:
    pool = frame([asset(f"A{at}", amount, START, DUE) for at, amount in enumerate(amounts)])
    found = judged(pool.on(START), [criterion("amount", op, value)]).table()
    expected = [COMPARED[op](amount, value) for amount in amounts]
    assert found.filter(when="day")["passed"].to_list() == expected
    assert found.filter(when="entry")["value"].to_list() == [str(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("one", "passed", "value"),
    [
        (criterion("confirmed", "==", True), False, "false"),
        (criterion("related_party", "==", False), True, "false"),
        (criterion("due", "<=", DUE), True, "2024-03-01"),
        (criterion("due", "<", DUE), False, "2024-03-01"),
        (criterion("debtor", "==", "core"), True, "core"),
        (criterion("debtor", "in", None, "core", "other"), True, "core"),
        (criterion("debtor", "not_in", None, "core"), False, "core"),
        (criterion("region", "in", None, "44"), True, "44"),
        (criterion("status", "not_in", None, "overdue", "defaulted"), True, "performing"),
        (criterion("goods", "==", "steel"), None, None),  # no invoice says
        (criterion("trade_type", "not_in", None, "domestic"), None, None),
        (criterion("price", ">=", Decimal(1)), None, None),
        (criterion("days_to_due", "<=", Decimal("60.5")), True, "60"),
    ],
)
def test_each_kind_of_field(one: Criterion, passed: bool | None, value: str | None) -> None:
    day = frame([asset("a", 5, START, DUE, debtor="core", region="44")]).on(START)
    found = judged(day, [one])
    assert found.table().filter(when="day").select("passed", "value").row(0) == (passed, value)
    assert found.table(failed=True).filter(when="day").height == (0 if passed else 1)  # unknown is not met
    assert found.eligible.value == (5 if passed else 0)
    assert day.total("outstanding", eligible(day, [one])) == found.eligible.value


def test_every_field_of_the_terms_can_be_judged() -> None:
    values: dict[str, Any] = {"amount": Decimal(1), "number": Decimal(1), "day": START, "flag": True, "text": "x"}
    criteria = [criterion(name, "==", values[field.kind]) for name, field in FIELDS.items()]
    found = judged(frame([asset("a", 5, START, DUE)]).on(START), criteria).table()
    assert found.height == 2 * len(FIELDS)


def test_an_asset_is_judged_as_it_came_and_as_it_is() -> None:
    """Bought on time and confirmed later; overdue and half paid by the day."""
    came, day = START + timedelta(days=20), DUE + timedelta(days=10)
    said = [
        {"status": "overdue", "on": day, "since": DUE, "amount": 6},
        {"status": "defaulted", "on": day + timedelta(days=5), "since": day, "amount": 6},
    ]
    more = {"confirmed": True, "confirmed_on": came + timedelta(days=1), "statuses": said}
    one = asset("a", 10, START, DUE, invoices=1, assigned_on=came, entered_on=START, changes=[(DUE, -4)], **more)
    pool = frame([one])
    criteria = [
        criterion("days_past_due", "<=", Decimal(0)),
        criterion("confirmed", "==", True),
        criterion("outstanding", ">=", Decimal(10)),
        criterion("age", "<=", Decimal(20)),
        criterion("status", "not_in", None, "overdue"),
    ]
    found = judged(pool.on(day), criteria)
    verdicts = {
        (row[0], row[1]): row[2:] for row in found.table().select("when", "criterion", "passed", "value").rows()
    }
    assert [verdicts["entry", one.criterion] for one in criteria] == [
        (True, "0"), (False, "false"), (True, "10"), (True, "20"), (True, "performing"),
    ]  # fmt: skip
    assert [verdicts["day", one.criterion] for one in criteria] == [
        (False, "10"), (True, "true"), (False, "6"), (False, "70"), (False, "overdue"),
    ]  # fmt: skip
    failed = found.table(failed=True)
    assert failed.filter(when="entry")["criterion"].to_list() == ["confirmed =="]
    assert (found.eligible.value, found.share.value) == (0, Decimal(0))
    assert [(ref.table, ref.id) for ref in found.deciding("a", "days_past_due <=")] == [
        ("Receivable", "a"), ("Settlement", "a/0"),
    ]  # fmt: skip
    assert [ref.table for ref in found.deciding("a", "status not_in")] == ["AssetStatus"]


def test_no_criteria_are_met_by_all_that_is_open() -> None:
    day = frame([asset("a", 5, START, DUE)]).on(START)
    found = judged(day, [])
    assert (found.eligible.value, found.table().height) == (5, 0)
    assert found.table().columns == ["asset", "criterion", "when", "passed", "value"]


def test_a_field_that_no_asset_has_is_refused_with_those_there_are() -> None:
    odd = Criterion.model_construct(criterion="c", text="t", field="colour", op="==", value="red", values=())
    with pytest.raises(BadTerms, match="amount, price, outstanding"):
        condition(odd)
    with pytest.raises(BadTerms, match="no criterion"):
        judged(frame([]).on(START), []).deciding("a", "c")
    wrong = Criterion.model_construct(criterion="c", text="t", field="amount", op="<", value="red", values=())
    with pytest.raises(BadTerms):
        condition(wrong)
    with pytest.raises(BadTerms):
        condition(Criterion.model_construct(criterion="c", text="t", field="due", op="<", value=Decimal(1), values=()))

"""Limits on single parties: what exceeds them, who pays too much of a pool, and whether it is spread."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.frame import OPEN, Day
from abs.limits import diversification, excess_concentration, grouped, important_providers, net_pool_balance
from abs.terms import Affiliates, Concentration
from tests.support.pool_frames import Plain, asset, frame

DAY = date(2024, 6, 30)
LATER = DAY + timedelta(days=30)
GROUP = (Affiliates(group="G", members=("d1", "d2")),)


def pool(weights: dict[str, int], **more: object) -> Day:
    plain = [asset(f"A-{who}", amount, DAY, LATER, debtor=who, **more) for who, amount in weights.items()]
    return frame(plain).on(DAY)


SHARES = st.integers(0, 10_000).map(lambda number: Decimal(number) / 10_000)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["d1", "d2", "d3", "d4"]), st.integers(1, 10**13)), max_size=12),
    SHARES,
    SHARES,
    st.dictionaries(st.sampled_from(["d1", "d4", "G"]), SHARES, max_size=2),
)
def test_excess_is_what_each_has_beyond_its_limit(
    held: list[tuple[str, int]], limit: Decimal, region_limit: Decimal, names: dict[str, Decimal]
) -> None:
    """Metric 3 by hand: a cap is limit x balance, in whole fen; what is over both its group's limit and its members'
    own counts once, and nothing exceeds by more than there is."""
    plain: list[Plain] = [
        asset(f"A{at}", amount, DAY, LATER, debtor=who, region=who[1]) for at, (who, amount) in enumerate(held)
    ]
    day = grouped(frame(plain).on(DAY), GROUP)
    limits = [
        Concentration(by="debtor", limit=limit, names=names),
        Concentration(by="debtor_group", limit=limit, names=names),
        Concentration(by="region", limit=region_limit),
    ]
    whole, found = excess_concentration(day, limits, OPEN)
    total = sum(amount for _, amount in held)

    def slow(group: dict[str, str], share: Decimal, named: dict[str, Decimal]) -> Counter[str]:
        sums: Counter[str] = Counter()
        for who, amount in held:
            sums[group.get(who, who)] += amount
        return Counter({who: max(0, sums[who] - int(Fraction(named.get(who, share)) * total)) for who in sums})

    alone = slow({}, limit, names)
    together = slow({"d1": "G", "d2": "G"}, limit, names)
    by_region = slow({who: who[1] for who, _ in held}, region_limit, {})
    assert [one.excess.value for one in found] == [sum(one.values()) for one in (alone, together, by_region)]
    own = {"G": alone["d1"] + alone["d2"], "d3": alone["d3"], "d4": alone["d4"]}
    parties = sum(max(own[group], together[group]) for group in own)
    assert whole.value == min(total, parties + sum(by_region.values()))
    for one in found:
        assert sum(int(each.excess.number()) for each in one.over) == one.excess.value
        beyond = [each.excess.fen() for each in one.over]
        assert beyond == sorted(beyond, reverse=True)


def test_a_member_over_its_limit_and_another_group_over_its_own_are_both_too_much() -> None:
    """d3 has 30 of 100 where one may have 15; d1 and d2 have 24 where a group may have 20. Neither hides the other."""
    day = grouped(pool({"d1": 12, "d2": 12, "d3": 30, **{f"x{number}": 2 for number in range(23)}}), GROUP)
    limits = [
        Concentration(by="debtor", limit=Decimal("0.15")),
        Concentration(by="debtor_group", limit=Decimal("0.20")),
    ]
    whole, found = excess_concentration(day, limits, OPEN)
    assert [one.excess.value for one in found] == [15, 10 + 4]
    assert whole.value == 15 + 4
    [parties] = whole.inputs
    assert [{ref.id for ref in one.inputs[0].unfold()} for one in parties.inputs] == [{"A-d3"}, {"A-d1", "A-d2"}]


def test_no_more_is_too_much_than_there_is() -> None:
    """Limits by debtor and by region are on the same money: a net pool below nothing is no net pool."""
    day = pool({"d1": 100}, region="44")
    limits = [Concentration(by="debtor", limit=Decimal("0.1")), Concentration(by="region", limit=Decimal("0.2"))]
    whole, found = excess_concentration(day, limits, OPEN)
    assert ([one.excess.value for one in found], whole.value) == ([90, 80], 100)
    eligible = day.sum("pool.eligible_balance", "outstanding", OPEN, formula="all")
    assert net_pool_balance(eligible, whole).value == 0


def test_the_net_pool_is_what_is_eligible_less_the_excess() -> None:
    day = pool({"d1": 600, "d2": 300, "d3": 100})
    whole, [found] = excess_concentration(day, [Concentration(by="debtor", limit=Decimal("0.5"))], OPEN)
    [over] = found.over
    assert (over.member, over.balance.value, over.limit.value, over.excess.value) == ("d1", 600, 500, 100)
    eligible = day.sum("pool.eligible_balance", "outstanding", OPEN, formula="all")
    assert net_pool_balance(eligible, whole).value == 900
    assert {ref.id for ref in over.balance.unfold()} == {"A-d1"}
    none, nothing = excess_concentration(day, [], OPEN)
    assert (none.value, nothing) == (0, ())


@pytest.mark.parametrize(
    ("weights", "exchange", "principal"),
    [
        ({"d1": 15, "d3": 70, "d4": 15}, {"d3"}, {"d1", "d3", "d4"}),  # just 15% is not more than 15%
        ({"d1": 16, "d3": 14, "d4": 14, "d5": 14, "d6": 14, "d7": 14, "d8": 14}, {"d1"}, {"d1"}),
        ({"d1": 11, "d2": 10, **{f"x{n}": 1 for n in range(79)}}, {"d1", "d2"}, {"d1", "d2"}),  # 21% together
        ({"d1": 10, "d2": 10, **{f"x{n}": 1 for n in range(80)}}, set(), {"d1", "d2"}),  # just 20% together
        ({"d1": 10, **{f"x{n}": 1 for n in range(90)}}, set(), set()),
        ({}, set(), set()),
    ],
)
def test_important_payers_by_both_rules(weights: dict[str, int], exchange: set[str], principal: set[str]) -> None:
    found = important_providers(pool(weights), 100, default_days=90, affiliates=GROUP)
    assert {one.member for one in found if one.rule == "exchange"} == exchange
    assert {one.member for one in found if one.rule == "unpaid_principal"} == principal
    assert not any(one.exempt for one in found)


def test_a_small_pool_is_exempt_while_nobody_pays_most_of_it() -> None:
    """The pool is 100 of an issue of 501, below 20%: d3's 29% is exempt, d4's 41% not, d1 alone with 30% not."""
    weights = {"d1": 30, "d3": 29, "d4": 41}
    found = important_providers(pool(weights), 501, default_days=90)
    exempt = {one.member: one.exempt for one in found if one.rule == "exchange"}
    assert exempt == {"d1": False, "d3": True, "d4": False}
    assert not any(one.exempt for one in found if one.rule == "unpaid_principal")
    assert not any(one.exempt for one in important_providers(pool(weights), 500, default_days=90))
    both = important_providers(pool({"d1": 25, "d2": 15, "d3": 29, "d4": 31}), 501, default_days=90, affiliates=GROUP)
    assert {one.member: one.exempt for one in both if one.rule == "exchange"} == {
        "d1": False, "d2": False, "d3": True, "d4": False,
    }  # fmt: skip


def test_what_is_in_default_is_owed_but_not_expected() -> None:
    late, sound = DAY - timedelta(days=90), DAY + timedelta(days=1)
    started = DAY - timedelta(days=200)
    plain = [
        asset("late", 50, started, late, debtor="d1"),
        asset("said", 20, started, sound, debtor="d2", defaulted_on=DAY),
        asset("paying", 30, started, sound, debtor="d3", defaulted_on=DAY + timedelta(days=1)),
    ]
    found = important_providers(frame(plain).on(DAY), 100, default_days=90)
    assert [(one.member, one.share.value) for one in found if one.rule == "exchange"] == [("d3", Decimal(1))]
    shares = {one.member: one.share.value for one in found if one.rule == "unpaid_principal"}
    assert shares == {"d1": Decimal("0.5"), "d3": Decimal("0.3"), "d2": Decimal("0.2")}


def test_ten_unrelated_debtors_none_with_more_than_half() -> None:
    ten = {f"d{number}": 1 for number in range(1, 11)}
    assert diversification(pool(ten)).by_debtors
    related = diversification(pool(ten), GROUP)
    assert (related.debtors.value, related.by_debtors) == (9, False)
    assert related.largest_debtor is not None
    assert (related.largest_debtor.member, related.largest_debtor.share.value) == ("G", Decimal("0.2"))
    assert not diversification(pool(ten | {"d1": 10})).by_debtors
    assert diversification(pool(ten | {"d1": 9})).by_debtors  # just half
    assert not diversification(pool(ten)).by_creditors
    nobody = diversification(pool({}))
    assert (nobody.by_debtors, nobody.largest_debtor, nobody.debtors.value) == (False, None, 0)

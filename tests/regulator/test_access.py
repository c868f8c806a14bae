"""Every role may do what the table says, and nothing else; a manager and a custodian for their own plans."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from regulator.access import ALLOWED, LOOPBACK, WHOLE_MARKET, Action, Actor, decide, require
from regulator.errors import NotAllowed

DOCS = Path(__file__).parents[2] / "docs" / "cases.md"
ASKED = frozenset({Action.ANSWER})
LOOKS = frozenset({Action.READ_LEDGER, Action.READ_FINDINGS})
EXPECTED = {
    "regulator": frozenset(Action),
    "auditor": frozenset(Action) - {Action.SUPPRESS},
    "exchange": LOOKS | ASKED,
    "plan_manager": LOOKS | ASKED,
    "custodian": LOOKS | ASKED,
    "supplier": ASKED,
    "core_enterprise": ASKED,
    "bank": ASKED,
    "operator": frozenset(),
    "nobody": frozenset(),
}
"""Written out again: the table of the code is held against this one."""


def actor(role: str, *, member: str | None = "M", plans: tuple[str, ...] = ("P",)) -> Actor:
    return Actor(name="Li", roles=frozenset({role}), member=member, plans=frozenset(plans))


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", EXPECTED)
def test_a_role_may_do_what_the_table_says(role: str, action: Action) -> None:
    allowed = action in EXPECTED[role]
    decision = decide(actor(role), action, "P")
    assert decision.allowed is allowed
    assert decision.reason
    if allowed:
        require(actor(role), action, "P")
    else:
        with pytest.raises(NotAllowed) as refused:
            require(actor(role), action, "P")
        assert refused.value.code == "not-allowed"
        assert refused.value.next_step


@pytest.mark.parametrize("action", sorted(LOOKS))
@pytest.mark.parametrize("role", sorted(EXPECTED))
def test_whoever_acts_on_plans_sees_no_other(role: str, action: Action) -> None:
    looks = action in EXPECTED[role]
    assert decide(actor(role), action, "Q").allowed is (looks and role in WHOLE_MARKET)
    assert decide(actor(role), action).allowed is (looks and role in WHOLE_MARKET)


def test_a_reason_says_what_is_missing() -> None:
    assert "Q" in decide(actor("custodian"), Action.READ_FINDINGS, "Q").reason
    assert "own" in decide(actor("custodian"), Action.READ_FINDINGS).reason
    assert "no role" in decide(Actor(name="Li", roles=frozenset()), Action.READ_LEDGER).reason
    assert "operator" in decide(actor("operator"), Action.READ_LEDGER).reason


def test_whoever_acts_for_nobody_answers_nothing() -> None:
    assert not decide(actor("supplier", member=None), Action.ANSWER).allowed
    assert decide(actor("supplier"), Action.ANSWER).allowed


def test_several_roles_are_worth_the_most_of_them() -> None:
    both = Actor(name="Li", roles=frozenset({"custodian", "exchange"}), plans=frozenset({"P"}))
    assert decide(both, Action.READ_FINDINGS, "Q").allowed
    assert "exchange" in decide(both, Action.READ_FINDINGS, "Q").reason
    none = Actor(name="Li", roles=frozenset({"operator", "supplier"}))
    assert not decide(none, Action.READ_FINDINGS, "P").allowed


def test_whoever_sits_at_the_machine_is_the_regulator() -> None:
    assert LOOPBACK.roles == {"regulator"}


def test_the_table_is_in_the_documentation() -> None:
    text = DOCS.read_text("utf-8")
    for role, actions in ALLOWED.items():
        row = re.search(rf"^\|[^|]*`{role}`[^|]*\|([^|]*)\|", text, re.MULTILINE)
        assert row is not None, role
        assert set(re.findall(r"`([a-z]+\.[a-z]+)`", row[1])) == {each.value for each in actions}, role

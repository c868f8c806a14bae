"""Trouble with what a plan pays beside its holders: fees, moves between its accounts, repayments."""

from __future__ import annotations

from ledger.consortium.market.terms import Agreed
from ledger.consortium.market.trouble.managed import ManagedPlan
from ledger.consortium.market.trouble.teller import Teller, breach, trap
from ledger.finding import Code

__all__: list[str] = []


def _funded(t: Teller) -> ManagedPlan:
    """Return a plan with a reserve, to which cash came."""
    plan = ManagedPlan(t, Agreed(reserve=10_000, promised=None))
    plan.comes_in(50)
    return plan


@breach(Code.FEE_UNKNOWN)
def unknown_fee(t: Teller) -> None:
    """A fee is paid that the terms do not name."""
    _funded(t).fee(1_00, "advisory")
    t.expect(Code.FEE_UNKNOWN)


@trap(Code.FEE_UNKNOWN)
def known_fee(t: Teller) -> None:
    """A fee of the terms is paid."""
    _funded(t).fee(1_00, "management")


@breach(Code.FEE_EXCEEDS_CASH)
def fee_beyond(t: Teller) -> None:
    """A fee is a fen more than the plan has."""
    plan = _funded(t)
    plan.fee(plan.desk.cash + 1)
    t.expect(Code.FEE_EXCEEDS_CASH)


@trap(Code.FEE_EXCEEDS_CASH)
def fee_of_all(t: Teller) -> None:
    """Two fees take all that the plan has."""
    plan = _funded(t)
    plan.fee(plan.desk.cash - 1)
    plan.fee(1, "management")


@breach(Code.ACCOUNT_UNKNOWN)
def unknown_account(t: Teller) -> None:
    """Cash goes to an account that the terms do not name."""
    _funded(t).move("custody", "manager-own", 1_00)
    t.expect(Code.ACCOUNT_UNKNOWN)


@trap(Code.ACCOUNT_UNKNOWN)
def known_account(t: Teller) -> None:
    """Cash goes to the reserve and to the account of collections."""
    plan = _funded(t)
    plan.move("custody", "reserve", 1_00)
    plan.move("custody", f"{plan.plan}-C", 1_00)


def _reserved(t: Teller, more: int) -> None:
    plan = _funded(t)
    plan.move("custody", "reserve", 5_00)
    plan.move("reserve", "custody", 2_00)
    plan.move("reserve", "custody", 3_00 + more)


@breach(Code.ACCOUNT_EXCEEDS_CASH)
def reserve_beyond(t: Teller) -> None:
    """More is drawn from a reserve than was put into it."""
    _reserved(t, 1)
    t.expect(Code.ACCOUNT_EXCEEDS_CASH)


@trap(Code.ACCOUNT_EXCEEDS_CASH)
def reserve_emptied(t: Teller) -> None:
    """A reserve is drawn to the last fen."""
    _reserved(t, 0)


@breach(Code.SHORTFALL_OVER_REPAID)
def repaid_beyond(t: Teller) -> None:
    """More is given back on a call than was paid on it."""
    plan = _funded(t)
    plan.give_back(plan.make_up(1_00), 1_01)
    t.expect(Code.SHORTFALL_OVER_REPAID)


@trap(Code.SHORTFALL_OVER_REPAID)
def repaid_in_parts(t: Teller) -> None:
    """What was paid on a call is given back in two parts."""
    plan = _funded(t)
    call = plan.make_up(1_00)
    for part in (60, 40):
        plan.give_back(call, part)


def _given_back(t: Teller, more: int) -> None:
    plan = _funded(t)
    call = plan.make_up(1_00)
    plan.distribute(plan.desk.cash + 40)
    plan.give_back(call, 60 + more)


@breach(Code.SHORTFALL_EXCEEDS_CASH)
def repaid_without_cash(t: Teller) -> None:
    """What was made up is given back after a part of it was distributed."""
    _given_back(t, 1)
    t.expect(Code.SHORTFALL_EXCEEDS_CASH)


@trap(Code.SHORTFALL_EXCEEDS_CASH)
def repaid_what_is_left(t: Teller) -> None:
    """Of what was made up, what was not distributed is given back."""
    _given_back(t, 0)

"""The words that terms are written in, as data: measures, fields of assets, and what each action of a step needs.

docs/terms.md lists all of them, and a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

from abs.figure import Unit

__all__ = ["ACTIONS", "FIELDS", "MEASURES", "OF_EACH", "Action", "Field", "Measure", "unit_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number that conditions, limits and fees may name; ``source``: the waterfall itself, or the plan's pool."""

    unit: Unit
    source: Literal["waterfall", "pool"]
    text: str


def _measures(source: Literal["waterfall", "pool"], **groups: str) -> dict[str, Measure]:
    """One measure a line, ``name | meaning``, under its unit."""
    found = {}
    for unit, lines in groups.items():
        for line in lines.strip().splitlines():
            name, text = line.strip().split(" | ")
            found[name] = Measure(unit=Unit[unit], source=source, text=text)
    return found


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    _measures(
        "waterfall",
        FEN="""
            senior.outstanding | outstanding principal of the senior tranches (优先级)
            rated.outstanding | outstanding principal of the senior and mezzanine tranches
            securities.outstanding | outstanding principal of every tranche
            fees.due | fees due in the period and in arrears, of every fee
            interest.due | interest due in the period and in arrears, of every tranche
            receipts | cash that came into the plan's accounts for the period
            principal.collected | principal among it; where one account takes both (本息和), all receipts
            interest | interest paid so far in the period, to every tranche (the base of VAT, 增值税)
            shortfall.owed | what the promisor (差额支付承诺人) paid and was not repaid
        """,
        COUNT="""
            period | number of the period, from 1
            clean_up.open | 1 while the balance is so low that the rest may be bought (清仓回购), else 0
        """,
    )
    | _measures(
        "pool",
        FEN="""
            pool.balance | what is owed on the assets in the pool
            pool.original | first amounts of the assets that came into the pool
            pool.collections | collected on the pool's assets in the period
            pool.excess_concentration | balance above the concentration limits (metric 3)
            pool.eligible_balance | balance of the assets that meet the criteria
            pool.nrpb | net receivables pool balance: eligible less excess concentration (metric 3)
            coverage.required_reserve | dynamic reserve that the pool must have (metric 17)
        """,
        COUNT="""
            pool.count | assets in the pool
        """,
        RATIO="""
            pool.cumulative_default_rate | defaulted so far / what came into the pool (metric 8)
            pool.default_ratio | newly defaulted in the month / sales of the lagged month (metric 8)
            pool.dilution_ratio | dilution of the month / sales of the lagged month (metric 9)
            pool.delinquency_ratio | balance past due / balance (metric 7)
            pool.top1_share | largest debtor's share of the balance, affiliates as one (metric 2)
            pool.related_party_share | balance between related parties / balance (metric 5)
            coverage.oc | overcollateralisation: pool balance / outstanding of the rated tranches (metric 18)
            coverage.ic | collections after fees / interest due on the rated tranches (metric 18)
            coverage.asset_liability | pool balance and cash / outstanding of every tranche (metric 18)
        """,
        DAYS="""
            pool.days_sales_outstanding | balance / sales x days (metric 10)
        """,
    )
)
"""Every measure with a fixed name."""

OF_EACH: Final[Mapping[str, tuple[str, Measure]]] = MappingProxyType(
    {
        pattern: (part, Measure(unit=unit, source="waterfall", text=text))
        for pattern, part, unit, text in (
            ("account.<name>", "account", Unit.FEN, "cash in the account at that point of the waterfall"),
            ("account.<name>.excess", "account", Unit.FEN, "what a reserve holds above its target"),
            ("tranche.<name>.outstanding", "tranche", Unit.FEN, "outstanding principal of the tranche"),
            ("tranche.<name>.arrears", "tranche", Unit.FEN, "interest of the tranche that was due and is unpaid"),
            ("trigger.<name>", "trigger", Unit.COUNT, "1 while the trigger is on, else 0"),
        )
    }
)
"""Measures that there are of each account, tranche and trigger: pattern, and what ``<name>`` names."""


def unit_of(name: str) -> Unit | None:
    """The unit of a measure by its name; None for a name that no measure has."""
    if name in MEASURES:
        return MEASURES[name].unit
    for pattern, (_, measure) in OF_EACH.items():
        before, _, after = pattern.partition("<name>")
        if name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after):
            return measure.unit
    return None


Kind = Literal["amount", "number", "day", "flag", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of the pool that a criterion may judge; an amount is in fen."""

    kind: Kind
    text: str


def _fields(**groups: str) -> dict[str, Field]:
    """One field a line, ``name | meaning``, under its kind."""
    kinds: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)}
    return {
        name.strip(): Field(kind=kinds[kind], text=text)
        for kind, lines in groups.items()
        for name, text in (line.split(" | ") for line in lines.strip().splitlines())
    }


FIELDS: Final[Mapping[str, Field]] = MappingProxyType(
    _fields(
        amount="""
            amount | first amount of the asset
            price | what the plan paid for it
            outstanding | what is owed on it on the day
        """,
        number="""
            days_to_due | days until it is due (剩余账期); negative once it is past due
            days_past_due | days since it was due, 0 before
            age | days since it was invoiced (账龄)
            invoices | how many invoices it stands on
            outputs | how many pieces of certificates (数字债权凭证) the plan holds of it
        """,
        day="""
            issued | day of its first invoice
            due | day it is due
            registered_on | day it was registered on the ledger
            assigned_on | day it was assigned to the plan
            entered_on | day from which it is in the pool
        """,
        flag="""
            confirmed | its debtor confirmed it (确权)
            disputed | it is in dispute (商业纠纷)
            related_party | its parties are related (关联交易)
        """,
        text="""
            creditor | member that it was owed to (债权人)
            debtor | member that owes it (债务人)
            region | province of the debtor: digits 3 and 4 of its credit code
            goods | goods of its first invoice
            trade_type | type of trade (贸易类型)
            status | overdue, defaulted, recovered, written_off or disputed, as the servicer said last, else performing
        """,
    )
)
"""Every field of an asset that a criterion may judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a step of this action needs: whom ``pays`` lists, what ``account`` and ``to`` are, if ``until`` fits."""

    text: str
    pays: Literal["fee", "tranche"] | None = None
    account: Literal["any", "reserve"] = "any"
    to: Literal["any", "reserve"] | None = None
    until: bool = False


ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "transfer": Action(text="move cash from `account` to the account `to`", to="any"),
        "fees": Action(text="pay the fees in `pays` what is due and in arrears, arrears first", pays="fee"),
        "interest": Action(text="pay the tranches in `pays` interest that is due and in arrears", pays="tranche"),
        "principal": Action(
            text="pay the tranches in `pays` principal: a scheduled one what its schedule says by the day, a bullet at "
            "its maturity, the others what is outstanding",
            pays="tranche",
        ),
        "top_up": Action(text="fill the reserve `to` to its target", to="reserve"),
        "draw": Action(
            text="take out of the reserve `account` into `to` what the steps after it, up to `until`, lack there",
            account="reserve",
            to="any",
            until=True,
        ),
        "shortfall": Action(
            text="the promisor (差额支付承诺人) pays into `account` what the steps after it, up to `until`, lack there",
            until=True,
        ),
        "repay": Action(text="pay the promisor what it paid before"),
        "buy": Action(text="buy assets (循环购买) that were not paid for before the payment date"),
        "residual": Action(text="pay all that is left in `account` to the residual tranche in `pays`", pays="tranche"),
    }
)
"""Every action of a step."""

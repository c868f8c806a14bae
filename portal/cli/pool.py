"""`glasspool pool`: what a plan's pool is made of on a day, what moved in it, and which assets should not be in it."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portal.cli.console import emit
from portal.cli.lookthrough import Day, Height, reading, stated_day
from portal.cli.parameters import JsonFlag
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from abs.eligibility import Eligibility
    from abs.pool import Pool
    from abs.terms import PlanTerms

Option = typer.Option

MONTH = timedelta(days=30)
"""How far back the account of a pool begins where nobody says so."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pool")(show)


def show(
    plan: Annotated[str, typer.Argument(help="The plan's id, as `glasspool plans` lists it.")],
    height: Height = None,
    day: Day = None,
    since: Annotated[
        str | None, Option(help="Account for what moved after this day; 30 days back by default.", metavar="YYYY-MM-DD")
    ] = None,
    top: Annotated[int, Option(min=1, max=1_000, help="How many of the largest parties and assets to list.")] = 20,
    assets: Annotated[
        bool, Option("--assets", help="List every asset that meets not all criteria, and every asset that moved.")
    ] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Show a pool: size, parties, limits, classes, largest assets, what moved, and what its criteria say."""
    from abs.eligibility import judged
    from abs.pool import read_pool
    from abs.terms import terms_of
    from portal.cli.pool_view import pool_shown
    from portal.cli.words import titled, words_of

    start, settings = stated_day(since), Settings()
    with opened_store(settings) as store:
        facts, on = reading(store, height, stated_day(day))
        if start is not None and start > on:
            raise typer.BadParameter(f"nothing can move after {start} until {on}")
        terms = terms_of(facts, plan, on)
        pool = read_pool(facts, plan, on)
        say = words_of(settings.lang, facts)
        title = titled(facts, plan, say, on)
    verdicts = judged(pool.day, terms.eligibility)
    data = {"plan": plan, "height": pool.height, "date": on.isoformat()} | _composition(pool, terms, top)
    data |= _eligibility(verdicts, assets=assets) | _movements(pool, start or on - MONTH, assets=assets)
    emit(data, pool_shown(data, title, say), as_json=as_json)


def _composition(pool: Pool, terms: PlanTerms, top: int) -> dict[str, Any]:
    """Size, limits, parties, classes and the largest assets."""
    from abs.eligibility import eligible
    from abs.limits import diversification, excess_concentration, grouped, important_providers
    from abs.stratification import largest_assets, mean_rate, strata

    known = grouped(pool.day, terms.affiliates)
    issued = sum(each.principal for each in terms.tranches)
    whole, limits = excess_concentration(known, terms.concentration, eligible(known, terms.eligibility))
    days = terms.metrics.default_days
    providers = important_providers(pool.day, issued, default_days=days, affiliates=terms.affiliates)
    spread = diversification(pool.day, terms.affiliates)
    size = (
        pool.balance(), pool.original(), pool.count(), pool.wam(), pool.seasoning(), pool.wal(), mean_rate(pool.day),
        pool.delinquency_ratio(), pool.disputed_share(), pool.related_party_share(), spread.debtors, spread.creditors,
        whole,
    )  # fmt: skip
    classes = strata(pool.day, terms.metrics)
    return {
        "figures": [each.as_json() for each in size],
        "debtors": pool.concentration("debtor", top=top).as_json(),
        "creditors": pool.concentration("creditor", top=top).as_json(),
        "important_providers": [
            {"rule": one.rule, "member": one.member, "group": one.group, "exempt": one.exempt}
            | {"share": one.share.as_json(), "group_share": one.group_share.as_json()}
            for one in providers
        ],
        "limits": [
            {"by": one.by, "limit": str(one.limit), "excess": one.excess.as_json(), "over": [
                {"member": each.member, "balance": each.balance.as_json(), "excess": each.excess.as_json()}
                for each in one.over
            ]}
            for one in limits
        ],
        "classes": {
            one.name: [bucket.as_json() for bucket in getattr(classes, one.name)] for one in fields(classes)
        },
        "largest_assets": [
            {"asset": one.asset, "creditor": one.creditor, "debtor": one.debtor, "rating": one.debtor_rating}
            | {"balance": one.balance.as_json(), "share": one.share.as_json()}
            | {"rate": None if one.rate is None else str(one.rate), "guarantor": one.guarantor}
            | {"related_party": one.related_party}
            for one in largest_assets(pool.day, terms.metrics, top=top)
        ],
    }  # fmt: skip


def _eligibility(verdicts: Eligibility, *, assets: bool) -> dict[str, Any]:
    """How many assets meet each criterion, when they came in and now; which do not."""
    table = verdicts.table()
    counted = []
    for one in verdicts.criteria:
        of_this = table.filter(table["criterion"] == one.criterion)
        entry: dict[str, Any] = {"criterion": one.criterion, "text": one.text}
        for when in ("entry", "day"):
            passed = of_this.filter(of_this["when"] == when)["passed"]
            entry |= {
                f"{when}_met": int(passed.sum()),
                f"{when}_failed": int((~passed).sum()),
                f"{when}_unknown": passed.null_count(),
            }
        counted.append(entry)
    found: dict[str, Any] = {
        "eligibility": counted,
        "eligible": [verdicts.eligible.as_json(), verdicts.share.as_json()],
    }
    if assets:
        found["not_eligible"] = verdicts.table(failed=True).to_dicts()
    return found


def _movements(pool: Pool, start: date, *, assets: bool) -> dict[str, Any]:
    """The account of what moved."""
    moved = pool.movements(start, pool.on)
    found: dict[str, Any] = {"since": start.isoformat(), "movements": [each.as_json() for each in moved.figures()]}
    if assets:
        found["moved"] = moved.assets.drop("position").with_columns(moved.assets["on"].cast(str)).to_dicts()
    return found

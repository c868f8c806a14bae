"""What happened to a plan by its own records: amendments, new parties, an early end, the originators' share, losses.

No pool is read here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from abs.terms.plan import changes
from disclosure.catalogue import catalogue
from ledger.facts import AssetStatus, Distribution, Holding, Member, Plan, PlanEvent, PoolExit, Tranche
from regulator.monitor.plan import ENDS_REVOLVING, View, parties_of, percent
from regulator.signals import Level, Signal

__all__ = [
    "STEPS",
    "asset_loss",
    "distribution_missed",
    "participant_changed",
    "participant_suspended",
    "revolving_ended",
    "risk_retention",
    "stated_versions",
    "suspended",
    "terms_amended",
    "terms_unusable",
]

DAY: Final = timedelta(days=1)
STEPS: Final = 10
"""Of a loss: at the last all that is unpaid is lost, and there is no further one."""
MAIN: Final = ("waterfalls", "triggers", "eligibility", "concentration", "revolving", "shortfall", "tranches", "dates")
"""Parts of a document that are main terms (主要约定): distribution, pool, enhancement."""
NAMED: Final = 5  # places of a document that an alert names; it says how many there are


def stated_versions(rows: list[Plan]) -> list[Plan]:
    """The versions of a plan that stated terms: the first, and every amendment; not its liquidation."""
    found = rows[:1]
    for row in rows[1:]:
        last = found[-1]
        if (row.document, row.terms, row.terms_from) != (last.document, last.terms, last.terms_from):
            found.append(row)
    return found


def terms_amended(view: View) -> Iterator[Signal]:
    """An amendment (变更约定), from its record on: T23. Medium where main terms changed."""
    versions = stated_versions(view.begun(Plan))
    for number, (before, after) in enumerate(pairwise(versions), start=1):
        places = _changed(before, after)
        main = [place for place in places if place.split("[")[0].split(".")[0] in MAIN]
        yield view.alert(
            "monitor.terms_amended",
            f"amendment {view.id}/{number}",
            level=Level.MEDIUM if main else Level.LOW,
            score=60 if main else 30,
            since=view.days.of(after.from_height),
            rows=(after,),
            effective=(after.terms_from or view.days.of(after.from_height)).isoformat(),
            changed=len(places),
            places=", ".join((main or places)[:NAMED]) or "—",
            reason=after.terms_reason or "—",
        )


def _changed(before: Plan, after: Plan) -> list[str]:
    old, new = (json.loads(one.document or one.terms) for one in (before, after))
    return [one.path for one in changes(old, new)]


def participant_changed(view: View) -> Iterator[Signal]:
    """Another party in a role than the plan was established with (T13), from the record that says so on."""
    versions = stated_versions(view.begun(Plan))
    for role, first in parties_of(versions[0]).items():
        now = parties_of(versions[-1])[role]
        if set(now) == set(first):
            continue
        record = next(one for one in reversed(versions) if parties_of(one)[role] != now)
        changed = versions[versions.index(record) + 1]
        yield view.alert(
            "monitor.participant_changed",
            f"role {view.id}/{role}",
            level=Level.MEDIUM,
            score=70,
            since=view.days.of(changed.from_height),
            rows=(changed,),
            parties=(*first, *now),
            role=role,
            old_party=", ".join(first),
            new_party=", ".join(now),
            effective=(changed.terms_from or view.days.of(changed.from_height)).isoformat(),
        )


def suspended(view: View) -> Iterator[tuple[str, tuple[str, ...], Member]]:
    """Members with a role in the plan as it stands who may not act (暂停): the member, its roles, the record of it."""
    now = {one.id: one for one in view.now(Member) if one.status == "suspended"}
    roles: dict[str, list[str]] = defaultdict(list)
    for role, who in parties_of(stated_versions(view.begun(Plan))[-1]).items():
        for name in who:
            roles[name].append(role)
    for name in sorted(now.keys() & roles.keys()):
        began = now[name]
        for one in reversed([each for each in view.begun(Member) if each.id == name]):
            if one.status != "suspended":
                break
            began = one
        yield name, tuple(roles[name]), began


def participant_suspended(view: View) -> Iterator[Signal]:
    """A participant may not act on the consortium's ledger any more, and nobody has its role yet (T13)."""
    if not view.live:
        return
    for name, roles, began in suspended(view):
        yield view.alert(
            "monitor.participant_suspended",
            f"participant {view.id}/{name}",
            level=Level.HIGH,
            score=80,
            since=view.days.of(began.from_height),
            rows=(began,),
            parties=(name,),
            roles=len(roles),
            role=roles[0],
            old_party=name,
        )


def distribution_missed(view: View) -> Iterator[Signal]:
    """A payment date of the terms passed, nothing was distributed on it or since, and interest was due (T21).

    Dates before the last distribution are for the recomputation to judge, which knows what was due; so are periods that
    were paid before their day.
    """
    if not view.live:
        return
    made = view.now(Distribution)
    last, done = max((one.paid_on for one in made), default=date.min), {one.period for one in made}
    owed = [one for one in view.now(Tranche) if one.outstanding > 0 and one.rate]
    for dates in view.dates:
        if last < dates.payment < view.day and owed and dates.period not in done:
            yield view.alert(
                "monitor.distribution_differs",
                f"period {view.id}/{dates.period}",
                level=Level.HIGH,
                score=95,
                amount=sum(one.outstanding for one in owed),
                since=dates.payment + DAY,
                rows=owed,
                parties=(view.plan.custodian,),
                period=dates.period,
                paid_on=dates.payment.isoformat(),
                cause="date_missed",
                message=f"nothing was distributed on {dates.payment} or since",
                difference_fen=sum(one.outstanding for one in owed),
            )


def revolving_ended(view: View) -> Iterator[Signal]:
    """Purchases ended early (提前结束循环期): T09. High where an acceleration or a default did it."""
    stated = (
        view.begun(Plan)[0].revolving_until
        if view.terms is None or view.terms.revolving is None
        else (view.terms.revolving.until)
    )
    ending = [one for one in view.now(PlanEvent) if one.event in ENDS_REVOLVING]
    first = min(ending, key=lambda one: (one.declared_on, one.from_position), default=None)
    if stated is None or first is None or first.declared_on >= stated:
        return
    grave = first.event in ("acceleration", "default")
    yield view.alert(
        "monitor.revolving_ended",
        f"plan {view.id}",
        level=Level.HIGH if grave else Level.MEDIUM,
        score=90 if grave else 70,
        since=first.declared_on,
        rows=(first,),
        event=first.event,
        until=stated.isoformat(),
        days=(stated - first.declared_on).days,
        reason=first.reason,
    )


def terms_unusable(view: View) -> Iterator[Signal]:
    """The terms cannot be read, so most rules cannot judge the plan: it must not look as if nothing were wrong."""
    if isinstance(view.versions, str):
        yield view.alert(
            "monitor.terms_unusable",
            f"plan {view.id}",
            level=Level.MEDIUM,
            score=80,
            since=view.days.of(view.plan.from_height),
            rows=(view.plan,),
            why=view.versions,
        )


def risk_retention(view: View) -> Iterator[Signal]:
    """The originators hold less than 5% of the issue by face (风险自留), once all holders of a tranche were reported.

    Units of tranches whose holders nobody reported are not known to be held by others, so a tranche without any report
    leaves the question open.
    """
    tranches, held = view.now(Tranche), view.now(Holding)
    issue = sum(one.principal for one in tranches)
    if view.terms is None or not issue or {one.tranche for one in held} < {one.tranche for one in tranches}:
        return
    face = view.terms.conventions.face
    originators = set(parties_of(stated_versions(view.begun(Plan))[-1])["originators"])
    mine = [one for one in held if one.investor in originators]
    kept, least = sum(one.units for one in mine) * face, catalogue().share("risk_retention")
    if Decimal(kept) >= least * issue:
        return
    yield view.alert(
        "monitor.risk_retention",
        f"plan {view.id}",
        level=Level.MEDIUM,
        score=80,
        amount=int(least * issue) - kept,
        since=max(one.held_on for one in held),
        rows=held,
        parties=sorted(originators),
        kept_fen=kept,
        issue_fen=issue,
        share=percent(kept, issue),
        least=f"{least:%}",
    )


def losses(view: View) -> dict[int, list[tuple[date, int, AssetStatus | PoolExit]]]:
    """What was lost in each calendar year, in the order of the records: day, fen (negative: recovered), record.

    Lost is what the servicer wrote off (核销), less what it recovered of that afterwards; and what was still owed on an
    asset that left the pool as written off, where nothing was written off on it before. What is only in default may be
    paid yet and is no loss.
    """
    found: dict[int, list[tuple[date, int, AssetStatus | PoolExit]]] = defaultdict(list)
    known: dict[str, AssetStatus] = {}
    lost: dict[str, int] = defaultdict(int)
    for one in view.begun(AssetStatus):
        before = known.get(one.id)
        more = one.written_off - (before.written_off if before else 0)
        back = one.recovered - (before.recovered if before else 0)
        known[one.id] = one
        moved = more - (min(back, lost[one.asset]) if back > 0 and lost[one.asset] > 0 else 0)
        if moved:
            lost[one.asset] += moved
            found[one.changed_on.year].append((one.changed_on, moved, one))
    for exit_ in view.begun(PoolExit):
        owed = [one for one in view.rows.receivables.get(exit_.asset, ()) if one.from_position < exit_.from_position]
        if exit_.reason == "written_off" and exit_.taker is None and not lost[exit_.asset] and owed:
            amount = max(owed[-1].outstanding, 0)
            lost[exit_.asset] += amount
            found[exit_.left_on.year].append((exit_.left_on, amount, exit_))
    return found


def asset_loss(view: View) -> Iterator[Signal]:
    """Each further 10% of all tranches' unpaid principal that the losses of a year pass (累计每超过): T01.

    A step is passed when the losses are more than so many tenths of what is unpaid at the height, and stands while they
    are. The fiscal year is the calendar year (会计年度).
    """
    unpaid, step = view.unpaid, catalogue().share("asset_loss_step")
    if not unpaid:
        return
    for year, moved in sorted(losses(view).items()):
        total = sum(amount for _, amount, _ in moved)
        for number in range(1, STEPS + 1):
            if Decimal(total) <= step * number * unpaid:
                break
            yield view.alert(
                "monitor.asset_loss",
                f"loss {view.id}/{year}/{number}",
                level=Level.HIGH,
                score=95,
                amount=total,
                since=max(day for day, _, _ in moved),
                rows=[record for _, _, record in moved],
                things=[f"receivable {record.asset}" for _, _, record in moved],
                year=year,
                step=f"{step * number:%}",
                lost_fen=total,
                unpaid_fen=unpaid,
                share=percent(total, unpaid),
            )

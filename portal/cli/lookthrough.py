"""`glasspool plans` and `look-through`: what is behind a security, down to one invoice, each step with its record."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.facts import Member
from ledger.proofs import Prover
from portal.cli.console import emit, progress, say
from portal.cli.files import whole
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.position import Position
    from ledger.store import AsOf, Store

Option = typer.Option
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DayNotReached(PortalError):
    """A day was asked for that the ledger, as far as this node holds it, has not reached."""

    def __init__(self, on: date, last: date) -> None:
        super().__init__(
            "day-not-reached",
            f"Nothing is known of {on:%Y-%m-%d}: the ledger this node holds ends on {last:%Y-%m-%d}.",
            next_step=f"Use --date {last:%Y-%m-%d} or an earlier day, or run `glasspool sync` for newer blocks.",
        )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("plans")(list_plans)
    app.command("look-through")(look)


def stated_day(value: str | None) -> date | None:
    """The day as it was written; raises BadParameter that tells a day that is none from what is no date."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        written = DAY.fullmatch(value)
        wrong = f"there is no such day as {value}" if written else "a date is written YYYY-MM-DD"
        raise typer.BadParameter(wrong) from None


Height = Annotated[int | None, Option(min=0, help="As of this height; the newest block by default.", metavar="H")]
Day = Annotated[
    str | None, Option("--date", "--on", help="On this day; without --height, as known then.", metavar="YYYY-MM-DD")
]


def list_plans(height: Height = None, as_json: Annotated[bool, JsonFlag] = False) -> None:
    """List the plans on the ledger with their securities, assets and distributions."""
    from portal.cli import lookthrough_view as view
    from portal.cli.words import words_of
    from regulator.lookthrough import plans

    settings = Settings()
    with opened_store(settings) as store:
        facts, newest = store.at(height), store.at().height
        lines = plans(facts)
        names = {member.id: member.name for member in facts.select(Member)} if lines else {}
    listed = [line.as_json() | {"manager_name": names.get(line.manager, line.manager)} for line in lines]
    shown = view.plans_table(lines, words_of(settings.lang), height=facts.height, newest=newest)
    emit({"height": facts.height, "plans": listed}, shown, as_json=as_json)


def look(
    subject: Annotated[
        str,
        typer.Argument(
            help="A plan's id, as `glasspool plans` lists it; or the kind of thing that follows, such as invoice, "
            "receivable, output, document, payment, member, holding (PLAN/TRANCHE/INVESTOR), tranche, shelf."
        ),
    ],
    thing: Annotated[str | None, typer.Argument(help="The id of that thing.")] = None,
    up: Annotated[bool | None, Option("--up/--down", help="What rests on it, or what it rests on.")] = None,
    asset: Annotated[str | None, Option(help="Follow this asset down to its invoices and payments.")] = None,
    height: Height = None,
    day: Day = None,
    offset: Annotated[int, Option(min=0, help="The first asset to list, counted from 0.")] = 0,
    limit: Annotated[int, Option(min=0, max=100_000, help="How many assets to list.")] = 20,
    proofs: Annotated[
        Path | None,
        Option(help="Write the proof of every record behind the asset, or behind all assets, to this file."),
    ] = None,
    graphml: Annotated[Path | None, Option(help="Write the graph as GraphML to this file.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Look through a plan: tranches, pool, assets, one asset down to its payments; or through any other thing."""
    if thing is None and (up is not None or graphml is not None):
        subject, thing = "plan", subject
    if thing is not None:
        if asset is not None:
            raise typer.BadParameter("--asset belongs to a plan alone; name the asset: look-through asset PLAN/ASSET")
        _look_from(
            subject, thing, up, height, stated_day(day), offset, limit, proofs=proofs, graphml=graphml, as_json=as_json
        )
        return
    plan = subject
    from portal.cli import lookthrough_view as view
    from portal.cli.words import words_of
    from regulator.lookthrough import look_through
    from regulator.positions import lineage_positions

    settings = Settings()
    with opened_store(settings) as store:
        facts, on = reading(store, height, stated_day(day))
        found = look_through(facts, plan, asset, on=on, offset=offset, limit=limit)
        data = found.as_json()
        if proofs is not None:
            behind = lineage_positions(facts, plan) if asset is None else found.positions()
            data["proofs"] = {"file": str(proofs), "records": _write_proofs(store, settings, proofs, behind)}
    emit(data, view.looked_through(found, words_of(settings.lang)), as_json=as_json)


def _look_from(
    kind: str,
    id_: str,
    up: bool | None,
    height: int | None,
    on: date | None,
    offset: int,
    limit: int,
    *,
    proofs: Path | None,
    graphml: Path | None,
    as_json: bool,
) -> None:
    from portal.cli import lookthrough_graph as view

    settings = Settings()
    with opened_store(settings) as store:
        facts, day = reading(store, height, on)
        graph = view.looked(facts, kind, id_, up=up, on=day, offset=offset, limit=limit)
        data = view.as_json(graph)
        if graphml is not None:
            view.write_graphml(graph, graphml)
        if proofs is not None:
            data["proofs"] = {
                "file": str(proofs), "records": _write_proofs(store, settings, proofs, graph.positions())
            }  # fmt: skip
    emit(data, view.tree(graph, settings.lang), as_json=as_json)


def reading(store: Store, height: int | None, on: date | None) -> tuple[AsOf, date]:
    """The facts and the day to look at: a day alone means what was known at its end, a height alone its block's day.

    Raises DayNotReached for a day after that of the newest block: nothing is known of it.
    """
    from abs.reading import business_day

    if on is not None and on > (last := business_day(store.at())):
        raise DayNotReached(on, last)
    if height is None and on is not None:
        height = store.height_on(on)
    facts = store.at(height)
    return facts, business_day(facts) if on is None else on


def _write_proofs(store: Store, settings: Settings, file: Path, behind: Sequence[Position]) -> int:
    """Write one proof a line, in ledger order; returns how many. Nothing is left behind when one cannot be made."""
    prover = Prover(store, engine=settings.sm_engine)
    with (
        whole(file) as partial,
        partial.open("w", encoding="utf-8") as out,
        progress("proving records", len(behind)) as advance,
    ):
        for position in behind:
            out.write(json.dumps(prover.prove(position).as_json(), ensure_ascii=False) + "\n")
            advance()
    check = f"glasspool verify {shlex.quote(str(file))} --genesis-hash HASH"
    say(f"{len(behind)} proofs in {file}; check them anywhere with: {check}")
    return len(behind)

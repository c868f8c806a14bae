"""`glasspool terms`: is a document of terms right, and which one is a plan paid by."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from portal.cli.console import EXIT_NEGATIVE, emit, say
from portal.cli.node import pairs
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from abs.terms import PlanTerms, TermsVersion

Option = typer.Option

DATES = ("period", "calculation", "remittance", "shortfall", "report", "instruction", "record", "payment")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Check a plan's terms (交易条款), and show those on the ledger.")
    group.command("check")(check)
    group.command("show")(show)
    group.command("schema")(schema)
    app.add_typer(group, name="terms")


def check(
    file: Annotated[Path, typer.Argument(help="A document of terms: TOML, or JSON when it is named .json.")],
    dates: Annotated[bool, Option("--dates", help="Also work out the dates of every period.")] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Check a document of terms: every fault by its path, exit code 1 when there is one."""
    from abs.errors import BadTerms
    from abs.terms import load_terms

    try:
        text = file.read_bytes()
    except OSError as failure:
        raise PortalError(
            "file", f"{file} cannot be read: {failure.strerror}", next_step="Name another file."
        ) from None
    try:
        terms = load_terms(text, kind="json" if file.suffix == ".json" else "toml")
        planned = _planned(terms) if dates else []
    except BadTerms as failure:
        faults = [{"path": one.path, "reason": one.reason} for one in failure.faults] or [
            {"path": "dates.pay", "reason": failure.message}
        ]
        emit({"file": str(file), "ok": False, "faults": faults}, _faults(faults), as_json=as_json)
        raise typer.Exit(EXIT_NEGATIVE) from None
    counted = _counted(terms)
    data = {"file": str(file), "ok": True, "faults": [], **counted, **({"dates": planned} if dates else {})}
    emit(data, _dated(counted, planned), as_json=as_json)


def show(
    plan: Annotated[str, typer.Argument(help="The plan's id, as `glasspool plans` lists it.")],
    height: Annotated[
        int | None, Option(min=0, help="As of this height; the newest block by default.", metavar="H")
    ] = None,
    day: Annotated[
        datetime | None,
        Option("--date", formats=["%Y-%m-%d"], help="In force on this day; the block's by default."),
    ] = None,
    history: Annotated[bool, Option("--history", help="List every version and what it changed.")] = False,
    form: Annotated[Literal["toml", "json"], Option("--format", help="How to print the document.")] = "toml",
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Print the terms a plan is paid by, as the ledger has them, or the history of their versions."""
    from abs.reading import business_day
    from abs.terms import terms_history, terms_of
    from abs.terms.toml import toml_text
    from portal.cli.words import words_of
    from portal.node import opened_store
    from portal.settings import Settings

    settings = Settings()
    with opened_store(settings) as store:
        facts = store.at(height)
        on = business_day(facts) if day is None else day.date()
        if history:
            versions = terms_history(facts, plan)
            data: dict[str, Any] = {"plan": plan, "height": facts.height}
            data["versions"] = [each.as_json() for each in versions]
            emit(data, _versions(versions), as_json=as_json)
            return
        terms = terms_of(facts, plan, on)
    document = terms.document()
    unit = words_of(settings.lang)("terms_unit")
    written = json.dumps(document, ensure_ascii=False, indent=2) if form == "json" else f"# {unit}\n{toml_text(terms)}"
    if form == "json" and not as_json:  # JSON has no comments
        say(unit)
    data = {"plan": plan, "height": facts.height, "date": on.isoformat(), "document": document}
    emit(data, Text(written.rstrip("\n")), as_json=as_json)


def schema(as_json: Annotated[bool, JsonFlag] = False) -> None:
    """Print the JSON Schema of a document of terms."""
    from abs.terms import PlanTerms

    found = PlanTerms.model_json_schema()
    emit(found, Text(json.dumps(found, ensure_ascii=False, indent=2)), as_json=as_json)


def _planned(terms: PlanTerms) -> list[dict[str, object]]:
    from abs.calendars import schedule

    return [each.as_json() for each in schedule(terms)]


def _counted(terms: PlanTerms) -> dict[str, Any]:
    return {
        "plan": terms.plan.plan,
        "name": terms.plan.name,
        "tranches": len(terms.tranches),
        "principal": sum(each.principal for each in terms.tranches),
        "accounts": len(terms.accounts),
        "fees": len(terms.fees),
        "triggers": len(terms.triggers),
        "states": [each.state for each in terms.waterfalls],
        "criteria": len(terms.eligibility),
        "payment_dates": len(terms.dates.pay),
    }


def _faults(faults: list[dict[str, str]]) -> RenderableType:
    return Text("\n".join(f"{each['path'] or 'document'}: {each['reason']}" for each in faults))


def _dated(counted: dict[str, Any], planned: list[dict[str, object]]) -> RenderableType:
    from rich.console import Group

    from abs.money import yuan_text

    shown = counted | {"principal": yuan_text(counted["principal"]), "states": ", ".join(counted["states"])}
    if not planned:
        return pairs(shown)
    lines = ["".join(f"{name:<13}" for name in DATES)]
    for each in planned:
        remittances = each["remittances"]
        row = each | {"remittance": remittances[-1] if isinstance(remittances, list) else None}
        mark = "provisional" if each["provisional"] else ""
        lines.append("".join(f"{'' if row[name] is None else row[name]!s:<13}" for name in DATES) + mark)
    return Group(pairs(shown), Text(""), Text("\n".join(line.rstrip() for line in lines)))


def _versions(versions: tuple[TermsVersion, ...]) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("version", "effective", "record", "what changed", "before", "after"):
        table.add_column(heading)
    for each in versions:
        reason = each.reason or ("as established" if each.stated else "as established; made from its columns")
        table.add_row(str(each.number), str(each.effective), each.position, Text(reason, style="bold"))
        for one in each.changes:
            table.add_row("", "", "", Text(one.path), Text(one.before or "—"), Text(one.after or "—"))
    return table

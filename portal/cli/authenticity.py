"""`glasspool authenticity`: whether there was a trade behind a receivable or a pool, by its papers, with a score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portal.cli.console import EXIT_NEGATIVE, emit
from portal.cli.files import whole
from portal.cli.lookthrough import Day, Height, reading, stated_day
from portal.cli.parameters import JsonFlag
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from portal.cli.words import Words
    from regulator.authenticity import Authenticity, BackgroundTable, PoolAuthenticity
    from regulator.authenticity.words import Language

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("authenticity")(show)


def show(
    subject: Annotated[str, typer.Argument(metavar="RECEIVABLE|PLAN", help="A receivable's id, or a plan's.")],
    asset: Annotated[str | None, Option("--asset", help="This receivable of the plan's pool alone.")] = None,
    height: Height = None,
    day: Day = None,
    top: Annotated[int, Option(min=1, max=1_000, help="How many assets of the lowest scores to list.")] = 20,
    xlsx: Annotated[
        Path | None, Option("--xlsx", help="Write the trade background to this workbook; CSV where it ends so.")
    ] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Cross-check the papers behind a receivable or a pool: in themselves, against each other, and in time."""
    from ledger.facts import Plan
    from portal.cli.words import member_names, words_of
    from regulator.authenticity import BackgroundTable, assess, assess_pool

    if xlsx is not None and xlsx.suffix.lower() not in (".csv", ".xlsx"):
        raise typer.BadParameter("--xlsx ends in .xlsx or .csv")
    settings = Settings()
    with opened_store(settings) as store:
        facts, on = reading(store, height, stated_day(day))
        say = words_of(settings.lang, facts)
        is_plan = facts.get(Plan, subject) is not None
        if asset is not None and not is_plan:
            raise typer.BadParameter(f"--asset belongs to a plan, and {subject} is none")
        names = member_names(facts)
        if is_plan:
            pool = assess_pool(facts, subject, on)
            every = [one.found for one in pool.assets] if asset is None else [_of_pool(pool, asset)]
        else:
            pool, every = None, [assess(facts, subject, on)]
    data: dict[str, Any]
    if pool is not None and asset is None:
        data, shown = pool.as_json(top), _pool(pool, say, top)
    else:
        data, shown = every[0].as_json(), _one(every[0], say, names)
    if xlsx is not None:
        table = BackgroundTable.of(every, names, say.language.value)
        _write(table, xlsx)
        data["file"] = str(xlsx)
        shown = [*shown, say("authentic_written", rows=f"{len(table.rows):,}", file=xlsx)]
    emit(data, _together(shown), as_json=as_json)
    if any(one.failed for one in every):
        raise typer.Exit(EXIT_NEGATIVE)


def _of_pool(pool: PoolAuthenticity, asset: str) -> Authenticity:
    from regulator.errors import UnknownAsset

    for one in pool.assets:
        if one.found.receivable == asset:
            return one.found
    raise UnknownAsset("unknown-asset", f"the pool of {pool.plan} holds no {asset!r} at height {pool.height}")


def _write(table: BackgroundTable, file: Path) -> None:
    """Write the table; nothing is left behind when it cannot be written."""
    write = table.write_csv if file.suffix.lower() == ".csv" else table.write_xlsx
    with whole(file) as partial:
        write(partial)


def _together(parts: Sequence[RenderableType]) -> RenderableType:
    from portal.cli.tables import prose, spaced

    return spaced([prose(one) if isinstance(one, str) else one for one in parts])


def _one(found: Authenticity, say: Words, names: dict[str, str]) -> list[RenderableType]:
    """One receivable: its score, the evidence, and the checks that did not pass."""
    from ledger.verdict import Verdict
    from portal.cli.tables import Column, Sheet
    from regulator.authenticity.shown import check_rows, evidence_rows
    from regulator.authenticity.words import FLOWS, TRADINGS, VERDICTS

    language: Language = "zh" if say.language.value == "zh" else "en"
    at = 0 if language == "zh" else 1
    flows = say.listed(FLOWS[one][at] for one in found.flows) or say("authentic_none")
    title = say("authentic_of", receivable=found.receivable, score=found.score, verdict=VERDICTS[found.verdict][at])
    about = say("authentic_about", kind=TRADINGS[found.trading][at], flows=flows, day=found.on, height=found.height)
    evidence = Sheet(
        say("authentic_evidence"),
        (
            Column(say("authentic_evidence")), Column(say("authentic_verdict"), "word"),
            Column(say("authentic_points"), "word"), Column(say("authentic_more"), "word"),
            Column(say("authentic_why")),
        ),
        list(evidence_rows(found, language)),
    )  # fmt: skip
    passed = sum(one.verdict is Verdict.PASSED for one in found.checks)
    checks = Sheet(
        say("authentic_checks", passed=passed),
        (
            Column(say("authentic_step"), "word"), Column(say("authentic_check")), Column(say("authentic_thing")),
            Column(say("authentic_verdict"), "word"), Column(say("authentic_said")),
            Column(say("authentic_records"), "word"),
        ),
        [_broken(row) for row in check_rows(found, language, names, passed=False)],
        keys=2,
    )  # fmt: skip
    return [f"{title}\n{about}", evidence, checks]


def _broken(row: tuple[str, ...]) -> tuple[str, ...]:
    """The records one below the other."""
    return (*row[:-1], row[-1].replace(" ", "\n"))


def _pool(pool: PoolAuthenticity, say: Words, top: int) -> list[RenderableType]:
    """A pool: the distribution of scores, what is missing, the lowest scores."""
    from abs.money import yuan_text
    from portal.cli.tables import Column, Sheet
    from regulator.authenticity.words import ITEMS, NAMES

    at = 0 if say.language.value == "zh" else 1
    amount = Column(say("authentic_balance"), "number")
    head = say(
        "authentic_pool", assets=f"{len(pool.assets):,}", balance=pool.balance().text(), score=pool.score().text(1),
        flows=pool.four_flows().text(), contradicted=pool.contradicted().text(),
    )  # fmt: skip
    known = say("known_at", day=pool.on, height=pool.height)
    bands = Sheet(
        say("authentic_bands"),
        (Column(say("authentic_band"), "word"), amount, Column(say("authentic_share"), "number"),
         Column(say("authentic_count"), "number")),
        [(f"{one.least}–{one.most}", one.balance.text(), one.share.text(), one.count.text()) for one in pool.bands()],
    )  # fmt: skip
    missing = Sheet(
        say("authentic_missing"),
        (Column(say("authentic_evidence")), amount),
        [(ITEMS[item][at], figure.text()) for item, figure in pool.missing().items()],
    )
    worst = Sheet(
        say("authentic_worst"),
        (Column(say("authentic_asset"), "word"), Column(say("authentic_band"), "number"), amount,
         Column(say("authentic_lacks"))),
        [
            (
                one.found.receivable, str(one.found.score), yuan_text(one.balance),
                say.listed(
                    [*dict.fromkeys(NAMES[each.name][at] for each in one.found.failed)]
                    + [ITEMS[each][at] for each in one.found.missing]
                ),
            )
            for one in pool.worst(top)
        ],
    )  # fmt: skip
    return [f"{pool.plan}\n{known}\n{head}", bands, missing, worst]

"""How a pool is shown on a terminal: its size, parties, classes, criteria, and what moved in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.cli.tables import Column, Sheet, prose, spaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from portal.cli.words import Words

__all__ = ["figures_sheet", "pool_shown"]


def figures_sheet(title: str, listed: Iterable[tuple[str, dict[str, Any]]], say: Words) -> Sheet:
    """Figures by name, with their values, units and formulas."""
    headings = (
        Column(say("figure")), Column(say("value"), "number"), Column(say("unit"), "word"), Column(say("formula")),
    )  # fmt: skip
    rows = (
        (say.figure(name), one["text"], say.unit(one["unit"]), say.sentence(one["formula"])) for name, one in listed
    )
    return Sheet(title, headings, rows)


def pool_shown(data: dict[str, Any], title: str, say: Words) -> RenderableType:
    """What `glasspool pool` answers, for people."""
    size = ((one["name"], one) for one in [*data["figures"], *data["eligible"]])
    return spaced(
        [
            prose(title, "bold"),
            figures_sheet("", size, say),
            *(_parties(data[side]["largest"], say(f"side_{side}"), say) for side in ("debtors", "creditors")),
            _providers(data["important_providers"], say),
            _limits(data["limits"], say),
            *(_classes(name, classes, say) for name, classes in data["classes"].items()),
            _largest(data["largest_assets"], say),
            *_criteria(data, say),
            *_movements(data, say),
        ]
    )


def _counted(first: str, say: Words) -> tuple[Column, ...]:
    return (
        Column(first), Column(say("count"), "number"), Column(say("chart_balance", unit=say("unit_fen")), "number"),
        Column(say("share"), "number"),
    )  # fmt: skip


def _parties(held: Sequence[dict[str, Any]], side: str, say: Words) -> Sheet:
    rows = (
        (say.member(one["member"]), str(one["count"]), one["balance"]["text"], one["share"]["text"]) for one in held
    )
    return Sheet("", _counted(side, say), rows)


def _classes(name: str, classes: Sequence[dict[str, Any]], say: Words) -> Sheet:
    group = "region" if name == "region" else "label"
    rows = (
        (_label(group, one["label"], say), one["count"]["text"], one["balance"]["text"], one["share"]["text"])
        for one in classes
        if one["count"]["value"]
    )
    return Sheet("", _counted(say(f"class_{name}"), say), rows)


def _label(group: str, label: str, say: Words) -> str:
    return say.coded("label" if label == "unknown" else group, label)


def _providers(found: Sequence[dict[str, Any]], say: Words) -> Sheet:
    headings = (
        Column(say("member")), Column(say("provider_rule")), Column(say("group")), Column(say("share"), "number"),
        Column(say("group_share"), "number"), Column(say("exempt"), "word"),
    )  # fmt: skip
    rows = (
        (
            say.member(one["member"]), say.coded("rule", one["rule"]), _group(one, say), one["share"]["text"],
            one["group_share"]["text"], say("yes" if one["exempt"] else "no"),
        )
        for one in found
    )  # fmt: skip
    return Sheet(say("providers"), headings, rows)


def _group(provider: dict[str, Any], say: Words) -> str:
    """The group of a member that has affiliates in the pool's terms."""
    return "—" if provider["group"] == provider["member"] else say.member(provider["group"])


def _limits(limits: Sequence[dict[str, Any]], say: Words) -> Sheet:
    headings = (
        Column(say("member")), Column(say("limited_by")), Column(say("limit"), "number"),
        Column(say("balance"), "number"), Column(say("excess"), "number"),
    )  # fmt: skip
    rows = (
        (
            _label("region", each["member"], say) if one["by"] == "region" else say.member(each["member"]),
            say.coded("by", one["by"]), _percent(one["limit"]), each["balance"]["text"], each["excess"]["text"],
        )
        for one in limits
        for each in one["over"]
    )  # fmt: skip
    return Sheet(say("limits"), headings, rows)


def _percent(share: str) -> str:
    from decimal import Decimal

    from dashboards.formats import percent

    return percent(Decimal(share))


def _largest(held: Sequence[dict[str, Any]], say: Words) -> Sheet:
    headings = (
        Column(say("column_asset"), "word"), Column(say("column_creditor")), Column(say("column_debtor")),
        Column(say("balance"), "number"), Column(say("share"), "number"),
    )  # fmt: skip
    rows = (
        (
            one["asset"], say.member(one["creditor"]), say.member(one["debtor"]), one["balance"]["text"],
            one["share"]["text"],
        )
        for one in held
    )  # fmt: skip
    return Sheet(say("largest_assets", count=len(held)), headings, rows)


def _criteria(data: dict[str, Any], say: Words) -> list[RenderableType]:
    if not data["eligibility"]:
        return [prose(say("criteria_none"))]
    headings = (
        Column(say("criterion"), "word"), Column(say("criterion_text")), Column(say("when"), "word"),
        Column(say("met"), "number"), Column(say("failed_count"), "number"), Column(say("unknown_count"), "number"),
    )  # fmt: skip
    rows = (
        (*said, say.coded("when", when), *(str(one[f"{when}_{what}"]) for what in ("met", "failed", "unknown")))
        for one in data["eligibility"]
        for when, said in (("entry", (one["criterion"], one["text"])), ("day", ("", "")))
    )
    failed = (
        (one["asset"], one["criterion"], say.coded("when", one["when"]), one["value"] or "—")
        for one in data.get("not_eligible", ())
    )
    columns = (
        Column(say("column_asset"), "word"), Column(say("criterion"), "word"), Column(say("when"), "word"),
        Column(say("found")),
    )  # fmt: skip
    return [Sheet(say("criteria"), headings, rows), Sheet(say("not_eligible"), columns, failed)]


def _movements(data: dict[str, Any], say: Words) -> list[RenderableType]:
    account = data["movements"]
    names = [say.figure(one["name"]) for one in account]
    ends = [at for at, one in enumerate(account) if one["name"] == "pool.balance"]
    for at, line in zip(ends, ("line_opening", "line_closing"), strict=True):
        names[at] = say(line)
    lines = (Column(say("moved_after", day=data["since"])), Column(say("figure_yuan"), "number"))
    crossed = (
        (
            one["on"], say.coded("way", one["way"]), say.coded("how", one["how"]),
            say.coded("reason", one["reason"]) if one["reason"] else "—", one["asset"],
        )
        for one in data.get("moved", ())
    )  # fmt: skip
    headings = (
        Column(say("on_day"), "word"), Column(say("way"), "word"), Column(say("how"), "word"),
        Column(say("reason"), "word"), Column(say("column_asset"), "word"),
    )  # fmt: skip
    rows = ((name, one["text"]) for name, one in zip(names, account, strict=True))
    return [Sheet("", lines, rows), Sheet(say("moved"), headings, crossed)]

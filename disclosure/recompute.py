"""Finding a package's figures again: the same procedure over this replica's facts at the height the package names."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from abs.errors import AbsError
from disclosure.errors import PackageMalformed
from disclosure.manifest import Ledger, Manifest, canonical_json
from disclosure.render.html import render_html
from disclosure.render.json import document, render_json
from disclosure.render.xlsx import render_xlsx, same_workbook
from disclosure.reports.distribution import KIND, distribution_report
from ledger.anchor import Anchor
from ledger.chains import strict
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from disclosure.reports.report import Report
    from ledger.store import AsOf, Store

__all__ = [
    "RENDERED",
    "NotAtHand",
    "Outcome",
    "generator",
    "ledger_state",
    "recompute",
    "render",
    "rerender",
    "same_ledger",
]

PAGE, WORKBOOK, DATA = "report.html", "report.xlsx", "report.json"
RENDERED = frozenset({PAGE, WORKBOOK, DATA})  # every file that shows figures; the format knows no other
SHOWN_FIGURES = 8  # that differ; the rest are counted


class NotAtHand(Exception):
    """What a step needs is not at hand, so it stays INDETERMINATE: ``code`` and what is missing."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What recomputing found: the report as the replica has it, where there is one, and what differs from it."""

    report: Report | None
    detail: str
    differences: tuple[str, ...] = ()


def generator() -> dict[str, str]:
    """Return the versions that a report's bytes depend on."""
    return {name: version(name) for name in ("glasspool", "jinja2", "openpyxl")}


def render(report: Report, *, made_at: datetime) -> dict[str, bytes]:
    """Return the report's files by name; ``made_at`` is shown as the time of signing."""
    return {
        PAGE: render_html(report, made_at=made_at),
        WORKBOOK: render_xlsx(report, made_at=made_at),
        DATA: render_json(report),
    }


def ledger_state(anchor: Anchor, facts: AsOf) -> Ledger:
    """Return the state of the ledger that ``facts`` reads, on the chain of ``anchor``."""
    return Ledger(
        chain=anchor.chain,
        group=anchor.group,
        suite=anchor.suite,
        genesis_hash=anchor.genesis_hash,
        height=facts.height,
        block_hash=facts.block_hash,
        facts_digest=facts.facts_digest,
    )


def recompute(manifest: Manifest, files: Mapping[str, bytes], store: Store) -> Outcome:
    """Return how the package's figures compare with this replica's.

    Raises NotAtHand when the replica cannot tell: it follows another chain, or has not come so far.
    """
    state, differences = same_ledger(manifest, store)
    if manifest.report != KIND:
        raise NotAtHand("unknown-report", f"This version does not know reports of the kind “{manifest.report}”.")
    if differences:
        return Outcome(report=None, detail="", differences=differences)
    try:
        report = distribution_report(store.at(state.height), manifest.plan, manifest.period, ledger=state)
    except AbsError as failure:
        return Outcome(
            report=None, detail="", differences=(f"The replica cannot make this report: {failure.message}.",)
        )
    ours = document(report)
    found = _differences(_read(files), ours)
    detail = f"{len(ours['figures'])} figures and every row equal this replica's at height {state.height}."
    return Outcome(report=report, detail=detail, differences=found)


def same_ledger(manifest: Manifest, store: Store) -> tuple[Ledger, tuple[str, ...]]:
    """Return the replica's state at the height that the package names, and how it differs from what the package says.

    Raises NotAtHand when the replica cannot tell: it follows another chain, or has not come so far.
    """
    anchor, head, height = store.anchor(), store.head(), manifest.ledger.height
    if anchor is None or head is None:
        raise NotAtHand("no-replica", "The replica at hand is empty.")
    pinned = Anchor.from_json(anchor)
    if pinned.genesis_hash != manifest.ledger.genesis_hash:
        raise NotAtHand(
            "another-chain",
            f"The package speaks of the chain with genesis {manifest.ledger.genesis_hash.hex()}; the replica at hand "
            f"follows {pinned.genesis_hash.hex()}.",
        )
    if head.height < height:
        raise NotAtHand(
            "replica-behind",
            f"The package speaks of height {height}; the replica at hand is at {head.height}: sync it.",
        )
    state = ledger_state(pinned, store.at(height))
    return state, tuple(
        f"The {what} at height {height} is {ours} on this replica, and {theirs} in the package."
        for what, ours, theirs in (
            ("block", state.block_hash.hex(), manifest.ledger.block_hash.hex()),
            ("digest of the facts", state.facts_digest.hex(), manifest.ledger.facts_digest.hex()),
            ("chain", f"{state.chain}/{state.group}", f"{manifest.ledger.chain}/{manifest.ledger.group}"),
        )
        if ours != theirs
    )


def _read(files: Mapping[str, bytes]) -> strict.Object:
    try:
        told = strict.document(files.get(DATA, b""), DATA)
        canonical_json(told)  # or it holds what no report does: an endless number, half a character
    except Malformed as failure:
        raise PackageMalformed("report-shape", failure.message, file=DATA) from None
    except (ValueError, OverflowError) as failure:
        raise PackageMalformed(
            "report-shape", f"{DATA} is not JSON that a report can be: {failure}", file=DATA
        ) from None
    return told


def _differences(theirs: strict.Object, ours: dict[str, Any]) -> tuple[str, ...]:
    """What differs, in sentences: figures first, then rows. Wording and layout are left to the step *rendered*."""
    stated, known = _figures(theirs), _figures(ours)
    found = []
    for key in [*known, *(key for key in stated if key not in known)]:
        mine, other = known.get(key), stated.get(key)
        if mine != other:
            found.append(f"{DATA}: {key} is {_shown(other)} in the package and {_shown(mine)} by this replica.")
    if len(found) > SHOWN_FIGURES:
        found[SHOWN_FIGURES:] = [f"{len(found) - SHOWN_FIGURES} more figures differ."]
    if not found and _substance(theirs) != _substance(ours):
        found.append(f"{DATA}: its tables or what it says of plan and ledger differ from this replica's.")
    return tuple(found)


def _figures(source: strict.Object) -> dict[str, tuple[Any, ...]]:
    listed = source.get("figures")
    return {
        str(each.get("key")): (each.get("value"), each.get("unit"), each.get("records"))
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
    }


def _shown(figure: tuple[Any, ...] | None) -> str:
    if figure is None:
        return "absent"
    value, unit, records = figure
    return f"{value} {unit} from {len(records) if isinstance(records, list) else 0} records"


def _substance(source: strict.Object) -> bytes:
    """Everything but texts for people, as canonical bytes."""
    bare = _bare(source)
    return canonical_json(bare)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if key not in {"text", "title", "notes", "formula"}}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def rerender(manifest: Manifest, files: Mapping[str, bytes], report: Report) -> set[str]:
    """Return the names of the report's files that are not what this version makes of ``report``.

    Raises NotAtHand when another version made them.
    """
    if dict(manifest.generator) != generator():
        made_by = ", ".join(f"{name} {number}" for name, number in sorted(manifest.generator.items()))
        raise NotAtHand("another-version", f"The package was made by {made_by}, which lays reports out in its own way.")
    expected = render(report, made_at=manifest.made_at)
    differing = {name for name in (PAGE, DATA) if files.get(name) != expected[name]}
    if not same_workbook(files.get(WORKBOOK, b""), expected[WORKBOOK]):
        differing.add(WORKBOOK)
    return differing

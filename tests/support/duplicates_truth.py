"""What each planted story truly shows, by the definitions of the patterns: for tests and the benchmark of accuracy.

A story is planted for one pattern or breach; by the definitions it may show others as well. An invoice that two banks
finance at 80 per cent each is reused, and it is financed beyond its worth.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.store import Store
from regulator.signals import Level, Version

_TWICE = frozenset(("exact_reuse", "over_financed"))

SHOWS: Mapping[str, frozenset[str]] = {
    # patterns of claims
    "exact_reuse": _TWICE,
    "over_financed": frozenset(("over_financed",)),
    "cross_instrument": frozenset(("cross_instrument",)),
    "double_pool": frozenset(("double_pool",)),
    "certificate_double_spend": frozenset(("certificate_double_spend",)),
    "red_after_finance": frozenset(("red_after_finance",)),
    "settled_reuse": frozenset(("settled_reuse", "over_financed")),  # nothing is left of it, and all is lent again
    "priority_conflict": frozenset(("priority_conflict",)),
    # patterns of papers, packages, contracts, lots and trade
    "altered_document": frozenset(("altered_document",)),
    "inflated_face": frozenset(("inflated_face",)),
    "impossible_fields": frozenset(("impossible_fields",)),
    "structuring": frozenset(("structuring",)),
    "batch_replay": frozenset(("batch_replay",)) | _TWICE,  # each invoice of the package
    "contract_over": frozenset(("contract_over",)),
    "warehouse_over": frozenset(("warehouse_over",)),
    "phantom_debtor": frozenset(("phantom_debtor",)),
    "circular_trade": frozenset(("circular_trade",)),
    "related_loop": frozenset(("related_loop",)),
    # breaches of the ledger's own rules
    "certificate.exceeds_receivable": frozenset(("certificate_double_spend",)),  # value from nothing, at the root
    "output.double_spend": frozenset(("certificate_double_spend",)),
    "output.mixed_roots": frozenset(("certificate_double_spend",)),  # one claim's pieces are worth both claims
    "output.pooled": frozenset(("cross_instrument",)),  # the plan's piece is in another's hands
    "output.redeemed": frozenset(("certificate_double_spend",)),
    "output.value": frozenset(("certificate_double_spend",)),
    "package.invoice_packed": frozenset(("batch_replay",)),
}
"""By label of a breach or a pattern: the patterns that it truly shows; no other label shows one."""

ALSO: Mapping[str, frozenset[str]] = {
    "altered_document": _TWICE,  # where the number stayed the same: one key, financed twice
    "dated_anew": _TWICE,
    "after_a_credit_note": frozenset(("red_after_finance",)),  # a loan beyond what a red invoice left
    "mostly_red": frozenset(("over_financed",)),  # what is left is less than the loan
}
"""By story: what some of its variants show and others do not; to find that there is right, to find none of it too."""

NOT: Mapping[str, frozenset[str]] = {
    "set_off_before": frozenset(("over_financed",)),  # nothing was paid and nothing taken back
}
"""By story: what others of its label show and it does not."""

PATTERNS = tuple(name for name in SHOWS if "." not in name)
"""Every pattern of duplicate financing and fake trade."""

_OF_CLAIMS = frozenset(PATTERNS[:8])
CLAIMS: Mapping[str, frozenset[str]] = {
    label: shown & _OF_CLAIMS for label, shown in SHOWS.items() if shown & _OF_CLAIMS
}
"""What of it the patterns of claims on one asset show."""


@dataclass(slots=True)
class Score:
    """How one pattern did: stories that show it and were found, that show it and were not, and findings else."""

    hit: int = 0
    missed: list[str] = field(default_factory=list)
    false: set[str] = field(default_factory=set)

    @property
    def recall(self) -> float:
        return self.hit / (self.hit + len(self.missed)) if self.hit or self.missed else 1.0

    @property
    def precision(self) -> float:
        return self.hit / (self.hit + len(self.false)) if self.hit or self.false else 1.0


def scored(
    store: Store, labels: Path, versions: Iterable[Version], truth: Mapping[str, Collection[str]]
) -> tuple[dict[str, Score], list[Version]]:
    """Hold findings against the labels; the second are findings of level high on look-alikes.

    A finding belongs to the stories whose transactions are in its evidence; one of none is false: the market is lawful.
    """
    told: list[dict[str, Any]] = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    positions = {f"0x{row.transaction_hash.hex()}": row.position for row in store.records()}
    owners: dict[int, int] = {}
    for at, label in enumerate(told):
        owners |= {positions[transaction]: at for transaction in label["records"]}
    fired: defaultdict[tuple[int, str], list[Version]] = defaultdict(list)
    scores: dict[str, Score] = {name: Score() for names in truth.values() for name in names}
    for version in versions:
        if version.signal is None:
            continue
        pattern = version.rule.removeprefix("duplicate.")
        score = scores.setdefault(pattern, Score())
        stories = {owners[position] for position in version.signal.evidence if position in owners}
        for at in stories:
            fired[at, pattern].append(version)
        if not any(_shows(told[at], pattern, truth) for at in stories):
            of = sorted(f"{told[at]['what']} {told[at]['label']} ({told[at]['story']})" for at in stories)
            score.false.add(f"{version.subject}: {', '.join(of) or 'no story'}")
    for at, label in enumerate(told):
        for pattern in _shown(label, truth):
            if fired.get((at, pattern)):
                scores[pattern].hit += 1
            else:
                scores[pattern].missed.append(f"{label['label']} ({label['story']}) {label['subject']}")
    high = [
        version
        for (at, _), some in fired.items()
        if told[at]["what"] == "trap"
        for version in some
        if version.signal is not None and version.signal.level is Level.HIGH
    ]
    return scores, high


def _shown(label: Mapping[str, Any], truth: Mapping[str, Collection[str]]) -> set[str]:
    """Return what a story must be found by."""
    return set() if label["what"] == "trap" else {*truth.get(label["label"], ())} - NOT.get(label["story"], set())


def _shows(label: Mapping[str, Any], pattern: str, truth: Mapping[str, Collection[str]]) -> bool:
    """Tell whether it is right to find a pattern in a story."""
    return pattern in _shown(label, truth) or (label["what"] != "trap" and pattern in ALSO.get(label["story"], ()))


def table(scores: Mapping[str, Score]) -> str:
    """The scores as lines of text."""
    rows = [f"{'pattern':28}{'found':>7}{'missed':>8}{'false':>7}{'precision':>11}{'recall':>8}"]
    for name, score in sorted(scores.items()):
        counts = f"{score.hit:7}{len(score.missed):8}{len(score.false):7}"
        rows.append(f"{name:28}{counts}{score.precision:11.3f}{score.recall:8.3f}")
    return "\n".join(rows)


def levels(versions: Iterable[Version]) -> Counter[tuple[str, str]]:
    """How many versions there are by rule and level."""
    return Counter((one.rule, one.signal.level.value) for one in versions if one.signal is not None)

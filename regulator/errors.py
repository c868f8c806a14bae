"""Every error of this package: one root, leaves by whose fault it is."""

from __future__ import annotations

from ledger.errors import Explained


class RegulatorError(Explained):
    """Root of the package's errors."""


class UnknownAsset(RegulatorError):
    """The plan's pool holds no such asset at this height."""

    default_next_step = "List the pool's assets with `glasspool look-through PLAN`, or choose another --height."


class UnknownThing(RegulatorError):
    """The ledger has no such thing at this height, or its name says too little."""

    default_next_step = (
        "Ids stand as on the ledger: `glasspool plans` lists those of plans, `glasspool look-through PLAN` those of a "
        "pool's receivables, with `--asset ID` those of what is behind one. Or look at another --height."
    )


class UnknownFinding(RegulatorError):
    """The book has no such finding."""

    default_next_step = "List the findings with `glasspool findings`; `glasspool watch` brings the book up to date."


class BookStale(RegulatorError):
    """The book and the replica do not belong together any more, or another process writes the book."""

    default_next_step = (
        "Run `glasspool watch` again; `glasspool watch --again` follows the ledger from its first block."
    )


class NotAllowed(RegulatorError):
    """The actor's roles do not allow what was asked; nothing was done or shown."""

    default_next_step = "Ask somebody whose role allows it; docs/cases.md has the table of roles."


class CaseRefused(RegulatorError):
    """The case is not in a state in which this can be done; nothing was written."""

    default_next_step = "Look at the case first: `glasspool case show ID`."


class SuppressionRefused(RegulatorError):
    """Such a suppression cannot be made or withdrawn; nothing was written."""

    default_next_step = (
        "List rules and suppressions with `glasspool findings rules` and `glasspool findings suppressions`."
    )


class NeedsReplica(RegulatorError):
    """A rule was asked of a snapshot that only the replica can answer."""


class SweepFailed(RegulatorError):
    """A snapshot was not looked through to the end; nothing is said of it."""

    default_next_step = "Follow the ledger with `glasspool watch`."


class OutsideRefused(RegulatorError):
    """A file from outside cannot be matched as it is; nothing of it was kept."""

    default_next_step = "Write a map that says which column is which, and give it with --map; see docs/outside.md."


class TrailBroken(RegulatorError):
    """The trail is not what was written, or there is none yet; nothing was signed."""

    default_next_step = "Run `glasspool trail check`, and ask who could write to the book's database."


class NotAFinding(RegulatorError):
    """There is nothing to make an evidence pack of, or it would not hold."""

    default_next_step = "Choose findings with `glasspool findings`, or collect some with `glasspool case collect`."


class UnknownRule(RegulatorError):
    """No rule and no family of rules has this name."""

    default_next_step = "List them with `glasspool findings rules`."

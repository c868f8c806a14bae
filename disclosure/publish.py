"""Making a package: the report on a plan from the replica's facts, rendered, listed, signed, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disclosure.errors import DisclosureError, KeyUnusable
from disclosure.package import write_package
from disclosure.recompute import generator, ledger_state, render
from disclosure.reports.distribution import distribution_report
from ledger.anchor import Anchor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from disclosure.package import Written
    from disclosure.reports.report import Report
    from disclosure.signing import Signer
    from ledger.store import Store

__all__ = ["NothingToReport", "publish_distribution", "read_distribution"]


class NothingToReport(DisclosureError):
    """The replica holds nothing that a report could be made of."""

    default_next_step = "Run `glasspool sync` first."


def read_distribution(store: Store, plan: str, *, period: int | None = None, height: int | None = None) -> Report:
    """Return the distribution report of a plan as the replica has it at a height: the head's when none is named.

    Raises NothingToReport on an empty replica, and what the ledger and :mod:`abs.distribution` raise for what they do
    not know.
    """
    anchor = store.anchor()
    if anchor is None or store.head() is None:
        raise NothingToReport("empty-replica", "This replica holds no block yet.")
    facts = store.at(height)
    return distribution_report(facts, plan, period, ledger=ledger_state(Anchor.from_json(anchor), facts))


def publish_distribution(
    store: Store,
    plan: str,
    *,
    folder: Path,
    signer: Signer,
    clock: Callable[[], datetime],
    period: int | None = None,
    height: int | None = None,
    force: bool = False,
) -> Written:
    """Write the signed package of a distribution report to ``folder`` and ``folder`` + ".zip".

    Raises what :func:`read_distribution` and :func:`disclosure.package.write_package` raise, and KeyUnusable
    ``certificate-expired``.
    """
    report = read_distribution(store, plan, period=period, height=height)
    made_at = clock().replace(microsecond=0)
    mine = signer.chain[0]
    if not mine.not_before <= made_at <= mine.not_after:
        raise KeyUnusable(
            "certificate-expired",
            f"The certificate of “{mine.subject}” is valid from {mine.not_before:%Y-%m-%d} to "
            f"{mine.not_after:%Y-%m-%d}, so nobody would trust what it signs now.",
            next_step="Get a new certificate, or move the node's signer folder away and a new one is made.",
        )
    return write_package(
        folder,
        render(report, made_at=made_at),
        ledger=report.ledger,
        report=report.kind,
        plan=report.plan,
        period=report.period,
        made_at=made_at,
        generator=generator(),
        signer=signer,
        force=force,
    )

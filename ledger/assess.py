"""Judging one block from files: a verdict per step of the procedure in ``trust``, with whatever is at hand."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.trust import LAST_PREREQUISITE, PROCEDURE, Case, NotAtHand, Step, sealers, trusted_genesis
from ledger.verdict import Assessment, StepVerdict, Verdict

__all__ = ["assess"]


def run(step: Step, case: Case) -> tuple[StepVerdict, LedgerError | None]:
    """Judge one step."""
    try:
        detail = step.check(case)
    except LedgerError as failure:
        failed = StepVerdict(
            number=step.number, name=step.name, verdict=Verdict.FAILED, code=failure.code, detail=failure.message
        )
        return failed, failure
    verdict = Verdict.INDETERMINATE if isinstance(detail, NotAtHand) else Verdict.PASSED
    return StepVerdict(number=step.number, name=step.name, verdict=verdict, detail=str(detail)), None


def assess(case: Case) -> Assessment:
    """Return the verdict of every step, judging whatever is at hand."""
    verdicts, stopped, broken_genesis = [], False, False
    for step in PROCEDURE:
        pointless = stopped or (broken_genesis and step.check is sealers)
        header = case.block.header if case.block else None
        if case.block and header is None and step.of_header and not pointless:
            verdicts.append(_not_at_hand(step, "the header is not at hand"))
            continue
        if pointless or (header and header.number == 0 and step.number in (3, 4, 5)):
            verdicts.append(_skipped(step, case, pointless=pointless))
            continue
        verdict, failure = run(step, case)
        verdicts.append(verdict)
        stopped = stopped or (failure is not None and step.number <= LAST_PREREQUISITE)
        broken_genesis = broken_genesis or (failure is not None and step.check is trusted_genesis)
    return Assessment(steps=tuple(verdicts), unproven=case.block.unproven if case.block else ())


def _not_at_hand(step: Step, detail: str) -> StepVerdict:
    return StepVerdict(number=step.number, name=step.name, verdict=Verdict.INDETERMINATE, detail=detail)


def _skipped(step: Step, case: Case, *, pointless: bool) -> StepVerdict:
    """Judge a step of a genesis block, which nobody signs, or one that an earlier failure makes pointless."""
    if pointless:
        return StepVerdict(
            number=step.number,
            name=step.name,
            verdict=Verdict.INDETERMINATE,
            code="not-reached",
            detail="an earlier step failed",
        )
    claimed = case.header.claimed_hash
    if step.check is not trusted_genesis:
        detail = "a genesis block has no parent, and nobody signs it"
    elif case.pinned is None:
        detail = "no genesis hash was pinned to compare with"
    elif case.pinned == claimed:
        return StepVerdict(number=step.number, name=step.name, verdict=Verdict.PASSED, detail="equals the pinned hash")
    else:
        return StepVerdict(
            number=step.number,
            name=step.name,
            verdict=Verdict.FAILED,
            code="genesis-hash",
            detail="is not the pinned hash",
        )
    return _not_at_hand(step, detail)

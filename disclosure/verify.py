"""Judging a package, from its bytes to its figures: not yes or no, but what holds, and why it does or does not.

1. *intact*      the files are those of the format and those the manifest lists, each with its size and SM3 digest: no
                 byte changed, none missing, none added. A page that the format does not know fails even where the
                 manifest lists it: no later step would compare what it shows with the ledger.
2. *valid*       ``manifest.sig`` is the SM2 signature over the manifest's bytes (GB/T 32918.2, id 1234567812345678) by
                 the key of the first certificate in ``certificate.pem``.
3. *trusted*     from that certificate a path leads to an authority the caller trusts (RFC 5280, 6.1; see
                 :mod:`disclosure.certificates`), as of the time the package says it was made.
4. *recomputed*  the replica at hand, at the height the package names, holds the same block and the same facts, and the
                 same procedure finds the same figures in them.
5. *rendered*    the pages and the workbook show those figures, byte for byte what this version makes of them: a signer
                 cannot say one thing to machines and another to people.

The first three steps judge a package of any kind; 4 and 5 are those of a distribution report, and a caller that knows
another kind of package brings it as a :class:`Kind` with steps of its own.

A step for which something is not at hand (an authority, a replica, the same version) is INDETERMINATE, and says what.
The time of signing is the signer's own word: the caller must ask elsewhere when the package was received.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from disclosure.certificates import follow, raw_signature, read_pem
from disclosure.errors import CertificateInvalid, PackageMalformed
from disclosure.manifest import MANIFEST, Manifest, instant
from disclosure.package import CERTIFICATE, SIGNATURE, UNLISTED, read_package
from disclosure.recompute import RENDERED, NotAtHand, recompute, rerender
from disclosure.reports.distribution import KIND
from ledger.suites import SM, sm3
from ledger.verdict import Assessment, StepVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from pathlib import Path

    from disclosure.certificates import Certificate
    from ledger.store import Store

__all__ = ["DISTRIBUTION", "SHOWN", "Failed", "Judgement", "Kind", "Opened", "judge_package", "verify_package"]

STEPS = ("intact", "valid", "trusted", "recomputed", "rendered")
CLOCK_SKEW = timedelta(minutes=5)  # between the signer's clock and ours
SHOWN = 5  # files named in one sentence; the rest are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What judging a package found: the verdicts, and what it says of itself where that could be read."""

    assessment: Assessment
    manifest: Manifest | None = None
    signer: Certificate | None = None


@dataclass(slots=True, kw_only=True)
class Opened:
    """A package being judged: what the steps are given, and what they hand on to each other."""

    path: Path
    trusted_ca: Sequence[Certificate]
    at: datetime
    store: Store | None
    genesis_hash: bytes | None
    files: dict[str, bytes] = field(default_factory=dict)
    manifest: Manifest | None = None
    chain: tuple[Certificate, ...] = ()
    signed: bool = False
    found: Any = None
    """What the kind's own steps found, for those after them."""


class Failed(Exception):
    """A step does not hold: ``code`` and why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of package: what its manifest calls it, the files it has beside the certificate, and its own steps.

    A step returns what it found, or raises Failed, or NotAtHand.
    """

    name: str
    files: frozenset[str]
    steps: tuple[tuple[str, Callable[[Opened], str]], ...]


def verify_package(
    path: Path,
    *,
    trusted_ca: Sequence[Certificate],
    at: datetime,
    store: Store | None,
    genesis_hash: bytes | None = None,
    kinds: Sequence[Kind] = (),
) -> Assessment:
    """Return the verdict of every step on the package at ``path``, judged at the instant ``at``.

    ``trusted_ca`` are the authorities the caller trusts: with none, *trusted* stays INDETERMINATE. ``store`` is the
    replica to recompute from, ``genesis_hash`` the chain the caller means, any when None, ``kinds`` what the caller
    knows beside distribution reports. Raises PackageUnreadable when there is nothing at the path.
    """
    judged = judge_package(path, trusted_ca=trusted_ca, at=at, store=store, genesis_hash=genesis_hash, kinds=kinds)
    return judged.assessment


def judge_package(
    path: Path,
    *,
    trusted_ca: Sequence[Certificate],
    at: datetime,
    store: Store | None,
    genesis_hash: bytes | None = None,
    kinds: Sequence[Kind] = (),
) -> Judgement:
    """Return what :func:`verify_package` does, together with what the package says of itself."""
    case = Opened(path=path, trusted_ca=tuple(trusted_ca), at=at, store=store, genesis_hash=genesis_hash)
    steps = []
    for number, (name, check) in enumerate(_procedure(case, kinds), start=1):
        verdict, code = Verdict.PASSED, ""
        try:
            detail = check(case)
        except Failed as failure:
            verdict, code, detail = Verdict.FAILED, failure.code, failure.detail
        except NotAtHand as missing:
            verdict, code, detail = Verdict.INDETERMINATE, missing.code, missing.detail
        steps.append(StepVerdict(number=number, name=name, verdict=verdict, code=code, detail=detail))
    return Judgement(
        assessment=Assessment(steps=tuple(steps)),
        manifest=case.manifest,
        signer=case.chain[0] if case.signed else None,
    )


def _procedure(case: Opened, kinds: Sequence[Kind]) -> Iterator[tuple[str, Callable[[Opened], str]]]:
    """Yield the steps; those of the kind once the first has read what the manifest calls it."""
    yield from (("intact", partial(_intact, kinds=kinds)), ("valid", _valid), ("trusted", _trusted))
    yield from _kind(case, kinds).steps


def _kind(case: Opened, kinds: Sequence[Kind]) -> Kind:
    """Return the kind that the manifest names; a distribution report, where it names none that is known."""
    named = None if case.manifest is None else case.manifest.report
    return next((each for each in kinds if each.name == named), DISTRIBUTION)


def _intact(case: Opened, kinds: Sequence[Kind]) -> str:
    """Step 1. Also reads the manifest and the certificates, as far as they can be read, for the steps below."""
    try:
        case.files = read_package(case.path)
        if MANIFEST not in case.files:
            raise PackageMalformed("no-manifest", f"{MANIFEST} is missing, so nothing says what belongs here.")
        case.manifest = Manifest.load(case.files[MANIFEST])
    except PackageMalformed as failure:
        raise Failed(failure.code, failure.message) from None
    listed = {entry.path: entry for entry in case.manifest.files}
    present = case.files.keys() - UNLISTED
    format_ = _kind(case, kinds).files | {CERTIFICATE}
    for code, names, told in (
        ("unexpected-file", listed.keys() - format_, "listed in the manifest, and no file of a package of this format"),
        ("missing", listed.keys() - present, "listed in the manifest and not in the package"),
        ("missing", format_ - listed.keys(), "a file of every package of this format, and not listed in the manifest"),
        ("unlisted", present - listed.keys(), "in the package and not listed in its manifest"),
        ("altered", _altered(case, present & listed.keys()), "not the file that was listed (its SM3 digest differs)"),
    ):
        if names:
            raise Failed(code, f"{_named(names)}: {told}.")
    return f"{len(listed)} files have the size and the SM3 digest that the manifest lists."


def _altered(case: Opened, names: set[str]) -> set[str]:
    entries = {} if case.manifest is None else {entry.path: entry for entry in case.manifest.files}
    return {
        name
        for name in names
        if len(case.files[name]) != entries[name].size or sm3(case.files[name]) != entries[name].sm3
    }


def _named(names: AbstractSet[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else ""
    return ", ".join(ordered[:SHOWN]) + more


def _valid(case: Opened) -> str:
    """Step 2."""
    if not case.files:
        raise NotAtHand("not-reached", "The package could not be read.")
    for name in (MANIFEST, SIGNATURE, CERTIFICATE):
        if name not in case.files:
            raise Failed("unsigned", f"{name} is missing, so there is no signature to check.")
    try:
        case.chain = read_pem(case.files[CERTIFICATE])
    except CertificateInvalid as failure:
        raise Failed(failure.code, f"{CERTIFICATE}: {failure.message}") from None
    signer = case.chain[0]
    try:
        signature = raw_signature(case.files[SIGNATURE])
    except ValueError as failure:
        raise Failed("signature-shape", f"{SIGNATURE} is not an SM2 signature in DER: {failure}.") from None
    if not SM().verify(signer.public_key, case.files[MANIFEST], signature):
        raise Failed(
            "signature",
            f"{SIGNATURE} is not the signature of {MANIFEST} by the key of “{signer.subject}”: one of "
            f"{MANIFEST}, {SIGNATURE} and {CERTIFICATE} was altered.",
        )
    case.signed = True
    return f"The manifest is signed by the key of “{signer.subject}” (SM2 with SM3)."


def _trusted(case: Opened) -> str:
    """Step 3."""
    if not case.signed or case.manifest is None:
        raise NotAtHand("not-reached", "Without a valid signature there is no signer to trust.")
    if not case.trusted_ca:
        raise NotAtHand("no-authority", "No authority to trust was given; give its certificate with --ca.")
    made_at = case.manifest.made_at
    if made_at > case.at + CLOCK_SKEW:
        raise Failed("made-in-the-future", f"The package says it was made at {instant(made_at)}, after now.")
    try:
        path = follow(case.chain, trusted=case.trusted_ca, signed_at=made_at)
    except CertificateInvalid as failure:
        raise Failed(failure.code, failure.message) from None
    expired = next((each for each in path if case.at > each.not_after), None)
    if expired is not None:
        raise NotAtHand(
            "expired-since",
            f"The certificate of “{expired.subject}” expired on {expired.not_after:%Y-%m-%d}; that the package was "
            f"made before, on {made_at:%Y-%m-%d}, is the signer's own word.",
        )
    return " ← ".join(f"“{certificate.subject}”" for certificate in path)


def _recomputed(case: Opened) -> str:
    """Step 4."""
    if case.manifest is None:
        raise NotAtHand("not-reached", "Without a manifest nothing says which ledger to look at.")
    stated = case.manifest.ledger.genesis_hash
    if case.genesis_hash is not None and case.genesis_hash != stated:
        raise Failed("another-chain", f"The package speaks of the chain with genesis {stated.hex()}, not of yours.")
    if case.store is None:
        raise NotAtHand("no-replica", "No replica of the ledger is at hand to find the figures again.")
    try:
        outcome = recompute(case.manifest, case.files, case.store)
    except PackageMalformed as failure:
        raise Failed(failure.code, failure.message) from None
    case.found = outcome.report
    if outcome.differences:
        raise Failed("differs", " ".join(outcome.differences[:SHOWN]))
    return outcome.detail


def _rendered(case: Opened) -> str:
    """Step 5."""
    if case.manifest is None or case.found is None:
        raise NotAtHand("not-reached", "The figures could not be found again, so there is nothing to compare with.")
    differing = rerender(case.manifest, case.files, case.found)
    if differing:
        raise Failed("shows-otherwise", f"{_named(differing)}: not what the ledger's figures look like.")
    return "The pages and the workbook are what this version makes of the ledger's figures."


DISTRIBUTION = Kind(name=KIND, files=RENDERED, steps=(("recomputed", _recomputed), ("rendered", _rendered)))

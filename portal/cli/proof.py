"""`glasspool prove` and `glasspool verify`: evidence to take away, and judging what someone else brings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.anchor import Anchor, SealerPin, Trusted
from ledger.chains import strict
from ledger.errors import Malformed
from ledger.proofs import Proof, ProofVerifier, Prover
from ledger.proofs.form import pins_in
from ledger.verdict import Assessment, StepVerdict, Verdict
from portal.cli.block import assessment_json, assessment_table
from portal.cli.console import EXIT_NEGATIVE, emit, progress
from portal.cli.files import whole
from portal.cli.node import pairs
from portal.cli.parameters import Address, Hash32, JsonFlag
from portal.errors import PortalError
from portal.node import NotJoined, opened_store, read_maps
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

Option = typer.Option
WORST = (Verdict.FAILED, Verdict.INDETERMINATE, Verdict.PASSED)
MAX_PROOF_BYTES = 64 * 1024 * 1024  # of one proof; ours take some ten thousand


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("prove")(prove)
    app.command("verify")(verify)


def prove(
    record: Annotated[str, typer.Argument(help="A record: height:transaction:log, or its transaction's hash.")],
    output: Annotated[Path, Option("--output", "-o", help="The file to write.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Write the proof of one record, checkable without this node."""
    settings = Settings()
    with opened_store(settings) as store:
        position = store.find_record(record)
        proof = Prover(store, engine=settings.sm_engine).prove(position)
    text = json.dumps(proof.as_json(), ensure_ascii=False, indent=1) + "\n"
    with whole(output) as partial:
        partial.write_text(text, encoding="utf-8")
    answer = {"record": str(position), "kind": proof.kind, "file": str(output), "bytes": len(text.encode())}
    emit(answer, pairs(answer), as_json=as_json)


def verify(
    file: Annotated[Path, typer.Argument(help="A proof, a file with one a line, or a package: its folder or zip.")],
    genesis_hash: Annotated[str | None, Hash32(help="The genesis hash you trust.")] = None,
    contract: Annotated[list[str] | None, Address(help="A record book you trust; may be repeated.")] = None,
    sealer_pins: Annotated[
        Path | None, Option(help="Sealers you pinned yourself, as `glasspool sealers --json` prints them.")
    ] = None,
    mapped: Annotated[
        list[str] | None, Option("--map", metavar="ADDRESS=FILE", help="How you read another platform's contract.")
    ] = None,
    ca: Annotated[Path | None, Option(help="The CA certificate you trust, for a package's signer.")] = None,
    only_passed: Annotated[bool, Option("--strict", help="Exit 1 as well when a step is INDETERMINATE.")] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Judge a proof or a report package: 0 nothing failed, 1 something did, 2 unreadable."""
    if not file.exists():
        raise PortalError("file", f"{file} does not exist", next_step="Give the path of a proof or a package.")
    note = ""
    if _is_package(file):
        from portal.cli.report import judge_package

        judged = judge_package(file, ca=ca, genesis_hash=genesis_hash)
        data: dict[str, Any] = assessment_json(judged)
    else:
        judged, data = _verify_proofs(file, genesis_hash, contract, sealer_pins, read_maps(mapped or ()))
        count, failed = data["proofs"], data["failed"]
        wrong = f"line {', '.join(map(str, failed))} FAILED, the first of them above" if failed else "none FAILED"
        note = "" if count == 1 else f"{count} proofs judged, {wrong}"
    emit(data, assessment_table(judged, note), as_json=as_json)
    if judged.verdict is Verdict.FAILED or (only_passed and judged.verdict is not Verdict.PASSED):
        raise typer.Exit(EXIT_NEGATIVE)


def _joined() -> tuple[Anchor, tuple[SealerPin, ...]] | None:
    """Return what this machine's node pinned, if there is a node: the reader's own trust, unless told otherwise."""
    try:
        with opened_store(Settings()) as store:
            pinned, trusted = store.anchor(), store.trusted()
    except NotJoined:
        return None
    if pinned is None:
        return None
    return Anchor.from_json(pinned), () if trusted is None else Trusted.from_json(trusted).pins


def _pins(file: Path) -> tuple[SealerPin, ...]:
    try:
        return pins_in(strict.document(file.read_bytes(), str(file)).get("pins"), "pins")
    except OSError as failure:
        raise PortalError(
            "file", f"{file} cannot be read: {failure.strerror}", next_step="Give the path of a readable file."
        ) from None


def _judged(verifier: ProofVerifier, document: bytes) -> Assessment:
    """Judge one proof; one that is not even shaped like a proof has failed."""
    try:
        proof = Proof.from_json(document)
    except Malformed as failure:
        step = StepVerdict(
            number=1, name="strict shape", verdict=Verdict.FAILED, code=failure.code, detail=failure.message
        )
        return Assessment(steps=(step,))
    return verifier.verify(proof)


def _verify_proofs(
    file: Path,
    genesis_hash: str | None,
    contract: list[str] | None,
    sealer_pins: Path | None,
    maps: tuple[tuple[bytes, str], ...],
) -> tuple[Assessment, dict[str, Any]]:
    """Judge each proof of the file; the steps returned are of the first with the worst verdict."""
    pinned = None if genesis_hash is None else bytes.fromhex(genesis_hash.removeprefix("0x"))
    contracts = tuple(bytes.fromhex(each.removeprefix("0x")) for each in contract or ())
    pins = () if sealer_pins is None else _pins(sealer_pins)
    if pinned is None or not contracts:
        joined, own = _joined() or (None, ())
        if joined and pinned in (None, joined.genesis_hash):
            pinned, contracts, pins = joined.genesis_hash, contracts or joined.contracts, pins or own
            maps = maps or joined.maps
    verifier = ProofVerifier(genesis_hash=pinned, contracts=contracts, maps=maps, pins=pins)
    shown: Assessment | None = None
    failed: list[int] = []
    number = 0
    with progress("verifying proofs") as advance:
        for number, document in enumerate(_documents(file), 1):
            judged = _judged(verifier, document)
            if judged.verdict is Verdict.FAILED:
                failed.append(number)
            if shown is None or WORST.index(judged.verdict) < WORST.index(shown.verdict):
                shown = judged
            advance()
    if shown is None:
        raise PortalError("empty", f"{file} holds no proof", next_step="Give a file that `glasspool prove` wrote.")
    return shown, assessment_json(shown) | {"proofs": number, "failed": failed}


def _is_package(file: Path) -> bool:
    """Tell a package, which is a folder or a zip file, from a proof, which is text."""
    if file.is_dir():
        return True
    with file.open("rb") as opened:
        return opened.read(2) == b"PK"


def _documents(file: Path) -> Iterator[bytes]:
    """Yield the proofs of a file: one a line, or one that fills it."""
    with file.open("rb") as opened:
        if opened.readline(MAX_PROOF_BYTES).strip() in (b"", b"{"):
            opened.seek(0)
            yield opened.read(MAX_PROOF_BYTES)
            return
        opened.seek(0)
        while line := opened.readline(MAX_PROOF_BYTES):
            if line.strip():
                yield line

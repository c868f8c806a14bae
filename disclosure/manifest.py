"""The manifest of a package: what is in it, which ledger it speaks of, and when it was made.

It is canonical JSON (UTF-8, keys sorted, no space that means nothing), so that there is one manifest of one content and
the signature over its bytes is a signature over its meaning. docs/packages.md describes every field.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from disclosure.errors import PackageMalformed
from ledger.chains import strict
from ledger.errors import Malformed
from ledger.suites import sm3

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "FORMAT",
    "MANIFEST",
    "FileEntry",
    "Ledger",
    "Manifest",
    "canonical_json",
    "entry_of",
    "file_name",
    "instant",
]

FORMAT = "glasspool-package/1"
MANIFEST = "manifest.json"
MAX_MANIFEST = 1 << 20  # bytes; ours take two kilobytes
MAX_FILES = 1_000  # a package has about six; proofs beside it would be hundreds
MAX_NAME = 200  # characters; zip and every file system take it
PERIODS = range(10_001)  # what a distribution on the ledger may carry
SIZES = range(1 << 40)
INSTANT = "%Y-%m-%dT%H:%M:%SZ"

# One name on every system: no separators but /, no leading dot, no trailing dot, nothing a shell or Windows reads
# otherwise.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:/[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)*\Z")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,200}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file: its name in the package, its size in bytes and its SM3 digest."""

    path: str
    size: int
    sm3: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The state of the ledger that the figures are read from."""

    chain: str
    group: str
    suite: str
    genesis_hash: bytes
    height: int
    block_hash: bytes
    facts_digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything the signature vouches for. ``made_at`` is the signer's own word, to the second, in UTC."""

    ledger: Ledger
    report: str
    plan: str
    period: int
    made_at: datetime
    generator: Mapping[str, str]
    files: tuple[FileEntry, ...]

    def dump(self) -> bytes:
        """Return the manifest's one form in bytes."""
        ledger = self.ledger
        return canonical_json(
            {
                "format": FORMAT,
                "report": self.report,
                "plan": self.plan,
                "period": self.period,
                "made_at": instant(self.made_at),
                "generator": dict(self.generator),
                "ledger": {
                    "chain": ledger.chain,
                    "group": ledger.group,
                    "suite": ledger.suite,
                    "genesis_hash": ledger.genesis_hash.hex(),
                    "height": ledger.height,
                    "block_hash": ledger.block_hash.hex(),
                    "facts_digest": ledger.facts_digest.hex(),
                },
                "files": [{"path": each.path, "size": each.size, "sm3": each.sm3.hex()} for each in self.files],
            }
        )

    @classmethod
    def load(cls, raw: bytes) -> Manifest:
        """Return what manifest bytes say.

        Raises PackageMalformed ``manifest-size``, ``manifest-shape`` or ``manifest-not-canonical``, all naming
        ``manifest.json``.
        """
        if len(raw) > MAX_MANIFEST:
            raise _malformed("manifest-size", f"it has {len(raw)} bytes, and the limit is {MAX_MANIFEST}")
        try:
            manifest = _load(strict.document(raw, MANIFEST))
            again = manifest.dump()
        except Malformed as failure:
            raise _malformed("manifest-shape", failure.message) from None
        except (ValueError, OverflowError) as failure:  # a number or a text that cannot be written again
            raise _malformed("manifest-shape", str(failure)) from None
        if again != raw:
            raise _malformed("manifest-not-canonical", "it is not in canonical form")
        return manifest


def canonical_json(value: object) -> bytes:
    """Return the one JSON text of a value: UTF-8, keys sorted, no space; no floats, so no two spellings of a number."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def instant(value: datetime) -> str:
    """Return an instant in UTC to the second, as records and packages write it."""
    return value.astimezone(UTC).strftime(INSTANT)


def file_name(value: str) -> str:
    """Return a name that may stand in a package; raises PackageMalformed ``unsafe-name`` for any other."""
    if len(value) > MAX_NAME or not _NAME.match(value):
        raise PackageMalformed("unsafe-name", f"{value[:80]!r} cannot be the name of a file in a package.", file=value)
    return value


def entry_of(path: str, content: bytes) -> FileEntry:
    """Return the manifest's line for a file."""
    return FileEntry(path=path, size=len(content), sm3=sm3(content))


def _malformed(code: str, reason: str) -> PackageMalformed:
    return PackageMalformed(code, f"{MANIFEST} is not a package's manifest: {reason}.", file=MANIFEST)


def _load(source: strict.Object) -> Manifest:
    if source.get("format") != FORMAT:
        raise strict.malformed("format", repr(FORMAT), source.get("format"))
    ledger = strict.as_object(source.get("ledger"), "ledger")
    return Manifest(
        ledger=Ledger(
            chain=_line(ledger, "chain"),
            group=_line(ledger, "group"),
            suite=_line(ledger, "suite"),
            genesis_hash=strict.hexadecimal(ledger.get("genesis_hash"), "ledger.genesis_hash", 32),
            height=strict.integer(ledger, "height", "ledger", range(1 << 47)),
            block_hash=strict.hexadecimal(ledger.get("block_hash"), "ledger.block_hash", 32),
            facts_digest=strict.hexadecimal(ledger.get("facts_digest"), "ledger.facts_digest", 32),
        ),
        report=_line(source, "report"),
        plan=_line(source, "plan"),
        period=strict.integer(source, "period", MANIFEST, PERIODS),
        made_at=_instant(source.get("made_at")),
        generator={
            _line({"": name}, ""): _line({"": version}, "")
            for name, version in strict.as_object(source.get("generator"), "generator").items()
        },
        files=_files(strict.as_list(source.get("files"), "files", MAX_FILES)),
    )


def _files(listed: Iterable[Any]) -> tuple[FileEntry, ...]:
    entries = []
    for index, value in enumerate(listed):
        where = f"files[{index}]"
        source = strict.as_object(value, where)
        path = _line(source, "path")
        entry = FileEntry(
            path=file_name(path),
            size=strict.integer(source, "size", where, SIZES),
            sm3=strict.hexadecimal(source.get("sm3"), f"{where}.sm3", 32),
        )
        entries.append(entry)
    names = [entry.path for entry in entries]
    if not names or names != sorted(set(names)):
        raise strict.malformed("files", "at least one file, in the order of the names, each once", names)
    return tuple(entries)


def _line(source: strict.Object, name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not _LINE.match(value):
        raise strict.malformed(name or "generator", "one line of text, 1 to 200 characters", value)
    return value


def _instant(value: object) -> datetime:
    if isinstance(value, str) and _INSTANT.match(value):
        try:
            return datetime.strptime(value, INSTANT).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise strict.malformed("made_at", "an instant like 2026-01-31T08:00:00Z", value)

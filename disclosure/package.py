"""Signed packages on disk: written whole or not at all, and read as if an enemy had sent them.

A package is a folder, or the .zip of one: the files of the report, ``certificate.pem`` (the signer's certificate, then
those above it), ``manifest.json`` and ``manifest.sig``, the SM2 signature in DER over the bytes of the manifest, which
names every file but itself and its signature.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from disclosure.certificates import to_pem
from disclosure.errors import PackageExists, PackageMalformed, PackageUnreadable, Unwritable
from disclosure.manifest import MANIFEST, MAX_FILES, Manifest, entry_of, file_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from disclosure.manifest import Ledger
    from disclosure.signing import Signer

__all__ = ["CERTIFICATE", "SIGNATURE", "Written", "archive_of", "read_package", "write_package"]

CERTIFICATE = "certificate.pem"
SIGNATURE = "manifest.sig"
UNLISTED = frozenset({MANIFEST, SIGNATURE})

MAX_FILE = 256 << 20  # bytes of one file; a workbook of a million rows takes 80 MiB
MAX_TOTAL = 512 << 20  # bytes of all files, unpacked, and of an archive; what a small machine can hold
MAX_DEPTH = 4  # folders within folders
CHUNK = 1 << 20
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say; the manifest says when it was made
ZIP_MODE = (stat.S_IFREG | 0o644) << 16
UNIX = 3  # "made by", so that the mode above is read
COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where a package was put, as a folder and as an archive of the same files, and its manifest."""

    folder: Path
    archive: Path
    manifest: Manifest


def write_package(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    ledger: Ledger,
    report: str,
    plan: str,
    period: int,
    made_at: datetime,
    generator: Mapping[str, str],
    signer: Signer,
    force: bool = False,
) -> Written:
    """Write the signed package to ``folder`` and ``folder`` + ".zip", each whole or not at all.

    Raises PackageExists when something stands there (``force`` replaces a package, and nothing but a package), and
    Unwritable.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 resolve() would follow a link that is to be refused
    if not folder.name:
        raise PackageExists("in-the-way", f"{folder} is in the way.", next_step="Choose another folder.")
    archive = folder.with_name(folder.name + ".zip")
    content = {**files, CERTIFICATE: to_pem(*signer.chain)}
    manifest = Manifest(
        ledger=ledger,
        report=report,
        plan=plan,
        period=period,
        made_at=made_at.replace(microsecond=0),
        generator=generator,
        files=tuple(entry_of(file_name(name), content[name]) for name in sorted(content)),
    )
    raw = manifest.dump()
    content |= {MANIFEST: raw, SIGNATURE: signer.sign(raw)}
    try:
        _check_free(folder, archive, force=force)
        _put(content, folder, archive)
    except OSError as failure:
        raise Unwritable("unwritable", f"{folder} cannot be written: {failure.strerror or failure}.") from None
    return Written(folder=folder, archive=archive, manifest=manifest)


def _put(content: Mapping[str, bytes], folder: Path, archive: Path) -> None:
    """Write both forms beside their places, then move each there in one step."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        unpacked, packed = staging / "folder", staging / "archive.zip"
        for name, data in content.items():
            _write(unpacked / name, data)
        _write(packed, archive_of(content))
        if folder.exists():
            folder.rename(staging / "replaced")
        unpacked.rename(folder)
        packed.replace(archive)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _check_free(folder: Path, archive: Path, *, force: bool) -> None:
    for path in (folder, archive):
        if path.is_symlink() or (path.exists() and path.is_dir() != (path == folder)):
            raise PackageExists("in-the-way", f"{path} is in the way.", next_step="Choose another folder.")
    if folder.exists() and any(folder.iterdir()):
        if not force:
            raise PackageExists("package-exists", f"{folder} is already there.")
        if not (folder / MANIFEST).is_file() or not (folder / SIGNATURE).is_file():
            raise PackageExists(
                "not-a-package", f"{folder} holds something else than a package.", next_step="Choose another folder."
            )
    if archive.exists() and not force:
        raise PackageExists("package-exists", f"{archive} is already there.")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def archive_of(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of the files whose bytes depend on their names and content alone."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.create_system, entry.external_attr = UNIX, ZIP_MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)
    return buffer.getvalue()


def read_package(path: Path) -> dict[str, bytes]:
    """Return every file of a package by its name; nothing is written anywhere.

    Raises PackageUnreadable when there is nothing to read, PackageMalformed naming the file that breaks a limit or
    could be two things: a link, a name that leads elsewhere, a name said twice.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return _collect(_folder_files(path, "", 0))
        if stat.S_ISREG(status.st_mode):
            if status.st_size > MAX_TOTAL:
                raise _limit("", f"The archive has {status.st_size} bytes; the limit is {MAX_TOTAL}.")
            return _read_archive(path)
    except OSError as failure:
        raise PackageUnreadable("unreadable", f"{path} cannot be read: {failure.strerror or failure}.") from None
    raise PackageUnreadable("unreadable", f"{path} is neither a folder nor a file.")


def _limit(name: str, message: str) -> PackageMalformed:
    return PackageMalformed("limit", message, file=name)


def _collect(files: Iterator[tuple[str, bytes]]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    folded: set[str] = set()
    total = 0
    for name, data in files:
        if file_name(name).casefold() in folded:
            raise PackageMalformed("name-twice", f"The package holds {name} twice.", file=name)
        folded.add(name.casefold())
        total += len(data)
        if total > MAX_TOTAL:
            raise _limit(name, f"With {name} the package has more than {MAX_TOTAL} bytes, unpacked.")
        if len(found) >= MAX_FILES:
            raise _limit(name, f"The package has more than {MAX_FILES} files.")
        found[name] = data
    return found


def _folder_files(folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, bytes]]:
    if depth > MAX_DEPTH:
        raise _limit(prefix, f"{prefix} is more than {MAX_DEPTH} folders deep.")
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _folder_files(Path(entry.path), f"{name}/", depth + 1)
            elif entry.is_file(follow_symlinks=False):
                yield name, _read_file(Path(entry.path), name)
            else:
                raise PackageMalformed("not-a-file", f"{name} is a link or a device, not a file.", file=name)


def _read_file(path: Path, name: str) -> bytes:
    # Opened without following a link, should somebody have put one there since it was listed.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise _limit(name, f"{name} has more than {MAX_FILE} bytes.")
    return data


def _read_archive(path: Path) -> dict[str, bytes]:
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _collect(_archive_files(archive))
        except (*DAMAGED_ZIP, OSError) as failure:  # a wrong offset inside is an OSError too
            raise PackageMalformed("damaged-archive", f"{path.name} cannot be unpacked: {failure}.") from None


def _archive_files(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES * 2:  # folders have entries of their own when somebody packs the folder again
        raise _limit("", f"The archive has {len(entries)} entries.")
    for entry in entries:
        name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
        if name.endswith("/") and not entry.file_size:
            file_name(name[:-1])
            continue
        if entry.orig_filename != name or kind not in (0, stat.S_IFREG):
            raise PackageMalformed("not-a-file", f"{file_name(name)} is a link or a device, not a file.", file=name)
        file_name(name)
        if entry.flag_bits & 0x1 or entry.compress_type not in COMPRESSIONS:
            raise PackageMalformed("zip-method", f"{name} is encrypted, or packed by an unusual method.", file=name)
        if entry.file_size > MAX_FILE:
            raise _limit(name, f"{name} would have {entry.file_size} bytes; the limit is {MAX_FILE}.")
        try:
            yield name, _unpack(archive, entry)
        except (*DAMAGED_ZIP, OSError) as failure:
            raise PackageMalformed("damaged-archive", f"{name} cannot be unpacked: {failure}.", file=name) from None


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Never holds more than the entry says it has, whatever its data unpacks to."""
    parts, size = [], 0
    with archive.open(entry) as stream:
        while part := stream.read(CHUNK):
            size += len(part)
            if size > entry.file_size:
                raise _limit(entry.filename, f"{entry.filename} unpacks to more than it says.")
            parts.append(part)
    return b"".join(parts)

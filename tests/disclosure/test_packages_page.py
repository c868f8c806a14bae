"""docs/packages.md: the commands it shows are run, and what it lists is what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from disclosure import package
from disclosure.manifest import MAX_FILES
from disclosure.verify import STEPS

if TYPE_CHECKING:
    from disclosure.package import Written
    from disclosure.signing import LocalAuthority

PAGE = Path(__file__).parents[2] / "docs" / "packages.md"
TEXT = PAGE.read_text(encoding="utf-8")

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def commands(containing: str) -> list[str]:
    """The lines of the one shell block that holds this text."""
    blocks = [block for block in re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL) if containing in block]
    assert len(blocks) == 1
    return blocks[0].strip().splitlines()


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(published: Written, local_authority: LocalAuthority, tmp_path: Path) -> Path:
    shutil.copytree(published.folder, tmp_path / "report")
    shutil.copy(local_authority.authority, tmp_path / "report" / "ca.pem")
    return tmp_path / "report"


@needs_openssl
def test_stock_openssl_verifies_the_signature_by_the_commands_shown(folder: Path) -> None:
    extract, verify = commands("dgst -sm3 -verify")
    assert verify == (
        "openssl dgst -sm3 -verify pub.pem -signature manifest.sig -sigopt distid:1234567812345678 manifest.json"
    )
    assert run(extract, folder).returncode == 0
    told = run(verify, folder)
    assert (told.returncode, told.stdout.strip()) == (0, "Verified OK")
    for name in "manifest.json", "manifest.sig":
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
        assert run(verify, folder).returncode == 1
        (folder / name).write_bytes(whole)
    assert run(verify.replace("-sigopt distid:1234567812345678 ", ""), folder).returncode == 1


@needs_openssl
def test_stock_openssl_verifies_the_certificate_by_the_command_shown(folder: Path, published: Written) -> None:
    (verify,) = commands("openssl verify")
    at = int(published.manifest.made_at.timestamp())
    told = run(verify.replace("verify ", f"verify -attime {at} ", 1), folder)
    assert (told.returncode, told.stdout.strip()) == (0, "certificate.pem: OK")


@needs_openssl
def test_stock_openssl_finds_the_digests_of_the_manifest(folder: Path, published: Written) -> None:
    (digests,) = commands("dgst -sm3 report.html")
    found = dict(re.findall(r"\((.+?)\)= ([0-9a-f]{64})", run(digests, folder).stdout))
    assert found == {entry.path: entry.sm3.hex() for entry in published.manifest.files}


def test_the_page_lists_the_files_steps_and_limits(published: Written) -> None:
    for path in published.folder.iterdir():
        assert f"`{path.name}`" in TEXT
    for step in STEPS:
        assert f"| *{step}* |" in TEXT
    limits = f"{MAX_FILES:,} files, {package.MAX_FILE >> 20} MiB a file, {package.MAX_TOTAL >> 20} MiB in all"
    assert limits in TEXT

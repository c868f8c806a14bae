"""What must hold of the repository as a whole, whatever the code in it does."""

import importlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PACKAGES = ("portal", "dashboards", "regulator", "disclosure", "abs", "ledger")

# Put together from pieces, so that this file may be searched like any other.
REGISTRY_HOSTS = ["pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org", "deb.debian" + ".org"]
MACHINE_PATHS = ["/" + "work/", "/" + "root/"]
UNWANTED = re.compile(
    "|".join(
        [re.escape(host) for host in REGISTRY_HOSTS] + [rf"(?<![\w.-]){re.escape(path)}" for path in MACHINE_PATHS]
    )
)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def repository_files() -> list[Path]:
    """Every file that is committed or would be; skips where there is no git checkout."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout, so which files belong to the project is unknown")
    paths = [ROOT / name.decode() for name in listing.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def locked_versions() -> dict[str, list[Version]]:
    """The versions the lock file allows for each distribution; two where they depend on the Python version."""
    versions: dict[str, list[Version]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK, re.MULTILINE):
        versions.setdefault(canonicalize_name(name), []).append(Version(version))
    return versions


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    files = repository_files()
    assert ROOT / "pyproject.toml" in files
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in files
        if (match := UNWANTED.search(path.read_bytes().decode("utf-8", errors="replace")))
    }
    assert not found


@pytest.mark.parametrize("unwanted", ["https://" + REGISTRY_HOSTS[0] + "/simple", "see " + MACHINE_PATHS[0] + "notes"])
def test_the_search_finds_what_it_looks_for(unwanted: str) -> None:
    assert UNWANTED.search(unwanted)


def test_tests_are_no_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_says_what_it_is_and_its_public_names_exist(name: str) -> None:
    package = importlib.import_module(name)
    assert package.__doc__, f"{name}/__init__.py has no docstring"
    assert [public for public in getattr(package, "__all__", ()) if not hasattr(package, public)] == []


def test_the_lock_names_no_address_and_hashes_everything() -> None:
    assert "://" not in LOCK
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_the_lock_satisfies_the_project(requirement: Requirement) -> None:
    versions = locked_versions().get(canonicalize_name(requirement.name), [])
    assert versions, "renew the lock: make lock"
    assert all(requirement.specifier.contains(version) for version in versions), "renew the lock: make lock"


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_every_dependency_has_its_reason(requirement: Requirement) -> None:
    (decision,) = (ROOT / "docs" / "adr").glob("0006-*.md")
    assert f"`{requirement.name}`" in decision.read_text(encoding="utf-8")


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))

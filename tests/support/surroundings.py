"""What a test needs from the machine around it. When it is missing the test skips and says so; in CI it fails."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
ORACLES = ROOT.parent / "shared" / "data"


def missing(reason: str) -> NoReturn:
    """Ends the test: skipped on a person's machine, failed where CI=true, because CI must have everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(*names: str, package: str) -> str:
    """The path of the first of these programs that is installed; `package` is the Debian package that brings it."""
    for name in names:
        if path := shutil.which(name):
            return path
    missing(f"none of {', '.join(names)} is installed: apt-get install {package}")


def chromium() -> str:
    """The path of the browser that the browser tests drive."""
    return program("chromium", "chromium-browser", "google-chrome", package="chromium")


def oracle(relative: str) -> Path:
    """A file of data published by others, kept beside the checkout and never copied into it."""
    path = ORACLES / relative
    if not path.exists():
        missing(f"no {relative} in {ORACLES}")
    return path

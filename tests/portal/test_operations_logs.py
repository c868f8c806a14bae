"""The log: one line an event, whatever hostile text is in it, and no password anywhere."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from portal.logs import LONGEST, logger, set_up_logs
from portal.node import masked
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = "a\nfake line\x1b[31m\x00\x85\u2028\u202e中"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("glasspool").level
    yield
    root.handlers[:], level, own = before
    root.setLevel(level)
    logging.getLogger("glasspool").setLevel(own)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(Settings(log="json"))
    logger("sync").info(
        "stored", extra={"height": 12, "source": HOSTILE, "sources": ["http://u:p@host/"], "code": None}
    )
    (line,) = lines(capsys)
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "info",
        "logger": "glasspool.sync",
        "event": "stored",
        "height": 12,
        "source": r"a\nfake line\x1b[31m\x00\x85\u2028\u202e中",
        "sources": ["http://***@host/"],
        "code": None,
    }


def test_text_is_one_line_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(Settings(log="text"))
    logger("sync").warning("source-changed", extra={"height": 12, "what": HOSTILE, "code": None, "empty": ""})
    (line,) = lines(capsys)
    assert line.split(" ", 1)[1].startswith("WARNING glasspool.sync source-changed height=12 what=")
    assert r"a\\nfake line\\x1b[31m" in line
    assert "code" not in line
    assert line.endswith("empty=''")
    assert line.isprintable()


@pytest.mark.parametrize("form", ["json", "text"])
def test_other_loggers_and_tracebacks_are_held_to_it(form: Any, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(Settings(log=form))
    logging.getLogger("portal.gate").warning("refused %s", HOSTILE + "http://user:secret@node:1/x" + "y" * LONGEST)
    logging.getLogger("portal.gate").info("not said")
    (line,) = lines(capsys)
    assert "\x1b" not in line
    assert "secret" not in line
    assert len(line) < 2 * LONGEST
    try:
        raise ValueError("at postgresql://user:p@ss@host/db")
    except ValueError:
        logger("sync").exception("failed", exc_info=sys.exc_info())
    told = "\n".join(lines(capsys))
    assert "ValueError" in told
    assert "postgresql://***@host/db" in told
    assert "p@ss" not in told


def test_the_level_is_what_was_set(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(Settings(log_level="error"))
    logger("sync").warning("not-said")
    logging.getLogger("library").warning("not said")
    logger("sync").error("said")
    assert len(lines(capsys)) == 1
    set_up_logs(Settings(log_level="debug"))
    logger("sync").debug("said")
    logging.getLogger("library").info("not said")
    assert len(lines(capsys)) == 1


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://user:secret@host:1/x", "http://***@host:1/…"),
        ("https://host/v1/KEY?apikey=SECRET", "https://host/…"),
        ("https://host?apikey=SECRET", "https://host/…"),
        ("https://token@host", "https://***@host"),
        ("postgresql://u:p@w@host/db", "postgresql://***@host/db"),
        ("http://host/a@b", "http://host/…"),
        ("/folder/a@b", "/folder/a@b"),
    ],
)
def test_what_is_masked(address: str, shown: str) -> None:
    assert masked(f"at {address}: no") == f"at {shown}: no"

"""What the node says while it works: one line an event on standard error, as text for people or JSON for machines.

Loggers are named ``glasspool.<part>``. A message is an event's short fixed name; everything else stands in fields.
What comes from nodes is hostile: it is cut short, and nothing in it can break a line or steer a terminal. Names and
passwords within addresses are masked, wherever they stand.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pythonjsonlogger.json import JsonFormatter

from portal.node import masked

if TYPE_CHECKING:
    from portal.settings import Settings

__all__ = ["logger", "set_up_logs"]

ROOT = "glasspool"
LONGEST = 400  # characters of one value

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def logger(part: str) -> logging.Logger:
    """Return the logger of one part of the node."""
    return logging.getLogger(f"{ROOT}.{part}")


def set_up_logs(settings: Settings) -> None:
    """Let everything that is logged from now on go to standard error, in the form and from the level that is set.

    Libraries only speak up from warnings on.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if settings.log == "json" else _Text())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    level = settings.log_level.upper()
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    logging.getLogger(ROOT).setLevel(level)


def _clean(value: Any) -> Any:
    """Return a value fit for a log; numbers, None and truth values as they are."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(str(name)): _clean(each) for name, each in value.items()}
    text = masked(str(value))
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: _clean(value) for name, value in vars(record).items() if name not in _STANDARD}


class _Text(logging.Formatter):
    """``2025-01-02T03:04:05.678+00:00 INFO glasspool.sync followed height=12 source='node http://…'``."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(
            f" {name}={value!r}" if isinstance(value, str) and (" " in value or not value) else f" {name}={value}"
            for name, value in _fields(record).items()
            if value is not None
        )
        line = f"{_time(record)} {record.levelname} {record.name} {_clean(record.getMessage())}{fields}"
        if record.exc_info:
            line += "\n" + masked(self.formatException(record.exc_info))
        return line


class _Json(JsonFormatter):
    """One JSON object a line: time, level, logger, event, and the event's own fields."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _clean(record.getMessage()),
            **_fields(record),
        }
        if record.exc_info:
            line["traceback"] = masked("".join(self.formatException(record.exc_info)))
        return self.serialize_log_record(line)

"""How every command speaks: one answer on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

__all__ = ["EXIT_NEGATIVE", "EXIT_UNUSABLE", "emit", "fail", "progress", "say"]

EXIT_NEGATIVE = 1  # the verdict is negative
EXIT_UNUSABLE = 2  # wrong usage, or the environment does not allow it


def _out() -> Console:
    return Console(soft_wrap=True, highlight=False, emoji=False)


def _err() -> Console:
    return Console(stderr=True, highlight=False, emoji=False)


def emit(data: Any, human: RenderableType, *, as_json: bool) -> None:
    """Print the answer: one JSON document with ``--json``, else the rendering for people."""
    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
    else:
        _out().print(human)


def say(message: str) -> None:
    """Print a remark for people on standard error, where it never mixes with an answer; a command in it stays whole."""
    _err().print(message, markup=False, soft_wrap=True)


def fail(message: str, next_step: str = "", *, code: str = "", as_json: bool = False) -> None:
    """Print an error: what is wrong, and what to do next."""
    if as_json:
        sys.stdout.write(
            json.dumps({"error": {"code": code, "message": message, "next_step": next_step}}, ensure_ascii=False) + "\n"
        )
        return
    console = _err()
    console.print(f"error: {message}", style="bold red", markup=False)
    if next_step:
        console.print(f"  {next_step}", markup=False)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Show a progress bar on a terminal; yields ``advance(n=1, total=None)``."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=_err(),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with bar:
        task = bar.add_task(description, total=total)

        def advance(n: int = 1, total: int | None = None) -> None:
            bar.update(task, advance=n, **({} if total is None else {"total": total}))  # type: ignore[arg-type]

        yield advance

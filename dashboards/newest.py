"""Slow answers to a choice that may change while they are made: only that to the newest choice is shown."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

__all__ = ["Newest"]

Answer = TypeVar("Answer")


class Newest:
    """Reads and shows on one thread at a time; who asks meanwhile returns at once and is served by that thread.

    However many ask at once, one more answer is read after the one under way. An answer or an error that is no longer
    the newest's is dropped.
    """

    def __init__(self) -> None:
        self._counting = Lock()
        self._asked = 0
        self._busy = False

    def show(self, read: Callable[[], Answer], show: Callable[[Answer], None]) -> None:
        """What ``read`` answers for the newest choice is shown, by now or by the thread that was asked before.

        ``read`` looks up the choice itself. Raises whatever ``read`` or ``show`` raises for the newest choice.
        """
        with self._counting:
            self._asked += 1
            if self._busy:
                return
            self._busy = True
        while True:
            number = self._asked
            over = True
            try:
                answer = read()
                if number == self._asked:
                    show(answer)
            except Exception:
                over = self._over(number)
                if over:
                    raise
            except BaseException:
                self._busy = False
                raise
            else:
                over = self._over(number)
            if over:
                return

    def _over(self, number: int) -> bool:
        """Whether nobody asked since; from then on the next to ask reads."""
        with self._counting:
            self._busy = number != self._asked
            return not self._busy

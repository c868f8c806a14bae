"""Following a chain for good: round after round, each source at a pace of its own, until somebody says stop.

A round asks every source that does not rest. One that failed rests, longer each time; one that told what is not so
rests for long, since only its operator or ours can change that. So none of them keeps the others from being followed,
and when all rest, nobody is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.following import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.following import Following, Standing

__all__ = ["LONGEST_REST", "REFUSED_REST", "Follower"]

LONGEST_REST = 300.0  # seconds before one that does not answer is asked again, at the most
REFUSED_REST = 600.0  # seconds before one that was refused is asked again


@dataclass(slots=True)
class _Turn:
    """How a source fared of late: failures in a row, until when it rests, and how it stood last."""

    failures: int = 0
    until: float = 0.0
    last: tuple[State, str | None] | None = None


class Follower:
    """The rounds over some sources, known by their place in the operator's order.

    ``every`` are seconds between rounds; ``clock`` gives seconds that never go back, ``wait`` waits so many seconds or
    until stopped, ``stop`` tells whether somebody said so. ``changed`` is told of a source whose standing is another
    than before.
    """

    def __init__(
        self,
        sources: int,
        *,
        every: float,
        clock: Callable[[], float],
        wait: Callable[[float], None],
        stop: Callable[[], bool],
        changed: Callable[[int, Standing], None],
    ) -> None:
        self._turns = [_Turn() for _ in range(sources)]
        self._every, self._clock, self._wait, self._stop, self._changed = every, clock, wait, stop, changed

    def run(self, attempt: Callable[[Sequence[int]], Following], after: Callable[[Following], None]) -> None:
        """Follow until stopped: ``attempt`` one round over these sources, tell ``after`` what came of it, wait.

        Raises what an attempt raises: only the sources' failures are part of its result.
        """
        while not self._stop():
            awake = [at for at, turn in enumerate(self._turns) if turn.until <= self._clock()]
            if awake:
                followed = attempt(awake)
                stopped = self._stop()  # then not everybody was asked, and some were not given the time to answer
                if not stopped:
                    for at, standing in zip(awake, followed.standings, strict=True):
                        self._judge(at, standing)
                after(followed)
                if stopped:
                    return
            self._wait(self._pause())

    def _judge(self, at: int, standing: Standing) -> None:
        turn, now = self._turns[at], self._clock()
        if standing.dangerous:
            turn.failures += 1
            turn.until = now + REFUSED_REST
        elif standing.state is State.UNREACHABLE:
            turn.until = now + min(LONGEST_REST, self._every * 2.0 ** min(turn.failures, 30))
            turn.failures += 1
        else:
            turn.failures, turn.until = 0, 0.0
        told = (standing.state, standing.code)
        if told != turn.last:
            turn.last = told
            self._changed(at, standing)

    def _pause(self) -> float:
        """Return seconds until the next round: until the first wakes when all rest, else the usual."""
        now = self._clock()
        first = min(turn.until for turn in self._turns)
        return max(self._every, first - now)

"""Facts that nobody looks up before somebody asks for them: what a figure of a long series stands on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from abs.figure import FactRef

__all__ = ["Deferred"]


class Deferred(Collection[FactRef]):
    """The facts that ``choose`` finds, found once, when the first of them is asked for.

    Equal to any collection that names the same facts in the same order.
    """

    __slots__ = ("_choose", "_chosen")

    def __init__(self, choose: Callable[[], Collection[FactRef]]) -> None:
        self._choose = choose
        self._chosen: Collection[FactRef] | None = None

    def _found(self) -> Collection[FactRef]:
        if self._chosen is None:
            self._chosen = self._choose()
        return self._chosen

    def __iter__(self) -> Iterator[FactRef]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    def __contains__(self, ref: object) -> bool:
        return ref in self._found()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Collection):
            return NotImplemented
        return self is other or tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(Deferred)

    def __repr__(self) -> str:
        return "Deferred()" if self._chosen is None else f"Deferred({len(self._chosen)} facts)"

"""Which things are tied together: a union-find over names."""

from __future__ import annotations

from collections.abc import Collection, Iterable

__all__ = ["Ties"]


class Ties:
    """Things and their components; every name is a component of its own until it is tied."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._size: dict[str, int] = {}

    def add(self, name: str) -> None:
        """Know a name."""
        if name not in self._parent:
            self._parent[name] = name
            self._size[name] = 1

    def tie(self, one: str, other: str) -> None:
        """Let two names be of one component."""
        self.add(one)
        self.add(other)
        first, second = self.root(one), self.root(other)
        if first == second:
            return
        if self._size[first] < self._size[second]:
            first, second = second, first
        self._parent[second] = first
        self._size[first] += self._size[second]

    def root(self, name: str) -> str:
        """Return the name that stands for the component of a known one."""
        root = name
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[name] != root:
            self._parent[name], name = root, self._parent[name]
        return root

    def size(self, name: str) -> int:
        """Return how many names are in the component of a known one."""
        return self._size[self.root(name)]

    def nodes(self) -> Collection[str]:
        """Return every known name."""
        return self._parent.keys()

    def connected(self, seeds: Iterable[str]) -> Iterable[str]:
        """Yield every name that is tied to a seed."""
        roots = {self.root(seed) for seed in seeds if seed in self._parent}
        return [name for name in self._parent if self.root(name) in roots]

    def keep(self, names: Collection[str]) -> None:
        """Forget every other name; whole components only."""
        roots = {name: self.root(name) for name in names}
        self._parent = roots
        self._size = {root: self._size[root] for root in set(roots.values())}

"""Documents by identity: of all that were told, the one with the highest rank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from entrepot.scheduler.mirror.ranks import Rank

Content = TypeVar("Content")
Kept = dict[str, tuple[tuple[int, int, bytes], Content]]
"""As they are kept: rank and content by identity, sorted."""


class Documents(Generic[Content]):
    """Of one kind."""

    def __init__(self, kept: Kept[Content] | None = None) -> None:
        """Args: kept: what `dump` gave."""
        self._latest = {name: (Rank(*rank), content) for name, (rank, content) in (kept or {}).items()}

    def put(self, name: str, rank: Rank, content: Content) -> tuple[bool, Content | None]:
        """Take one; whether it holds now, and the one that it takes the place of."""
        before = self._latest.get(name)
        if before is not None and rank <= before[0]:
            return False, None
        self._latest[name] = (rank, content)
        return True, None if before is None else before[1]

    def drop(self, name: str) -> None:
        """Forget one."""
        self._latest.pop(name, None)

    def rank_of(self, name: str) -> Rank:
        """Of the one that holds.

        Raises:
            KeyError: there is none.
        """
        return self._latest[name][0]

    def get(self, name: str) -> Content | None:
        """The one that holds; None if there is none."""
        found = self._latest.get(name)
        return None if found is None else found[1]

    def items(self) -> Iterator[tuple[str, Content]]:
        """Those that hold, by identity, in its order."""
        return ((name, self._latest[name][1]) for name in sorted(self._latest))

    def values(self) -> Iterator[Content]:
        """Those that hold, in no order."""
        return (content for _, content in self._latest.values())

    def __len__(self) -> int:
        return len(self._latest)

    def dump(self) -> Kept[Content]:
        """In an order that doesn't depend on that of the events."""
        return {
            name: ((rank.first, rank.second, rank.digest), content)
            for name, (rank, content) in sorted(self._latest.items())
        }

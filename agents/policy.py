"""What every decision maker offers, whether a rule, a planner or a network of neurons."""

from __future__ import annotations

from typing import Protocol

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import Snapshot


class Policy(Protocol):
    """Decides one day at a time, for B networks at once, by what a snapshot shows and by what it remembers itself."""

    @property
    def reads(self) -> frozenset[Costly]:
        """The costly parts of a snapshot that it reads; the others are not made for it."""
        ...

    def begin(self, episodes: int) -> None:
        """Forget what went before: B new episodes start."""
        ...

    def decide(self, snapshot: Snapshot) -> Decisions:
        """What to do today, of what is known today."""
        ...

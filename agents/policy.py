"""What every decision maker offers, whether a rule, a planner or a network of neurons."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from entrepot.envs.observe.snapshot import Snapshot


class Policy(Protocol):
    """Decides what to order on every lane, one day at a time, for B networks at once."""

    def begin(self, episodes: int) -> None:
        """Forget what went before: B new episodes start."""
        ...

    def orders(self, snapshot: Snapshot) -> Tensor:
        """[B, L, S] units to order today; the twin rounds them where it keeps whole units."""
        ...

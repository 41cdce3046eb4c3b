"""Writes down what a policy sees."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from entrepot.agents.policy import Policy
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import Snapshot


class SnapshotRecorder:
    """A policy that writes down what another one sees: for a module's envelope and its golden cases."""

    def __init__(self, policy: Policy, *, first: int = 0, every: int = 5) -> None:
        """Args: policy that decides; the first day to record; days from one record to the next.

        A multiple of 7 would see one weekday only.
        """
        self.policy = policy
        self.reads = policy.reads | {Costly.PIPELINE}
        self.records: list[dict[str, NDArray[Any]]] = []
        self._first = first
        self._every = every
        self._day = 0

    def begin(self, episodes: int) -> None:
        """Start anew; what was recorded is kept."""
        self._day = 0
        self.policy.begin(episodes)

    def decide(self, snapshot: Snapshot) -> Decisions:
        """Of the policy that is watched."""
        if self._day >= self._first and (self._day - self._first) % self._every == 0:
            self.records.append(snapshot_arrays(snapshot))
        self._day += 1
        return self.policy.decide(snapshot)

"""Writes down what a policy sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from entrepot.agents.policy import Policy
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import Snapshot


class SnapshotRecorder:
    """A policy that writes down what another one sees: for a module's envelope, golden cases and approval limits."""

    def __init__(
        self, policy: Policy, *, first: int = 0, every: int = 5, value_usd: NDArray[Any] | None = None
    ) -> None:
        """Args: policy that decides; the first day to record; days from one record to the next; [L, S] USD a unit.

        A multiple of 7 would see one weekday only.
        """
        self.policy = policy
        self.reads = policy.reads | {Costly.PIPELINE}
        self.records: list[dict[str, NDArray[Any]]] = []
        self.largest: NDArray[np.float64] | None = None  # [2, L] a day's order of most units, and of most USD
        self._value = value_usd
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
        decisions = self.policy.decide(snapshot)
        if self._day >= self._first:
            self._compare(decisions.orders)
        self._day += 1
        return decisions

    def _compare(self, orders: Tensor) -> None:
        units = orders.detach().cpu().numpy().astype(np.float64)
        usd = units if self._value is None else units * self._value
        most = np.stack([units.sum(axis=-1).max(axis=0), usd.sum(axis=-1).max(axis=0)])
        self.largest = most if self.largest is None else np.maximum(self.largest, most)

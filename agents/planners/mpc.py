"""Model predictive control: plan with a linear program on a forecast, carry out the first week, plan again."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from entrepot.agents.planners.forecast import Forecaster
from entrepot.agents.planners.horizon import Horizon, PlanningSettings
from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.rolling import WEEK, RollingPlan, Safety, rolling_plan
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.twin import TwinParameters

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
REVIEW_WEEKDAY = 0
LEAST_UNITS = 0.5
"""An order below this is left out."""


class ModelPredictive:
    """Plans every Monday, orders on the plan's departures, and corrects each order by what stock has done since."""

    reads = frozenset({Costly.PIPELINE})

    def __init__(
        self,
        parameters: TwinParameters,
        attributes: NetworkAttributes,
        forecaster: Forecaster,
        settings: PlanningSettings | None = None,
        *,
        executor: Executor | None = None,
    ) -> None:
        """Prepare for a network.

        Args:
            parameters: of the network.
            attributes: of the same network.
            forecaster: fitted on training scenarios.
            settings: how to weigh what the linear program can't see.
            executor: where environments are planned for side by side; one after the other if None.
        """
        self._attributes = attributes
        self._horizon = Horizon.of(parameters, attributes, forecaster, settings or PlanningSettings())
        self._executor = executor
        self._capacity_share = self._horizon.capacity_share
        self._ship = np.zeros(0)  # [B, 7, L, S] units to order on each day since the plan was made
        self._position = np.zeros(0)  # [B, 7, N, S] units at nodes or on the way, as the plan expects them
        self._age: Integers = np.zeros(0, np.int64)  # [B] days since the plan was made
        self._plans, self._solving, self._waiting = 0, 0.0, 0.0

    def begin(self, episodes: int) -> None:
        """Forget all plans."""
        nodes, skus = self._horizon.rate.shape
        lanes = len(self._horizon.interval_weeks)
        self._ship = np.zeros((episodes, WEEK, lanes, skus))
        self._position = np.zeros((episodes, WEEK, nodes, skus))
        self._age = np.full(episodes, WEEK)

    def decide(self, snapshot: Snapshot) -> Decisions:
        """Orders."""
        monday = snapshot.weekday.cpu().numpy() == REVIEW_WEEKDAY
        self._plan(snapshot, np.flatnonzero(monday | (self._age >= WEEK)))
        episode = np.arange(len(self._age))
        planned = self._ship[episode, self._age]
        expected = self._position[episode, self._age]
        self._age += 1
        at_node = snapshot.on_hand + snapshot.dock + snapshot.in_transit
        ahead = self._corrections(planned, expected - at_node.cpu().numpy())
        opened = snapshot.lane_open.cpu().numpy()[:, :, None] > 0  # what a closed lane was to carry is planned anew
        orders = np.where((planned >= LEAST_UNITS) & opened, np.maximum(planned + ahead, 0.0), 0.0)
        return Decisions(torch.as_tensor(orders, dtype=snapshot.on_hand.dtype, device=snapshot.on_hand.device))

    def _corrections(self, planned: Floats, missing: Floats) -> Floats:
        """[B, L, S] what nodes lack against the plan, shared out among the lanes that order for them today."""
        destination = self._horizon.network.lane_destination
        to_node = np.eye(missing.shape[1])[destination]  # [L, N]
        total = np.einsum("ln,bls->bns", to_node, planned)
        share = planned / np.maximum(total[:, destination], LEAST_UNITS)
        return np.asarray(missing[:, destination] * share)

    def _plan(self, snapshot: Snapshot, episodes: Integers) -> None:
        if not episodes.size:
            return
        started = perf_counter()
        tasks = self._horizon.plan_for(snapshot, episodes)
        plan = partial(_planned, share=self._capacity_share)
        plans = list(map(plan, tasks) if self._executor is None else self._executor.map(plan, tasks))
        self._ship[episodes] = np.stack([plan.ship for plan in plans])
        self._position[episodes] = np.stack([plan.position for plan in plans])
        self._age[episodes] = 0
        self._plans += len(plans)
        self._solving += sum(plan.seconds for plan in plans)
        self._waiting += perf_counter() - started

    @property
    def effort(self) -> str:
        """Time spent on planning."""
        plans = max(self._plans, 1)
        skus = len(self._capacity_share)
        return (
            f"{self._plans:,} weekly plans of {skus} linear programs, {self._solving / plans:.2f} s of solving a plan "
            f"({1000 * self._solving / plans / skus:.0f} ms a program), {self._waiting:,.0f} s in all"
        )


def _planned(task: tuple[Instance, Safety], share: Floats) -> RollingPlan:
    return rolling_plan(*task, share, WEEK)

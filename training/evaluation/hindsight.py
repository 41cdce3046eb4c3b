"""The hindsight bound's trial: it is handed the scenarios, future and all, and plans each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.hindsight import HindsightPlan, hindsight_plan, plan_each_sku
from entrepot.agents.planners.instance import Instance, Opening, PlannedNetwork, days_of
from entrepot.agents.planners.processes import worker_processes
from entrepot.envs.opening import stocked_state
from entrepot.envs.twin import Costs, Scenario
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import Done, Figures
from entrepot.training.experiment import EvaluationSettings

Floats = NDArray[np.float64]


@dataclass
class Hindsight:
    """No policy's settled cost is less than this, in any episode; see `agents/planners/hindsight.py`."""

    joint: bool = False  # plan all SKUs together: closer where capacities bind, much slower
    processes: int | None = None  # that plan side by side; one per core if None
    _seconds: list[float] = field(default_factory=list)

    def figures(self, world: World, scenario: Scenario, settings: EvaluationSettings, done: Done) -> Figures:
        """Parts of the settled cost, and lost sales."""
        plans: list[HindsightPlan] = []
        with worker_processes(1 if self.joint else self.processes) as executor:
            for instance in _instances(world, scenario, settings):
                plan = hindsight_plan(instance) if self.joint else plan_each_sku(instance, executor=executor)
                plans.append(plan)
                self._seconds.append(plan.seconds)
                done(scenario.days)
        counted = scenario.demand[:, settings.warm_up_days :].cpu().numpy().sum(axis=(1, 2, 3), dtype=np.float64)
        lost = np.array([plan.lost.sum() for plan in plans])
        parts = {
            f"{part}_usd_per_day": np.array([plan.parts.get(part, 0.0) for plan in plans]) / settings.days
            for part in (*Costs.parts(), "settlement")
        }
        by_episode = {
            **parts,
            "lost_sales_units_per_day": lost / settings.days,
            "lost_share": lost / np.where(counted > 0, counted, np.nan),
            "settled_cost_usd_per_day": np.sum(list(parts.values()), axis=0),
        }
        on_hand = np.mean([plan.on_hand.sum(axis=-1) for plan in plans], axis=0)
        return Figures(by_episode, {}, on_hand)

    @property
    def effort(self) -> str:
        """Time spent in HiGHS."""
        programs = "one program of all SKUs" if self.joint else "one program a SKU"
        return f"{len(self._seconds)} scenarios, {programs}, {np.mean(self._seconds):.1f} s of one core a scenario"


def _instances(world: World, scenario: Scenario, settings: EvaluationSettings) -> Iterator[Instance]:
    """The counted days of every episode, from whatever state a policy's warm-up may lead to."""
    network = PlannedNetwork.of(world.parameters)
    stocked = stocked_state(world.parameters, world.attributes, episodes=scenario.episodes)
    days = scenario.window(settings.warm_up_days, settings.days)
    asked = scenario.demand[:, : settings.warm_up_days].double().sum(dim=1).cpu().numpy()
    for episode in range(scenario.episodes):
        opening = _after_warm_up(network, Opening.of(stocked, episode, settings.days), asked[episode], settings)
        yield days_of(network, opening, days, episode, whole_units=True)


def _after_warm_up(network: PlannedNetwork, known: Opening, asked: Floats, settings: EvaluationSettings) -> Opening:
    """The known opening if it is where the days begin; else any that warming up may lead to.

    Args:
        network: where.
        known: before warm-up.
        asked: [M, S] units of demand during warm-up.
        settings: how long it takes.
    """
    if settings.warm_up_days == 0:
        return known
    sold = asked + known.backlog[1]
    coming_back = (network.market_home * network.return_share) @ sold + known.with_customers[1].sum(axis=0)
    return Opening.any(settings.days, network.pipeline_days, sold, coming_back)

"""The hindsight bound's trial: it is handed the scenarios, future and all, and plans each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.hindsight import HindsightPlan, hindsight_plan, plan_each_sku
from entrepot.agents.planners.instance import Instance, Opening, PlannedNetwork, days_of
from entrepot.agents.planners.processes import worker_processes
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.opening import stocked_state
from entrepot.envs.twin import Costs, Scenario
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import Done, Drawn, Figures
from entrepot.training.experiment import EvaluationSettings

Floats = NDArray[np.float64]


@dataclass
class Hindsight:
    """No policy's settled cost is less than this, in any episode; see `agents/planners/hindsight.py`."""

    joint: bool = False  # plan all SKUs together: closer where capacities bind, much slower
    processes: int | None = None  # that plan side by side; one per core if None
    _seconds: list[float] = field(default_factory=list)

    def figures(self, world: World, drawn: Drawn, settings: EvaluationSettings, done: Done) -> Figures:
        """Parts of the settled cost, and lost sales."""
        scenario = drawn.scenario
        plans: list[HindsightPlan] = []
        with worker_processes(1 if self.joint else self.processes) as executor:
            for instance in instances_of(world, scenario, settings):
                plan = hindsight_plan(instance) if self.joint else plan_each_sku(instance, executor=executor)
                plans.append(plan)
                self._seconds.append(plan.seconds)
                done(scenario.days)
        return figures_of(plans, scenario, settings)

    @property
    def effort(self) -> str:
        """Time spent in HiGHS."""
        programs = "one program of all SKUs" if self.joint else "one program a SKU"
        return f"{len(self._seconds)} scenarios, {programs}, {np.mean(self._seconds):.1f} s of one core a scenario"


def figures_of(plans: Sequence[HindsightPlan], scenario: Scenario, settings: EvaluationSettings) -> Figures:
    """Of a plan an episode: parts of the settled cost, whatever they are called, and lost sales."""
    counted = scenario.demand[:, settings.warm_up_days :].cpu().numpy().sum(axis=(1, 2, 3), dtype=np.float64)
    lost = np.array([plan.lost.sum() for plan in plans])
    names = dict.fromkeys((*Costs.parts(), "settlement", *plans[0].parts))
    parts = {
        f"{part}_usd_per_day": np.array([plan.parts.get(part, 0.0) for plan in plans]) / settings.days for part in names
    }
    by_episode = {
        **parts,
        "lost_sales_units_per_day": lost / settings.days,
        "lost_share": lost / np.where(counted > 0, counted, np.nan),
        "settled_cost_usd_per_day": np.sum(list(parts.values()), axis=0),
    }
    on_hand = np.mean([plan.on_hand.sum(axis=-1) for plan in plans], axis=0)
    return Figures(by_episode, {}, on_hand)


def refuse_known_opening(world: World, settings: EvaluationSettings) -> None:
    """A plan can't part with the stock that it begins with unless it sells it; a twin may lose it, and its upkeep too.

    After a warm-up the plan begins with what it likes, so that it never has what it doesn't want.

    Raises:
        ConfigurationError: no day warms up, and goods go out of this world otherwise than by being sold or sent back;
            or customers exchange goods, which no plan knows of, so that nothing shows that it is a bound.
    """
    if world.parameters.exchange is not None:
        raise ConfigurationError(
            f"network {world.description.name}: returns.exchange_share of a market; allowed with a bound: 0"
        )
    ways = ways_out(world)
    if ways and not settings.warm_up_days:
        raise ConfigurationError(
            f"--warm-up-days: 0; allowed: 1 or more where a bound is asked for and {' and '.join(ways)}: "
            "policies could lose stock that the bound must keep, and cost less"
        )


def ways_out(world: World) -> list[str]:
    """How goods go out of this world otherwise than by being sold or sent back, in words."""
    parameters = world.parameters
    inbound, records, disruption = parameters.inbound, parameters.records, world.network.disruption
    ways = {
        "Amazon removes old stock": inbound is not None and inbound.removing,
        "goods expire": parameters.shelf_life is not None,
        "stock shrinks": records is not None and bool((records.shrinkage_share_per_day > 0).any()),
        "events destroy stock": disruption is not None and any(disruption.touching("stock_lost_share")),
    }
    return [way for way, there in ways.items() if there]


def instances_of(world: World, scenario: Scenario, settings: EvaluationSettings) -> Iterator[Instance]:
    """The counted days of every episode, from whatever state a policy's warm-up may lead to."""
    refuse_known_opening(world, settings)
    network = PlannedNetwork.of(world.parameters)
    stocked = stocked_state(world.parameters, world.attributes, episodes=scenario.episodes)
    days = scenario.window(settings.warm_up_days, settings.days)
    before = scenario.window(0, settings.warm_up_days)
    for episode in range(scenario.episodes):
        opening = Opening.of(stocked, episode, settings.days)
        if settings.warm_up_days:
            warm_up = days_of(
                network, Opening.of(stocked, episode, settings.warm_up_days), before, episode, whole_units=True
            )
            opening = _after(warm_up, settings.days)
        yield days_of(network, opening, days, episode, whole_units=True)


def _after(warm_up: Instance, days: int) -> Opening:
    """Any opening of so many days that warming up may lead to, from where it begins.

    What is on its way then left in time, over a lane that takes so long; who waits then asked, where some wait.
    """
    network, known = warm_up.network, warm_up.opening
    sold = warm_up.demand.sum(axis=0) + known.backlog[1]
    coming_back = (network.market_home * network.return_share) @ sold + known.with_customers[1].sum(axis=0)
    due = np.zeros((days, *coming_back.shape), bool)  # [T, N, S]
    arrival = warm_up.arrival - warm_up.periods  # [T', L] counted from the days that are planned
    left, lane = np.nonzero((arrival >= 0) & (arrival < days))
    np.logical_or.at(due, (arrival[left, lane], network.lane_destination[lane]), network.lane_carries[lane] > 0)
    waiting = (warm_up.waits_most * warm_up.demand).sum(axis=0) + known.backlog[1]
    return Opening.any(due, waiting, coming_back)

"""Try the policy in training on held-out validation scenarios, always the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import torch
from torch import Tensor

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.neural import NeuralPolicy
from entrepot.agents.policy import Policy
from entrepot.envs.demand import Split
from entrepot.envs.kpi import KpiTotals
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rollout import roll_out


@dataclass(frozen=True)
class ValidationFigures:
    """Means over the validation episodes."""

    by_name: dict[str, float]  # KPIs and cost parts of the whole network
    by_node: dict[str, list[float]]  # KPIs of each node
    lost_units_per_day: Tensor  # [E] by episode
    asked_units_per_day: Tensor  # [E] by episode
    on_hand: Tensor  # [T, N, S] units, of the first episode
    in_transit: Tensor  # [T, N, S] units, of the first episode
    shipped: Tensor  # [T, L] units, of the first episode

    @property
    def cost_usd_per_day(self) -> float:
        """Of the whole network."""
        return self.by_name["cost_usd_per_day"]

    @property
    def fill_rate(self) -> float:
        """Share of demand served on the day."""
        return self.by_name["fill_rate"]


def at_levels(scenario: Scenario, levels: Sequence[float], *, seed: int) -> Scenario:
    """The same episodes, each selling at one of some levels, in whole units.

    Args:
        scenario: B episodes.
        levels: factors on demand, one after the other over the episodes.
        seed: of how fractions of a unit are rounded.
    """
    factor = torch.tensor([levels[episode % len(levels)] for episode in range(scenario.episodes)])
    chance = torch.Generator().manual_seed(seed)
    rounding = torch.rand(scenario.demand.shape, generator=chance).to(scenario.demand)
    units = scenario.demand * factor.to(scenario.demand)[:, None, None, None]
    return replace(scenario, demand=torch.floor(units + rounding * (units % 1 > 0)))


class Validation:
    """Fixed scenarios, rolled out anew for each policy."""

    def __init__(self, experiment: ExperimentSettings, world: World) -> None:
        """Args: the experiment's settings; its world."""
        self._world = world
        self._warm_up = experiment.evaluation.warm_up_days
        seed = experiment.seed if experiment.validation.seed is None else experiment.validation.seed
        scenario = draw_scenario(
            world.network,
            world.demand,
            episodes=experiment.validation.episodes,
            days=self._warm_up + experiment.validation.days,
            split=Split.VALIDATION,
            seed=seed,
            device=world.parameters.device,
        )
        self._scenario = at_levels(scenario, experiment.validation.levels, seed=seed)
        counted = self._scenario.demand[:, self._warm_up :].double()
        self._asked = (counted.sum(dim=(1, 2, 3)) / experiment.validation.days).cpu()
        self.seconds = 0.0  # spent on validation so far

    def run(self, module: NeuralPolicy, cover_days: Tensor) -> ValidationFigures:
        """Figures of the neural policy and the covers [L, S] it scales, as they are now."""
        return self.of(ModuleAgent(module, self._world.starting_from(cover_days).attributes))

    def of(self, policy: Policy) -> ValidationFigures:
        """Figures of any policy."""
        started = perf_counter()
        world, scenario = self._world, self._scenario
        totals = KpiTotals.start(world.parameters, scenario.episodes)
        traces: list[tuple[Tensor, Tensor, Tensor]] = []

        def watch(lived: Lived) -> None:
            nonlocal totals
            if lived.number < self._warm_up:
                return
            state, flows = lived.state, lived.flows
            totals = totals.add(world.parameters, state, flows, lived.costs)
            traces.append((state.on_hand[0].clone(), state.in_transit[0].clone(), flows.shipped[0].sum(dim=-1)))

        simulation = world.simulation()
        opening = stocked(simulation, episodes=scenario.episodes)
        policy.begin(scenario.episodes)
        roll_out(simulation, opening, scenario, policy, watch=watch)
        on_hand, in_transit, shipped = (torch.stack(list(trace)).cpu() for trace in zip(*traces, strict=True))
        by_episode = totals.by_episode()
        self.seconds += perf_counter() - started
        return ValidationFigures(
            by_name={name: float(value.mean()) for name, value in by_episode.items()},
            by_node={name: value.mean(dim=0).tolist() for name, value in totals.by_node().items()},
            lost_units_per_day=by_episode["lost_sales_units_per_day"].cpu(),
            asked_units_per_day=self._asked.clone(),
            on_hand=on_hand,
            in_transit=in_transit,
            shipped=shipped,
        )

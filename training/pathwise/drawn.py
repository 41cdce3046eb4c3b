"""Training and validation on random networks: which draw each segment of windows has, and those that are held out."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import nn

from entrepot.agents.module_agent import ModuleAgent
from entrepot.envs.demand import Split, load_demand
from entrepot.envs.kpi import KpiTotals
from entrepot.envs.network import NetworkArrays
from entrepot.envs.network.drawn import NetworkDistribution, draw, load_distribution
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World
from entrepot.training.evaluation.validation import at_levels
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.pathwise.windows import WorldAt
from entrepot.training.rollout import roll_out

HELD_OUT = 1000
"""Draws of lower numbers are never trained on."""
VALIDATION_FROM = 900
"""The first of the held-out draws that choose the run's policy; lower ones are for judging."""
SEGMENTS = 50_000
"""Of one worker, before its draws would be the next one's: more than a run has."""
HELD_OUT_NETWORKS = 6
EPISODES = 8
SHOWN_NETWORKS = 8
WORKERS = 4096
"""More than a run has: what parts the seeds of experiments."""


def worlds_of(networks: str, experiment: ExperimentSettings, seed: int, like: World) -> WorldAt:
    """A new network for every segment.

    Args:
        networks: the distribution by name or path.
        experiment: settings, of which the windows' SKUs bound the draws', and the observation model is taken.
        seed: of the worker.
        like: whose type and device of tensors are wanted.

    Raises:
        ConfigurationError: there is no such distribution.
    """
    distribution = load_distribution(networks)

    @lru_cache(1)
    def at(segment: int) -> World:
        number = HELD_OUT + seed * SEGMENTS + segment
        return _world(distribution, number, experiment, like)

    return at


def drawn_worlds(experiment: ExperimentSettings, like: World, count: int = SHOWN_NETWORKS) -> list[World]:
    """The first networks that a run was trained on; none where its trainer draws none."""
    networks = getattr(experiment.trainer, "networks", None)
    if networks is None:
        return []
    at = worlds_of(networks, experiment, experiment.seed * WORKERS, like)
    return [at(segment) for segment in range(count)]


class HeldOut:
    """A policy's cost on networks that it never trains on, over what it cost there before training."""

    def __init__(self, networks: str, experiment: ExperimentSettings, untrained: nn.Module, like: World) -> None:
        """Args: the distribution; settings; the policy before training, as it is now; whose type of tensors."""
        distribution = load_distribution(networks)
        settings = experiment.validation
        self._warm_up = experiment.evaluation.warm_up_days
        self._worlds: list[tuple[World, Scenario]] = []
        for number in range(VALIDATION_FROM, VALIDATION_FROM + HELD_OUT_NETWORKS):
            world = _world(distribution, number, experiment, like)
            scenario = draw_scenario(
                world.network,
                world.demand,
                episodes=EPISODES,
                days=self._warm_up + settings.days,
                split=Split.VALIDATION,
                seed=experiment.seed if settings.seed is None else settings.seed,
                device=world.parameters.device,
            )
            self._worlds.append((world, at_levels(scenario, settings.levels, seed=number)))
        self.last: float | None = None  # ratio
        self._before = [self._cost(untrained, *one) for one in self._worlds]

    def ratio(self, module: nn.Module) -> float:
        """The mean over the networks."""
        now = [self._cost(module, *one) for one in self._worlds]
        self.last = sum(cost / before for cost, before in zip(now, self._before, strict=True)) / len(now)
        return self.last

    @torch.no_grad()
    def _cost(self, module: nn.Module, world: World, scenario: Scenario) -> float:
        """USD a day, in whole units."""
        totals = KpiTotals.start(world.parameters, scenario.episodes)

        def watch(lived: Lived) -> None:
            nonlocal totals
            if lived.number >= self._warm_up:
                totals = totals.add(world.parameters, lived.state, lived.flows, lived.costs)

        simulation, agent = world.simulation(), ModuleAgent(module, world.attributes)
        agent.begin(scenario.episodes)
        roll_out(simulation, stocked(simulation, episodes=scenario.episodes), scenario, agent, watch=watch)
        return float(totals.by_episode()["cost_usd_per_day"].mean())


def _world(distribution: NetworkDistribution, number: int, experiment: ExperimentSettings, like: World) -> World:
    drawn = draw(distribution, number, most_skus=experiment.windows.skus)
    demand = load_demand(drawn.demand, NetworkArrays.from_description(drawn.network), source=drawn.network.name)
    parameters = like.parameters
    return World.of(
        drawn.network,
        demand,
        observation=experiment.observation,
        dtype=parameters.dtype,
        device=parameters.device,
    )

"""Days of many environments under the policy's noise, with every (agent, SKU)'s cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from entrepot.agents.neural import NeuralPolicy
from entrepot.envs.demand import Split
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.order_up_to import orders_from_cover
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.twin.costs_by_sku import costs_by_sku
from entrepot.envs.world import World
from entrepot.training.cells.reading import Reading, log_cover, read
from entrepot.training.rllib.settings import PpoSettings

SEEDS = 2**63


@dataclass(frozen=True)
class Rollout:
    """T days of E environments; a moment is a day of an environment, day by day: M = T · E."""

    reading: Reading  # of M + E moments, the last E of what the days end with
    actions: Tensor  # [P, S] logarithms of cover, the noise included
    means: Tensor  # [P, S] without it
    cost_usd: Tensor  # [T, E, A, S]
    lost_share: float


class Sampler:
    """Lives through episodes, one after the other, a rollout at a time."""

    def __init__(self, world: World, settings: PpoSettings, *, seed: int) -> None:
        """Args: the world; the trainer's settings; the seed of scenarios and noise."""
        self._world, self._settings = world, settings
        self.env = BatchedWarehouseNetwork(
            world,
            environments=settings.environments,
            episode_days=settings.episode_days,
            warm_up_days=settings.warm_up_days,
            with_observations=False,
            reads=NeuralPolicy.reads,
        )
        self._scenario: Scenario | None = None
        self._rng = np.random.default_rng(seed)
        self._noise = torch.Generator(world.parameters.device).manual_seed(int(self._rng.integers(SEEDS)))

    @torch.no_grad()
    def rollout(self, policy: NeuralPolicy, deviation: float) -> Rollout:
        """The next days.

        Args:
            policy: that decides.
            deviation: of the noise on the logarithm of cover.
        """
        attributes, parameters = self._world.attributes, self._world.parameters
        readings, actions, means, costs = [], [], [], []
        lost = asked = torch.zeros((), device=parameters.device)
        for _ in range(self._settings.rollout_days):
            if self._scenario is None or self.env.over:
                self._begin()
            assert self._scenario is not None
            snapshot = self.env.seen
            reading, encoded = read(policy, snapshot, attributes)
            mean, hidden = log_cover(policy, attributes, reading)
            noise = torch.randn(mean.shape, generator=self._noise, dtype=mean.dtype, device=mean.device)
            action = mean + deviation * noise
            pairs = encoded.environment, encoded.lane
            cover = mean.new_zeros(self.env.environments, parameters.lanes, parameters.skus)
            cover = cover.index_put(pairs, torch.exp(action))
            wanted = orders_from_cover(attributes, snapshot, cover, encoded.known.rate)
            departs = policy.departs(snapshot, attributes, replace(encoded, hidden=hidden), wanted, None)
            theirs = self.env.demand_rate[:, attributes.lane_destination]
            ours = encoded.known.rate[:, attributes.lane_destination]
            day = self._scenario.at(self._settings.warm_up_days + self.env.day)
            self.env.advance(cover * (ours / theirs) * departs.unsqueeze(-1), checked=False)
            passed = self.env.transition
            assert passed is not None
            by_node = costs_by_sku(parameters, day, self.env.state, passed.flows, passed.costs)
            costs.append(torch.einsum("bns,na->bas", by_node, self.env.reward.agent_of_node))
            lost, asked = lost + passed.flows.lost.sum(), asked + passed.flows.demand.sum()
            readings.append(reading)
            actions.append(action)
            means.append(mean)
        last, _ = read(policy, self.env.seen, attributes)
        return Rollout(
            reading=Reading.joined([*readings, last]),
            actions=torch.cat(actions),
            means=torch.cat(means),
            cost_usd=torch.stack(costs),
            lost_share=float(lost / asked.clamp(min=1.0)),
        )

    def _begin(self) -> None:
        """New episodes: each scenario is lived through by several environments next to each other."""
        together = self._settings.environments_per_scenario
        scenario = draw_scenario(
            self._world.network,
            self._world.demand,
            episodes=self._settings.environments // together,
            days=self.env.days_needed,
            split=Split.TRAIN,
            seed=int(self._rng.integers(SEEDS)),
            dtype=self._world.parameters.dtype,
            device=self._world.parameters.device,
        )
        which = torch.arange(scenario.episodes, device=self._world.parameters.device).repeat_interleave(together)
        self._scenario = scenario.episodes_at(which)
        self.env.reset(scenario=self._scenario)

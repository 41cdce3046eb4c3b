"""The batched environment in RLlib's words: observations by name for every agent, actions as logarithms of cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from entrepot.agents.cover_ratio import cover_of
from entrepot.agents.maintenance import UNIT_FEATURES, OwnUnits, unit_features
from entrepot.agents.maintenance.head import MOST
from entrepot.agents.mlp import OwnLanes
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.observe.reading import NOTHING_COSTLY
from entrepot.envs.observe.vector import OBSERVATION_BOUND
from entrepot.envs.world import World
from entrepot.training.rllib.actors import actor_named
from entrepot.training.rllib.critics import critic_named
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.rllib.snapshot_vector import READS, SnapshotLayout

MOMENTS = 2**62


@dataclass(frozen=True)
class Today:
    """What A agents of B environments see; each tensor [B, A, …]."""

    tensors: dict[str, Tensor]

    def rows(self, agents: Tensor | slice) -> dict[str, Tensor]:
        """[B · chosen agents, …] as a module takes them."""
        return {name: value[:, agents].flatten(0, 1) for name, value in self.tensors.items()}


class AgentsEnvironment:
    """B environments whose A agents see what actor and critic read of this.

    - `own` [W]: the agent's observation;
    - `state` [F]: the network's global state, the same for all agents;
    - `snapshot` [Q]: the network's snapshot laid out flat, the same for all agents;
    - `departs` [K]: 1 where the own lane departs today;
    - `agent` []: the agent's number;
    - `moment` []: a number that rows of the same day of the same environment share;
    - `units` [K', F] and `works` [K'], where maintenance is learnt: features of the own units of equipment, and 1 where
      one isn't being mended.

    Rewards are scaled by 1 − discount, so that values are of the size of a day's reward.
    """

    def __init__(self, world: World, settings: PpoSettings, *, seed: int | None = None) -> None:
        """Args: the world; the trainer's settings; the seed of scenarios and moments, fresh entropy if None."""
        needs = {*actor_named(settings.actor).needs, *critic_named(settings.critic).needs}
        self.batched = BatchedWarehouseNetwork(
            world,
            environments=settings.environments,
            episode_days=settings.episode_days,
            warm_up_days=settings.warm_up_days,
            team_share=settings.team_share,
            seed=seed,
            with_observations="own" in needs,
            maintenance=settings.maintenance,
            reads=READS if "snapshot" in needs else NOTHING_COSTLY,
        )
        self.num_envs = settings.environments
        self.agents = world.network.agents
        self._base = world.attributes.base_cover_days
        self._lanes = OwnLanes.of(world.network)
        self._fleet = OwnUnits.of(world.network) if settings.maintenance else None
        self._layout = SnapshotLayout.of(world) if "snapshot" in needs else None
        self._needs = needs
        self._reward_scale = 1.0 - settings.gamma
        rng = np.random.default_rng(seed)
        self._moment = int(rng.integers(MOMENTS))
        self._agent = torch.arange(len(self.agents)).expand(self.num_envs, -1)
        skus = len(world.network.skus)
        self._action_shape = (len(self.agents), self._lanes.lane.shape[1], skus)
        one_observation = self._observation_box()
        numbers = self._action_shape[1] * skus + (0 if self._fleet is None else self._fleet.unit.shape[1])
        one_action = spaces.Box(-np.inf, np.inf, (numbers,), np.float32)
        self.single_observation_space = spaces.Dict(dict.fromkeys(self.agents, one_observation))
        self.single_action_space = spaces.Dict(dict.fromkeys(self.agents, one_action))
        self.observation_space, self.action_space = self.single_observation_space, self.single_action_space

    @property
    def unwrapped(self) -> AgentsEnvironment:
        """Itself; RLlib asks."""
        return self

    @property
    def is_over(self) -> bool:
        """Whether the episodes have ended."""
        return self.batched.day >= self.batched.episode_days

    def reset(self) -> Today:
        """Begin the next episodes."""
        return self._today(self.batched.reset())

    def step(self, actions: Tensor) -> tuple[Today, NDArray[np.float32]]:
        """Live through a day.

        Args:
            actions: [B, A, K · S + K'] logarithms of cover over base cover; then, where maintenance is learnt, a number
                for each unit, from 0 up: maintain.

        Returns:
            What is seen next; rewards [B, A].
        """
        agents, lanes, skus = self._action_shape
        cells, units = actions[..., : lanes * skus], actions[..., lanes * skus :]
        log_ratio = self._lanes.scatter(cells.reshape(self.num_envs, agents, lanes, skus))
        maintenance = None if self._fleet is None else (self._fleet.scatter(units) >= 0).to(actions)
        own, rewards, _, _, _ = self.batched.step(cover_of(log_ratio, self._base), maintenance)
        return self._today(own), (rewards * self._reward_scale).to(torch.float32).numpy()

    def figures(self) -> Tensor:
        """[3] of the day just lived through, all environments together: USD, units lost, units asked for."""
        passed = self.batched.transition
        if passed is None:
            raise RuntimeError("no day has been lived through since the last reset")
        return torch.stack([passed.cost_by_agent.sum(), passed.flows.lost.sum(), passed.flows.demand.sum()])

    def close(self) -> None:
        """Nothing to close."""

    def _today(self, own: Tensor) -> Today:
        agents = len(self.agents)
        snapshot = self.batched.seen
        departs = (snapshot.lane_wait_days < 0.5).to(torch.float32).expand(self.num_envs, -1)
        seen = {
            "agent": self._agent,
            "moment": (self._moment + torch.arange(self.num_envs))[:, None].expand(-1, agents),
            "departs": self._lanes.gather(departs.unsqueeze(-1)).squeeze(-1),
        }
        self._moment += self.num_envs
        if self._fleet is not None and snapshot.unit_down_hours is not None:
            seen["units"] = self._fleet.gather(unit_features(snapshot, self.batched.attributes))
            seen["works"] = self._fleet.gather((snapshot.unit_down_hours <= 0).to(torch.float32))
        if "own" in self._needs:
            seen["own"] = own
        if "state" in self._needs:
            seen["state"] = self.batched.global_state()[:, None].expand(-1, agents, -1)
        if self._layout is not None:
            seen["snapshot"] = self._layout.pack(snapshot, self.num_envs)[:, None].expand(-1, agents, -1)
        return Today(seen)

    def _observation_box(self) -> spaces.Dict:
        def real(size: int, bound: float = np.inf) -> spaces.Box:
            return spaces.Box(-bound, bound, (size,), np.float32)

        boxes: dict[str, spaces.Space[Any]] = {
            "agent": spaces.Box(0, len(self.agents) - 1, (), np.int64),
            "moment": spaces.Box(0, np.iinfo(np.int64).max, (), np.int64),
            "departs": real(self._action_shape[1], 1.0),
        }
        if self._fleet is not None:
            units = self._fleet.unit.shape[1]
            boxes["units"] = spaces.Box(-MOST, MOST, (units, len(UNIT_FEATURES)), np.float32)
            boxes["works"] = real(units, 1.0)
        if "own" in self._needs:
            boxes["own"] = real(self.batched.observation.width, OBSERVATION_BOUND)
        if "state" in self._needs:
            boxes["state"] = real(self.batched.observation.size, OBSERVATION_BOUND)
        if self._layout is not None:
            boxes["snapshot"] = real(self._layout.size)
        return spaces.Dict(boxes)

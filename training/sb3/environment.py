"""Stable-Baselines3's vectorised environment on the batched one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from entrepot.agents.cover_ratio import MOST_LOG_RATIO, cover_of
from entrepot.agents.mlp import OwnLanes
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.observe.vector import OBSERVATION_BOUND
from entrepot.envs.world import World

Floats = NDArray[np.float32]


class View(Protocol):
    """How learners see the batched environment: rows of observations in, rows of actions out."""

    rows: int
    observation_space: spaces.Box
    action_space: spaces.Box
    with_observations: bool

    def observe(self, batched: BatchedWarehouseNetwork, own: Tensor) -> Tensor:
        """[rows, …] of the agents' observations [B, A, W] or of the environment itself."""
        ...

    def cells(self, actions: Tensor) -> Tensor:
        """[B, L, S] as the batched environment takes them, of [rows, …] actions."""
        ...

    def rewards(self, rewards: Tensor) -> Tensor:
        """[rows] of [B, A]."""
        ...


class CentralView:
    """One planner for each environment, as `CentralPlanner`: the global state, and all cells in [-1, 1]."""

    with_observations = False

    def __init__(self, batched: BatchedWarehouseNetwork) -> None:
        """Args: the environment, with actions of any kind."""
        self.rows = batched.environments
        self._action = batched.action
        self.observation_space = _box(OBSERVATION_BOUND, batched.observation.size)
        self.action_space = _box(1.0, batched.action.high.numel())

    def observe(self, batched: BatchedWarehouseNetwork, own: Tensor) -> Tensor:
        """[B, F]."""
        return batched.global_state()

    def cells(self, actions: Tensor) -> Tensor:
        """[B, L, S]."""
        return self._action.from_unit(actions.view(-1, *self._action.high.shape))

    def rewards(self, rewards: Tensor) -> Tensor:
        """[B] means over the agents."""
        return rewards.mean(dim=1)


class AgentsView:
    """One row for each agent of each environment: parameters are shared, and observations say who it is.

    An action is the logarithm of cover over base cover on each of the agent's K lanes and S SKUs.
    """

    with_observations = True

    def __init__(self, batched: BatchedWarehouseNetwork, base_cover_days: Tensor) -> None:
        """Args: the environment, whose actions are days of cover; [L, S] base covers."""
        self._lanes = OwnLanes.of(batched.network)
        self._base = base_cover_days
        agents, most = self._lanes.lane.shape
        self._shape = (batched.environments, agents, most, len(batched.network.skus))
        self._identity = torch.eye(agents).expand(batched.environments, -1, -1)
        self.rows = batched.environments * agents
        self.observation_space = _box(OBSERVATION_BOUND, batched.observation.width + agents)
        self.action_space = _box(MOST_LOG_RATIO, most * self._shape[3])

    def observe(self, batched: BatchedWarehouseNetwork, own: Tensor) -> Tensor:
        """[B · A, W + A]."""
        return torch.cat([own, self._identity], dim=-1).flatten(0, 1)

    def cells(self, actions: Tensor) -> Tensor:
        """[B, L, S]."""
        return cover_of(self._lanes.scatter(actions.view(self._shape)), self._base)

    def rewards(self, rewards: Tensor) -> Tensor:
        """[B · A]."""
        return rewards.flatten()


class WarehouseVecEnv(VecEnv):  # type: ignore[misc]
    """Steps all rows at once; when an episode is over, a new one begins in all environments."""

    def __init__(self, batched: BatchedWarehouseNetwork, view: View, *, reward_scale: float = 1.0) -> None:
        """Args: the environment; how it is seen; what rewards are multiplied by."""
        self.render_mode: str | None = None  # the base class asks for it
        super().__init__(view.rows, view.observation_space, view.action_space)
        self.batched, self._view, self._reward_scale = batched, view, reward_scale
        self._actions: Tensor | None = None
        self._figures = torch.zeros(3)  # USD, units lost, units asked for
        self._days = 0

    @classmethod
    def central(cls, world: World, *, reward_scale: float = 1.0, **arguments: Any) -> WarehouseVecEnv:
        """One planner for each environment; further arguments as in `BatchedWarehouseNetwork`."""
        batched = BatchedWarehouseNetwork(world, with_observations=False, **arguments)
        return cls(batched, CentralView(batched), reward_scale=reward_scale)

    @classmethod
    def agents(cls, world: World, *, reward_scale: float = 1.0, **arguments: Any) -> WarehouseVecEnv:
        """Agents share parameters; further arguments as in `BatchedWarehouseNetwork`."""
        batched = BatchedWarehouseNetwork(world, **arguments)
        return cls(batched, AgentsView(batched, world.attributes.base_cover_days), reward_scale=reward_scale)

    def take_figures(self) -> tuple[float, float, int]:
        """USD a day, share of demand lost, and environment days since the last call."""
        cost, lost, asked = self._figures.tolist()
        days = self._days
        self._figures, self._days = torch.zeros(3), 0
        return cost / max(days, 1), lost / max(asked, 1.0), days

    def reset(self) -> Floats:
        """Begin new episodes; the first of a new series if `seed` was called."""
        seed = self._seeds[0]
        self._reset_seeds()
        self._reset_options()
        with torch.inference_mode():
            return self._numpy(self.batched.reset(seed))

    def step_async(self, actions: NDArray[Any]) -> None:
        """Remember what to do."""
        self._actions = torch.as_tensor(np.asarray(actions, np.float32))

    def step_wait(self) -> tuple[Floats, Floats, NDArray[np.bool_], list[dict[str, Any]]]:
        """Live through the day."""
        if self._actions is None:
            raise RuntimeError("step_wait: there are no actions; call step_async first")
        with torch.inference_mode():
            own, rewards, _, _, _ = self.batched.step(self._view.cells(self._actions))
            self._count()
            observations = self._numpy(own)
            scaled = (self._view.rewards(rewards) * self._reward_scale).to(torch.float32).numpy()
            over = self.batched.day >= self.batched.episode_days
            infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
            if over:
                for info, last in zip(infos, observations, strict=True):
                    info.update({"terminal_observation": last, "TimeLimit.truncated": True})
                observations = self._numpy(self.batched.reset())
        return observations, scaled, np.full(self.num_envs, over), infos

    def close(self) -> None:
        """Nothing to close."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The same for every row: there is one environment behind them."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Rows can't differ.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(f"set_attr({attr_name!r}): rows are views of one environment and can't differ")

    def env_method(self, method_name: str, *arguments: Any, indices: Any = None, **named: Any) -> list[Any]:
        """Rows have no methods of their own.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(f"env_method({method_name!r}): rows are views of one environment")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Rows have no wrappers."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[Any]:
        """Nothing is drawn."""
        return [None] * self.num_envs

    def _numpy(self, own: Tensor) -> Floats:
        values: Floats = self._view.observe(self.batched, own).numpy()
        return values

    def _count(self) -> None:
        passed = self.batched.transition
        assert passed is not None
        flows = passed.flows
        self._figures += torch.stack([passed.cost_by_agent.sum(), flows.lost.sum(), flows.demand.sum()])
        self._days += self.batched.environments


ViewName = str
VIEWS: dict[ViewName, Callable[..., WarehouseVecEnv]] = {
    "central": WarehouseVecEnv.central,
    "agents": WarehouseVecEnv.agents,
}


def _box(bound: float, size: int) -> spaces.Box:
    return spaces.Box(-bound, bound, (size,), np.float32)

"""The Gymnasium environment: one planner orders for the whole network."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray

from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.interfaces.batched import SEEDS, BatchedWarehouseNetwork
from entrepot.envs.interfaces.one_environment import one_environment
from entrepot.envs.network import NetworkDescription
from entrepot.envs.observe.vector import OBSERVATION_BOUND
from entrepot.envs.rendering.modes import RENDER_MODES, check_render_mode
from entrepot.envs.rendering.network_frame import NetworkWindow, network_frame
from entrepot.envs.world import World, build_world

Floats = NDArray[np.float32]
ENVIRONMENT_ID = "entrepot/CentralPlanner-v0"


class CentralPlanner(gymnasium.Env[Floats, Floats]):
    """A view of one `BatchedWarehouseNetwork` environment with one agent for all lanes.

    The observation is the network's global state, every feature once (see `Observation`). The action is a vector of
    lanes × SKUs in [-1, 1], as Gaussian policies want it: -1 is nothing, 1 the upper bound of `ActionMap`, by default
    120 days of cover. The reward is the mean of the agents' rewards (see `Reward`).
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 4}  # noqa: RUF012 — as in Env

    def __init__(
        self,
        network: str | NetworkDescription | World = "kreen",
        demand: str | DemandModel | None = None,
        episode_days: int = 180,
        skus: int | None = None,
        action: str = "cover",
        render_mode: str | None = None,
        *,
        warm_up_days: int = 0,
        split: Split | str = Split.TRAIN,
    ) -> None:
        """Arguments as in `build_world` and `BatchedWarehouseNetwork`; `render_mode` is `human`, `rgb_array` or None.

        Raises:
            ConfigurationError: an argument is out of range, or a name is unknown.
        """
        check_render_mode(render_mode)
        self.batched = BatchedWarehouseNetwork(
            build_world(network, demand, skus=skus),
            episode_days=episode_days,
            warm_up_days=warm_up_days,
            split=split,
            action=action,
            with_observations=False,  # the global state is all it shows
        )
        self.render_mode = render_mode
        high = self.batched.action.high
        self._half = 0.5 * high
        size = self.batched.observation.size
        self.observation_space = Box(-OBSERVATION_BOUND, OBSERVATION_BOUND, (size,), np.float32)
        self.action_space = Box(-1.0, 1.0, (high.numel(),), np.float32)
        self._window = NetworkWindow()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Begin an episode; the next scenario of the series, or with a seed the first of a new one.

        Options are those of Gymnasium's interface; none has a meaning here.
        """
        super().reset(seed=seed)
        with one_environment():
            self.batched.reset(int(self.np_random.integers(SEEDS)))
        if self.render_mode == "human":
            self.render()
        return self._observation(), {}

    def step(self, action: Floats) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Live through one day; what lies outside [-1, 1] is taken as the nearest bound.

        Infos hold `cost_usd`, the network's cost of the day.

        Raises:
            ValueError: an action of another shape, or not finite.
            RuntimeError: there is no episode, or it is over.
        """
        needed = self.action_space.shape
        if np.shape(action) != needed:
            raise ValueError(f"action: shape {np.shape(action)}; needed: {needed}, lanes × SKUs")
        with one_environment():
            unit = torch.as_tensor(np.asarray(action, dtype=np.float32)).view(1, *self._half.shape)
            _, rewards, _, truncated, infos = self.batched.step((unit + 1.0) * self._half)
            reward, cost = float(rewards.mean()), float(infos["cost_usd"].sum())
        if self.render_mode == "human":
            self.render()
        return self._observation(), reward, False, bool(truncated), {"cost_usd": cost}

    def render(self) -> NDArray[np.uint8] | None:  # type: ignore[override]
        """[height, width, 3] the network today: stock, flows and stock-outs; shown in a window in `human` mode."""
        if self.render_mode == "rgb_array":
            return network_frame(self.batched)
        if self.render_mode == "human":
            self._window.show(self.batched)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        self._window.close()

    def _observation(self) -> Floats:
        with one_environment():
            values: Floats = self.batched.global_state()[0].numpy()
        return values


if ENVIRONMENT_ID not in gymnasium.registry:
    gymnasium.register(ENVIRONMENT_ID, entry_point="entrepot.envs.interfaces.central_planner:CentralPlanner")

"""The Gymnasium environment: one planner orders for the whole network."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray

from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.interfaces.batched import SEEDS
from entrepot.envs.interfaces.masked_box import MaskedBox
from entrepot.envs.interfaces.one_environment import one_environment
from entrepot.envs.interfaces.single_threaded import stepping
from entrepot.envs.network import NetworkDescription
from entrepot.envs.observe.vector import OBSERVATION_BOUND
from entrepot.envs.rendering.modes import RENDER_MODES
from entrepot.envs.rendering.network_frame import NetworkWindow, network_frame
from entrepot.envs.world import World

Floats = NDArray[np.float32]


class CentralPlanner(gymnasium.Env[Floats, Floats]):
    """A view of one `BatchedWarehouseNetwork` environment with one agent for all lanes.

    The observation is the network's global state, every feature once (see `Observation`). The action is a vector of
    lanes × SKUs in [-1, 1], as Gaussian policies want it: -1 is nothing, 1 the upper bound of `ActionMap`, by default
    120 days of cover; with `maintenance`, then one number for each unit of equipment: from 0 up, it is maintained. The
    reward is the mean of the agents' rewards (see `Reward`). A copy, by pickle, `deepcopy` or a fork, goes on as the
    original would. Gymnasium knows it as `entrepot/CentralPlanner-v0` once `entrepot` is imported.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 4}  # noqa: RUF012 — as in Env

    def __init__(
        self,
        network: str | NetworkDescription | World = "kreen",
        demand: str | DemandModel | None = None,
        episode_days: int | None = None,
        skus: int | None = None,
        action: str = "cover",
        render_mode: str | None = None,
        *,
        max_cycles: int | None = None,
        maintenance: bool = False,
        warm_up_days: int = 0,
        split: Split | str = Split.TRAIN,
        observation: str | None = None,
        disruption: str | None = None,
    ) -> None:
        """Compile the network; call `reset` before the first step.

        Args:
            network: this and all others as in `WarehouseNetwork`, but for the action.
            demand: as there.
            episode_days: as there.
            skus: as there.
            action: what [-1, 1] stands for: `cover` (`unit` is the same here) or `units`; see `ActionMap`.
            render_mode: as there.
            max_cycles: as there.
            maintenance: as there.
            warm_up_days: as there.
            split: as there.
            observation: as there.
            disruption: as there.

        Raises:
            ConfigurationError: an argument is out of range, or a name is unknown.
        """
        self.batched = one_environment(
            network,
            demand,
            skus=skus,
            episode_days=episode_days,
            max_cycles=max_cycles,
            render_mode=render_mode,
            warm_up_days=warm_up_days,
            split=split,
            observation=observation,
            disruption=disruption,
            action=action,
            maintenance=maintenance,
            with_observations=False,  # the global state is all it shows
        )
        self.render_mode = render_mode
        self._cells = tuple(self.batched.action.high.shape)
        size = self.batched.observation.size
        self.observation_space = Box(-OBSERVATION_BOUND, OBSERVATION_BOUND, (size,), np.float32)
        self._units = 0 if self.batched.maintenance is None else self.batched.maintenance.units
        self.action_space = MaskedBox(-1.0, 1.0, (math.prod(self._cells) + self._units,), np.float32)
        self._window = NetworkWindow()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Begin an episode; the next scenario of the series, or with a seed the first of a new one.

        Options are those of Gymnasium's interface; none has a meaning here. Infos as in `step`, at no cost yet.
        """
        super().reset(seed=seed)
        with stepping():
            self.batched.reset(int(self.np_random.integers(SEEDS)))
        if self.render_mode == "human":
            self.render()
        return self._observation(), self._infos(0.0)

    def step(self, action: Floats) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Live through one day; what lies outside [-1, 1] is taken as the nearest bound.

        Infos hold `cost_usd`, the network's cost of the day, and `action_mask`, int8 in the shape of the action: 1
        where an order would leave on the next day that is decided (see `ActionMap.mask`), and where a unit isn't being
        mended.

        Raises:
            ValueError: an action of another shape, or not finite.
            RuntimeError: there is no episode, or it is over.
        """
        needed = self.action_space.shape
        if np.shape(action) != needed:
            units = " + units" if self._units else ""
            raise ValueError(f"action: shape {np.shape(action)}; needed: {needed}, lanes × SKUs{units}")
        with stepping():
            numbers = torch.as_tensor(np.asarray(action, dtype=np.float32))
            cells = math.prod(self._cells)
            maintenance = (numbers[None, cells:] + 1.0) / 2.0 if self._units else None
            _, costs = self.batched.advance(
                self.batched.action.from_unit(numbers[:cells].view(1, *self._cells)), maintenance
            )
            reward, cost = float(self.batched.reward.of(costs).mean()), float(costs.sum())
        if self.render_mode == "human":
            self.render()
        return self._observation(), reward, False, self.batched.over, self._infos(cost)

    def render(self) -> NDArray[np.uint8] | None:  # type: ignore[override]
        """[height, width, 3] the network today: stock, flows and stock-outs; shown in a window in `human` mode.

        Raises:
            RuntimeError: there is no episode yet.
        """
        if self.render_mode == "rgb_array":
            return network_frame(self.batched)
        if self.render_mode == "human":
            self._window.show(self.batched)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        self._window.close()

    def _observation(self) -> Floats:
        with stepping():
            values: Floats = self.batched.global_state()[0].numpy()
        return values

    def _infos(self, cost_usd: float) -> dict[str, Any]:
        with stepping():
            mask: NDArray[np.int8] = self.batched.action_mask()[0].flatten().numpy()
            if self.batched.maintenance is not None:
                units = self.batched.maintenance.mask(self.batched.seen)[0].numpy().astype(np.int8)
                mask = np.concatenate([mask, units])
        return {"cost_usd": cost_usd, "action_mask": mask}

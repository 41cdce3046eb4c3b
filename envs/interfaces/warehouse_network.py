"""The PettingZoo environment: one warehouse network, each warehouse an agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.interfaces.one_environment import one_environment
from entrepot.envs.network import NetworkDescription
from entrepot.envs.observe.vector import OBSERVATION_BOUND
from entrepot.envs.rendering.modes import RENDER_MODES, check_render_mode
from entrepot.envs.rendering.network_frame import NetworkWindow, network_frame
from entrepot.envs.world import World, build_world

Floats = NDArray[np.float32]


class WarehouseNetwork(ParallelEnv[str, Floats, Floats]):  # type: ignore[misc]
    """A view of one `BatchedWarehouseNetwork` environment with NumPy vectors by agent.

    Observations are described at `Observation`, actions at `ActionMap`, rewards at `Reward`. An agent's action is a
    vector: for each lane it owns, in the network's order, one number for each SKU.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "warehouse_network_v0",
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": True,
        "render_fps": 4,
    }

    def __init__(
        self,
        network: str | NetworkDescription | World = "kreen",
        demand: str | DemandModel | None = None,
        episode_days: int = 180,
        skus: int | None = None,
        action: str = "cover",
        team_share: float = 0.0,
        render_mode: str | None = None,
        *,
        warm_up_days: int = 0,
        split: Split | str = Split.TRAIN,
        seed: int | None = None,
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
            team_share=team_share,
            seed=seed,
        )
        self.render_mode = render_mode
        self.possible_agents = list(self.batched.agents)
        self.agents: list[str] = []
        width = self.batched.observation.width
        high = self.batched.action.high.cpu().numpy()
        self._lanes = [self.batched.action.lanes_of(index) for index in range(len(self.possible_agents))]
        self._rows = [_rows(lanes) for lanes in self._lanes]
        self._observation_spaces = {agent: _observation_box(width) for agent in self.possible_agents}
        self._action_spaces = {
            agent: Box(0.0, high[lanes].ravel().astype(np.float32), dtype=np.float32)
            for agent, lanes in zip(self.possible_agents, self._lanes, strict=True)
        }
        self.state_space = _observation_box(self.batched.observation.size)
        self._actions = torch.zeros(1, *high.shape)
        self._actions_view = self._actions[0].numpy()
        self._window = NetworkWindow()

    def observation_space(self, agent: str) -> Box:
        """The same for all agents; each gets an object of its own, so that seeding one leaves the others."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Box:
        """Lanes of the agent × SKUs, flat; 0 to 120 days of cover, or 0 to a bound in units."""
        return self._action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Floats], dict[str, dict[str, Any]]]:
        """Begin an episode; the next scenario of the series, or with a seed the first of a new one.

        Options are those of PettingZoo's interface; none has a meaning here.
        """
        with one_environment():
            observations = self.batched.reset(seed)
        self.agents = self.possible_agents[:]
        if self.render_mode == "human":
            self.render()
        return self._by_agent(observations), {agent: {} for agent in self.agents}

    def step(
        self, actions: Mapping[str, Floats]
    ) -> tuple[dict[str, Floats], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Live through one day; what lies outside an action space is taken as the nearest bound.

        Infos hold `cost_usd`, the day's cost at the agent's nodes.

        Raises:
            ValueError: an agent's action is missing, has another shape, or is not finite.
            RuntimeError: there is no episode, or it is over.
        """
        self._fill(actions)
        with one_environment():
            observations, rewards, _, truncated, infos = self.batched.step(self._actions)
            reward, cost, over = rewards[0].tolist(), infos["cost_usd"][0].tolist(), bool(truncated)
        agents = self.possible_agents
        result = self._by_agent(observations)
        if over:
            self.agents = []
        if self.render_mode == "human":
            self.render()
        return (
            result,
            dict(zip(agents, reward, strict=True)),
            dict.fromkeys(agents, False),
            dict.fromkeys(agents, over),
            {agent: {"cost_usd": usd} for agent, usd in zip(agents, cost, strict=True)},
        )

    def state(self) -> Floats:
        """[F] all features of the network, for centralised critics; see `Observation`."""
        with one_environment():
            values: Floats = self.batched.global_state()[0].numpy()
        return values

    def render(self) -> NDArray[np.uint8] | None:
        """[height, width, 3] the network today: stock, flows and stock-outs; shown in a window in `human` mode."""
        if self.render_mode is None:
            raise ConfigurationError(
                f"render_mode: None; to render, make the environment with {' or '.join(RENDER_MODES)}"
            )
        if self.render_mode == "rgb_array":
            return network_frame(self.batched)
        self._window.show(self.batched)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        self._window.close()

    def _by_agent(self, observations: torch.Tensor) -> dict[str, Floats]:
        return dict(zip(self.possible_agents, observations[0].numpy(), strict=True))

    def _fill(self, actions: Mapping[str, Floats]) -> None:
        """Write every agent's numbers to its lanes' rows."""
        if not self.agents:
            raise RuntimeError("there is no episode, or it is over; call reset()")
        if len(actions) != len(self.agents):
            unknown = sorted(set(actions) - set(self.agents))
            if unknown:
                raise ValueError(f"actions: {', '.join(unknown)}: unknown; allowed: {', '.join(self.agents)}")
        skus = self._actions_view.shape[1]
        for agent, lanes, rows in zip(self.possible_agents, self._lanes, self._rows, strict=True):
            try:
                self._actions_view[rows] = np.asarray(actions[agent]).reshape(len(lanes), skus)
            except KeyError:
                raise ValueError(f"actions: {agent}: missing; needed: {', '.join(self.agents)}") from None
            except ValueError:
                shape = np.shape(actions[agent])
                raise ValueError(f"actions: {agent}: shape {shape}; needed: ({len(lanes) * skus},)") from None


def _rows(lanes: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """A slice where lanes stand one after the other, as it is several times as fast."""
    first, last = (lanes[0], lanes[-1]) if len(lanes) else (0, -1)
    return slice(first, last + 1) if last - first + 1 == len(lanes) else lanes


def _observation_box(width: int) -> Box:
    return Box(-OBSERVATION_BOUND, OBSERVATION_BOUND, (width,), np.float32)

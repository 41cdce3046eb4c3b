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
from entrepot.envs.action import leaves
from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.interfaces.action_layout import ActionLayout
from entrepot.envs.interfaces.arguments import agent_names_of, whole
from entrepot.envs.interfaces.masked_box import MaskedBox
from entrepot.envs.interfaces.one_environment import one_environment
from entrepot.envs.interfaces.single_threaded import stepping
from entrepot.envs.network import NetworkDescription
from entrepot.envs.observe.vector import OBSERVATION_BOUND
from entrepot.envs.rendering.modes import RENDER_MODES
from entrepot.envs.rendering.network_frame import NetworkWindow, network_frame
from entrepot.envs.world import World

Floats = NDArray[np.float32]


class WarehouseNetwork(ParallelEnv[str, Floats, Floats]):  # type: ignore[misc]
    """A view of one `BatchedWarehouseNetwork` environment with NumPy vectors by agent.

    Observations are described at `Observation`, actions at `ActionMap`, rewards at `Reward`, and all of it in
    docs/environment.md. An agent's action is a vector: for each lane it owns, in the network's order, one number for
    each SKU; with `maintenance`, then one for each unit of equipment at its nodes (`MaintenanceAction`). A copy, by
    pickle, `deepcopy` or a fork, goes on as the original would.
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
        episode_days: int | None = None,
        skus: int | None = None,
        action: str = "cover",
        team_share: float = 0.0,
        render_mode: str | None = None,
        *,
        max_cycles: int | None = None,
        agent_names: str = "warehouses",
        action_mask: bool = True,
        maintenance: bool = False,
        warm_up_days: int = 0,
        split: Split | str = Split.TRAIN,
        observation: str | None = None,
        disruption: str | None = None,
        seed: int | None = None,
    ) -> None:
        """Compile the network; call `reset` before the first step.

        Args:
            network: a shipped name, the path of a YAML file, a description, or a `World`.
            demand: a shipped name, the path of a YAML file, or a model made for the same network; the calibrated
                generator if None.
            episode_days: days from `reset` to the end of the episode; 180 if None.
            skus: how many SKUs of the network's catalogue; the network's own number if None. Only with a name or path.
            action: `cover`, `units` or `unit`; see `ActionMap`.
            team_share: 0, every agent bears its own cost, to 1, all bear the mean; see `Reward`.
            render_mode: `human`, `rgb_array` or None.
            max_cycles: PettingZoo's word for `episode_days`.
            agent_names: `warehouses`, the network's own names, or `numbered`: `warehouse_0`, `warehouse_1`, … in the
                same order, for libraries that group agents by what stands before the last underscore.
            action_mask: whether infos hold `action_mask`; False for libraries that take every mask for one of discrete
                actions, such as TorchRL.
            maintenance: whether agents decide, too, when equipment is maintained; only where it wears.
            warm_up_days: days of textbook ordering before each episode, so that it starts with goods on the way.
            split: which part of the time line scenarios are drawn from.
            observation: what is known of the world, by name of an observation model: `exact`, or `as_live`; `exact` if
                None, or as a `World` has it.
            disruption: what befalls the network, by name or path; nothing, or what befalls the `World`, if None.
            seed: of all scenarios. If None, fresh entropy when the first is drawn, so that copies made before that
                live through scenarios of their own.

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
            team_share=team_share,
            maintenance=maintenance,
            seed=seed,
        )
        self.max_cycles = self.batched.episode_days
        """Days of an episode; another number holds from the next `reset` on."""
        self.render_mode = render_mode
        self.possible_agents = agent_names_of(agent_names, self.batched.agents)
        self.warehouse_of = dict(zip(self.possible_agents, self.batched.agents, strict=True))
        """The network's own name of each agent's warehouse."""
        self.agents: list[str] = []
        width, (low, high) = self.batched.observation.width, self._bounds()
        agents = range(len(self.possible_agents))
        decides = self.batched.maintenance
        fleets = [np.zeros(0, np.int64) if decides is None else decides.units_of(agent) for agent in agents]
        lanes = [self.batched.action.lanes_of(agent) for agent in agents]
        self._layout = ActionLayout.of(lanes, fleets, high.shape[1])
        carries = self.batched.action.carries.cpu().numpy().astype(np.int8)
        self._carries = carries[self._layout.lanes] if action_mask else None
        self.observation_spaces = {agent: _observation_box(width) for agent in self.possible_agents}
        highest = self._layout.joined(high[self._layout.lanes].ravel(), np.ones(self._layout.units.size, np.float32))
        self.action_spaces = {
            agent: MaskedBox(low, highest[part], dtype=np.float32)
            for agent, part in zip(self.possible_agents, self._layout.parts, strict=True)
        }
        self.state_space = _observation_box(self.batched.observation.size)
        self._window = NetworkWindow()

    def observation_space(self, agent: str) -> Box:
        """The same for all agents; each gets an object of its own, so that seeding one leaves the others."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> MaskedBox:
        """Lanes of the agent × SKUs, flat, then its units where it maintains them.

        Its lower bounds order and maintain nothing, and it can be sampled under a mask.
        """
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Floats], dict[str, dict[str, Any]]]:
        """Begin an episode; the next scenario of the series, or with a seed the first of a new one.

        Options are those of PettingZoo's interface; none has a meaning here. Infos as in `step`, at no cost yet.
        """
        self.batched.episode_days = whole("max_cycles", self.max_cycles, 1)
        with stepping():
            observations = self.batched.reset(seed)
            infos = self._infos([0.0] * len(self.possible_agents))
        self.agents = self.possible_agents[:]
        if self.render_mode == "human":
            self.render()
        return self._by_agent(observations), infos

    def step(
        self, actions: Mapping[str, Floats]
    ) -> tuple[dict[str, Floats], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Live through one day; what lies outside an action space is taken as the nearest bound.

        Infos hold `cost_usd`, the day's cost at the agent's nodes, and, unless left out, `action_mask`, int8 in the
        shape of the action: 1 where an order would leave on the next day that is decided (see `ActionMap.mask`), and
        for units that aren't being mended.

        Raises:
            ValueError: an agent's action is missing, has another shape, or is not finite.
            RuntimeError: there is no episode, or it is over.
        """
        cells, units = self._layout.split(self._together(actions))
        with stepping():
            observations, cost = self.batched.advance(torch.from_numpy(cells[None]), self._maintained(units))
            reward = self.batched.reward.of(cost).tolist()[0]
            infos = self._infos(cost.tolist()[0])
        agents, over = self.possible_agents, self.batched.over
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
            infos,
        )

    def state(self) -> Floats:
        """[F] all features of the network, for centralised critics; see `Observation`.

        Raises:
            RuntimeError: there is no episode yet.
        """
        with stepping():
            values: Floats = self.batched.global_state()[0].numpy()
        return values

    def render(self) -> NDArray[np.uint8] | None:
        """[height, width, 3] the network today: stock, flows and stock-outs; shown in a window in `human` mode.

        Raises:
            ConfigurationError: the environment was made without a render mode.
            RuntimeError: there is no episode yet.
        """
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

    def _bounds(self) -> tuple[float, Floats]:
        """The lower bound of all cells, and [L, S] the upper ones."""
        action = self.batched.action
        return action.low, action.high.cpu().numpy().astype(np.float32)

    def _by_agent(self, observations: torch.Tensor) -> dict[str, Floats]:
        return dict(zip(self.possible_agents, observations.numpy()[0], strict=True))

    def _infos(self, cost_usd: list[float]) -> dict[str, dict[str, Any]]:
        infos: dict[str, dict[str, Any]] = {
            agent: {"cost_usd": usd} for agent, usd in zip(self.possible_agents, cost_usd, strict=True)
        }
        if self._carries is not None:
            mask = self._layout.joined(self._mask(self._carries), self._maintainable())
            for info, part in zip(infos.values(), self._layout.parts, strict=True):
                info["action_mask"] = mask[part]
        return infos

    def _mask(self, carries: NDArray[np.int8]) -> NDArray[np.int8]:
        """As `ActionMap.mask`, agent by agent."""
        seen = self.batched.seen
        leaving = leaves(seen.lane_wait_days.numpy()[0], seen.lane_open.numpy()[0])
        mask: NDArray[np.int8] = (carries * leaving[self._layout.lanes, None]).ravel()
        return mask

    def _maintained(self, units: Floats) -> torch.Tensor | None:
        """[1, U] as the batched environment takes it."""
        decides = self.batched.maintenance
        return None if decides is None else decides.decided(torch.from_numpy(units[None]))

    def _maintainable(self) -> NDArray[np.int8]:
        """[U] of the mask."""
        decides = self.batched.maintenance
        if decides is None:
            return np.zeros(0, np.int8)
        mask: NDArray[np.int8] = decides.mask(self.batched.seen)[0].numpy().astype(np.int8)
        return mask

    def _together(self, actions: Mapping[str, Floats]) -> Floats:
        """Every agent's numbers, end to end."""
        if not self.agents:
            raise RuntimeError("there is no episode, or it is over; call reset()")
        if len(actions) != len(self.agents):
            unknown = sorted(set(actions) - set(self.agents))
            if unknown:
                raise ValueError(f"actions: {', '.join(unknown)}: unknown; allowed: {', '.join(self.agents)}")
        by_agent = []
        for agent, part in zip(self.possible_agents, self._layout.parts, strict=True):
            size = part.stop - part.start
            try:
                by_agent.append(np.asarray(actions[agent], np.float32).reshape(size))
            except KeyError:
                raise ValueError(f"actions: {agent}: missing; needed: {', '.join(self.agents)}") from None
            except ValueError:
                raise ValueError(f"actions: {agent}: shape {np.shape(actions[agent])}; needed: ({size},)") from None
        return np.concatenate(by_agent)


def _observation_box(width: int) -> Box:
    return Box(-OBSERVATION_BOUND, OBSERVATION_BOUND, (width,), np.float32)

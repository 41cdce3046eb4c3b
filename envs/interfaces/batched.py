"""B warehouse networks stepped at once on tensors: what the PettingZoo and Gymnasium views look into."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.action import ActionKind, ActionMap
from entrepot.envs.demand import DemandModel, Split, load_demand
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot, long_run_deviation, snapshot_of
from entrepot.envs.observe.vector import Observation
from entrepot.envs.opening import warmed_up_state
from entrepot.envs.order_up_to import demand_rate
from entrepot.envs.reward import Reward
from entrepot.envs.twin import Costs, Day, Flows, Scenario, State, TwinParameters, draw_scenario, step

DEFAULT_DEMAND = "calibrated"
SEEDS = 2**63
NO_EPISODE = "there is no episode yet; call reset() first"


@dataclass(frozen=True)
class Transition:
    """What led to the present: the day that was just stepped."""

    orders: Tensor  # [B, L, S] units asked for
    flows: Flows
    costs: Costs
    cost_by_agent: Tensor  # [B, A] USD


class BatchedWarehouseNetwork:
    """B environments of one network, each in a scenario of its own.

    Between `reset` and the end of the episode, `state`, `snapshot` and `transition` hold the present for whoever wants
    more than observations: the neural policy reads the snapshot, `KpiTotals` the transition.
    """

    def __init__(
        self,
        network: str | NetworkDescription = "kreen",
        demand: str | DemandModel | None = None,
        *,
        environments: int = 1,
        episode_days: int = 180,
        warm_up_days: int = 0,
        split: Split | str = Split.TRAIN,
        skus: int | None = None,
        action: str = "cover",
        team_share: float = 0.0,
        seed: int | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        whole_units: bool = True,
        with_observations: bool = True,
    ) -> None:
        """Compile the network; call `reset` before the first step.

        Args:
            network: a shipped name, the path of a YAML file, or a description.
            demand: a shipped name, the path of a YAML file, or a model made for the same network; the calibrated
                generator if None.
            environments: B.
            episode_days: days from `reset` to the end of the episode.
            warm_up_days: days of textbook ordering before each episode, so that it starts with goods on the way.
            split: which part of the time line scenarios are drawn from.
            skus: how many SKUs of the network's catalogue; the network's own number if None. Only with a name or path.
            action: `cover` or `units`; see `ActionMap`.
            team_share: see `Reward`.
            seed: of all scenarios; fresh entropy if None.
            device: where the tensors are.
            dtype: of the twin's floating-point numbers; observations are float32 whatever it is.
            whole_units: as in the twin's `step`.
            with_observations: False saves the time for policies that read the snapshot; observations are then empty.

        Raises:
            ConfigurationError: an argument is out of range, or a name is unknown.
        """
        for name, value, least in (("environments", environments, 1), ("episode_days", episode_days, 1)):
            _check_whole(name, value, least)
        _check_whole("warm_up_days", warm_up_days, 0)
        if str(split) not in list(Split):
            raise ConfigurationError(f"split: {split!r}; allowed: {', '.join(Split)}")
        self.description = _network(network, skus)
        self.network = NetworkArrays.from_description(self.description)
        self.demand = _demand(demand, self.network)
        self.environments = environments
        self.episode_days = episode_days
        self.warm_up_days = warm_up_days
        self.split = Split(split)
        self.parameters = TwinParameters.from_arrays(self.network, dtype=dtype, device=device)
        self.attributes = NetworkAttributes.from_arrays(
            self.network,
            self.demand.mean_units_per_day,
            long_run_deviation(self.demand),
            dtype=dtype,
            device=device,
        )
        self.observation = Observation(self.network, self.attributes)
        self.action = ActionMap(ActionKind.named(action), self.network, self.attributes)
        self.reward = Reward.of_network(self.network, self.attributes, team_share)
        self._whole_units = whole_units
        self._with_observations = with_observations
        self._rng = np.random.default_rng(seed)
        self._scenario: Scenario | None = None
        self._today: Day | None = None
        self.day = 0
        self.transition: Transition | None = None

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the A warehouses that decide."""
        return self.network.agents

    @property
    def scenario(self) -> Scenario:
        """What the present episode lives through, warm-up included.

        Raises:
            RuntimeError: `reset` has not been called.
        """
        if self._scenario is None:
            raise RuntimeError(NO_EPISODE)
        return self._scenario

    @torch.no_grad()
    def reset(self, seed: int | None = None, *, scenario: Scenario | None = None) -> Tensor:
        """Begin new episodes.

        Args:
            seed: start the series of scenarios anew; without it, the series goes on.
            scenario: live through this one instead of drawing the next; `days_needed` days.

        Returns:
            [B, A, W] float32 observations, each agent's padded with zeros to the widest.

        Raises:
            ValueError: the scenario doesn't fit.
        """
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        if scenario is None:
            scenario = self._draw()
        elif (scenario.episodes, scenario.days) != (self.environments, self.days_needed):
            raise ValueError(
                f"scenario: {scenario.episodes} episodes of {scenario.days} days; "
                f"needed: {self.environments} of {self.days_needed}"
            )
        self._scenario = scenario
        self.state: State = warmed_up_state(
            self.parameters, self.attributes, scenario, self.warm_up_days, whole_units=self._whole_units
        )
        self.day = 0
        self.transition = None
        return self._observe()

    @torch.no_grad()
    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, dict[str, Tensor]]:
        """Live through one day.

        Args:
            actions: [B, L, S], the cells of all agents together: a lane belongs to one agent (`lane_agent`).

        Returns:
            Observations [B, A, W] float32, rewards [B, A], terminated [B], truncated [B], and infos: `cost_usd` [B, A].
            Nothing ever terminates; all environments are truncated together when the episode is over.

        Raises:
            ValueError: actions of another shape, or not finite.
            RuntimeError: there is no episode, or it is over.
        """
        if self.day >= self.episode_days:
            raise RuntimeError(f"the episode is over after {self.episode_days} days; call reset()")
        if self._today is None:
            raise RuntimeError(NO_EPISODE)
        self._check(actions)
        orders = self.action.orders(actions.to(self.parameters.value_usd), self.snapshot, self.demand_rate)
        self.state, flows, costs = step(
            self.parameters, self.state, orders, self._today, whole_units=self._whole_units, overwrite=True
        )
        self.day += 1
        cost = self.reward.cost_by_agent(costs)
        self.transition = Transition(orders, flows, costs, cost)
        over = torch.full((self.environments,), self.day >= self.episode_days, device=cost.device)
        return self._observe(), self.reward.of(cost), torch.zeros_like(over), over, {"cost_usd": cost}

    @property
    def days_needed(self) -> int:
        """Days of a scenario: warm-up, episode, and one more whose calendar the last observation shows."""
        return self.warm_up_days + self.episode_days + 1

    @torch.no_grad()
    def global_state(self) -> Tensor:
        """[B, F] float32 all features of the network, for centralised critics; see `Observation`."""
        return self.observation.whole(self.observation.features(self.snapshot, self.demand_rate))

    def _draw(self) -> Scenario:
        return draw_scenario(
            self.network,
            self.demand,
            episodes=self.environments,
            days=self.days_needed,
            split=self.split,
            seed=int(self._rng.integers(SEEDS)),
            dtype=self.parameters.dtype,
            device=self.parameters.device,
        )

    def _observe(self) -> Tensor:
        # The one place where the world becomes what is known of it: late or wrong records would enter here.
        self._today = self.scenario.at(self.warm_up_days + self.day)
        self.snapshot: Snapshot = snapshot_of(self.parameters, self.attributes, self.state, self._today)
        self.demand_rate = demand_rate(self.attributes, self.snapshot)
        if not self._with_observations:
            return torch.zeros(self.environments, len(self.agents), 0, device=self.parameters.device)
        return self.observation.by_agent(self.observation.features(self.snapshot, self.demand_rate))

    def _check(self, actions: Tensor) -> None:
        needed = (self.environments, self.parameters.lanes, self.parameters.skus)
        if tuple(actions.shape) != needed:
            raise ValueError(f"actions: shape {tuple(actions.shape)}; needed: {needed}, environments × lanes × SKUs")
        # A sum shows NaN and infinity in one pass, without a mask of the whole batch.
        if not math.isfinite(actions.sum().item()):
            raise ValueError("actions: NaN or infinity among them; allowed: finite numbers")


def _check_whole(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigurationError(f"{name}: {value!r}; allowed: whole numbers from {least}")


def _network(network: str | NetworkDescription, skus: int | None) -> NetworkDescription:
    if isinstance(network, str):
        return load_network(network, skus=skus)
    if skus is not None:
        raise ConfigurationError(f"skus: {skus!r}; allowed only where the network is a name or a path")
    return network


def _demand(demand: str | DemandModel | None, network: NetworkArrays) -> DemandModel:
    model = load_demand(demand or DEFAULT_DEMAND, network) if demand is None or isinstance(demand, str) else demand
    shape, needed = model.mean_units_per_day.shape, (len(network.markets), len(network.skus))
    if shape != needed:
        raise ConfigurationError(f"demand: made for {shape[0]} markets and {shape[1]} SKUs; the network has {needed}")
    return model

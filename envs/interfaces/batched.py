"""B warehouse networks stepped at once on tensors: what the PettingZoo and Gymnasium views look into."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.action import ActionKind, ActionMap
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.interfaces.arguments import EPISODE_DAYS, whole
from entrepot.envs.interfaces.single_threaded import fork_single_threaded
from entrepot.envs.maintenance_action import MaintenanceAction
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.observe.vector import Observation
from entrepot.envs.opening import warmed_up
from entrepot.envs.order_up_to import demand_rate
from entrepot.envs.reward import Reward
from entrepot.envs.simulation import Present
from entrepot.envs.twin import Costs, Day, Flows, Scenario, State, draw_scenario
from entrepot.envs.world import World

SEEDS = 2**63
NO_EPISODE = "there is no episode yet; call reset() first"


@dataclass(frozen=True)
class Transition:
    """What led to the present: the day that was just stepped."""

    decisions: Decisions
    flows: Flows
    costs: Costs
    cost_by_agent: Tensor  # [B, A] USD


class BatchedWarehouseNetwork:
    """B environments of one network, each in a scenario of its own.

    Between `reset` and the end of the episode, `state`, `snapshot` and `transition` hold the present for whoever wants
    more than observations: a policy reads the snapshot, `KpiTotals` the transition. `seen` is the snapshot without the
    copies, which shares its memory with the world: for readers who write nothing into it and keep nothing of it.
    """

    def __init__(
        self,
        world: World,
        *,
        environments: int = 1,
        episode_days: int = EPISODE_DAYS,
        warm_up_days: int = 0,
        split: Split | str = Split.TRAIN,
        action: str = "cover",
        team_share: float = 0.0,
        seed: int | None = None,
        whole_units: bool = True,
        with_observations: bool = True,
        maintenance: bool = False,
        reads: Iterable[Costly] = NOTHING_COSTLY,
    ) -> None:
        """Take a world; call `reset` before the first step.

        Args:
            world: the network and its demand, as `build_world` makes them; tensors stay where and as precise as its
                own. Observations are float32 whatever it is.
            environments: B.
            episode_days: days from `reset` to the end of the episode.
            warm_up_days: days of ordering up to the world's base covers before each episode, so that it starts with
                goods on the way.
            split: which part of the time line scenarios are drawn from.
            action: `cover`, `units` or `unit`; see `ActionMap`.
            team_share: 0, every agent bears its own cost, to 1, all bear the mean; see `Reward`.
            seed: of all scenarios. If None, fresh entropy when the first is drawn, so that copies made before that
                live through scenarios of their own.
            whole_units: as in the twin's `step`.
            with_observations: False saves the time for policies that read the snapshot; observations are then empty.
            maintenance: whether agents decide the maintenance of equipment: observations then tell of its wear.
            reads: the costly parts that whoever reads the snapshot reads of it.

        Raises:
            ConfigurationError: an argument is out of range, a name is unknown, or nothing wears to be maintained.
        """
        fork_single_threaded()
        whole("environments", environments, 1)
        whole("episode_days", episode_days, 1)
        whole("warm_up_days", warm_up_days, 0)
        if str(split) not in list(Split):
            raise ConfigurationError(f"split: {split!r}; allowed: {', '.join(Split)}")
        self.world = world
        self.description, self.network = world.description, world.network
        self.parameters, self.attributes = world.parameters, world.attributes
        self.environments = environments
        self.episode_days = episode_days
        self.warm_up_days = warm_up_days
        self.split = Split(split)
        self.observation = Observation(self.network, self.attributes, maintenance=maintenance)
        self.action = ActionMap(ActionKind.named(action), self.network, self.attributes)
        self.maintenance = MaintenanceAction(self.action.kind, self.network) if maintenance else None
        """What numbers for units mean; None where agents don't decide maintenance."""
        self.reward = Reward.of_network(self.network, self.attributes, team_share)
        self._simulation = world.simulation(whole_units=whole_units)
        self._reads = frozenset(reads)
        self._with_observations = with_observations
        self._rng = None if seed is None else np.random.default_rng(whole("seed", seed, 0))
        self._scenario: Scenario | None = None
        self.day = 0
        self.transition: Transition | None = None
        self._snapshot: Snapshot | None = None  # a copy of what is seen, made when it is asked for

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the A warehouses that decide."""
        return self.network.agents

    @property
    def state(self) -> State:
        """The present's truth, for drawing and for tests; whoever decides reads `snapshot`."""
        return self._present.state

    @property
    def snapshot(self) -> Snapshot:
        """What is known today; it stays what it is when days pass, and nothing of the world changes with it.

        Raises:
            RuntimeError: there is no episode.
        """
        if self._scenario is None:
            raise RuntimeError(NO_EPISODE)
        if self._snapshot is None:
            self._snapshot = self.seen.mapped(torch.clone)
        return self._snapshot

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
            ConfigurationError: the seed is no whole number from 0 on.
            ValueError: the scenario doesn't fit.
        """
        if seed is not None:
            self._rng = np.random.default_rng(whole("seed", seed, 0))
        if scenario is None:
            scenario = self._draw()
        elif (scenario.episodes, scenario.days) != (self.environments, self.days_needed):
            raise ValueError(
                f"scenario: {scenario.episodes} episodes of {scenario.days} days; "
                f"needed: {self.environments} of {self.days_needed}"
            )
        self._scenario = scenario
        self._present: Present = warmed_up(self._simulation, scenario, self.warm_up_days, self._reads)
        self.day = 0
        self.transition = None
        return self._observe()

    @torch.no_grad()
    def step(
        self, actions: Tensor, maintenance: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, dict[str, Tensor]]:
        """Live through one day.

        Args:
            actions: [B, L, S], the cells of all agents together: a lane belongs to one agent (`lane_agent`).
            maintenance: [B, U] from 0.5 up, units of equipment to maintain before the day's shift; by the network's own
                policy if None. The snapshot shows their hours.

        Returns:
            Observations [B, A, W] float32, rewards [B, A], terminated [B], truncated [B], and infos: `cost_usd` [B, A].
            Nothing ever terminates; all environments are truncated together when the episode is over.

        Raises:
            ValueError: actions or maintenance of another shape or not finite, or maintenance where no equipment wears.
            RuntimeError: there is no episode, or it is over.
        """
        observations, cost = self.advance(actions, maintenance)
        over = torch.full((self.environments,), self.over, device=cost.device)
        return observations, self.reward.of(cost), torch.zeros_like(over), over, {"cost_usd": cost}

    def advance(
        self, actions: Tensor, maintenance: Tensor | None = None, *, checked: bool = True
    ) -> tuple[Tensor, Tensor]:
        """As `step`, but only the observations [B, A, W] and the day's cost by agent [B, A] in USD.

        Whether gradients are recorded is the caller's affair; no reward of an environment needs them.

        Args:
            actions: [B, L, S].
            maintenance: as in `step`.
            checked: whether to look for NaN and infinity among them; on an accelerator, to look means to wait for it.
        """
        if self.over:
            raise RuntimeError(f"the episode is over after {self.episode_days} days; call reset()")
        today = self._today
        self._check(actions, finite=checked)
        decisions = self.action.decisions(actions.to(self.parameters.sku.unit_value_usd), self.seen, self.demand_rate)
        if maintenance is not None:
            decisions = replace(decisions, maintenance=self._checked(maintenance, finite=checked))
        self._present, flows, costs = self._simulation.live(self._present, decisions, today)
        self.day += 1
        cost = self.reward.cost_by_agent(costs)
        self.transition = Transition(decisions, flows, costs, cost)
        return self._observe(), cost

    @property
    def over(self) -> bool:
        """Whether the episode is."""
        return self.day >= self.episode_days

    @property
    def days_needed(self) -> int:
        """Days of a scenario: warm-up, episode, and one more whose calendar the last observation shows."""
        return self.warm_up_days + self.episode_days + 1

    @torch.no_grad()
    def global_state(self) -> Tensor:
        """[B, F] float32 all features of the network, for centralised critics; see `Observation`.

        Raises:
            RuntimeError: there is no episode.
        """
        if self._scenario is None:
            raise RuntimeError(NO_EPISODE)
        return self.observation.whole(self.observation.features(self.seen, self.demand_rate))

    @torch.no_grad()
    def action_mask(self) -> Tensor:
        """[B, L, S] int8, 1 where an order would leave today; see `ActionMap.mask`.

        Raises:
            RuntimeError: there is no episode.
        """
        if self._scenario is None:
            raise RuntimeError(NO_EPISODE)
        return self.action.mask(self.seen).to(torch.int8)

    @property
    def _today(self) -> Day:
        return self.scenario.at(self.warm_up_days + self.day)

    def _draw(self) -> Scenario:
        if self._rng is None:
            self._rng = np.random.default_rng()
        return draw_scenario(
            self.network,
            self.world.demand,
            episodes=self.environments,
            days=self.days_needed,
            split=self.split,
            seed=int(self._rng.integers(SEEDS)),
            dtype=self.parameters.dtype,
            device=self.parameters.device,
        )

    def _observe(self) -> Tensor:
        self.seen: Snapshot = self._simulation.observe(self._present, self._today, self._reads, lent=True)
        self._snapshot = None
        self.demand_rate = demand_rate(self.attributes, self.seen)
        if not self._with_observations:
            return torch.zeros(self.environments, len(self.agents), 0, device=self.parameters.device)
        return self.observation.by_agent(self.observation.features(self.seen, self.demand_rate))

    def _checked(self, maintenance: Tensor, *, finite: bool) -> Tensor:
        units = 0 if self.parameters.equipment is None else self.parameters.equipment.units
        if units == 0 or tuple(maintenance.shape) != (self.environments, units):
            raise ValueError(
                f"maintenance: shape {tuple(maintenance.shape)}; needed: "
                + (f"{(self.environments, units)}, environments × units" if units else "None, since no equipment wears")
            )
        if finite and not math.isfinite(maintenance.sum().item()):
            raise ValueError("maintenance: NaN or infinity among it; allowed: finite numbers")
        return maintenance.to(self.parameters.sku.unit_value_usd)

    def _check(self, actions: Tensor, *, finite: bool) -> None:
        needed = (self.environments, self.parameters.lanes, self.parameters.skus)
        if tuple(actions.shape) != needed:
            raise ValueError(f"actions: shape {tuple(actions.shape)}; needed: {needed}, environments × lanes × SKUs")
        # A sum shows NaN and infinity in one pass, without a mask of the whole batch.
        if finite and not math.isfinite(actions.sum().item()):
            raise ValueError("actions: NaN or infinity among them; allowed: finite numbers")

"""Episodes in which every SKU of every environment tries weights of its own, with what each SKU came to cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from entrepot.agents.neural import NeuralPolicy
from entrepot.agents.neural.lane_encoding import LaneEncoding
from entrepot.agents.neural.policy import departing_pairs
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.observe.reading import NOTHING_COSTLY
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import warmed_up
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.settlement import StockValues
from entrepot.envs.simulation import Present
from entrepot.envs.twin import Scenario, State, draw_scenario
from entrepot.envs.twin.costs_by_sku import costs_by_sku
from entrepot.envs.world import World
from entrepot.training.cells.reading import LEAST_COVER_DAYS, hidden_of, read
from entrepot.training.levels import at_other_levels
from entrepot.training.pathwise.window import horizon_days
from entrepot.training.rllib.settings import PpoSettings

SEEDS = 2**63
MOST_SHARE = 0.6
"""Of an episode: what is to be seen later than that after a decision isn't waited for."""
OF_OUTPUTS = (1.0, 1.5, 5.0, 3.0, 3.0, 3.0)
"""How far each of the head's numbers strays, in deviations of the first, the logarithm of the factor on cover: then the
echelon's share, the season's logit and the three of trust. Chosen by hand, and not compared with others."""
LEAST_HIDDEN = 1e-3


@dataclass(frozen=True)
class Rollout:
    """What E episodes came to; 2i and 2i + 1 are mirror images and live through the same scenario."""

    noise: Tensor  # [E / 2, S, K, W + 1] what was tried, in deviations; the last of each row is the bias
    settled_usd: Tensor  # [E, S] cost of the episode, the change in stock settled at its landed value
    cost_usd_per_day: float
    lost_share: float
    environment_days: int


@dataclass(frozen=True)
class Held:
    """What was decided last, until the next decisions."""

    cover: Tensor  # [E, L, S] days of the policy's rate
    hidden: Tensor  # [E, L, S, width] behind it
    encoded: LaneEncoding  # of the day of the decision
    over_theirs: Tensor  # [E, N, S] the policy's rate over the environment's


class Sampler:
    """Lives through episodes."""

    def __init__(self, world: World, settings: PpoSettings, *, seed: int) -> None:
        """Args: the world; the trainer's settings; the seed of scenarios and of what is tried."""
        self._world, self._settings = world, settings
        self._simulation = world.simulation()
        self._values = StockValues.of(world.parameters)
        self._rng = np.random.default_rng(seed)
        self._noise = torch.Generator(world.parameters.device).manual_seed(int(self._rng.integers(SEEDS)))
        days = torch.ceil(horizon_days(world.network)).long() + settings.tried.decision_days - 1
        self._seen_days = days.clamp(max=int(MOST_SHARE * settings.episode_days)).to(world.parameters.device)
        self._deviations: Tensor | None = None

    @property
    def deviations(self) -> Tensor:
        """[K, W + 1] of the weights and biases that are tried; known from the first rollout on.

        Raises:
            RuntimeError: there was none yet.
        """
        if self._deviations is None:
            raise RuntimeError("nothing was tried yet; call rollout() first")
        return self._deviations

    def rollout(self, policy: NeuralPolicy) -> Rollout:
        """Live through new episodes.

        Args:
            policy: whose answers are strayed from.
        """
        return self.lived(policy, *self.opening())

    @torch.inference_mode()
    def lived(self, policy: NeuralPolicy, scenario: Scenario, present: Present) -> Rollout:
        """Live through episodes; a lane tries nothing any more when consequences could not be seen before the end.

        Args:
            policy: whose answers are strayed from.
            scenario: as from `opening`.
            present: as from `opening`; not to be used again.
        """
        settings, world = self._settings, self._world
        outputs, width = policy.answer.weight.shape
        half = settings.environments // 2, world.parameters.skus, outputs, width + 1
        noise = torch.randn(half, generator=self._noise, device=self._noise.device, dtype=world.parameters.dtype)
        tried = torch.stack([noise, -noise], dim=1).flatten(0, 1)
        opening_usd = self._worth(present.state)
        cost_usd = torch.zeros_like(opening_usd)
        lost = asked = cost_usd.new_zeros(())
        held: Held | None = None
        for number in range(settings.episode_days):
            decides = number % settings.tried.decision_days == 0
            day = scenario.at(settings.warm_up_days + number)
            snapshot = self._simulation.observe(present, day, policy.reads if decides else NOTHING_COSTLY, lent=True)
            theirs = demand_rate(world.attributes, snapshot)
            if held is None or decides:
                seen = number + self._seen_days <= settings.episode_days
                held = self._decide(policy, snapshot, theirs, tried, seen)
            orders = self._orders(policy, snapshot, held, theirs)
            present, flows, usd = self._simulation.live(present, Decisions(orders), day)
            cost_usd += costs_by_sku(world.parameters, day, present.state, flows, usd).sum(dim=1)
            lost, asked = lost + flows.lost.sum(), asked + flows.demand.sum()
        environment_days = settings.environments * settings.episode_days
        return Rollout(
            noise=noise,
            settled_usd=cost_usd + opening_usd - self._worth(present.state),
            cost_usd_per_day=float(cost_usd.sum() / environment_days),
            lost_share=float(lost / asked.clamp(min=1.0)),
            environment_days=environment_days,
        )

    def _decide(self, policy: NeuralPolicy, snapshot: Snapshot, theirs: Tensor, tried: Tensor, seen: Tensor) -> Held:
        """Covers until the next decisions; [L] whether the lane still tries."""
        reading, encoded = read(policy, snapshot, self._world.attributes, self._settings.tried.decision_days)
        hidden = hidden_of(policy, self._world.attributes, reading)
        if self._deviations is None:
            self._deviations = self._sizes(hidden)
        pairs = encoded.environment, encoded.lane
        shape = len(theirs), self._world.parameters.lanes, self._world.parameters.skus
        by_lane = hidden.new_zeros(*shape, hidden.shape[-1]).index_put(pairs, hidden)
        weights = tried * self._deviations
        strays = torch.einsum("elsw,eskw->elsk", by_lane, weights[..., :-1]) + weights[..., -1].unsqueeze(1)
        answer = policy.answer(hidden) + (strays * seen[:, None, None])[pairs]
        cover = reading.outlook.cover(answer).clamp(min=LEAST_COVER_DAYS)
        return Held(
            cover=cover.new_zeros(shape).index_put(pairs, cover),
            hidden=by_lane,
            encoded=encoded,
            over_theirs=encoded.known.rate / theirs,
        )

    def _sizes(self, hidden: Tensor) -> Tensor:
        """[K, W + 1] so that every weight moves an answer as far, and all together as far as is asked for."""
        usual = hidden.square().mean(dim=(0, 1)).sqrt().clamp(min=LEAST_HIDDEN)
        each = torch.cat([1.0 / usual, usual.new_ones(1)]) / math.sqrt(len(usual) + 1)
        return self._settings.tried.deviation * torch.tensor(OF_OUTPUTS).to(each)[:, None] * each

    def _orders(self, policy: NeuralPolicy, snapshot: Snapshot, held: Held, theirs: Tensor) -> Tensor:
        """[E, L, S] units, as the deployed policy orders them."""
        attributes = self._world.attributes
        ours = held.over_theirs * theirs
        environment, lane = departing_pairs(snapshot)
        encoded = LaneEncoding(
            replace(held.encoded.known, rate=ours), environment, lane, held.hidden[environment, lane]
        )
        wanted = orders_from_cover(attributes, snapshot, held.cover, ours)
        departs = policy.departs(snapshot, attributes, encoded, wanted, None)
        return orders_from_cover(attributes, snapshot, held.cover * departs.unsqueeze(-1), ours)

    def _worth(self, state: State) -> Tensor:
        """[E, S] USD of all stock at its landed value, without what containers that wait are still to cost."""
        values = self._values
        usd = state.on_hand * values.on_hand + state.dock * values.at_dock + state.in_transit * values.on_the_way
        return usd.sum(dim=1)

    @torch.no_grad()
    def opening(self) -> tuple[Scenario, Present]:
        """The next scenarios, each for two environments, warm-up included; and what both begin with."""
        settings, world = self._settings, self._world
        seed = int(self._rng.integers(SEEDS))
        scenario = draw_scenario(
            world.network,
            world.demand,
            episodes=settings.environments // 2,
            days=settings.warm_up_days + settings.episode_days,
            split=Split.TRAIN,
            seed=seed,
            dtype=world.parameters.dtype,
            device=world.parameters.device,
        )
        scenario = at_other_levels(scenario, settings.tried.level_deviation, torch.Generator().manual_seed(seed))
        present = warmed_up(self._simulation, scenario, settings.warm_up_days)
        twice = torch.arange(scenario.episodes, device=world.parameters.device).repeat_interleave(2)
        return scenario.episodes_at(twice), present.episodes_at(twice)

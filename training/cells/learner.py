"""One worker's share of learning: it samples, and gives gradients of minibatches; whoever holds the weights steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.envs.memory import keep_freed_memory
from entrepot.envs.reward import Reward
from entrepot.envs.world import World
from entrepot.training.cells.advantages import against_the_same_scenario, generalised, shared
from entrepot.training.cells.critic import CellCritic
from entrepot.training.cells.reading import Reading, log_cover
from entrepot.training.cells.rollout import Rollout, Sampler
from entrepot.training.rllib.settings import PpoSettings

LEAST_DEVIATION = 1e-6
CHUNK = 64
"""Moments that a CPU works out together: what their layers answer then stays in a core's cache."""


class ActorCritic(nn.Module):
    """What learns."""

    def __init__(self, world: World, settings: PpoSettings, neural: NeuralPolicySettings) -> None:
        """Args: the world; the trainer's settings; the policy's."""
        super().__init__()
        self.policy = NeuralPolicy(neural)
        # To depart or not is no action of its own here: nothing says how to change its threshold.
        self.policy.consolidation.requires_grad_(False)
        self.log_deviation = nn.Parameter(torch.tensor(math.log(settings.exploration_deviation)))
        reward = Reward.of_network(world.network, world.attributes, settings.team_share)
        self.critic = CellCritic(world, reward.agent_of_node, central=settings.kind == "mappo")

    @property
    def learning(self) -> list[nn.Parameter]:
        """What gets gradients."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    def weights(self) -> Tensor:
        """[W] all that learns, laid end to end."""
        return torch.cat([parameter.detach().flatten() for parameter in self.learning])

    @torch.no_grad()
    def take(self, weights: Tensor) -> None:
        """Be what [W] numbers say."""
        sizes = [parameter.numel() for parameter in self.learning]
        for parameter, values in zip(self.learning, weights.split(sizes), strict=True):  # type: ignore[no-untyped-call]
            parameter.copy_(values.view_as(parameter))


@dataclass(frozen=True)
class Sampled:
    """What a rollout came to."""

    cost_usd_per_day: float
    lost_share: float
    environment_days: int
    deciding: int  # of these, on which some lane could order
    explained: float  # share of the variance of what cells cost that the critic knew of


@dataclass(frozen=True)
class Gradient:
    """Of one minibatch."""

    values: Tensor  # [W]
    scalars: dict[str, float]


@dataclass(frozen=True)
class _Batch:
    """What is learnt from; M moments, P pairs."""

    reading: Reading
    actions: Tensor  # [P, S]
    means: Tensor  # [P, S]
    deviation: float
    carried: Tensor  # [P, S] 1 where the lane carries the SKU
    advantages: Tensor  # [M, A, S] normalised
    targets: Tensor  # [M, A, S] USD a day


class Worker:
    """Samples its own environments and learns from what they showed."""

    def __init__(self, world: World, settings: PpoSettings, neural: NeuralPolicySettings, *, seed: int) -> None:
        """Args: the world; the trainer's settings; the policy's; the seed of what it samples."""
        keep_freed_memory()
        self._settings, self._attributes = settings, world.attributes
        device = world.parameters.device
        self.model = ActorCritic(world, settings, neural).to(device)
        self._sampler = Sampler(world, settings, seed=seed)
        self._order = torch.Generator(device).manual_seed(seed)
        self._lane_agent = torch.as_tensor(world.network.lane.agent, device=device)
        self._carries = world.attributes.lane_carries
        self._agents = len(world.network.agents)
        self._chunk = CHUNK if device.type == "cpu" else settings.minibatch_days
        self._batch: _Batch | None = None
        self._minibatches: Iterator[Tensor] = iter(())

    def sample(self, weights: Tensor) -> Sampled:
        """Live through the next days; the last rollout is forgotten."""
        self.model.take(weights.to(self._lane_agent.device))
        self._batch, self._minibatches = None, iter(())
        deviation = float(self.model.log_deviation.detach().exp())
        rollout = self._sampler.rollout(self.model.policy, deviation)
        self._batch, explained = self._learnt_from(rollout, deviation)
        days, episodes = rollout.cost_usd.shape[:2]
        return Sampled(
            cost_usd_per_day=float(rollout.cost_usd.sum() / (days * episodes)),
            lost_share=rollout.lost_share,
            environment_days=days * episodes,
            deciding=len(self._deciding()),
            explained=explained,
        )

    def gradient(self, weights: Tensor) -> Gradient:
        """Of the next minibatch: cells of whole moments in random order, each once before any is there again.

        What an agent's lanes share is worked out once for all the cells of a moment. Moments at which nothing can order
        teach the policy nothing, and the critic little: they are left out.
        """
        assert self._batch is not None
        self.model.take(weights.to(self._lane_agent.device))
        chosen = next(self._minibatches, None)
        if chosen is None:
            self._minibatches = self._shuffled()
            chosen = next(self._minibatches, self._deciding())  # of which there may be none
        self.model.zero_grad()
        scalars: dict[str, float] = {}
        for part in chosen.split(self._chunk):  # type: ignore[no-untyped-call]
            share = len(part) / len(chosen)
            loss, found = self._loss(self._batch, part)
            (share * loss).backward()  # type: ignore[no-untyped-call]
            scalars = {name: scalars.get(name, 0.0) + share * value for name, value in found.items()}
        flat = [
            torch.zeros_like(value).flatten() if value.grad is None else value.grad.flatten()
            for value in self.model.learning
        ]
        return Gradient(torch.cat(flat).cpu(), scalars)

    @torch.no_grad()
    def _learnt_from(self, rollout: Rollout, deviation: float) -> tuple[_Batch, float]:
        settings, critic = self._settings, self.model.critic
        days, episodes, agents, skus = rollout.cost_usd.shape
        moments = days * episodes
        every = torch.arange(moments + episodes, device=rollout.cost_usd.device)
        chunks = every.split(self._chunk)  # type: ignore[no-untyped-call]
        values = torch.cat([critic(_without_pairs(rollout.reading, chosen)) for chosen in chunks])
        values = values.view(days + 1, episodes, agents, skus)
        advantages = generalised(
            -(1.0 - settings.gamma) * rollout.cost_usd, values, gamma=settings.gamma, gae_lambda=settings.gae_lambda
        )
        targets = (values[:-1] + advantages).flatten(0, 1)
        scale = critic.cell_scale_usd
        error, spread = ((advantages / scale).var(), (targets / scale).var())
        together = against_the_same_scenario(advantages, settings.environments_per_scenario)
        judged = shared(together, settings.team_share).flatten(0, 1)
        judged = judged / judged.std().clamp(min=LEAST_DEVIATION)
        lane = rollout.reading.lane[: len(rollout.actions)]
        batch = _Batch(
            reading=rollout.reading,
            actions=rollout.actions,
            means=rollout.means,
            deviation=deviation,
            carried=(self._carries[lane] > 0.5).to(rollout.actions),
            advantages=judged,
            targets=targets,
        )
        return batch, float(1.0 - error / spread.clamp(min=1e-12))

    def _deciding(self) -> Tensor:
        """[M'] the moments that can be learnt from."""
        assert self._batch is not None
        moments, _ = self._batch.reading.deciding()
        return moments[moments < len(self._batch.targets)]  # beyond them is what the days end with

    def _shuffled(self) -> Iterator[Tensor]:
        moments = self._deciding()
        order = torch.randperm(len(moments), generator=self._order, device=moments.device)
        return iter(moments[order].split(self._settings.minibatch_days))  # type: ignore[no-untyped-call]

    def _loss(self, batch: _Batch, chosen: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Of some moments."""
        settings, model = self._settings, self.model
        reading, pairs = batch.reading.of_moments(chosen)
        mean, _ = log_cover(model.policy, self._attributes, reading)
        carried, action = batch.carried[pairs], batch.actions[pairs]
        now = _log_likelihood(action, mean, model.log_deviation)
        before = _log_likelihood(action, batch.means[pairs], torch.tensor(math.log(batch.deviation)).to(mean))
        # An agent decides for a SKU on all its lanes that depart today: one likelihood for all of them.
        cell = reading.moment * self._agents + self._lane_agent[reading.lane]
        zeros = mean.new_zeros(len(chosen) * self._agents, mean.shape[1])
        ratio = torch.exp(zeros.index_add(0, cell, (now - before) * carried))
        decides = (zeros.index_add(0, cell, carried) > 0).to(mean)
        advantage = batch.advantages[chosen].flatten(0, 1)
        clipped = ratio.clamp(1.0 - settings.clip_range, 1.0 + settings.clip_range)
        gain = torch.minimum(ratio * advantage, clipped * advantage)
        count = decides.sum().clamp(min=1.0)
        policy_loss = -(gain * decides).sum() / count
        error = (model.critic(reading) - batch.targets[chosen]) / model.critic.cell_scale_usd
        value_loss = error.square().mean()
        # Of a Gaussian, but for a constant: its deviation is the same in every cell.
        loss = policy_loss + settings.value_weight * value_loss - settings.entropy_weight * model.log_deviation
        with torch.no_grad():
            outside = ((ratio - 1.0).abs() > settings.clip_range).to(mean)
            scalars = {
                "training/policy_loss": float(policy_loss),
                "training/value_loss": float(value_loss),
                "training/clipped_share": float((outside * decides).sum() / count),
                "training/deviation": float(model.log_deviation.exp()),
            }
        return loss, scalars


def _without_pairs(reading: Reading, chosen: Tensor) -> Reading:
    """What a critic reads of some moments."""
    none = reading.moment[:0]
    some, _ = Reading(reading.cells, reading.nodes, reading.day, none, none, reading.lanes, reading.outlook).of_moments(
        chosen
    )
    return some


def _log_likelihood(action: Tensor, mean: Tensor, log_deviation: Tensor) -> Tensor:
    """[P, S] of a Gaussian, but for a constant."""
    return -0.5 * ((action - mean) * torch.exp(-log_deviation)).square() - log_deviation

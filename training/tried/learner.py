"""Policy gradients with parameter-based exploration (Sehnke et al. 2010), every SKU of every environment a trial.

What is tried are the weights of the policy's last layer, which all SKUs share; those before it stay as they were drawn.
A trial lasts an episode, so that what an order at sea was worth weeks later is seen without a critic. Each is compared
with its mirror image on the same scenario (antithetic, on common random numbers), so that what demand did cancels out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.envs.memory import keep_freed_memory
from entrepot.envs.world import World
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.tried.rollout import Sampler

MOMENTUM = 0.9
MOST_SPREADS = 4.0
"""A difference counts as no more than so many times the usual one."""
POWER = 0.5
"""SKUs count by their cost over so many powers of what they earn: what is noisy in USD is what is large."""
LEAST_SHARE = 0.01
"""Of the mean SKU's earnings: a SKU that hardly sells counts as if it sold so much."""


@dataclass(frozen=True)
class Tried:
    """What one worker's trials came to."""

    direction: Tensor  # [K, W + 1] uphill in cost, each number about standard normal where there is nothing to learn
    deviations: Tensor  # [K, W + 1] of what was tried
    cost_usd_per_day: float
    lost_share: float
    environment_days: int


class TriedWorker:
    """Tries weights, and says which way cost rises."""

    def __init__(self, world: World, settings: PpoSettings, neural: NeuralPolicySettings, *, seed: int) -> None:
        """Args: the world; the trainer's settings; the policy's; the seed of what it lives through."""
        keep_freed_memory()
        self.policy = NeuralPolicy(neural).to(world.parameters.device)
        self._sampler = Sampler(world, settings, seed=seed)
        self._weight = sku_weight(world)

    def trial(self, weights: Tensor) -> Tried:
        """Of new episodes.

        Args:
            weights: all of the policy's, end to end.
        """
        nn.utils.vector_to_parameters(weights.to(self._weight.device), self.policy.parameters())
        rollout = self._sampler.rollout(self.policy)
        return Tried(
            direction=uphill(rollout.settled_usd * self._weight, rollout.noise).cpu(),
            deviations=self._sampler.deviations.cpu(),
            cost_usd_per_day=rollout.cost_usd_per_day,
            lost_share=rollout.lost_share,
            environment_days=rollout.environment_days,
        )


class TriedLearner:
    """The policy, and the mean of the directions that were found lately."""

    def __init__(self, settings: PpoSettings, neural: NeuralPolicySettings, *, seed: int) -> None:
        """Args: the trainer's settings; the policy's; the seed of the weights that stay."""
        torch.manual_seed(seed)
        self.policy = NeuralPolicy(neural)
        self._rate, self._iterations = settings.tried.step, settings.iterations
        outputs, width = self.policy.answer.weight.shape
        self._mean, self._steps = torch.zeros(outputs, width + 1), 0

    def weights(self) -> Tensor:
        """All of the policy's, end to end."""
        return nn.utils.parameters_to_vector(self.policy.parameters()).detach()

    @torch.no_grad()
    def step(self, found: list[Tried]) -> float:
        """Go against the mean of what workers found.

        Returns:
            The square of the mean direction over what it would be were there nothing to learn; about 1 then.
        """
        direction = torch.stack([each.direction for each in found]).mean(dim=0) * math.sqrt(len(found))
        deviations = torch.stack([each.deviations for each in found]).mean(dim=0)
        self._steps += 1
        self._mean = MOMENTUM * self._mean + (1.0 - MOMENTUM) * direction
        mean = self._mean / (1.0 - MOMENTUM**self._steps)
        rate = self._rate * share_of_step(self._steps, self._iterations)
        change = deviations * (rate / math.sqrt(mean.numel())) * mean
        self.policy.answer.weight.sub_(change[:, :-1])
        self.policy.answer.bias.sub_(change[:, -1])
        # Of a sum of standard normals that are weighed by powers of the momentum.
        chance = (1.0 - MOMENTUM) / (1.0 + MOMENTUM) * (1.0 - MOMENTUM ** (2 * self._steps))
        return float(self._mean.square().mean()) / chance

    def state(self) -> dict[str, Any]:
        """Everything that is needed to go on from here."""
        return {"policy": self.policy.state_dict(), "mean": self._mean, "steps": self._steps}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.policy.load_state_dict(state["policy"])
        self._mean, self._steps = state["mean"], state["steps"]


def share_of_step(iteration: int, iterations: int) -> float:
    """Half a cosine, from 1 to 0: what is learnt is soon as small as what chance does, which short steps average out.

    Args:
        iteration: from 1 on; past the last, nothing moves.
        iterations: of the whole run.
    """
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, (iteration - 1) / iterations)))


def sku_weight(world: World) -> Tensor:
    """[S] that a SKU's cost is multiplied by before SKUs are added up."""
    earned = (world.attributes.demand_mean * world.attributes.margin_usd).sum(dim=0)
    share = earned / earned.mean().clamp(min=1e-9)
    weight: Tensor = share.clamp(min=LEAST_SHARE) ** -POWER
    return weight


def uphill(cost: Tensor, noise: Tensor) -> Tensor:
    """[...] the direction in which costs rise, each number about standard normal where costs don't hang on the noise.

    Args:
        cost: [E, S] of each trial, mirror images next to each other.
        noise: [E / 2, S, ...] what the first of each two tried.
    """
    difference = 0.5 * (cost[0::2] - cost[1::2])
    spread = difference.square().mean().sqrt().clamp(min=1e-9)
    difference = (difference / spread).clamp(-MOST_SPREADS, MOST_SPREADS)
    return torch.einsum("es,es...->...", difference, noise.to(difference)) / math.sqrt(difference.numel())

"""Advantages of cells: generalised, compared among environments that live through the same scenario, and shared."""

from __future__ import annotations

import torch
from torch import Tensor


def generalised(rewards: Tensor, values: Tensor, *, gamma: float, gae_lambda: float) -> Tensor:
    """[T, ...] generalised advantages (Schulman et al. 2016) of days that end where they are cut.

    Args:
        rewards: [T, ...].
        values: [T + 1, ...], the last of what the days end with.
        gamma: discount of a day.
        gae_lambda: λ.
    """
    surprise = rewards + gamma * values[1:] - values[:-1]
    advantages = torch.empty_like(surprise)
    running = torch.zeros_like(surprise[0])
    for day in range(len(surprise) - 1, -1, -1):
        running = surprise[day] + gamma * gae_lambda * running
        advantages[day] = running
    return advantages


def against_the_same_scenario(advantages: Tensor, together: int) -> Tensor:
    """[T, E, ...] less the mean of the other environments that live through the same scenario.

    What demand did is in all of them, what a decision did in one, so that most of the noise cancels. The others don't
    know of this one's decision, which leaves the gradient's mean as it is (Mao et al. 2019, 'Variance reduction for
    reinforcement learning in input-driven environments').

    Args:
        advantages: [T, E, ...], environments of one scenario next to each other.
        together: environments of each scenario; with 1 there is nothing to compare.
    """
    if together == 1:
        return advantages
    groups = advantages.reshape(len(advantages), -1, together, *advantages.shape[2:])
    mean = groups.mean(dim=2, keepdim=True)
    return ((groups - mean) * (together / (together - 1))).flatten(1, 2)


def shared(advantages: Tensor, team_share: float) -> Tensor:
    """[T, E, A, S] (1 − ω) of a cell's own and ω of the mean over agents of the same SKU, as `Reward` blends costs."""
    if team_share == 0.0:
        return advantages
    return torch.lerp(advantages, advantages.mean(dim=2, keepdim=True).expand_as(advantages), team_share)

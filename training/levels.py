"""Demand at other levels than the training years'."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from entrepot.envs.twin import Scenario

COURSES = ("drifts", "steps", "is launched", "dies")
"""Of a level that moves; each as likely."""
MOVE_DEVIATION = 0.8
"""Of how far a level drifts or steps in all, as a logarithm: two thirds of them by at most a factor of 2.2. An
assumption, as are the days below."""
LAUNCH_DAYS = 28.0
"""From the first sale to the full level, in a straight line."""
DYING_DAYS = 28.0
"""In which sales fall to 1/e of what they were, once they began to."""


def at_other_levels(scenario: Scenario, deviation: float, generator: torch.Generator) -> Scenario:
    """Every SKU of every market sells at a level of its own around the long run, as it will when years have passed.

    Without it a policy learns to rely on the training years' level, which the test months don't keep.

    Args:
        scenario: as drawn.
        deviation: of the levels' logarithms.
        generator: that levels are drawn by.
    """
    episodes, _, markets, skus = scenario.demand.shape
    normal = torch.randn((episodes, 1, markets, skus), generator=generator)
    normal = 0.7 * normal + 0.7 * torch.randn((episodes, 1, 1, 1), generator=generator)
    factor = torch.exp(deviation * normal).to(scenario.demand)
    return replace(scenario, demand=scenario.demand * factor)


def at_moving_levels(scenario: Scenario, share: float, generator: torch.Generator) -> Scenario:
    """Some SKUs' levels move within the scenario, in all markets alike: they drift, step, are launched or die.

    Args:
        scenario: as drawn.
        share: of SKUs and episodes whose level moves; nothing is drawn for 0.
        generator: that courses are drawn by.
    """
    if share == 0:
        return scenario
    episodes, days, _, skus = scenario.demand.shape
    chance = torch.rand((3, episodes, skus), generator=generator)
    far = MOVE_DEVIATION * torch.randn((episodes, skus), generator=generator)
    course = (chance[0] * len(COURSES)).long()
    factor = torch.where((chance[1] < share)[:, None], _moved(course, chance[2], far, days), 1.0)
    return replace(scenario, demand=scenario.demand * factor.to(scenario.demand)[:, :, None])


def _moved(course: Tensor, when: Tensor, far: Tensor, days: int) -> Tensor:
    """[B, T, S] factor on the level.

    Args:
        course: [B, S] index of `COURSES`.
        when: [B, S] share of the days after which it steps, is launched or begins to die.
        far: [B, S] logarithm of the factor that it drifts or steps by.
        days: T.
    """
    day = torch.arange(days, dtype=far.dtype)[:, None]
    since = day - (when * days)[:, None]  # [B, T, S]
    far = far[:, None]
    # About its usual level, so that what it was before is no better guide than what it is after.
    drifts = torch.exp(far * (day / max(1, days - 1) - 0.5))
    steps = torch.exp(far * torch.where(since >= 0, 0.5, -0.5))
    launched = (since / LAUNCH_DAYS).clamp(0.0, 1.0)
    dies = torch.exp(-since.clamp(min=0.0) / DYING_DAYS)
    courses = torch.stack([drifts, steps, launched, dies])
    return torch.gather(courses, 0, course[None, :, None].expand(1, *drifts.shape))[0]

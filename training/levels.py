"""Demand at other levels than the training years'."""

from __future__ import annotations

from dataclasses import replace

import torch

from entrepot.envs.twin import Scenario


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

"""Run a policy through a scenario."""

from __future__ import annotations

import torch

from entrepot.agents.policy import Policy
from entrepot.envs.simulation import Present, Simulation, Watch
from entrepot.envs.twin import Scenario


@torch.no_grad()
def roll_out(
    simulation: Simulation,
    present: Present,
    scenario: Scenario,
    policy: Policy,
    *,
    days: int | None = None,
    watch: Watch | None = None,
) -> Present:
    """Run a policy without gradients.

    Args:
        simulation: of the network.
        present: at the start; its pipeline's memory is taken over and may not be used again.
        scenario: at least so many days.
        policy: who decides; `begin` has been called.
        days: how many; all if None.
        watch: told of every day.

    Returns:
        What the days end with.
    """
    return simulation.run(present, scenario, policy.decide, reads=policy.reads, days=days, watch=watch)

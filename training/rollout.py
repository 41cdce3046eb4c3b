"""Run a policy through a scenario, with or without gradients."""

from __future__ import annotations

from collections.abc import Callable

import torch

from entrepot.agents.policy import Policy
from entrepot.envs.observe.snapshot import NetworkAttributes, snapshot_of
from entrepot.envs.twin import Costs, Flows, Scenario, State, TwinParameters, step

Watch = Callable[[int, State, Flows, Costs], None]
"""Told of each day: its number, the state at its end, its flows and costs."""


def roll_out(
    parameters: TwinParameters,
    attributes: NetworkAttributes,
    state: State,
    scenario: Scenario,
    policy: Policy,
    *,
    first: int = 0,
    days: int | None = None,
    whole_units: bool = True,
    watch: Watch | None = None,
) -> State:
    """Run a policy without gradients.

    Args:
        parameters: of the network.
        attributes: of the same network.
        state: at the start; its pipeline's memory is taken over and may not be used again.
        scenario: at least `first + days` days.
        policy: who decides; `begin` has been called.
        first: the scenario's day to start at.
        days: how many; all that are left if None.
        whole_units: as in `step`.
        watch: told of every day.

    Returns:
        The state at the end.
    """
    with torch.no_grad():
        for number in range(first, scenario.days if days is None else first + days):
            day = scenario.at(number)
            decisions = policy.decide(snapshot_of(parameters, attributes, state, day))
            state, flows, costs = step(parameters, state, decisions, day, whole_units=whole_units, overwrite=True)
            if watch is not None:
                watch(number, state, flows, costs)
    return state

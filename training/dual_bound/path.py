"""The path of a policy through a scenario, which what a plan learns too early is measured along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.agents.policy import Policy
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived, Present, Simulation
from entrepot.envs.twin import Scenario
from entrepot.training.rollout import roll_out


@dataclass(frozen=True)
class Path:
    """Of E episodes over T days, in fractions of a unit."""

    presents: list[Present]  # [T] at the start of each day
    shipped: Tensor  # [E, T, L, S] units

    @classmethod
    def of(cls, simulation: Simulation, scenario: Scenario, policy: Policy, *, warm_up_days: int) -> Self:
        """Warm up, then keep every day.

        Args:
            simulation: in fractions of a unit.
            scenario: warm-up days, then T.
            policy: who decides; remembers nothing itself.
            warm_up_days: how many.
        """
        present = stocked(simulation, episodes=scenario.episodes)
        policy.begin(scenario.episodes)
        if warm_up_days:
            present = roll_out(simulation, present, scenario, policy, days=warm_up_days)
        presents, shipped = [present.mapped(torch.clone)], list[Tensor]()

        def watch(lived: Lived) -> None:
            presents.append(lived.present.mapped(torch.clone))
            shipped.append(lived.flows.shipped.clone())

        with torch.no_grad():
            simulation.run(
                present,
                scenario,
                policy.decide,
                reads=policy.reads,
                first=warm_up_days,
                days=scenario.days - warm_up_days,
                watch=watch,
            )
        return cls(presents[:-1], torch.stack(shipped, dim=1))

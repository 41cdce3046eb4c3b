"""Where training windows come from: episodes that run on under the current policy, on random subsets of the SKUs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from entrepot.agents.policy import Policy
from entrepot.envs.demand import Split
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Present, Simulation
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World
from entrepot.training.experiment import WindowsSettings
from entrepot.training.levels import at_moving_levels, at_other_levels
from entrepot.training.pathwise.window import horizon_days
from entrepot.training.rollout import roll_out

PolicyFor = Callable[[NetworkAttributes, torch.Tensor], Policy]
"""From the attributes of the chosen SKUs, and their indices, to the policy that warms a segment up."""

WorldAt = Callable[[int], World]
"""From a segment's number to its network and demand."""


@dataclass(frozen=True)
class Window:
    """One window and the network it runs on."""

    simulation: Simulation
    present: Present
    scenario: Scenario
    chosen: torch.Tensor  # [S'] the SKUs that take part
    horizon: torch.Tensor  # [L] as from `horizon_days`

    @property
    def scale_usd(self) -> float:
        """USD a day that would be lost if nothing were sold: what costs are measured against in training."""
        return float((self.simulation.attributes.demand_mean * self.simulation.attributes.margin_usd).sum())


class Windows:
    """An endless, reproducible stream of training windows.

    A segment is a fresh scenario, of a fresh network where networks are drawn, warmed up under the policy of the day,
    then cut into overlapping windows; the state at which the next window starts is handed back by the trainer.
    """

    def __init__(
        self,
        world: World,
        settings: WindowsSettings,
        *,
        seed: int,
        worlds: WorldAt | None = None,
    ) -> None:
        """Args: the network and its demand; the windows' shape; the seed; which network each segment has, if not it."""
        self._settings, self._seed = settings, seed
        self._worlds = worlds or (lambda segment: world)
        self._present: Present | None = None
        self._kept: tuple[World, Simulation] | None = None

    def carry_on(self, present: Present) -> None:
        """Where the segment's next window starts."""
        self._present = present

    def stream(self, policy_for: PolicyFor, *, first: int = 0) -> Iterator[Window]:
        """Windows from number `first` on (a resumed run lives through its segment's days up to there again)."""
        per_segment = self._settings.windows_per_segment
        number = first
        while True:
            segment, place = divmod(number, per_segment)
            world, scenario, chosen = self._segment(segment)
            simulation, horizon = self._simulation(world).for_skus(chosen), horizon_days(world.network)
            policy = policy_for(simulation.attributes, chosen)
            begin = self._settings.warm_up_days + place * self._settings.advance_days
            self._present = self._warm(simulation, scenario, policy, begin)
            for window in range(place, per_segment):
                begin = self._settings.warm_up_days + window * self._settings.advance_days
                cut = scenario.window(begin, self._settings.days)
                yield Window(simulation, self._present, cut, chosen, horizon)
                number += 1

    def _segment(self, segment: int) -> tuple[World, Scenario, torch.Tensor]:
        settings, world = self._settings, self._worlds(segment)
        parameters = world.parameters
        days = settings.warm_up_days + (settings.windows_per_segment - 1) * settings.advance_days + settings.days
        seed = self._seed * 1_000_003 + segment
        scenario = draw_scenario(
            world.network,
            world.demand,
            episodes=settings.episodes,
            days=days,
            split=Split.TRAIN,
            seed=seed,
            dtype=parameters.dtype,
            device=parameters.device,
        )
        generator = torch.Generator().manual_seed(seed)
        scenario = at_other_levels(scenario, settings.level_deviation, generator)
        scenario = at_moving_levels(scenario, settings.moving_share, generator)
        chosen = torch.randperm(parameters.skus, generator=generator)[: settings.skus].sort().values
        chosen = chosen.to(parameters.device)
        return world, scenario.for_skus(chosen), chosen

    def _simulation(self, world: World) -> Simulation:
        """Kept for the next segment, which is the same network's as a rule."""
        if self._kept is None or self._kept[0] is not world:
            self._kept = world, world.simulation(whole_units=False)
        return self._kept[1]

    def _warm(self, simulation: Simulation, scenario: Scenario, policy: Policy, days: int) -> Present:
        policy.begin(self._settings.episodes)
        opening = stocked(simulation, episodes=self._settings.episodes)
        return roll_out(simulation, opening, scenario, policy, days=days)

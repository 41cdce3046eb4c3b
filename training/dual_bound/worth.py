"""What one more unit in a place is worth later: the twin's gradient with respect to where every unit is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import torch
from torch import Tensor

from entrepot.agents.policy import Policy
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.settlement import Settlement
from entrepot.envs.simulation import Lived, Present, Simulation
from entrepot.envs.twin import Scenario, State


@dataclass(frozen=True)
class Worth:
    """USD that later days cost more for one more unit, in each of B environments; what is worth having is negative."""

    on_hand: Tensor  # [B, N, S]
    dock: Tensor  # [B, N, S]
    arriving: Tensor  # [B, N, S, H] by days to arrival

    @classmethod
    def around(
        cls, simulation: Simulation, present: Present, scenario: Scenario, policy: Policy, *, first: int, days: int
    ) -> tuple[Self, Self]:
        """At the start of the first day, and after it: live on and differentiate what days cost, stock settled at last.

        Orders are taken as they are decided: that with another unit other orders would follow does not count, as a plan
        is charged for each order on its own.

        Args:
            simulation: in fractions of a unit.
            present: at the start of the first of the days.
            scenario: at least `first + days` days.
            policy: remembers nothing itself.
            first: the scenario's day to begin at.
            days: how many, at least 1.
        """
        settlement = Settlement.start(simulation.parameters, present.state)
        total = torch.zeros((), dtype=torch.float64, device=present.state.on_hand.device)

        @torch.no_grad()
        def decide(snapshot: Snapshot) -> Decisions:
            return policy.decide(snapshot)

        def watch(lived: Lived) -> None:
            nonlocal total, settlement
            total = total + lived.costs.total.sum().double()
            settlement = settlement.add(lived.flows, lived.costs)

        run = partial(simulation.run, reads=policy.reads, overwrite=False, watch=watch)
        before, present = _marked(present)
        policy.begin(present.episodes)
        after, present = _marked(run(present, scenario, decide, first=first, days=1))
        end = run(present, scenario, decide, first=first + 1, days=days - 1)
        total = total + settlement.usd(end.state).sum()
        gradients = torch.autograd.grad(total, [*_units(before), *_units(after)], materialize_grads=True)
        return cls._of(before, gradients[:3]), cls._of(after, gradients[3:])

    @classmethod
    def _of(cls, state: State, gradients: Sequence[Tensor]) -> Self:
        on_hand, dock, pipeline = gradients
        return cls(on_hand, dock, replace(state, pipeline=pipeline).pipeline_by_days())

    def of_lanes(self, destination: Tensor, from_node: Tensor, days: Tensor) -> Tensor:
        """[B, L, S] of a unit that is on its way over a lane and not where it was sent from.

        Args:
            destination: [L] node.
            from_node: [N, L] 1 where the lane begins; none where a supplier is.
            days: [B, L] to its arrival, from the start of the days.
        """
        episodes = torch.arange(len(days))[:, None]
        there = self.arriving[episodes, destination[None, :], :, days.clamp(max=self.arriving.shape[-1] - 1)]
        return there - torch.einsum("bns,nl->bls", self.on_hand, from_node)


def _units(state: State) -> tuple[Tensor, Tensor, Tensor]:
    """Wherever units are."""
    return state.on_hand, state.dock, state.pipeline


def _marked(present: Present) -> tuple[State, Present]:
    """The state with tensors of its own, which gradients are taken with respect to, and what it stands in."""
    on_hand, dock, pipeline = (
        units.clone() if units.requires_grad else units.detach().requires_grad_() for units in _units(present.state)
    )
    state = replace(present.state, on_hand=on_hand, dock=dock, pipeline=pipeline)
    return state, replace(present, state=state)

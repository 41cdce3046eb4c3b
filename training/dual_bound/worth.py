"""What one more unit in a place is worth later: the twin's gradient with respect to where every unit is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from entrepot.agents.policy import Policy
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.settlement import Settlement
from entrepot.envs.simulation import Lived, Present, Simulation
from entrepot.envs.twin import Scenario


@dataclass(frozen=True)
class Worth:
    """USD that later days cost more for one more unit, in each of B environments; what is worth having is negative."""

    on_hand: Tensor  # [B, N, S]
    dock: Tensor  # [B, N, S]
    arriving: Tensor  # [B, N, S, H] by days to arrival

    @classmethod
    def after(
        cls, simulation: Simulation, present: Present, scenario: Scenario, policy: Policy, *, first: int, days: int
    ) -> Self:
        """Live on under a policy and differentiate what the days cost, stock at their end settled.

        Orders are taken as they are decided: that with another unit other orders would follow does not count, as a plan
        is charged for each order on its own.

        Args:
            simulation: in fractions of a unit.
            present: at the start of the first of the days.
            scenario: at least `first + days` days.
            policy: remembers nothing itself.
            first: the scenario's day to begin at.
            days: how many.
        """
        state = present.state
        leaves = [units.detach().requires_grad_() for units in (state.on_hand, state.dock, state.pipeline)]
        on_hand, dock, ring = leaves
        present = replace(present, state=replace(state, on_hand=on_hand, dock=dock, pipeline=ring))
        settlement = Settlement.start(simulation.parameters, state)
        total = torch.zeros((), dtype=torch.float64, device=on_hand.device)

        @torch.no_grad()
        def decide(snapshot: Snapshot) -> Decisions:
            return policy.decide(snapshot)

        def watch(lived: Lived) -> None:
            nonlocal total, settlement
            total = total + lived.costs.total.sum().double()
            settlement = settlement.add(lived.flows, lived.costs)

        policy.begin(present.episodes)
        end = simulation.run(
            present, scenario, decide, reads=policy.reads, first=first, days=days, overwrite=False, watch=watch
        )
        total = total + settlement.usd(end.state).sum()
        gradients = torch.autograd.grad(total, leaves)
        by_days = replace(state, pipeline=gradients[2]).pipeline_by_days()
        return cls(gradients[0], gradients[1], by_days)

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

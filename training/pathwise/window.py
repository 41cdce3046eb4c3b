"""The cost of a window of days, differentiable in whatever decides.

Hindsight differentiable policy optimisation (Madeka et al. 2022, 'Deep inventory management'; Alvo, Russo and Kanoria
2023, 'Neural inventory control in networks via hindsight differentiable policy optimization').
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.simulation import Lived, Present, Simulation
from entrepot.envs.twin import Costs, Scenario

Learning = Callable[[Snapshot, Tensor], tuple[Decisions, Tensor | None]]
"""From a snapshot and [L] 1 where a lane's target may learn today, to decisions and, from a policy that chooses its
departures, [B, L] 0 or 1 (None from one that doesn't)."""

SEEN_DAYS = 14
"""A decision counts only if at least so many days after its goods arrive lie inside the window."""


@dataclass(frozen=True)
class WindowCost:
    """What a window cost."""

    loss: Tensor  # [] USD a day over the scale
    usd_by_part: Tensor  # [parts] USD a day, summed over nodes
    lost: Tensor  # [] share of demand
    following: Present  # where the next window starts, detached

    # Numbers only when they are asked for: on an accelerator that means to wait, and the gradient can be begun before.
    @property
    def parts(self) -> dict[str, float]:
        """USD a day by part, summed over nodes."""
        return dict(zip(Costs.parts(), self.usd_by_part.tolist(), strict=True))

    @property
    def lost_share(self) -> float:
        """Of demand."""
        return float(self.lost)


def horizon_days(network: NetworkArrays) -> Tensor:
    """[L] days after which an order's consequences have been seen: its own lead time and the next lane's."""
    lead = network.lane.lead_days
    onward = torch.zeros(len(network.nodes) + len(network.suppliers), dtype=torch.float64)
    ways_out = torch.as_tensor(lead * network.lane.primary.any(axis=1))
    onward = onward.scatter_reduce(0, torch.as_tensor(network.lane.origin), ways_out, reduce="amax")
    return torch.as_tensor(lead) + onward[torch.as_tensor(network.lane.destination)] + SEEN_DAYS


def window_cost(
    simulation: Simulation,
    present: Present,
    scenario: Scenario,
    decide: Learning,
    *,
    horizon: Tensor,
    scale_usd: float,
    advance_days: int,
    reads: frozenset[Costly] = NOTHING_COSTLY,
    lost_sales_weight: float = 1.0,
    lost_unit_usd: float = 0.0,
) -> WindowCost:
    """Run the window with gradients.

    A target whose orders' consequences fall outside the window doesn't learn from it: they would look like pure
    expense. Its orders still answer to the stock position, so that a unit ordered earlier saves one later.

    Args:
        simulation: of the network, in fractions of a unit, through which gradients flow.
        present: at the window's start.
        scenario: the window's days.
        decide: what is trained.
        horizon: [L] as from `horizon_days`.
        scale_usd: what the loss is divided by, so that a learning rate means the same on any network.
        advance_days: where inside the window the next one starts.
        reads: which costly parts of a snapshot `decide` reads.
        lost_sales_weight: how much dearer a lost margin is in the loss than in the cost.
        lost_unit_usd: what every lost unit costs in the loss beside its margin.
    """
    parameters = simulation.parameters
    total = torch.zeros((), dtype=parameters.dtype, device=parameters.device)
    parts = torch.zeros(len(Costs.parts()), dtype=total.dtype, device=total.device)
    lost, asked = torch.zeros_like(total), torch.zeros_like(total)
    following = present
    horizon = horizon.clamp(max=0.75 * scenario.days).to(parameters.device)
    days_left = scenario.days
    departs: Tensor | None = None

    def deciding(snapshot: Snapshot) -> Decisions:
        nonlocal departs
        seen = (horizon <= days_left).to(parameters.dtype)
        decisions, departs = decide(snapshot, seen)
        return decisions

    def watch(lived: Lived) -> None:
        nonlocal total, following, days_left
        costs, flows = lived.costs, lived.flows
        by_part = costs.stacked.sum(dim=(1, 2))
        total = total + by_part.sum()
        if lost_sales_weight != 1.0:
            total = total + (lost_sales_weight - 1.0) * costs.lost_margin.sum()
        if lost_unit_usd:
            total = total + lost_unit_usd * flows.lost.sum()
        if departs is not None and departs.requires_grad:
            # What is shipped says nothing of a price that is paid once; the choice to ship does. Adds 0.
            price = parameters.lane.price_per_shipment[:, 0] * lived.day.price_surge
            total = total + ((departs - departs.detach()) * price).sum()
        with torch.no_grad():
            parts.add_(by_part.detach())
            lost.add_(flows.lost.sum())
            asked.add_(flows.demand.sum())
        days_left -= 1
        if scenario.days - days_left == advance_days:
            following = lived.present.detach()

    simulation.run(present, scenario, deciding, reads=reads, overwrite=False, watch=watch)
    environment_days = scenario.episodes * scenario.days
    return WindowCost(
        loss=total / (environment_days * scale_usd),
        usd_by_part=parts.double() / environment_days,
        lost=lost / asked.clamp(min=1e-9),
        following=following,
    )

"""What the neural policy's features take from a network alone, worked out once and not every day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.observe.on_the_way import arriving_days
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate

MOST_STAGES_BELOW = 3
"""How many lanes in a row what is short further down is heard of."""
LEAST_VALUE_SHARE = 1e-4
"""Of a lost sale's margin: goods that cost nothing look like goods that cost next to nothing."""


@dataclass(frozen=True)
class Lasting:
    """Of N nodes, L lanes and S SKUs; none of it depends on base covers, which may be learnt."""

    margin: Tensor  # [N, S] USD lost with a unit that can't be sold
    mean: Tensor  # [1, N, S] units a day that pass through a node in the long run
    variance: Tensor  # [1, N, S] units² a day of the same
    log_deviation: Tensor  # [1, N, S] a feature of nodes' SKUs, as are the following
    log_value: Tensor  # [N, S]
    safety_days: Tensor  # [D] days of demand until the end of each of `ARRIVING_DAYS`
    safety_units: Tensor  # [1, N, S, D] standard deviation of the demand of so many days
    from_node: Tensor  # [L] 1 where a lane starts at a node, 0 where at a supplier
    lanes: Tensor  # [L, 4] features of lanes, `from_node` first
    lane_cells: Tensor  # [L, S, 2] features of lanes' SKUs
    feeds: Tensor  # [N, L] 1 where a lane starts at the node
    stages_below: int  # the longest chain of lanes from node to node, as far as it is heard of

    @classmethod
    def of(cls, attributes: NetworkAttributes) -> Self:
        """Of a network."""
        margin = _margin(attributes)
        lasting = torch.stack([attributes.demand_mean, attributes.demand_deviation**2])
        mean, variance = echelon_rate(attributes, lasting).unsqueeze(1)
        mean = mean.clamp(min=LEAST_RATE)
        safety_days = arriving_days(mean).to(mean) + 1
        nodes = margin.shape[0]
        from_node = (attributes.lane_origin < nodes).to(mean)
        landed = attributes.lane_landed_usd / margin[attributes.lane_destination]
        feeds = (attributes.lane_origin == torch.arange(nodes, device=margin.device)[:, None]).to(mean)
        return cls(
            margin=margin,
            mean=mean,
            variance=variance,
            log_deviation=torch.log1p(torch.sqrt(variance) / mean) - 1.0,
            log_value=torch.log((attributes.value_usd / margin).clamp(min=LEAST_VALUE_SHARE)),
            safety_days=safety_days,
            safety_units=torch.sqrt(variance + LEAST_RATE).unsqueeze(-1) * torch.sqrt(safety_days),
            from_node=from_node,
            lanes=torch.stack(
                [
                    from_node,
                    torch.log1p(attributes.lane_lead_days) - 2.5,
                    torch.log1p(attributes.lane_lead_deviation_days) - 1.0,
                    torch.log1p(attributes.lane_interval_days) - 1.0,
                ],
                dim=-1,
            ),
            lane_cells=torch.stack([torch.log1p(10 * landed), attributes.lane_primary], dim=-1),
            feeds=feeds,
            stages_below=_stages_below(attributes, feeds),
        )


def _margin(attributes: NetworkAttributes) -> Tensor:
    """[N, S] mean over the markets whose demand passes through the node."""
    weight = attributes.echelon_share * attributes.demand_mean.clamp(min=LEAST_RATE)
    total = weight.sum(dim=1)
    passing = (weight * attributes.margin_usd).sum(dim=1) / total.clamp(min=1e-6)
    anywhere = attributes.margin_usd.mean(dim=0).expand_as(passing)
    return torch.where(total > 1e-6, passing, anywhere).clamp(min=0.01)


def _stages_below(attributes: NetworkAttributes, feeds: Tensor) -> int:
    """How far what is short below must be followed; where no value may change what is done, as far as ever."""
    if not attributes.tells_values:
        return MOST_STAGES_BELOW
    nodes = torch.arange(feeds.shape[0], device=feeds.device)
    next_node = feeds @ (attributes.lane_destination[:, None] == nodes).to(feeds)  # [N, N]
    stages, chains = 0, next_node
    while stages < MOST_STAGES_BELOW and bool(chains.any()):
        stages, chains = stages + 1, chains @ next_node
    return stages

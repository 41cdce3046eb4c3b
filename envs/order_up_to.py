"""From days of cover to orders: what both the environment's action and a policy's head mean by a target."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

from entrepot.envs.snapshot import NetworkAttributes, Snapshot

LEAST_RATE = 0.02
"""Units a day that a cell counts as asking for at the least, so that a dormant SKU keeps a meaning for 'days'."""
NEVER = -1e9


def echelon_rate(attributes: NetworkAttributes, demand: Tensor) -> Tensor:
    """[B, N, S] units a day that pass through each node, of [B, M, S] units a day asked by markets."""
    return torch.einsum("nms,bms->bns", attributes.echelon_share, demand)


def demand_rate(attributes: NetworkAttributes, snapshot: Snapshot) -> Tensor:
    """[B, N, S] units a day that cover is counted in: midway between the last 28 days and the long run."""
    recent = 0.5 * (snapshot.demand_slow + attributes.demand_mean)
    return echelon_rate(attributes, recent).clamp(min=LEAST_RATE)


def stock_position(attributes: NetworkAttributes, snapshot: Snapshot) -> Tensor:
    """[B, L, S] units at each lane's destination or due there within its window, less what customers wait for."""
    at_node = snapshot.on_hand + snapshot.dock - attributes.direct_share @ snapshot.backlog
    return at_node[:, attributes.lane_destination] + snapshot.due


def orders_from_cover(
    attributes: NetworkAttributes, snapshot: Snapshot, cover: Tensor, rate: Tensor, *, smoothing_days: float = 0.0
) -> Tensor:
    """Order up to a cover on every lane, the fastest lanes of a node first.

    The dual-index policy (Veeraraghavan and Scheller-Wolf 2008, 'Now or later'), for any number of lanes. With
    y = target − position on each lane, orders of the lanes up to and including l sum to max(0, y of all of them), so
    that l orders max(0, y_l − max(0, y of faster lanes)): no lane has to wait for another's result. A lane orders on
    the days on which it departs: to wait until then costs nothing and shows more demand.

    Args:
        attributes: of the network.
        snapshot: at decision time.
        cover: [B, L, S] days.
        rate: [B, N, S] units a day at each node.
        smoothing_days: rounds off the kink at 0 over so many days of cover, so that a gradient reaches a lane
            that doesn't order; 0 keeps it exact.

    Returns:
        [B, L, S] units, not rounded.
    """
    rate = rate[:, attributes.lane_destination]
    short = cover * rate - stock_position(attributes, snapshot)
    departs = (snapshot.lane_wait_days < 0.5).unsqueeze(-1) & (attributes.lane_carries > 0.5)
    short = torch.where(departs, short, NEVER)
    padded = torch.cat([short, short.new_full((short.shape[0], 1, short.shape[2]), NEVER)], dim=1)
    ordered_faster = padded[:, attributes.lane_faster].amax(dim=2).clamp(min=0.0)
    wanted = short - ordered_faster
    if smoothing_days == 0.0:
        return wanted.clamp(min=0.0)
    width = smoothing_days * rate
    return torch.where(departs, functional.softplus(wanted / width) * width, 0.0)

"""From days of cover to orders: what both the environment's action and a policy's head mean by a target."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot

LEAST_RATE = 0.02
"""Units a day that a cell counts as asking for at the least, so that a dormant SKU keeps a meaning for 'days'."""
NEVER = -1e9


def echelon_rate(attributes: NetworkAttributes, demand: Tensor) -> Tensor:
    """[B, N, S] units a day that pass through each node, of [B, M, S] units a day asked by markets."""
    if torch.compiler.is_exporting():  # a graph whose shapes depended on the network's values could not be exported
        return (attributes.echelon_share * demand.unsqueeze(1)).sum(dim=2)  # ONNX Runtime transposes for an einsum
    return passing_rate(attributes, demand.transpose(0, 1)).transpose(0, 1)


def passing_rate(attributes: NetworkAttributes, demand: Tensor) -> Tensor:
    """[N, B, S] as `echelon_rate`, of [M, B, S]."""
    if torch.compiler.is_exporting():
        return torch.einsum("nms,mbs->nbs", attributes.echelon_share, demand)
    carried = attributes.carried_demand
    return carried.by_node(demand.index_select(0, carried.market) * carried.share)


def demand_rate(attributes: NetworkAttributes, snapshot: Snapshot) -> Tensor:
    """[B, N, S] units a day that cover is counted in: midway between the last 28 days and the long run."""
    recent = 0.5 * (snapshot.demand_slow + attributes.demand_mean)
    return echelon_rate(attributes, recent).clamp(min=LEAST_RATE)


def waiting_at_nodes(attributes: NetworkAttributes, snapshot: Snapshot) -> Tensor:
    """[B, N, S] units that customers wait for, at their market's first option."""
    backlog = snapshot.backlog.transpose(0, 1)
    waiting = attributes.direct_share @ backlog.flatten(1)
    return waiting.view(-1, *backlog.shape[1:]).transpose(0, 1)


def stock_position(attributes: NetworkAttributes, snapshot: Snapshot) -> Tensor:
    """[B, L, S] units at each lane's destination or due there within its window, less what customers wait for."""
    return _position(attributes, snapshot).transpose(0, 1)


def _position(attributes: NetworkAttributes, snapshot: Snapshot) -> Tensor:
    """[L, B, S] the same."""
    at_node = snapshot.on_hand + snapshot.dock - waiting_at_nodes(attributes, snapshot)
    at_destination = at_node.transpose(0, 1).index_select(0, attributes.lane_destination)
    return at_destination.add_(snapshot.due.transpose(0, 1))


def orders_from_cover(
    attributes: NetworkAttributes, snapshot: Snapshot, cover: Tensor, rate: Tensor, *, smoothing_days: float = 0.0
) -> Tensor:
    """Order up to a cover on every lane, the fastest lanes of a node first.

    The dual-index policy (Veeraraghavan and Scheller-Wolf 2008, 'Now or later'), for any number of lanes. With
    y = target − position on each lane, orders of the lanes up to and including l sum to max(0, y of all of them), so
    that l orders max(0, y_l − max(0, y of faster lanes)): no lane has to wait for another's result. A lane orders on
    the days on which it departs and is open: to wait until then costs nothing and shows more demand.

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
    # Lanes first, as in the twin: rows of B·S numbers are gathered in one piece.
    rate = rate.transpose(0, 1).index_select(0, attributes.lane_destination)
    target = rate * cover.expand_as(snapshot.due).transpose(0, 1)
    width = smoothing_days * rate if smoothing_days else None
    return orders_up_to(attributes, snapshot, target, width=width).transpose(0, 1)


def orders_up_to(
    attributes: NetworkAttributes, snapshot: Snapshot, target: Tensor, *, width: Tensor | None = None
) -> Tensor:
    """Order up to a target on every lane; see `orders_from_cover`.

    Args:
        attributes: of the network.
        snapshot: at decision time.
        target: [L, B, S] units.
        width: [L, B, S] units over which the kink at 0 is rounded off, so that a gradient reaches a lane that doesn't
            order; exact if None.

    Returns:
        [L, B, S] units, not rounded.
    """
    short = target - _position(attributes, snapshot)
    stays = ((snapshot.lane_wait_days >= 0.5) | (snapshot.lane_open <= 0)).t()
    stays = stays.unsqueeze(-1) | attributes.lane_cannot_carry
    short = short.masked_fill_(stays, NEVER)
    wanted = short - _ordered_faster(attributes, short)
    if width is None:
        return wanted.clamp_(min=0.0)
    return (functional.softplus(wanted / width) * width).masked_fill_(stays, 0.0)


def _ordered_faster(attributes: NetworkAttributes, short: Tensor) -> Tensor:
    """[L, B, S] the most that is short on any faster lane to the same node, 0 if nothing is."""
    if torch.compiler.is_exporting():  # the steps' number would depend on the network
        padded = torch.cat([short, short.new_full((1, *short.shape[1:]), NEVER)])
        return padded[attributes.lane_faster].amax(dim=1).clamp(min=0.0)
    # A running maximum over a node's lanes, by doubling: with each step it reaches twice as many lanes ahead.
    most = short.clamp(min=0.0)
    for ahead in attributes.faster_by_doubling:
        most = torch.maximum(most, most.index_select(0, ahead))
    ordered: Tensor = most.index_select(0, attributes.next_faster).mul_(attributes.has_faster)
    return ordered

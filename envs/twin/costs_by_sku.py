"""A day's costs split by SKU: what a SKU's own units cost is its own, and what all share is split by what takes it up.

Units times prices split exactly. Shipments' and containers' prices are split by the volume that was shipped to the node
on the day. What no single SKU decides (equipment, counts of stock, Amazon's fees, refurbishing) is split by the volume
that each SKU keeps at the node, evenly where nothing is kept. The split adds up to the node's cost whatever is switched
on.
"""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.twin.flows import Costs, Flows
from entrepot.envs.twin.layout import entity_first
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State

LEAST_M3 = 1e-9


def costs_by_sku(parameters: TwinParameters, day: Day, state: State, flows: Flows, costs: Costs) -> Tensor:
    """[B, N, S] USD of one day, whose sum over SKUs is `costs.total`.

    Args:
        parameters: of the network.
        day: that was lived through.
        state: at its end.
        flows: of the day.
        costs: of the day.
    """
    node, volume = parameters.node, parameters.sku.volume_m3
    stored = entity_first(state.on_hand) + entity_first(state.dock)  # [N, B, S]
    stored_m3 = stored * volume
    own = (stored + entity_first(state.in_transit)) * parameters.capital_usd
    own = own + stored_m3 * node.storage_usd_per_m3_day.index_select(1, day.month).unsqueeze(-1)
    own = own + entity_first(flows.unloaded) * node.inbound_usd_per_unit.unsqueeze(-1)
    own = own + _of_markets(parameters, state, flows)
    back = entity_first(flows.restocked) + entity_first(flows.scrapped)
    if parameters.inspection is None:  # else what came back today is still to be inspected, and shared below
        own = own + back * node.return_usd_per_unit.unsqueeze(-1)
    scrapped = entity_first(flows.scrapped)
    for gone in (flows.destroyed, flows.expired):
        scrapped = scrapped if gone is None else scrapped + entity_first(gone)
    own = own + scrapped * parameters.sku.unit_value_usd
    own = own + _of_lanes(parameters, day, flows)
    rest = (_without_departures(parameters, day, flows, costs) - own.sum(dim=-1)).unsqueeze(-1)
    own = own + rest * _shares(stored_m3)
    return (own + _of_departures(parameters, day, flows, costs, stored_m3)).transpose(0, 1)


def _of_markets(parameters: TwinParameters, state: State, flows: Flows) -> Tensor:
    """[N, B, S] USD of serving customers, of losing them and of letting them wait."""
    market = parameters.market
    served = flows.served.transpose(1, 2).flatten(0, 1).index_select(0, parameters.option.existing)  # [P, B, S]
    lost = entity_first(flows.lost) * market.lost_margin_usd
    waiting = entity_first(state.backlog)
    usd = (
        parameters.serving_usd @ served.flatten(1)
        + market.direct_share @ lost.flatten(1)
        + market.backlog_usd_at_node @ waiting.flatten(1)
    )
    return usd.view(-1, *waiting.shape[1:])


def _of_lanes(parameters: TwinParameters, day: Day, flows: Flows) -> Tensor:
    """[N, B, S] USD of freight and duty that go by the unit, at the lanes' destinations."""
    lane = parameters.lane
    a_unit = lane.freight_usd.unsqueeze(1) * day.price_surge.t().unsqueeze(-1) + lane.duty_usd.unsqueeze(1)
    return lane.by_destination(entity_first(flows.shipped) * a_unit)


def _freight_by_unit(parameters: TwinParameters, day: Day, flows: Flows) -> Tensor:
    """[N, B] USD of freight that goes by the unit."""
    lane = parameters.lane
    by_lane = (entity_first(flows.shipped) * lane.freight_usd.unsqueeze(1)).sum(dim=-1)
    return lane.to_node @ (by_lane * day.price_surge.t())


def _without_departures(parameters: TwinParameters, day: Day, flows: Flows, costs: Costs) -> Tensor:
    """[N, B] USD of the day but for what whole shipments and containers cost."""
    return costs.total.t() - costs.freight.t() + _freight_by_unit(parameters, day, flows)


def _of_departures(parameters: TwinParameters, day: Day, flows: Flows, costs: Costs, stored_m3: Tensor) -> Tensor:
    """[N, B, S] USD of shipments and containers, by the volume of each SKU that was shipped to the node today.

    Where a departure takes what was booked before and nothing was shipped today, by the volume that the node keeps.
    """
    shared = (costs.freight.t() - _freight_by_unit(parameters, day, flows)).unsqueeze(-1)
    aboard = parameters.lane.by_destination(entity_first(flows.shipped)) * parameters.sku.volume_m3
    something = aboard.sum(dim=-1, keepdim=True) > LEAST_M3
    return shared * _shares(torch.where(something, aboard, stored_m3))


def _shares(m3: Tensor) -> Tensor:
    """[N, B, S] of the volume of all SKUs; even where there is none."""
    total = m3.sum(dim=-1, keepdim=True)
    return torch.where(total > LEAST_M3, m3 / total.clamp(min=LEAST_M3), 1.0 / m3.shape[-1])

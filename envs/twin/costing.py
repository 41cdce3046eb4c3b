"""From a day's flows to USD."""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.twin.flows import Costs
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.scenario import Day

SHIPMENT_SCALE_M3 = 0.05
"""In training, a consignment of this volume already bears 63 % of a shipment's fixed price."""


def costs_of(
    parameters: TwinParameters,
    day: Day,
    *,
    stored: Tensor,
    in_transit: Tensor,
    unloaded: Tensor,
    served: Tensor,
    lost: Tensor,
    backlog: Tensor,
    returned: Tensor,
    scrapped: Tensor,
    freight_usd: Tensor,
    duty_usd: Tensor,
    departed_m3: Tensor,
    whole_containers: bool,
) -> Costs:
    """Cost of one day, from tensors whose entity comes first.

    Args:
        parameters: of the network.
        day: of the scenario.
        stored: [N, B, S] units on hand and on the dock at the end of the day.
        in_transit: [N, B, S] units at the end of the day.
        unloaded: [N, B, S] units.
        served: [P, B] units by option.
        lost: [M, B, S] units.
        backlog: [M, B, S] units at the end of the day.
        returned: [N, B, S] units that came back.
        scrapped: [N, B, S] units, of these.
        freight_usd: [L, B] of what was shipped today, but for what is paid once a departure.
        duty_usd: [L, B] of what was shipped today.
        departed_m3: [L, B] what the lanes' departures of today carry.
        whole_containers: whole containers and shipments; otherwise their price is spread smoothly.
    """
    storage_price = parameters.node.storage_usd_by_month.index_select(0, day.month).t()  # [N, B]
    once = _once_a_departure(parameters, departed_m3, whole_containers)
    node, market, to_node = parameters.node, parameters.market, parameters.lane.to_node
    by_node = (
        stored @ parameters.capital_usd + in_transit @ parameters.capital_usd,
        stored @ parameters.sku.volume_m3 * storage_price,
        to_node @ ((freight_usd + once) * day.price_surge.t()),
        to_node @ duty_usd,
        torch.addmm(unloaded.sum(dim=-1) * node.inbound_usd_per_unit, parameters.serving_usd, served),
        market.direct_share @ (lost * market.lost_margin_usd).sum(dim=-1),
        market.backlog_usd_at_node @ backlog.sum(dim=-1),
        returned.sum(dim=-1) * node.return_usd_per_unit,
        scrapped @ parameters.sku.unit_value_usd,
    )
    return Costs(*(cost.t() for cost in by_node))


def _once_a_departure(parameters: TwinParameters, departed_m3: Tensor, whole_containers: bool) -> Tensor:
    """[L, B] USD of shipments and containers."""
    if whole_containers:
        shipments = departed_m3.sign()
        containers = torch.ceil(departed_m3 / parameters.container_m3)
    else:
        shipments = -torch.expm1(-departed_m3 / SHIPMENT_SCALE_M3)
        containers = departed_m3 / parameters.container_m3
    return torch.addcmul(
        shipments * parameters.lane.price_per_shipment, containers, parameters.lane.price_per_container
    )

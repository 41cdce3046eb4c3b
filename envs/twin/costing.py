"""From a day's flows to USD."""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.twin.fba import FbaDay
from entrepot.envs.twin.flows import Costs
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.receiving import Received
from entrepot.envs.twin.records import RecordsDay
from entrepot.envs.twin.returning import Returned
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.serving import Served
from entrepot.envs.twin.shipping import Shipped

SHIPMENT_SCALE_M3 = 0.05
"""In training, a consignment of this volume already bears 63 % of a shipment's fixed price."""


def costs_of(
    parameters: TwinParameters,
    day: Day,
    received: Received,
    returned: Returned,
    served: Served,
    shipped: Shipped,
    *,
    dock: Tensor,
    equipment_usd: Tensor | None,
    destroyed: Tensor | None,
    fba: FbaDay | None,
    kept: RecordsDay | None,
    expired: Tensor | None,
    refurbished_usd: Tensor | None,
    whole_containers: bool,
) -> Costs:
    """Cost of one day, from its parts.

    Args:
        parameters: of the network.
        day: of the scenario.
        received: of the day.
        returned: of the day.
        served: of the day.
        shipped: of the day.
        dock: [N, B, S] units on the dock at the end of the day.
        equipment_usd: [N, B]; None where nothing wears.
        destroyed: [B, N, S] units of stock; None where nothing is.
        fba: the day at Amazon's centres; None where no node is theirs.
        kept: the day of records; None where they are always right.
        expired: [N, B, S] units; None where nothing perishes.
        refurbished_usd: [N, B] of returned goods; None where nothing waits to be inspected.
        whole_containers: whole containers and shipments; otherwise their price is spread smoothly.
    """
    node, market, to_node = parameters.node, parameters.market, parameters.lane.to_node
    stored = shipped.on_hand + dock
    storage_price = node.storage_usd_per_m3_day.index_select(1, day.month)  # [N, B]
    once = _once_a_departure(parameters, shipped.departed_m3, whole_containers)
    inbound = received.unloaded.sum(dim=-1) * node.inbound_usd_per_unit
    scrap = returned.scrapped @ parameters.sku.unit_value_usd
    if destroyed is not None:
        scrap = scrap + (destroyed @ parameters.sku.unit_value_usd).t()
    if kept is not None:
        inbound = inbound + kept.usd
        scrap = scrap + kept.shrunk @ parameters.sku.unit_value_usd
    none = torch.zeros_like(inbound)
    returns = returned.back.sum(dim=-1) * node.return_usd_per_unit
    if refurbished_usd is not None:
        returns = returns + refurbished_usd
    fees = (none,) * 4
    if fba is not None:
        fees = fba.placement_usd, fba.utilisation_usd, fba.aged_usd, fba.removal_usd
    by_node = (
        stored @ parameters.capital_usd + shipped.in_transit @ parameters.capital_usd,
        stored @ parameters.sku.volume_m3 * storage_price,
        to_node @ ((shipped.freight_usd + once) * day.price_surge.t()),
        to_node @ shipped.duty_usd,
        torch.addmm(inbound, parameters.serving_usd, served.of_all_skus),
        market.direct_share @ (served.lost * market.lost_margin_usd).sum(dim=-1),
        market.backlog_usd_at_node @ served.backlog.sum(dim=-1),
        returns,
        scrap,
        none if equipment_usd is None else equipment_usd,
        none if expired is None else expired @ parameters.sku.unit_value_usd,
        *fees,
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

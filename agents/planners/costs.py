"""What a plan costs, by the twin's own parts; and how it is settled at both ends."""

from __future__ import annotations

import numpy as np

from entrepot.agents.planners.flows import Flows
from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.program import LinearProgram


def add_costs(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    """All parts but returns and scrap. What is paid once a shipment is left out, a container's price spread."""
    network = instance.network
    length = instance.length_days[:, None, None]
    capital = network.value_usd * network.capital_share_per_day
    storage = instance.storage_usd_per_m3_day[:, :, None] * network.volume_m3
    for stock in (flows.on_hand, flows.dock):
        program.cost("capital", stock, length * capital)
        program.cost("storage", stock, length * storage)
    program.cost("capital", flows.ship, instance.transit_days[:, :, None] * capital)
    until_arrival = instance.length_days.cumsum() - instance.length_days
    program.cost("capital", flows.opening_arriving, until_arrival[:, None, None] * capital)
    container = network.lane_container_usd[:, None] * network.volume_m3 / network.container_m3
    program.cost("freight", flows.ship, instance.price_surge[:, :, None] * network.lane_freight_usd)
    program.cost("freight", flows.ship, instance.container_surge[:, :, None] * container)
    program.cost("duty", flows.ship, network.lane_duty_usd)
    arriving = (instance.arrival < instance.periods).astype(np.float64)[:, :, None]
    program.cost("placement", flows.ship, arriving * network.placement_usd[network.lane_destination][:, None])
    program.cost("placement", flows.opening_arriving, network.placement_usd[:, None])
    program.cost("handling", flows.unload, network.inbound_usd[:, None])
    exists = network.option_group.sum(axis=1)
    serving = (network.option_group * network.outbound_usd[:, None]).sum(axis=1) + network.option_usd * exists
    program.cost("handling", flows.serve, serving[:, :, None])
    program.cost("lost_margin", flows.lost, network.lost_margin_usd)
    program.cost("backlog", flows.backlog, length * network.backlog_usd[:, None])


def add_returns_as_they_come(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    """Returns and scrap on the day that they come back, as the twin books them."""
    network = instance.network
    for came_back in (flows.restock, flows.scrap):
        program.cost("returns", came_back, network.return_usd[:, None])
    program.cost("scrap", flows.scrap, network.value_usd)


def add_settlement(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    """Stock changes hands at landed value at both ends, and returns are provided for as goods are sold.

    The same as `envs/settlement.py` adds to what a policy has cost.
    """
    network, values = instance.network, instance.network.values
    program.cost("settlement", flows.opening_on_hand, values["on_hand"])
    program.cost("settlement", flows.opening_dock, values["at_dock"])
    program.cost("settlement", flows.opening_arriving, values["on_the_way"])
    program.cost("settlement", flows.on_hand[-1], -values["on_hand"])
    program.cost("settlement", flows.dock[-1], -values["at_dock"])
    still_on_its_way = (instance.arrival >= instance.periods).astype(np.float64)[:, :, None]
    program.cost("settlement", flows.ship, -still_on_its_way * values["on_the_way"][network.lane_destination])
    container = values["booked"][:, None] * network.volume_m3
    program.cost("settlement", flows.ship, instance.departs_later[:, :, None] * container)
    program.cost("returns", flows.serve, values["return_cost"])
    program.cost("scrap", flows.serve, values["scrap_cost"])
    program.cost("settlement", flows.serve, -values["restocked"])
    program.cost("settlement", flows.restock, np.broadcast_to(values["at_dock"], flows.restock.shape))

"""What a stretch of days costs once the stock it began and ended with is settled.

The days that count are cut out of a longer life. Whoever ships much before they begin finds goods on the shelves whose
freight falls on no day that counts, and whoever orders nothing towards the end leaves empty shelves. So that neither
pays, stock changes hands at both ends at its landed value, the price per unit of freight, duty, Amazon's placement and
receiving along the cheapest way, as inventory is valued in accounts (IAS 2). Returns are provided for on the day of the
sale, at their expected cost; what is restocked later is bought back at landed value. A policy that keeps its stock
level has a settlement of about nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.twin.flows import Costs, Flows
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.state import State


@dataclass(frozen=True)
class StockValues:
    """USD at which stock and returns are settled. N nodes, M markets, S SKUs."""

    on_hand: Tensor  # [N, S] per unit on the shelves
    at_dock: Tensor  # [N, S] per unit that waits to be unloaded
    on_the_way: Tensor  # [N, S] per unit that is on its way to the node
    return_cost: Tensor  # [M, S] expected cost of returns per unit sold: handling
    scrap_cost: Tensor  # [M, S] the same: value of what is scrapped
    restocked: Tensor  # [M, S] the same: landed value of what can be sold again
    booked: Tensor  # [L] per m³ that waits for a departure, of containers to be paid then
    unit_value: Tensor  # [S] of a unit that is scrapped

    @classmethod
    def of(cls, parameters: TwinParameters) -> Self:
        """Of a network whose lanes never cost less than usual."""
        on_hand = landed_usd(parameters)
        at_dock = on_hand - parameters.node.inbound_usd_per_unit
        home = parameters.market.direct_share.T * parameters.market.returns_share[:, None]  # [M, N]
        handling = parameters.node.return_usd_per_unit.expand_as(on_hand)
        sound = parameters.node.restock_share[:, :, 0]  # [N, 1]
        if parameters.inspection is not None:
            mended = parameters.inspection.refurbish_share[:, :, 0]
            sound, handling = sound + mended, handling + mended * parameters.inspection.refurbish_usd_per_unit
        return cls(
            on_hand=on_hand,
            at_dock=at_dock,
            on_the_way=at_dock - parameters.placement_usd,
            return_cost=home @ handling,
            scrap_cost=home @ ((1 - sound) * parameters.sku.unit_value_usd),
            restocked=home @ (at_dock * sound),
            booked=parameters.lane.price_per_container[:, 0] / parameters.container_m3,
            unit_value=parameters.sku.unit_value_usd,
        )

    def of_stock(self, state: State) -> Tensor:
        """[B] USD of everything on hand, on the dock and on its way, less what its transport is still to cost."""
        waiting = state.dock.double() * self.at_dock.double() + state.in_transit.double() * self.on_the_way.double()
        goods = (state.on_hand.double() * self.on_hand.double() + waiting).sum(dim=(1, 2))
        return goods - state.booked_m3.double() @ self.booked.double()


def landed_usd(parameters: TwinParameters) -> Tensor:
    """[N, S] USD per unit of freight, duty, placement and receiving along the cheapest way from a supplier.

    Bellman-Ford. What is paid once a shipment is left out; a container's price is spread over its volume. Goods at a
    node that no way leads to are worth what they save at the nodes that they can be sent on to. So nobody gains by
    moving goods.
    """
    inbound = parameters.node.inbound_usd_per_unit
    received = inbound + parameters.placement_usd
    container = parameters.lane.price_per_container * parameters.sku.volume_m3 / parameters.container_m3
    lane = parameters.lane.freight_usd + parameters.lane.duty_usd + container
    lane = torch.where(parameters.lane.carries[:, 0] > 0, lane + received[parameters.lane.destination], torch.inf)
    nodes, suppliers, skus = parameters.nodes, parameters.suppliers, parameters.skus
    cost = torch.cat([lane.new_full((nodes, skus), torch.inf), lane.new_zeros((suppliers, skus))])
    origin = parameters.lane.origin[:, None].expand(-1, skus)
    destination = parameters.lane.destination[:, None].expand(-1, skus)
    for _ in range(nodes):
        cost = cost.scatter_reduce(0, destination, cost[parameters.lane.origin] + lane, "amin")
    reached = torch.isfinite(cost)
    cost = torch.where(reached, cost, torch.cat([inbound.expand(-1, skus), cost[nodes:]]))
    for _ in range(nodes):
        saved = cost.scatter_reduce(0, origin, cost[parameters.lane.destination] - lane, "amax")
        cost = torch.where(reached, cost, saved)
    return cost[:nodes]


@dataclass(frozen=True)
class Settlement:
    """Added up day by day for B environments, from the state that the first day starts in."""

    values: StockValues
    opening_usd: Tensor  # [B] of the stock at the start
    provided_usd: Tensor  # [B] provision for returns, less what returns have cost, so far

    @classmethod
    def start(cls, parameters: TwinParameters, state: State) -> Self:
        """Before the first day that counts."""
        values = StockValues.of(parameters)
        opening = values.of_stock(state)
        return cls(values, opening, torch.zeros_like(opening))

    def add(self, flows: Flows, costs: Costs) -> Self:
        """Count one more day."""
        values = self.values
        sold = flows.served.sum(dim=0).double()
        provision = values.return_cost + values.scrap_cost - values.restocked
        provided = (sold * provision.double()).sum(dim=(1, 2))
        bought_back = (flows.restocked.double() * values.at_dock.double()).sum(dim=(1, 2))
        paid = (costs.returns + costs.scrap).double().sum(dim=1)
        if flows.destroyed is not None:  # nobody provides for a fire
            paid = paid - (flows.destroyed.double() @ values.unit_value.double()).sum(dim=1)
        if flows.records is not None:  # nor for what vanishes
            paid = paid - (flows.records.shrunk.double() @ values.unit_value.double()).sum(dim=1)
        return type(self)(values, self.opening_usd, self.provided_usd + provided + bought_back - paid)

    def usd(self, state: State) -> Tensor:
        """[B] to be added to the cost of all days so far, the last of which ended in this state."""
        return self.opening_usd - self.values.of_stock(state) + self.provided_usd

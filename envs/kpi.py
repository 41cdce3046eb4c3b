"""Key performance indicators of an episode, added up day by day for a batch of environments.

Every quantity is booked at a node, so that an episode's figures are ratios of sums over its nodes: a market's demand at
its first fulfilment option, a lane's goods and emissions at its destination, sales and stock where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.ageing_kpi import AgeingTotals
from entrepot.envs.exchange_kpi import ExchangeTotals
from entrepot.envs.inside_kpi import InsideTotals
from entrepot.envs.record_kpi import RecordTotals
from entrepot.envs.satisfaction_kpi import SatisfactionTotals
from entrepot.envs.twin.flows import Costs, Flows
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.state import State

DAYS_PER_YEAR = 365.0
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
SMALLEST_UNITS = 1e-3
"""Less than this unserved is rounding of fractions, not a stock-out."""

BY_MARKET = ("demand", "served", "served_on_the_day", "lost", "response_unit_days")
BY_LANE = ("shipped", "transit_unit_days", "kg_co2e", "shipments", "transfers")
BY_NODE = ("cell_days", "stock_out_cell_days", "sold_usd", "left_usd", "stock_usd")
QUANTITIES = BY_MARKET + BY_LANE + BY_NODE + Costs.parts()


@dataclass(frozen=True)
class KpiTotals:
    """Sums over the days seen so far."""

    days: int
    sums: Tensor  # [Q, B, N] one layer for each of `QUANTITIES`, in double precision
    inside: InsideTotals
    records: RecordTotals
    ageing: AgeingTotals
    satisfaction: SatisfactionTotals
    exchanges: ExchangeTotals

    @classmethod
    def start(cls, parameters: TwinParameters, episodes: int) -> Self:
        """Nothing seen yet, in B episodes."""
        shape = (len(QUANTITIES), episodes, parameters.nodes)
        none = torch.zeros(shape, dtype=torch.float64, device=parameters.device)
        inside, ageing = InsideTotals.start(parameters, episodes), AgeingTotals.start(parameters, episodes)
        satisfaction = SatisfactionTotals.start(parameters, episodes)
        exchanges = ExchangeTotals.start(parameters, episodes)
        return cls(0, none, inside, RecordTotals(), ageing, satisfaction, exchanges)

    def add(self, parameters: TwinParameters, state: State, flows: Flows, costs: Costs) -> Self:
        """Count one more day.

        Args:
            parameters: of the network.
            state: at the end of the day.
            flows: of the day.
            costs: of the day.
        """
        today = torch.cat(
            [
                _by_market(parameters, state, flows) @ parameters.market.direct_share.T,
                _by_lane(parameters, flows) @ parameters.lane.to_node.T,
                _by_node(parameters, state, flows),
                torch.stack([getattr(costs, part) for part in Costs.parts()]),
            ]
        )
        return type(self)(
            self.days + 1,
            self.sums + today,
            self.inside.add(parameters, state, flows),
            self.records.add(state, flows),
            self.ageing.add(parameters, state, flows),
            self.satisfaction.add(parameters, state, flows),
            self.exchanges.add(parameters, flows),
        )

    def by_episode(self) -> dict[str, Tensor]:
        """KPIs of the whole network, each [B]; NaN where there was nothing to measure, as a fill rate without demand.

        `fill_rate`: share of demand served from stock on the day. `stock_out_rate`: of the node-SKU-days on which a
        node was a market's first option and was asked, the share on which it could not serve all. `lost_share`: of
        demand. `inventory_turnover_per_year`: value sold over value in warehouses. `order_response_days`: delivery by
        the option used, plus the days that backlog waited, per unit served. `replenishment_response_days`: from order
        to arrival, per unit and lane. `transit_days_per_unit` and `freight_usd_per_unit`: of all its lanes together,
        per unit served. `transfers_per_month`: lane-days with a shipment from one node to another. `satisfaction`: mean
        score of the units asked for, in [0, 1], a function of what customers met that is an assumption:
        `satisfaction_kpi.py`.

        Where layouts give the rates: `pick_hours_per_day` of people. Where equipment wears:
        `pick_equipment_hours_per_day` that equipment which serves picking worked; `equipment_standstill_share` of all
        units' shifts, planned or not, and `standstill_share_CLASS` of each class's, nodes together;
        `equipment_mtbf_hours`: of work for each failure, as measured; `equipment_maintenance_usd_per_day`, a part of
        the cost of equipment; `space_used_share` of limited capacities.

        Where records can be wrong: `record_accuracy`, the share of cells (a node's SKU) whose record at the day's end
        is what can be found on the shelf; `record_units_off_share`, units of difference over units of stock;
        `shrunk_units_per_day`; `counts_per_day`; `counting_usd_per_day`, a part of the cost of handling.

        Where a node is Amazon's: `fba_cut_units_per_day` of orders that its limits left out, counted anew each day that
        they are asked for; `fba_removed_units_per_day`; `fba_aged_share` of its stock by volume, what is older than the
        youngest age that pays a surcharge or is removed. Where goods perish: `expired_units_per_day`. Where
        customers exchange goods: `exchanged_units_per_day` that came back and were asked for again; they wait and are
        served with the backlog, and aren't demand.
        """
        total = self._total(self.sums.sum(dim=-1))
        return {
            **self._shared(total),
            "satisfaction": self.satisfaction.scores.sum(dim=-1) / total["demand"],
            **self.inside.by_episode(self.days),
            **self.records.by_episode(self.days),
            **self.ageing.by_episode(self.days),
            **self.exchanges.by_episode(self.days),
            "inventory_turnover_per_year": DAYS_PER_YEAR * total["sold_usd"] / total["stock_usd"],
            "transit_days_per_unit": total["transit_unit_days"] / total["served"],
            "freight_usd_per_unit": total["freight"] / total["served"],
        }

    def by_node(self) -> dict[str, Tensor]:
        """KPIs of each node, each [B, N]; as `by_episode`, for the demand, lanes and stock booked at the node.

        Turnover counts what left the node, to customers or to other nodes. Freight is told per unit shipped to it.
        """
        total = self._total(self.sums)
        return {
            **self._shared(total),
            "satisfaction": self.satisfaction.scores / total["demand"],
            **self.inside.by_node(self.days),
            **self.records.by_node(self.days),
            **self.ageing.by_node(self.days),
            **self.exchanges.by_node(self.days),
            "inventory_turnover_per_year": DAYS_PER_YEAR * total["left_usd"] / total["stock_usd"],
            "freight_usd_per_unit_shipped": total["freight"] / total["shipped"],
        }

    def _total(self, sums: Tensor) -> dict[str, Tensor]:
        return dict(zip(QUANTITIES, sums, strict=True))

    def _shared(self, total: dict[str, Tensor]) -> dict[str, Tensor]:
        parts = {f"{part}_usd_per_day": total[part] / self.days for part in Costs.parts()}
        return {
            "cost_usd_per_day": torch.stack(list(parts.values())).sum(dim=0),
            **parts,
            "fill_rate": total["served_on_the_day"] / total["demand"],
            "stock_out_rate": total["stock_out_cell_days"] / total["cell_days"],
            "lost_sales_units_per_day": total["lost"] / self.days,
            "lost_share": total["lost"] / total["demand"],
            "order_response_days": total["response_unit_days"] / total["served"],
            "replenishment_response_days": total["transit_unit_days"] / total["shipped"],
            "shipments_per_month": DAYS_PER_MONTH * total["shipments"] / self.days,
            "transfers_per_month": DAYS_PER_MONTH * total["transfers"] / self.days,
            "kg_co2e_per_day": total["kg_co2e"] / self.days,
        }


def _by_market(parameters: TwinParameters, state: State, flows: Flows) -> Tensor:
    """[5, B, M], in the order of `BY_MARKET`."""
    by_option = flows.served.sum(dim=-1)  # [R, B, M]
    served = by_option.sum(dim=0)
    delivery = (by_option * parameters.option.days[:, None]).sum(dim=0)
    on_the_day = served - flows.served_backlog.sum(dim=-1)
    waiting = state.backlog.sum(dim=-1)
    return torch.stack([flows.demand.sum(dim=-1), served, on_the_day, flows.lost.sum(dim=-1), delivery + waiting])


def _by_lane(parameters: TwinParameters, flows: Flows) -> Tensor:
    """[5, B, L], in the order of `BY_LANE`."""
    shipped = flows.shipped.sum(dim=-1)
    shipments = (shipped > SMALLEST_UNITS).to(shipped)
    return torch.stack(
        [
            shipped,
            shipped * flows.transit_days,
            (flows.shipped * parameters.lane.kg_co2e).sum(dim=-1),
            shipments,
            shipments * parameters.lane.from_node.sum(dim=0),
        ]
    )


def _by_node(parameters: TwinParameters, state: State, flows: Flows) -> Tensor:
    """[5, B, N], in the order of `BY_NODE`."""
    asked = (flows.demand > 0).to(parameters.dtype)
    # Whoever was not served was lost or waits at the end of the day.
    wanted = flows.served.sum(dim=0) + flows.lost + state.backlog
    short = (wanted - flows.served[0]) * asked
    cells = parameters.market.direct_share @ asked > 0  # [B, N, S]
    out = parameters.market.direct_share @ short > SMALLEST_UNITS
    sold = (parameters.option.at_node @ (flows.served @ parameters.sku.unit_value_usd).mT).sum(dim=0).T
    transferred = (flows.shipped @ parameters.sku.unit_value_usd) @ parameters.lane.from_node.T
    stock = (state.on_hand + state.dock) @ parameters.sku.unit_value_usd
    return torch.stack([cells.sum(dim=-1), out.sum(dim=-1), sold, sold + transferred, stock])

"""Places that hold stock, and where goods come from, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.assortment import Assortment
from entrepot.envs.network.columns import Floats, Integers, gathered
from entrepot.envs.network.description import NetworkDescription, Node, Returns
from entrepot.envs.network.inbound.fees import load_fees, storage_by_month
from entrepot.envs.network.inside.rates import rates_of


@dataclass(frozen=True)
class NodeArrays(Record):
    """Of each stocking node."""

    agent: Annotated[Integers, Axes("N")]  # index of the agent that orders for the node
    capacity_m3: Annotated[Floats, Axes("N")]
    dock_m3_per_day: Annotated[Floats, Axes("N")]
    picking_units_per_day: Annotated[Floats, Axes("N")]
    pick_hours_per_unit: Annotated[Floats, Axes("N")]  # of one person; 0 where no layout gives it
    storage_usd_per_m3_day: Annotated[Floats, Axes("NY")]  # by month
    inbound_usd_per_unit: Annotated[Floats, Axes("N")]
    outbound_usd_per_unit: Annotated[Floats, Axes("N")]
    return_usd_per_unit: Annotated[Floats, Axes("N")]
    restock_share: Annotated[Floats, Axes("N")]
    inspection_days: Annotated[Integers, Axes("N")]
    refurbish_share: Annotated[Floats, Axes("N")]
    refurbish_days: Annotated[Integers, Axes("N")]
    refurbish_usd_per_unit: Annotated[Floats, Axes("N")]
    returns_median_days: Annotated[Floats, Axes("N")]  # lognormal lag of the returns that the node receives
    returns_log_deviation: Annotated[Floats, Axes("N")]

    @classmethod
    def of(cls, network: NetworkDescription, goods: Assortment, home: Integers) -> Self:
        """Of a network, with its SKUs and the node [M] to which each market's returns go."""
        nodes, agents = list(network.nodes.values()), network.warehouses
        returns = [Returns() for _ in nodes]
        for node, market in zip(home, network.markets.values(), strict=True):
            returns[node] = market.returns
        storage = [_storage_usd(node) for node in nodes]
        rates = rates_of(network, goods)
        return gathered(
            cls,
            nodes,
            dock_m3_per_day=np.array([rates[name].dock_m3_per_day for name in network.nodes]),
            picking_units_per_day=np.array([rates[name].picking_units_per_day for name in network.nodes]),
            pick_hours_per_unit=np.array([rates[name].pick_hours_per_unit for name in network.nodes]),
            agent=np.array([agents.index(network.manager_of(name)) for name in network.nodes]),
            storage_usd_per_m3_day=np.array([usd if isinstance(usd, list) else [usd] * 12 for usd in storage]),
            returns_median_days=np.array([lag.median_days for lag in returns]),
            returns_log_deviation=np.array([lag.log_deviation for lag in returns]),
        )


def _storage_usd(node: Node) -> float | list[float]:
    """USD per m³ and day, by month or always."""
    return (
        node.storage_usd_per_m3_day
        if node.fba is None
        else storage_by_month(load_fees(node.fba.fees, node.fba.fees_on))
    )


@dataclass(frozen=True)
class SupplierArrays(Record):
    """Of each supplier."""

    production_days: Annotated[Integers, Axes("K")]
    capacity_units_per_day: Annotated[Floats, Axes("K")]
    minimum_order_units: Annotated[Floats, Axes("K")]

    @classmethod
    def of(cls, network: NetworkDescription) -> Self:
        """Of a network."""
        return gathered(cls, list(network.suppliers.values()))

"""A network description as NumPy arrays, in the order B, N, A, M, L, S of the design, by what they tell of.

One word for one thing: an array has the name of its key in the YAML (`lanes[].transit.late_share` is
`lane.transit_late_share`), and the twin's tensor has the array's name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Self

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.assortment import Assortment, assortment_of
from entrepot.envs.network.columns import Floats, Integers
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.disruption.arrays import DisruptionArrays
from entrepot.envs.network.disruption.description import DisruptionDescription
from entrepot.envs.network.equipment.arrays import EquipmentArrays
from entrepot.envs.network.inbound.arrays import InboundArrays
from entrepot.envs.network.lanes import LaneArrays
from entrepot.envs.network.markets import MarketArrays, OptionArrays
from entrepot.envs.network.nodes import NodeArrays, SupplierArrays
from entrepot.envs.network.records.arrays import RecordArrays
from entrepot.envs.network.shelf_life import ShelfLifeArrays


@dataclass(frozen=True)
class SkuArrays(Record):
    """Of each SKU."""

    unit_value_usd: Annotated[Floats, Axes("S")]
    price_usd: Annotated[Floats, Axes("S")]
    volume_m3: Annotated[Floats, Axes("S")]
    weight_kg: Annotated[Floats, Axes("S")]

    @classmethod
    def of(cls, goods: Assortment) -> SkuArrays:
        """Of an assortment."""
        return cls(goods.unit_value_usd, goods.price_usd, goods.volume_m3, goods.weight_kg)


@dataclass(frozen=True)
class NetworkArrays(Record):
    """Everything about a network that doesn't change from day to day: names, and arrays by what they tell of.

    An *endpoint* is where a lane may start: nodes first (0 … N-1), then suppliers (N … N+K-1).
    """

    nodes: tuple[str, ...]
    agents: tuple[str, ...]
    suppliers: tuple[str, ...]
    markets: tuple[str, ...]
    lanes: tuple[str, ...]
    skus: tuple[str, ...]
    skus_drawn: bool  # from a catalogue, so that names are only numbers

    node: NodeArrays
    supplier: SupplierArrays
    option: OptionArrays
    market: MarketArrays
    lane: LaneArrays
    sku: SkuArrays
    equipment: EquipmentArrays | None  # None where nothing wears
    inbound: InboundArrays | None  # None where no node is Amazon's
    records: RecordArrays | None  # None where nothing is said of them
    shelf_life: ShelfLifeArrays | None  # None where nothing perishes

    capital_share_per_year: float
    container_m3: float
    divisible: bool  # whether fractions of a unit are kept
    pipeline_days: int  # H, days of pipeline that hold any shipment
    disruption: DisruptionArrays | None = None  # what befalls the network; None where nothing does

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of all places where a lane may start."""
        return self.nodes + self.suppliers

    @property
    def receiving_usd(self) -> Floats:
        """[N] that a unit costs where a lane ends: unloading, and Amazon's placement."""
        return _receiving_usd(self.node, self.inbound)

    @property
    def unit_agent(self) -> Integers:
        """[U] index of the agent at whose nodes a unit of equipment works; empty where nothing wears."""
        return self.node.agent[np.array([], np.int64) if self.equipment is None else self.equipment.node]

    @classmethod
    def from_description(cls, network: NetworkDescription) -> NetworkArrays:
        """Compile a validated description."""
        goods = assortment_of(network)
        option = OptionArrays.of(network)
        node = NodeArrays.of(network, goods, option.node[0])
        inbound = InboundArrays.of(network)
        lane = LaneArrays.of(network, goods, _receiving_usd(node, inbound))
        return cls(
            nodes=tuple(network.nodes),
            agents=tuple(network.warehouses),
            suppliers=tuple(network.suppliers),
            markets=tuple(network.markets),
            lanes=tuple(described.name for described in network.lanes),
            skus=goods.names,
            skus_drawn=network.catalogue is not None,
            node=node,
            supplier=SupplierArrays.of(network),
            option=option,
            market=MarketArrays.of(network, goods, option, lane),
            lane=lane,
            sku=SkuArrays.of(goods),
            equipment=EquipmentArrays.of(network),
            inbound=inbound,
            records=RecordArrays.of(network),
            shelf_life=ShelfLifeArrays.of(network, lane),
            capital_share_per_year=network.capital_share_per_year,
            container_m3=network.container_m3,
            divisible=network.divisible,
            pipeline_days=max(lane.longest_days, 1) + 1,
        )

    def befallen_by(self, disruption: DisruptionDescription, described: NetworkDescription) -> Self:
        """The same network, which events befall; its pipeline holds what they put off.

        Args:
            disruption: the events.
            described: this network.

        Raises:
            ConfigurationError: the network has nothing of what an event strikes, or events of the calendar follow on
                one another for more than a year.
        """
        befalls = DisruptionArrays.of(disruption, described, self)
        return replace(self, disruption=befalls, pipeline_days=self.pipeline_days + befalls.longest_days)


def _receiving_usd(node: NodeArrays, inbound: InboundArrays | None) -> Floats:
    usd = node.inbound_usd_per_unit.copy()
    if inbound is not None:
        usd[inbound.node] += inbound.placement_usd_per_unit
    return usd

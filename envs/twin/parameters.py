"""A network's arrays as tensors on one device, with the few matrices that each day's step multiplies by."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from statistics import NormalDist
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from entrepot.envs.lasting import LastingProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.description import UNLIMITED
from entrepot.envs.twin.rationing import Queues
from entrepot.envs.twin.shaped import Shaped
from entrepot.envs.twin.sums import Sums

RETURN_PHASES = 2
"""Returns come back in two equal waves, a quick and a slow one."""


@dataclass(frozen=True)
class OptionRank:
    """Fulfilment options of one rank: the markets that have one, and where they ask."""

    markets: Tensor  # [M'] integers
    queues: Queues  # of these markets at the nodes
    every_market: bool  # whether M' is M

    @classmethod
    def of(cls, group: Tensor) -> Self:
        """Of [N, M], 1 where the market's option of this rank is the node."""
        markets = group.sum(dim=0).nonzero().flatten()
        return cls(markets, Queues.of(group[:, markets]), len(markets) == group.shape[1])

    def to(self, device: torch.device | str) -> Self:
        """The same on another device."""
        return replace(self, markets=self.markets.to(device), queues=self.queues.to(device))


@dataclass(frozen=True)
class TwinParameters:
    """What the twin needs to know of a network. N nodes, K suppliers, M markets, L lanes, S SKUs, R option ranks."""

    capacity_m3: Tensor  # [N]
    dock_m3_per_day: Tensor  # [N]
    picking_units_per_day: Tensor  # [N]
    storage_usd_per_m3_day: Tensor  # [N, 12]
    inbound_usd: Tensor  # [N] per unit
    outbound_usd: Tensor  # [N] per unit
    return_usd: Tensor  # [N] per unit
    restock_share: Tensor  # [N]

    option_node: Tensor  # [R, M] integers
    option_group: Tensor  # [R, N, M] 1 where the market's option of this rank is the node
    options: tuple[OptionRank, ...]  # R
    served_by_market: Sums  # M of the P options that exist: what all of a market's options serve
    served_by_rank: Sums  # R·M of P: each option in its place, 0 where a market has none of the rank
    option_usd: Tensor  # [R, M] per unit
    option_days: Tensor  # [R, M]
    backlog_share: Tensor  # [M]
    backlog_usd: Tensor  # [M] per unit and day
    lost_margin_usd: Tensor  # [M, S] per unit
    market_home: Tensor  # [N, M] 1 where the node is the market's first option: its costs and returns go there
    return_share: Tensor  # [M]
    return_hazard: Tensor  # [2, N] share of a wave that comes back each day

    lane_origin: Tensor  # [L] integers, endpoint
    lane_destination: Tensor  # [L] integers, node
    lane_transit_days: Tensor  # [L] integers
    lane_wait_days: Tensor  # [7, L] integers
    lane_m3_per_day: Tensor  # [L]
    lane_shipment_usd: Tensor  # [L]
    lane_container_usd: Tensor  # [L]
    lane_freight_usd: Tensor  # [L, S] per unit
    lane_duty_usd: Tensor  # [L, S] per unit
    lane_kg_co2e: Tensor  # [L, S] per unit
    lane_carries: Tensor  # [L, S] 1 where the origin can ever have the SKU
    lane_from_node: Tensor  # [N, L] 1 where the lane starts at the node
    lane_from_supplier: Tensor  # [K, L] 1 where the lane starts at the supplier
    supplier_lanes: Tensor  # [L'] integers, the lanes that start at a supplier
    lane_queues: Queues  # lanes at the nodes they start from, in the order of the file; suppliers make to order
    lane_to_node: Tensor  # [N, L] 1 where the lane ends at the node
    shipped_to: Sums  # N of L: what lanes bring to each node

    supplier_units_per_day: Tensor  # [K]
    supplier_minimum_units: Tensor  # [K]

    value_usd: Tensor  # [S]
    volume_m3: Tensor  # [S]
    capital_share_per_day: float
    container_m3: float
    divisible: bool  # whether fractions of a unit are kept
    pipeline_days: int
    # Whether any limit of the kind can bind at all; a step skips the arithmetic of those that can't.
    docks_bind: bool
    picking_binds: bool
    lanes_bind: bool
    suppliers_bind: bool
    minimum_orders: bool

    @property
    def dtype(self) -> torch.dtype:
        """Floating-point type of everything that is not an index."""
        return self.value_usd.dtype

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.value_usd.device

    @property
    def nodes(self) -> int:
        """N."""
        return self.capacity_m3.shape[0]

    @property
    def markets(self) -> int:
        """M."""
        return self.backlog_share.shape[0]

    @property
    def lanes(self) -> int:
        """L."""
        return self.lane_origin.shape[0]

    @property
    def skus(self) -> int:
        """S."""
        return self.value_usd.shape[0]

    @LastingProperty
    def every_option(self) -> Tensor:
        """[P] integers, rank·M + market of the options that exist, rank by rank."""
        return torch.cat([rank.markets + self.markets * number for number, rank in enumerate(self.options)])

    @LastingProperty
    def shaped(self) -> Shaped:
        """In the shapes that a step multiplies by."""
        return Shaped.of(self)

    @LastingProperty
    def home_backlog_usd(self) -> Tensor:
        """[N, M] USD that a unit of a market's backlog costs the node each day."""
        return self.market_home * self.backlog_usd

    def ring_rows(self, episodes: int) -> Tensor:
        """[L, B] where each lane's row of the ring for today would be, were today's place 0."""
        if episodes not in self._ring_rows:
            with torch.inference_mode(False):  # they serve training too
                environment = torch.arange(episodes, device=self.device)
                first = self.lane_destination * (self.pipeline_days * episodes)
                self._ring_rows[episodes] = first[:, None] + environment
        return self._ring_rows[episodes]

    @LastingProperty
    def _ring_rows(self) -> dict[int, Tensor]:
        return {}

    @LastingProperty
    def serving_nodes(self) -> Tensor:
        """[N, P] 1 where the node serves the option."""
        return torch.cat([rank.queues.group for rank in self.options], dim=1)

    @LastingProperty
    def serving_usd(self) -> Tensor:
        """[N, P] outbound handling and delivery of a unit served."""
        delivery = self.option_usd.flatten().index_select(0, self.every_option)
        return self.serving_nodes * (self.outbound_usd[:, None] + delivery)

    @LastingProperty
    def lane_wait(self) -> Tensor:
        """[7, L] days to the next departure by weekday, as floating-point numbers."""
        return self.lane_wait_days.to(self.dtype)

    @LastingProperty
    def lane_departs(self) -> Tensor:
        """[7, L] 1 where the lane departs on the weekday."""
        return (self.lane_wait_days == 0).to(self.dtype)

    @LastingProperty
    def lane_days(self) -> Tensor:
        """[7, L] integers, days from an order on the weekday to its arrival, without delay."""
        return self.lane_transit_days + self.lane_wait_days

    @LastingProperty
    def from_supplier(self) -> Tensor:
        """[K, L'] 1 where the lane, of those that start at a supplier, starts at this one."""
        return self.lane_from_supplier.index_select(1, self.supplier_lanes)

    @LastingProperty
    def storage_usd_by_month(self) -> Tensor:
        """[12, N] per m³ and day."""
        return self.storage_usd_per_m3_day.T.contiguous()

    @LastingProperty
    def capital_usd(self) -> Tensor:
        """[S] per unit and day."""
        return self.value_usd * self.capital_share_per_day

    @LastingProperty
    def lane_weights(self) -> Tensor:
        """[L, 3, S] what a unit shipped adds to freight (USD), duty (USD) and volume (m³)."""
        volume = self.volume_m3.expand_as(self.lane_freight_usd)
        return torch.stack([self.lane_freight_usd, self.lane_duty_usd, volume], dim=1)

    @LastingProperty
    def returning_share(self) -> Tensor:
        """[N, M] of a market's sales, what will come back to the node in each of the waves."""
        return self.market_home * self.return_share / RETURN_PHASES

    @classmethod
    def from_arrays(
        cls, arrays: NetworkArrays, *, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ) -> Self:
        """Compile a network for the twin."""
        nodes, suppliers = len(arrays.nodes), len(arrays.suppliers)
        endpoint = np.eye(nodes + suppliers)[:, arrays.lane_origin]
        groups = np.eye(nodes)[:, arrays.option_node].transpose(1, 0, 2) * arrays.option_exists[:, None, :]
        values: dict[str, Any] = {
            "capacity_m3": arrays.node_capacity_m3,
            "dock_m3_per_day": arrays.dock_m3_per_day,
            "picking_units_per_day": arrays.picking_units_per_day,
            "storage_usd_per_m3_day": arrays.storage_usd_per_m3_day,
            "inbound_usd": arrays.inbound_usd_per_unit,
            "outbound_usd": arrays.outbound_usd_per_unit,
            "return_usd": arrays.return_usd_per_unit,
            "restock_share": arrays.restock_share,
            "option_node": arrays.option_node,
            "option_group": groups,
            "option_usd": arrays.option_usd_per_unit,
            "option_days": arrays.option_days,
            "backlog_share": arrays.backlog_share,
            "backlog_usd": arrays.backlog_usd_per_unit_day,
            "lost_margin_usd": arrays.lost_margin_usd,
            "market_home": arrays.direct_share,
            "return_share": arrays.return_share,
            "return_hazard": _return_hazard(arrays),
            "lane_origin": arrays.lane_origin,
            "lane_destination": arrays.lane_destination,
            "lane_transit_days": arrays.lane_transit_days,
            "lane_wait_days": arrays.lane_wait_days,
            "lane_m3_per_day": arrays.lane_m3_per_day,
            "lane_shipment_usd": arrays.lane_usd_per_shipment,
            "lane_container_usd": arrays.lane_usd_per_container,
            "lane_freight_usd": arrays.lane_freight_usd,
            "lane_duty_usd": arrays.lane_duty_usd,
            "lane_kg_co2e": arrays.lane_kg_co2e,
            "lane_carries": arrays.lane_carries.astype(np.float64),
            "lane_from_node": endpoint[:nodes],
            "lane_from_supplier": endpoint[nodes:],
            "supplier_lanes": np.flatnonzero(arrays.lane_origin >= nodes),
            "lane_to_node": np.eye(nodes)[:, arrays.lane_destination],
            "supplier_units_per_day": arrays.supplier_units_per_day,
            "supplier_minimum_units": arrays.supplier_minimum_units,
            "value_usd": arrays.sku_value_usd,
            "volume_m3": arrays.sku_volume_m3,
        }
        tensors = {
            name: torch.as_tensor(
                np.ascontiguousarray(value), dtype=torch.int64 if value.dtype.kind == "i" else dtype, device=device
            )
            for name, value in values.items()
        }
        exists = torch.as_tensor(arrays.option_exists, device=device)  # [R, M]
        option = torch.eye(exists.numel(), device=device)[:, exists.flatten()]  # [R·M, P]
        return cls(
            **tensors,
            options=tuple(OptionRank.of(group) for group in tensors["option_group"]),
            served_by_market=Sums.of(option.view(*exists.shape, -1).sum(dim=0), once=True),
            served_by_rank=Sums.of(option, once=True),
            shipped_to=Sums.of(tensors["lane_to_node"], once=True),
            lane_queues=Queues.of(tensors["lane_from_node"], elsewhere=tensors["lane_from_supplier"].sum(dim=0)),
            capital_share_per_day=arrays.capital_share_per_year / 365,
            container_m3=arrays.container_m3,
            divisible=arrays.divisible,
            pipeline_days=arrays.pipeline_days,
            docks_bind=bool((np.minimum(arrays.dock_m3_per_day, arrays.node_capacity_m3) < UNLIMITED).any()),
            picking_binds=bool((arrays.picking_units_per_day < UNLIMITED).any()),
            lanes_bind=bool((arrays.lane_m3_per_day < UNLIMITED).any()),
            suppliers_bind=bool((arrays.supplier_units_per_day < UNLIMITED).any()),
            minimum_orders=bool((arrays.supplier_minimum_units > 0).any()),
        )

    def for_skus(self, chosen: Tensor) -> Self:
        """The same network with some of its SKUs; capacities that SKUs share shrink with their share of volume.

        Args:
            chosen: [S'] indices of SKUs.
        """
        share = float(self.volume_m3[chosen].sum() / self.volume_m3.sum())
        by_sku = {"value_usd", "volume_m3", "lost_margin_usd"}
        by_sku |= {"lane_freight_usd", "lane_duty_usd", "lane_kg_co2e", "lane_carries"}
        shared = {"capacity_m3", "dock_m3_per_day", "picking_units_per_day", "lane_m3_per_day"}
        shared |= {"supplier_units_per_day"}
        # A shipment's fixed price is shared by all the goods on board.
        shared |= {"lane_shipment_usd"}
        changed: dict[str, Any] = {name: getattr(self, name)[..., chosen] for name in by_sku}
        changed |= {name: getattr(self, name) * share for name in shared}
        return replace(self, **changed)

    def to(self, device: torch.device | str) -> Self:
        """The same parameters on another device."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {
            name: value.to(device) for name, value in values.items() if isinstance(value, Tensor | Queues | Sums)
        }
        return replace(self, **moved, options=tuple(rank.to(device) for rank in self.options))


def _return_hazard(arrays: NetworkArrays) -> np.ndarray[Any, np.dtype[np.float64]]:
    """[2, N] daily hazards of a quick and a slow wave: the lognormal lag's means below and above its median."""
    deviation = arrays.return_log_deviation
    mean = arrays.return_median_days * np.exp(deviation**2 / 2)
    below = np.array([NormalDist().cdf(-value) for value in deviation])
    return np.stack([1 / np.maximum(2 * mean * below, 1), 1 / np.maximum(2 * mean * (1 - below), 1)])

"""A network's arrays as tensors on one device, by concern, with the few matrices that each day's step multiplies by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.axes import Record
from entrepot.envs.cached_tensor_property import CachedTensorProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.twin.parameters.equipment import EquipmentParameters
from entrepot.envs.twin.parameters.exchange import ExchangeParameters
from entrepot.envs.twin.parameters.inbound import InboundParameters
from entrepot.envs.twin.parameters.inspection import InspectionParameters
from entrepot.envs.twin.parameters.lanes import LaneParameters
from entrepot.envs.twin.parameters.markets import MarketParameters, OptionParameters
from entrepot.envs.twin.parameters.nodes import NodeParameters, SkuParameters, SupplierParameters
from entrepot.envs.twin.parameters.records import RecordParameters
from entrepot.envs.twin.parameters.returns import ReturnParameters
from entrepot.envs.twin.parameters.shelf_life import ShelfLifeParameters
from entrepot.envs.twin.parameters.tensors import Kind


@dataclass(frozen=True)
class TwinParameters(Record):
    """What the twin needs to know of a network, in concerns of one file each; names as in `NetworkArrays`."""

    node: NodeParameters
    supplier: SupplierParameters
    option: OptionParameters
    market: MarketParameters
    returns: ReturnParameters
    lane: LaneParameters
    sku: SkuParameters
    equipment: EquipmentParameters | None  # None where nothing wears
    inbound: InboundParameters | None  # None where no node is Amazon's
    records: RecordParameters | None  # None where nothing is said of them
    shelf_life: ShelfLifeParameters | None  # None where nothing perishes
    inspection: InspectionParameters | None  # None where what comes back is sound or scrap at once
    exchange: ExchangeParameters | None  # None where nobody exchanges anything
    capital_share_per_year: float
    container_m3: float
    divisible: bool  # whether fractions of a unit are kept
    pipeline_days: int

    @classmethod
    def from_arrays(
        cls, arrays: NetworkArrays, *, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ) -> Self:
        """Compile a network for the twin."""
        kind = Kind(dtype, device)
        return cls(
            node=NodeParameters.of(arrays, kind),
            supplier=SupplierParameters.of(arrays, kind),
            option=OptionParameters.of(arrays, kind),
            market=MarketParameters.of(arrays, kind),
            returns=ReturnParameters.of(arrays, kind),
            lane=LaneParameters.of(arrays, kind),
            sku=SkuParameters.of(arrays, kind),
            equipment=EquipmentParameters.of(arrays, kind),
            inbound=InboundParameters.of(arrays, kind),
            records=RecordParameters.of(arrays, kind),
            shelf_life=ShelfLifeParameters.of(arrays, kind),
            inspection=InspectionParameters.of(arrays, kind),
            exchange=ExchangeParameters.of(arrays, kind),
            capital_share_per_year=arrays.capital_share_per_year,
            container_m3=arrays.container_m3,
            divisible=arrays.divisible,
            pipeline_days=arrays.pipeline_days,
        )

    @property
    def dtype(self) -> torch.dtype:
        """Floating-point type of everything that is not an index."""
        return self.sku.unit_value_usd.dtype

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.sku.unit_value_usd.device

    @property
    def nodes(self) -> int:
        """N."""
        return self.node.capacity_m3.shape[0]

    @property
    def suppliers(self) -> int:
        """K."""
        return self.supplier.capacity_units_per_day.shape[0]

    @property
    def markets(self) -> int:
        """M."""
        return self.market.backlog_share.shape[0]

    @property
    def lanes(self) -> int:
        """L."""
        return self.lane.origin.shape[0]

    @property
    def skus(self) -> int:
        """S."""
        return self.sku.unit_value_usd.shape[0]

    def share_of(self, chosen: Tensor) -> float:
        """By volume."""
        return float(self.sku.volume_m3[chosen].sum() / self.sku.volume_m3.sum())

    @CachedTensorProperty
    def capital_usd(self) -> Tensor:
        """[S] per unit and day."""
        return self.sku.unit_value_usd * (self.capital_share_per_year / 365)

    @CachedTensorProperty
    def serving_usd(self) -> Tensor:
        """[N, P] outbound handling and delivery of a unit served."""
        delivery = self.option.usd_per_unit.flatten().index_select(0, self.option.existing)
        return self.option.serving_nodes * (self.node.outbound_usd_per_unit + delivery)

    @CachedTensorProperty
    def placement_usd(self) -> Tensor:
        """[N, 1] that a unit costs as it arrives over a lane, beside its unloading: Amazon's fee for placing it."""
        if self.inbound is None:
            return torch.zeros_like(self.node.inbound_usd_per_unit)
        return self.inbound.at_node @ self.inbound.placement_usd_per_unit

    @CachedTensorProperty
    def per_unit_shipped(self) -> Tensor:
        """[L, 3, S] what a unit shipped adds to freight (USD), duty (USD) and volume (m³)."""
        volume = self.sku.volume_m3.expand_as(self.lane.freight_usd)
        return torch.stack([self.lane.freight_usd, self.lane.duty_usd, volume], dim=1)

    def ring_rows(self, episodes: int) -> Tensor:
        """[L, B] where each lane's row of the ring for today would be, were today's place 0."""
        if episodes not in self._ring_rows:
            with torch.inference_mode(False):  # they serve training too
                environment = torch.arange(episodes, device=self.device)
                first = self.lane.destination * (self.pipeline_days * episodes)
                self._ring_rows[episodes] = first[:, None] + environment
        return self._ring_rows[episodes]

    @CachedTensorProperty
    def _ring_rows(self) -> dict[int, Tensor]:
        return {}

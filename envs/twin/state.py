"""Where every unit is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.exchanging import ExchangeState
from entrepot.envs.twin.fba import FbaState
from entrepot.envs.twin.inspecting import InspectionState
from entrepot.envs.twin.lots import LotState
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.parameters.returns import RETURN_WAVES
from entrepot.envs.twin.rationing import ROUNDING
from entrepot.envs.twin.records import RecordState
from entrepot.envs.twin.wearing import EquipmentState


@dataclass(frozen=True)
class State(Record):
    """The state of B networks at the start of a day.

    In-transit goods sit in a ring by day of arrival. The ring is laid out node, day, environment, SKU, so that a day's
    arrivals and a lane's shipments are contiguous rows; `pipeline_by_days` gives the design's order.
    """

    day: int  # days stepped so far; `day % H` is the ring's place for today
    on_hand: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units
    dock: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units that wait to be unloaded
    pipeline: Annotated[Tensor, Axes("NHBS", memory="NHBS")]  # units by day of arrival
    in_transit: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units, the ring's sum
    backlog: Annotated[Tensor, Axes("BMS", memory="MBS")]  # units that customers wait for
    with_customers: Annotated[Tensor, Axes("WBNS", memory="WNBS")]  # units sold that will come back for good, by wave
    booked_m3: Annotated[Tensor, Axes("BL", memory="LB", shared_by_skus=True)]  # waits for the lane's next departure
    equipment: EquipmentState | None = None  # None where nothing wears
    fba: FbaState | None = None  # None where no node is Amazon's
    records: RecordState | None = None  # None where records are always right
    lots: LotState | None = None  # None where nothing perishes
    inspection: InspectionState | None = None  # None where what comes back is sound or scrap at once
    exchanges: ExchangeState | None = None  # None where nobody exchanges anything

    @property
    def episodes(self) -> int:
        """B."""
        return self.on_hand.shape[0]

    @property
    def findable(self) -> Tensor:
        """[B, N, S] units on the shelves, but for those that stand where nobody finds them."""
        return self.on_hand if self.records is None else self.on_hand - self.records.misplaced

    def __getstate__(self) -> dict[str, Any]:
        # `multiprocessing` passes torch's tensors to other processes by sharing their memory. This is the one that a
        # step writes to: two processes would fill one ring. So it goes by value.
        ring = self.pipeline.detach()
        return {**vars(self), "pipeline": ring.cpu().numpy().copy(), "device": ring.device}

    def __setstate__(self, state: dict[str, Any]) -> None:
        device = state.pop("device")
        vars(self).update({**state, "pipeline": torch.from_numpy(state["pipeline"]).to(device)})

    def pipeline_by_days(self) -> Tensor:
        """[B, N, S, H] units by days to arrival; what is at 0 joins the dock queue today."""
        return self.pipeline.roll(-self.day, dims=1).permute(2, 0, 3, 1)


def opening_state(parameters: TwinParameters, on_hand: Tensor, *, episodes: int, whole_units: bool = True) -> State:
    """Networks that hold some stock and have nothing on the way.

    Args:
        parameters: of the network.
        on_hand: [N, S] units at the start; cut down where a node's space is too small for it.
        episodes: B.
        whole_units: whether to round stock down, unless the goods are divisible.
    """
    volume = (on_hand * parameters.sku.volume_m3).sum(dim=-1, keepdim=True)
    stock = on_hand * (0.9 * parameters.node.capacity_m3 / volume.clamp(min=1e-9)).clamp(max=1.0)
    whole_units = whole_units and not parameters.divisible
    stock = torch.floor(stock * (1 + ROUNDING)) if whole_units else stock
    nodes, skus = stock.shape

    def empty(*shape: int) -> Tensor:
        return torch.zeros(shape, dtype=parameters.dtype, device=parameters.device)

    def in_each(units: Tensor) -> Tensor:
        """[B, ...] of [G, S], with the entity first in memory as the twin has it."""
        return units.unsqueeze(1).repeat(1, episodes, 1).transpose(0, 1)

    equipment = None
    if parameters.equipment is not None:
        equipment = EquipmentState.in_use(parameters.equipment, episodes=episodes)
    shelves = in_each(stock)
    fba = None if parameters.inbound is None else FbaState.new(parameters.inbound, shelves.transpose(0, 1))
    records = None
    if parameters.records is not None and parameters.records.kept:
        records = RecordState.opening(parameters.records, shelves)
    return State(
        day=0,
        on_hand=shelves,
        dock=in_each(empty(nodes, skus)),
        pipeline=empty(nodes, parameters.pipeline_days, episodes, skus),
        in_transit=in_each(empty(nodes, skus)),
        backlog=in_each(empty(parameters.markets, skus)),
        with_customers=empty(RETURN_WAVES, nodes, episodes, skus).transpose(1, 2),
        booked_m3=empty(parameters.lanes, episodes).T,
        equipment=equipment,
        fba=fba,
        records=records,
        lots=None if parameters.shelf_life is None else LotState.fresh(parameters, shelves.transpose(0, 1)),
        inspection=InspectionState.empty(parameters, episodes=episodes),
        exchanges=ExchangeState.empty(parameters, episodes=episodes),
    )

"""What happened on one day, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Annotated

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.records import RecordFlows
from entrepot.envs.twin.wearing import EquipmentFlows


@dataclass(frozen=True)
class Flows(Record):
    """Units moved on one day."""

    arrived: Annotated[Tensor, Axes("BNS")]  # joined the dock queue from lanes
    unloaded: Annotated[Tensor, Axes("BNS")]  # left the dock queue for the shelves
    restocked: Annotated[Tensor, Axes("BNS")]  # returned, passed inspection, joined the dock queue
    scrapped: Annotated[Tensor, Axes("BNS")]  # returned, failed inspection
    demand: Annotated[Tensor, Axes("BMS")]  # asked for today
    served: Annotated[Tensor, Axes("RBMS")]  # by rank of the fulfilment option, of today's demand and of backlog
    served_backlog: Annotated[Tensor, Axes("BMS")]  # of what was served, units that had waited
    lost: Annotated[Tensor, Axes("BMS")]
    ordered: Annotated[Tensor, Axes("BLS")]  # as asked, rounded to whole units where whole units are kept
    shipped: Annotated[Tensor, Axes("BLS")]  # after rationing
    transit_days: Annotated[Tensor, Axes("BL")]  # from today to arrival, of what was shipped today
    equipment: EquipmentFlows | None = None  # None where nothing wears
    records: RecordFlows | None = None  # None where records are always right
    destroyed: Annotated[Tensor | None, Axes("BNS")] = None  # on the shelves and at the dock; None where nothing is
    cut: Annotated[Tensor | None, Axes("BLS")] = None  # of orders, by Amazon's limits; None where there are none
    expired: Annotated[Tensor | None, Axes("BNS")] = None  # on shelves and docks; None where nothing perishes
    exchanged: Annotated[Tensor | None, Axes("BMS")] = None  # came back and asked for again; None where nobody does
    removed: Annotated[Tensor | None, Axes("BNS")] = None  # from Amazon's shelves, too old; None where nothing ever is


@dataclass(frozen=True)
class Costs(Record):
    """USD of one day by node; a market's costs fall on its first fulfilment option, a lane's on its destination."""

    capital: Annotated[Tensor, Axes("BN")]  # of stock on hand, on the dock and in transit to the node
    storage: Annotated[Tensor, Axes("BN")]
    freight: Annotated[Tensor, Axes("BN")]
    duty: Annotated[Tensor, Axes("BN")]
    handling: Annotated[Tensor, Axes("BN")]  # inbound, outbound, delivery from a dearer option, and counts of stock
    lost_margin: Annotated[Tensor, Axes("BN")]
    backlog: Annotated[Tensor, Axes("BN")]
    returns: Annotated[Tensor, Axes("BN")]
    scrap: Annotated[Tensor, Axes("BN")]  # value of returned goods that fail inspection, and of stock destroyed
    equipment: Annotated[Tensor, Axes("BN")]  # repairs, maintenance and standstill; 0 where nothing wears
    expired: Annotated[Tensor, Axes("BN")]  # value of goods whose shelf life is over; 0 where nothing perishes
    # Amazon's fees; 0 at other nodes.
    placement: Annotated[Tensor, Axes("BN")]  # of units that arrive over lanes
    utilisation: Annotated[Tensor, Axes("BN")]  # surcharge on weeks of stock
    aged: Annotated[Tensor, Axes("BN")]  # surcharge on old stock
    removal: Annotated[Tensor, Axes("BN")]  # fee and lost value

    @classmethod
    def parts(cls) -> tuple[str, ...]:
        """Names of the parts, in order."""
        return tuple(field.name for field in fields(cls))

    @property
    def total(self) -> Tensor:
        """[B, N] the sum of all parts."""
        return self.stacked.sum(dim=0)

    @property
    def stacked(self) -> Tensor:
        """[parts, B, N] each part, in order."""
        return torch.stack(_parts_of(self))


_parts_of = attrgetter(*Costs.parts())
"""Each part of a day's costs, in order."""

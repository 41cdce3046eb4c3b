"""The key `inside` of a network's YAML: what each warehouse consists of, and which of it the twin takes up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from entrepot.configs.loader import StrictModel
from entrepot.envs.network.equipment.description import EquipmentClass
from entrepot.envs.network.layout.description import Layout
from entrepot.envs.network.layout.goods import Goods
from entrepot.envs.network.picking.throughput import DockWork, PickingWork


class WarehouseInside(StrictModel):
    """One node's space, people and equipment."""

    layout: Layout
    picking: PickingWork | None = Field(None, description="gives picking_units_per_day with rates: layout")
    dock: DockWork | None = Field(None, description="gives dock_m3_per_day with rates: layout")
    equipment: dict[str, EquipmentClass] = Field(default_factory=dict)


class Inside(StrictModel):
    """What is inside the warehouses of a network. As it stands it is looked at and changes nothing in the twin."""

    rates: Literal["given", "layout"] = Field(
        "given", description="of picking and docks: the nodes' own, or what layout, people and equipment give"
    )
    wear: bool = Field(False, description="whether equipment wears, fails and is mended in the twin")
    goods: Goods = Goods()
    lines_share_of_first_fifth: Annotated[float, Field(ge=0.2, lt=1)] = Field(
        0.8, description="of all lines, those of the most picked fifth of SKUs; where no demand is given"
    )
    filled_share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.6, description="of a layout's volume that stock takes; where no demand is given"
    )
    warehouses: Annotated[dict[str, WarehouseInside], Field(min_length=1)]

    @property
    def changes_the_twin(self) -> bool:
        """Whether anything of it is taken up by the day's step."""
        return self.rates == "layout" or self.wear

"""What a YAML may say of a warehouse's space: its measures, or a CSV of its positions. Lengths in m, mass in kg."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from entrepot.configs.loader import StrictModel

Metres = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Part = Annotated[float, Field(ge=0, lt=1)]


class GoodsType(StrEnum):
    """What goods ask of the place where they lie."""

    GENERAL = "general"
    FRAGILE = "fragile"
    HAZARDOUS = "hazardous"
    COLD = "cold"


GOODS_TYPES = tuple(GoodsType)
"""In the order of every axis of types."""


class PositionSize(StrictModel):
    """A place on a rack. As it stands: a pallet of 0.8 m by 1.2 m with its clearances and 1,000 kg, an assumption."""

    width_m: Metres = 0.95
    depth_m: Metres = 1.2
    height_m: Metres = 1.6
    most_kg: Metres = 1000.0


class Layout(StrictModel):
    """A warehouse's space.

    Either measures, from which racks are laid out in parallel aisles between a cross aisle in front and one at the
    back, or the path of a CSV that lists every position.
    """

    area_m2: Metres | None = Field(None, description="the floor's, staging and racks together")
    storage_m3: Metres | None = Field(None, description="of all positions together")
    clear_height_m: Metres = 9.0
    positions: str | None = Field(None, description="a CSV of positions, its path from the YAML's folder")
    length_to_width: Metres = Field(2.0, description="of the floor")
    staging_share: Part = Field(0.2, description="of the floor: docks, packing and inspection, in front of the racks")
    aisle_m: Metres = Field(3.0, description="between two racks")
    cross_aisle_m: Metres = Field(4.0, description="in front of the racks and behind them")
    position: PositionSize = PositionSize()
    reserved: dict[GoodsType, Part] = Field(
        default_factory=dict, description="share of positions for one type of goods alone, those at the far end"
    )

    @model_validator(mode="after")
    def _measures_or_positions(self) -> Self:
        if self.positions is None and (self.area_m2 is None or self.storage_m3 is None):
            raise ValueError("give area_m2 and storage_m3, or positions")
        if self.positions is not None and not (self.area_m2 is None and self.storage_m3 is None and not self.reserved):
            raise ValueError(
                "positions: the CSV gives every place; area_m2, storage_m3 and reserved are not allowed too"
            )
        if sum(self.reserved.values()) >= 1:
            raise ValueError(
                f"reserved: {sum(self.reserved.values()):g} of the positions; allowed: less than 1 together"
            )
        return self

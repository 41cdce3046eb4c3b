"""From people, equipment and the mean tour to units picked a day; from doors and forklifts to m³ unloaded a day."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from entrepot.configs.loader import StrictModel

Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PickingWork(StrictModel):
    """Who picks, and how. Every figure as it stands is an assumption."""

    people: Amount = 8
    hours_per_day: Annotated[float, Field(gt=0, le=24)] = 8.0
    vehicles: Amount | None = Field(None, description="carts or trucks to pick with, one a person; enough if not given")
    metres_per_s: Amount = 0.8
    seconds_per_line: Seconds = Field(15.0, description="to find, grab and scan")
    seconds_per_level: Seconds = Field(
        4.0, description="up to a position and down again, for each level above the floor"
    )
    seconds_per_list: Seconds = Field(180.0, description="to take a list and to hand its goods over")
    lines_per_list: Annotated[int, Field(ge=1, le=1000)] = 20
    units_per_line: Amount = 2.0
    routing: Literal["s_shape", "return", "largest_gap", "exact"] = "s_shape"
    slotting: Literal["random", "class_based", "cube_per_order", "assignment"] = "class_based"

    def hours_a_list(self, *, tour_m: float, levels: float) -> float:
        """Hours that one list takes one person.

        Args:
            tour_m: walked.
            levels: above the floor, of the mean line.
        """
        lines = self.lines_per_list * (self.seconds_per_line + levels * self.seconds_per_level)
        return (tour_m / self.metres_per_s + lines + self.seconds_per_list) / 3600

    def units_per_day(self, hours_a_list: float) -> float:
        """Units that all of them pick in a day."""
        at_work = self.people if self.vehicles is None else min(self.people, self.vehicles)
        return at_work * self.hours_per_day / hours_a_list * self.lines_per_list * self.units_per_line


class DockWork(StrictModel):
    """How goods are unloaded. Every figure as it stands is an assumption."""

    doors: Amount = 4
    pallets_per_door_hour: Amount = 20.0
    forklifts: Amount = 4
    pallets_per_forklift_hour: Amount = 15.0
    hours_per_day: Annotated[float, Field(gt=0, le=24)] = 8.0
    m3_per_pallet: Amount = 1.2

    @property
    def m3_per_day(self) -> float:
        """What the fewer of doors and forklifts let through."""
        pallets = min(self.doors * self.pallets_per_door_hour, self.forklifts * self.pallets_per_forklift_hour)
        return pallets * self.hours_per_day * self.m3_per_pallet

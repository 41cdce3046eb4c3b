"""A scenario and its days as records of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Annotated, Any, Self

from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.impairment import impaired, impaired_days

SECOND_NUMBER = 1009.0
"""The fractional part of this many times a random number is as good as another one."""


@dataclass(frozen=True)
class Day(Record):
    """One day of a scenario."""

    demand: Annotated[Tensor, Axes("BMS")]  # units
    delay_days: Annotated[Tensor, Axes("BL")]  # integers, of what departs next
    rounding: Annotated[Tensor, Axes("BS")]  # in [0, 1), decides which way fractions of a unit go
    weekday: Annotated[Tensor, Axes("B")]  # integers, Monday = 0
    month: Annotated[Tensor, Axes("B")]  # integers, January = 0
    day_of_year: Annotated[Tensor, Axes("B")]  # integers, 1 January = 0
    season_ahead: Annotated[Tensor, Axes("BE")]  # seasonal index: the last 28 and 91 days, then each of 13 weeks ahead
    # Shares of normal, which disruptions change; 1 everywhere else.
    equipment: Annotated[Tensor, Axes("BN")]  # share of dock and picking throughput
    lane_open: Annotated[Tensor, Axes("BL")]  # share of lane capacity; 0 when closed
    supplier_up: Annotated[Tensor, Axes("BK")]  # share of supplier capacity
    price_surge: Annotated[Tensor, Axes("BL")]  # factor on freight
    # Of equipment that wears, as `equipment.py` draws them; None where nothing does.
    equipment_threshold: Annotated[Tensor | None, Axes("BU")] = None
    equipment_second_life: Annotated[Tensor | None, Axes("BU")] = None  # hours
    equipment_repair_hours: Annotated[Tensor | None, Axes("B2U")] = None
    equipment_signal: Annotated[Tensor | None, Axes("BU")] = None
    record_dice: Annotated[Tensor | None, Axes("B3NS")] = None  # as `records.py` draws them; None where all are right
    # Where a disruption strikes, as `disruption.py` draws it; None where nothing does.
    stock_lost: Annotated[Tensor | None, Axes("BN")] = None  # share of what is on the shelves and at the dock
    known_equipment: Annotated[Tensor | None, Axes("BN")] = None  # as `equipment`, as far as is known on the day
    known_lane_open: Annotated[Tensor | None, Axes("BL")] = None  # as `lane_open`; a supplier's lanes shut with it
    known_lane_wait_days: Annotated[Tensor | None, Axes("BL")] = None  # to the next departure
    known_lane_extra_days: Annotated[Tensor | None, Axes("BL")] = None  # on the way, of what departs today
    lane_shuts_in_days: Annotated[Tensor | None, Axes("BL")] = None  # 0 where it is shut, 366 where nobody knows of it
    lane_reopens_in_days: Annotated[Tensor | None, Axes("BL")] = None  # after that; 366 where nobody knows

    @cached_property
    def equipment_impaired(self) -> bool:
        """Whether any dock or picking works at less than usual."""
        return impaired(self.equipment)

    @cached_property
    def lanes_impaired(self) -> bool:
        """Whether any lane carries less than usual."""
        return impaired(self.lane_open)

    @cached_property
    def suppliers_impaired(self) -> bool:
        """Whether any supplier delivers less than usual."""
        return impaired(self.supplier_up)

    @cached_property
    def stock_is_lost(self) -> bool:
        """Whether any stock is lost, as far as can be seen without waiting for an accelerator."""
        return self.stock_lost is not None and (
            self.stock_lost.device.type != "cpu" or bool((self.stock_lost > 0).any())
        )

    def at_work(self, usual: Tensor) -> Tensor:
        """[N, B] or [N, 1] throughput of docks or pickers today, of [N, 1]."""
        return usual * self.equipment.t() if self.equipment_impaired else usual

    @cached_property
    def second_rounding(self) -> Tensor:
        """[B, S] as `rounding`, another number."""
        return second_number(self.rounding)


@dataclass(frozen=True)
class Scenario(Record):
    """T days for B environments; fields as in `Day`, with the days behind the environments."""

    first_day: Annotated[Tensor, Axes("B")]  # integers, days since 1970-01-01
    demand: Annotated[Tensor, Axes("BTMS", memory="TMBS")]
    delay_days: Annotated[Tensor, Axes("BTL")]  # integers
    rounding: Annotated[Tensor, Axes("BTS")]
    weekday: Annotated[Tensor, Axes("BT")]  # integers
    month: Annotated[Tensor, Axes("BT")]  # integers
    day_of_year: Annotated[Tensor, Axes("BT")]  # integers
    season_ahead: Annotated[Tensor, Axes("BTE")]
    equipment: Annotated[Tensor, Axes("BTN")]
    lane_open: Annotated[Tensor, Axes("BTL")]
    supplier_up: Annotated[Tensor, Axes("BTK")]
    price_surge: Annotated[Tensor, Axes("BTL")]
    equipment_threshold: Annotated[Tensor | None, Axes("BTU", memory="TUB")] = None
    equipment_second_life: Annotated[Tensor | None, Axes("BTU", memory="TUB")] = None
    equipment_repair_hours: Annotated[Tensor | None, Axes("BT2U", memory="T2UB")] = None
    equipment_signal: Annotated[Tensor | None, Axes("BTU", memory="TUB")] = None
    record_dice: Annotated[Tensor | None, Axes("BT3NS", memory="T3NBS")] = None
    stock_lost: Annotated[Tensor | None, Axes("BTN")] = None
    known_equipment: Annotated[Tensor | None, Axes("BTN")] = None
    known_lane_open: Annotated[Tensor | None, Axes("BTL")] = None
    known_lane_wait_days: Annotated[Tensor | None, Axes("BTL")] = None
    known_lane_extra_days: Annotated[Tensor | None, Axes("BTL")] = None
    lane_shuts_in_days: Annotated[Tensor | None, Axes("BTL")] = None
    lane_reopens_in_days: Annotated[Tensor | None, Axes("BTL")] = None

    @property
    def episodes(self) -> int:
        """B."""
        return self.demand.shape[0]

    @property
    def days(self) -> int:
        """T."""
        return self.demand.shape[1]

    def at(self, day: int) -> Day:
        """The scenario's day, counted from 0."""
        return self._by_day[day]

    def __getstate__(self) -> dict[str, Any]:
        # In a copy, days that were carried along would no longer be views of the scenario's memory.
        return {name: value for name, value in vars(self).items() if name != "_by_day"}

    @cached_property
    def _by_day(self) -> list[Day]:
        """All days, views of the scenario's memory; cut once, since each is asked for at least once."""
        values = (getattr(self, field.name) for field in fields(Day))
        columns = ((None,) * self.days if value is None else value.unbind(1) for value in values)
        days = [Day(*values) for values in zip(*columns, strict=True)]
        # What a day would find out about itself is found out for all days at once.
        found: dict[str, Sequence[Any]] = {
            "equipment_impaired": impaired_days(self.equipment),
            "lanes_impaired": impaired_days(self.lane_open),
            "suppliers_impaired": impaired_days(self.supplier_up),
            "second_rounding": second_number(self.rounding).unbind(1),
        }
        if self.stock_lost is not None:
            found["stock_is_lost"] = impaired_days(1 - self.stock_lost)
        for number, day in enumerate(days):
            vars(day).update({name: values[number] for name, values in found.items()})
        return days

    def window(self, first: int, days: int) -> Self:
        """Consecutive days of all episodes."""
        return replace(super().window(first, days), first_day=self.first_day + first)


def second_number(rounding: Tensor) -> Tensor:
    """Other random numbers in [0, 1) made of such, of the same shape."""
    return rounding * SECOND_NUMBER % 1.0

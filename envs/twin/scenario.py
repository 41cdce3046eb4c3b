"""Everything random that no decision changes, drawn before the episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Annotated, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.season import season_ahead
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
    # Seams for disruptions and equipment: shares of normal, 1 everywhere for now.
    equipment: Annotated[Tensor, Axes("BN")]  # share of dock and picking throughput
    lane_open: Annotated[Tensor, Axes("BL")]  # share of lane capacity; 0 when closed
    supplier_up: Annotated[Tensor, Axes("BK")]  # share of supplier capacity
    price_surge: Annotated[Tensor, Axes("BL")]  # factor on freight

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
        columns = (getattr(self, field.name).unbind(1) for field in fields(Day))
        days = [Day(*values) for values in zip(*columns, strict=True)]
        # What a day would find out about itself is found out for all days at once.
        found: dict[str, Sequence[Any]] = {
            "equipment_impaired": impaired_days(self.equipment),
            "lanes_impaired": impaired_days(self.lane_open),
            "suppliers_impaired": impaired_days(self.supplier_up),
            "second_rounding": second_number(self.rounding).unbind(1),
        }
        for number, day in enumerate(days):
            vars(day).update({name: values[number] for name, values in found.items()})
        return days

    def window(self, first: int, days: int) -> Self:
        """Consecutive days of all episodes."""
        return replace(super().window(first, days), first_day=self.first_day + first)


def second_number(rounding: Tensor) -> Tensor:
    """Other random numbers in [0, 1) made of such, of the same shape."""
    return rounding * SECOND_NUMBER % 1.0


def draw_scenario(
    network: NetworkArrays,
    demand: DemandModel,
    *,
    episodes: int,
    days: int,
    split: Split,
    seed: int,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Scenario:
    """Draw scenarios; the same arguments give the same bits.

    Args:
        network: N nodes, L lanes, S SKUs.
        demand: what customers ask for.
        episodes: B.
        days: T.
        split: which part of the time line demand may be drawn from.
        seed: of everything that is random.
        dtype: of the floating-point fields.
        device: where the tensors go.
    """
    rng = np.random.default_rng([seed, list(Split).index(split)])
    first_day = demand.first_days(episodes, rng)
    units = demand.sample(first_day, days, split, rng)
    calendar_days = first_day[:, None] + np.arange(days)
    nodes, lanes, suppliers = len(network.nodes), len(network.lanes), len(network.suppliers)

    def tensor(values: NDArray[np.generic]) -> Tensor:
        kind = torch.int64 if values.dtype.kind == "i" else dtype
        return torch.as_tensor(values, dtype=kind, device=device)

    def normal(width: int) -> Tensor:
        return torch.ones((), dtype=dtype, device=device).expand(episodes, days, width)

    return Scenario(
        first_day=tensor(first_day),
        demand=Scenario.axes()["demand"].laid_out(tensor(units)),
        delay_days=tensor(_delays(network, episodes, days, rng)),
        rounding=tensor(rng.random((episodes, days, len(network.skus)), dtype=np.float32)),
        weekday=tensor(calendar.weekday(calendar_days)),
        month=tensor(calendar.month(calendar_days)),
        day_of_year=tensor(calendar.day_of_year(calendar_days)),
        season_ahead=tensor(season_ahead(demand.month_index, first_day, days)),
        equipment=normal(nodes),
        lane_open=normal(lanes),
        supplier_up=normal(suppliers),
        price_surge=normal(lanes),
    )


def _delays(network: NetworkArrays, episodes: int, days: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """[B, T, L]: late with a lane's share; then 1 day or more, geometric about its mean, up to the longest delay."""
    shape = (episodes, days, len(network.lanes))
    late = rng.random(shape, dtype=np.float32) < network.lane.transit_late_share
    length = rng.geometric(1.0 / np.maximum(network.lane.transit_late_days, 1.0), shape)
    return np.where(late, np.minimum(length, network.lane.transit_longest_delay_days), 0)

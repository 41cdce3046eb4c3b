"""Everything random that no decision changes, drawn before the episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.season import season_ahead
from entrepot.envs.twin.impairment import impaired, impaired_days

SECOND_NUMBER = 1009.0
"""The fractional part of this many times a random number is as good as another one."""


@dataclass(frozen=True)
class Day:
    """One day of a scenario."""

    demand: Tensor  # [B, M, S] units
    delay_days: Tensor  # [B, L] integers, of what departs next
    rounding: Tensor  # [B, S] in [0, 1), decides which way fractions of a unit go
    weekday: Tensor  # [B] integers, Monday = 0
    month: Tensor  # [B] integers, January = 0
    day_of_year: Tensor  # [B] integers, 1 January = 0
    season_ahead: Tensor  # [B, 15] seasonal index of the last 28 and 91 days, then of each of 13 weeks ahead
    # Seams for disruptions and equipment: shares of normal, 1 everywhere for now.
    equipment: Tensor  # [B, N] share of dock and picking throughput
    lane_open: Tensor  # [B, L] share of lane capacity; 0 when closed
    supplier_up: Tensor  # [B, K] share of supplier capacity
    price_surge: Tensor  # [B, L] factor on freight

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
class Scenario:
    """T days for B environments. A field whose batch axis is 1 is the same in all of them."""

    first_day: Tensor  # [B] integers, days since 1970-01-01
    demand: Tensor  # [B, T, M, S]
    delay_days: Tensor  # [B, T, L] integers
    rounding: Tensor  # [B, T, S]
    weekday: Tensor  # [B, T] integers
    month: Tensor  # [B, T] integers
    day_of_year: Tensor  # [B, T] integers
    season_ahead: Tensor  # [B, T, 15]
    equipment: Tensor  # [B, T, N]
    lane_open: Tensor  # [B, T, L]
    supplier_up: Tensor  # [B, T, K]
    price_surge: Tensor  # [B, T, L]

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

    def episodes_at(self, chosen: Tensor | slice) -> Self:
        """Some of the episodes."""
        some = {f.name: getattr(self, f.name)[chosen] for f in fields(self)}
        return replace(self, **some | {"demand": entity_first_memory(some["demand"])})

    def window(self, first: int, days: int) -> Self:
        """Consecutive days of all episodes."""
        cut = {f.name: getattr(self, f.name)[:, first : first + days] for f in fields(self) if f.name != "first_day"}
        return replace(self, first_day=self.first_day + first, **cut)

    def for_skus(self, chosen: Tensor) -> Self:
        """The same scenario with some of the SKUs."""
        demand = entity_first_memory(self.demand[..., chosen])
        return replace(self, demand=demand, rounding=self.rounding[..., chosen])

    def to(self, device: torch.device | str) -> Self:
        """The same scenario on another device."""
        return replace(self, **{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def second_number(rounding: Tensor) -> Tensor:
    """Other random numbers in [0, 1) made of such, of the same shape."""
    return rounding * SECOND_NUMBER % 1.0


def entity_first_memory(demand: Tensor) -> Tensor:
    """The same [B, T, M, S], laid out T, M, B, S: a day is one piece, with its markets first as the twin has them."""
    return demand.permute(1, 2, 0, 3).contiguous().permute(2, 0, 1, 3)


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
        demand=entity_first_memory(tensor(units)),
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
    late = rng.random(shape, dtype=np.float32) < network.lane_late_share
    length = rng.geometric(1.0 / np.maximum(network.lane_late_days, 1.0), shape)
    return np.where(late, np.minimum(length, network.lane_longest_delay_days), 0)

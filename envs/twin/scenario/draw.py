"""Draw scenarios: everything random that no decision changes, before the episode."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.season import season_ahead
from entrepot.envs.twin.scenario import check_in
from entrepot.envs.twin.scenario.disruption import disrupted
from entrepot.envs.twin.scenario.record import Scenario
from entrepot.envs.twin.scenario.sources import SOURCES, Stretch, drawn
from entrepot.envs.twin.scenario.streams import Streams


def draw_scenario(
    network: NetworkArrays,
    demand: DemandModel,
    *,
    episodes: int,
    days: int,
    split: Split,
    seed: int,
    first_day: NDArray[np.int64] | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Scenario:
    """Draw scenarios; the same arguments give the same bits.

    Every source has a stream of its own, so that a new one changes no number of the others.

    Args:
        network: N nodes, L lanes, S SKUs.
        demand: what customers ask for.
        episodes: B.
        days: T.
        split: which part of the time line demand may be drawn from; other splits have other streams.
        seed: of everything that is random.
        first_day: [B] of each episode, since 1970-01-01; drawn by the demand model if None.
        dtype: of the floating-point fields.
        device: where the tensors go.
    """
    streams = Streams(seed, split)
    if first_day is None:
        first_day = demand.first_days(episodes, streams.of("first_day"))
    stretch = Stretch(network, demand, split, first_day, days)
    values = disrupted(stretch, streams, drawn(stretch, streams, SOURCES))
    values |= {"first_day": first_day, **_calendar(stretch)}
    if network.inbound is not None:
        waits = check_in.check_in_days(network.inbound, stretch.shape, streams.of(check_in.STREAM))
        values["delay_days"] = values["delay_days"] + waits
    ordinary = {name: width for name, width in _conditions(network).items() if name not in values}

    def tensor(array: NDArray[Any]) -> Tensor:
        kind = torch.int64 if array.dtype.kind == "i" else dtype
        return torch.as_tensor(array, dtype=kind, device=device)

    # What is the same in all episodes and days takes the memory of one number.
    normal = torch.ones((), dtype=dtype, device=device)
    axes = Scenario.axes()
    return Scenario(
        **{name: axes[name].laid_out(tensor(array)) for name, array in values.items()},
        **{name: normal.expand(*stretch.shape, width) for name, width in ordinary.items()},
    )


def _calendar(stretch: Stretch) -> dict[str, NDArray[Any]]:
    """What follows from the date alone."""
    dates = stretch.first_day[:, None] + np.arange(stretch.days)
    return {
        "weekday": calendar.weekday(dates),
        "month": calendar.month(dates),
        "day_of_year": calendar.day_of_year(dates),
        "season_ahead": season_ahead(stretch.demand.month_index, stretch.first_day, stretch.days),
    }


def _conditions(network: NetworkArrays) -> dict[str, int]:
    """How wide the conditions are, which are 1 everywhere where no source says otherwise."""
    nodes, lanes, suppliers = len(network.nodes), len(network.lanes), len(network.suppliers)
    return {"equipment": nodes, "lane_open": lanes, "supplier_up": suppliers, "price_surge": lanes}

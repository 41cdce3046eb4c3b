"""A rolling seasonal forecast of demand, from what a snapshot tells: a level, and the seasonal index ahead of a lane.

The level is a mixture of what was sold in the last 7, 28 and 91 days and in the long run, each over the seasonal index
of its own days (the multiplicative season of Winters 1960, 'Forecasting sales by exponentially weighted moving
averages', with the spans fixed and their shares tuned).
"""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.agents.outlook import cumulative_outlook, outlook_of_lanes
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate
from entrepot.envs.snapshot.season import TRAILING_DAYS

LEAST_INDEX = 0.05
"""Months in which hardly anything is sold would else be divided by."""


def level(attributes: NetworkAttributes, snapshot: Snapshot, trust: Tensor, season: Tensor) -> Tensor:
    """[B, N, S] units a day that would pass through each node in a month of index 1.

    Args:
        attributes: of the network.
        snapshot: at decision time.
        trust: [T] shares of `STATISTICS`.
        season: [] power of the seasonal index: 0 knows no season, 1 takes it as it is.
    """
    index = snapshot.season_ahead[:, : len(TRAILING_DAYS) + 1].clamp(min=LEAST_INDEX) ** -season
    month, quarter, week = index[:, :, None, None].unbind(dim=1)
    mixed = (
        trust[0] * week * snapshot.demand_fast
        + trust[1] * month * snapshot.demand_slow
        + trust[2] * quarter * snapshot.demand_quarter
        + trust[3] * attributes.demand_mean
    )
    return echelon_rate(attributes, mixed).clamp(min=LEAST_RATE)


def season_of_lanes(attributes: NetworkAttributes, snapshot: Snapshot, season: Tensor) -> Tensor:
    """[L, B, 1] factor on the level over each lane's lead time and interval.

    Args:
        attributes: of the network.
        snapshot: at decision time.
        season: [] as in `level`.
    """
    outlook = cumulative_outlook(snapshot.season_ahead[:, len(TRAILING_DAYS) :])
    ahead = outlook_of_lanes(attributes, outlook).clamp(min=LEAST_INDEX) ** season
    return ahead.t().unsqueeze(-1)


def rate_of_lanes(attributes: NetworkAttributes, snapshot: Snapshot, trust: Tensor, season: Tensor) -> Tensor:
    """[L, B, S] units a day at each lane's destination while its next order has to last; see `level`."""
    at_nodes = level(attributes, snapshot, trust, season).transpose(0, 1)
    return at_nodes.index_select(0, attributes.lane_destination) * season_of_lanes(attributes, snapshot, season)


def deviation_of_day(attributes: NetworkAttributes, snapshot: Snapshot) -> Tensor:
    """[L, B, S] standard deviation of a day's demand at each lane's destination, of the last 28 days."""
    variance = (snapshot.demand_square - snapshot.demand_slow.square()).clamp(min=0.0)
    at_nodes = torch.sqrt(echelon_rate(attributes, variance) + LEAST_RATE)
    return at_nodes.transpose(0, 1).index_select(0, attributes.lane_destination)

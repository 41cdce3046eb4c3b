"""Stock-outs to come: how likely demand outlasts what is there before anything more can come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot.forecast.forecast import Forecast
from entrepot.envs.snapshot.forecast.known import KnownDemand
from entrepot.envs.snapshot.forecast.methods import DEFAULT, method_named

Floats = NDArray[np.float64]
WARNS_ABOVE = 0.5
"""Chance above which a live alert asks for an order. Of warnings alone F1 is highest at about half of it, see
`docs/forecasts.md`; but an alert may release a lane early, and counts what is on the way whenever it comes."""


@dataclass(frozen=True)
class RunningOut:
    """Of each node and SKU."""

    chance: Floats  # [B, N, S] that customers ask for more than is there; 0 where that can't be told
    missing: Floats  # [B, N, S] units by which they do, on average; 0 where that can't be told
    expected: Floats  # [B, N, S] units that they ask for, on average


def running_out(
    network: NetworkArrays,
    snapshot: Mapping[str, NDArray[Any]],
    within_days: Floats,
    there: Floats,
    *,
    method: str = DEFAULT,
) -> RunningOut:
    """Whether what is there lasts, by what a snapshot alone tells of demand.

    Args:
        network: of the snapshot.
        snapshot: arrays as `SNAPSHOT_FIELDS`.
        within_days: [N] from now on; where it is infinite nothing is told.
        there: [B, N, S] units that may serve; where it is NaN nothing is told.
        method: of forecasting, by name; one that needs no daily sums.

    Raises:
        ConfigurationError: there is no such method, or it needs daily sums.
    """
    reachable = np.isfinite(within_days)
    within = np.ceil(np.where(reachable, within_days, 1.0)).astype(np.int64).clip(min=1)
    spans = np.unique(within)
    every = method_named(method)(demand_at_nodes(network, snapshot), [int(days) for days in spans])
    # Each node's own span; NumPy puts axes that are picked together first, so that nodes are: [N, B, S].
    place, node = np.searchsorted(spans, within), np.arange(len(within))
    expected, variance = (np.moveaxis(one[place, :, node], 0, 1) for one in (every.mean, every.variance))
    told = reachable[:, None] & np.isfinite(there) & np.isfinite(expected) & np.isfinite(variance)
    safe = [np.where(told, values, 0.0) for values in (expected, variance, there)]
    chance, missing = Forecast((), safe[0], safe[1]).above(safe[2])
    return RunningOut(np.where(told, chance, 0.0), np.where(told, missing, 0.0), expected)


def chances_by(known: KnownDemand, days: Sequence[int], there: Floats, *, method: str = DEFAULT) -> Floats:
    """[H, *C] how likely stock runs out on some day until the end of each span.

    Running out on the way counts: the chance of a span is no less than that of a shorter one. That two such days may
    go together or apart is left out, so that it is the least that it can be.

    Args:
        known: of the cells.
        days: H lengths of spans, the shortest first.
        there: [H, *C] units that serve until the end of each span.
        method: of forecasting, by name.
    """
    chance, _ = method_named(method)(known, days).above(there)
    return np.maximum.accumulate(chance, axis=0)


def demand_at_nodes(network: NetworkArrays, snapshot: Mapping[str, NDArray[Any]]) -> KnownDemand:
    """What a snapshot tells of the demand that each node serves first: cells [B, N, S]."""
    return KnownDemand.of_snapshot(snapshot).through(network.market.direct_share)

"""Where everything on a network's map stands; worked out once for all the days that are drawn on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.description import Mode, NetworkDescription
from entrepot.envs.rendering.label_placement import Offset, place_labels, spread_apart
from entrepot.envs.rendering.lane_paths import lane_paths, trimmed
from entrepot.envs.rendering.map_frame import Frame, opened_where_least_passes
from entrepot.envs.rendering.market_places import MarketPlace, market_places
from entrepot.envs.rendering.sea_routes import sea_passage

Floats = NDArray[np.float64]
Place = tuple[float, float]

FONT_POINTS = 8.5
CROWDED_POINTS = 21.0
"""Places nearer to each other than this are drawn further apart than they are."""


@dataclass(frozen=True)
class MapLayout:
    """The map of a network on axes of one size; degrees of longitude and latitude throughout."""

    network: NetworkDescription
    frame: Frame
    true: dict[str, Floats]  # [2] where each place is; the market places after them, by label
    drawn: dict[str, Floats]  # [2] where its mark stands
    markets: dict[str, MarketPlace]
    lines: dict[str, Floats]  # [P, 2] of each lane, from mark to mark
    labels: dict[str, Offset]  # of each place

    @classmethod
    def of(cls, network: NetworkDescription, axes: Any, *, with_values: bool) -> MapLayout:
        """Lay a network out on axes.

        Args:
            network: to be drawn.
            axes: a `matplotlib.axes.Axes`; only its size is read.
            with_values: whether a figure will stand beside each node's name.
        """
        markets = {market.label: market for market in market_places(network)}
        places = {**network.nodes, **network.suppliers}
        true = {name: (place.longitude, place.latitude) for name, place in places.items()}
        names = [*places, *markets]
        at = np.array([*true.values(), *(market.at for market in markets.values())])
        at[:, 0] = opened_where_least_passes(at[:, 0], _ends(network, true))
        frame = Frame.around(_shown(network, true, dict(zip(names, at, strict=True))), axes)
        scale = frame.points_per_degree
        marks = spread_apart(at * scale, distance=CROWDED_POINTS) / scale
        drawn = dict(zip(names, marks, strict=True))
        paths = lane_paths(network.lanes, true, drawn, scale)
        texts = [label_of(name, 100.0 if with_values and name in network.nodes else None) for name in names]
        offsets = place_labels(
            marks * scale, texts, FONT_POINTS, frame=frame.corners_in_points, lines=np.concatenate(paths) * scale
        )
        return cls(
            network=network,
            frame=frame,
            true=dict(zip(names, at, strict=True)),
            drawn=drawn,
            markets=markets,
            lines={
                lane.name: trimmed(path * scale, 6, 7) / scale for lane, path in zip(network.lanes, paths, strict=True)
            },
            labels=dict(zip(names, offsets, strict=True)),
        )


def label_of(name: str, cover_days: float | None) -> str:
    """What stands beside a place."""
    shown = name.replace("_", " ")
    return shown if cover_days is None else f"{shown}: {cover_days:.0f} d"


def _ends(network: NetworkDescription, true: Mapping[str, Place]) -> Floats:
    """[L, 2] longitudes of each lane's ends."""
    ends = [(true[lane.origin][0], true[lane.destination][0]) for lane in network.lanes]
    return np.array(ends, np.float64).reshape(-1, 2)


def _shown(network: NetworkDescription, true: Mapping[str, Place], where: Mapping[str, Floats]) -> Floats:
    """[P, 2] what must be on the map: all places, and the ways by sea that don't leave it at its edge."""
    ways = []
    for lane in network.lanes:
        if lane.mode is Mode.SEA:
            passed = sea_passage(true[lane.origin], true[lane.destination])
            passed = np.add(passed, [where[lane.origin][0] - passed[0, 0], 0])
            if abs(passed[-1, 0] - where[lane.destination][0]) < 180:
                ways.append(passed)
    return np.concatenate([np.stack(list(where.values())), *ways])

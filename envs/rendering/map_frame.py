"""The part of the world that a map shows: its limits, its coasts and its graticule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from entrepot.envs.rendering.coasts import land

Floats = NDArray[np.float64]

SEA, LAND, COAST, GRATICULE, EDGE = "#eef4f8", "#f7f4ec", "#c9c2b2", "#dbe5ec", "#d6dfe6"
NARROWEST = 18.0, 10.0
"""Degrees of longitude and latitude that are shown at least: the outline of land is too coarse for less."""
MARGIN = 0.06
TURNS = (-360.0, 0.0, 360.0)
"""What lies beyond an edge of the map comes back at the other."""
LANE_DEGREES = 8.0
"""A gap that a lane crosses counts as so much narrower."""
MOST_STRETCH = 1.3
"""So much more than true may degrees of latitude be drawn, where the map would be mostly empty else."""
FURTHEST_NORTH, FURTHEST_SOUTH = 84.0, -60.0


def opened_where_least_passes(longitude: Floats, ends: Floats) -> Floats:
    """Longitudes shifted by 360° where needed, so that the map's edge falls into a wide gap that few lanes cross.

    Args:
        longitude: [P] of the places.
        ends: [L, 2] longitudes of the lanes' ends, which go the shorter way round.
    """
    ordered = np.unique(longitude)
    gaps = np.diff(np.append(ordered, ordered[0] + 360))
    middle = ordered + gaps / 2
    begin, turn = ends[:, 0], (ends[:, 1] - ends[:, 0] + 180) % 360 - 180
    west, width = np.where(turn < 0, begin + turn, begin), np.abs(turn)
    crossing = ((middle[:, None] - west) % 360 < width).sum(axis=1)
    east = ordered[(int(np.argmax(gaps - LANE_DEGREES * crossing)) + 1) % len(ordered)]
    shifted = (longitude - east) % 360 + east
    return np.asarray(shifted - 360 if shifted.min() > 180 else shifted)


@dataclass(frozen=True)
class Frame:
    """Limits of a map, and its scale."""

    low: Floats  # [2] degrees of longitude and latitude
    high: Floats  # [2]
    points_per_degree: Floats  # [2] in x and y

    @classmethod
    def around(cls, shown: Floats, axes: Any) -> Frame:
        """Limits around all that is shown.

        A degree of latitude is drawn as much longer than one of longitude as it is on the ground in the map's middle,
        so that land has its shape there (equirectangular with that standard parallel), or up to `MOST_STRETCH` times
        that.

        Args:
            shown: [P, 2] degrees of all that must be inside.
            axes: a `matplotlib.axes.Axes`, whose size is read.
        """
        inches = axes.get_figure().get_size_inches() * axes.get_position().size
        low, high = shown.min(axis=0), shown.max(axis=0)
        middle, span = (low + high) / 2, np.maximum(high - low, NARROWEST) * (1 + 2 * MARGIN)
        stretch = 1 / np.cos(np.radians(np.clip(middle[1], -50, 50)))
        flat = inches[1] * span[0] / (inches[0] * stretch * span[1])  # above 1: there is room above and below
        stretch *= np.clip(flat, 1.0, MOST_STRETCH)
        span = (span / inches * [1, stretch]).max() * inches / [1, stretch]
        span = np.minimum(span, [360.0, FURTHEST_NORTH - FURTHEST_SOUTH])
        middle[1] = np.clip(middle[1], FURTHEST_SOUTH + span[1] / 2, FURTHEST_NORTH - span[1] / 2)
        return cls(middle - span / 2, middle + span / 2, np.asarray(72 * inches / span))

    @property
    def corners_in_points(self) -> tuple[Floats, Floats]:
        """The lowest and the highest."""
        return self.low * self.points_per_degree, self.high * self.points_per_degree

    def limit(self, axes: Any) -> None:
        """Set the axes' limits."""
        axes.set_xlim(self.low[0], self.high[0])
        axes.set_ylim(self.low[1], self.high[1])

    def draw(self, axes: Any) -> None:
        """Limits, land and graticule."""
        self.limit(axes)
        _draw_land(axes)
        _draw_graticule(axes, self.high[0] - self.low[0])


def _draw_land(axes: Any) -> None:
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    rings = [
        np.add(ring, [turn, 0])
        for ring in land()
        for turn in TURNS
        if ring[:, 0].max() + turn > west
        and ring[:, 0].min() + turn < east
        and ring[:, 1].max() > south
        and ring[:, 1].min() < north
    ]
    axes.add_collection(PolyCollection(rings, facecolor=LAND, edgecolor=COAST, linewidth=0.6, zorder=0.6))
    axes.set_facecolor(SEA)


def _draw_graticule(axes: Any, width: float) -> None:
    step = next(s for s in (2, 5, 10, 15, 30, 60) if s * 12 >= width)
    axes.set_xticks(np.arange(np.ceil(axes.get_xlim()[0] / step) * step, axes.get_xlim()[1], step))
    axes.set_yticks(np.arange(np.ceil(axes.get_ylim()[0] / step) * step, axes.get_ylim()[1], step))
    axes.set_xticklabels([_degrees((x + 180) % 360 - 180, "E", "W") for x in axes.get_xticks()])
    axes.set_yticklabels([_degrees(y, "N", "S") for y in axes.get_yticks()])
    axes.tick_params(labelsize=7.5, labelcolor="#8795a1", length=0)
    axes.grid(color=GRATICULE, linewidth=0.6)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(EDGE)


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):.0f}°{positive if value > 0 else negative if value < 0 else ''}"

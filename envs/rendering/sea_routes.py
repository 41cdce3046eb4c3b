"""Ways by sea between two places, for drawing only: they keep to the sea and go through straits and canals.

The ways are shortest paths over a graph of waypoints. Two of them are joined where the great circle between them meets
no land; canals and narrow straits are joined by hand (`waypoints.STRAITS`). Neither weather nor draught matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from entrepot.envs.rendering.coasts import land
from entrepot.envs.rendering.waypoints import STRAITS, WAYPOINTS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CELLS_PER_DEGREE = 5
"""Of the grid on which land is looked up."""
EARTH_RADIUS_KM = 6371.0
SAMPLE_KM = 20.0
"""So close together a leg is looked at for land."""
STEP_KM = 250.0
"""So far apart are the points that are drawn."""
LONGEST_LEG_KM = 9500.0
NORTHERNMOST = 72.5
"""Beyond it there is ice."""
OVERLAND = 20.0
"""A km between a place and the sea counts as much as so many at sea, so that goods board at the nearest coast."""
POINTS_ASHORE = 80
"""At which the way from a place to each waypoint is looked at."""


def great_circle(begin: Floats, end: Floats, points: int) -> Floats:
    """[..., points, 2] degrees along the great circle between [..., 2] and [..., 2], longitudes without a jump.

    Points at antipodes have no one great circle; any will do.
    """
    a, b = _unit(begin), _unit(end)
    angle = np.arccos(np.clip((a * b).sum(axis=-1), -1, 1))[..., None, None]
    step = np.linspace(0.0, 1.0, points)[:, None]
    sine = np.maximum(np.sin(angle), 1e-9)
    mixed = (np.sin((1 - step) * angle) * a[..., None, :] + np.sin(step * angle) * b[..., None, :]) / sine
    # Next to no distance: a straight line.
    mixed = np.where(angle < 1e-6, (1 - step) * a[..., None, :] + step * b[..., None, :], mixed)
    longitude = np.unwrap(np.degrees(np.arctan2(mixed[..., 1], mixed[..., 0])), period=360, axis=-1)
    longitude += np.asarray(begin)[..., :1] - longitude[..., :1]
    latitude = np.degrees(np.arctan2(mixed[..., 2], np.hypot(mixed[..., 0], mixed[..., 1])))
    return np.stack([longitude, latitude], axis=-1)


def distance_km(begin: Floats, end: Floats) -> Floats:
    """Along the great circle."""
    return np.asarray(EARTH_RADIUS_KM * np.arccos(np.clip((_unit(begin) * _unit(end)).sum(axis=-1), -1, 1)))


@cache
def land_grid() -> Bools:
    """[180 · c, 360 · c] whether a cell is land, from 90° north and 180° west, with c = `CELLS_PER_DEGREE`."""
    size = 360 * CELLS_PER_DEGREE, 180 * CELLS_PER_DEGREE
    image = Image.new("1", size)
    pen = ImageDraw.Draw(image)
    for ring in land():
        # What crosses 180° shows on both edges.
        for turn in (-360, 0, 360):
            across = np.add(ring, [180 + turn, -90]) * [CELLS_PER_DEGREE, -CELLS_PER_DEGREE] - 0.5
            if across[:, 0].max() >= 0 and across[:, 0].min() <= size[0]:
                pen.polygon([(float(x), float(y)) for x, y in across], fill=1)
    return np.asarray(image, bool)


def is_land(points: Floats) -> Bools:
    """[...] whether points [..., 2] in degrees are on land."""
    grid = land_grid()
    column = np.floor((points[..., 0] + 180) % 360 * CELLS_PER_DEGREE).astype(np.int64)
    row = np.floor((90 - points[..., 1]) * CELLS_PER_DEGREE).astype(np.int64)
    return np.asarray(grid[row.clip(0, len(grid) - 1), column.clip(0, grid.shape[1] - 1)])


@dataclass(frozen=True)
class SeaWays:
    """The graph: W waypoints, and how far it is between those that see each other."""

    points: Floats  # [W, 2] degrees
    km: Floats  # [W, W]; infinite where two aren't joined

    @classmethod
    def known(cls) -> Self:
        """Of all waypoints."""
        points = np.array(list(WAYPOINTS.values()))
        km = _open_legs(points, points)
        place = {name: index for index, name in enumerate(WAYPOINTS)}
        for one, other in STRAITS:
            i, j = place[one], place[other]
            km[i, j] = km[j, i] = float(distance_km(points[i], points[j]))
        return cls(points, np.minimum(km, km.T))

    def between(self, begin: tuple[float, float], end: tuple[float, float]) -> Floats:
        """[P, 2] the places and the waypoints between them, longitudes without a jump.

        Args:
            begin: longitude and latitude; may be inland, whence it goes to the coast first.
            end: likewise.
        """
        from scipy.sparse.csgraph import dijkstra  # which takes longer to import than all the rest of drawing

        ends = np.array([begin, end])
        count = len(self.points)
        km = np.full((count + 2, count + 2), np.inf)
        km[:count, :count] = self.km
        ashore = _legs_ashore(ends, self.points)
        km[count:, :count], km[:count, count:] = ashore, ashore.T
        direct = float(_legs_ashore(ends[:1], ends[1:])[0, 0])
        km[count, count + 1] = km[count + 1, count] = direct
        _, before = dijkstra(np.where(np.isfinite(km), km, 0.0), indices=count, return_predecessors=True)
        way = [count + 1]
        while way[-1] != count and before[way[-1]] >= 0:
            way.append(int(before[way[-1]]))
        if way[-1] != count:
            way.append(count)
        passed = np.concatenate([self.points, ends])[way[::-1]]
        passed[:, 0] = np.unwrap(passed[:, 0], period=360)
        return np.asarray(passed)


@cache
def sea_ways() -> SeaWays:
    """The graph, worked out once a process (about a second)."""
    return SeaWays.known()


@cache
def sea_passage(begin: tuple[float, float], end: tuple[float, float]) -> Floats:
    """[P, 2] degrees: the places and the waypoints between them; see `SeaWays.between`."""
    return sea_ways().between(begin, end)


@cache
def sea_route(begin: tuple[float, float], end: tuple[float, float]) -> Floats:
    """[P, 2] degrees along the passage, the great circle of each leg in steps of about `STEP_KM`."""
    passed = sea_passage(begin, end)
    legs = [passed[:1]]
    for one, other in pairwise(passed):
        legs.append(great_circle(one, other, 2 + int(distance_km(one, other) / STEP_KM))[1:])
    return np.concatenate(legs)


def length_km(begin: tuple[float, float], end: tuple[float, float]) -> float:
    """Of the way by sea between two places, the way to the coast included."""
    passed = sea_passage(begin, end)
    return float(distance_km(passed[:-1], passed[1:]).sum())


def _open_legs(begins: Floats, ends: Floats) -> Floats:
    """[P, Q] km between each of [P, 2] and each of [Q, 2]; infinite where land, ice or too long a way lies between."""
    km = distance_km(begins[:, None], ends[None])
    found = np.full(km.shape, np.inf)
    open_yet = np.nonzero((km <= LONGEST_LEG_KM) & (km > 0))
    # Most legs meet land at a few points already; what is left is looked at closer, the short ones first.
    for points in (6, 24):
        along = great_circle(begins[open_yet[0]], ends[open_yet[1]], points)
        clear = ~(is_land(along) | (along[..., 1] > NORTHERNMOST)).any(axis=1)
        open_yet = open_yet[0][clear], open_yet[1][clear]
    order = np.argsort(km[open_yet])
    for chosen in np.array_split(order, max(1, len(order) // 100)):
        i, j = open_yet[0][chosen], open_yet[1][chosen]
        along = great_circle(begins[i], ends[j], 3 + int(km[i, j].max(initial=0.0) / SAMPLE_KM))
        found[i, j] = np.where(is_land(along).any(axis=1), np.inf, km[i, j])
    return found


def _legs_ashore(begins: Floats, ends: Floats) -> Floats:
    """[P, Q] km between each of [P, 2] and each of [Q, 2], a km over land counted `OVERLAND` times."""
    km = distance_km(begins[:, None], ends[None])
    along = great_circle(
        np.repeat(begins[:, None], len(ends), axis=1), np.repeat(ends[None], len(begins), axis=0), POINTS_ASHORE
    )
    return np.asarray(np.maximum(km * (1 + (OVERLAND - 1) * is_land(along).mean(axis=-1)), 1e-3))


def _unit(points: Floats) -> Floats:
    longitude, latitude = np.radians(np.asarray(points, np.float64)).T
    return np.stack([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]).T

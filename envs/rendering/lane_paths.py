"""The line that each lane is drawn as: ships keep to the sea, aircraft fly great circles, trucks and trains go by land.

None of this geometry enters the twin, which knows a lane's distance and days from the network's YAML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.description import Lane, Mode
from entrepot.envs.rendering.sea_routes import great_circle, sea_passage, sea_route

Floats = NDArray[np.float64]

BENDS = {Mode.TRUCK: 0.10, Mode.RAIL: -0.12, Mode.AIR: -0.06, Mode.SEA: 0.0}
"""How far a lane's middle leaves its way, over the straight line's length, to the right of who goes east."""
APART_POINTS = {Mode.SEA: 1.6, Mode.AIR: 3.5, Mode.TRUCK: 4.5, Mode.RAIL: 4.5}
"""How far lanes that would lie on each other are drawn apart."""
TAPER_POINTS = 40.0
"""So far from its ends a lane is where it belongs."""
SMOOTHINGS = 3
SAMPLES = 48


def lane_paths(
    lanes: Sequence[Lane],
    true: Mapping[str, tuple[float, float]],
    drawn: Mapping[str, Floats],
    points_per_degree: Floats,
) -> list[Floats]:
    """[P, 2] degrees of each lane's line, from its origin's mark; it may end a turn of 360° beside its destination's.

    Args:
        lanes: to be drawn.
        true: longitude and latitude of each place.
        drawn: where its mark stands.
        points_per_degree: of the map, in x and y.
    """
    ways = [_way(lane, true, drawn) for lane in lanes]
    return [
        _set_apart(way, lane, drawn, slot, points_per_degree)
        for way, lane, slot in zip(ways, lanes, _slots(lanes, true), strict=True)
    ]


def trimmed(path: Floats, begin: float, end: float) -> Floats:
    """A line in points without its first and last so many points; what is left of a short one is its middle.

    Args:
        path: [P, 2] in points.
        begin: length to leave out at the start.
        end: length to leave out at the end.
    """
    along = np.concatenate([[0.0], np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum()])
    scale = min(1.0, 0.8 * along[-1] / max(begin + end, 1e-9))
    low, high = begin * scale, along[-1] - end * scale
    inside = (along > low) & (along < high)
    at = np.array([low, *along[inside], high])
    return np.stack([np.interp(at, along, path[:, axis]) for axis in (0, 1)], axis=1)


def _way(lane: Lane, true: Mapping[str, tuple[float, float]], drawn: Mapping[str, Floats]) -> Floats:
    begin, end = drawn[lane.origin], drawn[lane.destination]
    if lane.mode is Mode.AIR:
        return great_circle(begin, end, SAMPLES)
    if lane.mode is not Mode.SEA:
        return np.linspace(begin, end, SAMPLES)
    passed = sea_route(true[lane.origin], true[lane.destination])
    # Marks that are drawn beside their place take their end of the way along.
    way = np.add(passed, [360 * round((begin[0] - passed[0, 0]) / 360), 0])
    turn = 360 * round((end[0] - way[-1, 0]) / 360)
    way = np.concatenate([begin[None], way[1:-1], (end - [turn, 0.0])[None]])
    for _ in range(SMOOTHINGS):
        way = _cut_corners(way)
    return way


def _cut_corners(path: Floats) -> Floats:
    """A smoother line with the same ends (Chaikin 1974)."""
    near, far = 0.75 * path[:-1] + 0.25 * path[1:], 0.25 * path[:-1] + 0.75 * path[1:]
    return np.concatenate([path[:1], np.stack([near, far], axis=1).reshape(-1, 2), path[-1:]])


def _slots(lanes: Sequence[Lane], true: Mapping[str, tuple[float, float]]) -> list[int]:
    """A whole number for each lane, different for those that share a leg of their ways or both their ends."""
    shared: dict[object, set[int]] = {}
    slots: list[int] = []
    for lane in lanes:
        keys: list[object] = [(lane.mode, frozenset((lane.origin, lane.destination)))]
        if lane.mode is Mode.SEA:
            passed = (sea_passage(true[lane.origin], true[lane.destination])[1:-1] % [360, 360]).round(3).tolist()
            keys += [frozenset((tuple(one), tuple(other))) for one, other in pairwise(passed)]
        taken = set().union(*(shared.get(key, set()) for key in keys))
        slot = next(number for number in range(len(lanes)) if number not in taken)
        for key in keys:
            shared.setdefault(key, set()).add(slot)
        slots.append(slot)
    return slots


def _set_apart(way: Floats, lane: Lane, drawn: Mapping[str, Floats], slot: int, points_per_degree: Floats) -> Floats:
    """The way moved sideways: bent as its mode is, and beside the lanes that it would lie on."""
    path = way * points_per_degree
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.concatenate([[0.0], steps.cumsum()])
    length = max(float(along[-1]), 1e-9)
    direction = np.gradient(path, axis=0)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    right = np.stack([direction[:, 1], -direction[:, 0]], axis=1)
    # Both directions of a lane count sides as who goes east does.
    side = 1.0 if (drawn[lane.destination][0], lane.destination) >= (drawn[lane.origin][0], lane.origin) else -1.0
    beside = (slot + 1) // 2 * (1 if slot % 2 else -1) * APART_POINTS[lane.mode]
    bend = BENDS[lane.mode] * min(float(np.linalg.norm(path[-1] - path[0])), 0.5 * length + 200.0)
    taper = np.clip(np.minimum(along, length - along) / min(TAPER_POINTS, length / 3), 0.0, 1.0)
    bow = np.sin(np.pi * along / length)
    offset = side * (beside * np.sin(np.pi / 2 * taper) + bend * bow)
    return np.asarray((path + right * offset[:, None]) / points_per_degree)

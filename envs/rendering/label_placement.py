"""Keep marks and labels on a map legible where places stand close together. All lengths are in points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Offset = tuple[tuple[float, float], str]
"""Offset (x, y) of a label from its mark, and the label's horizontal alignment."""

ROUNDS = 200


def spread_apart(points: Floats, distance: float) -> Floats:
    """Points pushed away from each other until no two are nearer than a distance.

    Args:
        points: [P, 2].
        distance: the least distance wanted between two points.

    Returns:
        [P, 2]; the same points where they stood apart already.
    """
    moved = points.copy()
    # Points on the very same spot need a direction: around a circle, in order.
    turn = 2.4 * np.arange(len(points))[:, None]
    moved += 1e-3 * np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
    for _ in range(ROUNDS):
        gap = moved[:, None] - moved[None, :]
        apart = np.linalg.norm(gap, axis=2)
        np.fill_diagonal(apart, np.inf)
        lacking = np.maximum(distance - apart, 0.0)
        if lacking.max() < 0.1:
            break
        moved += (gap / apart[..., None] * lacking[..., None]).sum(axis=1) * 0.4
    return moved


def place_labels(
    points: Floats,
    texts: Sequence[str],
    font_points: float,
    *,
    frame: tuple[Floats, Floats],
    lines: Floats,
    clearance: float = 8.0,
) -> list[Offset]:
    """A place for each label beside its mark, clear of other marks, labels and lines as far as possible.

    Args:
        points: [P, 2] the marks.
        texts: P labels of one line.
        font_points: size of the font.
        frame: lowest and highest corner of the map.
        lines: [Q, 2] points along the lines drawn.
        clearance: distance between mark and label.
    """
    taken: list[Floats] = [np.array([*(point - 6), *(point + 6)]) for point in points]
    chosen: list[Offset] = []
    for index, (point, text) in enumerate(zip(points, texts, strict=True)):
        width, height = 0.56 * font_points * len(text) + 2, 1.25 * font_points
        options = _offsets(clearance, height)
        others = np.array([box for i, box in enumerate(taken) if i != index]).reshape(-1, 4)
        costs = []
        for rank, option in enumerate(options):
            box = _box(point, option, width, height)
            outside = np.maximum(frame[0] - box[:2], 0).sum() + np.maximum(box[2:] - frame[1], 0).sum()
            crossed = ((lines > box[:2]) & (lines < box[2:])).all(axis=1).sum()
            costs.append(_overlap(box, others) + 25 * float(crossed) + 100 * outside + 0.5 * rank)
        best = options[int(np.argmin(costs))]
        chosen.append(best)
        taken.append(_box(point, best, width, height))
    return chosen


def _offsets(clearance: float, height: float) -> list[Offset]:
    near, diagonal, far = clearance, 0.7 * clearance, clearance + 0.7 * height
    return [
        ((near, 0.0), "left"),
        ((-near, 0.0), "right"),
        ((diagonal, diagonal + 3), "left"),
        ((diagonal, -diagonal - 3), "left"),
        ((-diagonal, diagonal + 3), "right"),
        ((-diagonal, -diagonal - 3), "right"),
        ((0.0, far), "center"),
        ((0.0, -far), "center"),
    ]


def _box(point: Floats, option: Offset, width: float, height: float) -> Floats:
    (x, y), alignment = option
    left = {"left": 0.0, "center": -0.5, "right": -1.0}[alignment] * width
    low = point + np.array([x + left, y - height / 2])
    return np.array([*low, low[0] + width, low[1] + height])


def _overlap(box: Floats, others: Floats) -> float:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return float(np.maximum(sides, 0.0).prod(axis=1).sum())

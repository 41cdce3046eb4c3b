"""Make `land.npz` and `countries.csv` from the TopoJSON files of the npm package `world-atlas`.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m entrepot.envs.rendering.coasts.reduce package/land-50m.json package/countries-50m.json codes.csv FOLDER

`codes.csv` has the columns `number,country`: ISO 3166's numeric and two-letter codes.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.rendering.coasts import STEPS_PER_DEGREE

Floats = NDArray[np.float64]
TOLERANCE_DEGREES = 0.11
"""How far the outline may leave the original."""
SMALLEST_SQUARE_DEGREES = 0.12
"""Smaller islands are left out."""
SOUTHERNMOST = -60.0
"""Antarctica, which runs around the pole, is left out."""


def main(land_file: Path, countries_file: Path, codes_file: Path, folder: Path) -> None:
    """Read three files, write two into the folder."""
    rings = [ring for ring, *_ in _polygons(json.loads(land_file.read_text()), "land")]
    shown = [ring for ring in rings if ring[:, 1].max() > SOUTHERNMOST and abs(area(ring)) >= SMALLEST_SQUARE_DEGREES]
    kept = [simplified(ring, TOLERANCE_DEGREES) for ring in shown]
    points = [np.rint(ring * STEPS_PER_DEGREE).astype(np.int16) for ring in kept if len(ring) >= 4]
    begins = np.cumsum([0, *(len(ring) for ring in points[:-1])]).astype(np.int32)
    np.savez_compressed(folder / "land.npz", points=np.concatenate(points), begins=begins)
    with codes_file.open(encoding="utf-8", newline="") as file:
        codes = {row["number"]: row["country"] for row in csv.DictReader(file)}
    topology = json.loads(countries_file.read_text())
    middles = []
    for geometry in topology["objects"]["countries"]["geometries"]:
        country = codes.get(str(geometry.get("id")))
        if country is not None:
            largest = max((ring for ring, *_ in _rings(topology, geometry)), key=lambda ring: abs(area(ring)))
            middles.append((country, *np.round(centroid(largest), 2).tolist()))
    with (folder / "countries.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("country", "longitude", "latitude"), *sorted(middles)])


def simplified(ring: Floats, tolerance: float) -> Floats:
    """The ring with fewer points (Douglas and Peucker 1973); its ends stay."""
    keep = np.zeros(len(ring), bool)
    keep[[0, -1]] = True
    # A closed ring is halved first: between its equal ends there is no line.
    far = int(np.argmax(np.linalg.norm(ring - ring[0], axis=1)))
    keep[far] = True
    spans = [(0, far), (far, len(ring) - 1)]
    while spans:
        begin, end = spans.pop()
        if end - begin < 2:
            continue
        along = ring[end] - ring[begin]
        between = ring[begin + 1 : end] - ring[begin]
        share = np.clip(between @ along / max(float(along @ along), 1e-12), 0.0, 1.0)
        away = np.linalg.norm(between - share[:, None] * along, axis=1)
        furthest = int(np.argmax(away))
        if away[furthest] > tolerance:
            middle = begin + 1 + furthest
            keep[middle] = True
            spans += [(begin, middle), (middle, end)]
    return np.asarray(ring[keep])


def area(ring: Floats) -> float:
    """Signed, in square degrees (the shoelace formula)."""
    x, y = ring.T
    return 0.5 * float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())


def centroid(ring: Floats) -> Floats:
    """Of the area inside, in degrees."""
    x, y = ring.T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    moments = np.array([((x[:-1] + x[1:]) * cross).sum(), ((y[:-1] + y[1:]) * cross).sum()])
    return np.asarray(moments / (3 * cross.sum()))


def _polygons(topology: dict[str, Any], name: str) -> list[list[Floats]]:
    return [polygon for geometry in topology["objects"][name]["geometries"] for polygon in _rings(topology, geometry)]


def _rings(topology: dict[str, Any], geometry: dict[str, Any]) -> list[list[Floats]]:
    """Polygons of a geometry as lists of rings, the outer one first (TopoJSON 1.0, sections 2.1.4 and 2.2.2)."""
    scale, shift = (np.array(topology["transform"][key]) for key in ("scale", "translate"))

    def arc(index: int) -> Floats:
        # ~index is the arc run through backwards.
        steps = np.array(topology["arcs"][index if index >= 0 else ~index], np.float64)
        points = steps.cumsum(axis=0) * scale + shift
        return np.asarray(points if index >= 0 else points[::-1])

    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]

    def whole(ring: list[int]) -> Floats:
        # Neighbouring arcs share a point; what crosses 180° goes on beyond it.
        points = np.concatenate([arc(i) if place == 0 else arc(i)[1:] for place, i in enumerate(ring)])
        longitude = np.unwrap(points[:, 0], period=360)
        longitude -= 360 * np.round((longitude.min() + longitude.max()) / 720)
        return np.stack([longitude, points[:, 1]], axis=1)

    return [[whole(ring) for ring in polygon] for polygon in polygons]


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:5]))

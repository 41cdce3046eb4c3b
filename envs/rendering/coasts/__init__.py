"""Where land is, and where a country's middle is: for drawing only.

The outline is Natural Earth's land at 1:50m, version 4.1, which is in the public domain (naturalearthdata.com), as the
npm package `world-atlas` 2.0.2 ships it (ISC); `reduce.py` made the files beside this one from it. No border is drawn.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEPS_PER_DEGREE = 100
"""Degrees are kept as whole hundredths."""

_HERE = "entrepot.envs.rendering.coasts"


@cache
def land() -> tuple[Floats, ...]:
    """Closed rings of land, each [P, 2] degrees of longitude and latitude; lakes and small islands are left out."""
    with files(_HERE).joinpath("land.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
        points, begins = kept["points"], kept["begins"]
    return tuple(np.split(points / STEPS_PER_DEGREE, begins[1:]))


@cache
def country_middles() -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the middle of each country's largest piece of land, by two-letter code."""
    lines = files(_HERE).joinpath("countries.csv").read_text(encoding="utf-8").splitlines()
    return {row["country"]: (float(row["longitude"]), float(row["latitude"])) for row in csv.DictReader(lines)}

"""Which way fractions of a unit go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.twin.scenario.sources import Stretch, scenario_source


@scenario_source("rounding")
def rounding(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.float32]:
    """[B, T, S] evenly in [0, 1)."""
    return rng.random((*stretch.shape, len(stretch.network.skus)), dtype=np.float32)

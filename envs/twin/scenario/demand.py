"""What customers ask for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.twin.scenario.sources import Stretch, scenario_source


@scenario_source("demand")
def demand(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.float32]:
    """[B, T, M, S] units, as the demand model draws them."""
    return stretch.demand.sample(stretch.first_day, stretch.days, stretch.split, rng)

"""How much later than scheduled goods arrive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.twin.scenario.sources import Stretch, scenario_source


@scenario_source("delay_days")
def delay_days(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.int64]:
    """[B, T, L]: late with a lane's share; then 1 day or more, geometric about its mean, up to the longest delay."""
    lane = stretch.network.lane
    shape = (*stretch.shape, len(stretch.network.lanes))
    late = rng.random(shape, dtype=np.float32) < lane.transit_late_share
    length = rng.geometric(1.0 / np.maximum(lane.transit_late_days, 1.0), shape)
    return np.where(late, np.minimum(length, lane.transit_longest_delay_days), 0)

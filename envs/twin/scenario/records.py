"""Where records and stock part: dice of shrinkage, of places and of picks. Nothing where records are always right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.twin.scenario.sources import Stretch, scenario_source


@scenario_source("record_dice")
def record_dice(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.float32] | None:
    """[B, T, 3, N, S] evenly in [0, 1); what they come to hangs on the day's stock and sales."""
    network = stretch.network
    if network.records is None or not network.records.kept:
        return None
    return rng.random((*stretch.shape, 3, len(network.nodes), len(network.skus)), dtype=np.float32)

"""How long Amazon takes to check in what arrives at its centres; until then nothing has arrived: it is a delay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.inbound.arrays import InboundArrays

STREAM = "check_in_days"


def check_in_days(inbound: InboundArrays, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int64]:
    """[B, T, L] days, Poisson, cut off at the longest; 0 on lanes to other places.

    Args:
        inbound: of the network.
        shape: B, T.
        rng: a stream of its own.
    """
    days = rng.poisson(inbound.check_in_days, (*shape, len(inbound.check_in_days)))
    return np.minimum(days, inbound.check_in_longest_days)

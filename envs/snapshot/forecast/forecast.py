"""A forecast: mean and spread of demand over spans of days ahead, and all that follows from the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot.forecast import counts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forecast:
    """Demand summed over each of H spans of days from now on, of cells C."""

    days: tuple[int, ...]  # H lengths of spans
    mean: Floats  # [H, *C] units
    variance: Floats  # [H, *C] units²

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """[Q, H, *C] units that demand does not exceed with each of the probabilities; see `counts`."""
        return counts.quantiles(self.mean, self.variance, levels)

    def above(self, units: Floats) -> tuple[Floats, Floats]:
        """How likely demand is above a number of units, and by how much it is on average.

        Args:
            units: [H, *C], or anything that is spread to it.

        Returns:
            [H, *C] probabilities, and [H, *C] units.
        """
        return counts.above(self.mean, self.variance, np.broadcast_to(units, self.mean.shape))

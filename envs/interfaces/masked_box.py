"""Action spaces that can be sampled under a mask, as PettingZoo's tools do with `infos["action_mask"]`."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray


class MaskedBox(Box):
    """A box whose lower bounds mean "nothing"; Gymnasium's own refuses every mask."""

    def sample(self, mask: NDArray[Any] | None = None, probability: None = None) -> NDArray[Any]:
        """A random action; the lower bound where a mask of the space's shape is 0.

        Raises:
            ValueError: a mask of another shape.
        """
        drawn: NDArray[Any] = super().sample(probability=probability)
        if mask is None:
            return drawn
        if np.shape(mask) != self.shape:
            raise ValueError(f"mask: shape {np.shape(mask)}; needed: {self.shape}")
        return np.where(np.asarray(mask) != 0, drawn, self.low)

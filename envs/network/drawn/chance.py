"""Draws from ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SPREADS = 10.0
"""A range whose ends are so many times apart is drawn from by its logarithm."""
DIGITS = 4


@dataclass(frozen=True)
class Chance:
    """A source of draws; the same seed gives the same ones in the same order."""

    rng: np.random.Generator

    def amount(self, between: Sequence[float]) -> float:
        """Uniform, or uniform in the logarithm where the range spans a factor of ten; to four digits."""
        low, high = between
        if low > 0 and high / low >= SPREADS:
            return rounded(float(np.exp(self.rng.uniform(np.log(low), np.log(high)))))
        return rounded(float(self.rng.uniform(low, high)))

    def whole(self, between: Sequence[float]) -> int:
        """As `amount`, in whole numbers with both ends."""
        low, high = (round(end) for end in between)
        if low > 0 and high / low >= SPREADS:
            return min(high, int(np.exp(self.rng.uniform(np.log(low), np.log(high + 1)))))
        return int(self.rng.integers(low, high, endpoint=True))

    def happens(self, share: float) -> bool:
        """True with that probability."""
        return bool(self.rng.random() < share)

    def one_of(self, names: Sequence[str]) -> str:
        """Any, each as likely."""
        return names[int(self.rng.integers(len(names)))]


def rounded(value: float) -> float:
    """To four significant digits, which a person can read."""
    return float(f"{value:.{DIGITS}g}")

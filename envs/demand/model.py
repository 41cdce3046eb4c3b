"""What every demand model offers."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Split(StrEnum):
    """Part of the time line that scenarios are drawn from; policies never train on `TEST`."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class DemandModel(Protocol):
    """Draws demand for M markets and S SKUs."""

    @property
    def summary(self) -> str:
        """One line for people: which model this is and what it was made from."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What of its sources was left out, added up, joined by rank, replaced or assumed; a line each, for people."""
        ...

    @property
    def mean_units_per_day(self) -> NDArray[np.float64]:
        """[M, S] units a day over a year of calendar days, closed days included, from the training window alone."""
        ...

    @property
    def month_index(self) -> NDArray[np.float64]:
        """[12] expected units a day in each month over the year's mean, from the training window alone."""
        ...

    def first_days(self, episodes: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """[B] a first day for each episode, in days since 1970-01-01."""
        ...

    def sample(
        self, first_day: NDArray[np.int64], days: int, split: Split, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """[B, T, M, S] units asked for on each of `days` days: whole numbers, or fractions of goods that are divisible.

        Args:
            first_day: [B] the day an episode begins, in days since 1970-01-01.
            days: T.
            split: which part of the time line, or which stream of random numbers, the scenario comes from.
            rng: the source of everything random: the same state gives the same demand.
        """
        ...

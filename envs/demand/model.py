"""What every demand model offers."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

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


@runtime_checkable
class ContinuedDemand(DemandModel, Protocol):
    """Demand of which it is known how it could go on after any day, given all that was drawn for the days before."""

    def hidden(self, episodes: int, days: int, split: Split, rng: np.random.Generator) -> Any:
        """What `sample` drew behind the demand of all its episodes, as it draws it from the same four arguments.

        Args:
            episodes: B.
            days: T.
            split: as for `sample`.
            rng: in the state that `sample` found it in.
        """
        ...

    def futures(
        self, hidden: Any, episode: int, first_day: int, day: int, days: int, copies: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """[copies, days, M, S] units as they could be asked for from a day of an episode on.

        Each is drawn from the distribution of those days given everything before them, what is hidden included.

        Args:
            hidden: of the draw.
            episode: its number in the draw.
            first_day: the day the episode begins, in days since 1970-01-01.
            day: the first day that is drawn anew, counted from the episode's.
            days: how many.
            copies: how many futures.
            rng: independent of what drew the scenario. It may come in the same state for several days: a model that
                then gives a copy like demand for the days that they share makes differences between them surer.
        """
        ...

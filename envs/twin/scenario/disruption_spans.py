"""When a disruption's events last, in each episode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.disruption.when import When

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

NEVER = -1_000_000
"""A day on which nothing happens; stands for the occurrences that an episode has fewer than another."""


@dataclass(frozen=True)
class Spans:
    """The up to K times that an event comes in B episodes, in days from each episode's first."""

    start: Integers  # [B, K]
    end: Integers  # [B, K] the first day after it
    known_from: Integers  # [B, K]
    end_is_known: bool

    @classmethod
    def drawn(cls, when: When, first_day: Integers, days: int, rng: np.random.Generator) -> Self:
        """When an event comes.

        Args:
            when: as it is described.
            first_day: [B] of each episode, since 1970-01-01.
            days: that are looked ahead.
            rng: the event's own stream.
        """
        start, is_there = when.starts_in(first_day, days, rng)
        end = start + when.days.drawn(start.shape, rng)
        known = start - when.known.in_advance + when.known.late
        start, end, known = (np.where(is_there, value, NEVER) for value in (start, end, known))
        return cls(start, end, known, when.known.end_is_known)

    def without(self, gone: Booleans) -> Self:
        """The same but for occurrences [B, K] that don't come."""
        start, end, known = (np.where(gone, NEVER, days) for days in (self.start, self.end, self.known_from))
        return type(self)(start, end, known, self.end_is_known)

    def lasts_on(self, days: Integers) -> Booleans:
        """[B, …] whether it lasts on days [B, …]; several times at once are one."""
        return self._any(days, lambda start, end, _: (start <= days) & (days < end))

    def known_on(self, days: Integers) -> Booleans:
        """[B, …] whether it lasts on days [B, …] and is known of then."""
        return self._any(days, lambda start, end, known: (start <= days) & (days < end) & (known <= days))

    def starts_on(self, days: Integers) -> Booleans:
        """[B, …] whether it starts on days [B, …]."""
        return self._any(days, lambda start, end, _: start == days)

    def occurrences(self, axes: int) -> list[tuple[Integers, Integers, Integers]]:
        """Start, end and the day from which it is known of each occurrence, [B, 1, …] of so many axes."""
        shape = (-1, *[1] * (axes - 1))
        columns = (self.start.T, self.end.T, self.known_from.T)
        return [(a.reshape(shape), b.reshape(shape), c.reshape(shape)) for a, b, c in zip(*columns, strict=True)]

    def _any(self, days: Integers, holds: Callable[[Integers, Integers, Integers], Booleans]) -> Booleans:
        found = np.zeros(np.broadcast_shapes(days.shape, (len(self.start), *[1] * (days.ndim - 1))), np.bool_)
        for start, end, known in self.occurrences(days.ndim):
            found |= holds(start, end, known)
        return found

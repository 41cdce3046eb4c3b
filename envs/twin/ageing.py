"""How old stock is, where the oldest goes out first and age counts from receipt.

What was received in the last `a` days is the youngest of what is there. So of the units on hand, those of age `a` and
more are what is left once these are taken off: max(0, on hand − received in the last a days). Whatever went out in
between, sold, sent on or removed, it was the oldest. The age of every unit follows from what was received on each day,
exactly, and a day costs a sum and a difference for every threshold instead of a pass over all ages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record


@dataclass(frozen=True)
class Receipt(Record):
    """What was received on one day."""

    units: Annotated[Tensor, Axes("nBS", memory="nBS")]


@dataclass(frozen=True)
class Ages(Record):
    """Receipts of n places, as far back as the highest of a thresholds of age.

    A state hands its days on to the next one, which adds a day and leaves one out: nothing is copied or written over.
    """

    received: tuple[Receipt, ...]  # day by day, today's last
    within: Annotated[Tensor, Axes("anBS", memory="anBS")]  # units received in as many days as each threshold has

    @classmethod
    def new(cls, units: Tensor, thresholds: tuple[int, ...]) -> Self:
        """Of [n, B, S] units on hand that came in just now."""
        none = torch.zeros_like(units)
        days = max(thresholds, default=0)
        received = (*(none for _ in range(days - 1)), units)[-days:] if days else ()
        within = units.expand(len(thresholds), *units.shape).contiguous()
        return cls(tuple(Receipt(day) for day in received), within)

    def after(self, unloaded: Tensor, thresholds: tuple[int, ...]) -> Self:
        """A day later, on which [n, B, S] units were received."""
        if not thresholds:
            return self
        leaving = torch.stack([self.received[-days].units for days in thresholds])
        # Clamped because sums of fractions don't quite undo each other.
        within = (self.within + unloaded).sub_(leaving).clamp_(min=0.0)
        return type(self)((*self.received[1:], Receipt(unloaded)), within)

    def older(self, on_hand: Tensor) -> Tensor:
        """[a, n, B, S] of [n, B, S] units on hand at the end of a day, those as old as each threshold or older.

        Units that came in today are 0 days old.
        """
        return (on_hand - self.within).clamp_(min=0.0)

    def by_band(self, on_hand: Tensor) -> Tensor:
        """[a + 1, n, B, S] the same from each threshold to the next, the youngest first; their sum is what is there."""
        steps = torch.cat([on_hand.unsqueeze(0), self.older(on_hand), torch.zeros_like(on_hand).unsqueeze(0)])
        return steps[:-1] - steps[1:]

    def __getstate__(self) -> dict[str, Any]:
        # As one array: `multiprocessing` would pass a file for each of several hundred days.
        days = [day.units.detach().cpu().numpy() for day in self.received]
        return {"days": days, "within": self.within, "device": self.within.device}

    def __setstate__(self, state: dict[str, Any]) -> None:
        device = state["device"]
        received = tuple(Receipt(torch.from_numpy(day.copy()).to(device)) for day in state["days"])
        vars(self).update(received=received, within=state["within"])

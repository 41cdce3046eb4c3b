"""A history's division in time into what is trained on, validated on and tested on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Self

from pydantic import model_validator

from entrepot.configs.loader import ConfigurationError, StrictModel
from entrepot.envs.demand.model import Split
from entrepot.envs.snapshot import calendar

SHARES = {Split.TRAIN: 0.70, Split.VALIDATION: 0.12, Split.TEST: 0.18}
"""How a history is divided whose windows nobody named."""
USUAL_BLOCK, SHORTEST_BLOCK = 28, 14
"""Days of the blocks that scenarios are put together from, where nobody named them: usually, and of short histories."""


class Window(StrictModel):
    """First and last day, both included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last ({self.last}) must not be before first ({self.first})")
        return self


def divide(
    windows: Mapping[Split, Window] | None, first_day: int, days: int, *, block_days: int, source: str
) -> dict[Split, tuple[int, int]]:
    """Offsets of each split's window into a history.

    Args:
        windows: the dates a person chose, or None to divide the history by `SHARES`.
        first_day: the history's first day, in days since 1970-01-01.
        days: its length.
        block_days: of the blocks that are drawn from a window, which must have a week more, so that a block can begin
            on any weekday.
        source: the file to name in an error.

    Returns:
        First offset included, last excluded.

    Raises:
        ConfigurationError: a window is missing, lies outside the history, is too short, or overlaps another.
    """
    shortest = block_days + 7
    found = _by_share(days, shortest) if windows is None else _by_date(windows, first_day, days, source)
    for split, (low, high) in found.items():
        if high - low < shortest:
            longer = (
                "a longer window"
                if windows is not None
                else f"a history of {3 * shortest} days or more, this has {days}"
            )
            raise ConfigurationError(
                f"{source}: windows.{split}: {high - low} days; at least {shortest} are needed, for scenarios are put "
                f"together from blocks of {block_days} days, which must be able to begin on any weekday; give {longer}"
                + (f", or a block_days below {block_days}" if block_days > SHORTEST_BLOCK else "")
            )
    if any(earlier[1] > later[0] for earlier, later in pairwise(found.values())):
        raise ConfigurationError(f"{source}: windows: train, validation and test must follow each other in time")
    return found


def fitting_block(windows: Mapping[Split, tuple[int, int]]) -> int:
    """Days of the longest block that windows have room for, in whole weeks; no longer than usual."""
    shortest = min(high - low for low, high in windows.values())
    return max(SHORTEST_BLOCK, min(USUAL_BLOCK, (shortest - 7) // 7 * 7))


def _by_share(days: int, shortest: int) -> dict[Split, tuple[int, int]]:
    """The shares; of a short history, no less to validate and test on than is needed, if training has that too."""
    trained = int(days * SHARES[Split.TRAIN])
    validated = int(days * SHARES[Split.VALIDATION])
    tested = days - trained - validated
    if days >= 3 * shortest:
        validated, tested = max(validated, shortest), max(tested, shortest)
    first, second = days - validated - tested, days - tested
    return {Split.TRAIN: (0, first), Split.VALIDATION: (first, second), Split.TEST: (second, days)}


def _by_date(windows: Mapping[Split, Window], first_day: int, days: int, source: str) -> dict[Split, tuple[int, int]]:
    found = {}
    for split in Split:
        if split not in windows:
            raise ConfigurationError(f"{source}: windows.{split}: missing; needed: {', '.join(Split)}, or no windows")
        window = windows[split]
        low = calendar.day_number(window.first) - first_day
        high = calendar.day_number(window.last) - first_day + 1
        if low < 0 or high > days:
            raise ConfigurationError(
                f"{source}: windows.{split}: {window.first} to {window.last} is not inside the history, "
                f"{calendar.iso(first_day)} to {calendar.iso(first_day + days - 1)}"
            )
        found[split] = (low, high)
    return found

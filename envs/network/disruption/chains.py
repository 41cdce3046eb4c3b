"""By how much events can put off a shipment at the most: each coming once, and those of the calendar in a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.disruption.event import EventArrays
from entrepot.envs.network.disruption.when import LONGEST_DAYS

Integers = NDArray[np.int64]

DAYS_A_WEEK = 7
"""Within which every lane departs again."""
LEAP_YEAR = np.datetime64("2000-01-01", "D")
YEARS_AROUND = 4
"""That are looked at beside the dates' own, so that each date of a year meets those of the year before and after."""


def longest_delay_days(events: Sequence[EventArrays], production_days: Integers, source: str) -> int:
    """Days by which events can put off a shipment together.

    Departures that don't take place, standstill in production, longer ways and held arrivals add up. Of each of these,
    occurrences by the calendar that follow on one another count as long as they are in a row; of the other events each
    counts once, and may join two occurrences to a row.

    Args:
        events: all of them.
        production_days: [K] of suppliers.
        source: the disruption, to name in an error.

    Raises:
        ConfigurationError: a row is longer than a year.
    """
    most = 0
    for event in events:
        for longer in (event.effect.extra_days, event.effect.late_days):
            most += 0 if longer is None else int(longer.max())
    shut = [event for event in events if _reaches_zero(event.effect.open_share)]
    held = [event for event in events if event.effect.holds is not None]
    still = [event for event in events if _reaches_zero(event.effect.up_share)]
    most += _waiting(shut, DAYS_A_WEEK, source) + _waiting(held, 0, source)
    return most + (_standing(still, int(production_days.max(initial=0)), source) if production_days.any() else 0)


def _reaches_zero(share: NDArray[np.float64] | None) -> bool:
    return share is not None and bool(share.min() <= 0)


def _waiting(events: Sequence[EventArrays], pause: int, source: str) -> int:
    """Days that goods wait until none of the events lasts any more, and so many more each time that they go on."""
    once = sum(event.when.days.most + pause for event in events if not event.when.recurs)
    starts, ends = _of_the_calendar(events)
    if not len(starts):
        return once
    reach = np.maximum.accumulate(ends)
    breaks = np.flatnonzero(starts[1:] > reach[:-1] + pause + once)
    rows = reach[np.append(breaks, len(reach) - 1)] - starts[np.append(0, breaks + 1)]
    return once + _told_if_endless(int(rows.max()), events, source) + pause


def _standing(events: Sequence[EventArrays], production_days: int, source: str) -> int:
    """Days of standstill in so many days of production."""
    once = sum(event.when.days.most for event in events if not event.when.recurs)
    starts, ends = _of_the_calendar(events)
    if not len(starts):
        return once
    work = production_days + once  # where another event interrupts it, it meets the calendar's as if it took longer
    change = np.zeros(ends.max() - starts[0] + work + 1, np.int64)
    np.add.at(change, starts - starts[0], 1)
    np.add.at(change, ends - starts[0], -1)
    worked = np.append(0, (change.cumsum() == 0).cumsum())  # days of work before each day
    ready = np.searchsorted(worked, worked + work)
    begun = np.arange(len(worked))
    met = np.where(ready < len(worked), ready - begun - work, 0)
    return once + _told_if_endless(int(met.max()), events, source)


def _of_the_calendar(events: Sequence[EventArrays]) -> tuple[Integers, Integers]:
    """Starts and ends of occurrences on dates, by start; those of each year over some years."""
    found = [event.when for event in events if event.when.recurs]
    given = [np.datetime64(text, "D") for when in found for text in when.dates if len(text) > len("MM-DD")]
    first, last = (min(given), max(given)) if given else (LEAP_YEAR, LEAP_YEAR)
    days = int((last - first).astype(np.int64)) + YEARS_AROUND * LONGEST_DAYS
    day = np.array([first.astype(np.int64)])
    starts = [when.calendar_days(day, days)[0] + when.offset_days for when in found]
    ends = [start + when.days.most for start, when in zip(starts, found, strict=True)]
    if not starts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    start, end = np.concatenate(starts), np.concatenate(ends)
    order = np.argsort(start, kind="stable")
    return start[order], end[order]


def _told_if_endless(days: int, events: Sequence[EventArrays], source: str) -> int:
    if days > LONGEST_DAYS:
        names = ", ".join(event.name for event in events)
        raise ConfigurationError(
            f"{source}: events {names}: starts, days: they follow on one another so closely that goods may wait for "
            f"{days:,} days in a row; allowed: up to {LONGEST_DAYS}"
        )
    return days

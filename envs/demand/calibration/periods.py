"""Histories whose rows are whole weeks or months: which days a row is of, and how its units fall on them.

A period's units are thrown onto its days by a weekday profile, each unit by itself (a multinomial draw from a fixed
seed), so that days have whole units and the period its sum. What the days of a week were like nobody knows from such a
file; the profile is an assumption, and told as one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.keys import ReadingKeys
from entrepot.envs.demand.calibration.rows import SalesRows
from entrepot.envs.snapshot import calendar

Days = NDArray[np.int64]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKS_RECOGNISED, MONTHS_RECOGNISED = 6, 4
"""So many dates, all of one weekday or all at a month's end, are hardly those of single days."""
SEED = 0


@dataclass(frozen=True)
class Periods:
    """The periods of a history from its first day to its last, one after the other, without gaps."""

    begin: Days  # [P] days since 1970-01-01
    length: Days  # [P]
    shares: NDArray[np.float64]  # [7] of a week's units, Monday first; add up to 1
    told: str

    @property
    def last(self) -> int:
        """The last day of the last period."""
        return int(self.begin[-1] + self.length[-1] - 1)

    def spread(self, units: NDArray[np.float32]) -> NDArray[np.float32]:
        """[D, …] whole units, all of a period on its first day, thrown onto its days."""
        chance = np.random.default_rng(SEED)
        spread = np.zeros_like(units)
        first = int(self.begin[0])
        # Weeks are all alike, and months by their length and first weekday: a draw for each kind.
        kinds = np.stack([self.length, calendar.weekday(self.begin)], axis=1)
        for length, weekday in np.unique(kinds, axis=0):
            place = self.begin[(kinds == (length, weekday)).all(axis=1)] - first
            share = self.shares[(weekday + np.arange(length)) % 7]
            drawn = chance.multinomial(units[place].astype(np.int64), share / share.sum())  # [p, …, length]
            spread[place[:, None] + np.arange(length)] = np.moveaxis(drawn, -1, 1)
        return spread


def periods_of(rows: SalesRows, keys: ReadingKeys) -> tuple[SalesRows, Periods | None]:
    """The rows with the first day of their period as their day; and the periods, None if rows are of single days.

    Raises:
        ConfigurationError: the dates don't fit the period, or look like those of one that isn't named.
    """
    if keys.period is None:
        _refuse_unnamed(rows)
    if keys.period in (None, "day"):
        return rows, None
    week = keys.period == "week"
    begin = _weeks(rows, keys) if week else _month(rows.day)
    first, last = int(begin.min()), int(begin.max())
    begins = np.arange(first, last + 1, 7) if week else _months_between(first, last)
    ends = np.append(begins[1:], begins[-1] + 7 if week else _month(np.array([last + 31])))
    shares = np.array(keys.weekday_shares or [1.0] * 7)
    shares = shares / shares.sum()
    return replace(rows, day=begin), Periods(
        begins, np.asarray(ends - begins, np.int64), shares, _told(rows, keys, shares)
    )


def _weeks(rows: SalesRows, keys: ReadingKeys) -> Days:
    """[R] the first day of each row's week."""
    weekday = calendar.weekday(rows.day)
    other = np.flatnonzero(weekday != weekday[0])
    if len(other):
        line, day, here = rows.line[other[0]], int(rows.day[other[0]]), WEEKDAYS[weekday[other[0]]]
        raise ConfigurationError(
            f"{rows.path}: line {line}: {calendar.iso(day)} is a {here}, and line {rows.line[0]} has a "
            f"{WEEKDAYS[weekday[0]]}; with period: week all dates must be of one weekday"
        )
    return np.asarray(rows.day - 6 if keys.period_dates == "last" else rows.day)


def _month(day: Days) -> Days:
    """The first day of the month that a day is in."""
    return np.asarray(day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))


def _months_between(first: int, last: int) -> Days:
    return np.unique(_month(np.arange(first, last + 1)))


def _told(rows: SalesRows, keys: ReadingKeys, shares: NDArray[np.float64]) -> str:
    if keys.period == "month":
        of = "the calendar month of its date"
    else:
        of = f"the week that {'ends' if keys.period_dates == 'last' else 'begins'} on its date"
    how = "evenly, which is assumed (weekday_shares)"
    if keys.weekday_shares is not None:
        how = f"{' : '.join(f'{share:.0%}' for share in shares)} from Monday on (weekday_shares)"
    return f"each row is of {of} (period: {keys.period}); its units are spread over the days, {how}"


def _refuse_unnamed(rows: SalesRows) -> None:
    """Sales of whole weeks that are taken for those of single days would be a day's rush every week."""
    days = np.unique(rows.day)
    ask = "in the demand YAML, or period: day if they were sold on these days"
    weekday = calendar.weekday(days)
    if len(days) >= WEEKS_RECOGNISED and (weekday == weekday[0]).all():
        raise ConfigurationError(
            f"{rows.path}: all {len(days)} dates are {WEEKDAYS[weekday[0]]}s: sales of whole weeks? Say period: week "
            f"{ask}"
        )
    first, last = (days == _month(days)).all(), (days + 1 == _month(days + 1)).all()
    if len(days) >= MONTHS_RECOGNISED and (first or last):
        raise ConfigurationError(
            f"{rows.path}: all {len(days)} dates are the {'first' if first else 'last'} of a month: sales of whole "
            f"months? Say period: month {ask}"
        )

"""Days since 1970-01-01 as weekdays, months, days of the month and of the year."""

from __future__ import annotations

from datetime import date as Date
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError

Days = NDArray[np.int64]

EPOCH = Date(1970, 1, 1).toordinal()


def day_number(date: object) -> int:
    """Days from 1970-01-01 to a date, given as a `datetime.date` or in ISO form."""
    if isinstance(date, Date):
        return date.toordinal() - EPOCH
    return int(np.datetime64(str(date), "D").astype(np.int64))


def iso(day: int) -> str:
    """A day as YYYY-MM-DD."""
    return str(np.datetime64(int(day), "D"))


def weekday(day: Days) -> Days:
    """Monday = 0; 1970-01-01 was a Thursday."""
    return np.asarray((day + 3) % 7)


def month(day: Days) -> Days:
    """January = 0."""
    return np.asarray(day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12)


def day_of_year(day: Days) -> Days:
    """1 January = 0."""
    date = day.astype("datetime64[D]")
    return np.asarray((date - date.astype("datetime64[Y]")).astype(np.int64))


def month_day(day: Days) -> Days:
    """100 · month + day of the month, both counted from 1: 1224 is Christmas Eve."""
    dates = day.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    return np.asarray(100 * (month(day) + 1) + of_month + 1)


def month_day_number(name: str) -> int:
    """The same for a day written MM-DD."""
    return int(name.replace("-", ""))


def zone_named(name: str) -> ZoneInfo:
    """A time zone by its IANA name, such as ``America/Los_Angeles``.

    Raises:
        ConfigurationError: there is none of the name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # the last where a name leads to a folder
        raise ConfigurationError(
            f"zone: {name!r}; allowed: an IANA name such as America/Los_Angeles or Asia/Shanghai"
        ) from None

"""When an event comes, how long it lasts, and from when on it is known."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr, model_validator

from entrepot.configs.loader import StrictModel
from entrepot.configs.numbers import Count, Positive

Integers = NDArray[np.int64]

LONGEST_DAYS = 366
"""That an event may last: the most days that a snapshot tells."""
DAYS_PER_YEAR = 365.0
NO_DAY = 2**40
"""Later than any day."""
_MONTH_DAY, _DATE = re.compile(r"(\d\d)-(\d\d)"), re.compile(r"\d{4}-\d\d-\d\d")
_STARTS = "a day of the scenario such as 120, a date such as 2024-10-01, a day of each year such as 11-11, or a list"


class Duration(StrictModel):
    """Whole days that an event lasts: evenly between two numbers, or lognormal about a median."""

    low: Count | None = None
    high: Count | None = None
    median: Positive | None = None
    log_deviation: Annotated[float, Field(ge=0)] = 0.5
    longest: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_number_is_always_the_same(cls, content: Any) -> Any:
        if isinstance(content, int) and not isinstance(content, bool):
            return {"low": content, "high": content}
        return content

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        between = self.low is not None and self.high is not None and self.median is self.longest is None
        lognormal = self.low is self.high is None and self.median is not None and self.longest is not None
        if not (between or lognormal):
            raise ValueError("allowed: a number of days, {low, high}, or {median, log_deviation, longest}")
        if between and not self.low <= self.high <= LONGEST_DAYS:  # type: ignore[operator]
            raise ValueError(f"low: {self.low}, high: {self.high}; allowed: low up to high, high up to {LONGEST_DAYS}")
        return self

    @property
    def most(self) -> int:
        """Days at the longest."""
        found = self.high if self.longest is None else self.longest
        assert found is not None
        return found

    def drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> Integers:
        """Days of some events.

        Args:
            shape: of the events.
            rng: the event's own stream.
        """
        if self.median is None:
            assert self.low is not None
            return rng.integers(self.low, self.most + 1, shape)
        days = np.rint(rng.lognormal(np.log(self.median), self.log_deviation, shape))
        return days.clip(1, self.most).astype(np.int64)


class Known(StrictModel):
    """From when on an event is known: on the day it starts, so many days in advance, or so many days late."""

    in_advance: Annotated[int, Field(ge=0, le=LONGEST_DAYS)] = 0
    late: Annotated[int, Field(ge=0, le=LONGEST_DAYS)] = 0
    end: bool | None = Field(None, description="whether its end is known too; if null, only of what is in advance")

    @model_validator(mode="before")
    @classmethod
    def _words(cls, content: Any) -> Any:
        return {} if content == "on_the_day" else content

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.in_advance and self.late:
            raise ValueError("allowed: on_the_day, {in_advance: days} or {late: days}, not both")
        return self

    @property
    def end_is_known(self) -> bool:
        """As soon as the event is known."""
        return self.in_advance > 0 if self.end is None else self.end


class When(StrictModel):
    """When an event comes: at set times, or by chance so many times a year."""

    starts: int | str | list[str] | None = Field(None, description=_STARTS)
    offset_days: Annotated[int, Field(ge=-LONGEST_DAYS, le=LONGEST_DAYS)] = Field(
        0, description="so many days after `starts`, or before where negative"
    )
    rate_per_year: Annotated[float, Field(gt=0, le=DAYS_PER_YEAR)] | None = None
    days: Duration
    known: Known = Known()
    _once_from: int | None = PrivateAttr(None)  # a day of the scenario; if null, it comes on each of its dates

    @model_validator(mode="after")
    def _starts_once(self) -> Self:
        if (self.starts is None) == (self.rate_per_year is None):
            raise ValueError("starts, rate_per_year: give exactly one of the two")
        if isinstance(self.starts, int) and self.starts < 0:
            raise ValueError(f"starts: {self.starts}; allowed: {_STARTS}")
        for text in self.dates:
            _refuse_unless_date(text)
        if isinstance(self.starts, list) and not self.starts:
            raise ValueError(f"starts: []; allowed: {_STARTS}")
        return self

    @property
    def dates(self) -> tuple[str, ...]:
        """Where it starts by the calendar: YYYY-MM-DD or MM-DD; none where it starts otherwise."""
        if isinstance(self.starts, str):
            return (self.starts,)
        return tuple(self.starts) if isinstance(self.starts, list) else ()

    @property
    def recurs(self) -> bool:
        """Whether it comes on each of some dates; else once, or by chance."""
        return bool(self.dates) and self._once_from is None

    def once_from(self, day: int) -> Self:
        """The same that comes but once: of its dates, on the first from a day of the scenario on.

        Args:
            day: counted from the scenario's first day.
        """
        found = self.model_copy()
        found._once_from = day
        return found

    def starts_in(self, first_day: Integers, days: int, rng: np.random.Generator) -> tuple[Integers, NDArray[np.bool_]]:
        """When occurrences start, counted in days from the first day; and which of them there are.

        Args:
            first_day: [B] since 1970-01-01.
            days: that are looked ahead; what began before the first day and may still last is there too.
            rng: the event's own stream.

        Returns:
            [B, K] twice.
        """
        if self.rate_per_year is not None:
            span = self.days.most + days
            number = rng.poisson(self.rate_per_year / DAYS_PER_YEAR * span, len(first_day))
            most = int(number.max(initial=0))
            offsets = rng.integers(-self.days.most, days, (len(first_day), most))
            return offsets, np.arange(most) < number[:, None]
        if isinstance(self.starts, int):
            at = np.full((len(first_day), 1), self.starts + self.offset_days)
        else:
            at = self.calendar_days(first_day, days) - first_day[:, None] + self.offset_days
        if self._once_from is None:
            return at, np.ones(at.shape, np.bool_)
        return at, at == first_from(self._once_from, at)[:, None]

    def calendar_days(self, first_day: Integers, days: int) -> Integers:
        """[B, K] days since 1970-01-01 of its dates, of each year from the one before the first day on."""
        years = first_day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        columns = []
        for text in self.dates:
            if yearly := _MONTH_DAY.fullmatch(text):
                month, day = (int(part) for part in yearly.groups())
                for more in range(-1, int(days // DAYS_PER_YEAR) + 3):
                    months = (years - 1970 + more) * 12 + month - 1
                    start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
                    columns.append(start + day - 1)
            else:
                columns.append(np.full(len(first_day), np.datetime64(text, "D").astype(np.int64)))
        return np.stack(columns, axis=1)


def first_from(day: int | Integers, at: Integers) -> Integers:
    """[B] the first of days [B, K] from a day [B] on; `NO_DAY` where none is left."""
    days = np.broadcast_to(np.asarray(day), len(at))[:, None]
    return np.asarray(np.where(at >= days, at, NO_DAY).min(axis=1))


def _refuse_unless_date(text: str) -> None:
    # 2023 is no leap year: 02-29 isn't a day of each year.
    if not (_DATE.fullmatch(text) or _MONTH_DAY.fullmatch(text)):
        raise ValueError(f"starts: {text!r}; allowed: {_STARTS}")
    try:
        np.datetime64(text if _DATE.fullmatch(text) else f"2023-{text}", "D")
    except ValueError:
        raise ValueError(f"starts: {text!r} is no day of the calendar; allowed: {_STARTS}") from None

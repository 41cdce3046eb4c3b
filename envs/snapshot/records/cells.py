"""Cells of records: whole units, days and moments; what allows two readings is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.records.table import Row

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}([,' \u00a0\u202f]\d{3})+")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
"""12.000 may be twelve or, as it is written in much of Europe, twelve thousand."""
_MOST_UNITS = 1e12


@dataclass(frozen=True)
class Reading:
    """How cells are to be read."""

    whole: bool  # units are counted, not measured
    zone: str | None = None  # IANA name, of places that have none of their own
    zones: Mapping[str, str] = field(default_factory=dict)  # by name of a node, supplier or market
    date_format: str | None = None  # as `strptime` has it; ISO 8601 if None

    def __post_init__(self) -> None:
        for name in (self.zone, *self.zones.values()):
            if name is not None:
                calendar.zone_named(name)

    def zone_of(self, place: str) -> ZoneInfo | None:
        """Of a node, supplier or market; None if neither it nor all of them have one."""
        name = self.zones.get(place, self.zone)
        return None if name is None else calendar.zone_named(name)

    def units(self, row: Row, column: str) -> float:
        """A number of units; 0 where the column or the cell is empty.

        Raises:
            ConfigurationError: the cell is no number, or not whole where it must be.
        """
        value = row.get(column)
        number = 0.0 if value is None else _number(value, grouped=self.whole)
        if self.whole and isinstance(value, str) and _EITHER.fullmatch(value.strip()):
            raise _refused(row, column, value, "a number that can be read in one way, such as 1200 or 1,200")
        if number is None or not abs(number) < _MOST_UNITS:
            raise _refused(row, column, value, "a number such as 1200 or 1,200")
        if self.whole and number != int(number):
            raise _refused(row, column, value, "whole units such as 1200 (the network's goods are not divisible)")
        return number

    def amount(self, row: Row, column: str) -> float:
        """As `units`, of what can't be below 0.

        Raises:
            ConfigurationError: as `units`, or it is below 0.
        """
        number = self.units(row, column)
        if number < 0:
            raise _refused(row, column, row.get(column), "0 or more")
        return number

    def day(self, row: Row, column: str, place: str) -> int | None:
        """Days since 1970-01-01, in the zone of a place; None where the column or the cell is empty.

        Raises:
            ConfigurationError: the cell is no date, or names a moment and nobody said in which zone its day lies.
        """
        found = self._date(row, column)
        if found is None:
            return None
        if isinstance(found, datetime) and found.tzinfo is not None:
            zone = self.zone_of(place)
            if zone is None:
                raise _refused(
                    row, column, row.get(column), f"with the zone in which days of {place} begin: --zone ZONE"
                )
            found = found.astimezone(zone)
        return calendar.day_number(found.date() if isinstance(found, datetime) else found)

    def moment(self, row: Row, column: str, place: str) -> datetime | None:
        """A moment with its offset; a date is its first moment. None where the column or the cell is empty.

        Raises:
            ConfigurationError: the cell is neither a date nor a time, or nobody said in which zone it is.
        """
        found = self._date(row, column)
        if found is None:
            return None
        if not isinstance(found, datetime):
            found = datetime.combine(found, time())
        if found.tzinfo is None:
            zone = self.zone_of(place)
            if zone is None:
                raise _refused(row, column, row.get(column), "with its offset from UTC, or with --zone ZONE")
            found = found.replace(tzinfo=zone)
        return found

    def _date(self, row: Row, column: str) -> date | datetime | None:
        """What a cell says; None where the column or the cell is empty."""
        value = row.get(column)
        found = None if value is None else self._read(value)
        if value is not None and found is None:
            allowed = "YYYY-MM-DD, or another way of writing it with --date-format, such as %d.%m.%Y"
            raise _refused(row, column, value, self.date_format or allowed)
        return found

    def _read(self, value: Any) -> date | datetime | None:
        if isinstance(value, date):  # or a datetime
            return value
        if not isinstance(value, str):
            return None
        try:
            if self.date_format is not None:
                return datetime.strptime(value.strip(), self.date_format)
            text = value.strip()
            return date.fromisoformat(text) if len(text) <= len("YYYY-MM-DD") else datetime.fromisoformat(text)
        except ValueError:
            return None


def perhaps_thousands(rows: Iterable[Row], column: str) -> Row | None:
    """The first row whose figure may be thousands, where nothing in its column shows that the point is a decimal one.

    Of goods that are measured 1.234 is read as a fraction, since figures of three decimals are common there.
    """
    first = None
    for row in rows:
        value = row.get(column)
        if isinstance(value, str) and "." in value:
            if not _EITHER.fullmatch(value.strip()):
                return None
            first = first or row
    return first


def _number(value: Any, *, grouped: bool) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    if grouped and _GROUPED.fullmatch(text):  # of goods that are measured, 1,234 might be a decimal comma
        text = re.sub(r"[,' \u00a0\u202f]", "", text)
    return float(text) if _NUMBER.fullmatch(text) else None


def _refused(row: Row, column: str, value: Any, allowed: str) -> ConfigurationError:
    return ConfigurationError(f"{row.place}: {column}: {value!r}; allowed: {allowed}")

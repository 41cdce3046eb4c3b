"""Dates as people and programs write them: recognised where only one reading is possible."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.keys import AS_WRITTEN, DATE_FORMATS, ReadingKeys
from entrepot.envs.demand.calibration.table import Table

NO_DAY = np.iinfo(np.int64).min
"""Stands for a date that can't be read."""

EPOCH = date(1970, 1, 1).toordinal()
EXCEL_EPOCH = datetime(1899, 12, 30)

_TIME = (
    r"(?:(?:\s*T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<sign>[-/.]?)(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})" + _TIME)
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})(?P<sign>[-/.])(?P<two>\d{1,2})(?P=sign)(?P<year>\d{4})" + _TIME)
_DAY_NAMED = re.compile(r"(?P<day>\d{1,2})[-\s./]+(?P<name>[A-Za-z]{3,9})[-\s./,]+(?P<year>\d{4})" + _TIME)
_MONTH_NAMED = re.compile(r"(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})" + _TIME)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

Reader = Callable[[str], datetime | None]


def read_dates(table: Table, keys: ReadingKeys) -> tuple[NDArray[np.int64], list[str]]:
    """[R] days since 1970-01-01 of a table's `date` column, `NO_DAY` where there is none; and what was seen.

    Raises:
        ConfigurationError: the order of day and month, or the time zone, can't be told: line, value and key.
    """
    column, told = table.columns["date"], []
    texts = [value.strip() for value in column.values]
    lines = table.line[column.first_rows()] if len(column.code) else np.zeros(0, np.int64)
    read, format_name = _reader(texts, lines, keys, table.path)
    moments = [read(text) for text in texts]
    if texts and all(moment is None for moment in moments) and keys.date_format is None:
        allowed = f"{', '.join(DATE_FORMATS)}, or a pattern such as %d.%m.%y"
        raise ConfigurationError(
            f"{table.path}: line {lines[0]}: the date {texts[0]!r} can't be read, nor any other; say how it is written "
            f"by date_format in the demand YAML; allowed: {allowed}"
        )
    if format_name:
        told.append(format_name)
    days = np.full(len(texts), NO_DAY)
    timed = zoned = 0
    for place, moment in enumerate(moments):
        if moment is None:
            continue
        timed += (moment.hour, moment.minute, moment.second) != (0, 0, 0)
        if moment.tzinfo is not None:
            moment, zoned = _local(moment, texts[place], int(lines[place]), keys, table.path), zoned + 1
        days[place] = moment.toordinal() - EPOCH
    if zoned:
        zone = "as written" if keys.time_zone in (None, AS_WRITTEN) else f"in {keys.time_zone}"
        told.append(f"dates have a time zone; the date counts {zone}")
    if timed:
        told.append("dates have a time of day: a sale counts on its date")
    return (days[column.code] if len(days) else np.zeros(0, np.int64)), told


def _reader(texts: list[str], lines: NDArray[np.int64], keys: ReadingKeys, path: str) -> tuple[Reader, str | None]:
    name = keys.date_format
    if name in (None, "iso", "day_first", "month_first"):
        day_first = name == "day_first"
        if name is None:
            recognised = _day_first(texts, lines, path)
            day_first = bool(recognised)
            if recognised is not None:
                name = "day_first" if recognised else "month_first"
        told = f"dates are read as {name}" if name in ("day_first", "month_first") else None
        return (lambda text: _written(text, day_first, iso_alone=keys.date_format == "iso")), told
    return (lambda text: _by_format(text, str(name))), f"dates are read as {name}"


def _day_first(texts: list[str], lines: NDArray[np.int64], path: str) -> bool | None:
    """Whether the day stands before the month, of dates with the year at the end; None if there are none."""
    first: dict[str, int] = {}
    for place, text in enumerate(texts):
        found = _YEAR_LAST.fullmatch(text)
        if found:
            one, two = int(found["one"]), int(found["two"])
            kind = "day_first" if one > 12 >= two else "month_first" if two > 12 >= one else "either"
            if kind not in first or lines[place] < lines[first[kind]]:
                first[kind] = place
    ways = "say date_format: day_first or month_first in the demand YAML"
    if "day_first" in first and "month_first" in first:
        here, there = first["day_first"], first["month_first"]
        raise ConfigurationError(
            f"{path}: line {lines[here]}: {texts[here]!r} has the day first, line {lines[there]}: {texts[there]!r} the "
            f"month; {ways}"
        )
    if first.keys() == {"either"}:
        place = first["either"]
        raise ConfigurationError(
            f"{path}: line {lines[place]}: the date {texts[place]!r} may have the day or the month first; {ways}"
        )
    return "day_first" in first if first else None


def _written(text: str, day_first: bool, *, iso_alone: bool) -> datetime | None:
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        # 202413 is no date, nor is 2024113: without signs between them, month and day have two digits each.
        whole = found["sign"] or len(found["month"]) == len(found["day"]) == 2
        return _moment(found, int(found["month"]), int(found["day"])) if whole else None
    if iso_alone:
        return None
    found = _YEAR_LAST.fullmatch(text)
    if found:
        one, two = int(found["one"]), int(found["two"])
        return _moment(found, two, one) if day_first else _moment(found, one, two)
    found = _DAY_NAMED.fullmatch(text) or _MONTH_NAMED.fullmatch(text)
    if found and found["name"][:3].lower() in _MONTHS:
        return _moment(found, _MONTHS.index(found["name"][:3].lower()) + 1, int(found["day"]))
    return None


def _moment(found: re.Match[str], month: int, day: int) -> datetime | None:
    hour = int(found["hour"] or 0)
    if found["half"]:
        hour = hour % 12 + 12 * (found["half"][0] in "pP")
    try:
        moment = datetime(int(found["year"]), month, day, hour, int(found["minute"] or 0), int(found["second"] or 0))
        return moment if found["zone"] is None else moment.replace(tzinfo=_offset(found["zone"]))
    except ValueError:
        return None


def _offset(zone: str) -> timezone:
    if zone.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = zone[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if zone[0] == "-" else away)


def _by_format(text: str, name: str) -> datetime | None:
    try:
        if name == "excel":
            return EXCEL_EPOCH + timedelta(days=float(text))
        if name in ("unix_seconds", "unix_milliseconds"):
            return datetime.fromtimestamp(float(text) / (1 if name == "unix_seconds" else 1000), UTC)
        return datetime.strptime(text, name)
    except (ValueError, OverflowError, OSError):
        return None


def _local(moment: datetime, text: str, line: int, keys: ReadingKeys, path: str) -> datetime:
    """The moment where its date counts."""
    if keys.time_zone is None and not moment.utcoffset():
        raise ConfigurationError(
            f"{path}: line {line}: {text!r} is UTC, and the date in the market may be another; name the market's zone "
            f"in the demand YAML (time_zone: Europe/Berlin, for example), or time_zone: {AS_WRITTEN}"
        )
    if keys.time_zone in (None, AS_WRITTEN):
        return moment
    return moment.astimezone(ZoneInfo(str(keys.time_zone)))

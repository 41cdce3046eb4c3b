"""Read a sales history and account for every row that can't be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.snapshot import calendar

SHOWN_LINES = 5
"""How many line numbers a report shows for each kind of problem."""

CLOSED_DAYS = 3
"""Longest run of days without a sale that passes for a weekend or a feast."""

EARLIEST, LATEST = "1990-01-01", "2100-01-01"
"""Dates outside are slips of the pen: one of them would stretch the history over decades."""


@dataclass(frozen=True)
class Problem:
    """Rows of one kind that were left out."""

    reason: str
    lines: tuple[int, ...]

    def __str__(self) -> str:
        shown = ", ".join(str(line) for line in self.lines[:SHOWN_LINES])
        more = ", …" if len(self.lines) > SHOWN_LINES else ""
        rows, line = ("row", "line") if len(self.lines) == 1 else ("rows", "lines")
        return f"{len(self.lines):,} {rows}: {self.reason} ({line} {shown}{more})"


@dataclass(frozen=True)
class RecordReport:
    """What was read, what was left out and why."""

    path: str
    rows: int
    usable: int  # rows without a problem
    first_day: str
    last_day: str
    places: tuple[str, ...]  # every market or country that has a usable row
    days_without_sales: int
    gaps: tuple[tuple[str, str], ...]  # first and last day of every long run of days without a sale
    problems: tuple[Problem, ...] = ()
    other_countries: int = 0  # rows of countries that stand for no market

    @property
    def left_out(self) -> int:
        """Number of rows that have a problem."""
        return self.rows - self.usable

    def lines(self) -> list[str]:
        """The report, a line for each thing a person should know."""
        found = [f"{self.path}: {self.usable:,} of {self.rows:,} rows usable, {self.first_day} to {self.last_day}"]
        found += [str(problem) for problem in self.problems]
        if self.other_countries:
            found.append(f"{self.other_countries:,} rows are of countries that stand for no market: not needed")
        if self.days_without_sales:
            found.append(f"{self.days_without_sales:,} days have no sale at all: closed, or missing from the records")
        found += [f"no sale from {first} to {last}: closed, or a gap in the records?" for first, last in self.gaps]
        return found


@dataclass(frozen=True)
class SalesRecords:
    """A dense history: D days × P places (countries or markets) × Q articles."""

    first_day: int  # days since 1970-01-01
    places: tuple[str, ...]
    skus: tuple[str, ...]
    units: NDArray[np.float32]  # [D, P, Q]
    column: Literal["market", "country"]
    report: RecordReport

    @property
    def days(self) -> NDArray[np.int64]:
        """[D] days since 1970-01-01."""
        return self.first_day + np.arange(len(self.units))


def read_sales(
    path: str | Path, *, known_markets: tuple[str, ...] | None = None, used_countries: tuple[str, ...] | None = None
) -> SalesRecords:
    """Read a CSV or Parquet file with the columns `date, sku, market or country, units_sold`.

    Line numbers count the header of a CSV as line 1; the first row of a Parquet file is line 1.

    Args:
        path: the file.
        known_markets: names that a `market` column may hold; others are reported and left out.
        used_countries: names in a `country` column that are wanted; others are counted, and kept out of `units`.

    Raises:
        ConfigurationError: the file is missing, isn't a table, lacks a column, or holds no usable row.
    """
    path = Path(path)
    frame, first_line = _read_table(path)
    column: Literal["market", "country"] = "market" if "market" in frame.columns else "country"
    missing = [name for name in ("date", "sku", "units_sold") if name not in frame.columns]
    if column not in frame.columns:
        missing.append("market (or country)")
    if missing:
        raise ConfigurationError(f"{path}: missing column {', '.join(missing)}; found: {', '.join(frame.columns)}")
    clean = pd.DataFrame(
        {
            "line": np.arange(len(frame)) + first_line,
            "date": _dates(frame["date"]),
            "sku": frame["sku"].astype("string"),
            "place": frame[column].astype("string"),
            "units": pd.to_numeric(frame["units_sold"], errors="coerce").astype("float64"),
        }
    )
    usable, problems = _without_problems(clean, known_markets if column == "market" else None)
    if usable.empty:
        raise ConfigurationError("\n".join([f"{path}: no usable row", *map(str, problems)]))
    return _dense(usable, str(path), len(frame), problems, column, used_countries)


def _read_table(path: Path) -> tuple[pd.DataFrame, int]:
    if not path.is_file():
        raise ConfigurationError(f"demand.path: the file {str(path)!r} does not exist")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path), 1
        if path.name.endswith((".csv", ".csv.gz")):
            # Blank lines are rows too, or every line number after them would be wrong.
            return pd.read_csv(path, dtype="string", skip_blank_lines=False), 2
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"{path}: can't be read: {error}") from error
    raise ConfigurationError(f"demand.path: {str(path)!r}; allowed: a .parquet, .csv or .csv.gz file")


def _dates(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.Series(column.dt.tz_localize(None).dt.normalize())
    return pd.to_datetime(column.astype("string"), errors="coerce", format="%Y-%m-%d")


def _without_problems(
    rows: pd.DataFrame, known_places: tuple[str, ...] | None
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    dates, units = rows["date"], rows["units"]
    checks = [
        ("the date is not a date (YYYY-MM-DD)", dates.isna()),
        (f"the date is not between {EARLIEST} and {LATEST}", (dates < EARLIEST) | (dates > LATEST)),
        ("the sku is empty", rows["sku"].isna()),
        ("the market or country is empty", rows["place"].isna()),
        ("units_sold is not a finite number", ~pd.Series(np.isfinite(units), index=rows.index)),
        ("units_sold is negative", units < 0),
        ("units_sold is not a whole number", units % 1 != 0),
    ]
    if known_places is not None:
        allowed = f"the market is unknown (allowed: {', '.join(known_places)})"
        checks.append((allowed, ~rows["place"].isin(known_places)))
    left = pd.Series(True, index=rows.index)
    problems = []
    for reason, wrong in checks:
        found = left & wrong.fillna(False).astype(bool)
        if found.any():
            problems.append(Problem(reason, tuple(int(line) for line in rows.loc[found, "line"])))
        left &= ~found
    # Of the usable rows alone: a row that is itself left out can't make a later one a duplicate.
    usable = rows[left]
    again = usable.duplicated(["date", "sku", "place"], keep="first")
    if again.any():
        reason = "the same date, sku and market stood in an earlier row, which is kept"
        problems.append(Problem(reason, tuple(int(line) for line in usable.loc[again, "line"])))
    return usable[~again], tuple(problems)


def _dense(
    rows: pd.DataFrame,
    path: str,
    read: int,
    problems: tuple[Problem, ...],
    column: Literal["market", "country"],
    used_countries: tuple[str, ...] | None,
) -> SalesRecords:
    day = (rows["date"] - pd.Timestamp("1970-01-01")).dt.days.to_numpy(np.int64)
    first, last = int(day.min()), int(day.max())
    sold = np.bincount(day - first, weights=rows["units"].to_numpy(), minlength=last - first + 1)
    found = tuple(sorted(rows["place"].unique()))
    wanted = rows["place"].isin(used_countries) if column == "country" and used_countries else rows["place"].notna()
    used, day = rows[wanted], day[wanted.to_numpy()]
    places, skus = tuple(sorted(used["place"].unique())), tuple(sorted(used["sku"].unique()))
    units = np.zeros((last - first + 1, len(places), len(skus)), np.float32)
    units[day - first, pd.Index(places).get_indexer(used["place"]), pd.Index(skus).get_indexer(used["sku"])] = used[
        "units"
    ]
    report = RecordReport(
        path=path,
        rows=read,
        usable=len(rows),
        first_day=calendar.iso(first),
        last_day=calendar.iso(last),
        places=found,
        days_without_sales=int((sold == 0).sum()),
        gaps=_gaps(sold == 0, first),
        problems=problems,
        other_countries=len(rows) - len(used),
    )
    return SalesRecords(first, places, skus, units, column, report)


def _gaps(empty: NDArray[np.bool_], first_day: int) -> tuple[tuple[str, str], ...]:
    runs = long_runs(empty, CLOSED_DAYS)
    return tuple((calendar.iso(first_day + begin), calendar.iso(first_day + end - 1)) for begin, end in runs)


def long_runs(marked: NDArray[np.bool_], longer_than: int) -> list[tuple[int, int]]:
    """Begin and end (excluded) of every run of more than so many marked days."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2) if end - begin > longer_than]

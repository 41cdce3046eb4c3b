"""A sales history as a dense array, and the account of every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.account import Problem, RecordReport
from entrepot.envs.demand.calibration.joining import folded, join_names, shown
from entrepot.envs.demand.calibration.keys import ReadingKeys
from entrepot.envs.demand.calibration.periods import periods_of
from entrepot.envs.demand.calibration.rows import SalesRows, read_rows
from entrepot.envs.snapshot import calendar

CLOSED_DAYS = 3
"""Longest run of days without a sale that passes for a weekend or a feast."""

TOLD_TIMES_USUAL = 100.0
"""A day with so many times the SKU's median units is told; what is refused, `most_times_usual` says."""

TOLD_UNITS = 1000
"""…if it has at least so many units: 100 in place of 1 may be any large order."""


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
    path: str | Path,
    *,
    keys: ReadingKeys | None = None,
    known_markets: tuple[str, ...] | None = None,
    used_countries: tuple[str, ...] | None = None,
) -> SalesRecords:
    """Read a CSV or Parquet file with the columns `date, sku, market or country, units_sold`.

    Line numbers count the header of a CSV as line 1; the first row of a Parquet file is line 1.

    Args:
        path: the file.
        keys: how it is written; recognised where not given.
        known_markets: names that a `market` column may hold; others are reported and left out.
        used_countries: names in a `country` column that are wanted; others are counted, and kept out of `units`.

    Raises:
        ConfigurationError: the file is missing, isn't a table, lacks a column, holds no usable row, or can be read in
            two ways.
    """
    keys = keys or ReadingKeys()
    return dense_records(read_rows(path, keys), keys, known_markets=known_markets, used_countries=used_countries)


def dense_records(
    rows: SalesRows,
    keys: ReadingKeys,
    *,
    known_markets: Sequence[str] | None = None,
    used_countries: Sequence[str] | None = None,
    known_skus: Sequence[str] | None = None,
) -> SalesRecords:
    """Add rows up by day, place and SKU.

    Args:
        rows: as read.
        keys: what is done with repeated rows and similar names.
        known_markets: as in `read_sales`.
        used_countries: as in `read_sales`.
        known_skus: SKUs that are joined by name; those of others are reported and left out. All, if None.

    Raises:
        ConfigurationError: names are similar or rows repeated where a key refuses it, or nothing is left.
    """
    rows, periods = periods_of(rows, keys)
    first, last = int(rows.day.min()), int(rows.day.max()) if periods is None else periods.last
    sold = np.bincount(rows.day - first, weights=rows.units, minlength=last - first + 1)
    _check_gaps(rows, keys)
    read, path, remarks = rows, rows.path, list(rows.remarks)
    others: list[Problem] = []
    places = known_markets if rows.kind == "market" else used_countries
    if places:
        rows, told = _joined(rows, "place", places, rows.kind, keys)
        remarks += told
    elsewhere = 0
    if rows.kind == "market" and known_markets is not None:
        rows = _without_others(rows, "place", known_markets, "market", others)
    elif rows.kind == "country" and used_countries:
        kept = _is_in(rows, "place", used_countries)
        elsewhere, rows = int((~kept).sum()), rows.where(kept)
    if known_skus is not None:
        rows, told = _joined(rows, "sku", known_skus, "SKU", keys)
        remarks += told
        rows = _without_others(rows, "sku", known_skus, "SKU", others)
    else:
        remarks += _alike(rows)
    place, sku = _sorted(rows, "place"), _sorted(rows, "sku")
    units = np.zeros((last - first + 1, len(place[0]), len(sku[0])), np.float32)
    cell = (rows.day - first, place[1], sku[1])
    added_up, same_again = _repeated(rows, np.ravel_multi_index(cell, units.shape) if len(rows.line) else None, keys)
    np.add.at(units, cell, rows.units.astype(np.float32))
    if periods is not None:
        remarks.append(periods.told)
        units = periods.spread(units)
        # A thing or two a week leave days without sales, which tell nothing of closing.
        sold = np.repeat(sold[periods.begin - first], periods.length)
    report = RecordReport(
        path=path,
        rows=rows.read,
        usable=len(read.line),
        first_day=calendar.iso(first),
        last_day=calendar.iso(last),
        places=tuple(sorted(read.place.values[code] for code in np.unique(read.place.code))),
        days_without_sales=int((sold == 0).sum()),
        gaps=_gaps(sold == 0, first),
        problems=rows.problems,
        other_countries=elsewhere,
        others=tuple(others),
        added_up=added_up,
        same_again=same_again,
        remarks=(*remarks, *_large(rows, place, sku, keys)),
    )
    return SalesRecords(first, place[0], sku[0], units, rows.kind, report)


def _joined(
    rows: SalesRows, field: Literal["place", "sku"], known: Sequence[str], what: str, keys: ReadingKeys
) -> tuple[SalesRows, list[str]]:
    column = getattr(rows, field)
    # Of the rows that are left: a name that only a bad row has is nobody's.
    used = np.unique(column.code)
    names, told = join_names(
        [column.values[code] for code in used], known, what=what, path=rows.path, similar=keys.similar_names
    )
    values = list(column.values)
    for code, name in zip(used, names, strict=True):
        values[code] = name
    return replace(rows, **{field: column.renamed(values)}), told


def _is_in(rows: SalesRows, field: Literal["place", "sku"], known: Sequence[str]) -> NDArray[np.bool_]:
    column, names = getattr(rows, field), set(known)
    return np.asarray(np.array([value in names for value in column.values], np.bool_)[column.code])


def _without_others(
    rows: SalesRows, field: Literal["place", "sku"], known: Sequence[str], what: str, others: list[Problem]
) -> SalesRows:
    kept = _is_in(rows, field, known)
    if kept.all():
        return rows
    column = getattr(rows, field)
    names = [column.values[code] for code in np.unique(column.code[~kept])]
    allowed = f" (allowed: {shown(list(known))})" if what == "market" else ""
    reason = f"the {what} is unknown to the network{allowed}: {shown(sorted(names))}"
    others.append(Problem(reason, tuple(rows.line[~kept].tolist())))
    return rows.where(kept)


def _alike(rows: SalesRows) -> list[str]:
    names = [rows.sku.values[code] for code in np.unique(rows.sku.code)]
    by_fold: dict[str, list[str]] = {}
    for name in names:
        by_fold.setdefault(folded(name), []).append(name)
    pairs = [" and ".join(alike) for alike in by_fold.values() if len(alike) > 1]
    return [f"SKUs whose names are nearly the same count apart: {shown(pairs)}"] if pairs else []


def _sorted(rows: SalesRows, field: Literal["place", "sku"]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names in order, and each row's place among them."""
    column = getattr(rows, field)
    used = np.unique(column.code)
    names = sorted(column.values[code] for code in used)
    rank = {name: place for place, name in enumerate(names)}
    place = np.array([rank.get(value, 0) for value in column.values], np.int64)
    return tuple(names), place[column.code]


def _repeated(rows: SalesRows, cell: NDArray[np.int64] | None, keys: ReadingKeys) -> tuple[int, int]:
    """How many rows have the day, SKU and place of an earlier one, and how many the units, too."""
    if cell is None:
        return 0, 0
    _, first, times = np.unique(cell, return_index=True, return_counts=True)
    if times.max() == 1:
        return 0, 0
    if keys.repeated_rows == "refuse":
        again = np.ones(len(cell), np.bool_)
        again[first] = False
        reason = "the date, SKU and market of an earlier row"
        problem = Problem(reason, tuple(rows.line[again].tolist()))
        raise ConfigurationError(f"{rows.path}: {problem}; repeated_rows: add in the demand YAML adds them up")
    order = np.lexsort((rows.units, cell))
    same = (np.diff(cell[order]) == 0) & (np.diff(rows.units[order]) == 0)
    return len(cell) - len(first), int(same.sum())


def _large(
    rows: SalesRows,
    place: tuple[tuple[str, ...], NDArray[np.int64]],
    sku: tuple[tuple[str, ...], NDArray[np.int64]],
    keys: ReadingKeys,
) -> list[str]:
    """A day's units far above the SKU's usual ones: told, or refused."""
    group = place[1] * len(sku[0]) + sku[1]
    sold = rows.units > 0
    if not sold.any():
        return []
    group, units, line, day = group[sold], rows.units[sold], rows.line[sold], rows.day[sold]
    order = np.lexsort((units, group))
    _, begin, count = np.unique(group[order], return_index=True, return_counts=True)
    median = units[order][begin + (count - 1) // 2]
    ratio = np.empty(len(units))
    ratio[order] = units[order] / np.repeat(median, count)
    worst = int(np.argmax(ratio))
    name = f"{sku[0][group[worst] % len(sku[0])]} in {place[0][group[worst] // len(sku[0])]}"
    usual = units[worst] / ratio[worst]
    told = f"line {line[worst]}: {units[worst]:,.0f} of {name} on {calendar.iso(int(day[worst]))}, usually {usual:,.0f}"
    if ratio[worst] > keys.most_times_usual:
        raise ConfigurationError(
            f"{rows.path}: {told}: a slip? It is {ratio[worst]:,.0f} times the usual; most_times_usual in the demand "
            f"YAML allows {keys.most_times_usual:,.0f}"
        )
    many = int(((ratio > TOLD_TIMES_USUAL) & (units >= TOLD_UNITS)).sum())
    if not many:
        return []
    rows_are = "row has" if many == 1 else "rows have"
    return [f"{many:,} {rows_are} more than {TOLD_TIMES_USUAL:.0f} times the SKU's usual units; {told}"]


def _check_gaps(rows: SalesRows, keys: ReadingKeys) -> None:
    """One slip in a date stretches a history by years, of which the test window is then made."""
    days, first = np.unique(rows.day, return_index=True)
    gap = np.diff(days) - 1
    if not len(gap) or gap.max() <= keys.longest_gap_days:
        return
    at = int(gap.argmax())
    before, after = calendar.iso(int(days[at])), calendar.iso(int(days[at + 1]))
    raise ConfigurationError(
        f"{rows.path}: no row for {gap[at]:,} days, between {before} (line {rows.line[first[at]]}) and {after} (line "
        f"{rows.line[first[at + 1]]}): a slip in a date? longest_gap_days in the demand YAML allows "
        f"{keys.longest_gap_days}"
    )


def _gaps(empty: NDArray[np.bool_], first_day: int) -> tuple[tuple[str, str], ...]:
    runs = long_runs(empty, CLOSED_DAYS)
    return tuple((calendar.iso(first_day + begin), calendar.iso(first_day + end - 1)) for begin, end in runs)


def long_runs(marked: NDArray[np.bool_], longer_than: int) -> list[tuple[int, int]]:
    """Begin and end (excluded) of every run of more than so many marked days."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2) if end - begin > longer_than]

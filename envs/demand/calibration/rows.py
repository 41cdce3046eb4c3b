"""The rows of a sales history, typed, and what is wrong with the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.account import Problem
from entrepot.envs.demand.calibration.dates import NO_DAY, read_dates
from entrepot.envs.demand.calibration.joining import shown
from entrepot.envs.demand.calibration.keys import ReadingKeys
from entrepot.envs.demand.calibration.quantities import read_quantities
from entrepot.envs.demand.calibration.table import Column, Table, read_table
from entrepot.envs.snapshot import calendar

COLUMNS = ("date", "sku", "market", "country", "units_sold")

EARLIEST, LATEST = "1990-01-01", "2100-01-01"
"""Dates outside are slips of the pen: one of them would stretch the history over decades."""


@dataclass(frozen=True)
class SalesRows:
    """R usable rows of a history."""

    path: str
    read: int  # rows in the file, usable or not
    kind: Literal["market", "country"]
    line: NDArray[np.int64]  # [R]
    day: NDArray[np.int64]  # [R] days since 1970-01-01
    sku: Column
    place: Column
    units: NDArray[np.float64]  # [R] whole, 0 or more
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...]

    def where(self, kept: NDArray[np.bool_]) -> SalesRows:
        """Some of the rows."""
        return replace(
            self,
            line=self.line[kept],
            day=self.day[kept],
            units=self.units[kept],
            sku=replace(self.sku, code=self.sku.code[kept]),
            place=replace(self.place, code=self.place.code[kept]),
        )


def read_rows(path: str | Path, keys: ReadingKeys) -> SalesRows:
    """Read a file with the columns `date, sku, market or country, units_sold`.

    Raises:
        ConfigurationError: the file is missing, isn't a table, lacks a column, holds no usable row, or can be read in
            two ways.
    """
    table = read_table(Path(path), keys, COLUMNS)
    kind: Literal["market", "country"] = "market" if "market" in table.columns else "country"
    missing = [name for name in ("date", "sku", "units_sold") if name not in table.columns]
    if kind not in table.columns:
        missing.append("market (or country)")
    if missing:
        raise ConfigurationError(f"{path}: missing column {', '.join(missing)}; found: {', '.join(table.columns)}")
    day, of_dates = read_dates(table, keys)
    units, of_units = read_quantities(table, keys)
    sku, place = _names(table.columns["sku"]), _names(table.columns[kind])
    rows = SalesRows(
        path=str(path),
        read=len(table.line) + len(table.malformed) + len(table.empty),
        kind=kind,
        line=table.line,
        day=day,
        sku=sku,
        place=place,
        units=units,
        problems=(),
        remarks=(*table.remarks, *of_dates, *of_units, *_spaces(table, kind), *_both(table)),
    )
    return _without_problems(rows, table)


def _names(column: Column) -> Column:
    return column.renamed([value.strip() for value in column.values])


def _spaces(table: Table, kind: str) -> list[str]:
    padded = {name for key in ("sku", kind) for name in table.columns[key].values if name.strip() not in ("", name)}
    return [f"spaces around names don't count: {shown(sorted(map(repr, padded)))}"] if padded else []


def _both(table: Table) -> list[str]:
    both = {"market", "country"} <= table.columns.keys()
    return ["the columns market and country are both there: market counts"] if both else []


def _without_problems(rows: SalesRows, table: Table) -> SalesRows:
    earliest, latest = calendar.day_number(EARLIEST), calendar.day_number(LATEST)
    units = rows.units
    checks = [
        ("the date is not a date (YYYY-MM-DD, or as date_format says)", rows.day == NO_DAY),
        (f"the date is not between {EARLIEST} and {LATEST}", (rows.day < earliest) | (rows.day > latest)),
        ("the sku is empty", _is_empty(rows.sku)),
        ("the market or country is empty", _is_empty(rows.place)),
        ("units_sold is not a finite number", ~np.isfinite(units)),
        ("units_sold is negative", units < 0),
        ("units_sold is not a whole number", np.where(np.isfinite(units), units, 0) % 1 != 0),
    ]
    left = np.ones(len(rows.line), np.bool_)
    problems = []
    if table.empty:
        problems.append(Problem("the line is empty", table.empty))
    if table.malformed:
        problems.append(Problem("more or fewer fields than the header (a comma inside a field?)", table.malformed))
    for reason, wrong in checks:
        found = left & wrong
        if found.any():
            problems.append(Problem(reason, tuple(rows.line[found].tolist())))
        left &= ~found
    if not left.any():
        told = "; ".join(map(str, problems)) or "there is none"
        raise ConfigurationError(f"{rows.path}: no usable row: {told}")
    return replace(rows.where(left), problems=tuple(problems))


def _is_empty(column: Column) -> NDArray[np.bool_]:
    empty = np.array([value == "" for value in column.values], np.bool_)
    return empty[column.code]

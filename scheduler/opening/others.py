"""Reports of others' systems as tables of an opening."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot.records.table import Columns, Row, Table, read_table

FOLDER = "entrepot.scheduler.opening.reports"


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a report says for one table."""

    table: Literal["stock", "sales", "shipments", "orders", "backlog"]
    columns: dict[str, str]  # theirs by ours; case, spaces and signs make no difference
    given: list[str] = []  # columns of ours that the report doesn't have and a person gives
    only: dict[str, str] = {}  # rows with these values alone
    skip: dict[str, list[str]] = {}  # rows with these values are none
    latest: str | None = None  # rows of the latest date in this column alone, as of that day's end
    negated: list[str] = []  # columns of ours with the other sign
    name_of: dict[str, str] = {}  # a pattern whose first group is the name, where it is found
    parent_by: dict[str, str] = {}  # a sign at which a name that isn't called anything here is cut, from the right


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of report."""

    title: str
    source: str  # where its columns are documented
    tables: list[Part]
    dates: tuple[str, ...] = ("%Y-%m-%d",)


@dataclass(frozen=True)
class Given:
    """A report that a person has."""

    name: str  # of its kind
    path: Path
    values: Mapping[str, str]  # columns that are the same in all rows


@dataclass
class Mapped:
    """What came of reports."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def joined(self, tables: Mapping[str, Table]) -> dict[str, Table]:
        """With the tables that were read otherwise; rows of one name come together."""
        found = dict(tables)
        for name, rows in self.rows.items():
            own = frozenset(column for row in rows for column in row.values)
            before = found.get(name)
            if before is None:
                found[name] = Table(name, own, tuple(rows), ())
            else:
                found[name] = Table(before.source, before.columns | own, (*before.rows, *rows), before.unread)
        return found


@cache
def kinds() -> dict[str, Report]:
    """All kinds of reports, by name."""
    folder = resources(FOLDER)
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".yaml"))
    return {
        name.removesuffix(".yaml"): msgspec.convert(yaml.safe_load(folder.joinpath(name).read_text("utf-8")), Report)
        for name in names
    }


def given(text: str) -> Given:
    """What a person wrote: `KIND=FILE[,COLUMN=VALUE…]`.

    Raises:
        ConfigurationError: there is no such kind or column, or one is missing.
    """
    head, *pairs = text.split(",")
    name, sign, path = head.partition("=")
    if name not in kinds() or not sign:
        raise ConfigurationError(
            f"--report: {text!r}; allowed: KIND=FILE[,COLUMN=VALUE…], KIND of {', '.join(kinds())}"
        )
    wanted = list(dict.fromkeys(column for part in kinds()[name].tables for column in part.given))
    values = {column.strip(): value.strip() for column, _, value in (pair.partition("=") for pair in pairs)}
    for column in values:
        if column not in wanted:
            raise ConfigurationError(f"--report: {name}: {column!r}; allowed: {', '.join(wanted) or 'nothing'}")
    missing = [column for column in wanted if column != "departed" and not values.get(column)]
    if missing:
        raise ConfigurationError(f"--report: {name}: say {', '.join(f'{column}=…' for column in missing)}")
    return Given(name, Path(path), values)


def mapped(reports: list[Given], called: Mapping[str, str]) -> Mapped:
    """Rows of the tables of an opening.

    Args:
        reports: to read.
        called: what others' names of places and SKUs are called here; empty where their rows are to be left aside.
    """
    found = Mapped()
    for report in reports:
        kind = kinds()[report.name]
        for part in kind.tables:
            heads = dict.fromkeys([*part.columns.values(), *part.only, *part.skip, *filter(None, [part.latest])])
            columns = Columns(needed=tuple(map(_plain, heads)))
            try:
                table = _read(report, columns)
            except ConfigurationError as error:
                found.problems.append(f"{report.name}: {error}")
                break
            _map(kind, part, report, table, called, found)
    return found


def _read(report: Given, columns: Columns) -> Table:
    """With its columns' names reduced to letters and digits."""
    table = read_table(report.name, report.path, Columns(needed=()))
    heads = {head: _plain(head) for head in table.columns}
    missing = [head for head in columns.needed if head not in heads.values()]
    if missing:
        raise ConfigurationError(
            f"{report.path}: column {missing[0]!r} is missing; found: {', '.join(sorted(table.columns))}"
        )
    rows = [Row({heads[head]: value for head, value in row.values.items()}, row.place) for row in table.rows]
    return Table(table.source, frozenset(heads.values()), tuple(rows), ())


def _map(kind: Report, part: Part, report: Given, table: Table, called: Mapping[str, str], found: Mapped) -> None:
    rows = [row for row in table.rows if _wanted(row, part)]
    dates: dict[str, Date] = {}
    if part.latest is not None or "date" in part.columns:
        rows, dates = _dated(kind, part, rows, found)
    end: Date | None = None
    if part.latest is not None and rows:
        end = max(dates[row.place] for row in rows)
        rows = [row for row in rows if dates[row.place] == end]
    aside = 0
    for row in rows:
        values: dict[str, Any] = {ours: row.get(_plain(theirs)) for ours, theirs in part.columns.items()}
        values.update({column: report.values[column] for column in part.given if column in report.values})
        if "date" in values:
            values["date"] = dates[row.place].isoformat()
        if end is not None:
            values["as_of"] = f"{end.isoformat()}T23:59"
        for column in part.negated:
            values[column] = _negated(values[column])
        names: dict[str, Any] = {
            column: _name(part, column, values[column], called) for column in ("node", "sku") if column in values
        }
        if "" in names.values():
            aside += 1
            continue
        found.rows.setdefault(part.table, []).append(Row({**values, **names}, row.place))
    left = len(table.rows) - len(rows) + aside
    if left:
        why = " (other days, dispositions, totals, or called nothing)"
        found.remarks.append(f"{report.path}: {left} of {len(table.rows)} rows are not for {part.table}{why}")


def _wanted(row: Row, part: Part) -> bool:
    if any(str(row.get(_plain(head)) or "").strip() != value for head, value in part.only.items()):
        return False
    return not any(str(row.get(_plain(head)) or "").strip() in values for head, values in part.skip.items())


def _dated(kind: Report, part: Part, rows: list[Row], found: Mapped) -> tuple[list[Row], dict[str, Date]]:
    column = part.latest or part.columns["date"]
    dates: dict[str, Date] = {}
    for row in rows:
        value = row.get(_plain(column))
        date = value.date() if isinstance(value, datetime) else value if isinstance(value, Date) else None
        for form in kind.dates if date is None else ():
            try:
                date = datetime.strptime(str(value).strip(), form).date()
                break
            except ValueError:
                continue
        if date is None:
            found.problems.append(f"{row.place}: {column}: {value!r}; allowed: a date as {' or '.join(kind.dates)}")
        else:
            dates[row.place] = date
    return [row for row in rows if row.place in dates], dates


def _name(part: Part, column: str, value: Any, called: Mapping[str, str]) -> Any:
    """What a place or a SKU is called here; empty where its rows are to be left aside."""
    if not isinstance(value, str):
        return value
    pattern = part.name_of.get(column)
    match = re.search(pattern, value) if pattern else None
    name = (match.group(1) if match else value).strip()
    sign, whole = part.parent_by.get(column), name
    while sign and name not in called and sign in name:
        name = name.rpartition(sign)[0].strip()
    return called.get(name, whole)


def _negated(value: Any) -> Any:
    if isinstance(value, int | float):
        return -value
    text = str(value or "0").strip()
    return text[1:] if text.startswith("-") else text if text.strip("0.") == "" else f"-{text}"


def _plain(head: str) -> str:
    return re.sub(r"[^a-z0-9]", "", head.casefold())

"""The tables of an opening: files of a folder, or sheets of a workbook, by the names that records have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import write_atomically
from entrepot.envs.snapshot.records.records import TABLES
from entrepot.envs.snapshot.records.table import TEXT_FILES, WORKBOOKS, Table, read_table, sheet_names
from entrepot.scheduler.opening.others import Mapped

EXAMPLES = {
    "stock": ("node,sku,on_hand,dock,as_of", "NODE,SKU,120,0,2026-11-25T06:00+08:00"),
    "sales": ("date,sku,market,units", "2026-11-24,SKU,MARKET,7"),
    "orders": ("order,lane,sku,units,received,ordered,eta", "PO-17,ORIGIN->NODE:truck,SKU,500,0,2026-11-20,"),
    "shipments": ("lane,sku,units,received,departed,eta,order", "ORIGIN->NODE:sea,SKU,60,0,2026-11-18,2026-12-12,"),
    "backlog": ("market,sku,units", "MARKET,SKU,3"),
}
"""A heading and an example of each, for whoever fills them in."""


@dataclass
class Found:
    """Tables that could be read, and what is wrong with the others."""

    tables: dict[str, Table] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)  # files and sheets that are no table of an opening


def read_tables(place: Path, columns: Mapping[str, str] | None = None, reports: Mapped | None = None) -> Found:
    """Read a folder or a workbook.

    Args:
        place: of either.
        columns: what columns are called there, by the name that they have here.
        reports: of others' systems, whose rows are added.

    Raises:
        ConfigurationError: there is neither, or nothing in it.
    """
    found = Found()
    for name, path in _sources(place, found).items():
        try:
            table = read_table(name, path, TABLES[name], columns)
        except ConfigurationError as error:
            found.problems.append(str(error))
            continue
        found.tables[name] = table
        found.passed_over.extend(f"{name}: column {column}" for column in table.unread)
    if reports is not None:
        found.tables = reports.joined(found.tables)
        found.problems.extend(reports.problems)
    for needed in ("stock", "sales"):
        if needed not in found.tables and not any(problem.startswith(needed) for problem in found.problems):
            found.problems.append(
                f"{place}: a table {needed!r} is missing (a file {needed}.csv, or a sheet {needed!r})"
            )
    return found


def write_template(folder: Path) -> list[Path]:
    """Write a file for each table, with its heading and an example.

    Raises:
        ConfigurationError: a file of the name is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.csv" for name in EXAMPLES}
    for path in paths.values():
        if path.exists():
            raise ConfigurationError(f"--template: {str(path)!r} is there already; it is left as it is")
    for name, path in paths.items():
        write_atomically(path, "\n".join(EXAMPLES[name]) + "\n")
    return list(paths.values())


def _sources(place: Path, found: Found) -> dict[str, Path]:
    if place.is_dir():
        sources: dict[str, Path] = {}
        for path in sorted(place.iterdir()):
            name, _, suffix = path.name.partition(".")
            if f".{suffix}".casefold() not in TEXT_FILES + WORKBOOKS or name.casefold() not in TABLES:
                found.passed_over.append(path.name)
            elif name.casefold() in sources:
                found.problems.append(f"{path}: another file is table {name.casefold()!r} already")
            else:
                sources[name.casefold()] = path
        return sources
    if place.suffix.casefold() not in WORKBOOKS:
        raise ConfigurationError(f"{str(place)!r} is no folder, and no workbook ({', '.join(WORKBOOKS)})")
    named = {name.strip().casefold(): name for name in sheet_names(place)}
    found.passed_over.extend(f"sheet {name}" for plain, name in named.items() if plain not in TABLES)
    return {name: place for name in TABLES if name in named}

"""Positions from a CSV that lists them one by one, and back to one."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from entrepot.configs.decoding import read_text
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import write_atomically
from entrepot.envs.network.layout.description import GOODS_TYPES
from entrepot.envs.network.layout.positions import Positions, types_at

COLUMNS = ("id", "aisle", "bay", "level", "x", "y", "z", "width", "depth", "height", "most_kg", "goods_types")
_LENGTHS = ("width", "depth", "height", "most_kg")
TYPES = " ".join(kind.value for kind in GOODS_TYPES)
MOST_TOLD = 5
"""Bad rows that an error tells one by one; of the others the number."""


def read_positions(path: Path, *, cross_aisle_m: float) -> Positions:
    """Read a warehouse position by position.

    Columns: `id`, `aisle`, `bay`, `level` (names; the level a whole number from 0), `x`, `y`, `z`, `width`, `depth`,
    `height` (m; x across the aisles, y along them from the front), `most_kg`, `goods_types` (of general, fragile,
    hazardous and cold, with blanks between). An aisle is walked in the middle of its
    positions.

    Args:
        path: of the CSV, in UTF-8.
        cross_aisle_m: width of the cross aisles, in whose middle pickers walk.

    Raises:
        ConfigurationError: file, line, column, value and what is allowed; a line for each of the first bad rows.
    """
    rows = list(csv.reader(io.StringIO(read_text(path))))
    if not rows:
        raise ConfigurationError(f"{path}: empty; allowed: a line of headings ({', '.join(COLUMNS)}) and positions")
    head = [name.strip().lower() for name in rows[0]]
    if missing := [name for name in COLUMNS if name not in head]:
        raise ConfigurationError(f"{path}: line 1: no column {', '.join(missing)}; needed: {', '.join(COLUMNS)}")
    place = {name: head.index(name) for name in COLUMNS}
    table: dict[str, list[str]] = {name: [] for name in COLUMNS}
    problems: list[str] = []
    seen: dict[str, int] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(head):
            problems.append(f"{path}: line {line}: {len(row)} cells; allowed: {len(head)}, as in line 1")
            continue
        values = {name: row[place[name]].strip() for name in COLUMNS}
        found = _row_problems(values)
        if values["id"] in seen:
            found.append(f"id: {values['id']!r} stands in line {seen[values['id']]} too; allowed: each once")
        seen.setdefault(values["id"], line)
        problems += [f"{path}: line {line}: {problem}" for problem in found]
        for name, value in values.items():
            table[name].append(value)
    if problems:
        more = [f"{path}: and {len(problems) - MOST_TOLD:,} more"] if len(problems) > MOST_TOLD else []
        raise ConfigurationError("\n".join(problems[:MOST_TOLD] + more))
    if not table["id"]:
        raise ConfigurationError(f"{path}: no positions; allowed: at least one line below the headings")
    return _positions(table, cross_aisle_m)


def _row_problems(values: dict[str, str]) -> list[str]:
    problems = [f"{name}: empty; allowed: a name" for name in ("id", "aisle", "bay") if not values[name]]
    if not values["level"].isdecimal():
        problems.append(f"level: {values['level']!r}; allowed: a whole number from 0")
    for name in ("x", "y", "z", *_LENGTHS):
        least = "above 0" if name in _LENGTHS else "from 0" if name in ("y", "z") else ""
        number = _number(values[name])
        if number is None or (name in _LENGTHS and number <= 0) or (name in ("y", "z") and number < 0):
            problems.append(f"{name}: {values[name]!r}; allowed: a number {least}".rstrip())
    types = values["goods_types"].split()
    if not types or any(name not in TYPES.split() for name in types):
        problems.append(f"goods_types: {values['goods_types']!r}; allowed: one or more of {TYPES}")
    return problems


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _positions(table: dict[str, list[str]], cross_aisle_m: float) -> Positions:
    numbers = {name: np.array([float(value) for value in table[name]]) for name in ("x", "y", "z", *_LENGTHS)}
    names, aisle = np.unique(table["aisle"], return_inverse=True)
    left, right = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(left, aisle, numbers["x"])
    np.maximum.at(right, aisle, numbers["x"])
    middle = (left + right) / 2
    order = np.argsort(middle, kind="stable")
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    front, back = (numbers["y"] - numbers["width"] / 2).min(), (numbers["y"] + numbers["width"] / 2).max()
    bays = np.unique(table["bay"], return_inverse=True)[1]
    return Positions(
        names=tuple(table["id"]),
        aisle=rank[aisle],
        bay=bays,
        level=np.array([int(value) for value in table["level"]]),
        x=numbers["x"],
        y=numbers["y"] - front + cross_aisle_m / 2,
        z=numbers["z"],
        width_m=numbers["width"],
        depth_m=numbers["depth"],
        height_m=numbers["height"],
        most_kg=numbers["most_kg"],
        allows=np.array([types_at(types.split()) for types in table["goods_types"]]),
        aisle_x=middle[order],
        aisle_m=float(back - front) + cross_aisle_m,
        depot_x=float((middle.min() + middle.max()) / 2),
    )


def write_positions(positions: Positions, path: Path) -> None:
    """Write positions as such a CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    types = np.array([kind.value for kind in GOODS_TYPES])
    for at, name in enumerate(positions.names):
        lengths = (getattr(positions, key)[at] for key in ("x", "y", "z", "width_m", "depth_m", "height_m", "most_kg"))
        writer.writerow(
            [
                name,
                f"{positions.aisle[at] + 1:02d}",
                f"{positions.bay[at] + 1:03d}",
                positions.level[at],
                *(f"{value:.6g}" for value in lengths),
                " ".join(types[positions.allows[at]]),
            ]
        )
    write_atomically(path, out.getvalue())

"""Numbers as people and programs write them: decimal and thousands signs are recognised where only one reading fits."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.keys import ReadingKeys
from entrepot.envs.demand.calibration.table import Table

_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009'\u2019](?=\d{3}(?!\d))")
_MARKED = re.compile(r"\d[\d.,]*|[.,]\d+")
_GROUPS = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")
_PLAIN = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def read_quantities(table: Table, keys: ReadingKeys) -> tuple[NDArray[np.float64], list[str]]:
    """[R] numbers in a table's `units_sold` column, NaN where there is none; and what was recognised.

    Raises:
        ConfigurationError: 1,200 may be 1200 or 1.2 and nothing else in the column tells which; the line and the key.
    """
    column = table.columns["units_sold"]
    if column.numeric:
        found = np.array([float(value) if value else np.nan for value in column.values])
        return (found[column.code] if len(found) else np.zeros(0)), []
    bodies = [_body(value) for value in column.values]
    lines = table.line[column.first_rows()] if len(column.code) else np.zeros(0, np.int64)
    decimal = _decimal_sign([body for _, body in bodies], column.values, lines, keys, table.path)
    found = np.array([sign * _number(body, decimal) for sign, body in bodies])
    told = []
    if any("," in body or "." in body for _, body in bodies) and decimal == ",":
        told.append("units_sold has a decimal comma")
    thousands = next((body for _, body in bodies if _is_grouped(body, decimal)), None)
    if thousands is not None:
        told.append(f"units_sold has thousands apart: {thousands} is {_number(thousands, decimal):.0f}")
    return (found[column.code] if len(found) else np.zeros(0)), told


def _body(text: str) -> tuple[float, str]:
    """The sign, and what follows it without spaces between the thousands."""
    body = _SPACES.sub("", text.strip()).replace("\u2212", "-")
    negative = body.startswith("-") or body.endswith("-") or (body.startswith("(") and body.endswith(")"))
    stripped = body[1:-1] if body.startswith("(") and body.endswith(")") else body
    if stripped[:1] in ("+", "-"):
        stripped = stripped[1:]
    elif stripped[-1:] == "-":
        stripped = stripped[:-1]
    return (-1.0 if negative else 1.0), stripped.strip()


def _number(body: str, decimal: str) -> float:
    other = "." if decimal == "," else ","
    if other in body:
        whole, _, fraction = body.partition(decimal)
        if other in fraction or not _GROUPS.fullmatch(whole):
            return np.nan
        body = body.replace(other, "")
    body = body.replace(decimal, ".", 1)
    return float(body) if _PLAIN.fullmatch(body) else np.nan


def _is_grouped(body: str, decimal: str) -> bool:
    whole = body.partition(decimal)[0]
    return bool(_GROUPS.fullmatch(whole))


def _decimal_sign(
    bodies: Sequence[str], values: Sequence[str], lines: NDArray[np.int64], keys: ReadingKeys, path: str
) -> str:
    if keys.decimal is not None:
        return keys.decimal
    if keys.thousands in (",", "."):
        return "." if keys.thousands == "," else ","
    first: dict[str, int] = {}
    for place, body in enumerate(bodies):
        if _MARKED.fullmatch(body):
            first.setdefault(_says(body), place)
    comma, point = first.get("decimal ,"), first.get("decimal .")
    if comma is not None and point is not None:
        raise ConfigurationError(
            f"{path}: line {lines[comma]}: units_sold {values[comma]!r} has a decimal comma, line {lines[point]}: "
            f"{values[point]!r} a decimal point; mend the file, or say which it is by decimal in the demand YAML"
        )
    if comma is not None or point is not None:
        return "," if comma is not None else "."
    unclear = [sign for sign in (",", ".") if f"unclear {sign}" in first]
    if not unclear:
        return "."
    sign = unclear[0]
    other = "." if sign == "," else ","
    # What isn't grouped tells: 999 beside 1,200 that thousands are, 1500 beside 1,200 that they aren't.
    if len(unclear) == 1 and "ungrouped thousands" in first:
        return sign
    if len(unclear) == 1 and "below a thousand" in first:
        return other
    place = first[f"unclear {sign}"]
    raise ConfigurationError(
        f"{path}: line {lines[place]}: units_sold {values[place]!r} may be {_number(bodies[place], other):g} or "
        f"{_number(bodies[place], sign):g}; say decimal: '.' or decimal: ',' in the demand YAML"
    )


def _says(body: str) -> str:
    """What one number tells of its column."""
    signs = [character for character in body if character in ".,"]
    if not signs:
        return "ungrouped thousands" if len(body.lstrip("0")) > 3 else "below a thousand"
    last = signs[-1]
    other = "." if last == "," else ","
    if len(set(signs)) == 2:
        return f"decimal {last}" if signs.count(last) == 1 else "neither"
    if len(signs) > 1:
        return f"decimal {other}" if _GROUPS.fullmatch(body) else "neither"
    if not _GROUPS.fullmatch(body) or body.startswith("0"):
        return f"decimal {last}"
    return f"unclear {last}"

"""Tables for people, and the same figures as JSON for programs.

Whatever is printed is text as it stands: square brackets in a name or a path are no styles. Styles are given as `Text`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from entrepot import __version__
from entrepot.command_line.encoding import print_what_can_be
from entrepot.configs.errors import cannot_write
from entrepot.configs.files import write_atomically
from entrepot.envs.network.feasibility import NetworkWarning

PLAIN_WIDTH = 160
"""Columns of text where the output is no terminal, which knows its own width."""

UNBROKEN = 26
"""Cells up to this length stay on one line; column headings break first."""

Row = Mapping[str, Any]
_AS_IT_STANDS: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}


def console() -> Console:
    """Standard output."""
    print_what_can_be()
    found = Console(**_AS_IT_STANDS)
    return found if found.is_terminal else Console(width=PLAIN_WIDTH, **_AS_IT_STANDS)


def tell(lines: Sequence[str], out: Console) -> None:
    """Print lines, each on one line however long it is."""
    for line in lines:
        out.print(line, soft_wrap=True)


def errors() -> Console:
    """Standard error."""
    print_what_can_be()
    return Console(stderr=True, **_AS_IT_STANDS)


def headed(head: str, rest: str) -> Text:
    """A line that begins in bold."""
    return Text.assemble((head, "bold"), rest)


def table(title: str, rows: Sequence[Row]) -> Table:
    """A table whose columns are the rows' keys; numbers stand to the right.

    Args:
        title: stands above the table.
        rows: mappings with the same keys; at least one.
    """
    drawn = Table(title=Text(title), title_justify="left", title_style="bold", header_style="bold")
    for key in rows[0]:
        number = any(isinstance(row[key], int | float) and not isinstance(row[key], bool) for row in rows)
        longest = max(len(_shown(row[key])) for row in rows)
        heading = Text(key.replace("_", " "))
        drawn.add_column(heading, justify="right" if number else "left", min_width=min(longest, UNBROKEN))
    for row in rows:
        drawn.add_row(*(Text(_shown(value)) for value in row.values()))
    return drawn


def print_warnings(out: Console, warnings: Sequence[NetworkWarning]) -> None:
    """A line for each."""
    for warning in warnings:
        out.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)


def write_json(path: Path, rows: Sequence[Row], *, provenance: Row, **more: Any) -> None:
    """Write figures as ``{"rows": […], "provenance": {…}}``; the file is there whole or not at all.

    Args:
        path: the file to write.
        rows: one mapping a row, keys in snake_case with the unit in the name.
        provenance: what the figures were made from; the version of entrepot is added.
        more: further lists of rows, by key.

    Raises:
        ConfigurationError: the file can't be written.
    """
    content = {"rows": list(rows), **more, "provenance": {"entrepot_version": __version__, **provenance}}
    try:
        write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise cannot_write(path, error, "--json") from error


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)

"""Tables for people.

Whatever is printed is text as it stands: square brackets in a name or a path are no styles. Styles are given as `Text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from entrepot.command_line.encoding import print_what_can_be
from entrepot.configs.figures import Row as Row
from entrepot.configs.figures import write_json as write_json
from entrepot.envs.network.feasibility import NetworkWarning

PLAIN_WIDTH = 160
"""Columns of text where the output is no terminal, which knows its own width."""

UNBROKEN = 26
"""Cells up to this length stay on one line; column headings break first."""

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


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)

"""What was assumed, left out or found odd on the way from records to a snapshot; told to whoever asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from entrepot.configs.errors import ConfigurationError

Kind = Literal["assumed", "left out", "odd"]
SHOWN = 3
"""Cases of one kind that are named; the rest are counted."""


@dataclass(frozen=True)
class Remark:
    """One thing that whoever uses the snapshot should know."""

    kind: Kind
    table: str  # stock, orders, shipments, sales, backlog, network
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.table}: {self.message}"


@dataclass
class Remarks:
    """Gathered while records are read."""

    found: list[Remark] = field(default_factory=list)

    def assumed(self, table: str, message: str) -> None:
        """Something that no record says."""
        self.found.append(Remark("assumed", table, message))

    def odd(self, table: str, message: str) -> None:
        """Something that is used as it stands, though it may be wrong."""
        self.found.append(Remark("odd", table, message))

    def left_out(self, table: str, source: str, problems: Sequence[str], rows: int, most_share: float) -> None:
        """Rows that can't be used.

        Args:
            table: which of the tables.
            source: its file.
            problems: one a row that was left out, with its line.
            rows: how many the table has.
            most_share: of them that may be left out.

        Raises:
            ConfigurationError: more were left out than may be.
        """
        if not problems:
            return
        message = f"{len(problems)} of {rows} rows: {some(problems)}"
        if len(problems) > most_share * rows:
            raise ConfigurationError(
                f"{source}: left out: {message}; at most a share of {most_share:g} may be left out: mend the rows, or "
                "allow more with most_left_out (--most-left-out)"
            )
        self.found.append(Remark("left out", table, message))


def some(cases: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    more = f" and {len(cases) - SHOWN} more" if len(cases) > SHOWN else ""
    return "; ".join(cases[:SHOWN]) + more

"""What every table of records is read with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from entrepot.envs.snapshot.records.cells import Reading, perhaps_thousands
from entrepot.envs.snapshot.records.network_names import NetworkNames, UnknownNameError
from entrepot.envs.snapshot.records.remarks import Remarks
from entrepot.envs.snapshot.records.table import Row, Table

Place = TypeVar("Place")
UNITS = ("units", "on_hand", "dock", "reserved", "allocated", "received")
"""Columns that hold numbers of units."""


@dataclass(frozen=True)
class Context:
    """The network, the day, and how records are to be taken."""

    names: NetworkNames
    reading: Reading
    today: int  # of the decision, days since 1970-01-01
    most_left_out: float  # share of a table's rows that may name what the network doesn't have
    remarks: Remarks = field(default_factory=Remarks)

    def placed(self, name: str, table: Table, place: Callable[[Row], Place]) -> Iterator[tuple[Row, Place]]:
        """Rows with their places in the network; rows that have none are left out, and told.

        Args:
            name: of the table.
            table: its rows.
            place: from a row to where it belongs.

        Raises:
            ConfigurationError: after the last row, where too many were left out.
        """
        problems = []
        for row in table.rows:
            try:
                found = place(row)
            except UnknownNameError as error:
                problems.append(f"{row.place}: {error}")
                continue
            yield row, found
        self.remarks.left_out(name, table.source, problems, len(table.rows), self.most_left_out)
        if not self.reading.whole:
            self._tell_fractions(name, table)

    def _tell_fractions(self, name: str, table: Table) -> None:
        for column in UNITS:
            row = perhaps_thousands(table.rows, column) if column in table.columns else None
            if row is not None:
                told = f"{row.place}: {row.get(column)!r} and all like it in {column} are read as fractions of a unit"
                self.remarks.odd(name, f"{told}, as the network's goods are divisible; thousands are written 1234")

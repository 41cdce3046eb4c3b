"""What the scheduler asks of a database: statements that SQLite and PostgreSQL both understand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One connection; `?` stands for a value."""

    @property
    def in_transaction(self) -> bool:
        """Whether there is one that can be rolled back."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Do it.

        Raises:
            sqlite3.OperationalError: the database is gone, full or locked; nothing of the transaction is written.
        """
        ...

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]], /) -> Any:
        """The same for each of many.

        Raises:
            sqlite3.OperationalError: as `execute`.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class GoneError(sqlite3.OperationalError):
    """Another database than SQLite can't be asked; told as SQLite tells it, so that all have one way to mend it."""

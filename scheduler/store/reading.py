"""Reading beside the writer, in a thread of its own: a database that doesn't answer keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from entrepot.scheduler.store.folder import StoreError
from entrepot.scheduler.store.port import Connection

Found = TypeVar("Found")
ANSWER_SECONDS = 10.0
"""After so long without an answer whoever asked is told so."""


class Reader:
    """One connection that can't write, and the thread that asks it, one question after the other."""

    def __init__(self, connection: Connection, seconds: float = ANSWER_SECONDS) -> None:
        """Args: connection: of this reader alone. seconds: for an answer."""
        self._connection, self._seconds = connection, seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="entrepot-reader")

    async def ask(self, work: Callable[[Connection], Found]) -> Found:
        """What work finds; it must not hold on to the connection.

        Raises:
            StoreError: the database is gone, or doesn't answer in time.
        """
        asked = asyncio.get_running_loop().run_in_executor(self._thread, work, self._connection)
        try:
            return await asyncio.wait_for(asked, self._seconds)
        except TimeoutError:
            raise StoreError(f"store: no answer within {self._seconds:g} s; try again") from None
        except sqlite3.OperationalError as error:
            raise StoreError(f"store: can't be read ({error})") from error

    def close(self) -> None:
        """Take no more questions, and let go of the connection once the last is answered."""
        self._thread.submit(self._connection.close)
        self._thread.shutdown(wait=False)

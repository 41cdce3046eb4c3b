"""Server-sent events: what was taken, as it is taken, with its position in the log; resumed by `Last-Event-ID`.

Nothing is kept for a reader: each asks the log for what it hasn't had, at most ten times a second, so that a slow one
costs the writer nothing. One that doesn't take what it is sent is cut off, and may resume.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from entrepot.scheduler.store.folder import StoreError
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.reading import Reader
from entrepot.scheduler.store.writer import Writer

INTERVAL_SECONDS = 0.1
QUIET_SECONDS = 15.0
"""After so long without events a comment is sent, so that nobody on the way takes the line for dead."""
SLOWEST_SECONDS = 10.0
MOST_AT_ONCE = 500
MOST_READERS = 50


class Readers:
    """Who listens at present."""

    def __init__(self) -> None:
        self.count = 0
        self.ending = False  # the server is told to end, so lines are to be closed

    async def messages(
        self, writer: Writer, reader: Reader, position: int, clock: Callable[[], float] = time.monotonic
    ) -> AsyncIterator[bytes]:
        """Messages of one reader, until it is too slow or the server ends.

        Args:
            writer: tells how far the log is.
            reader: of the log.
            position: after which events are wanted.
            clock: seconds.
        """
        self.count += 1
        try:
            yield b": entrepot\nretry: 1000\n\n"
            quiet = clock()
            while writer.alive and not self.ending:
                head = writer.position
                if head > position:
                    try:
                        rows = await reader.ask(partial(_rows, position=position))
                    except StoreError:  # it may resume once the database is back
                        return
                    if not rows:  # all of it is old, and its envelopes are no longer kept
                        position = head
                        continue
                    position = rows[-1][0]
                    begun = quiet = clock()
                    yield _message(position, [bytes(body) for _, body in rows])
                    if clock() - begun > SLOWEST_SECONDS:
                        return
                elif clock() - quiet > QUIET_SECONDS:
                    quiet = clock()
                    yield b": quiet\n\n"
                await asyncio.sleep(INTERVAL_SECONDS)
        finally:
            self.count -= 1


def _rows(connection: Connection, position: int) -> list[tuple[int, bytes]]:
    return connection.execute(
        "SELECT position, body FROM events WHERE position > ? AND length(body) > 0 ORDER BY position LIMIT ?",
        (position, MOST_AT_ONCE),
    ).fetchall()


def _message(position: int, bodies: list[bytes]) -> bytes:
    """One message whose data are a JSON list of events; line breaks within an event are of no meaning in JSON."""
    data = b"[" + b",".join(body.replace(b"\r", b" ").replace(b"\n", b" ") for body in bodies) + b"]"
    return b"id: %d\nevent: taken\ndata: %s\n\n" % (position, data)

"""How long all of it is kept: what is older is sums, and its events' keys, so that a repetition is known for one.

Rows of what is over, such as closed alerts, go with it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from entrepot.scheduler.clock import Clock, microseconds, moment_of
from entrepot.scheduler.store import past
from entrepot.scheduler.store.writer import Transaction, Writer

log = logging.getLogger(__name__)
ASSUMED_KEEP_DAYS = 400
"""As long as statistics look back; an assumption, told at every start."""
LEAST_KEEP_DAYS = 14
PARTS = 10
"""So many bases lie within the days that are kept, so that a plan of any of them can be made again."""
AT_ONCE = 2_000
"""Events whose envelopes are let go of in one turn, as others wait meanwhile."""


class Retention:
    """Call `tick` often; once in a tenth of the days that are kept it sums up what is older than they are."""

    def __init__(self, writer: Writer, clock: Clock, keep: timedelta) -> None:
        """Args: writer: of the store. clock: by which it is old. keep: so long."""
        self._writer, self._clock, self._keep = writer, clock, keep

    def tick(self) -> bool:
        """Do what is due; whether more is left to do at once."""
        now = self._clock.now()
        newest = self._writer.submit(_newest_base).result()
        first = self._writer.submit(_first_event).result()
        horizon = now - self._keep
        if (
            first is not None
            and first <= horizon
            and (newest is None or (self._writer.position > newest[0] and now - newest[1] >= self._keep / PARTS))
        ):
            self.sum_up(horizon)
        more = bool(self._writer.submit(lambda turn: _let_go(turn, horizon)).result())
        gone = self._writer.submit(lambda turn: past.let_go(turn, microseconds(horizon))).result()
        if gone:
            log.info("let go of", extra={"fields": {"until": horizon.isoformat(), **gone}})
        return more or bool(gone)

    def sum_up(self, horizon: datetime) -> int:
        """Make a base in which everything until a time is sums; the position of the base."""
        position = self._writer.forget(microseconds(horizon)).result()
        log.info("summed up", extra={"fields": {"until": horizon.isoformat(), "position": position}})
        return position


def _newest_base(turn: Transaction) -> tuple[int, datetime] | None:
    """Position, and when it was made."""
    found = turn.connection.execute("SELECT position, made FROM bases ORDER BY position DESC LIMIT 1").fetchone()
    return None if found is None else (found[0], moment_of(found[1]))


def _first_event(turn: Transaction) -> datetime | None:
    found = turn.connection.execute("SELECT received FROM events ORDER BY position LIMIT 1").fetchone()
    return None if found is None else moment_of(found[0])


def _let_go(turn: Transaction, horizon: datetime) -> int:
    """Let go of envelopes that came before a base that is itself older than what is kept; how many were."""
    limit = turn.connection.execute(
        "SELECT max(position) FROM bases WHERE made <= ?", (microseconds(horizon),)
    ).fetchone()[0]
    if limit is None:
        return 0
    turn.connection.execute("DELETE FROM bases WHERE position < ?", (limit,))
    cursor = turn.connection.execute(
        "UPDATE events SET body = ?, target = NULL WHERE position IN "
        "(SELECT position FROM events WHERE position <= ? AND position > ? AND length(body) > 0 "
        "ORDER BY position LIMIT ?)",
        (b"", limit, _let_go_until(turn, limit), AT_ONCE),
    )
    return cursor.rowcount


def _let_go_until(turn: Transaction, limit: int) -> int:
    """The last position up to which all was let go of; they are let go of in order."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        row = turn.connection.execute(
            "SELECT length(body) FROM events WHERE position >= ? ORDER BY position LIMIT 1", (middle,)
        ).fetchone()
        low, high = (middle, high) if row is not None and not row[0] else (low, middle - 1)
    return low

"""Alerts in the store: one a cause, from when it is found until it is gone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from entrepot.scheduler.alerts.causes import Cause
from entrepot.scheduler.clock import moment_of
from entrepot.scheduler.decisions.kept import UnknownError
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.writer import Transaction

STATES = ("open", "acknowledged", "closed")


def update(turn: Transaction, causes: Iterable[Cause], kinds: Iterable[str]) -> list[tuple[int, Cause]]:
    """Bring alerts up to date with what is found now.

    Args:
        turn: the writer's.
        causes: all that are found of the kinds.
        kinds: that were looked for; alerts of others stay as they are.

    Returns:
        Causes of which there was no alert, with the alert's number; one that was acknowledged is not told again until
        it is gone.
    """
    rows = turn.connection.execute("SELECT key, kind FROM alerts WHERE state != 'closed'").fetchall()
    there, wanted = {key for key, _ in rows}, set(kinds)
    found = {cause.key: cause for cause in causes}
    new = []
    for key, cause in found.items():
        if key in there:
            turn.connection.execute(
                "UPDATE alerts SET seen = ?, message = ?, usd = ?, action = ? WHERE key = ? AND state != 'closed'",
                (turn.now, cause.message, cause.usd, cause.action, key),
            )
        else:
            row = turn.connection.execute(
                "INSERT INTO alerts (key, kind, place, message, usd, action, opened, seen) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (key, cause.kind, cause.place, cause.message, cause.usd, cause.action, turn.now, turn.now),
            ).fetchone()
            new.append((row[0], cause))
    for key, kind in rows:
        if kind in wanted and key not in found:
            turn.connection.execute(
                "UPDATE alerts SET state = 'closed', seen = ? WHERE key = ? AND state != 'closed'", (turn.now, key)
            )
    return new


def acknowledge(turn: Transaction, number: int, by: str) -> None:
    """Somebody looks after it.

    Raises:
        UnknownError: there is no open alert of the number.
    """
    cursor = turn.connection.execute(
        "UPDATE alerts SET state = 'acknowledged', by = ? WHERE id = ? AND state = 'open'", (by, number)
    )
    if cursor.rowcount != 1:
        raise UnknownError(f"alert {number}: there is no open one of this number")
    turn.note(by, "alert acknowledged", str(number))


def listed(connection: Connection, state: str = "open", most: int = 100) -> list[dict[str, Any]]:
    """Alerts of a state, those with most at stake first."""
    rows = connection.execute(
        "SELECT id, kind, place, message, usd, action, opened, seen, state, by, level FROM alerts WHERE state = ? "
        "ORDER BY usd IS NULL, usd DESC, id LIMIT ?",
        (state, most),
    )
    names = ("alert", "kind", "place", "message", "usd", "action", "opened", "seen", "state", "by", "level")
    return [
        {**dict(zip(names, row, strict=True)), "opened": moment_of(row[6]), "seen": moment_of(row[7])} for row in rows
    ]

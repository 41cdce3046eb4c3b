"""What is told of alerts, in the store: drafted in the transaction that opens them, told until somebody took it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from entrepot.scheduler.alerts.channels import MOST_LEVELS, Channels
from entrepot.scheduler.clock import moment_of
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.writer import Transaction

STATES = ("waiting", "sent", "dropped")
SELECTED = "SELECT id, kind, place, message, usd, action, opened FROM alerts"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of a notice."""

    alert: int
    kind: str
    place: str
    message: str
    usd: float | None
    action: str
    opened: str


MOST_ALERTS = 500
"""In one notice: thousands may be found at once where an opening tells of little stock."""


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A notice: all that was found at once, with most at stake first."""

    network: str
    level: int
    alerts: list[Told]


def draft(turn: Transaction, channels: Channels, numbers: Sequence[int], level: int = 0) -> None:
    """Write down what is to be told of alerts, for each channel one notice, or one for each `MOST_ALERTS` of many.

    Args:
        turn: the writer's.
        channels: to whom.
        numbers: of the alerts; nothing is written without any.
        level: 0 where they are new, then how often they were escalated.
    """
    for first in range(0, len(numbers), MOST_ALERTS):
        _draft(turn, channels, numbers[first : first + MOST_ALERTS], level)


def _draft(turn: Transaction, channels: Channels, numbers: Sequence[int], level: int) -> None:
    marks = ", ".join("?" * len(numbers))
    turn.connection.execute(f"UPDATE alerts SET told = ?, level = ? WHERE id IN ({marks})", (turn.now, level, *numbers))
    rows = turn.connection.execute(f"{SELECTED} WHERE id IN ({marks}) ORDER BY usd IS NULL, usd DESC, id", numbers)
    told = [
        Told(
            alert=number,
            kind=kind,
            place=place,
            message=message,
            usd=usd,
            action=action,
            opened=moment_of(opened).isoformat(),
        )
        for number, kind, place, message, usd, action, opened in rows
    ]
    body = msgspec.json.encode(Body(network=turn.mirror.places.network.name, level=level, alerts=told))
    for channel in channels.names:
        turn.connection.execute(
            "INSERT INTO notices (channel, level, body, made, due) VALUES (?, ?, ?, ?, ?)",
            (channel, level, body, turn.now, turn.now),
        )


def escalate(turn: Transaction, channels: Channels) -> list[tuple[int, str]]:
    """Tell alerts again that nobody has acknowledged in time, at the next level; their numbers and messages."""
    until = turn.now - int(channels.escalates_after.total_seconds() * 1e6)
    rows = turn.connection.execute(
        "SELECT id, level, message FROM alerts WHERE state = 'open' AND level < ? AND told <= ? AND opened <= ? "
        "ORDER BY id",
        (MOST_LEVELS, until, until),
    ).fetchall()
    for level in sorted({level for _, level, _ in rows}):
        draft(turn, channels, [number for number, found, _ in rows if found == level], level + 1)
    return [(number, message) for number, _, message in rows]


def due(turn: Transaction, channels: Iterable[str], most: int) -> list[tuple[int, str, int, bytes, int]]:
    """Number, channel, level, body and attempts of notices whose time has come, the oldest first.

    Of one whose alerts are all closed by now, or whose channel there is no more, nothing is told.
    """
    there = set(channels)
    rows = turn.connection.execute(
        "SELECT id, channel, level, body, attempts FROM notices WHERE state = 'waiting' AND due <= ? "
        "ORDER BY due, id LIMIT ?",
        (turn.now, most),
    ).fetchall()
    found = []
    for number, channel, level, body, attempts in rows:
        alerts = [one.alert for one in msgspec.json.decode(body, type=Body).alerts]
        marks = ", ".join("?" * len(alerts))
        still = turn.connection.execute(
            f"SELECT 1 FROM alerts WHERE id IN ({marks}) AND state != 'closed' LIMIT 1", alerts
        ).fetchone()
        if still is None or channel not in there:
            end(turn, number, "dropped")
        else:
            found.append((number, channel, level, bytes(body), attempts))
    return found


def end(turn: Transaction, number: int, state: str) -> None:
    """Note that a notice was sent, or need not be."""
    turn.connection.execute("UPDATE notices SET state = ?, changed = ? WHERE id = ?", (state, turn.now, number))


def put_off(turn: Transaction, number: int, seconds: int) -> None:
    """Try again in so many seconds."""
    turn.connection.execute(
        "UPDATE notices SET attempts = attempts + 1, due = ? WHERE id = ? AND state = 'waiting'",
        (turn.now + seconds * 1_000_000, number),
    )


def listed(connection: Connection, state: str = "waiting", most: int = 100) -> list[dict[str, Any]]:
    """Notices of a state, the last first."""
    rows = connection.execute(
        "SELECT id, channel, level, body, made, state, attempts FROM notices WHERE state = ? ORDER BY id DESC LIMIT ?",
        (state, most),
    )
    return [
        {
            "notice": number,
            "channel": channel,
            "level": level,
            "made": moment_of(made),
            "state": found,
            "attempts": attempts,
            "content": msgspec.Raw(body),
        }
        for number, channel, level, body, made, found, attempts in rows
    ]

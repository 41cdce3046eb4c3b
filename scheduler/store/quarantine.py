"""Events that broke a rule: listed, mended, taken after all, or dropped by a person."""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import moment_of
from entrepot.scheduler.events.envelope import read
from entrepot.scheduler.events.rules import RuleBrokenError
from entrepot.scheduler.store.log import Answer
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.writer import Transaction

STATES = ("open", "replayed", "dropped")


class UnknownNumberError(ConfigurationError):
    """There is no such entry in quarantine, or it isn't open any more."""


def listed(connection: Connection, state: str = "open", after: int = 0, most: int = 100) -> list[dict[str, Any]]:
    """Entries of a state, by number.

    Args:
        connection: to read with.
        state: one of `STATES`.
        after: the last number that is not wanted.
        most: how many.
    """
    rows = connection.execute(
        "SELECT id, source, epoch, sequence, received, rule, message, body, state FROM quarantine "
        "WHERE state = ? AND id > ? ORDER BY id LIMIT ?",
        (state, after, most),
    )
    return [
        {
            "quarantine": number,
            "source": source,
            "epoch": epoch,
            "sequence": sequence,
            "received": moment_of(received),
            "rule": rule,
            "message": message,
            "state": found,
            "event": msgspec.Raw(body),
        }
        for number, source, epoch, sequence, received, rule, message, body, found in rows
    ]


def replay(turn: Transaction, number: int, mended: bytes | None, by: str) -> Answer:
    """Take an event out of quarantine, as it is or mended.

    Args:
        turn: the writer's.
        number: of the entry.
        mended: the envelope that is to be taken in its place, of the same source; as it is if None.
        by: who wants it.

    Raises:
        UnknownNumberError: there is no such open entry.
        MalformedError: the mended envelope can't be read.
        RuleBrokenError: it still breaks a rule; nothing has changed.
    """
    source, body = _open(turn, number)
    events = read(body if mended is None else mended)
    if len(events) != 1 or events[0].key.source != source:
        raise RuleBrokenError("source", f"event: one event of source {source!r} is allowed in place of this one")
    answer = turn.take(events[0])
    if answer.outcome not in ("accepted", "duplicate"):
        raise RuleBrokenError(answer.rule or "conflict", answer.message or "")
    turn.connection.execute(
        "UPDATE quarantine SET state = 'replayed', mended = ?, changed = ?, by = ? WHERE id = ?",
        (mended, turn.now, by, number),
    )
    turn.note(by, "quarantine replayed" if mended is None else "quarantine mended and replayed", str(number))
    return answer


def drop(turn: Transaction, number: int, by: str) -> None:
    """Say that an event will never be taken; it is kept.

    Raises:
        UnknownNumberError: there is no such open entry.
    """
    _open(turn, number)
    turn.connection.execute(
        "UPDATE quarantine SET state = 'dropped', changed = ?, by = ? WHERE id = ?", (turn.now, by, number)
    )
    turn.note(by, "quarantine dropped", str(number))


def _open(turn: Transaction, number: int) -> tuple[str, bytes]:
    row = turn.connection.execute(
        "SELECT source, body FROM quarantine WHERE id = ? AND state = 'open'", (number,)
    ).fetchone()
    if row is None:
        raise UnknownNumberError(f"quarantine: {number}: there is no open entry of this number")
    return row[0], bytes(row[1])

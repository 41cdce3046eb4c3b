"""The log of events: taken once by key, kept in quarantine with the rule that they break, read back in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events.data import Correction, Sale
from entrepot.scheduler.events.envelope import Broken, Event, Key, stored
from entrepot.scheduler.events.rules import RuleBrokenError, check, check_data, check_time, corrects_nothing
from entrepot.scheduler.mirror.horizon import check_horizon
from entrepot.scheduler.mirror.mirror import Mirror, instead_of
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.port import Connection

Outcome = Literal["accepted", "duplicate", "conflict", "quarantined"]

PAGE = 5_000
"""Events that are read at once."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one event."""

    source: str
    epoch: int
    sequence: int
    outcome: Outcome
    rule: str | None = None
    message: str | None = None
    quarantine: int | None = None  # its number there


class Taken(msgspec.Struct, frozen=True):
    """An event that was added to the log, to be applied once the transaction is committed."""

    position: int
    event: Event
    target: Event | None


def take(connection: Connection, mirror: Mirror, found: Event | Broken, now: int) -> tuple[Answer, Taken | None]:
    """Add one event to the log, within a transaction of the caller's.

    Args:
        connection: that writes.
        mirror: as of the last commit.
        found: as it was read.
        now: microseconds since 1970-01-01 UTC.
    """
    before = connection.execute(
        "SELECT digest FROM events WHERE source = ? AND epoch = ? AND sequence = ?", found.key
    ).fetchone()
    if before is not None and before[0] == found.digest:
        return _answer(found.key, "duplicate"), None
    if before is not None:
        message = "another event of this source, epoch and sequence was taken; what it says differs"
        return _quarantined(connection, found, now, "conflict", message), None
    if isinstance(found, Broken):
        return _quarantined(connection, found, now, found.rule, found.message), None
    try:
        check(found, mirror.places, now)
        data = found.data
        target = _target(connection, data, mirror.places, now) if isinstance(data, Correction) else None
        is_known = isinstance(data, Sale) and mirror.demand.sales.get(data.sale) is not None
        check_horizon(found, mirror.horizon, is_known, target)
    except RuleBrokenError as error:
        return _quarantined(connection, found, now, error.rule, error.message), None
    position = connection.execute(
        "INSERT INTO events (source, epoch, sequence, digest, received, body, target) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "RETURNING position",
        (*found.key, found.digest, now, found.body, None if target is None else target.body),
    ).fetchone()[0]
    if target is not None:
        connection.execute("INSERT INTO corrected VALUES (?, ?, ?, ?)", (*target.key, position))
    return _answer(found.key, "accepted"), Taken(position, found, target)


def replay(connection: Connection, mirror: Mirror, until: int | None = None) -> int:
    """Apply to a mirror what the log has after its position.

    Args:
        connection: to read with.
        mirror: is changed.
        until: the last position to apply; all of them if None.

    Returns:
        How many events were applied.

    Raises:
        ConfigurationError: the network no longer has what an event names.
    """
    count = 0
    for position, event, target in _after(connection, mirror.position, until):
        try:
            mirror.apply(event, target)
        except (KeyError, ValueError) as error:
            raise _no_longer(event, mirror.places, error) from error
        mirror.position = position
        count += 1
    return count


def _no_longer(event: Event, places: Places, error: Exception) -> Exception:
    """What to raise where an event that was taken once can't be applied."""
    try:
        check_data(event.data, places)
    except RuleBrokenError as broken:
        named = f"{event.key.source}, epoch {event.key.epoch}, sequence {event.key.sequence}"
        return ConfigurationError(
            f"{named} was taken for another network: {broken.message}; serve the network that has it, or open a new "
            "folder"
        )
    return error  # a bug


def next_sequence(connection: Connection, source: str, epoch: int) -> int:
    """The first sequence of a source of ours that isn't used yet."""
    found = connection.execute(
        "SELECT max(sequence) FROM events WHERE source = ? AND epoch = ?", (source, epoch)
    ).fetchone()[0]
    return (found or 0) + 1


def _after(connection: Connection, position: int, until: int | None) -> Iterator[tuple[int, Event, Event | None]]:
    last = 2**62 if until is None else until
    while True:  # in pages, as some databases would hand over all of it at once
        rows = connection.execute(
            "SELECT position, body, target FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
            (position, last, PAGE),
        ).fetchall()
        for place, body, target in rows:
            if not body:
                raise ConfigurationError(
                    f"store: event {place} is kept as part of sums only; no mirror of a time before them can be made"
                )
            yield place, stored(body), None if target is None else stored(target)
        if len(rows) < PAGE:
            return
        position = rows[-1][0]


def _target(connection: Connection, data: Correction, places: Places, now: int) -> Event:
    """What a correction undoes.

    Raises:
        RuleBrokenError: there is no such event, it can't be undone, or it was.
    """
    key = Key(data.source, data.epoch, data.sequence)
    named = f"{key.source}, epoch {key.epoch}, sequence {key.sequence}"
    row = connection.execute("SELECT body FROM events WHERE source = ? AND epoch = ? AND sequence = ?", key).fetchone()
    if row is None:
        raise RuleBrokenError("unknown_event", f"data: {named}: no such event was taken; replay this once it was")
    if not row[0]:
        raise RuleBrokenError("forgotten", f"data: {named}: is kept as part of sums only; count stock anew")
    target = stored(row[0])
    why = corrects_nothing(target.data, data)
    if why is not None:
        raise RuleBrokenError("correction", f"data: {named}: {why}")
    if connection.execute("SELECT 1 FROM corrected WHERE source = ? AND epoch = ? AND sequence = ?", key).fetchone():
        raise RuleBrokenError("correction", f"data: {named}: was corrected already")
    if data.instead is not None:
        check_time(microseconds(data.instead.time), now)
        try:
            check_data(instead_of(target, data.instead), places)
        except msgspec.ValidationError as error:
            raise RuleBrokenError("correction", f"data.instead: {error}") from None
    return target


def _quarantined(connection: Connection, found: Event | Broken, now: int, rule: str, message: str) -> Answer:
    """Kept once, however often it is sent."""
    connection.execute(
        "INSERT INTO quarantine (source, epoch, sequence, digest, received, rule, message, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (*found.key, found.digest, now, rule, message, found.body),
    )
    number = connection.execute(
        "SELECT id FROM quarantine WHERE source = ? AND epoch = ? AND sequence = ? AND digest = ?",
        (*found.key, found.digest),
    ).fetchone()[0]
    outcome: Outcome = "conflict" if rule == "conflict" else "quarantined"
    return _answer(found.key, outcome, rule, message, number)


def _answer(
    key: Key, outcome: Outcome, rule: str | None = None, message: str | None = None, number: int | None = None
) -> Answer:
    return Answer(
        source=key.source,
        epoch=key.epoch,
        sequence=key.sequence,
        outcome=outcome,
        rule=rule,
        message=message,
        quarantine=number,
    )

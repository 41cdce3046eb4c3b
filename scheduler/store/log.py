"""The log of events: taken once by key, kept in quarantine with the rule that they break, read back in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

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


def take(
    connection: Connection, mirror: Mirror, found: Sequence[Event | Broken], now: int
) -> tuple[list[Answer], list[Taken]]:
    """Add events to the log, within a transaction of the caller's; what there is to ask and to write goes in batches.

    Args:
        connection: that writes; nobody else does, so that positions can be counted here.
        mirror: as of the last commit.
        found: as they were read, in the order in which they came.
        now: microseconds since 1970-01-01 UTC.

    Returns:
        An answer for each, and those that were added.
    """
    digests, answers, added = _digests(connection, found), [], list[Taken]()
    position = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()[0]
    rows: list[tuple[Any, ...]] = []
    for one in found:
        answer, target = _judged(connection, mirror, one, digests.get(one.key), now, rows)
        answers.append(answer)
        if answer.outcome != "accepted":
            continue
        assert isinstance(one, Event)
        position += 1
        digests[one.key] = one.digest
        rows.append((position, *one.key, one.digest, now, one.body, None if target is None else target.body))
        added.append(Taken(position, one, target))
        if target is not None:
            connection.execute("INSERT INTO corrected VALUES (?, ?, ?, ?)", (*target.key, position))
    _write(connection, rows)
    return answers, added


def _judged(
    connection: Connection,
    mirror: Mirror,
    found: Event | Broken,
    before: bytes | None,
    now: int,
    rows: list[tuple[Any, ...]],
) -> tuple[Answer, Event | None]:
    """What becomes of an event, and what it corrects; `before` is the digest of the one that has its key."""
    if before is not None and before == found.digest:
        return _answer(found.key, "duplicate"), None
    if before is not None:
        message = "another event of this source, epoch and sequence was taken; what it says differs"
        return _quarantined(connection, found, now, "conflict", message), None
    if isinstance(found, Broken):
        return _quarantined(connection, found, now, found.rule, found.message), None
    try:
        check(found, mirror.places, now)
        data, target = found.data, None
        if isinstance(data, Correction):
            _write(connection, rows)  # what it corrects may be among them
            target = _target(connection, data, mirror.places, now)
        is_known = isinstance(data, Sale) and mirror.demand.sales.get(data.sale) is not None
        check_horizon(found, mirror.horizon, is_known, target)
    except RuleBrokenError as error:
        return _quarantined(connection, found, now, error.rule, error.message), None
    return _answer(found.key, "accepted"), target


def _write(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Write rows of the log, and forget them."""
    if rows:
        connection.executemany(
            "INSERT INTO events (position, source, epoch, sequence, digest, received, body, target) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        rows.clear()


def _digests(connection: Connection, found: Sequence[Event | Broken]) -> dict[Key, bytes]:
    """Of those keys that the log has already; most sources count without gaps, so one question answers for many."""
    by_epoch: dict[tuple[str, int], list[int]] = {}
    for one in found:
        by_epoch.setdefault((one.key.source, one.key.epoch), []).append(one.key.sequence)
    there: dict[Key, bytes] = {}
    for (source, epoch), sequences in by_epoch.items():
        first, last = min(sequences), max(sequences)
        ranges = [(first, last)] if last - first < 4 * len(sequences) else [(one, one) for one in set(sequences)]
        for low, high in ranges:
            rows = connection.execute(
                "SELECT sequence, digest FROM events WHERE source = ? AND epoch = ? AND sequence BETWEEN ? AND ?",
                (source, epoch, low, high),
            )
            there.update((Key(source, epoch, sequence), bytes(digest)) for sequence, digest in rows)
    return there


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

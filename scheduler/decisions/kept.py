"""Plans, releases and the outbox in the store."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from typing import Any

import msgspec

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import microseconds, moment_of
from entrepot.scheduler.decisions.plan import Context, Plan
from entrepot.scheduler.events.data import Line as OrderLine
from entrepot.scheduler.events.data import Order
from entrepot.scheduler.events.envelope import Key, written
from entrepot.scheduler.mirror.sources import OWN
from entrepot.scheduler.store.log import next_sequence
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.writer import Transaction

KEPT_DAYS = 7
"""Plans of which nothing was released are kept so long."""
STOPPED = "stopped"
PROGRESS = ("confirmed_units", "shipped_units", "received_units")
"""Of an order that is out, as events tell; None before they do."""


class UnknownError(ConfigurationError):
    """There is no such plan, release or entry of the outbox."""


def keep_plan(turn: Transaction, plan: Plan) -> None:
    """Write a plan down, and let go of old ones of which nothing was released."""
    turn.connection.execute(
        "INSERT INTO plans (id, made, position, context, inputs, orders, summary) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            plan.id,
            microseconds(plan.context.now),
            plan.position,
            msgspec.json.encode(plan.context),
            plan.inputs,
            plan.packed(),
            msgspec.json.encode(plan.summary),
        ),
    )
    turn.connection.execute(
        "DELETE FROM plans WHERE made < ? AND id NOT IN (SELECT plan FROM releases)",
        (turn.now - KEPT_DAYS * 86_400_000_000,),
    )


def book(turn: Transaction, lane: str, day: str, key: str, plan: str, state: str, lines: list[dict[str, Any]]) -> bool:
    """Make the one release of a lane's departure; False where it was made before."""
    cursor = turn.connection.execute(
        "INSERT INTO releases (lane, day, key, plan, state, lines, made) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (lane, day, key, plan, state, msgspec.json.encode(lines), turn.now),
    )
    return cursor.rowcount == 1


def send(turn: Transaction, lane: str, day: str, key: str, lines: list[dict[str, Any]]) -> None:
    """Put an order into the outbox and, in the same transaction, into the log, so that it counts as on its way."""
    order = Order(
        order=key,
        lane=lane,
        lines=[OrderLine(sku=line["sku"], units=line["units"]) for line in lines],
        ordered=Date.fromisoformat(day),
    )
    sequence = next_sequence(turn.connection, OWN, 1)
    event = written(Key(OWN, 1, sequence), "entrepot.order.v1", moment_of(turn.now), order, subject=key)
    answer = turn.take(event)
    if answer.outcome != "accepted":
        raise ConfigurationError(f"release {key}: its order was not taken: {answer.rule}: {answer.message}")
    body = {"idempotency_key": key, "lane": lane, "departs": day, "lines": lines, "released": moment_of(turn.now)}
    turn.connection.execute(
        "INSERT INTO outbox (key, body, made, due) VALUES (?, ?, ?, ?)",
        (key, msgspec.json.encode(body), turn.now, turn.now),
    )


def approve(turn: Transaction, key: str, now: datetime, by: str) -> None:
    """Let a held release go out.

    Args:
        turn: the writer's.
        key: of the release.
        now: with an offset; a departure that has gone takes nothing.
        by: who wants it.

    Raises:
        UnknownError: there is no release of the key that is held, its departure has gone, or releases are stopped.
    """
    if is_stopped(turn.connection):
        raise UnknownError(f"release {key!r}: releases are stopped; resume first")
    lane, day, lines = _held(turn, key)
    places = turn.mirror.places
    if day < places.date_at(places.origin_of(places.names.lanes[lane]), now).isoformat():
        raise UnknownError(f"release {key!r}: its departure was on {day}; reject it, the next plan orders anew")
    turn.connection.execute("UPDATE releases SET state = 'released' WHERE key = ?", (key,))
    send(turn, lane, day, key, lines)
    turn.note(by, "release approved", key)


def reject(turn: Transaction, key: str, by: str) -> None:
    """End a held release; nothing of it goes out.

    Raises:
        UnknownError: there is no release of the key that is held.
    """
    _held(turn, key)
    turn.connection.execute("UPDATE releases SET state = 'cancelled' WHERE key = ?", (key,))
    turn.note(by, "release rejected", key)


def sent(turn: Transaction, key: str, by: str) -> None:
    """Note that whoever places orders has this one; it is the same however often it is said.

    Raises:
        UnknownError: there is nothing of the key in the outbox.
    """
    if turn.connection.execute("SELECT 1 FROM outbox WHERE key = ?", (key,)).fetchone() is None:
        raise UnknownError(f"outbox: there is nothing of key {key!r}")
    turn.connection.execute(
        "UPDATE outbox SET state = 'sent', changed = ? WHERE key = ? AND state = 'waiting'", (turn.now, key)
    )
    turn.connection.execute("UPDATE releases SET state = 'sent' WHERE key = ? AND state = 'released'", (key,))
    turn.note(by, "order taken over", key)


def due_orders(turn: Transaction, most: int) -> list[tuple[str, bytes, int]]:
    """Key, body and attempts of orders that wait and whose time has come, the oldest first; none while stopped."""
    if is_stopped(turn.connection):
        return []
    rows = turn.connection.execute(
        "SELECT key, body, attempts FROM outbox WHERE state = 'waiting' AND due <= ? ORDER BY due, key LIMIT ?",
        (turn.now, most),
    )
    return [(key, bytes(body), attempts) for key, body, attempts in rows]


def put_off(turn: Transaction, key: str, seconds: int) -> None:
    """Try to hand over an order again in so many seconds."""
    turn.connection.execute(
        "UPDATE outbox SET attempts = attempts + 1, due = ? WHERE key = ? AND state = 'waiting'",
        (turn.now + seconds * 1_000_000, key),
    )


def stop(turn: Transaction, by: str, *, stopped: bool) -> None:
    """Have nothing released any more, or go on; it outlasts a restart."""
    turn.connection.execute("DELETE FROM switches WHERE name = ?", (STOPPED,))
    if stopped:
        turn.connection.execute("INSERT INTO switches (name) VALUES (?)", (STOPPED,))
    turn.note(by, "stopped" if stopped else "resumed", "releases")


def is_stopped(connection: Connection) -> bool:
    """Whether nothing is released."""
    return connection.execute("SELECT 1 FROM switches WHERE name = ?", (STOPPED,)).fetchone() is not None


def booked(connection: Connection, since: str) -> set[tuple[str, str]]:
    """Lanes and days of releases that were made for a day or later ones."""
    return set(connection.execute("SELECT lane, day FROM releases WHERE day >= ?", (since,)).fetchall())


def state_of(connection: Connection, lane: str, day: str) -> str:
    """What became of the release of a lane's departure.

    Raises:
        UnknownError: nothing was released; while a plan was made, somebody stopped releases.
    """
    found = connection.execute("SELECT state FROM releases WHERE lane = ? AND day = ?", (lane, day)).fetchone()
    if found is None:
        raise UnknownError(f"lane {lane!r}: nothing was released for {day}: releases are stopped")
    return str(found[0])


def planned_before(connection: Connection, moment: int) -> bool:
    """Whether a plan was made before a moment, in microseconds since 1970-01-01 UTC."""
    return connection.execute("SELECT 1 FROM plans WHERE made < ? LIMIT 1", (moment,)).fetchone() is not None


def releases(connection: Connection, most: int = 100) -> list[dict[str, Any]]:
    """The latest releases, the last first."""
    rows = connection.execute(
        "SELECT key, lane, day, plan, state, lines, made, confirmed, shipped, received FROM releases "
        "ORDER BY made DESC, lane LIMIT ?",
        (most,),
    )
    names = ("key", "lane", "day", "plan", "state", "lines", "made", *PROGRESS)
    return [
        {**dict(zip(names, row, strict=True)), "lines": msgspec.Raw(row[5]), "made": moment_of(row[6])} for row in rows
    ]


def outbox(connection: Connection, state: str = "waiting", most: int = 100) -> list[dict[str, Any]]:
    """Orders that wait for whoever places them, the oldest first."""
    rows = connection.execute(
        "SELECT key, body, state, attempts FROM outbox WHERE state = ? ORDER BY made, key LIMIT ?", (state, most)
    )
    return [
        {"key": key, "state": found, "attempts": attempts, "order": msgspec.Raw(body)}
        for key, body, found, attempts in rows
    ]


def plans(connection: Connection, most: int = 20) -> list[dict[str, Any]]:
    """The latest plans, the last first."""
    rows = connection.execute("SELECT id, made, position, summary FROM plans ORDER BY made DESC LIMIT ?", (most,))
    return [
        {"id": name, "made": moment_of(made), "position": position, **msgspec.json.decode(summary)}
        for name, made, position, summary in rows
    ]


def plan_row(connection: Connection, name: str) -> tuple[Context, int, str, bytes]:
    """Context, position, digest of the inputs and packed orders of a plan.

    Raises:
        UnknownError: there is none of the name.
    """
    row = connection.execute("SELECT context, position, inputs, orders FROM plans WHERE id = ?", (name,)).fetchone()
    if row is None:
        raise UnknownError(f"plan {name!r}: there is none; `entrepot decisions list` names those that are kept")
    return msgspec.json.decode(row[0], type=Context), row[1], row[2], bytes(row[3])


def _held(turn: Transaction, key: str) -> tuple[str, str, list[dict[str, Any]]]:
    row = turn.connection.execute(
        "SELECT lane, day, lines FROM releases WHERE key = ? AND state = 'held'", (key,)
    ).fetchone()
    if row is None:
        raise UnknownError(f"release {key!r}: there is none that is held")
    return row[0], row[1], msgspec.json.decode(row[2])

"""A server that is killed at random instants while it takes events, plans, releases and hands out orders.

One store lives through all kills of a run. After each kill a start from the mirror that was kept must give what the log
alone gives. A fold of all of it at each kill would take longer than all else, so a witness folds what each life has
added; every `WHOLE_EVERY` kills, and at the end, the whole log is folded anew and all that was acknowledged looked for.
"""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from live_load import Line, Nursery, envelope, event_of, open_store
from live_process import START, places

from entrepot.scheduler.clock import FastClock
from entrepot.scheduler.decisions.progress import OUT
from entrepot.scheduler.store.folder import DATABASE, connect_to_read
from entrepot.scheduler.store.log import replay
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.recovery import folded, recover

SPEED = 21_600.0
"""A day takes four seconds, so that most lives of a server see a cut-off."""
BATCH = 20
LONGEST_SECONDS = 1.5
PAUSE_SECONDS = 0.01
WHOLE_EVERY = 25
FIRST_DAY = START.date()
Said = tuple[str, dict[str, Any]]
"""An event's type and data."""


@dataclass
class World:
    """What the outside knows, and a server must not contradict."""

    acknowledged: dict[tuple[str, int], bytes] = field(default_factory=dict)  # digest by source and sequence
    orders: dict[str, Any] = field(default_factory=dict)  # by key, as they were handed out
    unanswered: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # the last batch, by source
    numbers: dict[str, int] = field(default_factory=dict)  # the last sequence that was used, by source
    doubled: int = 0
    today: Date = FIRST_DAY
    arrived: set[str] = field(default_factory=set)  # keys of orders whose goods were received


class Witness:
    """Folds the log as it grows, and remembers what was in it."""

    def __init__(self, connection: Connection) -> None:
        """Args: connection: to the store before the first kill."""
        self._mirror = folded(connection, places())
        self._there: dict[tuple[str, int], bytes] = {}
        self._read = 0

    def lost(self, connection: Connection, world: World, *, whole: bool) -> int:
        """How much that was acknowledged isn't there, or says something else.

        Args:
            connection: to the store.
            world: what was acknowledged.
            whole: read all of the log, and not only what is new; how much it is, is asked in any case.
        """
        if whole:
            self._there, self._read = {}, 0
        rows = connection.execute(
            "SELECT position, source, sequence, digest FROM events WHERE position > ?", (self._read,)
        ).fetchall()
        for position, source, sequence, digest in rows:
            self._there[source, sequence] = digest
            self._read = max(self._read, position)
        gone = len(self._there) - connection.execute("SELECT count(*) FROM events").fetchone()[0]
        wrong = sum(self._there.get(key) != digest for key, digest in world.acknowledged.items())
        return max(gone, 0) + wrong

    def differs(self, connection: Connection, folder: Path, *, whole: bool) -> bool:
        """Whether a start from the kept mirror gives another one than the log alone."""
        replay(connection, self._mirror)
        if whole:
            fresh = folded(connection, places())
            if fresh.digest() != self._mirror.digest():
                return True
        return recover(connection, folder, places())[0].digest() != self._mirror.digest()


def trials(folder: Path, count: int, seed: int, seconds: float = math.inf) -> dict[str, Any]:
    """Kill a server so often; what was lost, doubled, or differs after each.

    Args:
        folder: empty, for the store.
        count: of kills.
        seed: of the instants.
        seconds: after so many no server is started any more.
    """
    random, world, begun = Random(seed), World(), time.time()
    open_store(folder)
    connection = connect_to_read(folder)
    witness = Witness(connection)
    connection.close()
    lost = differ = done = 0
    nursery, clock = Nursery(), FastClock(START, SPEED, begun)
    while done < count and time.time() - begun < seconds:
        done += 1
        server, stop = nursery.start(folder, begun, SPEED), threading.Event()
        busy = [
            threading.Thread(target=_send, args=(server.port, folder, clock, f"/wms/{place}", world, stop))
            for place in range(2)
        ]
        busy.append(threading.Thread(target=_live, args=(server.port, folder, clock, world, stop)))
        busy.append(threading.Thread(target=_take_over, args=(server.port, folder, world, stop)))
        for thread in busy:
            thread.start()
        stop.wait(random.uniform(0, LONGEST_SECONDS))
        server.kill()
        stop.set()
        for thread in busy:
            thread.join()
        if random.random() < 0.3:
            _tear(folder, random)
        connection, whole = connect_to_read(folder), done % WHOLE_EVERY == 0
        lost += witness.lost(connection, world, whole=whole)
        world.doubled += _doubled(connection)
        differ += witness.differs(connection, folder, whole=whole)
        connection.close()
    nursery.close()
    connection = connect_to_read(folder)
    lost += witness.lost(connection, world, whole=True)
    differ += witness.differs(connection, folder, whole=True)
    connection.close()
    return {
        "case": "faults",
        "trials": done,
        "acknowledged": len(world.acknowledged),
        "acknowledged_lost": lost,
        "orders_released": len(world.orders),
        "orders_doubled": world.doubled,
        "digests_differ": differ,
        "seconds": time.time() - begun,
    }


def _send(port: int, folder: Path, clock: FastClock, source: str, world: World, stop: threading.Event) -> None:
    """Batches one after another; what wasn't answered when a server died is sent again, and some is sent twice."""
    try:
        line = Line(port, folder)
        while not stop.wait(PAUSE_SECONDS):
            _tell(line, source, clock, world, lambda: [_moved(place) for place in range(BATCH)])
    except (OSError, http.client.HTTPException):
        return  # it was killed


def _moved(place: int) -> Said:
    """Units that are sold and found in turn, so that stock stays what it is."""
    cell = {"node": "california", "sku": "lamp", "units": 1}
    return ("adjustment", {**cell, "reason": "found"}) if place % 2 else ("pick", cell)


def _live(port: int, folder: Path, clock: FastClock, world: World, stop: threading.Event) -> None:
    """What each day brings, so that there is something to order: demand, sales from the shelves, orders that arrive."""
    try:
        line = Line(port, folder)
        while not stop.wait(0.05):
            today = clock.now().date()
            _tell(line, "/oms/shop", clock, world, lambda today=today: _day(world, today))  # type: ignore[misc]
    except (OSError, http.client.HTTPException):
        return


def _day(world: World, today: Date) -> list[Said]:
    found: list[Said] = []
    for sku in ("kettle", "lamp") if today > world.today else ():
        date = (today - timedelta(days=1)).isoformat()
        found.append(("demand", {"market": "us_shop", "sku": sku, "date": date, "units": 3 + today.day % 4}))
        found += [("pick", {"node": node, "sku": sku, "units": 5}) for node in ("shenzhen", "california")]
    world.today = max(today, world.today)
    of = places().names.arrays
    for key in sorted(set(world.orders) - world.arrived):
        world.arrived.add(key)
        order = world.orders[key]
        node = of.nodes[int(of.lane.destination[of.lanes.index(order["lane"])])]
        for line in order["lines"]:
            cell = {"node": node, "sku": line["sku"], "units": line["units"]}
            found += [("receipt", {**cell, "order": key}), ("putaway", cell)]
    return found


def _tell(line: Line, source: str, clock: FastClock, world: World, made: Callable[[], list[Said]]) -> None:
    """What is new, or else what wasn't answered the last time; some of it twice."""
    told = world.unanswered.get(source)
    if told is None:
        first, new = world.numbers.get(source, 0), made()
        told = [envelope(kind, data, source, first + place, clock.now()) for place, (kind, data) in enumerate(new, 1)]
        if not told:
            return
        world.unanswered[source], world.numbers[source] = told, first + len(told)
    for _ in range(2 if world.numbers[source] % 7 == 0 else 1):
        answers = line.ask("POST", "/v1/events", told)["answers"]
    for event, answer in zip((event_of(one) for one in told), answers, strict=True):
        assert answer["outcome"] in ("accepted", "duplicate"), answer
        world.acknowledged[source, event.key.sequence] = event.digest
    del world.unanswered[source]


def _take_over(port: int, folder: Path, world: World, stop: threading.Event) -> None:
    """Whoever places orders: asks for them and says that it has them, again and again."""
    try:
        line = Line(port, folder)
        while not stop.is_set():
            for entry in line.ask("GET", "/v1/outbox")["outbox"]:
                before = world.orders.setdefault(entry["key"], entry["order"])
                world.doubled += before != entry["order"]
                line.ask("POST", "/v1/outbox/sent", {"key": entry["key"]})
            stop.wait(0.05)
    except (OSError, http.client.HTTPException):
        return


def _tear(folder: Path, random: Random) -> None:
    """Leave half a frame at the end of the log, as a disk may that lost power."""
    path = folder / f"{DATABASE}-wal"
    if path.exists():
        with path.open("ab") as stream:
            stream.write(random.randbytes(random.randint(1, 4000)))


def _doubled(connection: Connection) -> int:
    """Orders that went out more than once for a departure, or that the log has otherwise than the outbox."""
    by_departure: dict[str, set[str]] = defaultdict(set)
    for (key,) in connection.execute("SELECT key FROM outbox"):
        by_departure[key.rpartition("/")[0] + key.rpartition("/")[2]].add(key)
    twice = sum(len(keys) > 1 for keys in by_departure.values())
    out = {key for (key,) in connection.execute("SELECT key FROM outbox")}
    own = connection.execute("SELECT body FROM events WHERE source = '/entrepot/scheduler'").fetchall()
    told = [event_of_body(body) for (body,) in own]
    marks = ", ".join("?" * len(OUT))
    released = {key for (key,) in connection.execute(f"SELECT key FROM releases WHERE state IN ({marks})", OUT)}
    return twice + (len(told) - len(set(told))) + len(out ^ set(told)) + len(out ^ released)


def event_of_body(body: bytes) -> str:
    """The order that an event of the scheduler's own tells."""
    return str(json.loads(body)["data"]["order"])

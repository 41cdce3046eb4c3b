"""A scheduler's server by itself, on a fast clock: `python benchmarks/live_process.py FOLDER BEGUN SPEED [ALERTS]`.

Prints its port once it listens. BEGUN is the wall's time, in seconds, at which the clock read `START`; SPEED 1 is the
wall's own pace. Both outlast a kill, so that a server that is started anew goes on in the same time.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from entrepot.agents.inference import load
from entrepot.envs.network import load_network
from entrepot.scheduler.alerts.channels import Channels
from entrepot.scheduler.clock import FastClock
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.places import Places
from entrepot.scheduler.server.logs import log_as_json
from entrepot.scheduler.server.run import Address, Server
from entrepot.scheduler.server.tokens import Tokens
from entrepot.scheduler.store.writer import KEEP_EVERY

ROOT = Path(__file__).parents[1]
NETWORK = ROOT / "examples" / "my_network" / "my_network.yaml"
START = datetime(2026, 11, 25, tzinfo=UTC)
TOKEN = "load"
STORE = "ENTREPOT_STORE"
"""As `entrepot serve` reads it: a PostgreSQL database in place of a file."""
KEEP_EVERY_ON_A_FAST_CLOCK = 2_000
"""Of a server that is killed every few seconds, so that kills meet a mirror that was kept, and the keeping of it."""


class Telling(Server):
    """Prints its port once it listens."""

    async def startup(self, sockets: Any = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)


def places() -> Places:
    """The example's network."""
    return Places.of(load_network(str(NETWORK)))


def main(folder: Path, begun: float, speed: float, alerts: Path | None = None) -> None:
    """Serve until killed."""
    log_as_json()
    module = load(ROOT / "checkpoints" / "released" / "kreen-pathwise")
    settings = Settings(mode="live", plan_every=timedelta(hours=1), grace=timedelta(hours=8))
    channels = None if alerts is None else Channels.read(alerts)
    clock = FastClock(START, speed, begun)
    keep_every = KEEP_EVERY if speed == 1 else KEEP_EVERY_ON_A_FAST_CLOCK
    address, store = Address(port=0), os.environ.get(STORE)
    Telling(
        folder, places(), module, settings, clock, address, channels=channels, keep_every=keep_every, store=store
    ).run()


def token(folder: Path) -> str:
    """A token for everything; made once."""
    path = folder / "load-token"
    if not path.exists():
        path.write_text(Tokens(folder).issue(TOKEN, "/", ["events", "read", "operate"]))
    return path.read_text()


def nursery() -> None:
    """Serve in a process of its own for each line `FOLDER BEGUN SPEED` that is read, and print its number.

    A fork of what has loaded its code already, for who starts hundreds of servers; all that a server opens, it opens
    itself.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        folder, begun, speed = line.split()
        child = os.fork()
        if child:
            print(f"pid {child}", flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with open(f"{folder}/server.log", "a", encoding="utf-8") as log:
            os.dup2(log.fileno(), 2)
        main(Path(folder), float(begun), float(speed))
        os._exit(0)


if __name__ == "__main__" and sys.argv[1] == "--nursery":
    nursery()
elif __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]) if sys.argv[4:] else None)

"""From settings to a server that runs until it is told to end, and then ends what it has begun."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvicorn
from prometheus_client.core import Metric
from starlette.applications import Starlette

from entrepot.agents.inference import InferenceModule
from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.alerts.channels import Channels
from entrepot.scheduler.alerts.delivery import Teller
from entrepot.scheduler.allocation.allocator import Allocator
from entrepot.scheduler.allocation.terms import Terms
from entrepot.scheduler.clock import Clock, microseconds
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.inputs.jetstream import Broker, Input
from entrepot.scheduler.metrics import Metrics, freshness_metrics, gauge
from entrepot.scheduler.mirror.sources import Freshness
from entrepot.scheduler.outbox.webhook import Deliverer, Webhook
from entrepot.scheduler.places import Places
from entrepot.scheduler.server.app import application
from entrepot.scheduler.server.asked import Parts
from entrepot.scheduler.server.stream import Readers
from entrepot.scheduler.server.tokens import Tokens
from entrepot.scheduler.store.folder import StoreError, connect_to_read
from entrepot.scheduler.store.reading import Reader
from entrepot.scheduler.store.retention import Retention
from entrepot.scheduler.store.writer import KEEP_EVERY, Writer

log = logging.getLogger(__name__)
MOST_TICKS = 8
"""As many as there are things to do from time to time, and one to end with."""
TICK_SECONDS = 0.25
SWITCH_SECONDS = 0.001
SHUTDOWN_SECONDS = 10


@dataclass(frozen=True)
class Address:
    """Where it listens, and with which certificate."""

    host: str = "127.0.0.1"
    port: int = 8420
    certificate: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Refuse half a certificate.

        Raises:
            ConfigurationError: one of the two files is missing.
        """
        if (self.certificate is None) != (self.key is None):
            raise ConfigurationError("--certificate, --key: give both, or neither")
        for path in (self.certificate, self.key):
            if path is not None and not path.is_file():
                raise ConfigurationError(f"--certificate, --key: there is no file {str(path)!r}")


class Server(uvicorn.Server):
    """A scheduler's server; `run` returns once it was told to end, and everything that was begun is done."""

    def __init__(
        self,
        folder: Path,
        places: Places,
        module: InferenceModule,
        settings: Settings,
        clock: Clock,
        address: Address,
        webhook: Webhook | None = None,
        terms: Terms | None = None,
        *,
        channels: Channels | None = None,
        identifiers: Mapping[str, str] | None = None,
        keep: timedelta | None = None,
        store: str | None = None,
        broker: Broker | None = None,
        keep_every: int = KEEP_EVERY,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        """Recover the store and prepare to serve.

        Args:
            folder: of the store.
            places: of the network.
            module: the policy.
            settings: of planning and releasing.
            clock: by which all is done.
            address: where it listens.
            webhook: where released orders go; they wait in the outbox if None.
            terms: of allocating customers' orders; the usual ones if None.
            channels: to whom alerts are told; they are logged if None.
            identifiers: of places and products in EPCIS documents: what they are called in the network.
            broker: from which events are read, too; HTTP alone if None.
            store: URL of a PostgreSQL database; a file in the folder if None.
            keep: how long all of what was told is kept; for ever if None.
            keep_every: events after which the mirror is kept anew for a restart.
            tick_seconds: of the wall, between two looks at what is due; a fast clock needs short ones.

        Raises:
            ConfigurationError: the folder is held by another process, or an argument can't be used.
        """
        address.check()
        settings.check(places)
        terms = terms or Terms()
        terms.check(places)
        channels = channels or Channels()
        channels.check()
        self.writer = Writer(folder, places, clock, keep_every=keep_every, store=store)
        self._clock, self._tick_seconds = clock, tick_seconds
        metrics = self.metrics = Metrics()
        metrics.watch(self._watched)
        # In shadow nothing goes out, what was released before included.
        delivered_to = webhook if settings.mode != "shadow" else None
        self._deliverer = None if delivered_to is None else Deliverer(self.writer, delivered_to, clock)
        self._ending = asyncio.Event()
        # Threads of their own: many requests at once, each with one of asyncio's, must not keep a cut-off waiting.
        self._ticks = ThreadPoolExecutor(MOST_TICKS, thread_name_prefix="entrepot-tick")
        self._teller = Teller(self.writer, channels, clock, metrics)
        self.desk = Desk(self.writer, module, settings, clock, metrics, channels)
        desk = self.desk
        self.allocator = Allocator(
            self.writer, terms, clock, metrics, lambda: desk.snapshot, reserves=settings.mode == "live"
        )
        self._retention = None if keep is None else Retention(self.writer, clock, keep)
        self._input = None if broker is None else Input(broker, self.writer, metrics, identifiers or {})
        self._readers = Readers()
        reader, streaming = (Reader(connect_to_read(folder, store)) for _ in range(2))
        self._reading = reader, streaming
        parts = Parts(
            self.writer,
            reader,
            streaming,
            Tokens(folder),
            clock,
            metrics,
            self.desk,
            self.allocator,
            self._readers,
            identifiers or {},
        )
        app = application(parts)
        app.router.lifespan_context = self._lifespan
        super().__init__(
            uvicorn.Config(
                app,
                host=address.host,
                port=address.port,
                ssl_certfile=address.certificate,
                ssl_keyfile=None if address.key is None else str(address.key),
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
                lifespan="on",
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the lines of those who listen, then end as servers do."""
        self._readers.ending = True
        await super().shutdown(sockets)
        gc.unfreeze()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen.

        Two threads that both have much to do, the writer and the one that reads requests, hand over to each other
        five times as often as Python has it, and what was loaded for good is left aside by the collector, whose looking
        through it would hold both up.
        """
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.collect()
        gc.freeze()
        await super().startup(sockets)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        ticking = [asyncio.create_task(self._often(self.desk.tick, "the desk"))]
        ticking.append(asyncio.create_task(self._often(self.desk.policies.compare, "comparing")))
        ticking.append(asyncio.create_task(self._often(self.allocator.tick, "allocating")))
        ticking.append(asyncio.create_task(self._often(self._teller.tick, "telling of alerts")))
        if self._input is not None:
            ticking.append(asyncio.create_task(self._input.run(self._ending)))
        if self._retention is not None:
            ticking.append(asyncio.create_task(self._often(self._retention.tick, "retention")))
        if self._deliverer is not None:
            ticking.append(asyncio.create_task(self._often(self._deliverer.tick, "the webhook")))
        try:
            yield
        finally:
            self._ending.set()
            self._teller.end()
            if self._deliverer is not None:
                self._deliverer.end()
            _, late = await asyncio.wait(ticking, timeout=SHUTDOWN_SECONDS)
            if late:  # what they would still write is refused, and done by the next start
                log.warning("%d things that were begun are not waited for", len(late))
            for one in self._reading:
                one.close()
            await asyncio.get_running_loop().run_in_executor(self._ticks, self.writer.close)
            self._ticks.shutdown(wait=False)
            log.info("everything that was acknowledged is written")

    async def _often(self, tick: Callable[[], object], name: str) -> None:
        """Let somebody do what is due, until the end; what fails is told and tried again."""
        while not self._ending.is_set():
            try:
                await asyncio.get_running_loop().run_in_executor(self._ticks, tick)
            except Exception:
                log.exception("%s failed; it tries again soon", name)
            try:
                await asyncio.wait_for(self._ending.wait(), self._tick_seconds)
            except TimeoutError:
                continue

    def _watched(self) -> Iterable[Metric]:
        yield gauge("entrepot_waiting_events", "Events that wait to be written", self.writer.waiting)
        yield gauge("entrepot_up", "1 where events are taken", float(self.writer.alive and not self.writer.trouble))
        if self._input is not None:
            yield gauge("entrepot_input_up", "1 while the broker is there", float(self._input.connected))
        if not self.writer.alive:
            return
        try:
            told = self._counted()
        except (StoreError, TimeoutError) as error:
            log.warning("figures of the store are not told: %s", error or "no answer")
            return
        yield gauge("entrepot_position", "Events in the log", told[0])
        yield from freshness_metrics(told[1], microseconds(self._clock.now()))
        yield gauge("entrepot_late_movements", "That came after a count that has them in it; recount if many", told[2])
        yield gauge("entrepot_quarantine_open", "Events in quarantine", told[3])
        yield gauge("entrepot_outbox_waiting", "Orders that nobody has taken over yet", told[4])

    def _counted(self) -> tuple[int, list[Freshness], int, int, int]:
        return self.writer.submit(
            lambda turn: (
                turn.mirror.position,
                turn.mirror.sources.freshness(),
                turn.mirror.stock.late,
                turn.connection.execute("SELECT count(*) FROM quarantine WHERE state = 'open'").fetchone()[0],
                turn.connection.execute("SELECT count(*) FROM outbox WHERE state = 'waiting'").fetchone()[0],
            )
        ).result(timeout=5)

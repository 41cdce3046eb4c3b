"""Events from NATS JetStream: a message is acknowledged once its events are on disk, and comes again until then.

A message's body is what a request's would be: one event, a list, an event a line, or an EPCIS document. Who may publish
what is the broker's to say. One that can't be read is ended, told in the log with its number in the stream, and
counted; the stream keeps it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.events.envelope import Broken, Event, MalformedError, read
from entrepot.scheduler.events.epcis import is_document, read_document
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.mirror.sources import RESERVED
from entrepot.scheduler.store.folder import StoreError
from entrepot.scheduler.store.writer import QueueFullError, Writer

log = logging.getLogger(__name__)
STREAM = "entrepot"
DURABLE = "scheduler"
AT_ONCE = 200
WAIT_SECONDS = 1.0
CONNECT_SECONDS = 10.0
AGAIN_SECONDS = 2.0
ACKNOWLEDGED_WITHIN_SECONDS = 10.0
"""After so long without it the broker sends a message again; one that came twice is a duplicate."""


@dataclass(frozen=True)
class Broker:
    """Where messages come from."""

    url: str  # nats://[USER:PASSWORD@]HOST[:PORT], or tls://…
    stream: str = STREAM

    @classmethod
    def of(cls, url: str) -> Broker:
        """From `nats://HOST[:PORT][/STREAM]`.

        Raises:
            ConfigurationError: it is none.
        """
        parts = urlsplit(url)
        stream = parts.path.strip("/") or STREAM
        if parts.scheme not in ("nats", "tls") or not parts.hostname or not stream.replace("_", "").isalnum():
            raise ConfigurationError(f"--input: {parts.scheme or url!r}; allowed: nats://HOST[:PORT][/STREAM]")
        return cls(url=parts._replace(path="").geturl(), stream=stream)

    @property
    def subjects(self) -> str:
        """Under which events are published, where the stream isn't there yet."""
        return f"{self.stream}.>"


class Input:
    """Reads for one writer; call `run`."""

    def __init__(self, broker: Broker, writer: Writer, metrics: Metrics, identifiers: Mapping[str, str]) -> None:
        """Args: broker: to read from. writer, metrics: of the scheduler. identifiers: as in EPCIS documents."""
        self._broker, self._writer, self._metrics, self._identifiers = broker, writer, metrics, identifiers
        self.connected = False

    async def run(self, ending: asyncio.Event) -> None:
        """Read until the end; a broker that is gone is waited for."""
        import nats

        while not ending.is_set():
            try:
                connecting = nats.connect(
                    self._broker.url, max_reconnect_attempts=-1, connect_timeout=5, error_cb=_told, name="entrepot"
                )
                # By itself it tries for ever, and would not see the end.
                connection = await asyncio.wait_for(connecting, CONNECT_SECONDS)
            except Exception as error:  # the broker isn't there yet, in one of many ways
                await self._wait(ending, f"{type(error).__name__}: {error}")
                continue
            try:
                await self._read(connection, ending)
            except Exception as error:
                await self._wait(ending, f"{type(error).__name__}: {error}")
            finally:
                self.connected = False
                await connection.close()

    async def _read(self, connection: Any, ending: asyncio.Event) -> None:
        from nats.errors import TimeoutError as NothingCame
        from nats.js.api import AckPolicy, ConsumerConfig
        from nats.js.errors import NotFoundError

        stream = connection.jetstream()
        try:
            await stream.stream_info(self._broker.stream)
        except NotFoundError:
            await stream.add_stream(name=self._broker.stream, subjects=[self._broker.subjects])
            log.info("the stream was made", extra={"fields": {"stream": self._broker.stream}})
        config = ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT, ack_wait=ACKNOWLEDGED_WITHIN_SECONDS, max_ack_pending=10 * AT_ONCE
        )
        reader = await stream.pull_subscribe("", durable=DURABLE, stream=self._broker.stream, config=config)
        log.info("reads from NATS", extra={"fields": {"stream": self._broker.stream}})
        while not ending.is_set():
            self.connected = connection.is_connected
            try:
                messages = await reader.fetch(AT_ONCE, timeout=WAIT_SECONDS)
            except (NothingCame, TimeoutError):
                continue
            await asyncio.gather(*(self._take(message) for message in messages))

    async def _take(self, message: Any) -> None:
        try:
            found = self._events(message)
        except MalformedError as error:
            number = message.metadata.sequence.stream
            log.error("a message can't be read", extra={"fields": {"stream_sequence": number, "why": str(error)}})
            self._metrics.unread.inc()
            await message.term()
            return
        try:
            answers = await asyncio.wrap_future(self._writer.take(found)) if found else []
        except (QueueFullError, StoreError) as error:
            log.warning("not taken; it comes again", extra={"fields": {"why": str(error)}})
            await message.nak(delay=AGAIN_SECONDS)
            return
        except Exception:  # a bug: it must not keep the others from being read
            log.exception("not taken; it comes again")
            await message.nak(delay=AGAIN_SECONDS)
            return
        self._metrics.count(answers)
        await message.ack()

    def _events(self, message: Any) -> list[Event | Broken]:
        body = bytes(message.data)
        if is_document(body):
            return read_document(body, f"/nats/{self._broker.stream}", self._writer.places, self._identifiers)
        found = read(body, (message.headers or {}).get("Content-Type", "application/json"))
        for event in found:
            if event.key.source.startswith(RESERVED):
                raise MalformedError(f"source: {event.key.source!r} is the scheduler's own")
        return found

    async def _wait(self, ending: asyncio.Event, why: str) -> None:
        log.warning("NATS can't be read", extra={"fields": {"why": why, "again_in": AGAIN_SECONDS}})
        try:
            await asyncio.wait_for(ending.wait(), AGAIN_SECONDS)
        except TimeoutError:
            return


async def _told(error: Exception) -> None:
    log.warning("NATS", extra={"fields": {"why": f"{type(error).__name__}: {error}"}})

"""Alerts on their way to people, and to more people where nobody answers."""

from __future__ import annotations

import logging
import threading
from functools import partial

import msgspec

from entrepot.scheduler.alerts import mail, notices
from entrepot.scheduler.alerts.channels import Channels
from entrepot.scheduler.alerts.notices import Body
from entrepot.scheduler.clock import Clock
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.outbox.webhook import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS
from entrepot.scheduler.store.writer import Writer

log = logging.getLogger(__name__)
AT_ONCE = 20


class Teller:
    """Call `tick` often; it tells what is due by the clock. In shadow too, as alerts order nothing."""

    def __init__(self, writer: Writer, channels: Channels, clock: Clock, metrics: Metrics) -> None:
        """Args: parts of a scheduler.

        Raises:
            ConfigurationError: a secret can't be read, or something can't be used.
        """
        self._writer, self._channels, self._clock, self._metrics = writer, channels, clock, metrics
        self._ending = threading.Event()
        self._webhook, self._password = channels.post(), channels.password()

    def end(self) -> None:
        """Begin nothing more; what is being handed over is."""
        self._ending.set()

    def tick(self) -> int:
        """Escalate what nobody has answered, and hand over what is due; how many notices were.

        One whose answer was lost is sent again, under the same key or Message-ID.
        """
        for number, message in self._writer.submit(lambda turn: notices.escalate(turn, self._channels)).result():
            log.warning("alert, and nobody has answered: %s", message, extra={"fields": {"alert": number}})
        found = self._writer.submit(lambda turn: notices.due(turn, self._channels.names, AT_ONCE)).result()
        done = 0
        for number, channel, level, body, attempts in found:
            if self._ending.is_set():  # what is left waits for the next start
                break
            why = self._post(number, body) if channel == "webhook" else self._mail(number, level, body)
            outcome = "sent" if why is None else "failed"
            self._metrics.notices.labels(channel, outcome).inc()
            if why is None:
                self._writer.submit(partial(notices.end, number=number, state="sent")).result()
                done += 1
                continue
            wait = min(FIRST_WAIT_SECONDS * 2 ** min(attempts, 10), LONGEST_WAIT_SECONDS)
            fields = {"notice": number, "attempt": attempts + 1, "why": why, "again_in": wait}
            log.warning("%s of an alert", channel, extra={"fields": fields})
            self._writer.submit(partial(notices.put_off, number=number, seconds=wait)).result()
        return done

    def _post(self, number: int, body: bytes) -> str | None:
        assert self._webhook is not None
        key = f"{self._writer.places.network.name}/notice/{number}"
        return self._webhook.post(key, body, int(self._clock.now().timestamp()))

    def _mail(self, number: int, level: int, body: bytes) -> str | None:
        channels = self._channels
        assert channels.smtp is not None
        to = list(dict.fromkeys([*channels.to, *(channels.escalate_to if level else ())]))
        told = msgspec.json.decode(body, type=Body)
        message = mail.message_of(told, number, channels.smtp.sender, to, self._clock.now())
        return mail.sent(channels.smtp, self._password, message)

"""Orders by webhook: signed, at least once under one key, and again on a schedule that outlasts a restart."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import logging
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import Clock
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.store.writer import Writer

log = logging.getLogger(__name__)
FIRST_WAIT_SECONDS = 10
LONGEST_WAIT_SECONDS = 3600
TIMEOUT_SECONDS = 10.0
AT_ONCE = 20
BY = "webhook"


@dataclass(frozen=True)
class Webhook:
    """Where orders go."""

    url: str
    secret: bytes  # shared with the receiver

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ConfigurationError(f"--webhook: {self.url!r}; allowed: http(s)://HOST[:PORT]/PATH without a user")
        if len(self.secret) < 16:
            raise ConfigurationError("--webhook-secret: at least 16 bytes are required")

    @classmethod
    def of(cls, url: str, secret: Path) -> Webhook:
        """With the secret in a file.

        Raises:
            ConfigurationError: the file can't be read, or something can't be used.
        """
        try:
            return cls(url, secret.read_bytes().strip())
        except OSError as error:
            raise ConfigurationError(f"--webhook-secret: {str(secret)!r} can't be read: {error.strerror}") from error

    def signature(self, stamp: int, body: bytes) -> str:
        """HMAC-SHA-256 over the time and the body, as in `Entrepot-Signature`.

        Args:
            stamp: seconds since 1970-01-01 UTC, so that an old request can't be played back for long.
            body: of the request.
        """
        return f"t={stamp},v1={hmac.new(self.secret, b'%d.' % stamp + body, hashlib.sha256).hexdigest()}"

    def post(self, key: str, body: bytes, stamp: int) -> str | None:
        """Hand one order over.

        Returns:
            None where the receiver answered with 2xx; else why not. Redirects are not followed.
        """
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        )
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key.encode("utf-8").decode("latin-1"),  # as it is, in UTF-8: lanes have arrows
            "Entrepot-Signature": self.signature(stamp, body),
        }
        try:
            connection.request("POST", f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return None if 200 <= status < 300 else f"answered with {status}"


class Deliverer:
    """Call `tick` often; it hands over what is due by the clock."""

    def __init__(self, writer: Writer, webhook: Webhook, clock: Clock) -> None:
        """Args: parts of a scheduler."""
        self._writer, self._webhook, self._clock = writer, webhook, clock
        self._ending = threading.Event()

    def end(self) -> None:
        """Begin nothing more; what is being handed over is."""
        self._ending.set()

    def tick(self) -> int:
        """Hand over what is due; how many were.

        A receiver that answered and whose answer was lost gets the same key again.
        """
        due = self._writer.submit(lambda turn: kept.due_orders(turn, AT_ONCE)).result()
        done = 0
        for key, body, attempts in due:
            if self._ending.is_set():  # what is left waits for the next start
                break
            why = self._webhook.post(key, body, int(self._clock.now().timestamp()))
            if why is None:
                self._writer.submit(lambda turn, key=key: kept.sent(turn, key, BY)).result()  # type: ignore[misc]
                done += 1
                continue
            wait = min(FIRST_WAIT_SECONDS * 2 ** min(attempts, 10), LONGEST_WAIT_SECONDS)
            log.warning(
                "webhook", extra={"fields": {"key": key, "attempt": attempts + 1, "why": why, "again_in": wait}}
            )
            self._writer.submit(
                lambda turn, key=key, wait=wait: kept.put_off(turn, key, wait)  # type: ignore[misc]
            ).result()
        return done

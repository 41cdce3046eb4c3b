"""What is said, to a scheduler over HTTP, as any source sends it: counted by source, in batches, again if need be."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from datetime import datetime
from typing import Any

from entrepot.command_line.demo.days import Said
from entrepot.configs.errors import EntrepotError

AT_ONCE = 500
PATIENCE_SECONDS = 30.0


class NotTakenError(EntrepotError):
    """A scheduler didn't answer, or didn't take what it was sent."""

    exit_code = 1


class Sender:
    """Of all sources of a demonstration."""

    def __init__(self, port: int, token: str) -> None:
        """Args: port: of the scheduler, on this machine. token: for the sources."""
        self._port, self._token = port, token
        self._sequences: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()

    def send(self, told: list[Said], heard_at: datetime, silent: str | None = None) -> None:
        """Send events, and a heartbeat of each source that has anything to say, or had before.

        Args:
            told: in any order.
            heard_at: time of the heartbeats.
            silent: a source that sends none.

        Raises:
            NotTakenError: nobody took them for half a minute.
        """
        events = [self._envelope(one.source, one.kind, one.time, one.data) for one in told]
        for source, last in sorted(self._sequences.items()):
            if source != silent:
                events.append(self._envelope(source, "heartbeat", heard_at, {"last_sequence": last + 1}))
        for first in range(0, len(events), AT_ONCE):
            self.outcomes.update(self._post(events[first : first + AT_ONCE]))

    def _envelope(self, source: str, kind: str, time: datetime, data: dict[str, Any]) -> dict[str, Any]:
        self._sequences[source] += 1
        number = self._sequences[source]
        return {
            "specversion": "1.0",
            "id": str(number),
            "source": source,
            "type": f"entrepot.{kind}.v1",
            "time": time.isoformat(),
            "epoch": 1,
            "sequence": number,
            "data": data,
        }

    def _post(self, events: list[dict[str, Any]]) -> list[str]:
        body = json.dumps(events).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        until, why = time.monotonic() + PATIENCE_SECONDS, ""
        while time.monotonic() < until:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
            try:
                connection.request("POST", "/v1/events", body, headers)
                response = connection.getresponse()
                text = response.read()
            except (OSError, http.client.HTTPException) as error:
                why = f"{type(error).__name__}: {error}"
            else:
                if response.status == 200:
                    return [one["outcome"] for one in json.loads(text)["answers"]]
                why = f"{response.status}: {text.decode(errors='replace')}"
                if response.status not in (429, 503):
                    break
            finally:
                connection.close()
            time.sleep(0.2)
        raise NotTakenError(f"events were not taken: {why}")

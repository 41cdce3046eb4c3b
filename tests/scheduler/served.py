"""A real server on a free port, and what a source and an operator send to it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from entrepot.agents.inference import InferenceModule, load
from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.server.run import Address, Server
from entrepot.scheduler.server.tokens import Tokens
from tests.scheduler.told import START, places

RELEASED = Path(__file__).parents[2] / "checkpoints" / "released" / "kreen-pathwise"


@cache
def module() -> InferenceModule:
    return load(RELEASED)


class Started(Server):
    """Tells when it listens."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.listens = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listens.set()


class Client:
    """Of one server, with one token."""

    def __init__(self, port: int, token: str | None) -> None:
        self.port, self.token = port, token

    def ask(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json", **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, answer and headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        told = {"Content-Type": kind, **headers}
        if self.token is not None:
            told["Authorization"] = f"Bearer {self.token}"
        connection.request(method, path, data, told)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(text) if is_json else text.decode(), dict(response.headers)

    def outcomes(self, *told: dict[str, Any]) -> list[str]:
        """What became of events."""
        status, content, _ = self.ask("POST", "/v1/events", list(told))
        assert status == 200, content
        return [one["outcome"] for one in content["answers"]]


@contextmanager
def serving(
    folder: Path, clock: SimulatedClock | None = None, settings: Settings | None = None
) -> Iterator[tuple[Started, Client]]:
    """A server of the example's network, and a client that may do everything."""
    tokens = Tokens(folder)
    kept = {token.name for token in tokens.all()}
    token = tokens.issue(f"all{len(kept)}", "/", ["events", "read", "operate"])
    server = Started(
        folder, places(), module(), settings or Settings(), clock or SimulatedClock(START), Address(port=0)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert server.listens.wait(60)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield server, Client(port, token)
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()

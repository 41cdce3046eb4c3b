"""From an event that makes stock run out to the alert in the store, and to whoever is told by webhook."""

from __future__ import annotations

import json
import queue
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from live_load import Line, Process, envelope, open_store
from live_process import START

from entrepot.scheduler.alerts import kept
from entrepot.scheduler.store.folder import connect_to_read

PATIENCE_SECONDS = 60.0
LOOKS_EVERY = 0.005


def alert(folder: Path, times: int) -> dict[str, Any]:
    """One cell after the other runs out and is filled again, until every alert was told and is closed.

    Times are the wall's, from before the event is sent: `draft` until the alert and what is to be told of it are
    committed, `notified` until the receiver has its request.
    """
    open_store(folder)
    got: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
    server = _receiver(got)
    (folder / "secret").write_bytes(b"of sixteen bytes or more")
    text = f"webhook: http://127.0.0.1:{server.server_port}/\nwebhook_secret: {folder / 'secret'}\n"
    (folder / "alerts.yaml").write_text(text)
    drafts, notified = [], []
    with Process(folder, time.time(), 1.0, folder / "alerts.yaml") as process:
        line, reader = Line(process.port, folder), connect_to_read(folder)

        def count(number: int, units: int) -> float:
            data = {"node": "california", "sku": "lamp", "on_hand": units}
            begun = time.monotonic()
            now = START + timedelta(seconds=number)
            answers = line.ask("POST", "/v1/events", [envelope("count", data, "/wms/alert", number, now)])
            assert answers["answers"][0]["outcome"] == "accepted"
            return begun

        def is_open() -> bool:
            return any(one["place"] == "california lamp" for one in kept.listed(reader))

        count(1, 5000)
        _until(lambda: not is_open())
        for one in range(times):
            begun = count(2 + 2 * one, 0)
            _until(is_open)
            drafts.append(time.monotonic() - begun)
            while True:
                at, body = got.get(timeout=PATIENCE_SECONDS)
                if any(told["place"] == "california lamp" for told in body["alerts"]) and at > begun:
                    notified.append(at - begun)
                    break
            count(3 + 2 * one, 5000)
            _until(lambda: not is_open())
        reader.close()
    server.shutdown()
    server.server_close()
    return {
        "case": "alert",
        "alerts": times,
        "draft_ms_p50": 1000 * float(np.percentile(drafts, 50)),
        "draft_ms_p99": 1000 * float(np.percentile(drafts, 99)),
        "notified_ms_p50": 1000 * float(np.percentile(notified, 50)),
        "notified_ms_p99": 1000 * float(np.percentile(notified, 99)),
    }


def _until(holds: Any) -> None:
    late = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > late:
            raise TimeoutError("an alert did not come, or did not go")
        time.sleep(LOOKS_EVERY)


def _receiver(got: queue.Queue[tuple[float, dict[str, Any]]]) -> HTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.put((time.monotonic(), json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

"""A server to which orders and alerts are posted."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

SECRET = b"a secret of 16 bytes or more"
"""Of those who post and of whoever checks what was posted."""


class Receiver:
    """A real server that answers as it is told, the last answer for ever."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.got: list[tuple[str, str, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                key = self.headers["Idempotency-Key"].encode("latin-1").decode()
                receiver.got.append((key, self.headers["Entrepot-Signature"], body))
                self.send_response(receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0])
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/orders"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

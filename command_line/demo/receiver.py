"""Who takes orders from the scheduler's webhook: checks the signature, and takes each key once."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Listens on a free port of this machine."""

    def __init__(self, secret: bytes) -> None:
        """Args: secret: that orders are signed with."""
        self._secret, self._lock = secret, threading.Lock()
        self._keys: set[str] = set()
        self._new: list[dict[str, Any]] = []
        self.refused = self.repeated = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(200 if receiver.take(self.headers.get("Entrepot-Signature", ""), body) else 403)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/orders"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, signature: str, body: bytes) -> bool:
        """Take an order; False where it isn't signed with the secret."""
        parts = dict(part.partition("=")[::2] for part in signature.split(","))
        wanted = hmac.new(self._secret, f"{parts.get('t', '')}.".encode() + body, hashlib.sha256).hexdigest()
        with self._lock:
            if not hmac.compare_digest(parts.get("v1", ""), wanted):
                self.refused += 1
                return False
            order = json.loads(body)
            if order["idempotency_key"] in self._keys:
                self.repeated += 1
                return True
            self._keys.add(order["idempotency_key"])
            self._new.append(order)
        return True

    def collect(self) -> list[dict[str, Any]]:
        """Orders that came since it was last asked."""
        with self._lock:
            found, self._new = self._new, []
        return found

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

"""Answers in JSON, and the way from an error to one."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from entrepot.configs.errors import EntrepotError
from entrepot.scheduler.decisions.kept import UnknownError
from entrepot.scheduler.events.envelope import MalformedError
from entrepot.scheduler.events.rules import RuleBrokenError
from entrepot.scheduler.store.folder import StoreError
from entrepot.scheduler.store.quarantine import UnknownNumberError
from entrepot.scheduler.store.writer import QueueFullError


class RefusedError(EntrepotError):
    """A request that isn't served.

    Attributes:
        status: as HTTP has it.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(content: Any, status: int = 200, **headers: str) -> Response:
    """JSON."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(msgspec.json.encode(content), status, told, media_type="application/json")


def problem(error: EntrepotError | RuleBrokenError) -> Response:
    """What went wrong, in a line, with the status that fits."""
    status, headers = 400, {}
    if isinstance(error, RefusedError):
        status = error.status
        headers = {"WWW_Authenticate": "Bearer"} if status == 401 else {}
    elif isinstance(error, QueueFullError):
        status, headers = 429, {"Retry_After": "1"}
    elif isinstance(error, StoreError):
        status, headers = 503, {"Retry_After": "5"}
    elif isinstance(error, RuleBrokenError):
        return answer({"error": error.message, "rule": error.rule}, 409)
    elif isinstance(error, UnknownNumberError | UnknownError):
        status = 404
    elif isinstance(error, MalformedError):
        status = 400
    return answer({"error": str(error)}, status, **headers)

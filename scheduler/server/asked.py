"""What requests bring, and what is there to answer them with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from entrepot.scheduler.allocation.allocator import Allocator
from entrepot.scheduler.clock import Clock
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.server.answers import RefusedError
from entrepot.scheduler.server.stream import Readers
from entrepot.scheduler.server.tokens import Token, Tokens
from entrepot.scheduler.store.reading import Reader
from entrepot.scheduler.store.writer import Writer

MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Parts:
    """Of a scheduler that is served."""

    writer: Writer
    reader: Reader  # for requests
    streaming: Reader  # for those who follow along, so that many of them keep no request waiting
    tokens: Tokens
    clock: Clock
    metrics: Metrics
    desk: Desk | None  # None where nothing is planned
    allocator: Allocator | None
    readers: Readers
    identifiers: Mapping[str, str]  # of places and products in EPCIS documents: what they are called in the network


Text = Annotated[str, Meta(max_length=1000, pattern="^[^\\x00]*$")]
"""Of a request; databases hold no U+0000."""


class KeyOf(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request about a release or an entry of the outbox."""

    key: Text


class LaneOf(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request about a lane's departure of today."""

    lane: Text


class PolicyOf(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request about a module."""

    path: Text | None = None  # of its folder, on the server; None ends what is watched


class SaleOf(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request about a customer's order."""

    sale: Text
    preview: bool = False  # only say what would be reserved


Told = TypeVar("Told", KeyOf, LaneOf, PolicyOf, SaleOf)
Served = Callable[[Parts, Request, Token], Awaitable[Response]]


async def body_of(request: Request) -> bytes:
    """The whole body.

    Raises:
        RefusedError: it is larger than may be; no more of it is read.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise RefusedError(413, f"body: more than {MOST_BYTES} bytes; send fewer events at once")
        parts.append(part)
    return b"".join(parts)


async def key_of(request: Request) -> str:
    """The key that a request names.

    Raises:
        RefusedError: it names none.
    """
    return (await told_by(request, KeyOf)).key


async def told_by(request: Request, kind: type[Told]) -> Told:
    """The body of a request.

    Raises:
        RefusedError: it isn't as it must be.
    """
    try:
        return msgspec.json.decode(await body_of(request), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        wanted = ", ".join(f'"{field.encode_name}": …' for field in msgspec.structs.fields(kind) if field.required)
        raise RefusedError(400, f"body: {error}; allowed: {{{wanted}}}") from None


def number_of(request: Request, name: str, usual: int) -> int:
    """A whole number of a request's query.

    Raises:
        RefusedError: it is none.
    """
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise RefusedError(400, f"{name}: {text!r}; allowed: a whole number of 0 or more")
    return min(int(text), 1000) if name == "most" else int(text)

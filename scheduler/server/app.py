"""What is served over HTTP: ingest, quarantine, plans, releases, the outbox, and what operations ask for."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from entrepot.configs.errors import EntrepotError
from entrepot.scheduler.alerts import kept as alerts
from entrepot.scheduler.alerts import notices
from entrepot.scheduler.allocation import kept as allocations
from entrepot.scheduler.allocation.allocator import Allocator
from entrepot.scheduler.clock import Clock, microseconds
from entrepot.scheduler.decisions import comparisons, kept
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.decisions.policies import loaded
from entrepot.scheduler.events.envelope import read
from entrepot.scheduler.events.epcis import is_document, read_document
from entrepot.scheduler.events.rules import RuleBrokenError
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.mirror.sources import RESERVED
from entrepot.scheduler.server.answers import RefusedError, answer, problem
from entrepot.scheduler.server.stream import MOST_READERS, Readers
from entrepot.scheduler.server.tokens import Token, Tokens
from entrepot.scheduler.store import quarantine
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.writer import Writer

log = logging.getLogger(__name__)
MOST_BYTES = 1 << 20
MOST_NUMBER = 10**15
MOST_EVENTS = 1_000
"""Of one request; more are to be sent in several."""


@dataclass(frozen=True)
class Parts:
    """Of a scheduler that is served."""

    writer: Writer
    reader: Connection  # read-only, of the event loop's thread
    tokens: Tokens
    clock: Clock
    metrics: Metrics
    desk: Desk | None  # None where nothing is planned
    allocator: Allocator | None
    readers: Readers
    identifiers: Mapping[str, str]  # of places and products in EPCIS documents: what they are called in the network


class KeyOf(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request about a release or an entry of the outbox."""

    key: str


class LaneOf(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request about a lane's departure of today."""

    lane: str


class PolicyOf(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request about a module."""

    path: str | None = None  # of its folder, on the server; None ends what is watched


class SaleOf(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request about a customer's order."""

    sale: str
    preview: bool = False  # only say what would be reserved


Told = TypeVar("Told", KeyOf, LaneOf, PolicyOf, SaleOf)
Served = Callable[[Parts, Request, Token], Awaitable[Response]]


def application(parts: Parts) -> Starlette:
    """The ASGI application."""

    def route(path: str, method: str, scope: str, serve: Served) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _answered(parts, request, scope, serve)

        return Route(path, endpoint, methods=[method])

    def opened(path: str, serve: Callable[[Parts], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            return serve(parts)

        return Route(path, endpoint, methods=["GET"])

    async def measured(request: Request) -> Response:
        text = await asyncio.to_thread(parts.metrics.text)  # asks the writer, so not in the loop's own thread
        return Response(text, media_type="text/plain; version=0.0.4")

    return Starlette(
        routes=[
            opened("/healthz", _healthz),
            opened("/readyz", _readyz),
            Route("/metrics", measured, methods=["GET"]),
            route("/v1/events", "POST", "events", _take),
            route("/v1/sources", "GET", "read", _sources),
            route("/v1/stream", "GET", "read", _stream),
            route("/v1/quarantine", "GET", "read", _quarantine),
            route("/v1/quarantine/{number:int}/replay", "POST", "operate", _replay),
            route("/v1/quarantine/{number:int}/drop", "POST", "operate", _drop),
            route("/v1/alerts", "GET", "read", _alerts),
            route("/v1/alerts/{number:int}/acknowledge", "POST", "operate", _acknowledge),
            route("/v1/policy", "GET", "read", _policy),
            route("/v1/policy", "POST", "operate", _swap),
            route("/v1/policy/watch", "POST", "operate", _watch),
            route("/v1/policy/back", "POST", "operate", _back),
            route("/v1/comparisons", "GET", "read", _comparisons),
            route("/v1/shadow", "GET", "read", _shadow),
            route("/v1/notices", "GET", "read", _notices),
            route("/v1/releases/early", "POST", "operate", _early),
            route("/v1/allocations", "GET", "read", _allocations),
            route("/v1/allocations", "POST", "operate", _allocate),
            route("/v1/allocations/withdraw", "POST", "operate", _withdraw),
            route("/v1/plans", "GET", "read", _plans),
            route("/v1/releases", "GET", "read", _releases),
            route("/v1/releases/approve", "POST", "operate", _approve),
            route("/v1/releases/reject", "POST", "operate", _reject),
            route("/v1/outbox", "GET", "read", _outbox),
            route("/v1/outbox/sent", "POST", "operate", _sent),
            route("/v1/stop", "POST", "operate", _stop),
            route("/v1/resume", "POST", "operate", _resume),
        ],
        exception_handlers={HTTPException: _no_route},  # type: ignore[dict-item]
    )


async def _no_route(request: Request, error: HTTPException) -> Response:
    return answer({"error": error.detail}, error.status_code)


async def _answered(parts: Parts, request: Request, scope: str, serve: Served) -> Response:
    try:
        token = _allowed(parts, request, scope)
        if request.path_params.get("number", 0) > MOST_NUMBER:
            raise RefusedError(404, f"there is nothing of number {request.path_params['number']}")
        response = await serve(parts, request, token)
    except (EntrepotError, RuleBrokenError) as error:
        response = problem(error)
    except ClientDisconnect:
        response = answer({"error": "the sender hung up"}, 400)
    except Exception:
        log.exception("a request failed", extra={"fields": {"path": request.url.path}})
        response = answer({"error": "this is a bug of the server; its log says more"}, 500)
    parts.metrics.requests.labels(str(response.status_code)).inc()
    return response


def _allowed(parts: Parts, request: Request, scope: str) -> Token:
    """The token that a request brings.

    Raises:
        RefusedError: it brings none, or one that doesn't allow this.
    """
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    token = parts.tokens.find(text.strip()) if kind.casefold() == "bearer" else None
    if token is None:
        raise RefusedError(401, "a token is required: Authorization: Bearer …")
    if not token.allows(scope):
        raise RefusedError(403, f"the token {token.name!r} has no scope {scope!r}")
    return token


async def _body(request: Request) -> bytes:
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


async def _take(parts: Parts, request: Request, token: Token) -> Response:
    begun = time.monotonic()
    body = await _body(request)
    if is_document(body):
        found = read_document(body, token.source, parts.writer.places, parts.identifiers)
    else:
        found = read(body, request.headers.get("content-type", "application/json"))
    if len(found) > MOST_EVENTS:
        raise RefusedError(413, f"body: {len(found)} events; allowed: {MOST_EVENTS} at once")
    for event in found:
        if not token.speaks_for(event.key.source) or event.key.source.startswith(RESERVED):
            raise RefusedError(403, f"the token {token.name!r} may not send events of {event.key.source!r}")
    answers = await asyncio.wrap_future(parts.writer.take(found)) if found else []
    for one in answers:
        parts.metrics.count(one)
    parts.metrics.answer_seconds.observe(time.monotonic() - begun)
    return answer({"answers": answers})


async def _sources(parts: Parts, request: Request, token: Token) -> Response:
    found = await asyncio.wrap_future(parts.writer.submit(lambda turn: turn.mirror.sources.freshness()))
    now = microseconds(parts.clock.now())
    return answer({"sources": [{**one._asdict(), "silent_seconds": max(now - one.heard, 0) / 1e6} for one in found]})


async def _stream(parts: Parts, request: Request, token: Token) -> Response:
    if parts.readers.count >= MOST_READERS:
        raise RefusedError(503, f"stream: {MOST_READERS} readers listen already")
    text = request.headers.get("last-event-id", "")
    if text and not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise RefusedError(400, f"Last-Event-ID: {text!r}; allowed: as the stream gave it")
    position = int(text) if text else parts.writer.position
    return StreamingResponse(
        parts.readers.messages(parts.writer, parts.reader, position),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _quarantine(parts: Parts, request: Request, token: Token) -> Response:
    state = request.query_params.get("state", "open")
    if state not in quarantine.STATES:
        raise RefusedError(400, f"state: {state!r}; allowed: {', '.join(quarantine.STATES)}")
    found = quarantine.listed(parts.reader, state, _number(request, "after", 0), _number(request, "most", 100))
    return answer({"quarantine": found})


async def _replay(parts: Parts, request: Request, token: Token) -> Response:
    body, number = await _body(request), request.path_params["number"]
    done = parts.writer.submit(lambda turn: quarantine.replay(turn, number, body or None, token.name))
    return answer(await asyncio.wrap_future(done))


async def _drop(parts: Parts, request: Request, token: Token) -> Response:
    number = request.path_params["number"]
    await asyncio.wrap_future(parts.writer.submit(lambda turn: quarantine.drop(turn, number, token.name)))
    return answer({"quarantine": number, "state": "dropped"})


async def _alerts(parts: Parts, request: Request, token: Token) -> Response:
    state = request.query_params.get("state", "open")
    if state not in alerts.STATES:
        raise RefusedError(400, f"state: {state!r}; allowed: {', '.join(alerts.STATES)}")
    return answer({"alerts": alerts.listed(parts.reader, state, _number(request, "most", 100))})


async def _acknowledge(parts: Parts, request: Request, token: Token) -> Response:
    number = request.path_params["number"]
    await asyncio.wrap_future(parts.writer.submit(lambda turn: alerts.acknowledge(turn, number, token.name)))
    return answer({"alert": number, "state": "acknowledged"})


async def _allocations(parts: Parts, request: Request, token: Token) -> Response:
    return answer({"allocations": allocations.listed(parts.reader, _number(request, "most", 100))})


async def _allocate(parts: Parts, request: Request, token: Token) -> Response:
    wanted, allocator = await _told(request, SaleOf), _allocator(parts)
    made = await asyncio.to_thread(lambda: allocator.allocate(wanted.sale, preview=wanted.preview))
    return answer(made)


async def _withdraw(parts: Parts, request: Request, token: Token) -> Response:
    wanted, allocator = await _told(request, SaleOf), _allocator(parts)
    await asyncio.to_thread(allocator.withdraw, wanted.sale, token.name)
    return answer({"sale": wanted.sale, "reserved": False})


def _allocator(parts: Parts) -> Allocator:
    if parts.allocator is None:
        raise RefusedError(404, "nothing is allocated here")
    return parts.allocator


async def _policy(parts: Parts, request: Request, token: Token) -> Response:
    return answer(_desk(parts).policies.told())


async def _swap(parts: Parts, request: Request, token: Token) -> Response:
    path, desk = (await _told(request, PolicyOf)).path, _desk(parts)
    if path is None:
        raise RefusedError(400, "path: missing; allowed: the folder of an exported module")
    return answer(await asyncio.to_thread(lambda: desk.policies.swap(loaded(path), token.name)))


async def _watch(parts: Parts, request: Request, token: Token) -> Response:
    path, desk = (await _told(request, PolicyOf)).path, _desk(parts)
    found = await asyncio.to_thread(lambda: desk.policies.watch(None if path is None else loaded(path), token.name))
    return answer(found)


async def _back(parts: Parts, request: Request, token: Token) -> Response:
    return answer(await asyncio.to_thread(_desk(parts).policies.go_back, token.name))


async def _comparisons(parts: Parts, request: Request, token: Token) -> Response:
    return answer({"comparisons": comparisons.listed(parts.reader, _number(request, "most", 100))})


async def _shadow(parts: Parts, request: Request, token: Token) -> Response:
    most = _number(request, "most", 100)
    done = parts.writer.submit(lambda turn: comparisons.beside_others(turn.connection, turn.mirror, most))
    return answer({"releases": await asyncio.wrap_future(done)})


def _desk(parts: Parts) -> Desk:
    if parts.desk is None:
        raise RefusedError(404, "nothing is planned here")
    return parts.desk


async def _notices(parts: Parts, request: Request, token: Token) -> Response:
    state = request.query_params.get("state", "waiting")
    if state not in notices.STATES:
        raise RefusedError(400, f"state: {state!r}; allowed: {', '.join(notices.STATES)}")
    return answer({"notices": notices.listed(parts.reader, state, _number(request, "most", 100))})


async def _early(parts: Parts, request: Request, token: Token) -> Response:
    lane, desk = (await _told(request, LaneOf)).lane, _desk(parts)
    return answer({"lane": lane, "state": await asyncio.to_thread(desk.release_early, lane, token.name)})


async def _plans(parts: Parts, request: Request, token: Token) -> Response:
    trouble = None if parts.desk is None else parts.desk.trouble
    mode = "none" if parts.desk is None else parts.desk.settings.mode
    found = kept.plans(parts.reader, _number(request, "most", 20))
    return answer({"mode": mode, "stopped": kept.is_stopped(parts.reader), "trouble": trouble, "plans": found})


async def _releases(parts: Parts, request: Request, token: Token) -> Response:
    return answer({"releases": kept.releases(parts.reader, _number(request, "most", 100))})


async def _approve(parts: Parts, request: Request, token: Token) -> Response:
    key, now = await _key(request), parts.clock.now()

    def work(turn: Any) -> None:
        kept.approve(turn, key, now, token.name)

    await asyncio.wrap_future(parts.writer.submit(work))
    return answer({"key": key, "state": "released"})


async def _reject(parts: Parts, request: Request, token: Token) -> Response:
    key = await _key(request)
    await asyncio.wrap_future(parts.writer.submit(lambda turn: kept.reject(turn, key, token.name)))
    return answer({"key": key, "state": "cancelled"})


async def _outbox(parts: Parts, request: Request, token: Token) -> Response:
    state = request.query_params.get("state", "waiting")
    if state not in ("waiting", "sent"):
        raise RefusedError(400, f"state: {state!r}; allowed: waiting, sent")
    found = kept.outbox(parts.reader, state, _number(request, "most", 100))
    if request.query_params.get("format", "json") == "csv":
        return Response(_as_csv(found), media_type="text/csv")
    return answer({"outbox": found})


def _as_csv(entries: list[dict[str, Any]]) -> str:
    """A line for each SKU of each order."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("key", "state", "lane", "departs", "sku", "units"))
    for entry in entries:
        order = msgspec.json.decode(entry["order"])
        for line in order["lines"]:
            writer.writerow((entry["key"], entry["state"], order["lane"], order["departs"], line["sku"], line["units"]))
    return text.getvalue()


async def _sent(parts: Parts, request: Request, token: Token) -> Response:
    key = await _key(request)
    await asyncio.wrap_future(parts.writer.submit(lambda turn: kept.sent(turn, key, token.name)))
    return answer({"key": key, "state": "sent"})


async def _stop(parts: Parts, request: Request, token: Token) -> Response:
    await asyncio.wrap_future(parts.writer.submit(lambda turn: kept.stop(turn, token.name, stopped=True)))
    return answer({"stopped": True})


async def _resume(parts: Parts, request: Request, token: Token) -> Response:
    await asyncio.wrap_future(parts.writer.submit(lambda turn: kept.stop(turn, token.name, stopped=False)))
    return answer({"stopped": False})


async def _key(request: Request) -> str:
    return (await _told(request, KeyOf)).key


async def _told(request: Request, kind: type[Told]) -> Told:
    """The body of a request.

    Raises:
        RefusedError: it isn't as it must be.
    """
    try:
        return msgspec.json.decode(await _body(request), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        wanted = ", ".join(f'"{field.encode_name}": …' for field in msgspec.structs.fields(kind) if field.required)
        raise RefusedError(400, f"body: {error}; allowed: {{{wanted}}}") from None


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise RefusedError(400, f"{name}: {text!r}; allowed: a whole number of 0 or more")
    return min(int(text), 1000) if name == "most" else int(text)


def _healthz(parts: Parts) -> Response:
    alive = parts.writer.alive
    return answer({"alive": alive}, 200 if alive else 503)


def _readyz(parts: Parts) -> Response:
    """Whether events would be taken."""
    trouble = parts.writer.trouble if parts.writer.alive else "nothing is written any more"
    return answer({"ready": trouble is None, "trouble": trouble}, 200 if trouble is None else 503)

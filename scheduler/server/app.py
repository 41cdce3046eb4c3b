"""What is served over HTTP: ingest, quarantine, plans, releases, the outbox, and what operations ask for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from entrepot.configs.errors import EntrepotError
from entrepot.scheduler.alerts import kept as alerts
from entrepot.scheduler.alerts import notices
from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events.envelope import read
from entrepot.scheduler.events.epcis import is_document, read_document
from entrepot.scheduler.events.rules import RuleBrokenError
from entrepot.scheduler.mirror.sources import RESERVED
from entrepot.scheduler.server import customers, planning
from entrepot.scheduler.server.answers import RefusedError, answer, problem
from entrepot.scheduler.server.asked import Parts, Served, body_of, number_of
from entrepot.scheduler.server.stream import MOST_READERS
from entrepot.scheduler.server.tokens import Token
from entrepot.scheduler.store import quarantine

log = logging.getLogger(__name__)
MOST_NUMBER = 10**15
MOST_EVENTS = 1_000
"""Of one request; more are to be sent in several."""


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
            route("/v1/policy", "GET", "read", planning.policy),
            route("/v1/policy", "POST", "operate", planning.swap),
            route("/v1/policy/watch", "POST", "operate", planning.watch),
            route("/v1/policy/back", "POST", "operate", planning.back),
            route("/v1/comparisons", "GET", "read", planning.comparisons),
            route("/v1/shadow", "GET", "read", planning.shadow),
            route("/v1/notices", "GET", "read", _notices),
            route("/v1/releases/early", "POST", "operate", planning.early),
            route("/v1/allocations", "GET", "read", customers.allocations),
            route("/v1/allocations", "POST", "operate", customers.allocate),
            route("/v1/allocations/withdraw", "POST", "operate", customers.withdraw),
            route("/v1/plans", "GET", "read", planning.plans),
            route("/v1/releases", "GET", "read", planning.releases),
            route("/v1/releases/approve", "POST", "operate", planning.approve),
            route("/v1/releases/reject", "POST", "operate", planning.reject),
            route("/v1/outbox", "GET", "read", planning.outbox),
            route("/v1/outbox/sent", "POST", "operate", planning.sent),
            route("/v1/stop", "POST", "operate", planning.stop),
            route("/v1/resume", "POST", "operate", planning.resume),
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


async def _take(parts: Parts, request: Request, token: Token) -> Response:
    begun = time.monotonic()
    body = await body_of(request)
    if is_document(body):
        found = read_document(body, token.source, parts.writer.places, parts.identifiers)
    else:
        found = read(body, request.headers.get("content-type", "application/json"))
    if len(found) > MOST_EVENTS:
        raise RefusedError(413, f"body: {len(found)} events; allowed: {MOST_EVENTS} at once")
    for source in sorted({event.key.source for event in found}):
        if not token.speaks_for(source) or source.startswith(RESERVED):
            raise RefusedError(403, f"the token {token.name!r} may not send events of {source!r}")
    answers = await asyncio.wrap_future(parts.writer.take(found)) if found else []
    parts.metrics.count(answers)
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
        parts.readers.messages(parts.writer, parts.streaming, position),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _quarantine(parts: Parts, request: Request, token: Token) -> Response:
    state = request.query_params.get("state", "open")
    if state not in quarantine.STATES:
        raise RefusedError(400, f"state: {state!r}; allowed: {', '.join(quarantine.STATES)}")
    after, most = number_of(request, "after", 0), number_of(request, "most", 100)
    found = await parts.reader.ask(lambda connection: quarantine.listed(connection, state, after, most))
    return answer({"quarantine": found})


async def _replay(parts: Parts, request: Request, token: Token) -> Response:
    body, number = await body_of(request), request.path_params["number"]
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
    most = number_of(request, "most", 100)
    return answer({"alerts": await parts.reader.ask(lambda connection: alerts.listed(connection, state, most))})


async def _acknowledge(parts: Parts, request: Request, token: Token) -> Response:
    number = request.path_params["number"]
    await asyncio.wrap_future(parts.writer.submit(lambda turn: alerts.acknowledge(turn, number, token.name)))
    return answer({"alert": number, "state": "acknowledged"})


async def _notices(parts: Parts, request: Request, token: Token) -> Response:
    state = request.query_params.get("state", "waiting")
    if state not in notices.STATES:
        raise RefusedError(400, f"state: {state!r}; allowed: {', '.join(notices.STATES)}")
    most = number_of(request, "most", 100)
    return answer({"notices": await parts.reader.ask(lambda connection: notices.listed(connection, state, most))})


def _healthz(parts: Parts) -> Response:
    alive = parts.writer.alive
    return answer({"alive": alive}, 200 if alive else 503)


def _readyz(parts: Parts) -> Response:
    """Whether events would be taken."""
    trouble = parts.writer.trouble if parts.writer.alive else "nothing is written any more"
    return answer({"ready": trouble is None, "trouble": trouble}, 200 if trouble is None else 503)

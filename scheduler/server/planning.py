"""Requests about modules, plans, releases and the outbox."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from entrepot.scheduler.decisions import comparisons as beside
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.decisions.policies import loaded
from entrepot.scheduler.server.answers import RefusedError, answer
from entrepot.scheduler.server.asked import LaneOf, Parts, PolicyOf, key_of, number_of, told_by
from entrepot.scheduler.server.tokens import Token


async def policy(parts: Parts, request: Request, token: Token) -> Response:
    """Which module decides."""
    return answer(_desk(parts).policies.told())


async def swap(parts: Parts, request: Request, token: Token) -> Response:
    """Have another one decide, on trial."""
    path, desk = (await told_by(request, PolicyOf)).path, _desk(parts)
    if path is None:
        raise RefusedError(400, "path: missing; allowed: the folder of an exported module")
    return answer(await asyncio.to_thread(lambda: desk.policies.swap(loaded(path), token.name)))


async def watch(parts: Parts, request: Request, token: Token) -> Response:
    """Have one plan beside it, or none."""
    path, desk = (await told_by(request, PolicyOf)).path, _desk(parts)
    found = await asyncio.to_thread(lambda: desk.policies.watch(None if path is None else loaded(path), token.name))
    return answer(found)


async def back(parts: Parts, request: Request, token: Token) -> Response:
    """Have the one before decide again."""
    return answer(await asyncio.to_thread(_desk(parts).policies.go_back, token.name))


async def comparisons(parts: Parts, request: Request, token: Token) -> Response:
    """Plans beside those of a watched module."""
    most = number_of(request, "most", 100)
    return answer({"comparisons": await parts.reader.ask(lambda connection: beside.listed(connection, most))})


async def shadow(parts: Parts, request: Request, token: Token) -> Response:
    """What shadow would have released, beside what others ordered."""
    most = number_of(request, "most", 100)
    done = parts.writer.submit(lambda turn: beside.beside_others(turn.connection, turn.mirror, most))
    return answer({"releases": await asyncio.wrap_future(done)})


def _desk(parts: Parts) -> Desk:
    if parts.desk is None:
        raise RefusedError(404, "nothing is planned here")
    return parts.desk


async def early(parts: Parts, request: Request, token: Token) -> Response:
    """Release a lane before its cut-off."""
    lane, desk = (await told_by(request, LaneOf)).lane, _desk(parts)
    return answer({"lane": lane, "state": await asyncio.to_thread(desk.release_early, lane, token.name)})


async def plans(parts: Parts, request: Request, token: Token) -> Response:
    """The latest, and why the last could not be made."""
    trouble = None if parts.desk is None else parts.desk.trouble
    mode = "none" if parts.desk is None else parts.desk.settings.mode
    most = number_of(request, "most", 20)
    found, stopped = await parts.reader.ask(lambda one: (kept.plans(one, most), kept.is_stopped(one)))
    return answer({"mode": mode, "stopped": stopped, "trouble": trouble, "plans": found})


async def releases(parts: Parts, request: Request, token: Token) -> Response:
    """The latest."""
    most = number_of(request, "most", 100)
    return answer({"releases": await parts.reader.ask(lambda connection: kept.releases(connection, most))})


async def approve(parts: Parts, request: Request, token: Token) -> Response:
    """Let a held one go out."""
    key, now = await key_of(request), parts.clock.now()

    def work(turn: Any) -> None:
        kept.approve(turn, key, now, token.name)

    await asyncio.wrap_future(parts.writer.submit(work))
    return answer({"key": key, "state": "released"})


async def reject(parts: Parts, request: Request, token: Token) -> Response:
    """End a held one."""
    key = await key_of(request)
    await asyncio.wrap_future(parts.writer.submit(lambda turn: kept.reject(turn, key, token.name)))
    return answer({"key": key, "state": "cancelled"})


async def outbox(parts: Parts, request: Request, token: Token) -> Response:
    """Orders to be placed."""
    state = request.query_params.get("state", "waiting")
    if state not in ("waiting", "sent"):
        raise RefusedError(400, f"state: {state!r}; allowed: waiting, sent")
    most = number_of(request, "most", 100)
    found = await parts.reader.ask(lambda connection: kept.outbox(connection, state, most))
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


async def sent(parts: Parts, request: Request, token: Token) -> Response:
    """Note that one was taken over."""
    key = await key_of(request)
    await asyncio.wrap_future(parts.writer.submit(lambda turn: kept.sent(turn, key, token.name)))
    return answer({"key": key, "state": "sent"})


async def stop(parts: Parts, request: Request, token: Token) -> Response:
    """Release nothing any more."""
    await asyncio.wrap_future(parts.writer.submit(lambda turn: kept.stop(turn, token.name, stopped=True)))
    return answer({"stopped": True})


async def resume(parts: Parts, request: Request, token: Token) -> Response:
    """Release again."""
    await asyncio.wrap_future(parts.writer.submit(lambda turn: kept.stop(turn, token.name, stopped=False)))
    return answer({"stopped": False})

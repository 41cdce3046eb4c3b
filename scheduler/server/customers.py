"""Requests about customers' orders."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from entrepot.scheduler.allocation import kept
from entrepot.scheduler.allocation.allocator import Allocator
from entrepot.scheduler.server.answers import RefusedError, answer
from entrepot.scheduler.server.asked import Parts, SaleOf, number_of, told_by
from entrepot.scheduler.server.tokens import Token


async def allocations(parts: Parts, request: Request, token: Token) -> Response:
    """The latest."""
    most = number_of(request, "most", 100)
    return answer({"allocations": await parts.reader.ask(lambda connection: kept.listed(connection, most))})


async def allocate(parts: Parts, request: Request, token: Token) -> Response:
    """Reserve stock for a customer's order, or say what would be."""
    wanted, allocator = await told_by(request, SaleOf), _allocator(parts)
    made = await asyncio.to_thread(lambda: allocator.allocate(wanted.sale, preview=wanted.preview))
    return answer(made)


async def withdraw(parts: Parts, request: Request, token: Token) -> Response:
    """Let go of what is reserved and not picked."""
    wanted, allocator = await told_by(request, SaleOf), _allocator(parts)
    await asyncio.to_thread(allocator.withdraw, wanted.sale, token.name)
    return answer({"sale": wanted.sale, "reserved": False})


def _allocator(parts: Parts) -> Allocator:
    if parts.allocator is None:
        raise RefusedError(404, "nothing is allocated here")
    return parts.allocator

"""Allocations in the store."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from entrepot.scheduler.clock import moment_of
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.writer import Transaction


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that a node serves."""

    sku: str
    node: str
    units: float
    usd_per_unit: float  # with what it is worth where it lies, and what its lateness costs
    arrives_in_days: int
    late_days: int


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that no node has free."""

    sku: str
    units: float


class Allocated(msgspec.Struct, frozen=True, kw_only=True):
    """How a sale is served, and how good that is."""

    sale: str
    revision: int  # of the allocation; 0 where nothing was reserved
    reserved: bool
    parts: list[Part]
    waiting: list[Left]
    shipments: int
    cost_usd: float
    bound_usd: float  # no answer costs less
    gap: float  # share of the cost by which it may be dearer than the best there is
    nearest_usd: float  # where each line goes to the nearest node that has it
    seconds: float
    remarks: list[str]


def keep(turn: Transaction, made: Allocated) -> None:
    """Write one down, in the transaction that reserves it."""
    turn.connection.execute(
        "INSERT INTO allocations (sale, revision, made, body) VALUES (?, ?, ?, ?)",
        (made.sale, made.revision, turn.now, msgspec.json.encode(made)),
    )


def listed(connection: Connection, most: int = 100) -> list[dict[str, Any]]:
    """The latest, the last first."""
    rows = connection.execute("SELECT made, body FROM allocations ORDER BY id DESC LIMIT ?", (most,))
    return [_row(moment_of(made), bytes(body)) for made, body in rows]


def _row(made: datetime, body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(body)
    return {"made": made, **found}

"""What becomes of an order that is out, as events tell: confirmed, shipped, received, closed short, cancelled.

Somebody who answers with `order` events of its name and a higher revision confirms it; `shipment` and `dispatch` events
that name it ship it, `receipt` events receive it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from entrepot.scheduler.events.quantities import MILLION, millionths
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.store.writer import Transaction

OUT = ("released", "sent", "confirmed", "confirmed in part", "shipped", "received", "closed short")
"""States of what was in the outbox, beside `cancelled`."""
LOOKED_AT_DAYS = 14
"""What has ended is looked at so long still, as what was received may be corrected."""
_OVER = ("received", "closed short", "cancelled")


class Progress(NamedTuple):
    """Of one order, in units."""

    state: str
    confirmed: float
    shipped: float
    received: float


def follow(turn: Transaction) -> list[tuple[str, str]]:
    """Bring the states of releases up to date; keys and new states of those that changed."""
    rows = turn.connection.execute(
        "SELECT key, state, lines, confirmed, shipped, received FROM releases "
        "WHERE key IN (SELECT key FROM outbox) AND (state NOT IN (?, ?, ?) OR made >= ?)",
        (*_OVER, turn.now - LOOKED_AT_DAYS * 86_400_000_000),
    ).fetchall()
    if not rows:
        return []
    lines = {key: msgspec.json.decode(found) for key, _, found, *_ in rows}
    told, changed = progress(turn.mirror, lines), []
    for key, state, _, *figures in rows:
        now = told.get(key)
        if now is None or (now.state, *now[1:]) == (state, *figures):
            continue
        turn.connection.execute(
            "UPDATE releases SET state = ?, confirmed = ?, shipped = ?, received = ? WHERE key = ?", (*now, key)
        )
        if now.state != state:
            changed.append((key, now.state))
    return changed


def progress(mirror: Mirror, orders: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Progress]:
    """Of orders by name, with the lines that were released; those of which nothing was told since aren't in it."""
    names, pipeline, divisible = mirror.places.names, mirror.pipeline, mirror.places.divisible
    shipped: dict[str, dict[int, int]] = {key: defaultdict(int) for key in orders}
    received: dict[str, dict[int, int]] = {key: defaultdict(int) for key in orders}
    for part in pipeline.shipped(names.lanes, names.skus, divisible):
        if part.order in shipped:
            shipped[part.order][part.sku] += part.units
            received[part.order][part.sku] += part.received
    found = {}
    for key, lines in orders.items():
        document = pipeline.orders.get(key)
        if document is None:  # it has ended so long ago that only sums are known
            continue
        wanted: dict[int, int] = defaultdict(int)
        confirmed: dict[int, int] = defaultdict(int)
        for line in lines:
            wanted[names.skus[line["sku"]]] += millionths(line["units"], divisible=divisible)
        for of in document.lines:
            confirmed[names.skus[of.sku]] += millionths(of.units, divisible=divisible)
        came = {sku: received[key][sku] + pipeline.received_of(key, sku) for sku in {*wanted, *received[key]}}
        gone = {sku: max(shipped[key][sku], came.get(sku, 0)) for sku in {*wanted, *shipped[key]}}
        left, there = any(gone.values()), all(came[sku] >= units for sku, units in wanted.items())
        if there:
            state = "received"
        elif document.status == "cancelled" and not left:
            state = "cancelled"
        elif document.status != "open":
            state = "closed short"
        elif left:
            state = "shipped"
        elif document.revision > 0:
            whole = all(confirmed[sku] >= units for sku, units in wanted.items())
            state = "confirmed" if whole else "confirmed in part"
        else:
            continue
        answered = sum(confirmed.values()) if document.revision > 0 else 0
        figures = (amount / MILLION for amount in (answered, sum(gone.values()), sum(came.values())))
        found[key] = Progress(state, *figures)
    return found

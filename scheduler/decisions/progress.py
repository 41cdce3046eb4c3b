"""What becomes of an order that is out, as events tell: confirmed, shipped, received, closed short, cancelled.

Somebody who answers with `order` events of its name and a higher revision confirms it; `shipment` and `dispatch` events
that name it ship it, `receipt` events receive it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from entrepot.scheduler.events.quantities import MILLION, millionths
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.pipeline import Open
from entrepot.scheduler.store.writer import Transaction

OUT = ("released", "sent", "confirmed", "confirmed in part", "shipped", "received", "closed short")
"""States of what was in the outbox, beside `cancelled`."""
LOOKED_AT_DAYS = 14
"""What has ended is looked at still if it was released so lately, as what was received may be corrected."""
_OVER = ("received", "closed short", "cancelled")


class Progress(NamedTuple):
    """Of one order, in units."""

    state: str
    confirmed: float | None
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
        if now is None:
            continue
        now = now._replace(confirmed=figures[0] if now.confirmed is None else now.confirmed)
        if turn.mirror.pipeline.orders.get(key) is None and _is_less(now, figures):
            continue  # of an order that was forgotten only what came later is known: what was told of it before holds
        if now == (state, *figures):
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
    parts: dict[str, list[Open]] = {key: [] for key in orders}
    for part in pipeline.shipped(names.lanes, names.skus, divisible):
        if part.order in parts:
            parts[part.order].append(part)
    found = {}
    for key, lines in orders.items():
        document = pipeline.orders.get(key)
        if document is None and not parts[key]:  # it has ended so long ago that only sums are known
            continue
        wanted = _by_sku((names.skus[line["sku"]], millionths(line["units"], divisible=divisible)) for line in lines)
        came = _by_sku((part.sku, part.came) for part in parts[key])
        for sku in wanted:
            came[sku] += pipeline.received_of(key, sku)
        gone = _by_sku((part.sku, part.units) for part in parts[key])
        confirmed = None
        if document is not None and document.revision > 0:
            confirmed = _by_sku(
                (names.skus[of.sku], millionths(of.units, divisible=divisible)) for of in document.lines
            )
        status = "closed" if document is None else document.status
        on_the_way = any(part.received < part.units for part in parts[key])
        state = _state(
            status, wanted, confirmed, came, left=any((*gone.values(), *came.values())), on_the_way=on_the_way
        )
        if state is not None:
            shipped = sum(max(gone[sku], came[sku]) for sku in {*gone, *came})
            answered = None if confirmed is None else sum(confirmed.values()) / MILLION
            found[key] = Progress(state, answered, shipped / MILLION, sum(came.values()) / MILLION)
    return found


def _is_less(now: Progress, before: Sequence[float | None]) -> bool:
    """Whether less was shipped or received than was known before."""
    return any(new < (old or 0.0) for new, old in zip((now.shipped, now.received), before[1:], strict=True))


def _state(
    status: str,
    wanted: Mapping[int, int],
    confirmed: Mapping[int, int] | None,
    came: Mapping[int, int],
    *,
    left: bool,
    on_the_way: bool,
) -> str | None:
    """None where nothing was told of it yet.

    Args:
        status: of the order's document.
        wanted: millionths by SKU that were released.
        confirmed: by its document; None where nobody answered.
        came: received.
        left: whether anything was shipped, or came.
        on_the_way: whether anything that was shipped is still expected.
    """
    if all(came.get(sku, 0) >= units for sku, units in wanted.items()):
        return "received"
    if on_the_way or (left and status == "open"):
        return "shipped"
    if status != "open":
        return "cancelled" if status == "cancelled" and not left else "closed short"
    if confirmed is None:
        return None
    whole = all(confirmed.get(sku, 0) >= units for sku, units in wanted.items())
    return "confirmed" if whole else "confirmed in part"


def _by_sku(amounts: Iterable[tuple[int, int]]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for sku, units in amounts:
        found[sku] += units
    return found

"""What is only shown beside what goes out: another module's plan, and what others ordered in place of a shadow's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from entrepot.scheduler.clock import moment_of
from entrepot.scheduler.decisions.kept import KEPT_DAYS
from entrepot.scheduler.decisions.plan import Plan
from entrepot.scheduler.events.quantities import MILLION, millionths
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.writer import Transaction


class LaneDiffers(msgspec.Struct, frozen=True, kw_only=True):
    """A lane on which two plans differ."""

    lane: str
    units: int
    watched_units: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A plan beside that of a watched module, from the same data."""

    plan: str
    module: str
    watched: str
    source: str  # policy or fallback
    watched_source: str
    units: int
    watched_units: int
    usd: float  # value of the goods
    watched_usd: float
    cells: int  # in which either orders something
    cells_differing: int
    lanes: list[LaneDiffers]


def compared(places: Places, plan: Plan, other: Plan) -> Comparison:
    """Two plans, held units counted.

    Args:
        places: of the network.
        plan: that counts.
        other: of the watched module.
    """
    arrays = places.names.arrays
    one, two = plan.orders + plan.held, other.orders + other.held
    by_lane = np.stack([one.sum(axis=1), two.sum(axis=1)], axis=1)
    return Comparison(
        plan=plan.id,
        module=plan.context.module,
        watched=other.context.module,
        source=plan.summary.source,
        watched_source=other.summary.source,
        units=int(one.sum()),
        watched_units=int(two.sum()),
        usd=float((one * arrays.sku.unit_value_usd).sum()),
        watched_usd=float((two * arrays.sku.unit_value_usd).sum()),
        cells=int(((one > 0) | (two > 0)).sum()),
        cells_differing=int((one != two).sum()),
        lanes=[
            LaneDiffers(lane=arrays.lanes[lane], units=int(by_lane[lane, 0]), watched_units=int(by_lane[lane, 1]))
            for lane in np.flatnonzero((one != two).any(axis=1)).tolist()
        ],
    )


def keep(turn: Transaction, made: Comparison) -> None:
    """Write one down, and let go of old ones."""
    turn.connection.execute(
        "INSERT INTO comparisons (plan, made, body) VALUES (?, ?, ?)", (made.plan, turn.now, msgspec.json.encode(made))
    )
    turn.connection.execute("DELETE FROM comparisons WHERE made < ?", (turn.now - KEPT_DAYS * 86_400_000_000,))


def listed(connection: Connection, most: int = 100) -> list[dict[str, Any]]:
    """The latest, the last first."""
    rows = connection.execute("SELECT made, body FROM comparisons ORDER BY id DESC LIMIT ?", (most,))
    return [{"made": moment_of(made), **msgspec.json.decode(body)} for made, body in rows]


def beside_others(connection: Connection, mirror: Mirror, most: int = 100) -> list[dict[str, Any]]:
    """What shadow would have released, beside what others ordered on the same lane with the same date.

    Args:
        connection: to read with.
        mirror: knows the orders.
        most: how many releases, the last first.
    """
    places = mirror.places
    ordered: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for order in mirror.pipeline.orders.values():
        if order.ordered is not None and order.status != "cancelled":
            lane = places.names.arrays.lanes[places.names.lanes[order.lane]]
            cells = ordered[lane, order.ordered.isoformat()]
            for line in order.lines:
                cells[line.sku] += millionths(line.units, divisible=places.divisible)
    rows = connection.execute(
        "SELECT key, lane, day, lines FROM releases WHERE state IN ('shadow', 'nothing') "
        "ORDER BY day DESC, lane LIMIT ?",
        (most,),
    )
    return [
        _row(places, key, lane, day, msgspec.json.decode(lines), ordered.get((lane, day), {}))
        for key, lane, day, lines in rows
    ]


def _row(
    places: Places, key: str, lane: str, day: str, lines: list[dict[str, Any]], others: Mapping[str, int]
) -> dict[str, Any]:
    names, value = places.names, places.names.arrays.sku.unit_value_usd
    own = {line["sku"]: float(line["units"]) for line in lines}
    theirs = {sku: units / MILLION for sku, units in others.items()}

    def usd(units: Mapping[str, float]) -> float:
        return float(sum(count * value[names.skus[sku]] for sku, count in units.items()))

    return {
        "key": key,
        "lane": lane,
        "day": day,
        "shadow_units": sum(own.values()),
        "ordered_units": sum(theirs.values()),
        "shadow_usd": usd(own),
        "ordered_usd": usd(theirs),
        "skus_differing": sum(own.get(sku, 0.0) != theirs.get(sku, 0.0) for sku in {*own, *theirs}),
    }

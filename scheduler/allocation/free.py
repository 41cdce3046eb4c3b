"""Stock that is spoken for by nobody, and whether something that isn't in the mirror yet speaks for it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot import calendar
from entrepot.scheduler.events import data as kinds
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.store.writer import Transaction


def free_units(mirror: Mirror, now: datetime) -> NDArray[np.int64]:
    """[N, S] millionths of units on the shelves that are spoken for by nobody; below 0 where too much is.

    Off are what is allocated to customers, and what is ordered from a node and hasn't left it. Nothing is free of a
    node that was never counted, or of whose equipment nothing works.

    Args:
        mirror: read, not changed.
        now: with an offset.
    """
    places = mirror.places
    names, arrays = places.names, places.names.arrays
    free = mirror.stock.units("on_hand", places)
    for place, units in mirror.demand.allocated.items():
        free[place] -= units
    for (lane, sku), units in mirror.pipeline.to_be_sent(names.lanes, names.skus, places.divisible).items():
        origin = int(arrays.lane.origin[lane])
        if origin < len(arrays.nodes):
            free[origin, sku] -= units
    day = calendar.day_number(now.astimezone(calendar.zone_named(places.zone)).date())
    still = {name for name, share in mirror.conditions.equipment(day).items() if share == 0}
    counted = mirror.stock.counted_nodes()
    shut = [node for node, name in enumerate(arrays.nodes) if node not in counted or name in still]
    free[shut] = 0
    return free


def touched(turn: Transaction, sale: str, cells: set[tuple[int, int]]) -> bool:
    """Whether other work of the same group tells of a sale, or may change what is free.

    Args:
        turn: the writer's.
        sale: its name.
        cells: node and SKU.
    """
    names = turn.mirror.places.names
    for one in turn.earlier:
        match one.event.data:
            case kinds.Sale() | kinds.Allocation() as told:
                nodes = [(line.node, line.sku) for line in told.lines if line.node is not None]
                if told.sale == sale or any((names.nodes[node], names.skus[sku]) in cells for node, sku in nodes):
                    return True
            case kinds.Pick() as told if told.sale == sale:
                return True
            case kinds.Movement() | kinds.Count() as told:
                if (names.nodes.get(told.node, -1), names.skus[told.sku]) in cells:
                    return True
            case kinds.Order() | kinds.Shipment() | kinds.Correction():
                if cells:
                    return True
    return False

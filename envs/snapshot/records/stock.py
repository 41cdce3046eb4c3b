"""Stock records: what can be sold or sent on from each node, and what waits on its dock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot.records.context import Context
from entrepot.envs.snapshot.records.network_names import NetworkNames
from entrepot.envs.snapshot.records.remarks import Remarks, some
from entrepot.envs.snapshot.records.table import Columns, Table

COLUMNS = Columns(
    needed=("node", "sku", "on_hand"),
    optional=("dock", "reserved", "allocated", "as_of"),
    spellings={"on_dock": "dock", "warehouse": "node"},
)


@dataclass(frozen=True)
class Stock:
    """Units by node and SKU; NaN at nodes of which no record was given."""

    on_hand: NDArray[np.float64]  # [N, S] units, less what is reserved for transfers or allocated to customers
    dock: NDArray[np.float64]  # [N, S] units
    transfers_are_reserved: bool  # whether what is ordered from a node is off its stock already
    as_of: tuple[datetime | None, ...]  # [N] the oldest time that a node's rows give; None where one gives none


def read_stock(table: Table, context: Context) -> Stock:
    """Stock as recorded. Rows of the same node and SKU are added up; stock below 0 is kept.

    A SKU that a node's records don't list counts as 0 there; of a node without records nothing is known.

    Raises:
        ConfigurationError: a cell can't be read, or too many rows name what the network doesn't have.
    """
    names, reading = context.names, context.reading
    shape = (len(names.nodes), len(names.skus))
    on_hand, dock, rows = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64)
    moments: list[list[datetime | None]] = [[] for _ in names.nodes]
    for row, cell in context.placed("stock", table, lambda row: (names.node(row), names.sku(row))):
        if row.get("on_hand") is None:
            raise ConfigurationError(f"{row.place}: on_hand: empty; allowed: a number, 0 where there is none")
        taken = reading.amount(row, "reserved") + reading.amount(row, "allocated")
        on_hand[cell] += reading.units(row, "on_hand") - taken
        dock[cell] += reading.units(row, "dock")
        rows[cell] += 1
        moments[cell[0]].append(reading.moment(row, "as_of", names.arrays.nodes[cell[0]]))
    _tell(names, on_hand, rows, context.remarks)
    unknown = ~rows.any(axis=1)
    on_hand[unknown], dock[unknown] = np.nan, np.nan
    return Stock(on_hand, dock, "reserved" in table.columns, tuple(_oldest(told) for told in moments))


def summed_stock(held: Stock, context: Context) -> Stock:
    """Stock that somebody has kept by node and SKU already, told of as stock records are.

    Args:
        held: in the network's order; NaN at nodes of which nothing is known.
        context: as for records.

    Raises:
        ConfigurationError: it is of other nodes or SKUs.
    """
    names = context.names
    shape = (len(names.nodes), len(names.skus))
    if held.on_hand.shape != shape or held.dock.shape != shape or len(held.as_of) != shape[0]:
        raise ConfigurationError(
            f"stock: has shapes {list(held.on_hand.shape)}, {list(held.dock.shape)} and {len(held.as_of)} times; "
            f"allowed: {shape[0]} nodes, {shape[1]} SKUs"
        )
    unknown = np.isnan(held.on_hand).all(axis=1, keepdims=True)
    _tell(names, held.on_hand, np.where(unknown, 0, np.ones(shape, np.int64)), context.remarks)
    return held


def _oldest(moments: Sequence[datetime | None]) -> datetime | None:
    """None if there is none, or one is unknown."""
    told = [moment for moment in moments if moment is not None]
    return min(told) if told and len(told) == len(moments) else None


def _tell(names: NetworkNames, on_hand: NDArray[np.float64], rows: NDArray[np.int64], remarks: Remarks) -> None:
    nodes, skus = names.arrays.nodes, names.arrays.skus
    known = rows.any(axis=1)
    missing = [nodes[node] for node in np.flatnonzero(~known)]
    if missing:
        remarks.odd("stock", f"no record of {some(missing)}: what is there is unknown, which is not 0")
    absent = [f"{skus[sku]} at {nodes[node]}" for node, sku in np.argwhere((rows == 0) & np.asarray(known)[:, None])]
    if absent:
        remarks.assumed("stock", f"0 units where a node's records don't list a SKU: {some(absent)}")
    twice = [f"{skus[sku]} at {nodes[node]}" for node, sku in np.argwhere(rows > 1)]
    if twice:
        remarks.assumed("stock", f"rows of the same node and SKU belong together and were added up: {some(twice)}")
    below = [f"{skus[sku]} at {nodes[node]} ({on_hand[node, sku]:g})" for node, sku in np.argwhere(on_hand < 0)]
    if below:
        remarks.odd("stock", f"stock below 0 is kept as it is: {some(below)}")

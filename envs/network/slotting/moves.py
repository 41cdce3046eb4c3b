"""From one slotting to another: what moves, and what it saves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entrepot.envs.network.columns import Integers
from entrepot.envs.network.slotting.stock import Slotting, Stock


@dataclass(frozen=True)
class Moves:
    """What it takes to go over to another slotting."""

    source: Integers  # [V] positions
    target: Integers  # [V] positions
    sku: Integers  # [V]
    saved_m_per_line: float  # of single visits

    def saved_hours_per_day(self, *, lines_per_day: float, metres_per_s: float) -> float:
        """Walking hours saved a day."""
        return self.saved_m_per_line * lines_per_day / metres_per_s / 3600


def moves(stock: Stock, now: Slotting, then: Slotting) -> Moves:
    """What moves: of each SKU only the positions that it hasn't both before and after, in order of their walk."""
    walk = stock.positions.walk_m
    leaves = np.flatnonzero((now.sku_at >= 0) & (now.sku_at != then.sku_at))
    comes = np.flatnonzero((then.sku_at >= 0) & (now.sku_at != then.sku_at))
    leaves = leaves[np.lexsort((walk[leaves], now.sku_at[leaves]))]
    comes = comes[np.lexsort((walk[comes], then.sku_at[comes]))]
    pairs: list[Integers] = []
    for sku in np.unique(then.sku_at[comes]):
        source, target = leaves[now.sku_at[leaves] == sku], comes[then.sku_at[comes] == sku]
        both = min(len(source), len(target))
        pairs.append(np.column_stack([source[:both], target[:both], np.full(both, sku)]))
    table = np.concatenate(pairs) if pairs else np.empty((0, 3), dtype=np.int64)
    return Moves(table[:, 0], table[:, 1], table[:, 2], now.single_visit_m(stock) - then.single_visit_m(stock))

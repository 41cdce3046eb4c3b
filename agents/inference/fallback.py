"""The rule that decides when the policy may not: a tuned base stock, kept as plain figures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.checking import Arrays, Checked
from entrepot.agents.inference.errors import ModuleRefused
from entrepot.agents.inference.json_reader import REMEDY, read_json
from entrepot.agents.inference.order_up_to import demand_rate, orders_from_cover, stock_position

FORMAT = "entrepot-base-stock/1"
MOST_CELLS = 50_000_000
"""Of a table: what is larger is no table of lanes and SKUs."""
DEFAULT_SAFETY_DAYS = 14.0
DEFAULT = "the lane's median cover; for a lane that is not listed, its lead time and 14 days"


@dataclass(frozen=True)
class BaseStock:
    """Days of cover by lane and SKU; the rule is that of `order_up_to`.

    A cell that isn't listed takes its lane's median cover; a lane that isn't, its lead time and 14 days.
    """

    lanes: tuple[str, ...]
    skus: tuple[str, ...]
    markets: tuple[str, ...]
    cover_days: NDArray[np.float64]  # [L, S], NaN where a cell isn't listed
    demand_units_per_day: NDArray[np.float64]  # [M, S] in the long run, when the covers were tuned

    def to_json(self) -> bytes:
        """The contents of `fallback.json`."""
        content = {
            "format": FORMAT,
            "rule": "order up to cover x demand rate on every lane, the fastest lanes of a node first",
            "default": DEFAULT,
            "cover_days": _table(self.lanes, self.skus, self.cover_days),
            "demand_units_per_day": _table(self.markets, self.skus, self.demand_units_per_day),
        }
        return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> BaseStock:
        """Read `fallback.json`.

        Raises:
            ModuleRefused: what is wrong with it.
        """
        try:
            content = read_json("fallback.json", data)
            if content["format"] != FORMAT:
                raise ModuleRefused(f"fallback.json: format: {content['format']!r}; must be {FORMAT!r}")
            cover, demand = content["cover_days"], content["demand_units_per_day"]
            skus = tuple(dict.fromkeys(sku for row in cover.values() for sku in row))
            if max(len(cover), len(demand)) * len(skus) > MOST_CELLS:
                raise ModuleRefused(
                    f"fallback.json: {len(cover)} lanes by {len(skus)} SKUs; at most {MOST_CELLS:,} cells"
                )
            tables = [
                np.array([[row.get(sku, np.nan) for sku in skus] for row in table.values()], float).reshape(
                    -1, len(skus)
                )
                for table in (cover, demand)
            ]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            if isinstance(error, ModuleRefused):
                raise
            raise ModuleRefused(f"fallback.json: not a base stock ({error!r}); {REMEDY}") from None
        for key, table in zip(("cover_days", "demand_units_per_day"), tables, strict=True):
            if (table < 0).any():
                raise ModuleRefused(f"fallback.json: {key}: {np.nanmin(table)}; 0 or more is allowed")
        return cls(tuple(cover), skus, tuple(demand), *tables)

    def cover_for(self, lanes: Sequence[str], skus: Sequence[str], lead_days: NDArray[Any]) -> NDArray[np.float64]:
        """[L, S] days for any network's lanes and SKUs.

        Args:
            lanes: [L] names.
            skus: [S] names.
            lead_days: [L] expected days from order to arrival.
        """
        row = _places(self.lanes, lanes)
        column = _places(self.skus, skus)
        own = self.cover_days[np.maximum(row, 0)]
        listed = row >= 0
        listed[listed] = ~np.isnan(own[listed]).all(axis=1)
        cells = np.repeat((np.asarray(lead_days, float) + DEFAULT_SAFETY_DAYS)[:, None], len(skus), axis=1)
        tuned = np.where(column >= 0, own[listed][:, np.maximum(column, 0)], np.nan)
        median = np.nanmedian(own[listed], axis=1, keepdims=True)
        cells[listed] = np.where(np.isnan(tuned), median, tuned)
        return cells


def fallback_orders(
    network: Arrays,
    cover: NDArray[np.float64],
    told: Mapping[str, NDArray[Any]],
    checked: Checked,
    rows: NDArray[Any],
) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """[rows, L, S] units by base stock, from whatever of the snapshot can be used; and why.

    Where recent demand can't be read, the long-run rate stands in for it. A cell whose stock, pipeline, backlog or
    departure can't be read orders nothing: to order on a guess of one's own stock can be dear.

    Args:
        network: its attributes.
        cover: [L, S] days.
        told: the snapshot's arrays, stand-ins included.
        checked: what of it can be used.
        rows: indices of rows to decide for.
    """
    snapshot = {name: told[name][rows] for name in _READ}
    usable = {name: checked.usable_or_all(name)[rows] for name in _READ}
    rate = demand_rate(network, snapshot["demand_slow"])
    orders = orders_from_cover(network, snapshot, cover, rate)
    parts = {
        "target_days": np.broadcast_to(cover, orders.shape),
        "rate": rate[:, network["lane_destination"]],
        "position": stock_position(network, snapshot),
        "wish": orders,
        "released": np.ones_like(orders),
    }
    if not any(name in checked.usable for name in _READ):
        return orders, parts
    known = usable["on_hand"] & usable["dock"] & usable["pipeline"].all(axis=-1)  # [rows, N, S]
    # Unreadable backlog concerns the nodes that serve the market first.
    known &= ~((network["direct_share"] > 0).astype(np.int64) @ ~usable["backlog"]).astype(np.bool_)
    known_lane = known[:, network["lane_destination"]] & usable["lane_wait_days"][:, :, None]
    return np.where(known_lane, orders, 0.0), parts


_READ = ("on_hand", "dock", "pipeline", "backlog", "demand_slow", "lane_wait_days", "lane_open")


def _table(names: Sequence[str], skus: Sequence[str], values: NDArray[Any]) -> dict[str, dict[str, float]]:
    rounded = np.round(values.astype(float), 4).tolist()
    return {
        name: {sku: value for sku, value in zip(skus, row, strict=True) if not math.isnan(value)}
        for name, row in zip(names, rounded, strict=True)
    }


def _places(known: Sequence[str], asked: Sequence[str]) -> NDArray[np.int64]:
    place = {name: index for index, name in enumerate(known)}
    return np.array([place.get(name, -1) for name in asked], np.int64)

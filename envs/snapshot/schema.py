"""The seam between training and production: what a policy is told, field by field. No torch here.

The environment makes a snapshot from the twin, the live scheduler makes the same one from events, and the exported
graph takes it as its inputs; all three follow these two tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Axis = Literal["B", "N", "M", "L", "S", "H", "J", "W", "U"]


@dataclass(frozen=True)
class Field:
    """One array: its axes in order, its unit, and the values it may hold."""

    axes: tuple[Axis, ...]
    unit: str
    meaning: str
    minimum: float = 0.0
    maximum: float = 1e12
    integer: bool = False

    @property
    def dtype(self) -> type[np.int64 | np.float32]:
        """As it goes over the seam."""
        return np.int64 if self.integer else np.float32

    def array(self, values: ArrayLike) -> NDArray[Any]:
        """Values as they go over the seam: of its type, one after the other in memory."""
        return np.asarray(values, self.dtype, order="C")


def _field(axes: str, unit: str, meaning: str, **limits: float | bool) -> Field:
    return Field(tuple(axes), unit, meaning, **limits)  # type: ignore[arg-type]


SNAPSHOT_FIELDS: dict[str, Field] = {
    "on_hand": _field("BNS", "units", "stock on the shelves, as recorded"),
    "dock": _field("BNS", "units", "arrived or returned, waiting to be unloaded"),
    "pipeline": _field("BNSH", "units", "on the way to the node, by days to arrival (0 arrives today)"),
    "backlog": _field("BMS", "units", "customers' orders that wait"),
    "demand_fast": _field("BMS", "units/day", "demand, exponentially weighted over 7 days"),
    "demand_slow": _field("BMS", "units/day", "demand, exponentially weighted over 28 days"),
    "demand_quarter": _field("BMS", "units/day", "demand, exponentially weighted over 91 days"),
    "demand_square": _field("BMS", "units²/day", "squared daily demand, exponentially weighted over 28 days"),
    "season_ahead": _field(
        "BW",
        "ratio",
        "seasonal index (1 in the mean of a year) of the last 28 days, of the last 91, then of each week ahead",
        maximum=100.0,
    ),
    "day_of_year": _field("B", "days", "1 January = 0", maximum=365.0, integer=True),
    "weekday": _field("B", "days", "Monday = 0", maximum=6.0, integer=True),
    "lane_wait_days": _field("BL", "days", "to the lane's next departure; 0 departs today", maximum=366.0),
    "lane_open": _field("BL", "share", "of the lane's normal capacity", maximum=1.0),
    "equipment": _field("BN", "share", "of dock and picking throughput that works", maximum=1.0),
    "storage_price": _field("BN", "USD/m³/day", "this month's storage price"),
}
"""What is known at decision time, in physical units. B batch, N nodes, M markets, L lanes, S SKUs, H days, W weeks."""

NETWORK_FIELDS: dict[str, Field] = {
    "lane_origin": _field("L", "index", "endpoint where the lane starts: nodes first, then suppliers", integer=True),
    "lane_destination": _field("L", "index", "node where the lane ends", integer=True),
    "lane_faster": _field("LJ", "index", "faster lanes to the same node; L where there are no more", integer=True),
    "lane_window_days": _field(
        "L", "days", "goods due within this many days count before more is ordered", integer=True
    ),
    "lane_lead_days": _field("L", "days", "expected days from order to arrival"),
    "lane_lead_deviation_days": _field("L", "days", "standard deviation of the same"),
    "lane_interval_days": _field("L", "days", "mean days between departures"),
    "lane_landed_usd": _field("LS", "USD/unit", "freight and duty"),
    "lane_shipment_usd": _field("L", "USD", "paid once for a departure that carries anything"),
    "lane_carries": _field("LS", "0 or 1", "whether the origin can ever have the SKU", maximum=1.0),
    "lane_primary": _field(
        "LS", "0 or 1", "whether the lane is the cheapest way to get the SKU to the node", maximum=1.0
    ),
    "lane_life_days": _field(
        "LS",
        "days",
        "for which goods can be sold once they arrive, if they waited nowhere on their way; 0 where they don't perish",
    ),
    "base_cover_days": _field("LS", "days", "cover of a base stock tuned for the network, or the textbook's"),
    "direct_share": _field("NM", "share", "of the market's demand that the node serves first", maximum=1.0),
    "echelon_share": _field(
        "NMS", "share", "of the market's demand that passes through the node on primary lanes", maximum=64.0
    ),
    "demand_mean": _field("MS", "units/day", "long-run demand"),
    "demand_deviation": _field("MS", "units/day", "standard deviation of a day's demand in the long run"),
    "margin_usd": _field("MS", "USD/unit", "lost when a sale is lost"),
    "backlog_share": _field("M", "share", "of unserved demand that waits", maximum=1.0),
    "capacity_m3": _field("N", "m³", "storage space"),
    "value_usd": _field("S", "USD/unit", "value of a unit in stock"),
    "volume_m3": _field("S", "m³/unit", "volume"),
    "capital_share_per_day": _field("", "share/day", "cost of capital", maximum=1.0),
}
"""What doesn't change from day to day. J the most faster lanes of any lane."""

UNIT_SNAPSHOT_FIELDS: dict[str, Field] = {
    "unit_age_hours": _field("BU", "hours", "of work since the unit was new, mended or maintained"),
    "unit_down_hours": _field("BU", "hours", "of the shifts to come, until the unit is mended; 0 if it works"),
}
"""Beside `SNAPSHOT_FIELDS` for whoever decides maintenance, where equipment wears. U units of equipment."""

UNIT_NETWORK_FIELDS: dict[str, Field] = {
    "unit_node": _field("U", "index", "node where the unit works", integer=True),
    "unit_scale_hours": _field("U", "hours", "scale of the unit's Weibull life: MTBF/Γ(1 + 1/shape)"),
    "unit_shape": _field("U", "number", "of the same life; 1 does not age", maximum=20.0),
    "unit_hours_per_day": _field("U", "hours", "of a shift", maximum=24.0),
    "unit_best_age_hours": _field(
        "U", "hours", "of work at which maintenance costs least in the long run; 1e12 where it never pays"
    ),
    "unit_planned_share": _field("U", "ratio", "cost of a maintenance over that of a failure, standstill included"),
}
"""Beside `NETWORK_FIELDS` for the same."""

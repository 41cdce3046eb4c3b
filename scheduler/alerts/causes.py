"""Causes of alerts in what is known at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network import NetworkArrays
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.forecast.running_out import WARNS_ABOVE, running_out
from entrepot.envs.snapshot.statistics import FAST_DAYS
from entrepot.scheduler.mirror.sources import OPENING, OWN, Freshness

SILENT_HOURS = 6.0  # an assumption, as the next ones; of a source that speaks of stock or sales
OPEN_SHARE = 0.5
EQUIPMENT_SHARE = 0.7
SPIKE_DEVIATIONS = 3.0
SPIKE_RATIO = 1.5
FALLBACK_SHARE = 0.1
LEAST_MISSING = 1.0  # units, on average, below which no order is asked for
FEWEST_PLANS = 10
KINDS = (
    "stock_out",
    "below_zero",
    "late_shipment",
    "demand_spike",
    "lane_closed",
    "equipment",
    "silent_source",
    "fallback",
)


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong; the same as long as its kind and place are."""

    kind: str
    place: str
    message: str
    usd: float | None = None  # at stake; None where it can't be told
    action: str = ""
    node: str = ""  # at which an order may help

    @property
    def key(self) -> str:
        """Of which there is one open alert."""
        return f"{self.kind} {self.place}"


def causes_in(network: NetworkArrays, snapshot: Mapping[str, NDArray[Any]]) -> list[Cause]:
    """What a snapshot shows.

    Args:
        network: of the snapshot.
        snapshot: arrays as `SNAPSHOT_FIELDS`, of which the first row is read.
    """
    arrays = {name: values[0] for name, values in snapshot.items()}
    return [
        *_stock_outs(network, arrays),
        *_below_zero(network, arrays),
        *_spikes(network, arrays),
        *_weak(network, arrays),
    ]


def by_fallback(share: float, plans: int) -> list[Cause]:
    """The policy that doesn't answer.

    Args:
        share: of the latest plans that the fallback decided.
        plans: how many these are.
    """
    if plans < FEWEST_PLANS or share <= FALLBACK_SHARE:
        return []
    message = f"{share:.0%} of the last {plans} plans were decided by the fallback"
    return [Cause("fallback", "policy", message, action="see the plans' reasons; go back to the module before")]


def silent(sources: Iterable[Freshness], now: int) -> list[Cause]:
    """Sources that ought to speak and don't.

    Args:
        sources: as the mirror knows them.
        now: microseconds since 1970-01-01 UTC.
    """
    found = []
    for one in sources:
        hours = (now - one.heard) / 3.6e9
        if hours > SILENT_HOURS and not one.final and one.source not in (OPENING, OWN):
            found.append(
                Cause(
                    "silent_source",
                    one.source,
                    f"silent for {hours:.0f} hours; {one.missing} of its events are missing",
                    action="look after its connection; what it tells of is held when it is too old",
                )
            )
    return found


def late(shipments: Iterable[Mapping[str, Any]], today: int, of: NetworkArrays) -> list[Cause]:
    """Shipments that should be here by now.

    Args:
        shipments: rows as records have them.
        today: days since 1970-01-01.
        of: the network, for what the goods are worth.
    """
    worth: dict[tuple[str, str], list[float]] = {}
    for row in shipments:
        if row["eta"] is None or row["received"] >= row["units"] or calendar.day_number(row["eta"]) >= today:
            continue
        total = worth.setdefault((row["lane"], row["eta"]), [0.0, 0.0])
        units = row["units"] - row["received"]
        total[0] += units
        total[1] += units * float(of.sku.unit_value_usd[of.skus.index(row["sku"])])
    return [
        Cause(
            "late_shipment",
            f"{lane} {eta}",
            f"{units:,.0f} units on {lane} were due on {eta} and are not received",
            usd,
            "ask the carrier; send a shipment event with the new eta, or close it short",
        )
        for (lane, eta), (units, usd) in worth.items()
    ]


def _stock_outs(network: NetworkArrays, arrays: Mapping[str, NDArray[Any]]) -> list[Cause]:
    """Where customers' demand is likely to outlast all that is there or on its way before anything ordered now comes.

    What is on its way counts whenever it arrives: while an order is under way there is nothing more to do. A forecast
    (`entrepot.envs.snapshot.forecast`) tells how likely that is, and how much is missing on average. The value is the
    margin of what would be lost, at the mean margin of the markets that the node serves first.
    """
    served = network.market.direct_share  # [N, M]
    rate = served @ arrays["demand_slow"]  # [N, S]
    margin = served @ (arrays["demand_slow"] * network.market.lost_margin_usd) / np.maximum(rate, 1e-9)
    lead = np.full(len(network.nodes), np.inf)
    fastest = np.zeros(len(network.nodes), np.int64)
    for lane in np.argsort(-network.lane.lead_days):  # the fastest last
        if arrays["lane_open"][lane] > 0:
            node = network.lane.destination[lane]
            lead[node], fastest[node] = network.lane.lead_days[lane], lane
    there = arrays["on_hand"] + arrays["dock"] + arrays["pipeline"].sum(axis=-1)
    found = running_out(network, {name: values[None] for name, values in arrays.items()}, lead, there[None])
    chance, missing = found.chance[0], found.missing[0]
    return [
        Cause(
            "stock_out",
            f"{network.nodes[node]} {network.skus[sku]}",
            f"{there[node, sku]:,.0f} there or under way for {rate[node, sku]:.1f} a day, and {lead[node]:.0f} days "
            f"until more could come: runs out with a chance of {chance[node, sku]:.0%}",
            float(missing[node, sku] * margin[node, sku]),
            f"order {np.ceil(missing[node, sku]):,.0f} on {network.lanes[fastest[node]]}",
            network.nodes[node],
        )
        for node, sku in np.argwhere((chance > WARNS_ABOVE) & (missing >= LEAST_MISSING))
    ]


def _below_zero(network: NetworkArrays, arrays: Mapping[str, NDArray[Any]]) -> list[Cause]:
    """Cells of which more is spoken for than is recorded to be there."""
    return [
        Cause(
            "below_zero",
            f"{network.nodes[node]} {network.skus[sku]}",
            f"{arrays['on_hand'][node, sku]:,.0f} on hand, after what is allocated and to be sent",
            float(-arrays["on_hand"][node, sku] * network.sku.unit_value_usd[sku]),
            "count it; withdraw allocations or transfers that can't be served",
        )
        for node, sku in np.argwhere(np.nan_to_num(arrays["on_hand"]) < 0)
    ]


def _spikes(network: NetworkArrays, arrays: Mapping[str, NDArray[Any]]) -> list[Cause]:
    """Demand of a week far above that of a month. A mean weighted over D days has 1/(2·D − 1) of a day's variance."""
    fast, slow = arrays["demand_fast"], arrays["demand_slow"]
    variance = np.maximum(arrays["demand_square"] - slow**2, slow) / (2 * FAST_DAYS - 1)
    high = (fast - slow > SPIKE_DEVIATIONS * np.sqrt(variance)) & (fast > SPIKE_RATIO * slow)
    return [
        Cause(
            "demand_spike",
            f"{network.markets[market]} {network.skus[sku]}",
            f"{fast[market, sku]:.1f} a day this week, {slow[market, sku]:.1f} in a month",
            float((fast - slow)[market, sku] * FAST_DAYS * network.market.lost_margin_usd[market, sku]),
            "see whether it lasts; orders follow it",
        )
        for market, sku in np.argwhere(high)
    ]


def _weak(network: NetworkArrays, arrays: Mapping[str, NDArray[Any]]) -> list[Cause]:
    closed = [
        Cause(
            "lane_closed",
            network.lanes[lane],
            f"{arrays['lane_open'][lane]:.0%} of its usual capacity",
            action="orders go by other lanes where there are any",
        )
        for lane in np.flatnonzero(arrays["lane_open"] < OPEN_SHARE)
    ]
    weak = [
        Cause(
            "equipment",
            network.nodes[node],
            f"{arrays['equipment'][node]:.0%} of its usual throughput works",
            action="have it looked after",
        )
        for node in np.flatnonzero(arrays["equipment"] < EQUIPMENT_SHARE)
    ]
    return closed + weak

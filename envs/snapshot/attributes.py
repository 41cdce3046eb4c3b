"""What a policy knows of a network, from the network's arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot.lanes import interval_days

TEXTBOOK_SAFETY_DAYS = 7.0
EXPEDITE_SHARE = 0.5
"""Of its lead time: the cover at which a lane that isn't the cheapest way is first tried."""
LEAST_LIFE_DAYS = 0.5
"""Of goods that perish: what is over by the time it arrives looks like what hardly lasts."""


def attribute_arrays(
    network: NetworkArrays,
    demand_mean: NDArray[np.float64],
    demand_deviation: NDArray[np.float64] | None = None,
    base_cover_days: NDArray[np.float64] | None = None,
) -> dict[str, NDArray[Any]]:
    """The network's attributes as NumPy arrays, keyed as in `NETWORK_FIELDS`."""
    return {
        "lane_origin": network.lane.origin,
        "lane_destination": network.lane.destination,
        "lane_faster": network.lane.faster,
        "lane_window_days": window_days(network),
        "lane_lead_days": network.lane.lead_days,
        "lane_lead_deviation_days": network.lane.lead_deviation_days,
        "lane_interval_days": interval_days(network),
        "lane_landed_usd": network.lane.freight_usd + network.lane.duty_usd,
        "lane_shipment_usd": network.lane.price_per_shipment,
        "lane_carries": network.lane.carries.astype(np.float64),
        "lane_primary": network.lane.primary.astype(np.float64),
        "lane_life_days": life_days(network),
        "base_cover_days": textbook_cover_days(network) if base_cover_days is None else base_cover_days,
        "direct_share": network.market.direct_share,
        "echelon_share": network.market.echelon_share,
        "demand_mean": demand_mean,
        "demand_deviation": np.sqrt(demand_mean) if demand_deviation is None else demand_deviation,
        "margin_usd": network.market.lost_margin_usd,
        "backlog_share": network.market.backlog_share,
        "capacity_m3": network.node.capacity_m3,
        "value_usd": network.sku.unit_value_usd,
        "volume_m3": network.sku.volume_m3,
        "capital_share_per_day": np.asarray(network.capital_share_per_year / 365),
    }


def textbook_cover_days(network: NetworkArrays) -> NDArray[np.float64]:
    """[L, S] lead time, review interval and a week's safety on the cheapest way; elsewhere half the lead time."""
    ordinary = network.lane.lead_days + interval_days(network) + TEXTBOOK_SAFETY_DAYS
    cover = np.where(network.lane.primary, ordinary[:, None], EXPEDITE_SHARE * network.lane.lead_days[:, None])
    return cover.astype(np.float64)


def life_days(network: NetworkArrays) -> NDArray[np.float64]:
    """[L, S] days for which goods can be sold once a lane brings them, if they waited nowhere on their way.

    Counted along the cheapest ways, with the mean of delays; at least `LEAST_LIFE_DAYS`, and 0 where nothing perishes.
    """
    lane, shelf = network.lane, network.shelf_life
    if shelf is None:
        return np.zeros(lane.primary.shape)
    days = lane.transit_days - shelf.production_days + lane.transit_late_share * lane.transit_late_days
    age = np.zeros((len(network.endpoints), len(shelf.perishes)))
    for _ in network.nodes:  # as many lanes as any way has
        reached = age[lane.origin] + days[:, None]
        age[: len(network.nodes)] = 0.0
        np.maximum.at(age, lane.destination, np.where(lane.primary, reached, 0.0))
    left = shelf.shelf_life_days - age[lane.origin] - days[:, None]
    return np.where(shelf.perishes, left.clip(min=LEAST_LIFE_DAYS), 0.0)


def window_days(network: NetworkArrays) -> NDArray[np.int64]:
    """[L] goods due within so many days count as stock when the lane orders; all that is due on a node's slowest lane.

    Late ships are rarely more than a standard deviation behind; one that is must not be ordered a second time.
    """
    window = np.ceil(network.lane.lead_days + network.lane.lead_deviation_days).astype(np.int64)
    slowest = np.zeros(len(network.nodes))
    np.maximum.at(slowest, network.lane.destination, network.lane.lead_days)
    last = network.pipeline_days - 1
    return np.where(network.lane.lead_days >= slowest[network.lane.destination], last, window.clip(max=last))

"""What a unit is worth where it lies: what other customers of the node would miss, were it taken."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network import NetworkArrays
from entrepot.scheduler.allocation.problem import Floats

_AT = np.linspace(-6.0, 6.0, 1201)
_BELOW = np.array([NormalDist().cdf(at) for at in _AT.tolist()])


def value_of_a_unit(network: NetworkArrays, snapshot: Mapping[str, NDArray[Any]]) -> Floats:
    """[N, S] USD: the margin of a sale times the chance that the last unit is asked for before more can come.

    The marginal value of the newsvendor's last unit (Arrow, Harris and Marschak 1951), with demand over the lead time
    of the fastest open lane taken to be normal, and what is there or under way counted whenever it comes. 0 where
    nothing is known.

    Args:
        network: of the snapshot.
        snapshot: arrays as `SNAPSHOT_FIELDS`, of which the first row is read.
    """
    arrays = {name: values[0] for name, values in snapshot.items()}
    served = network.market.direct_share  # [N, M]
    rate = served @ arrays["demand_slow"]
    margin = served @ (arrays["demand_slow"] * network.market.lost_margin_usd) / np.maximum(rate, 1e-9)
    variance = served @ np.maximum(arrays["demand_square"] - arrays["demand_slow"] ** 2, arrays["demand_slow"])
    lead = np.full(len(network.nodes), np.inf)
    is_open = arrays["lane_open"] > 0
    np.minimum.at(lead, network.lane.destination[is_open], network.lane.lead_days[is_open])
    lead = np.where(np.isfinite(lead), lead, network.pipeline_days)[:, None]
    there = arrays["on_hand"] + arrays["dock"] + arrays["pipeline"].sum(axis=-1)
    above = (rate * lead - there) / np.sqrt(np.maximum(variance * lead, 1e-9))
    return np.where(rate > 0, np.nan_to_num(margin * np.interp(above, _AT, _BELOW)), 0.0)

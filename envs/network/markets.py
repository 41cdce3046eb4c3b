"""Where demand arises, and the fulfilment options that serve it, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network import paths
from entrepot.envs.network.assortment import Assortment
from entrepot.envs.network.columns import Booleans, Floats, Integers, gathered
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.lanes import LaneArrays


@dataclass(frozen=True)
class OptionArrays(Record):
    """Of each market's fulfilment options, by rank: the cheapest first."""

    node: Annotated[Integers, Axes("RM")]  # that serves the market at this rank; 0 where there is none
    exists: Annotated[Booleans, Axes("RM")]
    usd_per_unit: Annotated[Floats, Axes("RM")]
    days: Annotated[Floats, Axes("RM")]

    @classmethod
    def of(cls, network: NetworkDescription) -> Self:
        """Of a network."""
        nodes, markets = list(network.nodes), list(network.markets.values())
        shape = (max(len(market.options) for market in markets), len(markets))
        options = cls(np.zeros(shape, np.int64), np.zeros(shape, np.bool_), np.zeros(shape), np.zeros(shape))
        for column, market in enumerate(markets):
            for rank, option in enumerate(sorted(market.options, key=lambda option: option.usd_per_unit)):
                place = rank, column
                options.node[place], options.exists[place] = nodes.index(option.node), True
                options.usd_per_unit[place], options.days[place] = option.usd_per_unit, option.days
        return options


@dataclass(frozen=True)
class MarketArrays(Record):
    """Of each market."""

    backlog_share: Annotated[Floats, Axes("M")]
    backlog_usd_per_unit_day: Annotated[Floats, Axes("M")]
    returns_share: Annotated[Floats, Axes("M")]
    returns_exchange_share: Annotated[Floats, Axes("M")]
    lost_margin_usd: Annotated[Floats, Axes("MS")]  # per unit
    direct_share: Annotated[Floats, Axes("NM")]  # 1 where the node is the market's first option
    echelon_share: Annotated[Floats, Axes("NMS")]  # 1 where the demand reaches the node along primary lanes

    @classmethod
    def of(cls, network: NetworkDescription, goods: Assortment, options: OptionArrays, lanes: LaneArrays) -> Self:
        """Of a network."""
        markets = list(network.markets.values())
        price_factor = np.array([market.price_factor for market in markets])
        margin = price_factor[:, None] * goods.price_usd[None, :] - goods.unit_value_usd[None, :]
        direct = np.zeros((len(network.nodes), len(markets)))
        direct[options.node[0], np.arange(len(markets))] = 1.0
        return gathered(
            cls,
            markets,
            lost_margin_usd=np.maximum(margin, 0.0),
            direct_share=direct,
            echelon_share=paths.echelon_share(lanes.origin, lanes.destination, lanes.primary, direct),
        )

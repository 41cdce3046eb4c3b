"""Where markets stand on a map: in the middle of their country, those of one country together."""

from __future__ import annotations

from dataclasses import dataclass

from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.rendering.coasts import country_middles

NAMED = 3
"""Of the markets of a country, so many are named; the others are counted."""


@dataclass(frozen=True)
class MarketPlace:
    """The markets of one country."""

    label: str
    at: tuple[float, float]  # longitude, latitude
    first_nodes: tuple[str, ...]  # that serve them first


def market_places(network: NetworkDescription) -> list[MarketPlace]:
    """One place for each country in which there are markets.

    A market whose country is on no map of ours stands where the node is that serves it first.
    """
    middles = country_middles()
    names: dict[str, list[str]] = {}
    for name, market in network.markets.items():
        names.setdefault(market.country, []).append(name)
    found = []
    for country, markets in names.items():
        firsts = {
            name: min(network.markets[name].options, key=lambda option: option.usd_per_unit).node for name in markets
        }
        node = network.nodes[firsts[markets[0]]]
        label = ", ".join(name.replace("_", " ") for name in markets[:NAMED])
        if len(markets) > NAMED:
            label += f" and {len(markets) - NAMED} more"
        at = middles.get(country.upper(), (node.longitude, node.latitude))
        found.append(MarketPlace(label, at, tuple(dict.fromkeys(firsts.values()))))
    return found

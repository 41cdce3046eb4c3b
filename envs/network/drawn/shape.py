"""Who feeds whom in a random network: stages of nodes, their origins, and where markets are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from entrepot.envs.network.drawn.chance import Chance
from entrepot.envs.network.drawn.distribution import NetworkDistribution

MOST_SUPPLIERS = 3
MOST_HUBS = 2
DIVIDED_SHARE = 0.6
"""Of networks with two hubs and more than one supplier whose suppliers feed one hub each."""
CENTRE_SHARE = 0.5
"""Of nodes of the last of three stages that their origin orders for."""
SECOND_MARKET_SHARE, SECOND_OPTION_SHARE = 0.3, 0.6
INNER_MARKET_SHARE = 0.4
"""Of nodes that feed others and sell, too."""


@dataclass(frozen=True)
class Shape:
    """A network's nodes and what hangs together."""

    nodes: list[str]
    stage: dict[str, int]  # 0 is fed by suppliers
    origins: dict[str, list[str]]  # of nodes beyond stage 0; the first is the cheapest way
    sideways: list[tuple[str, str]]
    suppliers: list[str]
    supplied: list[tuple[str, str]]  # supplier and hub
    manager: dict[str, str]  # of fulfilment centres
    market_node: dict[str, list[str]]  # that serve a market, the cheapest first

    def flows(self, asked: Mapping[str, float]) -> dict[str, float]:
        """Units a day that pass through each node.

        Args:
            asked: units a day by market.
        """
        flow = dict.fromkeys(self.nodes, 0.0)
        for market, units in asked.items():
            flow[self.market_node[market][0]] += units
        for node in reversed(self.nodes):  # stages are in order
            for origin in self.origins.get(node, []):
                flow[origin] += flow[node]
        return flow


def draw_shape(distribution: NetworkDistribution, skus: int, chance: Chance) -> Shape:
    """A chain, a star, a tree or something between them, with suppliers for so many SKUs."""
    count = max(2, chance.whole(distribution.nodes))
    stages = min(chance.whole(distribution.stages), count)
    by_stage = _by_stage(count, stages, chance)
    nodes = [node for names in by_stage for node in names]
    stage = {node: place for place, names in enumerate(by_stage) for node in names}
    suppliers = [f"supplier_{i}" for i in range(1 + int(chance.rng.integers(min(MOST_SUPPLIERS, 1 + skus // 4))))]
    divided = stages > 1 and len(by_stage[0]) > 1 and len(suppliers) > 1 and chance.happens(DIVIDED_SHARE)
    origins: dict[str, list[str]] = {}
    for above, below in pairwise(by_stage):
        for place, node in enumerate(below):
            first = above[place] if place < len(above) else chance.one_of(above)  # every node feeds one, if it can
            rest = [name for name in above if name != first]
            second = chance.happens(distribution.second_origin_share)
            # Hubs that have goods of their own suppliers alone all feed what is below them.
            origins[node] = [first, *rest] if divided and stage[node] == 1 else [first, *(rest[:1] if second else [])]
    sideways = [
        (names[place], names[(place + 1) % len(names)])
        for names in by_stage
        for place in range(len(names))
        if len(names) > 1 and stage[names[place]] == stages - 1 and chance.happens(distribution.sideways_share)
    ]
    manager = {node: origins[node][0] for node in nodes if stage[node] == 2 and chance.happens(CENTRE_SHARE)}
    sideways = [(a, b) for a, b in sideways if a not in manager]
    feeds = {origin for names in origins.values() for origin in names}
    hubs = by_stage[0]
    supplied = [
        (supplier, hub)
        for i, supplier in enumerate(suppliers)
        for k, hub in enumerate(hubs)
        if not divided or i % len(hubs) == k
    ]
    markets = _markets(by_stage[1:] if divided else by_stage, feeds, chance)
    return Shape(nodes, stage, origins, sideways, suppliers, supplied, manager, markets)


def _by_stage(count: int, stages: int, chance: Chance) -> list[list[str]]:
    hubs = count if stages == 1 else 1 + int(chance.rng.integers(min(MOST_HUBS, count - stages + 1)))
    sizes = [hubs]
    rest = count - hubs
    if stages == 3:
        sizes.append(1 + int(chance.rng.integers(max(1, rest // 2))))
        rest -= sizes[1]
    if stages > 1:
        sizes.append(rest)
    names = ("hub", "warehouse", "shop")
    return [[f"{names[place]}_{i}" for i in range(size)] for place, size in enumerate(sizes)]


def _markets(by_stage: list[list[str]], feeds: set[str], chance: Chance) -> dict[str, list[str]]:
    markets: dict[str, list[str]] = {}
    for names in by_stage:
        for node in names:
            if node in feeds and not chance.happens(INNER_MARKET_SHARE):
                continue
            for _ in range(2 if chance.happens(SECOND_MARKET_SHARE) else 1):
                others = [name for name in names if name != node]
                second = [chance.one_of(others)] if others and chance.happens(SECOND_OPTION_SHARE) else []
                markets[f"market_{len(markets)}"] = [node, *second]
    return markets


def days_apart(distribution: NetworkDistribution, chance: Chance) -> list[float]:
    """The range of days between two stages: near, middle or far, each as likely."""
    ranges = [distribution.near_days, distribution.middle_days, distribution.far_days]
    return ranges[int(np.asarray(chance.rng.integers(len(ranges))))]

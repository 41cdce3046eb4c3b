"""How long the goods of a random network last: where all is near, they may perish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from entrepot.envs.network.drawn.chance import Chance
from entrepot.envs.network.drawn.distribution import NetworkDistribution
from entrepot.envs.network.drawn.shape import Shape


def draw_shelf_lives(
    ranges: NetworkDistribution, shape: Shape, lanes: Sequence[Mapping[str, Any]], chance: Chance
) -> dict[str, Any]:
    """What a network's YAML says of its catalogue's shelf lives; nothing where none perishes.

    Args:
        ranges: of the distribution.
        shape: who feeds whom.
        lanes: as the YAML has them.
        chance: the source of draws.
    """
    perish, share = chance.happens(ranges.perishable_share), chance.amount(ranges.perishable_skus)
    way = _longest_way_days(shape, lanes)
    if not perish or way > ranges.perishable_way_days:
        return {}
    life = [1 + round(times * (1 + way)) for times in ranges.shelf_life]
    return {"perishable_share": share, "shelf_life_days": life}


def _longest_way_days(shape: Shape, lanes: Sequence[Mapping[str, Any]]) -> float:
    """On the way from a supplier to any node, over the slowest lanes of each stage."""
    slowest: dict[tuple[str, str], float] = {}
    for lane in lanes:
        ends = lane["origin"], lane["destination"]
        slowest[ends] = max(slowest.get(ends, 0.0), float(lane["transit"]["days"]))
    reached: dict[str, float] = {}
    for node in shape.nodes:  # stages are in order
        origins = shape.origins.get(node) or [supplier for supplier, hub in shape.supplied if hub == node]
        reached[node] = max(reached.get(origin, 0.0) + slowest[origin, node] for origin in origins)
    return max(reached.values())

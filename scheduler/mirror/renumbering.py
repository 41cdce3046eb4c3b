"""A mirror that was kept, for a network that has grown since: places in arrays follow the names."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.mirror.mirror import Dump


@dataclass(frozen=True)
class Axes:
    """Names in the order of a network's arrays."""

    nodes: list[str]
    markets: list[str]
    lanes: list[str]
    skus: list[str]


def renumbered(dump: Dump, before: Axes, now: Axes) -> Dump:
    """The same for another order of names.

    Args:
        dump: that was kept.
        before: the order in which it was.
        now: that of the network at hand.

    Raises:
        ConfigurationError: the network no longer has a name.
    """
    if before == now:
        return dump
    nodes, markets = _moved(before.nodes, now.nodes, "node"), _moved(before.markets, now.markets, "market")
    lanes, skus = _moved(before.lanes, now.lanes, "lane"), _moved(before.skus, now.skus, "SKU")
    demand, pipeline = dump.demand, dump.pipeline
    return msgspec.structs.replace(
        dump,
        stock=[
            msgspec.structs.replace(cell, cell=(cell.cell[0], nodes[cell.cell[1]], skus[cell.cell[2]]))
            for cell in dump.stock
        ],
        demand=msgspec.structs.replace(
            demand,
            picked=[((sale, skus[sku], nodes[node]), units) for (sale, sku, node), units in demand.picked],
            told=[((day, markets[m], skus[sku]), rank, units) for (day, m, sku), rank, units in demand.told],
            sold_before=[((day, markets[m], skus[sku]), units) for (day, m, sku), units in demand.sold_before],
            told_before=[((day, markets[m], skus[sku]), units) for (day, m, sku), units in demand.told_before],
        ),
        pipeline=msgspec.structs.replace(
            pipeline,
            sent=[((name, lanes[lane], order, skus[sku]), at) for (name, lane, order, sku), at in pipeline.sent],
            received=[((name, skus[sku]), units) for (name, sku), units in pipeline.received],
            received_of_orders=[((name, skus[sku]), units) for (name, sku), units in pipeline.received_of_orders],
        ),
    )


def _moved(before: list[str], now: list[str], kind: str) -> list[int]:
    places = {name: place for place, name in enumerate(now)}
    for name in before:
        if name not in places:
            raise ConfigurationError(
                f"network: {kind} {name!r} is gone, and sums of what is old name it; serve the network that has it"
            )
    return [places[name] for name in before]

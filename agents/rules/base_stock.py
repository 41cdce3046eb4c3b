"""Base stock: order up to a fixed cover on every lane, whatever the season."""

from __future__ import annotations

from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import NOTHING_COSTLY
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import demand_rate, orders_from_cover


class BaseStock:
    """Order up to `cover` days of the demand rate on every lane and SKU, the fastest lanes of a node first."""

    reads = NOTHING_COSTLY

    def __init__(self, attributes: NetworkAttributes, cover: Tensor) -> None:
        """Args: attributes of the network; cover [L, S] days."""
        self.attributes = attributes
        self.cover = cover

    def begin(self, episodes: int) -> None:
        """Nothing is remembered between days."""

    def decide(self, snapshot: Snapshot) -> Decisions:
        """Orders."""
        rate = demand_rate(self.attributes, snapshot)
        return Decisions(orders_from_cover(self.attributes, snapshot, self.cover, rate))

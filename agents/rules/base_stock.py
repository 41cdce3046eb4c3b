"""Base stock: order up to a fixed cover on every lane, whatever the season."""

from __future__ import annotations

from torch import Tensor

from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import demand_rate, orders_from_cover


class BaseStock:
    """Order up to `cover` days of the demand rate on every lane and SKU, the fastest lanes of a node first."""

    def __init__(self, attributes: NetworkAttributes, cover: Tensor) -> None:
        """Args: attributes of the network; cover [L, S] days."""
        self.attributes = attributes
        self.cover = cover

    def begin(self, episodes: int) -> None:
        """Nothing is remembered between days."""

    def orders(self, snapshot: Snapshot) -> Tensor:
        """[B, L, S] units."""
        rate = demand_rate(self.attributes, snapshot)
        return orders_from_cover(self.attributes, snapshot, self.cover, rate)

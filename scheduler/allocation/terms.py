"""What an allocation is weighed by, as a person sets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.allocation.solve import CAP_SECONDS
from entrepot.scheduler.places import Places

ASSUMED_SHIPMENT_USD = 4.0
"""An assumption, where nobody says what a parcel more to a customer costs, beside what each unit costs."""
ASSUMED_SHIPS_UNTIL = time(16, 0)
"""An assumption, where nobody says until when a node's parcels leave on the same day."""


@dataclass(frozen=True)
class Terms:
    """Of allocating."""

    shipment_usd: float = ASSUMED_SHIPMENT_USD
    ships_until: time = ASSUMED_SHIPS_UNTIL  # of nodes that `by_node` doesn't name, in their own zone
    by_node: Mapping[str, time] = field(default_factory=dict)
    cap_seconds: float = CAP_SECONDS
    by_itself: bool = False  # whether sales are allocated as they come; else only those that somebody asks for

    def check(self, places: Places) -> None:
        """Refuse names that the network doesn't have.

        Raises:
            ConfigurationError: a cut-off is of no node.
        """
        for name in self.by_node:
            if name not in places.names.nodes:
                raise ConfigurationError(f"--ships-until: {name!r}; allowed: {', '.join(places.names.arrays.nodes)}")

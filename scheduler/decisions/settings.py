"""What a person sets for planning and releasing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Literal

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.places import Places

Mode = Literal["shadow", "canary", "live"]
ASSUMED_CUT_OFF = time(16, 0)
"""An assumption, where nobody says until when a lane takes orders for its departure; told at every start."""


@dataclass(frozen=True)
class Settings:
    """Of planning and releasing."""

    mode: Mode = "shadow"  # shadow: what would have been released is kept, and nothing goes out
    canary: frozenset[str] = frozenset()  # SKUs that go out in mode canary; of others it is as in shadow
    plan_every: timedelta = timedelta(minutes=5)
    cut_off: time = ASSUMED_CUT_OFF  # of all lanes that `cut_offs` doesn't name, in their origin's zone
    cut_offs: Mapping[str, time] = field(default_factory=dict)  # by lane
    grace: timedelta = timedelta(hours=2)  # after the cut-off a release that was prevented may still be made
    budget_usd: float | None = None
    approval_units: float | None = None
    approval_usd: float | None = None
    plan_on_alerts: bool = True  # at once, where a new alert is one that an order may help
    plans_apart: timedelta = timedelta(seconds=10)  # so long at least after a plan, one for an alert waits
    release_on_alerts: bool = False  # lanes that depart today to where stock runs out, before their cut-off
    watch_share: float = 0.1  # of the time that looking for alerts between plans may take

    def check(self, places: Places) -> None:
        """Refuse names that the network doesn't have.

        Raises:
            ConfigurationError: a cut-off is of no lane, or a canary no SKU.
        """
        for name in self.canary:
            if name not in places.names.skus:
                raise ConfigurationError(f"--canary: {name!r} is no SKU of the network")
        if (self.mode == "canary") != bool(self.canary):
            raise ConfigurationError("--mode canary, --canary: give both, or neither")
        for name in self.cut_offs:
            if name not in places.names.lanes:
                raise ConfigurationError(f"--cut-off: {name!r}; allowed: {', '.join(places.names.arrays.lanes)}")

    def goes_out(self, sku: str) -> bool:
        """Whether orders of a SKU are released."""
        return self.mode == "live" or (self.mode == "canary" and sku in self.canary)

    def cut_off_of(self, places: Places, lane: int) -> time:
        """Until when a lane takes orders on days on which it departs."""
        name = places.names.arrays.lanes[lane]
        return self.cut_offs.get(name, self.cut_offs.get(name.replace("→", "->"), self.cut_off))

"""Min-max on hand-kept records, reviewed once a week: today's practice."""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import NOTHING_COSTLY
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate

REVIEW_WEEKDAY = 0
SAFETY_DAYS = 14.0  # assumption: two weeks, a planner's usual rule of thumb
LOT_DAYS = 28.0  # assumption: order about a month's demand at a time


class MinMax:
    """Every Monday the records are read; what has fallen to its minimum is ordered up to its maximum.

    The minimum is the lead time and two weeks of long-run demand, the maximum four weeks more, unless told otherwise.
    Orders leave with each lane's next open departure, on Monday's figures. Only each node's cheapest way is used:
    nobody expedites, and sister warehouses don't help each other.
    """

    reads = NOTHING_COSTLY

    def __init__(
        self, attributes: NetworkAttributes, *, safety_days: float = SAFETY_DAYS, lot_days: float = LOT_DAYS
    ) -> None:
        """Prepare for a network.

        Args:
            attributes: of the network.
            safety_days: of long-run demand in the minimum, beyond the lead time.
            lot_days: of long-run demand between minimum and maximum.
        """
        self.attributes = attributes
        mean = echelon_rate(attributes, attributes.demand_mean.unsqueeze(0)).clamp(min=LEAST_RATE)
        rate = mean[:, attributes.lane_destination]  # [1, L, S]
        self._minimum = rate * (attributes.lane_lead_days + safety_days)[:, None]
        self._maximum = self._minimum + rate * lot_days
        self._planned: Tensor | None = None  # [B, L, S] units that wait for their lane's next departure

    def begin(self, episodes: int) -> None:
        """Forget last Monday's plan."""
        self._planned = None

    def decide(self, snapshot: Snapshot) -> Decisions:
        """Orders."""
        plan = self._plan(snapshot)
        review = (snapshot.weekday == REVIEW_WEEKDAY)[:, None, None]
        planned = plan if self._planned is None else torch.where(review, plan, self._planned)
        departs = ((snapshot.lane_wait_days < 0.5) & (snapshot.lane_open > 0)).unsqueeze(-1)
        self._planned = torch.where(departs, 0.0, planned)
        return Decisions(torch.where(departs, planned, 0.0))

    def _plan(self, snapshot: Snapshot) -> Tensor:
        known = self.attributes
        at_node = snapshot.on_hand + snapshot.dock + snapshot.in_transit - known.direct_share @ snapshot.backlog
        position = at_node[:, known.lane_destination]
        wanted = torch.where(position <= self._minimum, self._maximum - position, 0.0)
        return wanted * known.lane_primary

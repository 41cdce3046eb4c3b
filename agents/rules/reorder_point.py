"""(s, S): order up to S, and only once it is worth a departure's price."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from entrepot.agents.departures import LEAST_PRICE_USD, departing, log_saving
from entrepot.agents.rules.base_stock import BaseStock
from entrepot.agents.rules.figures import Figure
from entrepot.agents.rules.rule import Ordered, Target, Tuning, register_rule
from entrepot.envs.observe.snapshot import Snapshot


@register_rule("s_S")
class ReorderPoint(BaseStock):
    """As `base_stock`, and a lane lets a departure go by until what it would carry is worth `threshold` of its price.

    S is base stock's target. The goods of a lane share its departures, so that s is one figure a lane: the share of
    the economic order's worth at which to go (`entrepot.agents.departures`). Lanes whose departures cost nothing take
    them all.
    """

    tuned: ClassVar[dict[str, Figure]] = BaseStock.tuned | {"threshold": Figure("threshold", "L", "positive")}

    def ordered(self, snapshot: Snapshot, tuning: Tuning | None = None) -> Ordered:
        """Orders and departures."""
        target = self.target(snapshot)
        wanted = self._up_to(snapshot, target, tuning)
        departs = self._departs(snapshot, target, wanted.detach(), None if tuning is None else tuning.chance)
        if tuning is not None:
            departs = torch.where(tuning.learns[:, None] > 0.5, departs, departs.detach())
        return Ordered((wanted * departs.unsqueeze(-1)).transpose(0, 1), departs.t())

    def _departs(self, snapshot: Snapshot, target: Target, wanted: Tensor, chance: torch.Generator | None) -> Tensor:
        """[L, B] 1 where the departure is taken, 0 where it isn't or there is none; see `departing`."""
        known = self.attributes
        price = known.lane_shipment_usd
        storage = snapshot.storage_price.t()[known.lane_destination].unsqueeze(-1)
        holding = known.value_usd * known.capital_share_per_day + known.volume_m3 * storage
        saved = log_saving(wanted, target.rate.detach(), holding, price[:, None])
        beyond = saved - torch.log(self.values["threshold"])[:, None]
        departs = departing(beyond, (price < LEAST_PRICE_USD)[:, None].expand_as(beyond), chance)
        goes = (snapshot.lane_wait_days < 0.5) & (snapshot.lane_open > 0)
        return torch.where(goes.t(), departs, 0.0)

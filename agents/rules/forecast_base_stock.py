"""Order up to a forecast over lead time and interval, and so many deviations of its error."""

from __future__ import annotations

from typing import ClassVar

import torch

from entrepot.agents.rules.figures import Figure
from entrepot.agents.rules.forecast import deviation_of_day, rate_of_lanes
from entrepot.agents.rules.rule import Target, TunableRule, register_rule
from entrepot.envs.observe.snapshot import Snapshot


@register_rule("forecast_base_stock")
class ForecastBaseStock(TunableRule):
    """Order up to a forecast over a lane's lead time and interval, and `deviations` of its error.

    The error's variance has two parts (Silver, Pyke and Thomas 2016, 'Inventory and production management in supply
    chains'): that of days, which grows with their number, and that of the level, which over D days is off by a share
    of all D of them: σ² = D·σ_day² + (`drift`·D·rate)². Where the fast lane of a node is dear, `deviations` below 0
    keep it for emergencies.
    """

    tuned: ClassVar[dict[str, Figure]] = {
        "deviations": Figure("deviations", "LS"),
        "drift": Figure("drift", "", "positive"),
        "trust": Figure("trust", "T", "shares"),
        "season": Figure("season", "", "share"),
    }

    def target(self, snapshot: Snapshot) -> Target:
        """Of each lane and SKU."""
        known, figures = self.attributes, self.values
        rate = rate_of_lanes(known, snapshot, figures["trust"], figures["season"])
        days = (known.lane_lead_days + known.lane_interval_days)[:, None, None]
        variance = days * deviation_of_day(known, snapshot).square() + (figures["drift"] * days * rate).square()
        units = rate * days + figures["deviations"].unsqueeze(1) * torch.sqrt(variance)
        return Target(units.clamp(min=0.0), rate)

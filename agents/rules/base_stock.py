"""Base stock: order up to a tuned cover of a tuned demand rate on every lane."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from entrepot.agents.rules.figures import STATISTICS, Figure
from entrepot.agents.rules.forecast import rate_of_lanes
from entrepot.agents.rules.rule import Target, TunableRule, register_rule
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot

MIDWAY = (0.0, 0.5, 0.0, 0.5)
"""Trust of a rate midway between the last 28 days and the long run: `envs.order_up_to.demand_rate`."""


@register_rule("base_stock")
class BaseStock(TunableRule):
    """Order up to `cover` days of demand on every lane and SKU.

    The day's demand is that of the last 7, 28 and 91 days and of the long run, in the shares of `trust`, each over the
    seasonal index of its own days and times the index ahead, to the power of `season`.
    """

    tuned: ClassVar[dict[str, Figure]] = {
        "cover": Figure("cover_days", "LS", "positive"),
        "trust": Figure("trust", "T", "shares"),
        "season": Figure("season", "", "share"),
    }

    UNTUNED: ClassVar[dict[str, Any]] = {"trust": dict(zip(STATISTICS, MIDWAY, strict=True)), "season": 0.0}
    """What a base stock of which only covers were tuned has besides."""

    @staticmethod
    def midway_figures(cover: Tensor) -> dict[str, Tensor]:
        """Of covers [L, S] alone: the rate is midway between the last 28 days and the long run, without a season."""
        return {"cover": cover, "trust": cover.new_tensor(MIDWAY), "season": cover.new_zeros(())}

    @classmethod
    def midway(cls, attributes: NetworkAttributes, cover: Tensor) -> Self:
        """The rule of `midway_figures`."""
        return cls(attributes, cls.midway_figures(cover))

    @classmethod
    def opening(cls, attributes: NetworkAttributes, name: str) -> Tensor | None:
        """Covers are told as multiples of the textbook's."""
        return attributes.base_cover_days if name == "cover" else None

    def target(self, snapshot: Snapshot) -> Target:
        """Of each lane and SKU."""
        figures = self.values
        rate = rate_of_lanes(self.attributes, snapshot, figures["trust"], figures["season"])
        return Target(torch.mul(rate, figures["cover"].unsqueeze(1)), rate)

"""What every rule that can be tuned has: figures, and a target on each lane that follows from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from entrepot.agents.rules.figures import Figure, Figures
from entrepot.configs.registry import Registry
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import NOTHING_COSTLY
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import orders_up_to


@dataclass(frozen=True)
class Target:
    """What a rule orders up to."""

    units: Tensor  # [L, B, S]
    rate: Tensor  # [L, B, S] units a day at the lane's destination


@dataclass(frozen=True)
class Tuning:
    """How a rule decides while it is tuned."""

    smoothing_days: float  # rounds off the kink of `orders_up_to`
    learns: Tensor  # [L] 1 where gradients may reach the lane's target and departures
    chance: torch.Generator  # draws the departures that are tried in part


@dataclass(frozen=True)
class Ordered:
    """What a rule orders, and which of the departures that it needs it chose."""

    orders: Tensor  # [B, L, S] units, not rounded
    departs: Tensor | None = None  # [B, L] share of what is wanted that departs; None from a rule that takes them all


class TunableRule(ABC):
    """Orders up to a target on every lane and SKU, the fastest lanes of a node first.

    A new rule is a file in this folder with a class that registers itself, and a YAML in `configs/rule/` that says
    where its tuning starts.
    """

    reads = NOTHING_COSTLY
    tuned: ClassVar[dict[str, Figure]]

    def __init__(self, attributes: NetworkAttributes, figures: Figures) -> None:
        """Args: attributes of the network; a figure of each name in `tuned`."""
        self.attributes = attributes
        self.values = dict(figures)

    @classmethod
    def opening(cls, attributes: NetworkAttributes, name: str) -> Tensor | None:
        """[L, S] what a figure's opening in the YAML is a multiple of; the opening is the figure itself if None."""
        return None

    @abstractmethod
    def target(self, snapshot: Snapshot) -> Target:
        """Of each lane and SKU."""

    def begin(self, episodes: int) -> None:  # noqa: B027
        """Nothing is remembered between days."""

    def decide(self, snapshot: Snapshot) -> Decisions:
        """Orders."""
        return Decisions(self.ordered(snapshot).orders)

    def ordered(self, snapshot: Snapshot, tuning: Tuning | None = None) -> Ordered:
        """Orders and departures.

        Args:
            snapshot: at decision time.
            tuning: how the rule is tuned; None where it isn't.
        """
        target = self.target(snapshot)
        return Ordered(self._up_to(snapshot, target, tuning).transpose(0, 1))

    def _up_to(self, snapshot: Snapshot, target: Target, tuning: Tuning | None) -> Tensor:
        """[L, B, S] units."""
        if tuning is None:
            return orders_up_to(self.attributes, snapshot, target.units)
        units = torch.where(tuning.learns[:, None, None] > 0.5, target.units, target.units.detach())
        width = tuning.smoothing_days * target.rate.detach()
        return orders_up_to(self.attributes, snapshot, units, width=width)


RULES = Registry[type[TunableRule]]()
register_rule = RULES.register
"""Decorate a `TunableRule` so that a YAML's `kind` can name it."""

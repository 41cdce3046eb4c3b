"""Lost sales within a bound: a Lagrange multiplier on lost units, which ascends while validation breaks the bound.

Training minimises cost + multiplier · (units lost), the Lagrangian of 'least cost with no more than so many units lost'
(Bertsekas 1999, 'Nonlinear Programming', section 6.3, dual ascent). The multiplier is the price of one lost unit beside
its margin, in mean margins of the network, the same for every SKU: what counts in the bound is units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.training.evaluation.intervals import ratio_interval
from entrepot.training.evaluation.validation import ValidationFigures
from entrepot.training.pathwise.settings import FREE, PathwiseSettings
from entrepot.training.trainers.job import RuleInValidation

BROKEN_USD_PER_DAY = 1e12
"""Times what is lost over what may be lost: the score of a policy that breaks the bound, above any that keeps it."""
LARGEST_EXCESS = 1.0
"""Of one ascent: a policy that is far off at first says little of what the multiplier must come to."""


@dataclass(frozen=True)
class Kept:
    """Units lost over units that may be lost, all episodes of validation together, and its 95 % interval."""

    ratio: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the whole interval is within the bound: what only seems to keep it may break it elsewhere."""
        return self.high <= 1.0


@dataclass(frozen=True)
class LostSalesBound:
    """How many units may be lost."""

    told: str
    share: float | None  # of demand
    rule: RuleInValidation | None  # or what this rule loses in the same scenarios

    @classmethod
    def of(cls, settings: PathwiseSettings, rule: RuleInValidation | None) -> Self | None:
        """What the settings ask for; None if lost sales are free.

        Args:
            settings: of the trainer.
            rule: the cheapest rule in validation, where the settings ask for it.

        Raises:
            ConfigurationError: it is asked for, and nobody has it.
        """
        if settings.lost_sales == FREE:
            return None
        if isinstance(settings.lost_sales, float):
            return cls(f"at most {settings.lost_sales:.2%} of demand", settings.lost_sales, None)
        if rule is None:
            raise ConfigurationError(
                f"trainer.lost_sales: {settings.lost_sales!r}; the rules are tuned by `entrepot train` alone; allowed "
                f"here: {FREE}, or a share of demand"
            )
        return cls(f"no more than {rule.name}", None, rule)

    def kept_by(self, figures: ValidationFigures) -> Kept:
        """How a policy stands to the bound, paired by episode."""
        lost = figures.lost_units_per_day.numpy()
        if self.rule is not None:
            allowed = self.rule.lost_units_per_day.numpy()
        else:
            allowed = (self.share or 0.0) * figures.asked_units_per_day.numpy()
        if not allowed.any():
            ratio = math.inf if lost.any() else 0.0
            return Kept(ratio, ratio, ratio)
        if not lost.any():
            return Kept(0.0, 0.0, 0.0)
        ratio, low, high = ratio_interval(lost, allowed)
        # Where hardly an episode allows any, resampling has no interval, and nothing says that the bound holds.
        return Kept(ratio, low, high) if np.isfinite(high) else Kept(ratio, 0.0, math.inf)

    def score(self, figures: ValidationFigures) -> float:
        """The cost of a policy that keeps the bound, USD a day; far more of one that doesn't, the nearest first."""
        kept = self.kept_by(figures)
        if kept.holds:
            return figures.cost_usd_per_day
        excess = kept.high if math.isfinite(kept.high) else max(kept.ratio, 1.0)
        return BROKEN_USD_PER_DAY * min(excess, 1e6)

    def told_of(self, best_score: float) -> str:
        """Whether what is kept of a run keeps the bound, in words.

        Args:
            best_score: of the run.
        """
        rule = f"lost sales in validation, {self.told}"
        if best_score < BROKEN_USD_PER_DAY:
            return f"{rule}: kept; of the checkpoints that keep it, the cheapest is the run's policy"
        return (
            f"{rule}: kept by no checkpoint; the run's policy comes nearest, with up to "
            f"{best_score / BROKEN_USD_PER_DAY:.3f} times as many (end of the 95 % interval; where too few episodes "
            "allow any for an interval, the mean, or 1 if that is more)"
        )


@dataclass
class Multiplier:
    """Price of a lost unit beside its margin, in mean margins; never below 0."""

    rate: float  # ascent a validation, per unit of excess over the bound
    value: float = 0.0

    def ascend(self, kept: Kept) -> None:
        """Towards what makes the interval's end touch the bound: up where it is broken, down where there is room."""
        self.value = max(0.0, self.value + self.rate * min(kept.high - 1.0, LARGEST_EXCESS))


def mean_margin_usd(attributes: NetworkAttributes) -> float:
    """USD that a lost unit costs on average over the network's demand."""
    demand = attributes.demand_mean
    return float((demand * attributes.margin_usd).sum() / demand.sum().clamp(min=1e-9))

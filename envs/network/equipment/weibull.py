"""Weibull lives, exactly: hazard, reliability, age replacement and availability.

Of Barlow and Hunter (1960), "Optimum preventive maintenance policies", Operations Research 8(1), the policy of
replacement at a fixed age. A repair or maintenance makes a unit as good as new.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from entrepot.envs.network.columns import Floats

LONGEST = 20.0
"""Scales of life: at a greater age than so many means nothing is gained by waiting on."""


@dataclass(frozen=True)
class WeibullLife:
    """Hours of work to a failure: P(life > t) = exp(-(t/scale)^shape)."""

    mtbf_hours: float
    shape: float

    @classmethod
    def of_scale(cls, scale_hours: float, shape: float) -> Self:
        """The life of a scale in hours."""
        return cls(scale_hours * math.gamma(1 + 1 / shape), shape)

    @cached_property
    def scale_hours(self) -> float:
        """MTBF / Γ(1 + 1/shape)."""
        return self.mtbf_hours / math.gamma(1 + 1 / self.shape)

    def cumulative_hazard(self, age: Floats | float) -> Floats:
        """(t/scale)^shape."""
        return np.asarray(np.asarray(age, dtype=np.float64) / self.scale_hours) ** self.shape

    def reliability(self, age: Floats | float) -> Floats:
        """P(life > t)."""
        hazard: Floats = np.exp(-self.cumulative_hazard(age))
        return hazard

    def mean_life_to(self, age: float) -> float:
        """∫₀ᵗ P(life > u) du: mean hours of work where a unit is replaced at failure or at this age.

        MTBF · P(1/shape, (t/scale)^shape), with the regularised incomplete gamma function P.
        """
        from scipy.special import gammainc  # in entrepot[train]; whoever only looks at equipment needs none of it

        return self.mtbf_hours * float(gammainc(1 / self.shape, float(self.cumulative_hazard(age))))

    def cost_rate(self, age: float, *, planned: float, failure: float) -> float:
        """(c_p R(T) + c_f F(T)) / ∫₀ᵀ R: cost per hour of work of replacement at age T or at failure.

        Args:
            age: T; infinity is run to failure.
            planned: cost of a planned replacement, in any unit: USD, or hours of standstill.
            failure: of one at failure, in the same.
        """
        survives = 0.0 if math.isinf(age) else float(self.reliability(age))
        return float((planned * survives + failure * (1 - survives)) / self.mean_life_to(age))

    def optimal_age(self, *, planned: float, failure: float) -> float:
        """The age of least cost rate in hours of work; infinity where nothing is gained by replacing in time.

        At the optimum, h(T)·∫₀ᵀR − F(T) = c_p / (c_f − c_p); the left side rises from 0 without end where the hazard h
        does (shape above 1), so that the root is the only one. Found by halving.
        """
        if self.shape <= 1 or failure <= planned:
            return math.inf
        if planned == 0:
            return 0.0
        target = planned / (failure - planned)

        def excess(age: float) -> float:
            hazard = self.shape / self.scale_hours * (age / self.scale_hours) ** (self.shape - 1)
            return float(hazard * self.mean_life_to(age) - (1 - self.reliability(age)) - target)

        low, high = 0.0, self.scale_hours
        while excess(high) < 0:
            low, high = high, 2 * high
            if high > LONGEST * self.mtbf_hours:
                return math.inf
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) < 0 else (low, middle)
        return (low + high) / 2

    def availability(self, *, repair_hours: float, maintenance_hours: float = 0.0, age: float = math.inf) -> float:
        """Share of the time at work: mean life to the age over mean cycle; MTBF/(MTBF + MTTR) without maintenance.

        The renewal theorem: a unit that always works while it can.

        Args:
            repair_hours: mean.
            maintenance_hours: of a planned replacement.
            age: of planned replacement; infinity is run to failure.
        """
        return 1 / (1 + self.cost_rate(age, planned=maintenance_hours, failure=repair_hours))

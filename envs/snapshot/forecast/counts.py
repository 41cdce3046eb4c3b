"""Counts with a mean and a variance: quantiles, and how likely and how far they are above a number. NumPy alone.

Negative binomial: r = m²/(v − m) and p = m/v give P(0) = pʳ and P(k + 1) = P(k)·(k + r)/(k + 1)·(1 − p), so that one
walk up the counts serves all cells at once; Poisson where v is not above m. Where the mean is above `MOST_MEAN`, or the
deviation above `MOST_DEVIATION`, units are counted in lots, which keeps the shape m²/v; where that shape is above
`MOST_MEAN` too, the normal is as good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_MEAN, MOST_DEVIATION = 200.0, 50.0
MOST_STEPS = 20_000
"""Of a walk; what lies beyond is taken to be there."""
LEAST_MEAN = 1e-9
LEAST_EXCESS = 1e-6
"""Of the variance over the mean, so that a Poisson is a negative binomial."""
SURE = 1 - 1e-5
"""What is less likely above a number is taken never to be."""
EVERY = 32
"""Steps after which cells that are done with are let go."""


@dataclass(frozen=True)
class _Walk:
    """Cells [C] on their way up the counts."""

    lot: Floats  # units that one step stands for
    r: Floats
    q: Floats  # 1 − p
    first: Floats  # P(0)

    @classmethod
    def of(cls, mean: Floats, variance: Floats) -> _Walk:
        m = np.maximum(mean, LEAST_MEAN)
        lot = np.maximum(np.maximum(m / MOST_MEAN, np.sqrt(variance) / MOST_DEVIATION), 1.0)
        m, v = m / lot, variance / lot**2
        excess = np.maximum(v - m, LEAST_EXCESS * m)
        r = m**2 / excess
        return cls(lot, r, excess / (m + excess), np.exp(-r * np.log1p(excess / m)))

    def at(self, cells: Integers) -> _Walk:
        return _Walk(self.lot[cells], self.r[cells], self.q[cells], self.first[cells])


def quantiles(mean: Floats, variance: Floats, levels: Sequence[float]) -> Floats:
    """[Q, *C] the least count that is not exceeded with each of the probabilities.

    Args:
        mean: [*C] units.
        variance: [*C] units²; the mean's where it is less.
        levels: Q of them, between 0 and 1.
    """
    m, v = mean.ravel(), np.maximum(variance, mean).ravel()
    wanted = np.asarray(levels, np.float64)[:, None]
    found = np.empty((len(levels), len(m)))
    near = _is_normal(m, v)
    z = np.array([NormalDist().inv_cdf(level) for level in levels])[:, None]
    found[:, near] = m[near] + z * np.sqrt(v[near])
    cells = np.flatnonzero(~near)
    walk, below = _Walk.of(m[cells], v[cells]), np.zeros((len(levels), len(cells)))
    lots, here = walk.lot, np.arange(len(cells))
    mass, total, top = walk.first, walk.first.copy(), wanted.max(initial=0.0)
    for count in range(MOST_STEPS):
        below[:, here] += total < wanted
        if count % EVERY == 0:
            left = np.flatnonzero(total < top)
            if not left.size:
                break
            walk, here, mass, total = walk.at(left), here[left], mass[left], total[left]
        mass = mass * ((count + walk.r) / (count + 1)) * walk.q
        total = total + mass
    found[:, cells] = below * lots
    return found.reshape(len(levels), *mean.shape)


def above(mean: Floats, variance: Floats, units: Floats) -> tuple[Floats, Floats]:
    """How likely a count is above a number, and by how much it is above it on average.

    Args:
        mean: [*C] units.
        variance: [*C] units²; the mean's where it is less.
        units: [*C] the numbers; below 0 whatever comes is above.

    Returns:
        [*C] P(D > units), and [*C] E[max(D − units, 0)] in units.
    """
    m, v = mean.ravel(), np.maximum(variance, mean).ravel()
    x = np.broadcast_to(units, mean.shape).ravel().astype(np.float64)
    chance, missing = np.ones_like(m), m - x  # right where x is below 0
    over = x >= 0
    chance[over & (m <= LEAST_MEAN)], missing[over & (m <= LEAST_MEAN)] = 0.0, 0.0
    over &= m > LEAST_MEAN
    near = over & _is_normal(m, v)
    chance[near], missing[near] = _normal_above(m[near], v[near], x[near])
    cells = np.flatnonzero(over & ~near)
    walk = _Walk.of(m[cells], v[cells])
    lots, level = walk.lot, x[cells] / walk.lot
    whole = np.floor(level)
    here = np.arange(len(cells))
    mass, total = walk.first, walk.first.copy()
    left_over, served = np.zeros(len(cells)), np.zeros(len(cells))  # P(D > ⌊x⌋); E[min(D, x)] in lots
    for count in range(MOST_STEPS):
        beyond = np.maximum(1 - total, 0.0)
        served[here] += beyond * np.clip(level[here] - count, 0.0, 1.0)
        left_over[here] = np.where(whole[here] >= count, beyond, left_over[here])
        if count % EVERY == 0:
            left = np.flatnonzero((whole[here] > count) & (total < SURE))
            if not left.size:
                break
            walk, here, mass, total = walk.at(left), here[left], mass[left], total[left]
        mass = mass * ((count + walk.r) / (count + 1)) * walk.q
        total = total + mass
    chance[cells] = left_over
    missing[cells] = np.where(left_over > 1 - SURE, np.maximum(m[cells] - served * lots, 0.0), 0.0)
    return chance.reshape(mean.shape), missing.reshape(mean.shape)


def _is_normal(mean: Floats, variance: Floats) -> NDArray[np.bool_]:
    return np.asarray((mean > MOST_MEAN) & (mean**2 > MOST_MEAN * variance))


def _normal_above(mean: Floats, variance: Floats, units: Floats) -> tuple[Floats, Floats]:
    deviation = np.sqrt(variance)
    z = (units - mean) / deviation
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    # Abramowitz and Stegun (1964), 26.2.17; off by less than 7.5e-8.
    t = 1 / (1 + 0.2316419 * np.abs(z))
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.where(z > 0, density * series, 1 - density * series)
    return tail, deviation * (density - z * tail)

"""Demand of a random network, as what a YAML of the calibrated generator says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.drawn.chance import Chance, rounded
from entrepot.envs.network.drawn.distribution import NetworkDistribution

LEAST_UNITS_PER_DAY = 0.02
MARKET_DEVIATION = 0.6
"""Of markets' sizes, as a logarithm."""
SKU_DEVIATION = 0.4
"""Of how a SKU sells in one market beside its rank, as a logarithm."""
SELLING_SHARE = np.array([[1.0, 1.0], [0.85, 1.0], [0.15, 0.6], [0.05, 0.3]])
SIZE = np.array([[3.0, 30.0], [0.3, 2.0], [2.0, 10.0], [0.2, 1.5]])
"""Of smooth, erratic, intermittent and lumpy demand (Syntetos and Boylan 2005, 'On the categorization of demand
patterns'): how often anyone asks, and the negative binomial's size on those days; ranges are assumptions."""
WEEK, DAY_DEVIATION = 7, 0.3


def draw_sales(
    distribution: NetworkDistribution, markets: Sequence[str], skus: int, most_skus: int | None, chance: Chance
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """What the demand YAML says, and [M, S] units a day.

    Args:
        distribution: ranges.
        markets: names.
        skus: how many SKUs the network sells.
        most_skus: how many of them are kept at the most, of all ranks; all if None.
        chance: the source of draws.
    """
    rng = chance.rng
    ranks = np.arange(skus)
    if most_skus is not None and most_skus < skus:
        ranks = np.sort(rng.choice(skus, most_skus, replace=False))
    by_rank = chance.amount(distribution.top_units_per_day) * (1.0 + ranks) ** -chance.amount(
        distribution.rank_exponent
    )
    size = np.exp(MARKET_DEVIATION * rng.standard_normal((len(markets), 1)))
    own = np.exp(SKU_DEVIATION * rng.standard_normal((len(markets), len(ranks))))
    units = np.maximum(by_rank * size * own, LEAST_UNITS_PER_DAY)
    classes = rng.choice(len(SIZE), len(ranks), p=rng.dirichlet(np.ones(len(SIZE))))
    selling = rng.uniform(SELLING_SHARE[classes, 0], SELLING_SHARE[classes, 1])
    spread = np.exp(rng.uniform(np.log(SIZE[classes, 0]), np.log(SIZE[classes, 1])))
    own_factor = {
        "autocorrelation": chance.amount(distribution.level_autocorrelation),
        "deviation": chance.amount(distribution.level_deviation),
    }
    content: dict[str, Any] = {
        "kind": "calibrated",
        "estimated_from": f"nothing: drawn from the distribution {distribution.name}",
        "window": {"first": "2011-01-01", "last": "2011-12-31"},
        "month_index": _months(chance.amount(distribution.season), rng),
        "weekday_index": _weekdays(rng),
        "shared_factor": {
            "autocorrelation": rounded(rng.uniform(0.0, 0.95)),
            "deviation": chance.amount(distribution.shared_deviation),
        },
        "markets": {
            name: {
                "own_factor": own_factor,
                "rank": list(range(1, len(ranks) + 1)),
                "units_per_day": [rounded(value) for value in row],
                "selling_share": [min(1.0, rounded(value)) for value in selling],
                "size": [rounded(value) for value in spread],
            }
            for name, row in zip(markets, units.tolist(), strict=True)
        },
        "assumed": ["assumed: every figure of demand is drawn at random"],
    }
    return content, units


def _months(amplitude: float, rng: np.random.Generator) -> list[float]:
    month = np.arange(12)
    wave = 1 + amplitude * np.cos(2 * np.pi * (month - rng.integers(12)) / 12)
    return [rounded(value) for value in wave / wave.mean()]


def _weekdays(rng: np.random.Generator) -> list[float]:
    """Every other time all days alike."""
    if rng.random() < 0.5:
        return [1.0] * WEEK
    days = np.exp(DAY_DEVIATION * rng.standard_normal(WEEK))
    return [rounded(value) for value in days * WEEK / days.sum()]

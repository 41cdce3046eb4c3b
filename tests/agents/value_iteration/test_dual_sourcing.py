import numpy as np
import pytest

from entrepot.agents.value_iteration import Optimum, dual_sourcing_optimum

DEMAND = np.full(5, 0.2)
HOLDING, PENALTY = 5.0, 95.0


def optimum(premium: float, difference_days: int = 2) -> Optimum:
    return dual_sourcing_optimum(
        DEMAND,
        1,
        difference_days,
        holding=HOLDING,
        penalty=PENALTY,
        premium=premium,
        positions=(-20, 30),
        largest_fast_order=10,
        largest_slow_order=6,
    )


def one_source(days: int) -> float:
    """Cost of the best base stock over the demand of so many days (the newsvendor's)."""
    total = np.array([1.0])
    for _ in range(days):
        total = np.convolve(total, DEMAND)
    left = np.arange(40)[:, None] - np.arange(len(total))
    return float(((HOLDING * left.clip(min=0) + PENALTY * (-left).clip(min=0)) @ total).min())


def test_where_speed_is_free_all_comes_from_the_fast_source() -> None:
    assert optimum(premium=0).cost == pytest.approx(one_source(2), rel=1e-4)


def test_where_speed_is_dear_all_comes_from_the_slow_source() -> None:
    assert optimum(premium=1000).cost == pytest.approx(one_source(4), rel=1e-4)


def test_in_between_both_together_are_better_than_either() -> None:
    assert optimum(premium=10).cost < min(one_source(2) + 10 * 2, one_source(4)) - 0.1

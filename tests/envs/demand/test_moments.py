import numpy as np
import pytest

from entrepot.envs.demand.moments import moments, open_weeks


def test_moments_of_known_numbers() -> None:
    rng = np.random.default_rng(0)
    units = rng.poisson(4.0, (20, 364, 6)).astype(np.float32)
    found = moments(units)
    assert found.mean_units_per_day == pytest.approx(4.0, rel=0.02)
    assert found.zero_share == pytest.approx(np.exp(-4.0), abs=0.002)
    assert found.coefficient_of_variation == pytest.approx(0.5, rel=0.02)
    assert found.weekly_correlation == pytest.approx(0.0, abs=0.02)
    assert found.weekly_autocorrelation == pytest.approx(0.0, abs=0.05)


def test_skus_that_sell_alike_are_fully_correlated() -> None:
    one = np.random.default_rng(0).poisson(4.0, (3, 364, 1)).astype(np.float32)
    assert moments(np.repeat(one, 5, axis=2)).weekly_correlation == pytest.approx(1.0)


def test_the_mean_correlation_is_that_of_the_correlation_matrix() -> None:
    rng = np.random.default_rng(0)
    units = rng.poisson(np.exp(rng.normal(2, 0.5, (1, 52, 1))).repeat(7, axis=1), (1, 364, 4)).astype(np.float32)
    weekly = np.log1p(units.reshape(52, 7, 4).sum(axis=1))
    matrix = np.corrcoef(weekly.T)
    assert moments(units).weekly_correlation == pytest.approx(matrix[np.triu_indices(4, 1)].mean())


def test_nothing_sold_has_moments_too() -> None:
    found = moments(np.zeros((2, 70, 3), np.float32))
    assert (found.zero_share, found.coefficient_of_variation, found.weekly_correlation) == (1.0, 0.0, 0.0)


def test_a_week_with_a_closed_day_is_not_an_open_week() -> None:
    closed = np.zeros(30, np.bool_)
    closed[[6, 29]] = True
    assert open_weeks(closed).tolist() == [False, True, True, True]

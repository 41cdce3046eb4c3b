from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from entrepot.envs.snapshot.forecast import counts

RNG = np.random.default_rng(0)
MEAN = np.exp(RNG.uniform(-4, 4.5, 200))
VARIANCE = MEAN * (1 + np.exp(RNG.uniform(-5, 3, 200)))
R, P = MEAN**2 / (VARIANCE - MEAN), MEAN / VARIANCE


def test_quantiles_and_chances_are_those_of_the_negative_binomial() -> None:
    levels = (0.025, 0.5, 0.9, 0.975)
    exact = np.array([stats.nbinom.ppf(level, R, P) for level in levels])
    assert np.array_equal(counts.quantiles(MEAN, VARIANCE, levels), exact)
    units = np.floor(MEAN * RNG.uniform(0, 3, 200))
    chance, missing = counts.above(MEAN, VARIANCE, units)
    assert chance == pytest.approx(stats.nbinom.sf(units, R, P), abs=2e-5)
    tails = [stats.nbinom.sf(np.arange(int(x)), r, p).sum() for x, r, p in zip(units, R, P, strict=True)]
    assert missing == pytest.approx(MEAN - tails, abs=2e-3)


def test_a_variance_below_the_mean_is_a_poisson() -> None:
    mean = np.array([0.5, 4.0, 150.0])
    found = counts.quantiles(mean, np.zeros(3), (0.1, 0.9))
    assert np.array_equal(found, [stats.poisson.ppf(0.1, mean), stats.poisson.ppf(0.9, mean)])


@pytest.mark.parametrize("dispersion", [1e-4, 0.02, 2.0])
def test_large_means_are_off_by_no_more_than_a_lot(dispersion: float) -> None:
    mean = np.array([300.0, 5_000.0, 80_000.0])
    variance = mean + dispersion * mean**2
    r = 1 / dispersion
    exact = stats.nbinom.ppf(0.9, r, mean / variance)
    assert counts.quantiles(mean, variance, (0.9,))[0] == pytest.approx(exact, rel=0.015)
    chance, _ = counts.above(mean, variance, 1.1 * mean)
    assert chance == pytest.approx(stats.nbinom.sf(1.1 * mean, r, mean / variance), abs=0.01)


def test_nothing_asked_for_is_never_above_what_is_there_and_less_than_nothing_always_is_below() -> None:
    chance, missing = counts.above(np.array([0.0, 3.0]), np.array([0.0, 3.0]), np.array([0.0, -2.0]))
    assert chance.tolist() == [0.0, 1.0]
    assert missing.tolist() == [0.0, 5.0]

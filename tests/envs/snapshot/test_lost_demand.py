"""Estimates of demand of which only sales are known, against distributions summed up term by term."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from entrepot.envs.observe.asked import asked as asked_of_tensors
from entrepot.envs.observe.knowledge import Knowledge
from entrepot.envs.snapshot import statistics
from entrepot.envs.snapshot.lost_demand import MOST_DISPERSION, after_sales, given_at_least, season_of_day
from entrepot.envs.snapshot.statistics import SQUARE

DAYS, MARKETS, SKUS = 40, 3, 5


@pytest.mark.parametrize("mean", [0.02, 0.5, 3.0, 40.0, 300.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.5, 5.0])
def test_the_estimate_is_the_conditional_mean_of_the_distribution(mean: float, dispersion: float) -> None:
    demand = stats.poisson(mean) if dispersion == 1 else stats.nbinom(mean / (dispersion - 1), 1 / dispersion)
    units = np.arange(int(6 * mean + 60 * dispersion))
    chance = demand.pmf(units)
    for sales in (0, 1, int(0.8 * mean), int(mean) + 2, int(2 * mean) + 3):
        tail = chance[sales:] / chance[sales:].sum()
        found = given_at_least(np.float64(sales), mean, dispersion)
        np.testing.assert_allclose(found.units, units[sales:] @ tail, rtol=0.02)
        np.testing.assert_allclose(found.square, units[sales:] ** 2 @ tail, rtol=0.04)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dispersion", [10.0, 30.0, MOST_DISPERSION])
def test_where_demand_is_lumpy_the_estimate_is_the_conditional_mean_as_well(
    dispersion: float, dtype: type[np.floating]
) -> None:
    for mean in (0.02, 0.5, 2.0, 20.0, 100.0):
        demand = stats.nbinom(mean / (dispersion - 1), 1 / dispersion)
        units = np.arange(int(6 * mean + 60 * dispersion))
        chance = demand.pmf(units)
        for sales in (0, 1, 10, int(0.8 * mean), int(2 * mean) + 3, int(mean + 2 * dispersion)):
            tail = chance[sales:] / chance[sales:].sum()
            found = given_at_least(dtype(sales), dtype(mean), dtype(dispersion))
            np.testing.assert_allclose(found.units, units[sales:] @ tail, rtol=1e-4)
            np.testing.assert_allclose(found.square, units[sales:] ** 2 @ tail, rtol=1e-4)


@pytest.mark.parametrize(("dispersion", "mean", "within"), [(30.0, 510.0, 0.06), (MOST_DISPERSION, 1680.0, 0.09)])
def test_where_much_is_sold_and_demand_lumpy_the_estimate_is_too_high_by_what_it_says(
    dispersion: float, mean: float, within: float
) -> None:
    demand = stats.nbinom(mean / (dispersion - 1), 1 / dispersion)
    sales = np.arange(1, int(4 * mean), 7)
    exact = mean + sales * dispersion * demand.pmf(sales) / demand.sf(sales - 1)
    excess = given_at_least(sales.astype(np.float64), mean, dispersion).units / exact - 1
    assert excess.min() > -1e-3
    assert excess.max() < within


def test_where_nothing_was_sold_it_is_what_was_known_before() -> None:
    found = given_at_least(np.zeros(3), np.array([0.1, 2.0, 90.0]), 3.0)
    np.testing.assert_allclose(found.units, [0.1, 2.0, 90.0])


def test_it_is_never_less_than_was_sold_and_its_square_never_less_than_its_own() -> None:
    rng = np.random.default_rng(0)
    sales, mean = rng.integers(0, 400, 20_000), 10 ** rng.uniform(-3, 3, 20_000)
    found = given_at_least(sales.astype(np.float32), mean.astype(np.float32), np.float32(1) + 99 * rng.random(20_000))
    assert (found.units >= sales).all()
    assert (found.square >= 0.999999 * found.units**2).all()


def test_days_on_which_nothing_ran_out_teach_what_demand_itself_does() -> None:
    daily = np.random.default_rng(0).poisson(4.0, (DAYS, MARKETS, SKUS)).astype(np.float64)
    daily[3, 1] = np.nan
    opening = statistics.opening_statistics(np.full((MARKETS, SKUS), 3.0))
    found = after_sales(opening, daily, np.zeros(daily.shape, bool), np.ones(DAYS))
    for name, values in statistics.after(opening, daily).items():
        np.testing.assert_allclose(found[name], values, err_msg=name)


def test_the_twin_estimates_what_the_live_side_does() -> None:
    rng = np.random.default_rng(1)
    sales = rng.poisson(4.0, (DAYS, MARKETS, SKUS)).astype(np.float64)
    sold_out = rng.random(sales.shape) < 0.3
    outlook = rng.uniform(0.5, 1.5, (DAYS, 15))
    rate = np.full((MARKETS, SKUS), 3.0)
    live = after_sales(statistics.opening_statistics(rate), sales, sold_out, season_of_day(outlook))
    known = Knowledge.opening(torch.tensor(rate), episodes=1)
    for day in range(DAYS):
        short, season = torch.tensor(sold_out[day : day + 1]), torch.tensor(outlook[day : day + 1])
        known = known.after(*asked_of_tensors(known, torch.tensor(sales[day : day + 1]), short, season))
    for name, values in live.items():
        np.testing.assert_allclose(getattr(known, name)[0], values, rtol=1e-9, err_msg=name)


def test_estimates_come_nearer_to_demand_than_sales_and_than_leaving_out_days_that_ran_out() -> None:
    """Stock of which there is often too little: what is sold is cut off at it."""
    rng = np.random.default_rng(2)
    demand = rng.negative_binomial(2.0, 2 / (2 + 6.0), (4000, MARKETS, SKUS)).astype(np.float64)
    stock = rng.integers(0, 16, demand.shape)
    sales, sold_out = np.minimum(demand, stock), demand >= stock
    opening = statistics.opening_statistics(np.full((MARKETS, SKUS), 6.0))
    opening[SQUARE] = np.full((MARKETS, SKUS), 6.0 * 4 + 36.0)

    def bias(found: dict[str, np.ndarray]) -> float:
        return abs(float(found["demand_quarter"].mean()) - 6.0)

    estimated = bias(after_sales(opening, sales, sold_out, np.ones(len(sales))))
    assert estimated < 0.5
    assert estimated < bias(statistics.after(opening, sales))
    assert estimated < bias(statistics.after(opening, np.where(sold_out, np.nan, sales)))

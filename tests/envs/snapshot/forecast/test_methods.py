from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.forecast import KnownDemand, method_named, method_names
from entrepot.envs.snapshot.schema import SNAPSHOT_FIELDS

FIRST = calendar.day_number("2024-01-01")
FLAT = np.ones(12)
DAYS = (1, 7, 28)


def poisson(days: int = 420, cells: int = 60) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Daily sums [T, C], and the rates [C] they were drawn with."""
    rng = np.random.default_rng(1)
    rate = np.exp(rng.uniform(-2, 2.5, cells))
    return rng.poisson(rate, (days, cells)).astype(np.float64), rate


@pytest.mark.parametrize("name", method_names())
def test_every_method_is_close_on_steady_demand_and_its_intervals_hold_what_they_should(name: str) -> None:
    daily, rate = poisson()
    found = method_named(name)(KnownDemand.of_daily(daily, FIRST, FLAT), DAYS)
    assert found.mean.shape == found.variance.shape == (3, 60)
    expected = np.outer(DAYS, rate)
    assert found.mean[2].sum() == pytest.approx(expected[2].sum(), rel=0.15)
    low, high = found.quantiles((0.025, 0.975))
    drawn = np.random.default_rng(2).poisson(expected, (200, 3, 60))
    assert ((drawn >= low) & (drawn <= high)).mean() > 0.85  # the naive one is at 0.89
    assert (np.diff(found.quantiles((0.1, 0.5, 0.9)), axis=0) >= 0).all()


@pytest.mark.parametrize("name", method_names())
def test_cells_are_forecast_together_as_they_are_alone(name: str) -> None:
    daily, _ = poisson(100, 6)
    method = method_named(name)
    index = KnownDemand.of_daily(daily, FIRST, FLAT).weekday_index  # all cells tell of weekdays together

    def known(units: NDArray[np.float64]) -> KnownDemand:
        found = KnownDemand.of_daily(units, FIRST, FLAT)
        return KnownDemand(**{**found.__dict__, "weekday_index": index})

    together, square = method(known(daily), DAYS), method(known(daily.reshape(100, 2, 3)), DAYS)
    alone = method(known(daily[:, 4:5]), DAYS)
    assert square.mean.reshape(3, 6) == pytest.approx(together.mean)
    assert alone.mean[:, 0] == pytest.approx(together.mean[:, 4])
    assert alone.variance[:, 0] == pytest.approx(together.variance[:, 4])


def test_seasonal_naive_repeats_the_last_week() -> None:
    daily = np.arange(1.0, 15.0)[:, None]  # the last week: 8 to 14
    found = method_named("seasonal_naive")(KnownDemand.of_daily(daily, FIRST, FLAT), (2, 7, 9))
    assert found.mean[:, 0].tolist() == [8 + 9, 77, 77 + 8 + 9]


def test_a_month_that_sells_twice_as_much_is_forecast_so() -> None:
    index = np.ones(12)
    index[1] = 2.0  # February
    daily = np.full((31, 1), 10.0)
    for name in ("exponential", "negative_binomial", "tsb"):
        found = method_named(name)(KnownDemand.of_daily(daily, FIRST, index), (7,))
        assert found.mean[0, 0] == pytest.approx(140, rel=0.2)


def test_a_day_that_is_shut_is_expected_to_sell_nothing() -> None:
    daily = np.full((140, 1), 6.0)
    daily[5::7] = 0.0  # Saturdays: 2024 began on a Monday
    known = KnownDemand.of_daily(daily[:-2], FIRST, FLAT)  # it is Saturday
    for name in method_names():
        assert method_named(name)(known, (1,)).mean[0, 0] == pytest.approx(0.0, abs=1e-9)


def test_a_snapshot_gives_what_its_daily_sums_give_where_no_weekday_is_told() -> None:
    daily, _ = poisson(400, 4)
    known = KnownDemand.of_daily(daily, FIRST, FLAT)
    arrays = {
        "demand_fast": known.fast,
        "demand_slow": known.slow,
        "demand_quarter": known.quarter,
        "demand_square": known.square,
    }
    snapshot = {name: SNAPSHOT_FIELDS[name].array(values.reshape(1, 2, 2)) for name, values in arrays.items()}
    snapshot |= {"season_ahead": np.ones((1, 15)), "weekday": np.array([int(known.weekday)])}
    assert known.mean is not None
    assert known.deviation is not None
    shown = KnownDemand.of_snapshot(snapshot, mean=known.mean.reshape(2, 2), deviation=known.deviation.reshape(2, 2))
    for name in ("exponential", "negative_binomial"):
        one, other = (method_named(name)(each, (7, 14)) for each in (known, shown))
        assert other.mean.reshape(2, 4) == pytest.approx(one.mean, rel=1e-5)
        assert other.variance.reshape(2, 4) == pytest.approx(one.variance, rel=1e-4)


def test_what_passes_through_nodes_is_the_sum_of_markets() -> None:
    daily, _ = poisson(200, 6)
    known = KnownDemand.of_daily(daily.reshape(200, 3, 2), FIRST, FLAT)
    share = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    at_nodes = known.through(share)
    own = KnownDemand.of_daily(np.einsum("nm,tms->tns", share, daily.reshape(200, 3, 2)), FIRST, FLAT)
    assert at_nodes.slow == pytest.approx(own.slow)
    assert at_nodes.daily == pytest.approx(own.daily)
    assert at_nodes.square[1] == pytest.approx(own.square[1])


def test_what_needs_daily_sums_says_so_of_a_snapshot() -> None:
    one = np.ones((1, 1, 1))
    arrays = {f"demand_{name}": one for name in ("fast", "slow", "quarter", "square")}
    known = KnownDemand.of_snapshot({**arrays, "season_ahead": np.ones((1, 15)), "weekday": np.array([0])})
    for name in ("seasonal_naive", "tsb"):
        with pytest.raises(ConfigurationError, match=f"{name}.*daily sums"):
            method_named(name)(known, (7,))
    with pytest.raises(ConfigurationError, match="forecast: 'guess'; allowed: exponential"):
        method_named("guess")
    with pytest.raises(ConfigurationError, match="no days"):
        KnownDemand.of_daily(np.zeros((0, 2)), FIRST, FLAT)

"""Against numerical integration, simulation and what is known by heart."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.envs.network.equipment.weibull import WeibullLife

shapes = st.floats(0.6, 6.0)


@settings(max_examples=25, deadline=None)
@given(shapes, st.floats(1.0, 10_000.0))
def test_the_scale_gives_the_mean_life_asked_for(shape: float, mtbf: float) -> None:
    life = WeibullLife(mtbf, shape)
    assert life.scale_hours * math.gamma(1 + 1 / shape) == pytest.approx(mtbf)
    assert life.mean_life_to(60 * mtbf) == pytest.approx(mtbf, rel=1e-3)


@settings(max_examples=25, deadline=None)
@given(shapes, st.floats(0.01, 3.0))
def test_the_mean_life_to_an_age_is_the_area_under_reliability(shape: float, scales: float) -> None:
    life = WeibullLife(500.0, shape)
    age = scales * life.scale_hours
    hours = np.linspace(0, age, 20_001)
    assert life.mean_life_to(age) == pytest.approx(np.trapezoid(life.reliability(hours), hours), rel=3e-5)


def test_a_life_of_shape_1_has_a_constant_cost_rate_s_limit_and_no_best_age() -> None:
    life = WeibullLife(500.0, 1.0)
    assert life.mean_life_to(500.0) == pytest.approx(500 * (1 - math.exp(-1)), rel=1e-9)
    assert math.isinf(life.optimal_age(planned=1.0, failure=10.0))
    assert life.cost_rate(math.inf, planned=1.0, failure=10.0) == pytest.approx(10 / 500)
    assert all(life.cost_rate(age, planned=1.0, failure=10.0) > 10 / 500 for age in (50.0, 500.0, 5000.0))


@settings(max_examples=25, deadline=None)
@given(st.floats(1.1, 5.0), st.floats(1.5, 50.0))
def test_no_age_costs_less_than_the_best_one(shape: float, dearer: float) -> None:
    life = WeibullLife(500.0, shape)
    best = life.optimal_age(planned=1.0, failure=dearer)
    rate = life.cost_rate(best, planned=1.0, failure=dearer)
    ages = [*np.geomspace(1.0, 20_000.0, 300), math.inf]
    assert rate <= min(life.cost_rate(float(age), planned=1.0, failure=dearer) for age in ages) + 1e-12


def test_maintenance_that_is_no_cheaper_than_repair_is_never_worth_it() -> None:
    life = WeibullLife(500.0, 3.0)
    assert math.isinf(life.optimal_age(planned=2.0, failure=2.0))
    assert life.optimal_age(planned=0.0, failure=2.0) == 0.0


def test_availability_without_maintenance_is_mtbf_over_mtbf_and_mttr() -> None:
    for shape in (1.0, 2.0, 3.0):
        assert WeibullLife(500.0, shape).availability(repair_hours=20.0) == pytest.approx(500 / 520)


def test_availability_with_maintenance_is_that_of_simulated_cycles() -> None:
    life, age, rng = WeibullLife(500.0, 3.0), 400.0, np.random.default_rng(0)
    lives = life.scale_hours * rng.weibull(life.shape, 400_000)
    up, down = np.minimum(lives, age), np.where(lives < age, 20.0, 4.0)
    expected = life.availability(repair_hours=20.0, maintenance_hours=4.0, age=age)
    assert up.sum() / (up.sum() + down.sum()) == pytest.approx(expected, abs=2e-4)

"""How demand could go on after a day, of the models that know."""

from dataclasses import replace

import numpy as np
import pytest

from entrepot.envs.demand import Split
from entrepot.envs.demand.calibrated import CalibratedDemand
from entrepot.envs.demand.model import ContinuedDemand
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.demand.stationary import StationaryDemand
from entrepot.envs.world import build_world
from tests.worlds.tiny import tiny_world

EPISODES, DAYS = 3, 42


def plain(model: CalibratedDemand) -> CalibratedDemand:
    """Little but its levels varies: large units on every day, and no season."""
    season = replace(model.season, month_index=np.ones(12), weekday_index=np.ones(7), closed_days=())
    everywhere = np.ones_like(model.selling_share)
    return replace(
        model, mean_units_per_day=1e4 * everywhere, selling_share=everywhere, size=1e6 * everywhere, season=season
    )


@pytest.fixture(scope="module")
def calibrated() -> CalibratedDemand:
    model = tiny_world().demand
    assert isinstance(model, CalibratedDemand)
    return plain(model)


def test_what_is_hidden_are_the_levels_that_the_demand_was_drawn_around(calibrated: CalibratedDemand) -> None:
    first = np.full(EPISODES, 15000)
    units = calibrated.sample(first, DAYS, Split.TEST, np.random.default_rng(3))
    factor = calibrated.hidden(EPISODES, DAYS, Split.TEST, np.random.default_rng(3)).factor(calibrated)
    np.testing.assert_allclose(units, 1e4 * np.repeat(factor, 7, axis=1), rtol=0.08)


def test_futures_have_the_days_own_level_in_its_week_and_others_later(
    calibrated: CalibratedDemand,
) -> None:
    hidden = calibrated.hidden(EPISODES, DAYS, Split.TEST, np.random.default_rng(3))
    now = hidden.factor(calibrated)[1, 2]
    futures = calibrated.futures(hidden, 1, 15000, 17, 18, 400, np.random.default_rng(4))
    assert futures.shape == (400, 18, *now.shape)
    np.testing.assert_allclose(futures[:, :4].mean(axis=0), np.broadcast_to(1e4 * now, (4, *now.shape)), rtol=0.01)
    later = futures[:, 4:11].mean(axis=1) / 1e4
    assert later.std(axis=0).min() > 0.05


def test_futures_of_a_far_day_are_distributed_as_the_demand_itself(calibrated: CalibratedDemand) -> None:
    hidden = calibrated.hidden(1, 7, Split.TEST, np.random.default_rng(3))
    futures = calibrated.futures(hidden, 0, 15000, 0, 7 * 30, 300, np.random.default_rng(4))[:, -1]
    drawn = calibrated.sample(np.full(300, 15000), 7, Split.TEST, np.random.default_rng(5))[:, -1]
    np.testing.assert_allclose(np.log(futures).mean(axis=0), np.log(drawn).mean(axis=0), atol=0.25)
    np.testing.assert_allclose(np.log(futures).std(axis=0), np.log(drawn).std(axis=0), rtol=0.25)


def test_of_stationary_demand_every_day_can_be_continued() -> None:
    demand = build_world("classic/lost_sales_lead_1_penalty_4", DemandSettings(name="classic/poisson_5")).demand
    assert isinstance(demand, StationaryDemand)
    assert isinstance(demand, ContinuedDemand)
    futures = demand.futures(None, 0, 20000, 3, 50, 20, np.random.default_rng(0))
    assert futures.shape == (20, 50, 1, 1)
    assert futures.mean() == pytest.approx(5, abs=0.3)
    later = demand.futures(None, 0, 20000, 13, 30, 20, np.random.default_rng(0))
    np.testing.assert_array_equal(later, futures[:, 10:40])


def test_copies_that_begin_on_other_days_share_the_numbers_of_the_days_they_share(
    calibrated: CalibratedDemand,
) -> None:
    hidden = calibrated.hidden(1, DAYS, Split.TEST, np.random.default_rng(3))
    early, late, other = (
        calibrated.futures(hidden, 0, 15000, day, 35 - day, 300, np.random.default_rng(seed))[:, -1].ravel()
        for day, seed in ((3, 4), (10, 4), (10, 5))
    )
    assert np.corrcoef(early, late)[0, 1] > 0.8
    assert abs(np.corrcoef(early, other)[0, 1]) < 0.9 * np.corrcoef(early, late)[0, 1]

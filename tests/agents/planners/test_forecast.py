from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from entrepot.agents.planners.forecast import HORIZONS, QUANTILES, Forecaster
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.network import NetworkArrays
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.envs.twin import draw_scenario, opening_state
from entrepot.envs.world import World
from tests.poisson_demand import PoissonDemand
from tests.worlds import small_network
from tests.worlds.tiny import first_snapshot


def test_after_a_usual_past_the_usual_is_forecast_in_its_season(world: World, forecaster: Forecaster) -> None:
    snapshot = first_snapshot(world)
    season = snapshot.season_ahead
    mean = world.attributes.demand_mean
    seen: dict[str, Any] = {
        "demand_fast": mean * season[:, 0, None, None],
        "demand_slow": mean * season[:, 0, None, None],
        "demand_quarter": mean * season[:, 1, None, None],
    }
    forecast = forecaster.weekly(replace(snapshot, **seen))
    expected = season[:, 2:, None, None] * mean
    np.testing.assert_allclose(forecast, expected.numpy(), rtol=1e-4)


def test_more_sales_than_usual_raise_the_forecast(world: World, forecaster: Forecaster) -> None:
    snapshot = first_snapshot(world)
    seen: dict[str, Any] = {
        name: 2 * getattr(snapshot, name) for name in ("demand_fast", "demand_slow", "demand_quarter")
    }
    more = replace(snapshot, **seen)
    assert (forecaster.weekly(more) > forecaster.weekly(snapshot)).all()


def test_where_sales_are_pure_chance_the_past_counts_for_little() -> None:
    network = small_network()
    arrays, demand = NetworkArrays.from_description(network), PoissonDemand.of(network, 10.0)
    attributes = NetworkAttributes.from_arrays(arrays, demand.mean_units_per_day)
    forecaster = Forecaster.fit(arrays, attributes, demand, episodes=400)
    assert np.abs(forecaster.weights).max() < 0.2
    # 28 days of Poisson(10) deviate by sqrt(280); 90 % stay below 1.28 of that.
    error = forecaster.errors[QUANTILES.index(0.9), HORIZONS.index(28), 1, 0] * 280
    assert error == pytest.approx(1.28 * np.sqrt(280), rel=0.35)


def test_demand_stays_below_the_quantiles_as_often_as_they_say(world: World, forecaster: Forecaster) -> None:
    """On scenarios of the training window that the errors were not measured on."""
    days, ahead = 98, 28
    scenario = draw_scenario(world.network, world.demand, episodes=200, days=days + ahead, split=Split.TRAIN, seed=5)
    simulation = world.simulation()
    present = simulation.begin(opening_state(world.parameters, torch.zeros(2, 4), episodes=200))
    nothing = Decisions(torch.zeros(200, world.parameters.lanes, 4))
    present = simulation.run(present, scenario, lambda _: nothing, days=days)
    snapshot = simulation.observe(present, scenario.at(days))
    expected = forecaster.weekly(snapshot)[:, : ahead // 7].sum(axis=1) * 7
    actual = scenario.demand[:, days:].sum(dim=1).double().numpy()
    share = world.attributes.echelon_share.double().numpy()
    missed = np.einsum("nms,bms->bns", share, actual - expected)
    usual = np.einsum("nms,ms->ns", share, forecaster.mean) * ahead
    for quantile in (0.8, 0.95):
        level = forecaster.errors[QUANTILES.index(quantile), HORIZONS.index(ahead)] * usual
        assert (missed <= level).mean() == pytest.approx(quantile, abs=0.06)

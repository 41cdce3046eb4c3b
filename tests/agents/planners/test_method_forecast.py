from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from entrepot.agents.planners.forecast import HORIZONS, QUANTILES
from entrepot.agents.planners.method_forecast import MethodForecaster
from entrepot.agents.planners.mpc import ModelPredictive
from entrepot.configs.errors import ConfigurationError
from tests.worlds.tiny import first_snapshot, tiny_world

WORLD = tiny_world()
OURS = MethodForecaster.of_method(WORLD.attributes)


def test_after_a_usual_past_the_usual_is_forecast_in_its_season() -> None:
    snapshot, mean = first_snapshot(WORLD), WORLD.attributes.demand_mean
    season = snapshot.season_ahead
    seen = replace(
        snapshot,
        demand_fast=mean * season[:, 2, None, None],
        demand_slow=mean * season[:, 0, None, None],
        demand_quarter=mean * season[:, 1, None, None],
    )
    expected = season[:, 2:, None, None] * mean
    np.testing.assert_allclose(OURS.weekly(seen), expected.numpy(), rtol=1e-4)


def test_what_a_sum_may_be_off_grows_with_the_quantile_and_shrinks_with_the_days() -> None:
    assert OURS.errors.shape == (len(QUANTILES), len(HORIZONS), len(WORLD.network.nodes), len(WORLD.network.skus))
    assert (np.diff(OURS.errors, axis=0) >= 0).all()
    assert (OURS.errors[-1, -1] <= OURS.errors[-1, 0]).all()


def test_the_planner_decides_by_it() -> None:
    planner = ModelPredictive(WORLD.parameters, WORLD.attributes, OURS)
    planner.begin(3)
    snapshot = first_snapshot(WORLD)
    orders = planner.decide(replace(snapshot, on_hand=torch.zeros_like(snapshot.on_hand))).orders
    assert torch.isfinite(orders).all()
    assert (orders >= 0).all()


def test_a_method_that_needs_daily_sums_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="daily sums"):
        MethodForecaster.of_method(WORLD.attributes, "tsb")

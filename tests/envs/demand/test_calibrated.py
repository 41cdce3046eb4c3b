from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from entrepot.configs.loader import ConfigurationError, locate, read_yaml
from entrepot.envs.demand import Split, demand_kinds, load_demand
from entrepot.envs.demand.calibrated import CalibratedDemand
from entrepot.envs.demand.moments import moments
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.snapshot import calendar
from tests.envs.demand.conftest import network_of


def content(**changes: Any) -> dict[str, Any]:
    market = {"rank": [1, 16], "units_per_day": [8.0, 2.0], "selling_share": [0.9, 0.6], "size": [2.0, 1.0]}
    return {
        "kind": "calibrated",
        "estimated_from": "made-up figures",
        "window": {"first": "2022-01-01", "last": "2023-01-01"},
        "month_index": [0.8, 1.2] * 6,
        "weekday_index": [1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0],
        "closed_days": ["12-25", "12-26"],
        "shared_factor": {"autocorrelation": 0.5, "deviation": 0.3},
        "markets": {"busy": market, "thin": {**market, "selling_correlation": 0.6}},
        **changes,
    }


def built(skus: int = 16, **changes: Any) -> CalibratedDemand:
    model = load_demand(content(**changes), network_of(skus))
    assert isinstance(model, CalibratedDemand)
    return model


def year(
    model: CalibratedDemand, split: Split = Split.TRAIN, episodes: int = 60, seed: int = 0
) -> np.ndarray[Any, Any]:
    first = np.full(episodes, calendar.day_number("2022-01-01"))
    return model.sample(first, 365, split, np.random.default_rng(seed))


@pytest.mark.parametrize("network", ["kreen", "two_warehouses"])
@pytest.mark.parametrize("skus", [32, 200, 2000])
def test_the_shipped_figures_serve_both_networks_with_any_number_of_skus(network: str, skus: int) -> None:
    arrays = NetworkArrays.from_description(load_network(network, skus=skus))
    model = load_demand("calibrated", arrays)
    rng = np.random.default_rng(0)
    drawn = model.sample(model.first_days(2, rng), 30, Split.TEST, rng)
    assert drawn.shape == (2, 30, len(arrays.markets), skus)
    assert drawn.sum() > 0
    assert model.mean_units_per_day.shape == (len(arrays.markets), skus)
    assert model.month_index.shape == (12,)


def test_the_shipped_figures_name_their_source_and_their_proxies() -> None:
    summary = load_demand("calibrated", NetworkArrays.from_description(load_network("kreen"))).summary
    assert "Online Retail II, doi:10.24432/C5CG6D, CC BY 4.0" in summary
    assert "us_amazon ← United Kingdom" in summary
    assert "vn_own ← Netherlands" in summary
    assert set(read_yaml(locate("demand", "calibrated"))["markets"]) >= {"online", "us_amazon"}


def test_a_sample_is_whole_units_and_zero_on_closed_days() -> None:
    model = built()
    drawn = year(model, episodes=4)
    assert drawn.dtype == np.float32
    assert (drawn >= 0).all()
    assert (drawn == np.floor(drawn)).all()
    day = calendar.day_number("2022-01-01") + np.arange(365)
    closed = (calendar.weekday(day) >= 5) | np.isin(calendar.month_day(day), (1225, 1226))
    assert drawn[:, closed].sum() == 0
    assert (drawn[:, ~closed].sum(axis=(0, 2, 3)) > 0).all()


def test_the_year_s_mean_is_the_one_promised() -> None:
    model = built()
    np.testing.assert_allclose(year(model, episodes=200).mean(axis=(0, 1)), model.mean_units_per_day, rtol=0.08)


def test_months_have_their_index() -> None:
    model = built()
    total = year(model, episodes=200).sum(axis=(2, 3)).mean(axis=0)
    month = calendar.month(calendar.day_number("2022-01-01") + np.arange(365))
    seen = np.array([total[month == index].mean() for index in range(12)])
    np.testing.assert_allclose(seen / seen.mean(), model.month_index, atol=0.1)


def test_splits_and_seeds_draw_different_numbers_and_the_same_seed_the_same() -> None:
    model = built()
    np.testing.assert_array_equal(year(model, seed=1), year(model, seed=1))
    assert (year(model, seed=1) != year(model, seed=2)).any()
    samples = [year(model, split, seed=1) for split in Split]
    assert (samples[0] != samples[1]).any()
    assert (samples[1] != samples[2]).any()


def test_selling_days_fall_together_as_far_as_they_should_and_as_often_as_before() -> None:
    drawn = year(built(shared_factor={"deviation": 0.0}))
    apart, together = moments(drawn[:, :, 0]), moments(drawn[:, :, 1])
    assert together.zero_share == pytest.approx(apart.zero_share, abs=0.01)
    assert abs(apart.weekly_correlation) < 0.1
    assert together.weekly_correlation > apart.weekly_correlation + 0.1


def test_the_shared_factor_moves_markets_together_and_a_sku_s_own_lasts_over_weeks() -> None:
    own = {**content()["markets"]["busy"], "own_factor": {"autocorrelation": 0.9, "deviation": 0.8}}
    without = moments(year(built(shared_factor={"deviation": 0.0}))[:, :, 0])
    shared = moments(year(built(shared_factor={"deviation": 0.6}))[:, :, 0])
    lasting = moments(year(built(markets={"busy": own, "thin": own}))[:, :, 0])
    assert shared.weekly_correlation > without.weekly_correlation + 0.2
    assert lasting.weekly_autocorrelation > without.weekly_autocorrelation + 0.3


def test_ranks_between_those_given_are_interpolated_and_beyond_them_begin_anew() -> None:
    mean = built(skus=20).mean_units_per_day[0]
    assert mean[0] == pytest.approx(8.0)
    assert mean[3] == pytest.approx(4.0)  # halfway between 1 and 16 on a logarithmic axis
    assert mean[15] == pytest.approx(2.0)
    np.testing.assert_allclose(mean[16:], mean[:4])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"markets": {"busy": content()["markets"]["busy"]}},
            "demand: markets.thin: missing; the file has figures for: busy",
        ),
        ({"month_index": [1.0] * 11}, "demand: month_index: List should have at least 12 items"),
        ({"closed_days": ["25-12"]}, "demand: closed_days.0.: String should match pattern"),
        (
            {"shared_factor": {"deviations": 1}},
            "shared_factor.deviations: unknown key .value 1.; allowed: autocorrelation, deviation",
        ),
        ({"markets": {"busy": {**content()["markets"]["busy"], "rank": [1]}}}, "must be equally long"),
        ({"markets": {"busy": {**content()["markets"]["busy"], "rank": [3, 2]}}}, "rank must rise"),
    ],
)
def test_wrong_figures_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        built(**changes)


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    assert {"calibrated", "history"} <= set(demand_kinds())
    with pytest.raises(ConfigurationError, match="demand: kind: 'guessed'; allowed: calibrated, history"):
        load_demand({"kind": "guessed"}, network_of(2))

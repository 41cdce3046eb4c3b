from typing import Any

import numpy as np
import pytest

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import DemandModel, Split, load_demand
from entrepot.envs.demand.stationary import StationaryDemand
from tests.envs.demand.conftest import network_of

POISSON = {"distribution": "poisson", "mean": 5}
NORMAL = {"distribution": "normal", "mean": 20, "deviation": 4}
UNIFORM = {"distribution": "uniform", "low": 1, "high": 3}


def model(**content: Any) -> DemandModel:
    return load_demand({"kind": "stationary", **content}, network_of(3), source="mine.yaml")


def drawn(demand: DemandModel, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return demand.sample(demand.first_days(50, rng), 200, Split.TRAIN, rng)


def test_each_market_has_its_own_distribution_and_every_sku_its_own_draws() -> None:
    units = drawn(model(markets={"busy": NORMAL, "thin": UNIFORM}))
    assert units.shape == (50, 200, 2, 3)
    assert units[:, :, 0].mean() == pytest.approx(20, abs=0.1)
    assert units[:, :, 0].std() == pytest.approx(4, abs=0.1)
    assert set(np.unique(units[:, :, 1])) == {1, 2, 3}
    assert abs(np.corrcoef(units[:, :, 0].reshape(-1, 3).T)[0, 1]) < 0.05


def test_the_mean_is_what_is_drawn_and_there_is_no_season() -> None:
    demand = model(every_market=POISSON)
    assert demand.mean_units_per_day.tolist() == [[5, 5, 5]] * 2
    assert demand.month_index.tolist() == [1] * 12
    units = drawn(demand)
    assert units.mean() == pytest.approx(5, abs=0.05)
    assert units.var() == pytest.approx(5, abs=0.15)
    assert (units == units.round()).all()


@pytest.mark.parametrize(
    ("market", "mean", "variance", "none"),
    [
        # P(0) of a geometric is p = 1/(1 + mean), and its variance mean (1 + mean).
        ({"distribution": "geometric", "mean": 3}, 3, 12, 1 / 4),
        # P(0) of a negative binomial is (mean/variance)^(mean²/(variance − mean)).
        ({"distribution": "negative_binomial", "mean": 4, "deviation": 4}, 4, 16, (1 / 4) ** (16 / 12)),
    ],
)
def test_counts_have_the_mean_the_variance_and_the_share_of_nothing_that_their_formulas_say(
    market: dict[str, Any], mean: float, variance: float, none: float
) -> None:
    demand = model(every_market=market)
    units = drawn(demand)
    assert demand.mean_units_per_day[0, 0] == mean
    assert (units == units.round()).all()
    assert (units >= 0).all()
    assert units.mean() == pytest.approx(mean, rel=0.02)
    assert units.var() == pytest.approx(variance, rel=0.05)
    assert (units == 0).mean() == pytest.approx(none, rel=0.03)


def test_a_named_market_goes_before_every_market() -> None:
    demand = model(every_market=POISSON, markets={"thin": UNIFORM})
    assert demand.mean_units_per_day[:, 0].tolist() == [5, 2]
    assert demand.summary == "the same on every day: poisson (mean 5); uniform (low 1, high 3)"


def test_the_same_seed_gives_the_same_bits() -> None:
    demand = model(every_market=NORMAL)
    np.testing.assert_array_equal(drawn(demand, 3), drawn(demand, 3))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"markets": {"busy": POISSON}}, "mine.yaml: markets: thin missing"),
        ({"every_market": {"distribution": "poisson", "mean": 0}}, "every_market.poisson.mean"),
        ({"every_market": {"distribution": "gamma"}}, "every_market"),
        ({"every_market": {"distribution": "geometric", "mean": -1}}, "every_market.geometric.mean"),
        (
            {"every_market": {"distribution": "negative_binomial", "mean": 9, "deviation": 3}},
            "every_market.negative_binomial: deviation must be above that of a Poisson, 3; found 3",
        ),
        ({"every_market": {"distribution": "uniform", "low": 4, "high": 2}}, "high must be at least low"),
        ({"every_market": POISSON, "markets": {"bussy": POISSON}}, "mine.yaml: markets.bussy: unknown; allowed: busy"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace(".", r"\.")):
        model(**content)


@pytest.mark.parametrize(
    "market",
    [
        POISSON,
        UNIFORM,
        {"distribution": "geometric", "mean": 2},
        {"distribution": "negative_binomial", "mean": 3, "deviation": 2.5},
    ],
    ids=lambda market: market["distribution"],
)
def test_chances_of_whole_units_are_those_of_the_draws(market: dict[str, Any]) -> None:
    demand = model(every_market=market)
    assert isinstance(demand, StationaryDemand)
    chances = demand.chances(0, 6)
    assert chances is not None
    assert chances.sum() == pytest.approx(1)
    counts = np.bincount(drawn(demand).astype(int).clip(max=6).ravel(), minlength=7)
    np.testing.assert_allclose(chances, counts / counts.sum(), atol=0.01)


def test_fractions_of_units_have_no_chances() -> None:
    demand = model(every_market=NORMAL)
    assert isinstance(demand, StationaryDemand)
    assert demand.chances(0, 6) is None

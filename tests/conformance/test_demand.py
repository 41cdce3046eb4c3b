"""Every demand that ships, of every kind; a new one is tried by being put among the others."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from entrepot.configs.loader import ConfigurationError, available
from entrepot.envs.demand import DemandModel, Split, demand_kinds, load_demand
from entrepot.envs.demand.registry import UNSET, read_demand
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.network import NetworkArrays, load_network

NAMES = available("demand")
EPISODES, DAYS = 3, 40
every_demand = pytest.mark.parametrize("name", NAMES)
every_split = pytest.mark.parametrize("split", list(Split))


@pytest.fixture(scope="module")
def network() -> NetworkArrays:
    return NetworkArrays.from_description(load_network("two_warehouses", skus=3))


@pytest.fixture(scope="module")
def history(network: NetworkArrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two years of sales in the network's markets, for demands that are drawn from one."""
    rng = np.random.default_rng(0)
    rows = [
        f"{date(2021, 11, 1) + timedelta(days=day)},{market},sku-{sku},{rng.poisson(4 * (1 + sku))}"
        for day in range(730)
        for market in network.markets
        for sku in range(len(network.skus))
    ]
    path = tmp_path_factory.mktemp("history") / "sales.csv"
    path.write_text("\n".join(["date,market,sku,units_sold", *rows]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def models(network: NetworkArrays, history: Path) -> dict[str, DemandModel]:
    made = {}
    for name in NAMES:
        wants_history = read_demand(name)[0].get("path") == UNSET
        settings = DemandSettings(name=name, path=str(history), windows="divided") if wants_history else None
        content, source = (settings or DemandSettings(name=name)).content()
        made[name] = load_demand(content, network, source=source)
    return made


def drawn(model: DemandModel, *, split: Split = Split.TRAIN, seed: int = 0, days: int = DAYS) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return model.sample(model.first_days(EPISODES, rng), days, split, rng)


def test_every_kind_ships_a_yaml_and_is_so_tried_here() -> None:
    assert {read_demand(name)[0]["kind"] for name in NAMES} == set(demand_kinds())


@every_demand
@every_split
def test_it_draws_units_by_episode_day_market_and_sku(
    models: dict[str, DemandModel], network: NetworkArrays, name: str, split: Split
) -> None:
    for days in (1, DAYS):
        units = drawn(models[name], split=split, days=days)
        assert units.shape == (EPISODES, days, len(network.markets), len(network.skus))
        assert units.dtype == np.float32
        assert np.isfinite(units).all()
        assert (units >= 0).all()
        # A normal distribution is of fractions, for goods that are divisible.
        assert (units == units.round()).all() or "normal" in models[name].summary
    assert units.sum() > 0


@every_demand
@every_split
def test_the_same_seed_gives_the_same_bits_and_another_one_others(
    models: dict[str, DemandModel], name: str, split: Split
) -> None:
    first = drawn(models[name], split=split)
    np.testing.assert_array_equal(first, drawn(models[name], split=split))
    assert (first != drawn(models[name], split=split, seed=1)).any()


@every_demand
def test_nothing_is_drawn_but_from_the_generator_that_it_is_handed(models: dict[str, DemandModel], name: str) -> None:
    np.random.seed(0)  # noqa: NPY002  # the global generator, which nobody may touch
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    drawn(models[name])
    np.testing.assert_array_equal(np.random.random(3), expected)  # noqa: NPY002


@every_demand
def test_a_copy_in_another_process_draws_the_same(models: dict[str, DemandModel], name: str) -> None:
    copy = pickle.loads(pickle.dumps(models[name]))
    np.testing.assert_array_equal(drawn(copy), drawn(models[name]))
    np.testing.assert_array_equal(copy.mean_units_per_day, models[name].mean_units_per_day)


@every_demand
def test_episodes_begin_on_days_of_the_calendar(models: dict[str, DemandModel], name: str) -> None:
    days = models[name].first_days(200, np.random.default_rng(0))
    assert days.shape == (200,)
    assert days.dtype == np.int64
    assert len(np.unique(days)) > 100
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    assert ((years > 1990) & (years < 2100)).all()


@every_demand
def test_its_long_run_is_what_a_year_of_training_days_comes_to(
    models: dict[str, DemandModel], network: NetworkArrays, name: str
) -> None:
    model, rng = models[name], np.random.default_rng(0)
    mean = model.mean_units_per_day
    assert mean.shape == (len(network.markets), len(network.skus))
    assert (np.isfinite(mean) & (mean >= 0)).all()
    year = model.sample(model.first_days(60, rng), 364, Split.TRAIN, rng).mean(axis=(0, 1))
    np.testing.assert_allclose(year.sum(axis=-1), mean.sum(axis=-1), rtol=0.1)


@every_demand
def test_its_months_are_told_over_the_years_mean(models: dict[str, DemandModel], name: str) -> None:
    index = models[name].month_index
    assert index.shape == (12,)
    assert (np.isfinite(index) & (index >= 0)).all()
    assert index.mean() == pytest.approx(1.0, abs=0.02)


@every_demand
def test_what_it_says_of_itself_is_lines_of_text(models: dict[str, DemandModel], name: str) -> None:
    model = models[name]
    assert isinstance(model.remarks, tuple)
    for line in (model.summary, *model.remarks):
        assert isinstance(line, str)
        assert line
        assert line.isprintable()


@every_demand
def test_a_key_that_it_does_not_know_is_refused_with_its_place(network: NetworkArrays, name: str) -> None:
    content, source = read_demand(name)
    with pytest.raises(ConfigurationError, match=r"gues: unknown key") as refused:
        load_demand({**content, "gues": 1}, network, source=source)
    assert str(refused.value).startswith(f"{source}: ")

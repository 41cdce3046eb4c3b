from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import DemandModel, Split, load_demand
from entrepot.envs.demand.history import HistoryDemand
from entrepot.envs.snapshot import calendar
from tests.envs.demand.conftest import DAYS, FIRST_DAY, SKUS, network_of


def history(path: Path, skus: int = SKUS, **changes: Any) -> HistoryDemand:
    model = load_demand({"kind": "history", "path": str(path), **changes}, network_of(skus))
    assert isinstance(model, HistoryDemand)
    return model


def draw(model: DemandModel, split: Split = Split.TRAIN, days: int = 100, seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return model.sample(model.first_days(6, rng), days, split, rng)


def labelled(folder: Path) -> Path:
    """A history whose units tell the day: day d sells 1000 + d of sku 0 and 5000 + d of sku 1, in both markets."""
    days = (calendar.day_number(FIRST_DAY) + np.arange(DAYS)).astype("datetime64[D]").astype(str)
    rows = [
        {"date": date, "sku": sku, "market": market, "units_sold": base + day}
        for day, date in enumerate(days)
        for market in ("busy", "thin")
        for sku, base in (("a", 5000), ("b", 1000))
    ]
    path = folder / "labelled.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture
def unscaled(tmp_path: Path) -> HistoryDemand:
    """The labelled history without seasons, so that units can be read as days."""
    model = history(labelled(tmp_path), skus=2)
    model.traces.month_index[:] = 1.0
    return model


def test_a_scenario_is_whole_units_of_the_shape_asked_for(sales_file: Path) -> None:
    drawn = draw(history(sales_file))
    assert drawn.shape == (6, 100, 2, SKUS)
    assert drawn.dtype == np.float32
    assert (drawn >= 0).all()
    assert (drawn == np.floor(drawn)).all()


def test_the_same_seed_draws_the_same_scenario(sales_file: Path) -> None:
    model = history(sales_file)
    np.testing.assert_array_equal(draw(model, seed=3), draw(model, seed=3))
    assert (draw(model, seed=3) != draw(model, seed=4)).any()


@pytest.mark.parametrize("split", list(Split))
def test_a_split_draws_days_of_its_own_window_alone_and_all_of_them(unscaled: HistoryDemand, split: Split) -> None:
    low, high = unscaled.traces.windows[split]
    drawn = np.unique(np.concatenate([draw(unscaled, split, days=400, seed=seed)[:, :, 0, 1] for seed in range(8)]))
    whole_weeks = (high - low) // 7 * 7
    assert drawn.tolist() == list(range(1000 + low, 1000 + low + whole_weeks))


def test_all_skus_and_markets_are_drawn_from_the_same_day(unscaled: HistoryDemand) -> None:
    drawn = draw(unscaled)
    np.testing.assert_array_equal(drawn[..., 0] - 5000, drawn[..., 1] - 1000)
    np.testing.assert_array_equal(drawn[:, :, 0], drawn[:, :, 1])


def test_a_block_is_consecutive_days_and_keeps_weekdays(unscaled: HistoryDemand) -> None:
    rng = np.random.default_rng(0)
    first = unscaled.first_days(6, rng)
    offset = unscaled.sample(first, 280, Split.TRAIN, rng)[:, :, 0, 1].astype(np.int64) - 1000
    shown = first[:, None] + np.arange(280)
    np.testing.assert_array_equal(calendar.weekday(shown), calendar.weekday(calendar.day_number(FIRST_DAY) + offset))
    whole_weeks = np.diff(unscaled.traces.windows[Split.TRAIN])[0] // 7 * 7
    steps = np.diff(offset.reshape(6, -1, unscaled.block_days), axis=2) % whole_weeks
    assert (steps == 1).all()


def test_the_year_s_mean_is_the_one_promised(sales_file: Path) -> None:
    model = history(sales_file)
    rng = np.random.default_rng(0)
    year = model.sample(np.full(120, calendar.day_number("2023-01-01")), 365, Split.TRAIN, rng)
    promised = model.mean_units_per_day.sum(axis=1)
    np.testing.assert_allclose(year.mean(axis=(0, 1)).sum(axis=1), promised, rtol=0.02)


def test_months_keep_their_season(sales_file: Path) -> None:
    model = history(sales_file, season_cycles=1)
    rng = np.random.default_rng(0)
    first = np.full(60, calendar.day_number("2023-01-01"))
    total = model.sample(first, 365, Split.TRAIN, rng).sum(axis=(2, 3)).mean(axis=0)
    month = calendar.month(first[0] + np.arange(365))
    seen = np.array([total[month == index].mean() for index in range(12)])
    assert model.month_index[[0, 1, 2]].mean() > 1.1 > 0.85 > model.month_index[[5, 6, 7]].mean()
    np.testing.assert_allclose(seen / seen.mean(), model.month_index, atol=0.1)


def test_seasons_and_means_do_not_depend_on_what_comes_after_the_training_window(
    tmp_path: Path, sales: pd.DataFrame, sales_file: Path
) -> None:
    model = history(sales_file)
    after = calendar.iso(model.traces.first_day + model.traces.windows[Split.TRAIN][1])
    changed = sales.assign(units_sold=sales["units_sold"].where(sales["date"] < after, 7 * sales["units_sold"]))
    changed.to_csv(tmp_path / "changed.csv", index=False)
    other = history(tmp_path / "changed.csv")
    np.testing.assert_array_equal(other.month_index, model.month_index)
    np.testing.assert_array_equal(other.mean_units_per_day, model.mean_units_per_day)
    np.testing.assert_array_equal(draw(other), draw(model))
    assert draw(other, Split.TEST).mean() > 3 * draw(model, Split.TEST).mean()


def test_more_skus_than_the_history_has_are_replicas_with_blocks_of_their_own(
    unscaled: HistoryDemand, tmp_path: Path
) -> None:
    wide = history(labelled(tmp_path), skus=5)
    wide.traces.month_index[:] = 1.0
    drawn = draw(wide)
    assert drawn.shape[-1] == 5
    assert "replicas fill up to 5 SKUs where the history has fewer: busy 2, thin 2" in wide.summary
    assert "replicas" not in unscaled.summary
    original, replica = drawn[..., 0], drawn[..., 2]
    assert (original != replica).mean() > 0.9
    np.testing.assert_array_equal(replica - 5000, drawn[..., 3] - 1000)
    np.testing.assert_array_equal(wide.mean_units_per_day[:, [2, 3, 4]], wide.mean_units_per_day[:, [0, 1, 0]])


def test_skus_stand_in_the_order_of_their_training_sales(unscaled: HistoryDemand) -> None:
    assert (unscaled.mean_units_per_day[:, 0] > unscaled.mean_units_per_day[:, 1]).all()


def test_a_left_out_day_is_replaced_by_the_same_weekday_of_its_own_window(tmp_path: Path) -> None:
    left_out = ["2021-11-03", "2023-02-01"]
    model = history(labelled(tmp_path), skus=2, left_out_days=left_out)
    units = model.traces.units[0][:, 1]
    assert units[2] == 1000 + 9  # no week before it
    offset = calendar.day_number("2023-02-01") - model.traces.first_day
    assert units[offset] == 1000 + offset - 7


def test_a_left_out_day_outside_the_history_is_refused(sales_file: Path) -> None:
    with pytest.raises(ConfigurationError, match="left_out_days: 1999-01-01 is not inside the history, 2021-11-01"):
        history(sales_file, left_out_days=["1999-01-01"])


def by_country(sales: pd.DataFrame, folder: Path) -> Path:
    path = folder / "by_country.csv"
    sales.rename(columns={"market": "country"}).to_csv(path, index=False)
    return path


def test_a_country_stands_for_a_market_scaled_and_pooled_and_is_named_a_proxy(
    tmp_path: Path, sales: pd.DataFrame
) -> None:
    markets = {"busy": {"country": "thin", "scale": 2.0, "pooled_skus": 4}, "thin": {"country": "thin"}}
    model = history(by_country(sales, tmp_path), skus=4, markets=markets)
    assert "proxies: busy ← thin" in model.summary
    assert [units.shape[1] for units in model.traces.units] == [4, 16]
    total = model.traces.units[0].sum(), model.traces.units[1].sum()
    assert total[0] == pytest.approx(2 * total[1])


def test_a_market_without_a_country_is_refused_with_what_the_history_has(tmp_path: Path, sales: pd.DataFrame) -> None:
    path = by_country(sales, tmp_path)
    with pytest.raises(ConfigurationError, match=r"demand: markets.thin: missing; name the country"):
        history(path, markets={"busy": {"country": "busy"}})
    with pytest.raises(
        ConfigurationError, match=r"markets.thin.country: 'Atlantis': no sales in .*; it has sales of: busy"
    ):
        history(path, markets={"busy": {"country": "busy"}, "thin": {"country": "Atlantis"}})


def test_a_history_that_nobody_named_is_asked_for() -> None:
    with pytest.raises(ConfigurationError, match=r"history.yaml: path: missing; name a .parquet, .csv or .csv.gz file"):
        load_demand("history", network_of(4))


def test_the_shipped_history_takes_a_path(tmp_path: Path, sales_file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"windows.train: 2009-12-01 to 2011-02-28 is not inside the history"):
        load_demand("history", network_of(4), path=sales_file)


def test_a_path_in_a_yaml_is_taken_from_the_yamls_own_folder(
    tmp_path: Path, sales: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    sales.to_csv(mine / "sales.csv", index=False)
    (mine / "demand.yaml").write_text(yaml.safe_dump({"kind": "history", "path": "sales.csv"}))
    monkeypatch.chdir(tmp_path)
    assert "history sales.csv" in load_demand("mine/demand.yaml", network_of(4)).summary
    with pytest.raises(ConfigurationError, match=r"'sales\.csv' does not exist"):
        load_demand("mine/demand.yaml", network_of(4), path="sales.csv")


def test_a_summary_names_the_file_and_no_folder(sales_file: Path) -> None:
    summary = history(sales_file).summary
    assert summary.startswith("history sales.csv, trained on")
    assert str(sales_file.parent) not in summary

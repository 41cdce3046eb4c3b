"""Figures that are estimated from a history with the network's names keep them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import DemandModel, Split, load_demand
from entrepot.envs.demand.calibration.figures_file import write_calibrated
from entrepot.envs.demand.calibration.fit import fit
from entrepot.envs.demand.calibration.traces import Goods, HistoryDescription, market_traces
from tests.envs.demand.calibration.histories import shop, written
from tests.envs.demand.conftest import network_of

NAMES = ("grinder", "filter - paper  no. 4")


def filters(day: date) -> str:
    return "0" if day.month == 7 else str(40 + day.toordinal() % 21)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fitted")
    path = written(
        folder,
        names=NAMES,
        filters=filters,
        grinder=lambda day: "0" if day.month == 7 else "1",
        more=f"2023-12-30,{NAMES[0]},shop,-1\n",
    )
    traces = market_traces(HistoryDescription(path=str(path)), ("shop",), "tests", Goods(NAMES, drawn=False))
    write_calibrated(folder / "fitted.yaml", fit(traces, estimated_from="made-up sales"))
    return folder / "fitted.yaml"


def yearly(model: DemandModel) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.asarray(model.sample(np.full(24, 19358), 365, Split.TRAIN, rng).mean(axis=(0, 1, 2)))  # 2023


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_every_sku_has_its_own_figures_in_whatever_order(fitted: Path, order: tuple[int, int]) -> None:
    model = load_demand(str(fitted), shop(tuple(NAMES[place] for place in order)))
    expected = np.array([1.0, 50.0])[list(order)] * 334 / 365
    np.testing.assert_allclose(yearly(model), expected, rtol=0.15)
    np.testing.assert_allclose(model.mean_units_per_day[0], expected, rtol=0.15)
    assert "SKUs are joined by name: 2 of the network's 2" in model.remarks


def test_a_month_without_sales_has_none_in_the_figures_either(fitted: Path) -> None:
    model = load_demand(str(fitted), shop(NAMES))
    assert model.month_index[6] == 0
    july = model.sample(np.full(8, 19539), 31, Split.TRAIN, np.random.default_rng(0))
    assert july.sum() == 0


def test_what_the_estimate_left_out_goes_with_the_figures(fitted: Path) -> None:
    remarks = load_demand(str(fitted), shop(NAMES)).remarks
    assert "1 row: units_sold is negative (line 1462)" in remarks
    assert "nothing was sold in July, and so nothing will be" in remarks


def test_a_sku_without_figures_has_no_demand_and_is_told(fitted: Path) -> None:
    model = load_demand(str(fitted), shop((*NAMES, "tamper")))
    assert yearly(model)[2] == 0
    assert "SKUs of the network without figures, which so have no demand: tamper" in model.remarks


def test_a_network_with_other_names_is_refused_unless_rank_is_meant(fitted: Path) -> None:
    with pytest.raises(ConfigurationError, match="0 of the network's 2 SKUs by name, not A, B"):
        load_demand(str(fitted), shop(("A", "B")))
    content = {**yaml.safe_load(fitted.read_text(encoding="utf-8")), "skus_by": "rank"}
    model = load_demand(content, shop(("A", "B")))
    assert model.mean_units_per_day[0, 0] > 10 * model.mean_units_per_day[0, 1]


def test_figures_by_rank_say_so() -> None:
    model = load_demand("calibrated", network_of(4, ("us_amazon",)))
    assert any("ranks of sales" in line for line in model.remarks)
    assert any("us_amazon is 0.3 × United Kingdom" in line for line in model.remarks)


def test_a_training_window_of_few_weeks_is_refused_by_fit(tmp_path: Path) -> None:
    windows = {
        "train": {"first": "2022-01-01", "last": "2022-02-10"},
        "validation": {"first": "2022-03-01", "last": "2022-06-30"},
        "test": {"first": "2022-07-01", "last": "2022-12-31"},
    }
    description = HistoryDescription.model_validate({"path": str(written(tmp_path)), "windows": windows})
    traces = market_traces(description, ("shop",), "tests")
    with pytest.raises(ConfigurationError, match=r"sales.csv: 5 weeks of the training window, .*; at least 8"):
        fit(traces, estimated_from="made-up sales")


def test_a_slip_that_was_allowed_is_fitted_without_a_word_of_python(tmp_path: Path) -> None:
    path = written(tmp_path, filters=lambda day: "100000000" if day == date(2022, 5, 30) else "50")
    description = HistoryDescription.model_validate({"path": str(path), "most_times_usual": 1e8})
    figures = fit(market_traces(description, ("shop",), "tests"), estimated_from="made-up sales")
    assert np.isfinite(figures.markets["shop"].units_per_day).all()
    assert any("100,000,000" in line for line in figures.assumed)

"""Forecasts are scored, and warnings counted, as the page of forecasts says."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entrepot.envs.demand import Split

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def demand(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("forecasts_demand")


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("forecasts_warnings")


def cells(demand: Any, rate: float = 3.0) -> Any:
    daily = np.random.default_rng(0).poisson(rate, (300, 8)).astype(np.float64)
    return demand.Cells(
        daily=daily,
        market=np.array([0] * 5 + [1] * 3),
        markets=("here", "there"),
        first_day=19_000,
        month_index=np.ones(12),
        windows={Split.TRAIN: (0, 200), Split.VALIDATION: (200, 240), Split.TEST: (240, 300)},
        summary=(),
    )


def test_who_knows_the_rate_beats_seasonal_naive_and_covers_what_it_should(demand: Any) -> None:
    known = cells(demand)
    origins = known.origins(Split.TEST)
    assert [*origins] == [240, 247, 254, 261, 268]
    found = {
        "seasonal_naive": demand.own(known, "seasonal_naive", origins),
        "rate": demand.calibrated(known, lambda daily, days: np.full((days, daily.shape[1]), 3.0), origins),
    }
    rows = [row for row in demand.rows_of(known, found, origins) if row["market"] == "all"]
    ours = [row for row in rows if row["method"] == "rate"]
    assert all(row["pinball_ratio_high"] < 1 for row in ours)
    assert all(row["coverage_95"] > 0.85 for row in ours)
    assert {row["pinball_ratio"] for row in rows if row["method"] == "seasonal_naive"} == {1.0}


def test_a_spread_comes_from_spans_that_were_over_by_then(demand: Any) -> None:
    known = cells(demand)
    origins = known.origins(Split.TEST)

    def rate(daily: Any, days: int) -> Any:
        return np.full((days, daily.shape[1]), 3.0)

    before = demand.calibrated(known, rate, origins).quantiles[0]
    known.daily[240:] *= 50  # nothing of it is known at the first origin
    assert np.array_equal(demand.calibrated(known, rate, origins).quantiles[0], before)


def test_pinball_loss_is_least_at_the_quantiles_themselves(demand: Any) -> None:
    came = np.random.default_rng(1).normal(10, 2, (4000, 1, 1))
    right = np.quantile(came, demand.LEVELS)[:, None, None]

    def loss(quantiles: Any) -> float:
        found = demand.Forecasts(np.broadcast_to(quantiles, (4000, *quantiles.shape)), came, 0.0)
        return float(demand.pinball(found, came).mean())

    assert loss(right) < min(loss(right + 0.5), loss(right - 0.5), loss(10 + 2 * (right - 10)))


def test_warnings_are_counted_by_hand(warnings: Any) -> None:
    """One cell that counts 3 days ahead: sold out on days 6 and 7; warned of on days 2, 4 and 5."""
    out = np.zeros((12, 1), np.bool_)
    out[6:8] = True
    score = np.zeros((12, 1), np.float32)
    score[[2, 4, 5], 0] = 0.9
    empty = np.zeros_like(out)
    empty[7:9] = True  # sold out the day before
    played = warnings.Played(out, empty, {"one": score}, np.array([3]))
    assert np.flatnonzero(warnings.coming(played)).tolist() == [4, 5, 6, 7]
    assert np.flatnonzero(warnings.looked_at(played)).tolist() == [0, 1, 2, 3, 4, 5, 6, 9]
    found = warnings.judged(played, "one", 0.5)
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["recall"] == 1.0
    assert found["stock_outs"] == 1
    assert found["days_of_warning"] == 2.0  # on day 4, of day 6
    assert warnings.best_threshold(played, "one") == pytest.approx(0.9)


def test_the_page_says_where_the_default_loses(demand: Any) -> None:
    page = importlib.import_module("forecasts_page")
    row = {
        "case": "demand",
        "market": "all",
        "days": 7,
        "series": 8,
        "origins": 5,
        "zero_share": 0.1,
        "bias_share": -0.1,
    }
    row |= {"coverage_80": 0.8, "coverage_95": 0.95, "pinball_ratio_low": 0.5, "pinball_ratio_high": 0.7}
    losses = {"seasonal_naive": 1.0, "negative_binomial": 0.66, "tsb": 0.6}
    rows = [row | {"method": name, "pinball_share": loss, "pinball_ratio": loss} for name, loss in losses.items()]
    told = {"command": "it", "levels": [0.1, 0.9], "not_measured": ["nothing"]}
    text = page.text_of(rows + [one | {"market": "here"} for one in rows], told)
    assert "lowest loss in 0 of 2 cases" in text
    assert "`tsb` (by 10.0%)" in text
    assert "Nothing" in text

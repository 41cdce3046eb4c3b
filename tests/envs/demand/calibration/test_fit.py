"""The generator against the history that it is estimated from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from entrepot.configs.loader import locate, read_yaml, validate
from entrepot.envs.demand import Split
from entrepot.envs.demand.calibrated import CalibratedDescription, generator
from entrepot.envs.demand.calibration.figures_file import as_yaml, write_calibrated
from entrepot.envs.demand.calibration.fit import fit
from entrepot.envs.demand.calibration.traces import HistoryDescription, Traces, market_traces, whole_units
from entrepot.envs.demand.moments import Moments, moments, open_weeks

MARKETS = ("busy", "thin")
REAL = Path(__file__).parents[5] / "shared" / "data" / "online_retail_sku_country_day.parquet"


@pytest.fixture(scope="module")
def traces(sales_file: Path) -> Traces:
    return market_traces(HistoryDescription(path=str(sales_file), season_cycles=1), MARKETS, "tests")


@pytest.fixture(scope="module")
def figures(traces: Traces) -> CalibratedDescription:
    return fit(traces, estimated_from="made-up sales, tests")


def side_by_side(traces: Traces, figures: CalibratedDescription, skus: int) -> dict[str, tuple[Moments, Moments]]:
    """Moments of the training window and of the generator on the same days, by market."""
    window = slice(*traces.windows[Split.TRAIN])
    days = traces.days[window]
    model = generator(figures, traces.markets, np.arange(skus))
    weeks = open_weeks(model.season.is_closed(days))
    drawn = model.sample(np.full(32, days[0]), len(days), Split.TRAIN, np.random.default_rng(1))
    return {
        market: (
            moments(whole_units(units[window, :skus], np.random.default_rng(0))[None], weeks),
            moments(drawn[:, :, column, : units.shape[1]], weeks),
        )
        for column, (market, units) in enumerate(zip(traces.markets, traces.units, strict=True))
    }


def assert_alike(real: Moments, drawn: Moments) -> None:
    assert drawn.mean_units_per_day == pytest.approx(real.mean_units_per_day, rel=0.12)
    assert drawn.zero_share == pytest.approx(real.zero_share, abs=0.03)
    assert drawn.coefficient_of_variation == pytest.approx(real.coefficient_of_variation, rel=0.15)
    assert drawn.weekly_log_deviation == pytest.approx(real.weekly_log_deviation, rel=0.15)
    assert drawn.weekly_autocorrelation == pytest.approx(real.weekly_autocorrelation, abs=0.1)
    assert drawn.weekly_correlation == pytest.approx(real.weekly_correlation, abs=0.08)


@pytest.mark.parametrize("market", MARKETS)
def test_the_generator_has_the_moments_of_the_history(
    traces: Traces, figures: CalibratedDescription, market: str
) -> None:
    assert_alike(*side_by_side(traces, figures, skus=16)[market])


def test_what_made_the_history_is_found_again(figures: CalibratedDescription) -> None:
    month_index = np.array(figures.month_index)
    assert month_index[[0, 1, 2]].mean() > 1.1 > 0.85 > month_index[[5, 6, 7]].mean()
    assert figures.weekday_index[6] == 0.0
    assert figures.weekday_index[:6] == pytest.approx([7 / 6] * 6, abs=0.1)
    assert {"12-24", "12-31", "01-01"} <= set(figures.closed_days)
    assert figures.markets["busy"].selling_share[0] > 0.85
    assert figures.markets["thin"].selling_share[0] == pytest.approx(0.15, abs=0.06)


def test_figures_come_from_the_training_window_alone(traces: Traces, figures: CalibratedDescription) -> None:
    end = traces.windows[Split.TRAIN][1]
    changed = tuple(np.concatenate([units[:end], 9 * units[end:]]) for units in traces.units)
    assert fit(replace(traces, units=changed), estimated_from=figures.estimated_from) == figures


def test_the_file_is_read_as_it_was_written_with_its_source_beside_the_figures(
    tmp_path: Path, figures: CalibratedDescription
) -> None:
    path = tmp_path / "figures.yaml"
    write_calibrated(path, figures)
    assert validate(CalibratedDescription, read_yaml(path), path) == figures
    assert path.read_text(encoding="utf-8").count("estimated from made-up sales, tests") > 10
    assert [file.name for file in tmp_path.iterdir()] == ["figures.yaml"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, figures: CalibratedDescription, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figures.yaml"
    path.write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_calibrated(path, figures)
    assert path.read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["figures.yaml"]


def test_a_proxy_is_named_a_proxy_in_the_file() -> None:
    shipped = locate("demand", "calibrated").read_text(encoding="utf-8")
    assert "# A proxy: the sales of Germany stand for this market's." in shipped


def test_names_that_yaml_would_misread_are_kept() -> None:
    content = read_yaml(locate("demand", "calibrated"))
    content["markets"] = {"no": content["markets"]["online"]}
    described = validate(CalibratedDescription, content, "tests")
    assert list(yaml.safe_load(as_yaml(described))["markets"]) == ["no"]


@pytest.mark.skipif(not REAL.is_file(), reason="the Online Retail II history is not beside the checkout")
@pytest.mark.parametrize(("name", "known"), [("history", ()), ("history_eight", ("history",))])
def test_the_shipped_figures_have_the_moments_of_the_history_they_name(name: str, known: tuple[str, ...]) -> None:
    """Each market in the history it was estimated in: SKUs are ranked by their sales over all markets of one."""
    before = {market for other in known for market in read_yaml(locate("demand", other))["markets"]}
    content = {**read_yaml(locate("demand", name)), "path": str(REAL)}
    del content["kind"]
    described = validate(HistoryDescription, content, name)
    shipped = validate(CalibratedDescription, read_yaml(locate("demand", "calibrated")), "calibrated.yaml")
    traces = market_traces(described, tuple(described.markets), name)
    for market, (real, drawn) in side_by_side(traces, shipped, skus=32).items():
        if market not in before:
            assert_alike(real, drawn)

"""Histories of whole weeks and months."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.model import Split
from entrepot.envs.snapshot import calendar
from tests.envs.demand.calibration.histories import model_of

MONDAY = date(2024, 1, 1)
WEEKS = [MONDAY + timedelta(weeks=number) for number in range(13)]


def file_of(folder: Path, dates: list[date], units: int = 70) -> Path:
    path = folder / "sales.csv"
    rows = [f"{day},{sku},shop,{units}" for day in dates for sku in ("grinder", "filter")]
    path.write_text("\n".join(["date,sku,market,units_sold", *rows, ""]))
    return path


def test_a_weeks_units_are_spread_over_its_seven_days_whole_and_without_loss(tmp_path: Path) -> None:
    model = model_of(file_of(tmp_path, WEEKS), period="week")
    units = model.traces.units[0]
    assert units.shape == (91, 2)
    np.testing.assert_array_equal(units % 1, 0)
    np.testing.assert_array_equal(units.reshape(13, 7, 2).sum(axis=1), 70)
    assert units.min() > 0
    assert calendar.iso(model.traces.first_day) == "2024-01-01"
    np.testing.assert_array_equal(units, model_of(file_of(tmp_path, WEEKS), period="week").traces.units[0])


def test_how_weeks_are_spread_is_told_and_can_be_said(tmp_path: Path) -> None:
    told = model_of(file_of(tmp_path, WEEKS), period="week").remarks
    assert (
        "each row is of the week that begins on its date (period: week); its units are spread over the days, evenly, "
        "which is assumed (weekday_shares)"
    ) in told
    model = model_of(file_of(tmp_path, WEEKS), period="week", weekday_shares=[1, 1, 1, 1, 1, 0, 0])
    assert (model.traces.units[0].reshape(13, 7, 2).sum(axis=(0, 2))[5:] == 0).all()
    assert any("20% : 20% : 20% : 20% : 20% : 0% : 0% from Monday on" in line for line in model.remarks)


def test_a_date_may_be_the_weeks_last_day(tmp_path: Path) -> None:
    sundays = [day + timedelta(days=6) for day in WEEKS]
    model = model_of(file_of(tmp_path, sundays), period="week", period_dates="last")
    assert (calendar.iso(model.traces.first_day), len(model.traces.units[0])) == ("2024-01-01", 91)


def test_months_have_their_own_lengths_whatever_day_of_them_the_date_is(tmp_path: Path) -> None:
    dates = [date(2023 + number // 12, number % 12 + 1, 15) for number in range(14)]
    units = model_of(file_of(tmp_path, dates, 3100), period="month").traces.units[0]
    assert len(units) == 365 + 31 + 29
    assert units[:31].sum(axis=0).tolist() == units[31:59].sum(axis=0).tolist() == units[-29:].sum(axis=0).tolist()


def test_a_week_without_a_row_sold_nothing(tmp_path: Path) -> None:
    model = model_of(file_of(tmp_path, [*WEEKS[:5], *WEEKS[6:]]), period="week")
    assert not model.traces.units[0][35:42].any()
    assert any("no sale from 2024-02-05 to 2024-02-11" in line for line in model.remarks)


def test_dates_of_several_weekdays_are_no_weeks(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"line 4: 2024-01-09 is a Tuesday, and line 2 has a Monday; with period"
    ):
        model_of(file_of(tmp_path, [MONDAY, date(2024, 1, 9)]), period="week")


def test_what_looks_like_weeks_or_months_must_be_called_so_or_days(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"all 13 dates are Mondays: sales of whole weeks\? Say period: week"):
        model_of(file_of(tmp_path, WEEKS))
    assert model_of(file_of(tmp_path, WEEKS), period="day", block_days=14).traces.units[0][:7].any(axis=1).sum() == 1
    with pytest.raises(ConfigurationError, match="all 5 dates are the first of a month: sales of whole months"):
        model_of(file_of(tmp_path, [date(2024, month, 1) for month in range(1, 6)]))


def test_thirteen_weeks_give_scenarios_at_their_level_and_say_what_they_can_not_tell(tmp_path: Path) -> None:
    model = model_of(file_of(tmp_path, WEEKS), period="week")
    drawn = model.sample(np.full(64, model.traces.first_day), 60, Split.TEST, np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(10, rel=0.05)
    np.testing.assert_array_equal(model.month_index, 1)
    told = " ".join(model.remarks)
    assert "divided into 49 : 21 : 21 days" in told
    assert "blocks of 14 days, not 28" in told

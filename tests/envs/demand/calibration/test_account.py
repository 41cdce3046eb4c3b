"""Zero is told from unknown, and nothing is lost, added up or assumed without a word."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.demand.calibration.season import months_told, seasonal_index
from entrepot.envs.snapshot import calendar
from tests.envs.demand.calibration.histories import DAYS, daily, model_of, written


def by_month(day: date) -> str:
    return "0" if day.month == 7 else "10"


def test_a_month_that_sold_nothing_is_drawn_as_one_and_others_are_not_thinned_by_it(tmp_path: Path) -> None:
    model = model_of(written(tmp_path, grinder=by_month, filters=by_month))
    assert model.month_index[6] == 0
    first = np.full(32, calendar.day_number("2023-01-01"))
    drawn = model.sample(first, 365, Split.TRAIN, np.random.default_rng(0)).sum(axis=(2, 3)).mean(axis=0)
    month = calendar.month(first[0] + np.arange(365))
    means = [drawn[month == index].mean() for index in range(12)]
    np.testing.assert_allclose(means, [0.0 if index == 6 else 20.0 for index in range(12)], rtol=0.01)
    np.testing.assert_allclose(model.mean_units_per_day, drawn.mean() / 2, rtol=0.01)
    assert "nothing was sold in July, and so nothing will be" in model.remarks


def test_next_to_nothing_in_a_month_is_not_scaled_up_to_a_usual_one(tmp_path: Path) -> None:
    path = written(tmp_path, filters=lambda day: "900" if (day.month, day.day) == (7, 15) else by_month(day) + "00")
    model = model_of(path)
    first = np.full(32, calendar.day_number("2023-01-01"))
    drawn = model.sample(first, 181, Split.TRAIN, np.random.default_rng(0))[..., 1]
    assert drawn.max() < 1100


def test_an_index_is_0_where_nothing_was_sold_and_1_where_nobody_looked() -> None:
    days = calendar.day_number("2023-01-01") + np.arange(181)  # January to June
    sold = np.where(calendar.month(days) == 1, 0, 10)[:, None].astype(np.float32)
    index = seasonal_index(sold, days)
    np.testing.assert_allclose(index, [1.2, 0, 1.2, 1.2, 1.2, 1.2, 1, 1, 1, 1, 1, 1])
    (told,) = months_told(days)
    assert told.startswith("assumed: the mean month's demand in July, August")
    assert months_told(days[:5])[1] == "a month's index rests on few days: January on 5"


def test_days_that_are_left_out_are_unknown_and_not_zero(tmp_path: Path) -> None:
    def lost(day: date) -> str:
        return "0" if (day.year, day.month) == (2022, 7) else "50"

    path = written(tmp_path, filters=lost)
    window = [{"first": "2022-07-01", "last": "2022-07-31"}]
    model = model_of(path, left_out_days=window)
    assert daily(model)[1] == 50.0
    assert model.month_index[6] == pytest.approx(1.0)
    assert "31 days are left out; the same weekday of the nearest week stands in" in model.remarks


def test_order_lines_of_a_day_are_added_up_or_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(row for row in rows for _ in range(3))]) + "\n")
    model = model_of(path)
    assert daily(model) == [3.0, 150.0]
    assert (
        "2,920 rows were added to others of the same date, SKU and place; 2,920 of them have the same units, too"
        in (model.remarks)
    )
    with pytest.raises(
        ConfigurationError, match=r"2,920 rows: the date, SKU and market of an earlier row \(lines 3, 4,"
    ):
        model_of(path, repeated_rows="refuse")


def test_few_bad_rows_are_told_and_many_refused_by_the_key_that_allows_them(tmp_path: Path) -> None:
    few = written(tmp_path, more="2023-12-30,filter,shop,-5\n")
    assert "1 row: units_sold is negative (line 1462)" in model_of(few).remarks
    many = written(tmp_path, filters=lambda day: "-5" if day.day == 1 else "50")
    with pytest.raises(
        ConfigurationError, match=r"most_left_out: 24 of 1,460 rows .* 1.6%; at most 1.0% may be: 24 rows"
    ):
        model_of(many, most_left_out=0.01)
    assert daily(model_of(many))[0] == 1.0


def test_one_date_in_a_far_year_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, more="2043-12-30,filter,shop,50\n")
    with pytest.raises(ConfigurationError, match=r"\(line 1460\) and 2043-12-30 \(line 1462\): a slip in a date\?"):
        model_of(path)


def test_one_count_far_above_the_usual_is_refused_with_its_line_and_a_lesser_one_told(tmp_path: Path) -> None:
    def slip(units: str) -> Path:
        return written(tmp_path, filters=lambda day: units if day == DAYS[3] else "50")

    with pytest.raises(ConfigurationError, match=r"line 9: 100,000,000 of filter in shop on 2022-01-04, usually 50"):
        model_of(slip("100000000"))
    told = [line for line in model_of(slip("50000")).remarks if "line 9: 50,000 of filter" in line]
    assert told
    assert told[0].startswith("1 row has more than 100 times the SKU's usual units")
    assert daily(model_of(slip("100000000"), most_times_usual=1e8))[1] > 1000


def test_a_training_window_without_sales_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, grinder=lambda _: "0", filters=lambda _: "0")
    with pytest.raises(ConfigurationError, match=r"windows\.train: nothing was sold from 2022-01-01 to 2023-05-25 in"):
        model_of(path)


def test_a_sku_that_first_sold_late_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, filters=lambda day: "0" if day < date(2022, 8, 1) else "50")
    assert "1 SKU first sold more than 91 days into the training window; 0 before it" in model_of(path).remarks


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(1, 12), min_size=1, max_size=10))
def test_whatever_months_are_shut_are_drawn_shut_and_no_other_day_is(shut: set[int]) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), filters=lambda day: "0", grinder=lambda day: "0" if day.month in shut else "7")
        model = model_of(path)
    first = np.full(4, calendar.day_number("2024-01-01"))
    drawn = model.sample(first, 366, Split.TRAIN, np.random.default_rng(0))[:, :, 0, 0]
    month = calendar.month(first[0] + np.arange(366)) + 1
    np.testing.assert_array_equal(drawn > 0, np.broadcast_to(~np.isin(month, list(shut)), drawn.shape))

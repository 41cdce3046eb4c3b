"""How far a season is believed."""

import numpy as np
import pytest
from numpy.typing import NDArray

from entrepot.envs.demand.calibration.season import seasonal_index, trusted_index
from entrepot.envs.snapshot import calendar

FIRST = calendar.day_number("2022-01-01")


def index_of(days: int, cycles: float = 2.0, shut: int | None = None) -> tuple[NDArray[np.float64], list[str]]:
    """Of sales that rise from January to December."""
    when = FIRST + np.arange(days)
    month = calendar.month(when)
    sold = np.where(month == shut, 0, 1 + month).astype(np.float32)[:, None]
    return trusted_index(seasonal_index(sold, when), when, cycles=cycles)


def test_two_years_are_believed_as_they_are() -> None:
    index, told = index_of(730)
    assert index[11] / index[0] == pytest.approx(12)
    assert told == []


def test_thirteen_weeks_have_no_season_and_that_is_said() -> None:
    index, told = index_of(91)
    np.testing.assert_allclose(index, 1)
    assert told[0].startswith("no season is taken from it: the training window holds 0.2 years, and below 2")


def test_between_one_year_and_two_the_season_is_shrunk_by_degrees() -> None:
    whole, half = index_of(730)[0], index_of(547)[0]
    np.testing.assert_allclose(half.mean(), 1, atol=0.05)
    assert whole[0] < half[0] < 1 < half[11] < whole[11]
    assert "shrunk by 50%" in index_of(548)[1][0]


def test_a_month_that_was_shut_stays_shut() -> None:
    index, _ = index_of(365, shut=6)
    assert index[6] == 0
    np.testing.assert_allclose(np.delete(index, 6), 12 / 11, rtol=0.01)


def test_a_person_may_believe_one_year_and_is_told_what_it_may_be() -> None:
    index, told = index_of(400, cycles=1)
    assert index[11] / index[0] == pytest.approx(12)
    assert "rest on 1.1 years" in told[0]

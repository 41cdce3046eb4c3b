"""A history whose windows sell at different levels."""

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.demand.calibration.levels import levels_told
from entrepot.envs.demand.model import Split
from entrepot.envs.snapshot import calendar

DAYS = calendar.day_number("2024-01-01") + np.arange(90)
SEEN = {Split.TRAIN: np.arange(60), Split.VALIDATION: np.arange(60, 75), Split.TEST: np.arange(75, 90)}


def told(train: float, validation: float, test: float, season: NDArray[np.float64] | None = None) -> list[str]:
    total = np.repeat([train, validation, test], [60, 15, 15])
    return levels_told(total, DAYS, SEEN, np.ones(12) if season is None else season)


def test_a_level_that_shifts_from_window_to_window_is_told() -> None:
    (line,) = told(156, 438, 39)
    assert line.startswith(
        "the level shifts: units a day are train 156, validation 438, test 39; policies are chosen and"
    )
    (line,) = told(100, 120, 39)
    assert line.endswith("policies are judged at another level than they learn at")


def test_what_stays_near_its_level_is_not() -> None:
    assert told(100, 140, 70) == []


def test_what_the_season_explains_is_no_shift() -> None:
    season = np.ones(12)
    season[2] = 3.0
    assert told(100, 300, 300, season) == []
    assert told(100, 300, 300) != []

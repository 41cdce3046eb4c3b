from datetime import date

import pytest
from pydantic import ValidationError

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.demand.windows import Window, divide, fitting_block
from entrepot.envs.snapshot import calendar

FIRST = calendar.day_number("2024-01-01")


def windows(**days: tuple[int, int]) -> dict[Split, Window]:
    return {
        Split(name): Window(first=date(2024, 1, first), last=date(2024, 1, last))
        for name, (first, last) in days.items()
    }


def test_windows_hold_their_first_and_last_day() -> None:
    found = divide(
        windows(train=(1, 10), validation=(11, 20), test=(21, 31)), FIRST, 31, block_days=2, source="mine.yaml"
    )
    assert found == {Split.TRAIN: (0, 10), Split.VALIDATION: (10, 20), Split.TEST: (20, 31)}


def test_without_windows_the_history_is_divided_in_time_and_used_up() -> None:
    found = divide(None, FIRST, 500, block_days=28, source="mine.yaml")
    assert found[Split.TRAIN][0] == 0
    assert found[Split.TRAIN][1] == found[Split.VALIDATION][0]
    assert found[Split.VALIDATION][1] == found[Split.TEST][0]
    assert found[Split.TEST][1] == 500


def lengths(days: int, block_days: int) -> list[int]:
    found = divide(None, FIRST, days, block_days=block_days, source="mine.yaml")
    return [high - low for low, high in found.values()]


def test_thirteen_weeks_leave_three_each_to_validate_and_test_on() -> None:
    assert lengths(91, 14) == [49, 21, 21]
    assert fitting_block(divide(None, FIRST, 91, block_days=14, source="mine.yaml")) == 14
    assert lengths(500, 14) == [350, 60, 90]
    assert fitting_block(divide(None, FIRST, 500, block_days=14, source="mine.yaml")) == 28


def test_a_history_that_is_too_short_is_told_why_and_how_long_it_must_be() -> None:
    with pytest.raises(ConfigurationError) as error:
        divide(None, FIRST, 91, block_days=28, source="mine.yaml")
    assert str(error.value) == (
        "mine.yaml: windows.validation: 10 days; at least 35 are needed, for scenarios are put together from blocks of "
        "28 days, which must be able to begin on any weekday; give a history of 105 days or more, this has 91, or a "
        "block_days below 28"
    )


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (windows(train=(1, 10), test=(21, 31)), "mine.yaml: windows.validation: missing"),
        (windows(train=(1, 12), validation=(11, 20), test=(21, 31)), "must follow each other in time"),
        (windows(train=(11, 20), validation=(1, 10), test=(21, 31)), "must follow each other in time"),
        (
            windows(train=(1, 10), validation=(11, 13), test=(21, 31)),
            "windows.validation: 3 days; at least 9 are needed, for scenarios .* 2 days.* give a longer window",
        ),
    ],
)
def test_windows_that_overlap_or_are_missing_or_short_are_refused(chosen: dict[Split, Window], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        divide(chosen, FIRST, 31, block_days=2, source="mine.yaml")


def test_a_window_outside_the_history_is_refused_with_the_history_s_days() -> None:
    chosen = windows(train=(1, 10), validation=(11, 20), test=(21, 31))
    with pytest.raises(ConfigurationError, match="is not inside the history, 2024-01-01 to 2024-01-25"):
        divide(chosen, FIRST, 25, block_days=2, source="mine.yaml")


def test_a_window_can_not_end_before_it_begins() -> None:
    with pytest.raises(ValidationError, match="must not be before first"):
        Window(first=date(2024, 1, 2), last=date(2024, 1, 1))

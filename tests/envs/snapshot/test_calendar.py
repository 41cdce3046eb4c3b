from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_days_agree_with_the_calendar(day: date) -> None:
    number = calendar.day_number(day)
    assert number == (day - date(1970, 1, 1)) // timedelta(days=1)
    assert calendar.iso(number) == day.isoformat()
    days = np.array([number])
    assert calendar.weekday(days)[0] == day.weekday()
    assert calendar.month(days)[0] == day.month - 1
    assert calendar.day_of_year(days)[0] == day.timetuple().tm_yday - 1
    assert calendar.month_day(days)[0] == calendar.month_day_number(day.isoformat()[5:])


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "Europe", "../etc/passwd", "/etc/localtime", "CET+1"])
def test_a_zone_that_there_is_not_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed: an IANA name such as"):
        calendar.zone_named(name)

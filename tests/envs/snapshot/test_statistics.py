from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.envs.snapshot import statistics

DAILY = st.lists(st.one_of(st.integers(0, 40), st.none()), min_size=1, max_size=30)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(DAILY, st.integers(0, 20))
def test_a_statistic_is_the_weighted_sum_of_the_days_that_are_known_and_the_value_before_them(
    days: list[int | None], rate: int
) -> None:
    opening = statistics.opening_statistics(np.full((1, 1), float(rate)))
    daily = np.array([np.nan if units is None else units for units in days], float)[:, None, None]
    found = statistics.after(opening, daily)
    known = np.array([units for units in days if units is not None], float)
    for name, span, power in (
        ("demand_fast", 7, 1),
        ("demand_slow", 28, 1),
        ("demand_quarter", 91, 1),
        ("demand_square", 28, 2),
    ):
        keep = 1 - 1 / span
        weights = keep ** np.arange(len(known))[::-1] / span
        expected = keep ** len(known) * opening[name][0, 0] + weights @ known**power
        np.testing.assert_allclose(found[name][0, 0], expected, rtol=1e-9, atol=1e-12)


def test_after_a_full_history_little_is_left_of_the_value_before_it() -> None:
    opening = statistics.opening_statistics(np.full((1, 1), 100.0))
    found = statistics.after(opening, np.zeros((statistics.HISTORY_DAYS, 1, 1)))
    assert found["demand_quarter"][0, 0] < 1.3

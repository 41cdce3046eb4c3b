"""The pipeline has room for whatever events put off, those that follow on one another included."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.configs.errors import ConfigurationError
from tests.worlds.befallen import befallen, drawn

SHIP = 1
HOLD = {"kind": "customs_hold", "into": {"names": ["shop"]}}
CLOSURE = {"kind": "lane_closure", "where": {"modes": ["sea"]}}
STOP = {"kind": "supplier_stop"}
KINDS: tuple[dict[str, Any], ...] = (
    HOLD,
    CLOSURE,
    STOP,
    {"kind": "port_closure", "at": {"names": ["shop"]}},
    {"kind": "congestion", "at": {"names": ["shop"]}, "extra_days": 6},
)


def room(**events: Any) -> int:
    """Days by which the pipeline is longer than without events."""
    return befallen(**events).network.pipeline_days - befallen().network.pipeline_days


def test_dates_that_follow_on_one_another_lengthen_the_pipeline_by_as_long_as_they_are_in_a_row() -> None:
    assert room(hold={**HOLD, "starts": ["03-01", "09-01"], "days": 10}) == 10
    assert room(hold={**HOLD, "starts": ["03-01", "03-11", "03-20"], "days": 10}) == 29
    # A departure comes within a week, so that closures a week apart are in a row too.
    assert room(closure={**CLOSURE, "starts": ["12-27", "01-08"], "days": 7}) == 12 + 7 + 7
    # Five days of production: two of rest, one of work, and so on, until five have been worked.
    assert room(stop={**STOP, "starts": [f"03-{day:02}" for day in range(1, 28, 3)], "days": 2}) == 5 * 2
    # What comes once may join two that are not in a row by themselves.
    apart = {"hold": {**HOLD, "starts": ["03-01", "03-16"], "days": 10}}
    assert room(**apart) == 10
    assert room(**apart, other={**HOLD, "starts": 30, "days": 8}) == 25 + 8


def test_goods_that_wait_for_several_dates_in_a_row_arrive_when_the_last_is_over() -> None:
    hold = {**HOLD, "days": 30}
    first_days = [f"{month:02}-{day:02}" for month in range(1, 7) for day in (1, 25)]
    one, chained = (befallen(hold={**hold, "starts": starts}) for starts in (first_days[:1], first_days))
    scenario, calm = drawn(chained, episodes=16), drawn(befallen(), episodes=16)
    later = (scenario.delay_days - calm.delay_days)[..., SHIP]
    assert int(later.max()) > one.network.pipeline_days, "longer than a ring for one of them would hold"
    way = chained.parameters.lane.order_days[scenario.weekday] + scenario.delay_days
    assert int(way.max()) <= chained.network.pipeline_days - 1


def test_dates_that_follow_on_one_another_all_year_round_are_refused() -> None:
    starts = [f"{month:02}-{day:02}" for month in range(1, 13) for day in (1, 15)]
    for event in (HOLD, CLOSURE, STOP):
        with pytest.raises(ConfigurationError, match="follow on one another so closely that goods may wait"):
            befallen(closed={**event, "starts": starts, "days": 20})


@st.composite
def events(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for number in range(draw(st.integers(1, 4))):
        dates = st.lists(st.sampled_from(["02-10", "02-14", "02-20", "06-01", "2020-02-27"]), min_size=1, unique=True)
        when: dict[str, Any] = draw(
            st.one_of(
                st.fixed_dictionaries({"rate_per_year": st.sampled_from([2.0, 12.0])}),
                st.fixed_dictionaries({"starts": dates, "offset_days": st.integers(-9, 9)}),
                st.fixed_dictionaries({"starts": st.integers(0, 60)}),
            )
        )
        found[f"event {number}"] = {**draw(st.sampled_from(KINDS)), **when, "days": draw(st.integers(1, 20))}
    return found


@settings(max_examples=40, deadline=None)
@given(events=events(), seed=st.integers(0, 1000))
def test_nothing_is_put_off_by_more_than_the_pipeline_holds(events: dict[str, Any], seed: int) -> None:
    world = befallen(**events)
    scenario = drawn(world, episodes=8, days=120, seed=seed)
    way = world.parameters.lane.order_days[scenario.weekday] + scenario.delay_days
    assert int(way.max()) <= world.network.pipeline_days - 1


def test_what_comes_so_often_by_chance_that_goods_would_never_arrive_leaves_gaps_for_them() -> None:
    world = befallen(hold={**HOLD, "rate_per_year": 60, "days": 12})
    scenario, calm = drawn(world, episodes=16, days=200), drawn(befallen(), episodes=16, days=200)
    later = (scenario.delay_days - calm.delay_days)[..., SHIP]
    assert int(later.max()) > 12, "some follow on one another"
    way = world.parameters.lane.order_days[scenario.weekday] + scenario.delay_days
    assert int(way.max()) <= world.network.pipeline_days - 1

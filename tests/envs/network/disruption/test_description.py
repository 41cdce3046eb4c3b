from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.configs.loader import available
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.network.disruption import DisruptionArrays, load_disruption
from entrepot.envs.network.disruption.description import disruption_from
from entrepot.envs.network.disruption.when import Known

KREEN = load_network("kreen", skus=2)
ARRAYS = NetworkArrays.from_description(KREEN)


def one(**event: Any) -> DisruptionArrays:
    """An event in kreen."""
    content = {"name": "tried", "events": {"it": {"starts": 0, "days": 5, **event}}}
    return DisruptionArrays.of(disruption_from(content, source="tried.yaml"), KREEN, ARRAYS)


def refusal(**event: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        one(**event)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", available("disruption"))
def test_what_ships_befalls_kreen_and_touches_something(name: str) -> None:
    described = load_disruption(name)
    assert described.name == name
    assert described.title
    befalls = DisruptionArrays.of(described, KREEN, ARRAYS)
    assert all(event.effect.touches for event in befalls.events)


def test_suez_to_cape_is_nine_days_more_between_asia_and_europe_and_nothing_else() -> None:
    event = DisruptionArrays.of(load_disruption("suez_to_cape"), KREEN, ARRAYS).events[0]
    assert event.effect.extra_days is not None
    struck = {name for name, days in zip(ARRAYS.lanes, event.effect.extra_days, strict=True) if days}
    assert struck == {
        "dongguan→hamburg:sea",
        "yiwu→hamburg:sea",
        "haiphong→hamburg:sea",
        "dongguan→fba_de:sea",
    }
    assert set(event.effect.extra_days) == {0, 9}


def test_a_strike_at_the_west_coast_spares_canada() -> None:
    strike = DisruptionArrays.of(load_disruption("us_west_coast_port_strike"), KREEN, ARRAYS).events[0]
    assert strike.effect.holds is not None
    held = {name for name, holds in zip(ARRAYS.lanes, strike.effect.holds, strict=True) if holds}
    assert held == {lane for lane in ARRAYS.lanes if lane.endswith(("los_angeles:sea", "fba_us:sea"))}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"kind": "flood"}, "tried.yaml: events.it.kind: 'flood'; allowed: congestion, customs_hold, delay"),
        ({"kind": "delay"}, "extra_days: missing; it must be given"),
        ({"kind": "delay", "extra_days": 0}, "extra_days: Input should be greater than or equal to 1 (found 0)"),
        ({"kind": "delay", "extra_days": 9, "rate_per_year": 2}, "starts, rate_per_year: give exactly one of the two"),
        ({"kind": "delay", "extra_days": 9, "starts": "13-45"}, "starts: '13-45' is no day of the calendar"),
        ({"kind": "delay", "extra_days": 9, "starts": "soon"}, "starts: 'soon'; allowed: a day of the scenario"),
        ({"kind": "delay", "extra_days": 9, "days": {"low": 9, "high": 3}}, "low: 9, high: 3; allowed: low up to high"),
        ({"kind": "delay", "extra_days": 9, "days": {"median": 3}}, "allowed: a number of days, {low, high}"),
        ({"kind": "delay", "extra_days": 9, "known": {"late": 1, "in_advance": 1}}, "not both"),
        (
            {"kind": "node_closed", "at": {"names": ["atlantis"]}},
            "at: 'atlantis' is none of kreen's; allowed: dongguan",
        ),
        ({"kind": "node_closed", "at": {"countries": ["BR"]}}, "none of the places of kreen: dongguan (CN, warehouse)"),
        ({"kind": "node_closed", "at": {"kinds": ["supplier"]}}, "only suppliers; allowed: dongguan"),
        ({"kind": "supplier_stop", "at": {"kinds": ["warehouse"]}}, "only nodes; allowed: guangdong, zhejiang"),
        ({"kind": "lane_closure", "where": {"lanes": ["a→b:sea"]}}, "where.lanes: 'a→b:sea' is none of kreen's"),
        (
            {"kind": "lane_closure", "where": {"modes": ["rail"], "origin": {"countries": ["US"]}}},
            "no lane of kreen is so; its lanes: guangdong→dongguan:truck",
        ),
        (
            {"kind": "port_closure", "at": {"names": ["fba_ca"]}},
            "modes: sea: no lane of kreen is so that starts or ends",
        ),
        ({"kind": "customs_hold", "into": {"names": ["yiwu"]}}, "no lane of kreen leads there from another country"),
        ({"kind": "demand_surge", "factor": 2, "markets": {"channels": ["tv"]}}, "none of the markets of kreen"),
        ({"kind": "demand_surge", "factor": 2, "skus": ["gold"]}, "skus: 'gold' is none of kreen's"),
        ({"kind": "equipment_storm", "hazard_factor": 5}, "nothing wears at dongguan, yiwu"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_what_is_allowed(event: dict[str, Any], told: str) -> None:
    assert told in refusal(**event)


def test_a_share_of_an_unlimited_lane_is_said_to_change_nothing() -> None:
    (remark,) = one(kind="lane_closure", where={"modes": ["sea"]}, open_share=0.5).remarks
    assert remark.startswith("it: open_share 0.5 changes nothing on")


def test_dates_of_each_year_are_met_from_the_year_before_on() -> None:
    event = disruption_from(
        {"name": "tried", "events": {"it": {"kind": "delay", "extra_days": 1, "starts": "11-11", "days": 1}}},
        source="tried.yaml",
    ).events["it"]
    first_day = np.array([np.datetime64("2011-11-10", "D").astype(int), np.datetime64("2010-12-31", "D").astype(int)])
    start, there = event.starts_in(first_day, 400, np.random.default_rng(0))
    assert there.all()
    assert {1, 367} <= set(start[0])
    assert 315 in set(start[1])


def test_what_is_moved_to_a_day_keeps_the_order_of_its_events() -> None:
    moved = load_disruption("us_west_coast_port_strike").started_on(30)
    starts = {
        name: event.starts_in(np.array([0]), 200, np.random.default_rng(0))[0][0, 0]
        for name, event in moved.events.items()
    }
    assert starts == {"strike": 30, "backlog": 40, "air": 30}


def test_what_comes_by_the_calendar_comes_on_the_first_of_its_dates_from_a_day_on_and_on_no_other() -> None:
    moved = load_disruption("prime_day").started_on(30)
    first_day = np.array([np.datetime64(day, "D").astype(int) for day in ("2011-06-11", "2011-06-12", "2010-12-31")])
    at, there = moved.events["days"].starts_in(first_day, 400, np.random.default_rng(0))
    assert at[there].tolist() == [30, 395, 192]  # the second is a day too late for this year's


def test_the_end_is_known_only_of_what_is_known_in_advance_unless_it_is_said() -> None:
    assert not Known().end_is_known
    assert Known(in_advance=3).end_is_known
    assert Known(end=True).end_is_known

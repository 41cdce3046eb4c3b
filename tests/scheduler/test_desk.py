from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entrepot.agents.inference import InferenceModule
from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.departures import departures, wait_days
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.decisions.replay import replay
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.folder import connect_to_read
from entrepot.scheduler.store.recovery import folded
from tests.scheduler.desks import CUT_OFF, LIVE, SEA, Live, opened
from tests.scheduler.served import module
from tests.scheduler.told import AIR, TRUCK, ZONES, event, network, places


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    found = Live(tmp_path, LIVE)
    yield found
    found.writer.close()


def test_at_the_cut_off_each_lane_that_departs_is_released_once(live: Live) -> None:
    assert live.desk.tick() is not None  # at noon in Shenzhen
    assert live.releases() == {}
    live.clock.set(CUT_OFF)
    plan = live.desk.tick()
    assert plan is not None
    found = live.releases()
    assert set(found) == {TRUCK, SEA, AIR}
    assert found[TRUCK]["state"] == "released"
    waiting = kept.outbox(connect_to_read(live.folder))
    assert f"my_network/{TRUCK}/2026-11-25" in [one["key"] for one in waiting]
    assert live.due_units() == plan.orders.sum()  # counts as on its way from now on
    for _ in range(3):
        live.clock.advance(timedelta(minutes=10))
        live.desk.tick()
    assert len(kept.outbox(connect_to_read(live.folder))) == len(waiting)
    live.sit_down()  # a restart knows what it has done
    live.desk.tick()
    assert len(kept.outbox(connect_to_read(live.folder))) == len(waiting)
    assert live.writer.submit(lambda turn: turn.mirror.digest()).result() == (
        folded(connect_to_read(live.folder), places()).digest()
    )


def test_what_was_released_is_not_ordered_again(live: Live) -> None:
    live.clock.set(CUT_OFF)
    first = live.desk.tick()
    live.clock.set(CUT_OFF + timedelta(days=1))
    live.writer.take([event("heartbeat", {"last_sequence": 400}, 1000, hours=27)]).result()
    second = live.desk.tick()
    assert first is not None
    assert second is not None
    lane = places().names.lanes[TRUCK]
    assert first.orders[lane].sum() > 100
    # What a day changes, and what the first plan itself sent on from there: not all of it again.
    sent_on = first.orders.sum() - first.orders[lane].sum()
    assert second.orders[lane].sum() - sent_on < 0.2 * first.orders[lane].sum()


def test_in_shadow_nothing_goes_out_and_nothing_counts_as_on_its_way(tmp_path: Path) -> None:
    live = Live(tmp_path, Settings())
    live.clock.set(CUT_OFF)
    live.desk.tick()
    assert live.releases()[TRUCK]["state"] == "shadow"
    assert kept.outbox(connect_to_read(tmp_path)) == []
    assert live.due_units() == 0
    live.writer.close()


def test_an_order_above_the_approval_limit_waits_for_a_person_until_its_departure_has_gone(tmp_path: Path) -> None:
    live = Live(tmp_path, replace(LIVE, approval_units=5.0))
    live.clock.set(CUT_OFF)
    live.desk.tick()
    key = live.releases()[TRUCK]["key"]
    assert live.releases()[TRUCK]["state"] == "held"
    assert kept.outbox(connect_to_read(tmp_path)) == []
    now = live.clock.now()
    with pytest.raises(kept.UnknownError, match="departure was on"):
        live.writer.submit(lambda turn: kept.approve(turn, key, now + timedelta(days=1), "anna")).result()
    live.writer.submit(lambda turn: kept.approve(turn, key, now, "anna")).result()
    with pytest.raises(kept.UnknownError):
        live.writer.submit(lambda turn: kept.approve(turn, key, now, "anna")).result()
    assert [one["key"] for one in kept.outbox(connect_to_read(tmp_path))] == [key]
    live.writer.submit(lambda turn: kept.sent(turn, key, "erp")).result()
    assert live.releases()[TRUCK]["state"] == "sent"
    assert kept.outbox(connect_to_read(tmp_path)) == []
    live.writer.close()


class StopsMeanwhile:
    """A module during whose decision somebody stops releases."""

    def __init__(self, decides: InferenceModule, live: Live) -> None:
        self._decides, self._live = decides, live

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decides, name)

    def decide(self, *arguments: Any, **options: Any) -> Any:
        self._live.writer.submit(lambda turn: kept.stop(turn, "anna", stopped=True)).result()
        return self._decides.decide(*arguments, **options)


def test_who_stops_releases_while_a_plan_is_made_is_obeyed_by_it(live: Live) -> None:
    live.clock.set(CUT_OFF)
    slow: Any = StopsMeanwhile(module(), live)
    assert Desk(live.writer, slow, live.settings, live.clock, live.metrics).tick() is not None
    assert live.releases() == {}
    live.writer.submit(lambda turn: kept.stop(turn, "anna", stopped=False)).result()
    live.desk.tick()
    assert live.releases()[SEA]["state"] == "released"


def test_when_stopped_nothing_is_released_and_what_was_missed_is_said(live: Live) -> None:
    live.desk.tick()
    live.writer.submit(lambda turn: kept.stop(turn, "anna", stopped=True)).result()
    live.clock.set(CUT_OFF)
    live.desk.tick()
    live.sit_down()
    live.desk.tick()
    assert live.releases() == {}
    live.clock.advance(timedelta(hours=2))
    live.writer.submit(lambda turn: kept.stop(turn, "anna", stopped=False)).result()
    live.desk.tick()
    assert {one["state"] for one in live.releases().values()} == {"missed"}
    assert kept.outbox(connect_to_read(live.folder)) == []


def test_a_plan_that_can_not_be_made_is_told_and_releases_nothing(tmp_path: Path) -> None:
    live = Live(tmp_path, LIVE, told=False)
    live.clock.set(CUT_OFF)
    assert live.desk.tick() is None
    assert live.desk.trouble is not None
    assert "send a count" in live.desk.trouble
    live.writer.take(opened()).result()
    live.clock.advance(timedelta(minutes=1))
    live.desk.tick()
    assert live.releases()[TRUCK]["state"] == "released"
    assert live.desk.trouble is None
    live.writer.close()


def test_a_decision_made_again_has_the_same_bits_whatever_came_since(live: Live) -> None:
    plan = live.desk.tick()
    assert plan is not None
    live.writer.take([event("count", {"node": "shenzhen", "sku": "lamp", "on_hand": 1}, 2000)]).result()
    again = replay(connect_to_read(live.folder), places(), module(), plan.id)
    assert (again.same_inputs, again.same_orders) == (True, True)
    np.testing.assert_array_equal(again.plan.orders, plan.orders)
    with pytest.raises(ConfigurationError, match="are not those with which"):
        replay(connect_to_read(live.folder), Places.of(network(), "UTC", ZONES), module(), plan.id)
    with pytest.raises(kept.UnknownError, match="there is none"):
        replay(connect_to_read(live.folder), places(), module(), "nothing")


def test_a_clock_that_jumps_a_day_back_releases_nothing_twice(live: Live) -> None:
    live.clock.set(CUT_OFF)
    live.desk.tick()
    waiting = len(kept.outbox(connect_to_read(live.folder)))
    live.clock.advance(timedelta(days=-1))
    live.desk.tick()
    live.clock.set(CUT_OFF + timedelta(minutes=1))
    live.desk.tick()
    keys = [one["key"] for one in kept.outbox(connect_to_read(live.folder))]
    assert len(keys) == len(set(keys))
    assert len([key for key in keys if key.endswith("2026-11-25")]) == waiting


def test_departures_and_cut_offs_are_in_the_zone_where_a_lane_starts() -> None:
    settings = Settings(cut_offs={"shenzhen->california:sea": time(9, 30)})
    late = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # half past midnight on Wednesday in Shenzhen
    found = {one.name: one for one in departures(places(), settings, late, {})}
    assert found[SEA].cut_off == datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    assert found[AIR].cut_off == CUT_OFF
    waits = wait_days(places(), settings, late, {}, set())
    assert waits[SEA] == 0
    assert wait_days(places(), settings, late, {}, {(SEA, "2026-11-25")})[SEA] == 7
    assert wait_days(places(), settings, late - timedelta(hours=1), {}, set())[SEA] == 1  # still Tuesday there
    assert wait_days(places(), settings, late, {SEA: 3}, set())[SEA] == 3
    with pytest.raises(ConfigurationError, match="--cut-off"):
        Settings(cut_offs={"nowhere": time(9)}).check(places())

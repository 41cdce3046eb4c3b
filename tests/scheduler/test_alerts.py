from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from entrepot.scheduler.alerts import kept
from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.decisions.kept import UnknownError
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.store.folder import DATABASE, connect_to_read
from entrepot.scheduler.store.schema import STEPS
from entrepot.scheduler.store.writer import Writer
from tests.scheduler.desks import Live
from tests.scheduler.told import AIR, START, event, places


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    found = Live(tmp_path, replace(Settings(), plan_every=timedelta(minutes=1)))
    yield found
    found.writer.close()


def alerts(live: Live, state: str = "open") -> dict[tuple[str, str], dict[str, Any]]:
    """After another minute's plan."""
    live.clock.advance(timedelta(minutes=1))
    live.desk.tick()
    return {(one["kind"], one["place"]): one for one in kept.listed(connect_to_read(live.folder), state)}


def test_a_stock_out_that_comes_before_anything_ordered_now_is_told_until_an_order_is_under_way(live: Live) -> None:
    place = ("stock_out", "california lamp")
    assert place not in alerts(live)
    live.writer.take([event("count", {"node": "california", "sku": "lamp", "on_hand": 5}, 1000)]).result()
    found = alerts(live)[place]
    assert found["usd"] > 0
    assert AIR in found["action"]
    assert alerts(live)[place]["alert"] == found["alert"]  # one alert a cause, however often it is found
    order = {"order": "P1", "lane": AIR, "lines": [{"sku": "lamp", "units": 60}], "ordered": "2026-11-25"}
    live.writer.take([event("order", order, 1001)]).result()
    assert place not in alerts(live)
    assert place in alerts(live, "closed")


def test_what_was_acknowledged_is_not_told_again_until_it_was_gone(live: Live) -> None:
    live.writer.take([event("condition", {"lane": AIR, "share": 0.0}, 1000)]).result()
    number = alerts(live)["lane_closed", AIR]["alert"]
    live.writer.submit(lambda turn: kept.acknowledge(turn, number, "anna")).result()
    assert ("lane_closed", AIR) not in alerts(live)
    assert alerts(live, "acknowledged")["lane_closed", AIR]["by"] == "anna"
    with pytest.raises(UnknownError):
        live.writer.submit(lambda turn: kept.acknowledge(turn, number, "anna")).result()
    live.writer.take([event("condition", {"lane": AIR, "share": 1.0, "revision": 1}, 1001)]).result()
    assert ("lane_closed", AIR) not in alerts(live, "acknowledged")
    live.writer.take([event("condition", {"lane": AIR, "share": 0.2, "revision": 2}, 1002)]).result()
    assert alerts(live)["lane_closed", AIR]["alert"] != number


def test_weak_equipment_late_shipments_and_silent_sources_are_told(live: Live) -> None:
    line = [{"sku": "lamp", "units": 10}]
    told = [
        event("telemetry", {"node": "california", "share": 0.5}, 1000),
        event("shipment", {"shipment": "S1", "lane": AIR, "lines": line, "eta": "2026-11-23"}, 1001),
    ]
    live.writer.take(told).result()
    found = alerts(live)
    assert ("equipment", "california") in found
    assert found["late_shipment", f"{AIR} 2026-11-23"]["usd"] == 50  # ten lamps of 5 USD
    live.clock.advance(timedelta(hours=7))
    assert ("silent_source", "/wms/one") in alerts(live)
    live.writer.take([event("heartbeat", {"last_sequence": 1002, "final": True}, 1002)]).result()
    assert ("silent_source", "/wms/one") not in alerts(live)


def test_demand_far_above_that_of_a_month_is_told(live: Live) -> None:
    days = [
        event(
            "demand",
            {"market": "us_shop", "sku": "lamp", "date": f"2026-11-2{n}", "units": 40, "revision": 1},
            1000 + n,
        )
        for n in (0, 1, 2, 3)
    ]
    live.writer.take(days).result()
    found = alerts(live)
    assert ("demand_spike", "us_shop lamp") in found
    assert ("demand_spike", "us_shop kettle") not in found


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / DATABASE)
    connection.executescript(f"{STEPS[0]} PRAGMA user_version = 1;")
    connection.close()
    Writer(tmp_path, places(), SimulatedClock(START)).close()
    assert kept.listed(connect_to_read(tmp_path)) == []

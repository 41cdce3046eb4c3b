from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar, snapshot_from_records
from entrepot.envs.snapshot.records.sales import DailySales
from entrepot.scheduler.events.envelope import Event
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.mirror import Dump
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.places import Places
from tests.scheduler.told import AIR, START, TRUCK, ZONES, event, moved, network, places

LAMP, CALIFORNIA, SHENZHEN = 1, 1, 0
UNIT = 1_000_000


def folded(events: list[Event], of: Places | None = None) -> Mirror:
    mirror = Mirror(of or places())
    for told in events:
        mirror.apply(told)
    return mirror


def on_hand(mirror: Mirror, node: int = CALIFORNIA, bucket: str = "on_hand") -> float:
    return mirror.stock.balance(bucket, node, LAMP) / UNIT


@st.composite
def _told(draw: st.DrawFn) -> list[Event]:
    """Anything that sources may tell, with times and revisions that often coincide."""
    node, sku = st.sampled_from(["shenzhen", "california"]), st.sampled_from(["kettle", "lamp"])
    units, revision = st.integers(1, 9), st.integers(0, 2)
    lines = st.lists(st.fixed_dictionaries({"sku": sku, "units": units}), min_size=1, max_size=2)
    move = {"node": node, "sku": sku, "units": units}
    document = st.sampled_from(["D1", "D2"])
    kinds: dict[str, dict[str, Any]] = {
        "receipt": {**move, "order": document},
        "putaway": move,
        "pick": {**move, "sale": document},
        "return": move,
        "inspection": {**move, "outcome": st.sampled_from(["dock", "refurbish", "scrap"])},
        "count": {"node": node, "sku": sku, "on_hand": units, "dock": units, "revision": revision},
        "adjustment": {**move, "units": st.integers(-9, -1), "reason": st.just("broken")},
        "hold": move,
        "dispatch": {**move, "node": st.just("shenzhen"), "lane": st.just(AIR), "shipment": document},
        "order": {"order": document, "lane": st.just(TRUCK), "lines": lines, "revision": revision},
        "sale": {
            "sale": document,
            "market": st.just("us_shop"),
            "ordered": st.just(START.isoformat()),
            "lines": lines,
            "revision": revision,
            "status": st.sampled_from(["open", "closed", "cancelled"]),
        },
        "allocation": {
            "sale": document,
            "lines": st.lists(st.fixed_dictionaries(move), max_size=2),
            "revision": revision,
        },
        "demand": {"market": st.just("us_shop"), "sku": sku, "date": st.just("2026-11-20"), "units": units},
        "soldout": {
            "market": st.just("us_shop"),
            "date": st.sampled_from(["2026-11-20", "2026-11-21"]),
            "skus": st.lists(sku, max_size=2),
            "revision": revision,
        },
        "condition": {"lane": st.just(AIR), "share": st.sampled_from([0.0, 0.5, 1.0]), "revision": revision},
        "telemetry": {"node": node, "share": st.sampled_from([0.0, 0.5, 1.0])},
        "heartbeat": {"last_sequence": st.integers(0, 50), "final": st.booleans()},
    }
    drawn = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=14))
    return [
        event(kind, draw(st.fixed_dictionaries(kinds[kind])), number, hours=draw(st.integers(0, 3)), source=source)
        for number, kind in enumerate(drawn, 1)
        for source in [draw(st.sampled_from(["/wms/one", "/oms"]))]
    ]


@settings(max_examples=80, deadline=None)
@given(events=_told(), data=st.data())
def test_any_order_comes_to_the_same_mirror(events: list[Event], data: st.DataObject) -> None:
    other = data.draw(st.permutations(events))
    assert folded(other).digest() == folded(events).digest()


@settings(max_examples=30, deadline=None)
@given(events=_told(), data=st.data())
def test_a_kept_mirror_goes_on_as_if_it_had_never_been_kept(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    kept = msgspec.msgpack.encode(folded(events[:cut]).dump())
    mirror = Mirror(places(), msgspec.msgpack.decode(kept, type=Dump))
    for told in events[cut:]:
        mirror.apply(told)
    assert mirror.digest() == folded(events).digest()
    assert list(mirror.stock.held()) == list(folded(events).stock.held())
    assert list(mirror.demand.waiting()) == list(folded(events).demand.waiting())
    spoken_for: dict[tuple[int, int], int] = {}
    for part in mirror.demand.waiting():
        if part.node is not None:
            spoken_for[part.node, part.sku] = spoken_for.get((part.node, part.sku), 0) + part.units
    assert mirror.demand.allocated == spoken_for


def test_a_count_holds_from_its_time_on_and_late_movements_from_before_it_change_nothing() -> None:
    count = event("count", {"node": "california", "sku": "lamp", "on_hand": 40}, 1, hours=2)
    before = event("pick", moved(7), 2, hours=1)
    at = event("pick", moved(5), 3, hours=2)
    after = event("pick", moved(3), 4, hours=3)
    assert on_hand(folded([count, before, at, after])) == 37
    assert on_hand(folded([after, before, count, at])) == 37
    recount = event("count", {"node": "california", "sku": "lamp", "on_hand": 41, "revision": 1}, 5, hours=2)
    assert on_hand(folded([recount, count, after])) == 38
    late = event("count", {"node": "california", "sku": "lamp", "on_hand": 10}, 6, hours=1)
    assert on_hand(folded([count, after, late])) == 37


def test_goods_go_from_the_pipeline_over_the_dock_to_the_shelf_and_stock_below_0_is_kept() -> None:
    told = [
        event("receipt", moved(9), 1),
        event("putaway", moved(6), 2),
        event("pick", moved(8), 3),
        event("return", moved(2), 4),
        event("inspection", {**moved(1), "outcome": "dock"}, 5),
        event("hold", moved(1), 6),
    ]
    mirror = folded(told)
    assert on_hand(mirror, bucket="dock") == 4
    assert on_hand(mirror) == -3
    assert on_hand(mirror, bucket="inspection") == 1
    assert on_hand(mirror, bucket="quarantine") == 1


def test_a_correction_undoes_a_movement_and_tells_it_anew() -> None:
    wrong = event("receipt", {**moved(90), "order": "P1"}, 1)
    data = {"source": "/wms/one", "epoch": 1, "sequence": 1, "reason": "typed twice"}
    mirror = folded([wrong])
    mirror.apply(event("correction", data, 2), wrong)
    assert on_hand(mirror, bucket="dock") == 0
    again = {"time": START.isoformat(), "data": {**moved(9), "order": "P1"}}
    mirror = folded([wrong])
    mirror.apply(event("correction", {**data, "instead": again}, 2), wrong)
    assert on_hand(mirror, bucket="dock") == 9


def _opened() -> list[Event]:
    """Stock, and a year of demand."""
    counts = [
        event("count", {"node": node, "sku": sku, "on_hand": 50}, number, hours=-1)
        for number, (node, sku) in enumerate(
            [(node, sku) for node in ("shenzhen", "california") for sku in ("kettle", "lamp")], 1
        )
    ]
    first = calendar.day_number("2026-11-23")
    return counts + [
        event(
            "demand",
            {"market": "us_shop", "sku": "lamp", "date": calendar.iso(first - day), "units": day % 5},
            100 + day,
        )
        for day in range(60)
    ]


def _arrays(events: list[Event], now: datetime = START) -> dict[str, Any]:
    found = recorded(folded(events), now)
    made = snapshot_from_records(network(), found.records, found.date, zone="Asia/Shanghai", zones=ZONES)
    return {name: values[0] for name, values in made.arrays.items()}


def test_an_order_counts_once_from_placing_to_receipt() -> None:
    lines = [{"sku": "lamp", "units": 30}]
    order = event("order", {"order": "P1", "lane": AIR, "lines": lines, "ordered": "2026-11-24"}, 1000)
    sent = event("dispatch", {**moved(20, node="shenzhen"), "lane": AIR, "shipment": "S1", "order": "P1"}, 1001)
    got = event("receipt", {**moved(12), "shipment": "S1"}, 1002)
    due = [_arrays(_opened() + told)["pipeline"][CALIFORNIA, LAMP].sum() for told in ([order], [order, sent])]
    assert due == [30, 30]
    arrays = _arrays([*_opened(), got, sent, order])
    assert arrays["pipeline"][CALIFORNIA, LAMP].sum() == 18
    assert arrays["dock"][CALIFORNIA, LAMP] == 12
    assert arrays["on_hand"][SHENZHEN, LAMP] == 50 - 20 - 10  # what is still to be sent is spoken for
    short = event("order", {"order": "P1", "lane": AIR, "lines": lines, "status": "closed", "revision": 1}, 1003)
    arrays = _arrays([*_opened(), order, sent, got, short])
    assert arrays["pipeline"][CALIFORNIA, LAMP].sum() == 8
    assert arrays["on_hand"][SHENZHEN, LAMP] == 30


def test_a_shipments_document_tells_when_it_arrives_and_closing_it_short_ends_it() -> None:
    sent = event("dispatch", {**moved(20, node="shenzhen"), "lane": AIR, "shipment": "S1"}, 1001)
    told = {"shipment": "S1", "lane": AIR, "eta": "2026-11-28"}
    arrays = _arrays([*_opened(), event("shipment", told, 1002), sent])
    assert arrays["pipeline"][CALIFORNIA, LAMP, 3] == 20
    closed = event("shipment", {**told, "revision": 1, "status": "closed"}, 1003)
    assert _arrays([*_opened(), sent, closed])["pipeline"].sum() == 0


def test_open_sales_wait_or_are_off_the_stock_to_which_they_are_allocated() -> None:
    lines = [{"sku": "lamp", "units": 4}, {"sku": "kettle", "units": 2, "node": "california"}]
    sale = {"sale": "C1", "market": "us_shop", "ordered": START.isoformat(), "lines": lines}
    arrays = _arrays([*_opened(), event("sale", sale, 1000), event("pick", {**moved(1), "sale": "C1"}, 1001)])
    assert arrays["backlog"][0, LAMP] == 3
    assert arrays["on_hand"][CALIFORNIA].tolist() == [48, 49]
    done = event("sale", {**sale, "revision": 1, "status": "closed"}, 1002)
    assert _arrays([*_opened(), event("sale", sale, 1000), done])["backlog"].sum() == 0


def test_a_sale_at_half_past_eleven_in_los_angeles_is_of_that_day_there() -> None:
    def sale(ordered: str, sequence: int) -> Event:
        lines = [{"sku": "lamp", "units": 1}]
        told = {"sale": f"C{sequence}", "market": "us_shop", "ordered": ordered, "lines": lines, "status": "closed"}
        return event("sale", told, sequence)

    mirror = folded(
        [sale("2026-11-25T07:30:00Z", 1), sale("2026-11-24T23:59:59-08:00", 2), sale("2026-11-25T08:00:00Z", 3)]
    )
    first = calendar.day_number("2026-11-24")
    assert mirror.demand.daily_units(first, 2)[:, 0, LAMP].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("date", "hours"), [("2026-03-08", 23), ("2026-11-01", 25)], ids=["clocks go forward", "clocks go back"]
)
def test_a_day_on_which_clocks_change_is_one_day(date: str, hours: int) -> None:
    zone = calendar.zone_named("America/Los_Angeles")
    midnight = datetime.fromisoformat(date).replace(tzinfo=zone).astimezone(UTC)
    moments = [midnight + timedelta(minutes=30 * half) for half in range(2 * hours)]
    lines = [{"sku": "lamp", "units": 1}]
    sales = [
        event("sale", {"sale": f"C{n}", "market": "us_shop", "ordered": moment.isoformat(), "lines": lines}, n)
        for n, moment in enumerate([*moments, midnight + timedelta(hours=hours)], 1)
    ]
    daily = folded(sales).demand.daily_units(calendar.day_number(date) - 1, 3)[:, 0, LAMP]
    assert daily.tolist() == [0, 2 * hours, 1]


def test_a_day_closes_two_hours_after_midnight_in_its_own_zone() -> None:
    midnight = datetime(2026, 11, 25, tzinfo=calendar.zone_named("America/Los_Angeles"))
    lines = [{"sku": "lamp", "units": 9}]
    sale = {
        "sale": "C1",
        "market": "us_shop",
        "ordered": "2026-11-24T20:00:00-08:00",
        "lines": lines,
        "status": "closed",
    }
    beat = (midnight + timedelta(hours=2, minutes=1) - START) / timedelta(hours=1)
    told = [event("sale", sale, 999), event("heartbeat", {"last_sequence": 999}, 1000, hours=beat)]
    silent = recorded(folded([*_opened(), told[0]]), midnight + timedelta(days=3)).records.sales
    assert isinstance(silent, DailySales)
    assert np.isnan(silent.units[calendar.day_number("2026-11-24") - silent.first_day :]).all()  # it may have sold more
    for later, closed in ((timedelta(hours=1, minutes=59), False), (timedelta(hours=2, minutes=1), True)):
        sales = recorded(folded([*_opened(), *told]), midnight + later).records.sales
        assert isinstance(sales, DailySales)
        last = sales.units[calendar.day_number("2026-11-24") - sales.first_day, 0, LAMP]
        assert (last == 9) if closed else np.isnan(last)


def test_of_a_node_that_was_never_counted_nothing_is_known() -> None:
    only = [told for told in _opened() if "shenzhen" not in told.body.decode()]
    arrays = _arrays([*only, event("receipt", moved(5, node="shenzhen"), 999)])
    assert np.isnan(arrays["on_hand"][SHENZHEN]).all()
    assert arrays["on_hand"][CALIFORNIA].tolist() == [50, 50]


def test_without_a_count_or_sales_it_says_what_to_send() -> None:
    with pytest.raises(ConfigurationError, match="send a count"):
        recorded(Mirror(places()), START)
    with pytest.raises(ConfigurationError, match="send sales or demand"):
        recorded(folded(_opened()[:4]), START)


def test_a_source_that_falls_silent_makes_a_nodes_stock_old_though_others_speak() -> None:
    told = [*_opened(), event("pick", moved(1), 1, hours=5, source="/oms")]
    mirror = folded(told)
    last = max(one.time for one in told if one.key.source == "/wms/one")
    assert mirror.sources.heard_of("node california") == last
    mirror.apply(event("heartbeat", {"last_sequence": 159, "final": True}, 2000))
    assert mirror.sources.heard_of("node california") == told[-1].time
    missing = {one.source: one.missing for one in mirror.sources.freshness()}
    assert missing["/oms"] == 0
    assert missing["/wms/one"] == 2000 - 65


def test_a_closed_lane_and_weak_equipment_reach_the_snapshot_until_the_notice_ends() -> None:
    told = [
        *_opened(),
        event("condition", {"lane": "shenzhen->california:air", "share": 0.25, "until": "2026-11-25"}, 1000),
        event("telemetry", {"node": "california", "share": 0.4}, 1001),
        event("condition", {"node": "california", "share": 0.7}, 1002),
    ]
    found = recorded(folded(told), START)
    assert found.lane_open == {AIR: 0.25}
    assert found.equipment == {"california": 0.4}
    assert recorded(folded(told), START + timedelta(days=1)).lane_open == {}


def test_looking_at_the_mirror_on_the_way_changes_nothing_of_what_it_comes_to() -> None:
    events = [event("pick", moved(1 + n % 3), n, hours=(n * 7) % 11) for n in range(1, 60)]
    events.insert(40, event("count", {"node": "california", "sku": "lamp", "on_hand": 9}, 100, hours=3))
    seen, unseen = Mirror(places()), Mirror(places())
    for number, one in enumerate(events):
        seen.apply(one)
        unseen.apply(one)
        if number % 5 == 0:
            seen.digest()  # sorts what it holds
            again = Mirror(places(), seen.dump())
            assert again.digest() == seen.digest()
    assert seen.digest() == unseen.digest()

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot.records.sales import DailySales
from entrepot.envs.snapshot.records.stock import Stock
from entrepot.scheduler.clock import SimulatedClock, microseconds
from entrepot.scheduler.events.envelope import Event
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.mirror import Dump
from entrepot.scheduler.mirror.records import Recorded, recorded
from entrepot.scheduler.mirror.renumbering import Axes, renumbered
from entrepot.scheduler.store import quarantine
from entrepot.scheduler.store.folder import connect_to_read
from entrepot.scheduler.store.recovery import folded
from entrepot.scheduler.store.retention import Retention
from entrepot.scheduler.store.writer import Transaction, Writer
from tests.scheduler.told import AIR, START, event, moved, places

UNDER_WAY = ("confirmed in part", "shipped")
HORIZON = START + timedelta(days=40)
NOW = START + timedelta(days=60)


def lived(days: int, first: int = 0, seed: int = 0) -> list[Event]:
    """A shop that sells, is picked for, and is sent goods; each day some of all."""
    random, found, number = Random(seed), [], first * 100
    if first == 0:
        for node in ("shenzhen", "california"):
            for sku in ("kettle", "lamp"):
                number += 1
                found.append(event("count", {"node": node, "sku": sku, "on_hand": 10_000, "dock": 0}, number))
    for day in range(first, first + days):
        number = 100 * (day + 1)
        hours = 24.0 * day + 6

        def say(kind: str, data: dict[str, object], later: float = 0, hours: float = hours) -> None:
            nonlocal number
            number += 1
            found.append(event(kind, data, number, hours=hours + later))

        for sale in range(2):
            name, units = f"C{day}-{sale}", random.randint(1, 5)
            lines = [{"sku": "lamp", "units": units, "node": "california"}]
            ordered = (START + timedelta(hours=hours)).isoformat()
            say("sale", {"sale": name, "market": "us_shop", "ordered": ordered, "lines": lines})
            if random.random() < 0.9:
                say("pick", {**moved(units), "sale": name}, 2)
        date = (START + timedelta(days=day)).date().isoformat()
        say("demand", {"market": "us_shop", "sku": "kettle", "date": date, "units": random.randint(0, 9)})
        say("order", {"order": f"P{day}", "lane": AIR, "lines": [{"sku": "lamp", "units": 8}]})
        say("dispatch", {**moved(8, node="shenzhen"), "lane": AIR, "shipment": f"S{day}", "order": f"P{day}"}, 1)
        say("receipt", {**moved(8), "shipment": f"S{day}"}, 3)
        say("putaway", moved(8), 4)
        lines = [{"sku": "lamp", "units": 8}]
        say("order", {"order": f"P{day}", "lane": AIR, "lines": lines, "status": "closed", "revision": 1}, 5)
        say("pick", {**moved(1), "sale": f"unheard{day}"}, 5)
    return found


def mirror_of(events: list[Event]) -> Mirror:
    mirror = Mirror(places())
    for one in events:
        mirror.apply(one)
    return mirror


def told(found: Recorded) -> tuple[object, ...]:
    records = found.records
    assert isinstance(records.stock, Stock)
    assert isinstance(records.sales, DailySales)
    units = records.sales.units
    return (
        records.stock.on_hand.tolist(),
        records.stock.dock.tolist(),
        records.stock.as_of,
        records.sales.first_day,
        np.nan_to_num(units, nan=-1).tolist(),
        records.shipments,
        records.orders,
        records.backlog,
    )


def test_what_a_decision_is_made_from_is_the_same_once_what_is_old_is_sums() -> None:
    mirror = mirror_of(lived(60))
    before = told(recorded(mirror, NOW))
    size = len(msgspec.msgpack.encode(mirror.dump()))
    mirror.forget(microseconds(HORIZON))
    assert told(recorded(mirror, NOW)) == before
    assert len(msgspec.msgpack.encode(mirror.dump())) < size / 2
    again = Mirror(places(), msgspec.msgpack.decode(msgspec.msgpack.encode(mirror.dump()), type=Dump))
    assert again.digest() == mirror.digest()
    assert told(recorded(again, NOW)) == before


def test_what_comes_after_may_come_in_any_order() -> None:
    digests = set()
    for seed in range(3):
        mirror = mirror_of(lived(60))
        mirror.forget(microseconds(HORIZON))
        later = lived(10, first=60, seed=5)
        Random(seed).shuffle(later)
        for one in later:
            mirror.apply(one)
        digests.add(mirror.digest())
    assert len(digests) == 1


def test_memory_does_not_grow_with_time() -> None:
    sizes = []
    mirror = Mirror(places())
    for month in range(6):
        for one in lived(30, first=30 * month, seed=month):
            mirror.apply(one)
        mirror.forget(microseconds(START + timedelta(days=30 * month)))
        waiting = len(set(mirror.demand.waiting()))
        sizes.append(
            len(mirror.demand.sales) - waiting
            + len(mirror.pipeline.orders)
            + len(mirror.pipeline.dump().sent)
            + len(mirror.demand.dump().picked)
            + sum(len(cell.times) for cell in mirror.stock.cells.values())
        )  # fmt: skip
    assert max(sizes[2:]) < 1.2 * sizes[1]


def test_a_restart_begins_from_a_base_and_repetitions_are_still_known_for_such(tmp_path: Path) -> None:
    clock, events = SimulatedClock(NOW), lived(60)
    writer = Writer(tmp_path, places(), clock)
    for first in range(0, len(events), 200):
        writer.take(events[first : first + 200]).result()
    retention = Retention(writer, clock, timedelta(days=20))
    clock.advance(timedelta(days=21))
    retention.sum_up(HORIZON)
    clock.advance(timedelta(days=25))
    while retention.tick():
        pass
    reader = connect_to_read(tmp_path)
    assert reader.execute("SELECT count(*) FROM events WHERE body != x''").fetchone()[0] == 0
    assert writer.take(events[:3]).result()[0].outcome == "duplicate"
    late = event("pick", moved(1), 9999, hours=24 * 30)
    answer = writer.take([late]).result()[0]
    assert (answer.outcome, answer.rule) == ("quarantined", "forgotten")
    wrong = {"source": "/wms/one", "epoch": 1, "sequence": events[5].key.sequence, "reason": "typed twice"}
    answer = writer.take([event("correction", wrong, 10_000, hours=24 * 80)]).result()[0]
    assert (answer.outcome, answer.rule) == ("quarantined", "forgotten")
    new = event("pick", moved(1), 10_001, hours=24 * 90)
    assert writer.take([new]).result()[0].outcome == "accepted"
    digest = writer.submit(lambda turn: turn.mirror.digest()).result()
    assert folded(reader, places()).digest() == digest
    (tmp_path / "mirror.msgpack").unlink()
    with pytest.raises(ConfigurationError, match="kept as part of sums only"):
        folded(reader, places(), until=10)
    reader.close()
    writer.close()
    again = Writer(tmp_path, places(), clock)
    assert again.submit(lambda turn: turn.mirror.digest()).result() == digest
    again.close()


def test_nothing_is_summed_up_before_its_time(tmp_path: Path) -> None:
    clock = SimulatedClock(START + timedelta(days=10))
    writer = Writer(tmp_path, places(), clock)
    writer.take(lived(5)).result()
    retention = Retention(writer, clock, timedelta(days=20))
    assert not retention.tick()
    assert writer.submit(lambda turn: turn.mirror.horizon).result() < 0
    clock.advance(timedelta(days=21))
    retention.tick()
    assert writer.submit(lambda turn: turn.mirror.horizon).result() == microseconds(START + timedelta(days=11))
    writer.close()


def test_sums_follow_the_names_of_a_network_that_has_grown() -> None:
    mirror = mirror_of(lived(60))
    mirror.forget(microseconds(HORIZON))
    arrays = places().names.arrays
    before = Axes(list(arrays.nodes), list(arrays.markets), list(arrays.lanes), list(arrays.skus))
    turned = Axes(before.nodes[::-1], before.markets, before.lanes[::-1], before.skus[::-1])
    there = renumbered(mirror.dump(), before, turned)
    assert there != mirror.dump()
    back = Mirror(places(), renumbered(there, turned, before))
    assert back.digest() == mirror.digest()
    with pytest.raises(ConfigurationError, match="'lamp' is gone"):
        renumbered(mirror.dump(), before, Axes(before.nodes, before.markets, before.lanes, ["kettle"]))


def test_what_is_over_is_let_go_of_with_the_rest_and_what_waits_stays(tmp_path: Path) -> None:
    clock = SimulatedClock(START)
    writer = Writer(tmp_path, places(), clock)

    def fill(turn: Transaction) -> None:
        def add(table: str, **values: object) -> None:
            names, marks = ", ".join(values), ", ".join("?" * len(values))
            turn.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))

        for state in ("open", "closed"):
            add(
                "alerts", key=state, kind="k", place="p", message="m", action="a", opened=turn.now, seen=turn.now,
                state=state,
            )  # fmt: skip
        for state in ("waiting", "sent"):
            add("notices", channel="email", level=0, body=b"", made=turn.now, due=turn.now, state=state)
            add("outbox", key=state, body=b"", made=turn.now, due=turn.now, state=state)
        for state in UNDER_WAY:
            add("outbox", key=state, body=b"", made=turn.now, due=turn.now, state="sent")
        for key, state in {"waiting": "received", "sent": "received", **{one: one for one in UNDER_WAY}}.items():
            add("releases", lane=key, day="2026-11-25", key=key, plan="", state=state, lines=b"", made=turn.now)
        add("allocations", sale="C1", revision=1, made=turn.now, body=b"")
        turn.note("anna", "stopped", "releases")

    writer.submit(fill).result()
    writer.take([event("pick", moved(1, sku="lmap"), number) for number in (1, 2)]).result()
    writer.submit(lambda turn: quarantine.drop(turn, 2, "anna")).result()
    clock.advance(timedelta(days=19))
    retention = Retention(writer, clock, timedelta(days=20))
    counted = ("alerts", "notices", "outbox", "quarantine", "releases")
    assert not retention.tick()
    clock.advance(timedelta(days=2))
    while retention.tick():
        pass
    reader = connect_to_read(tmp_path)
    left = {table: sorted(reader.execute(f"SELECT state FROM {table}").fetchall()) for table in counted}
    assert left == {
        "alerts": [("open",)],
        "notices": [("waiting",)],
        "outbox": [("sent",), ("sent",), ("waiting",)],  # goods of those that were sent are on the way
        "quarantine": [("open",)],  # nobody has said what is to become of it
        "releases": [("confirmed in part",), ("received",), ("shipped",)],
    }
    for table in ("allocations", "audit"):
        assert reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0
    reader.close()
    writer.close()

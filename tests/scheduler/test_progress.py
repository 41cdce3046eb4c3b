"""What became of an order that went out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entrepot.scheduler.clock import microseconds
from tests.command_line.conftest import Entrepot
from tests.command_line.conftest import entrepot as entrepot
from tests.scheduler.desks import CUT_OFF, LIVE, Live
from tests.scheduler.told import START, TRUCK, event

KEY = f"my_network/{TRUCK}/2026-11-25"


class Out:
    """An order of one lane that went out, and what its supplier tells of it."""

    def __init__(self, live: Live) -> None:
        self.live, self._number = live, 2000
        self.lines: list[dict[str, Any]] = msgspec.json.decode(bytes(live.releases()[TRUCK]["lines"]))

    @property
    def units(self) -> float:
        return float(sum(line["units"] for line in self.lines))

    def tell(self, kind: str, *, hours: float = 4, **data: Any) -> None:
        self._number += 1
        self.live.clock.set(max(self.live.clock.now(), START + timedelta(hours=hours)))
        answer = self.live.writer.take([event(kind, data, self._number, hours=hours)]).result()[0]
        assert answer.outcome == "accepted", answer

    def order(self, lines: list[dict[str, Any]], revision: int, **more: Any) -> None:
        self.tell("order", order=KEY, lane=TRUCK, lines=lines, revision=revision, **more)

    def receive(self, lines: list[dict[str, Any]], **of: Any) -> None:
        for line in lines:
            self.tell("receipt", node="shenzhen", **line, **of)

    def sum_up(self, until: datetime) -> None:
        self.live.writer.forget(microseconds(until)).result()

    def state(self) -> str:
        self.live.clock.advance(timedelta(minutes=6))
        assert self.live.desk.tick() is not None, self.live.desk.trouble
        return str(self.live.releases()[TRUCK]["state"])


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Out]:
    live = Live(tmp_path, LIVE)
    live.clock.set(CUT_OFF)
    live.desk.tick()
    yield Out(live)
    live.writer.close()


def halved(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**line, "units": line["units"] // 2} for line in lines]


def test_an_order_is_confirmed_in_part_shipped_and_closed_short(out: Out, entrepot: Entrepot) -> None:
    assert out.state() == "released"
    half = halved(out.lines)
    out.order(half, 1)
    assert out.state() == "confirmed in part"
    out.tell("shipment", shipment="S1", lane=TRUCK, lines=half, order=KEY)
    assert out.state() == "shipped"
    out.receive(half, shipment="S1")
    assert out.state() == "shipped"  # the rest may come still
    out.order(half, 2, status="closed")
    assert out.state() == "closed short"
    found, came = out.live.releases()[TRUCK], float(sum(line["units"] for line in half))
    assert [found[f"{name}_units"] for name in ("confirmed", "shipped", "received")] == [came] * 3
    shown = entrepot("decisions", "list", "--data", str(out.live.folder)).stdout
    assert "closed short" in shown


def test_all_that_was_ordered_and_came_in_is_received_and_a_correction_is_seen(out: Out) -> None:
    out.order(out.lines, 1)
    assert out.state() == "confirmed"
    out.receive(out.lines, order=KEY)
    assert out.state() == "received"
    assert out.live.releases()[TRUCK]["received_units"] == out.units
    out.tell("correction", source="/wms/one", epoch=1, sequence=2002, reason="typed twice")
    assert out.state() == "shipped"


def test_what_the_supplier_cancels_is_cancelled(out: Out) -> None:
    out.order(out.lines, 1, status="cancelled")
    assert out.state() == "cancelled"


def test_an_order_that_is_closed_once_it_has_left_is_short_only_if_its_shipment_is(out: Out) -> None:
    out.tell("shipment", shipment="S1", lane=TRUCK, lines=out.lines, order=KEY)
    out.order(out.lines, 1, status="closed")
    assert out.state() == "shipped"
    half = halved(out.lines)
    out.receive(half, shipment="S1")
    assert out.state() == "shipped"
    out.tell("shipment", shipment="S1", lane=TRUCK, lines=out.lines, order=KEY, status="closed", revision=1)
    assert out.state() == "closed short"
    assert out.live.releases()[TRUCK]["received_units"] == sum(line["units"] for line in half)


def test_what_became_of_an_order_never_runs_backwards_once_what_is_old_is_sums(out: Out) -> None:
    half = halved(out.lines)
    out.tell("shipment", shipment="S1", lane=TRUCK, lines=half, order=KEY)
    out.receive(half, shipment="S1")
    out.tell("shipment", shipment="S2", lane=TRUCK, lines=half, order=KEY)
    out.order(out.lines, 1, status="closed")
    assert out.state() == "shipped"
    came = float(sum(line["units"] for line in half))
    assert out.live.releases()[TRUCK]["received_units"] == came
    out.sum_up(CUT_OFF + timedelta(hours=1))
    assert out.state() == "shipped"  # S2 is on its way still, and S1 is remembered with it
    found = out.live.releases()[TRUCK]
    assert (found["shipped_units"], found["received_units"]) == (2 * came, came)
    out.receive(half, shipment="S2", hours=20)
    assert out.state() == ("received" if 2 * came == out.units else "closed short")
    before = out.live.releases()[TRUCK]
    out.sum_up(CUT_OFF + timedelta(hours=48))
    assert out.live.writer.submit(lambda turn: turn.mirror.pipeline.orders.get(KEY)).result() is None
    out.tell("shipment", shipment="S3", lane=TRUCK, lines=half, order=KEY, hours=90)
    out.state()
    assert out.live.releases()[TRUCK] == before


def test_an_order_whose_closing_came_last_keeps_the_shipments_that_were_over_before(out: Out) -> None:
    out.tell("shipment", shipment="S1", lane=TRUCK, lines=out.lines, order=KEY)
    out.receive(out.lines, shipment="S1")
    assert out.state() == "received"
    out.order(out.lines, 1, status="closed", hours=40)
    out.sum_up(CUT_OFF + timedelta(hours=20))
    assert out.state() == "received"
    assert out.live.releases()[TRUCK]["received_units"] == out.units

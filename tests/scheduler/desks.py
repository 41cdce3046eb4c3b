"""A writer, a clock and a desk over an example that was opened an hour ago."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from entrepot.envs.snapshot import calendar
from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.events.envelope import Event
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.store.folder import connect_to_read
from entrepot.scheduler.store.writer import Writer
from tests.scheduler.served import module
from tests.scheduler.told import START, event, places

SEA = "shenzhen→california:sea"
CUT_OFF = datetime(2026, 11, 25, 8, tzinfo=UTC)  # 16:00 in Shenzhen, a Wednesday, on which ships leave


def opened() -> list[Event]:
    """Low stock counted an hour ago, and half a year of demand."""
    counts = [
        event("count", {"node": node, "sku": sku, "on_hand": 30}, number, hours=-1)
        for number, (node, sku) in enumerate(
            [(node, sku) for node in ("shenzhen", "california") for sku in ("kettle", "lamp")], 1
        )
    ]
    last = calendar.day_number("2026-11-23")
    return counts + [
        event(
            "demand",
            {"market": "us_shop", "sku": sku, "date": calendar.iso(last - day), "units": 4 + day % 5},
            10 + 2 * day + place,
            hours=-1,
        )
        for day in range(180)
        for place, sku in enumerate(("kettle", "lamp"))
    ]


class Live:
    """A writer, a clock and a desk."""

    def __init__(self, folder: Path, settings: Settings, *, told: bool = True) -> None:
        self.folder, self.clock = folder, SimulatedClock(START)
        self.writer = Writer(folder, places(), self.clock)
        if told:
            self.writer.take(opened()).result()
        self.settings = settings
        self.sit_down()

    def sit_down(self) -> None:
        self.metrics = Metrics()
        self.desk = Desk(self.writer, module(), self.settings, self.clock, self.metrics)

    def releases(self) -> dict[str, dict[str, Any]]:
        return {one["lane"]: one for one in kept.releases(connect_to_read(self.folder))}

    def due_units(self) -> float:
        rows = self.writer.submit(lambda turn: recorded(turn.mirror, self.clock.now())).result().records.orders
        assert isinstance(rows, list)
        return float(sum(row["units"] for row in rows))


LIVE = Settings(mode="live")

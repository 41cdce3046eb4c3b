"""Events as sources tell them, of a small network of one's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from entrepot.envs.network import NetworkDescription, load_network
from entrepot.scheduler.events.envelope import Event, read
from entrepot.scheduler.places import Places

EXAMPLE = Path(__file__).parents[2] / "examples" / "my_network"
START = datetime(2026, 11, 25, 4, tzinfo=UTC)
ZONES = {"shenzhen": "Asia/Shanghai", "california": "America/Los_Angeles", "us_shop": "America/Los_Angeles"}
AIR = "shenzhen→california:air"
TRUCK = "factory→shenzhen:truck"


@cache
def network() -> NetworkDescription:
    return load_network(str(EXAMPLE / "my_network.yaml"))


@cache
def places() -> Places:
    return Places.of(network(), "Asia/Shanghai", ZONES)


def envelope(
    kind: str, data: dict[str, Any], sequence: int, *, hours: float = 0, source: str = "/wms/one", **more: Any
) -> dict[str, Any]:
    """One as it goes over the wire, so many hours after `START`."""
    return {
        "specversion": "1.0",
        "id": f"{source}{sequence}",
        "source": source,
        "type": f"entrepot.{kind}.v1",
        "time": (START + timedelta(hours=hours)).isoformat(),
        "epoch": 1,
        "sequence": sequence,
        "data": data,
        **more,
    }


def event(kind: str, data: dict[str, Any], sequence: int, **more: Any) -> Event:
    """The same, read."""
    found = read(msgspec.json.encode(envelope(kind, data, sequence, **more)))[0]
    assert isinstance(found, Event), found
    return found


def moved(units: Any, sku: str = "lamp", node: str = "california") -> dict[str, Any]:
    return {"node": node, "sku": sku, "units": units}

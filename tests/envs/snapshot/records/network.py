"""The README's network and small records of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from entrepot.envs.network import load_network
from entrepot.envs.snapshot import RecordedSnapshot, Records, snapshot_from_records

EXAMPLE = Path(__file__).parents[4] / "examples" / "my_network"
NETWORK = load_network(str(EXAMPLE / "my_network.yaml"))
WEDNESDAY = "2026-11-25"
STOCK = [
    {"node": node, "sku": sku, "on_hand": 10, "as_of": "2026-11-25T00:00Z"}
    for node in ("shenzhen", "california")
    for sku in ("kettle", "lamp")
]
SALES = [
    {"date": "2026-11-24", "sku": "kettle", "market": "us_shop", "units": 4},
    {"date": "2026-11-24", "sku": "lamp", "market": "us_shop", "units": 7},
]
CALIFORNIA, KETTLE, LAMP = 1, 0, 1


def snapshot(date: str = WEDNESDAY, *, zone: str | None = None, zones: Any = None, **changed: Any) -> RecordedSnapshot:
    """From the small records, some of them changed."""
    records = Records(**{"stock": STOCK, "sales": SALES, **changed})
    return snapshot_from_records(NETWORK, records, date, zone=zone, zones=zones)


def remarks(found: RecordedSnapshot, table: str) -> list[str]:
    """What was said of a table."""
    return [f"{remark.kind}: {remark.message}" for remark in found.remarks if remark.table == table]

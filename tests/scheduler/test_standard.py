from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from entrepot.scheduler.events.data import TYPES
from entrepot.scheduler.server.app import application
from entrepot.scheduler.server.standard import event_schemas, openapi
from tests.scheduler.told import AIR, START, TRUCK, envelope, moved

STANDARD = Path(__file__).parents[2] / "docs" / "standard"
LINES = [{"sku": "lamp", "units": 3}]
EXAMPLES: dict[str, dict[str, Any]] = {
    "receipt": moved(3),
    "putaway": moved("3"),
    "pick": {**moved(3), "sale": "C1"},
    "dispatch": {**moved(3, node="shenzhen"), "lane": AIR, "shipment": "S1"},
    "return": moved(3),
    "inspection": {**moved(3), "outcome": "scrap"},
    "count": {"node": "california", "sku": "lamp", "on_hand": 3},
    "adjustment": {**moved(-3), "reason": "broken"},
    "hold": moved(3),
    "order": {"order": "P1", "lane": TRUCK, "lines": LINES, "eta": "2026-12-01"},
    "shipment": {"shipment": "S1", "lane": AIR},
    "sale": {"sale": "C1", "market": "us_shop", "ordered": START.isoformat(), "lines": LINES},
    "allocation": {"sale": "C1", "lines": [{"sku": "lamp", "units": 3, "node": "california"}]},
    "demand": {"market": "us_shop", "sku": "lamp", "date": "2026-11-24", "units": 3},
    "soldout": {"market": "us_shop", "date": "2026-11-24", "skus": ["lamp"]},
    "condition": {"lane": AIR, "share": 0.5},
    "master": {"kind": "sku", "name": "lamp", "values": {"volume_m3": 0.004}},
    "telemetry": {"node": "california", "share": 0.9},
    "correction": {"source": "/wms/one", "epoch": 1, "sequence": 1, "reason": "typed twice"},
    "heartbeat": {"last_sequence": 3},
}


@pytest.mark.parametrize(
    ("name", "made"), [("events.schema.json", event_schemas), ("openapi.json", openapi)], ids=["events", "openapi"]
)
def test_what_is_published_is_what_the_types_say(name: str, made: Any) -> None:
    path = STANDARD / name
    # To write it anew: PYTHONPATH=src python -m tests.scheduler.test_standard
    assert json.loads(path.read_text(encoding="utf-8")) == msgspec.to_builtins(made())


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
def test_the_schema_takes_every_type_and_refuses_what_the_reader_refuses(kind: str) -> None:
    check = jsonschema.Draft202012Validator(event_schemas())
    told = envelope(kind, EXAMPLES[kind], 1)
    check.validate(told)
    coloured = {**told, "data": {**EXAMPLES[kind], "colour": "red"}}
    for wrong in (coloured, {**told, "sequence": 0}, {**told, "type": "x"}):
        assert not check.is_valid(wrong)


def test_there_is_an_example_of_every_type() -> None:
    assert {f"entrepot.{name}.v1" for name in EXAMPLES} == set(TYPES)


def test_the_openapi_has_every_route_that_is_served() -> None:
    routes = application(None).routes  # type: ignore[arg-type]
    served = {route.path.replace(":int}", "}") for route in routes}  # type: ignore[attr-defined]
    assert served == set(openapi()["paths"])


def write() -> None:
    """Write the standard anew."""
    STANDARD.mkdir(parents=True, exist_ok=True)
    for name, made in (("events.schema.json", event_schemas), ("openapi.json", openapi)):
        text = json.dumps(msgspec.to_builtins(made()), indent=2, ensure_ascii=False)
        (STANDARD / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()

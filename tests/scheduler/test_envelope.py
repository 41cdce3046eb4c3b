from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events.data import TYPES, Receipt
from entrepot.scheduler.events.envelope import Broken, Event, MalformedError, read
from entrepot.scheduler.events.rules import RuleBrokenError, check
from tests.scheduler.told import AIR, START, TRUCK, envelope, event, moved, places

NOW = microseconds(START)


def one(content: dict[str, Any]) -> Event | Broken:
    return read(json.dumps(content).encode())[0]


def test_one_event_a_batch_and_a_line_each_are_read_alike() -> None:
    events = [envelope("receipt", moved(3), number) for number in (1, 2)]
    lines = "\n".join(json.dumps(told) for told in events).encode()
    assert read(json.dumps(events).encode()) == read(lines, "application/x-ndjson; charset=utf-8")
    first = one(events[0])
    assert isinstance(first, Event)
    assert first.data == Receipt(node="california", sku="lamp", units=3)
    assert first.time == NOW


def test_a_repetition_has_the_same_digest_however_it_is_spaced_or_its_time_written() -> None:
    told = envelope("receipt", moved(3), 1)
    again = {**dict(reversed(told.items())), "time": "2026-11-25T12:00:00.000+08:00", "id": "another"}
    assert read(json.dumps(again, indent=3).encode())[0].digest == one(told).digest
    assert one({**told, "data": moved(4)}).digest != one(told).digest


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "time", "epoch", "sequence", "data"])
def test_an_envelope_that_lacks_an_attribute_is_malformed(missing: str) -> None:
    told = envelope("receipt", moved(3), 1)
    del told[missing]
    with pytest.raises(MalformedError, match=missing):
        one(told)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1, 2]", b"[{]", b"\xff\xfe", b'{"a": ' * 3000, b'"text"', b"null", b"[" * 5000]
)
def test_what_is_no_event_is_malformed_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(MalformedError):
        read(body)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"type": "entrepot.theft.v1"}, "unknown_type"),
        ({"data": {"node": "california", "sku": "lamp"}}, "data"),
        ({"data": {**moved(3), "colour": "red"}}, "data"),
        ({"data": moved(2.5)}, "data"),  # a binary fraction is no number of units
        ({"data": moved(True)}, "data"),
    ],
)
def test_an_envelope_that_can_be_read_is_kept_with_the_rule_that_it_breaks(changed: dict[str, Any], rule: str) -> None:
    found = one({**envelope("receipt", moved(3), 1), **changed})
    assert isinstance(found, Broken)
    assert found.rule == rule
    assert found.key == ("/wms/one", 1, 1)


@pytest.mark.parametrize(
    ("kind", "data", "rule", "said"),
    [
        ("receipt", moved(3, sku="lmap"), "unknown_name", "did you mean 'lamp'"),
        ("receipt", moved(3, node="factory"), "unknown_name", "'factory'"),
        ("receipt", moved(-3), "units", "allowed: 0 or more"),
        ("receipt", moved(0), "units", "a movement moves something"),
        ("receipt", moved("2.5"), "units", "not divisible"),
        ("receipt", moved("1e3"), "units", "decimal text"),
        ("receipt", moved(10**13), "units", "up to"),
        ("dispatch", {**moved(3), "lane": AIR, "shipment": "S1"}, "lane", "starts at 'shenzhen'"),
        ("condition", {"share": 0.5}, "condition", "either a lane or a node"),
        ("order", {"order": "P1", "lane": TRUCK, "lines": [{"sku": "lamp", "units": -1}]}, "units", "lines[0].units"),
    ],
)
def test_rules_say_where_what_and_what_is_allowed(kind: str, data: dict[str, Any], rule: str, said: str) -> None:
    with pytest.raises(RuleBrokenError) as broken:
        check(event(kind, data, 1), places(), NOW)
    assert broken.value.rule == rule
    assert said in broken.value.message


def test_five_minutes_ahead_are_a_clock_that_is_off_and_more_are_not() -> None:
    check(event("receipt", moved(3), 1, hours=5 / 60), places(), NOW)
    with pytest.raises(RuleBrokenError, match="allowed: 5"):
        check(event("receipt", moved(3), 1, hours=5.1 / 60), places(), NOW)


def test_a_suppliers_dispatch_is_told_of_its_own_place() -> None:
    check(event("dispatch", {**moved(3, node="factory"), "lane": TRUCK, "shipment": "S1"}, 1), places(), NOW)


def test_every_type_has_a_schema() -> None:
    assert len(TYPES) == 20
    for kind in TYPES.values():
        assert msgspec.json.schema(kind)


def test_a_text_with_u0000_breaks_a_rule_before_any_database_sees_it() -> None:
    told = envelope("pick", {**moved(1), "sale": "C\0"}, 1)
    found = one(told)
    assert isinstance(found, Broken)
    assert found.rule == "nul"
    assert isinstance(one({**told, "data": {**moved(1), "sale": "C\\u0000"}}), Event)  # a backslash and six letters
    assert isinstance(one({**told, "subject": "\0"}), Broken)

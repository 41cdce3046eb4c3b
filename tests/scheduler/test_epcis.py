from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from entrepot.scheduler.events.data import TYPES
from entrepot.scheduler.events.envelope import Event, MalformedError
from entrepot.scheduler.events.epcis import is_document, read_document
from tests.scheduler.served import serving
from tests.scheduler.told import START, envelope, places

GTIN = "https://id.gs1.org/01/09506000134352"
LA = "https://id.gs1.org/414/9506000134376"
CALLED = {GTIN: "lamp", LA: "california", "urn:epc:id:sgln:0614141.00729.0": "shenzhen"}


def document(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": START.isoformat(),
        "epcisBody": {"eventList": list(events)},
    }


def happened(step: str, *, hours: float = 0, units: Any = 3, **more: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": step,
        "eventTime": (START + timedelta(hours=hours)).isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "bizLocation": {"id": LA},
        "quantityList": [{"epcClass": f"{GTIN}/10/LOT7", "quantity": units}],
        **more,
    }


def read(*events: dict[str, Any]) -> list[Any]:
    return read_document(json.dumps(document(*events)).encode(), "/wms/one", places(), CALLED)


def told(event: dict[str, Any]) -> Any:
    (found,) = read(event)
    assert isinstance(found, Event), found.message
    return found.data


def papers(**names: str) -> dict[str, Any]:
    return {"bizTransactionList": [{"type": kind, "bizTransaction": f"urn:x:{name}"} for kind, name in names.items()]}


TO_CALIFORNIA: dict[str, Any] = {
    "bizLocation": {"id": "urn:epc:id:sgln:0614141.00729.0"},
    "destinationList": [{"type": "location", "destination": LA}],
}


@pytest.mark.parametrize(
    ("event", "name", "fields"),
    [
        (happened("receiving", **papers(desadv="S1")), "Receipt", {"shipment": "S1", "units": 3, "node": "california"}),
        (happened("urn:epcglobal:cbv:bizstep:storing"), "Putaway", {"sku": "lamp"}),
        (happened("https://ref.gs1.org/cbv/BizStep-picking", **papers(po="C1")), "Pick", {"sale": "C1"}),
        (happened("shipping"), "Pick", {"units": 3}),
        (happened("receiving", disposition="returned"), "Return", {"units": 3}),
        (happened("inspecting", disposition="damaged"), "Inspection", {"outcome": "scrap"}),
        (happened("cycle_counting", units=17), "Count", {"on_hand": 17}),
        (happened("destroying"), "Adjustment", {"units": -3, "reason": "destroying"}),
        (happened("holding"), "Hold", {"units": 3}),
        (happened("storing", units=2.5), "Putaway", {"units": "2.500000"}),
        (happened("packing"), "Heartbeat", {"last_sequence": 0}),
    ],
)
def test_a_business_step_has_its_event(event: dict[str, Any], name: str, fields: dict[str, Any]) -> None:
    data = told(event)
    assert type(data).__name__ == name
    assert {field: getattr(data, field) for field in fields} == fields


def test_goods_that_depart_for_a_node_are_dispatched_where_one_lane_leads_there() -> None:
    (found,) = read(happened("departing", **TO_CALIFORNIA, **papers(bol="B7")))
    assert found.rule == "epcis"
    assert "exactly one lane is allowed" in found.message  # by sea and by air
    origin: dict[str, Any] = {
        "bizLocation": {"id": "x:factory"},
        "destinationList": [{"type": "location", "destination": "x:shenzhen"}],
    }
    data = told(happened("departing", **origin, **papers(bol="B7", po="P1")))
    assert (data.node, data.lane, data.shipment, data.order) == ("factory", "factory→shenzhen:truck", "B7", "P1")


def test_a_serial_number_is_a_unit_and_a_container_is_none() -> None:
    serials = [f"{GTIN}/21/{number}" for number in range(4)]
    bare = {"quantityList": [], "epcList": [*serials, "https://id.gs1.org/00/106141412345678908"]}
    assert told({**happened("receiving"), **bare}).units == 4
    (found,) = read(
        {**happened("receiving"), "quantityList": [], "epcList": ["https://id.gs1.org/00/106141412345678908"]}
    )
    assert "no product is named" in found.message


def test_an_order_is_a_transaction_and_is_cancelled_by_deleting_it() -> None:
    ends = {
        "sourceList": [{"type": "owning_party", "source": "x:factory"}],
        "destinationList": [{"type": "location", "destination": "x:shenzhen"}],
    }
    event = {**happened(""), "type": "TransactionEvent", "action": "ADD", **ends, **papers(po="P9")}
    data = told(event)
    assert (data.order, data.lane, data.status) == ("P9", "factory→shenzhen:truck", "open")
    later = told({**event, "action": "DELETE", "eventTime": (START + timedelta(hours=1)).isoformat()})
    assert later.status == "cancelled"
    assert later.revision > data.revision


def test_a_document_over_http_is_taken_once_and_an_error_declaration_undoes_it(tmp_path: Path) -> None:
    event = happened("receiving", eventID="ni:///sha-256;abc?ver=CBV2.0", hours=-1)
    wrong = {**event, "errorDeclaration": {"declarationTime": START.isoformat(), "reason": "urn:x:er:did_not_occur"}}
    with serving(tmp_path) as (server, client):
        server.writer.take([])
        named = {
            **event,
            "quantityList": [{"epcClass": "urn:x:lamp", "quantity": 3}],
            "bizLocation": {"id": "x:california"},
        }

        def dock() -> int:
            return int(server.writer.submit(lambda turn: turn.mirror.stock.balance("dock", 1, 1)).result()) // 1_000_000

        def outcomes(*events: dict[str, Any]) -> list[str]:
            status, content, _ = client.ask("POST", "/v1/events", document(*events))
            assert status == 200, content
            return [one["outcome"] for one in content["answers"]]

        assert outcomes(named, happened("packing", hours=-1)) == ["accepted", "accepted"]
        assert dock() == 3
        assert outcomes(named) == ["duplicate"]
        assert outcomes({**named, "quantityList": [{"epcClass": "urn:x:lamp", "quantity": 4}]}) == ["conflict"]
        assert outcomes({**wrong, "quantityList": named["quantityList"], "bizLocation": named["bizLocation"]}) == [
            "accepted"
        ]
        assert dock() == 0
        assert outcomes(event) == ["conflict"]  # another product: its identifiers are not known here
        (source,) = client.ask("GET", "/v1/sources")[1]["sources"]
        assert (source["source"], source["missing"]) == ("/epcis", 0)
        assert client.ask("POST", "/v1/events", {**document(), "schemaVersion": "1.2"})[0] == 400


def test_only_documents_are_taken_for_documents() -> None:
    assert is_document(json.dumps(document()).encode())
    assert not is_document(json.dumps(envelope("pick", {"sale": "EPCISDocument"}, 1)).encode())


_NUMBER = some.integers() | some.floats(allow_nan=False, allow_infinity=False)
_JSON = some.recursive(
    some.none() | some.booleans() | _NUMBER | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = (
    "type", "bizStep", "bizLocation", "readPoint", "quantityList", "epcList", "bizTransactionList", "disposition",
    "destinationList", "sourceList", "sensorElementList", "errorDeclaration", "eventID",
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.dictionaries(some.sampled_from(_FIELDS), _JSON, max_size=5))
def test_whatever_stands_in_a_document_is_an_event_or_in_quarantine(fields: dict[str, Any]) -> None:
    try:
        found = read({**happened("receiving"), **fields})
    except MalformedError:
        return
    assert all(one.type in TYPES if isinstance(one, Event) else one.rule == "epcis" for one in found)

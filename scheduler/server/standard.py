"""The technical standard, from the types themselves: JSON Schemas of events, and the OpenAPI of what is served."""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.scheduler.allocation.kept import Allocated
from entrepot.scheduler.events.data import TYPES
from entrepot.scheduler.events.envelope import Envelope
from entrepot.scheduler.server.asked import KeyOf, LaneOf, PolicyOf, SaleOf
from entrepot.scheduler.store.log import Answer

VERSION = "1.0.0"
SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def event_schemas() -> dict[str, Any]:
    """One JSON Schema of all events: the envelope, and by its `type` what its data must be."""
    kinds = list(TYPES.values())
    schemas, parts = msgspec.json.schema_components([Envelope, *kinds], ref_template="#/$defs/{name}")
    envelope = parts.pop("Envelope")
    by_type = [
        {"if": {"properties": {"type": {"const": name}}}, "then": {"properties": {"data": schema}}}
        for name, schema in zip(TYPES, schemas[1:], strict=True)
    ]
    envelope["properties"]["type"] = {"enum": list(TYPES)}
    # The end of the text, which Python writes otherwise than all others.
    source = envelope["properties"]["source"]
    source["pattern"] = source["pattern"].replace("\\Z", "$")
    return {"$schema": SCHEMA, **envelope, "title": "Event", "allOf": by_type, "$defs": dict(sorted(parts.items()))}


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1 of what is served."""
    _, parts = msgspec.json.schema_components(
        [Answer, KeyOf, LaneOf, PolicyOf, SaleOf, Allocated], ref_template="#/components/schemas/{name}"
    )
    one = {"$ref": "events.schema.json"}
    events = {
        "application/json": {"schema": {"oneOf": [one, {"type": "array", "items": one, "maxItems": 1000}, _EPCIS]}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "an event a line"}},
    }
    key = {"application/json": {"schema": {"$ref": "#/components/schemas/KeyOf"}}}
    policy = {"application/json": {"schema": {"$ref": "#/components/schemas/PolicyOf"}}}
    lane = {"application/json": {"schema": {"$ref": "#/components/schemas/LaneOf"}}}
    sale = {"application/json": {"schema": {"$ref": "#/components/schemas/SaleOf"}}}
    allocated = {"$ref": "#/components/schemas/Allocated"}
    envelope = {"application/json": {"schema": one}}
    answers = {"type": "object", "properties": {"answers": _list("Answer")}, "required": ["answers"]}
    number = [{"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}]
    most, after = _query("most", 1000), _query("after", 10**15)
    operations: list[tuple[str, str, dict[str, Any]]] = [
        ("/healthz", "get", _operation("Whether it lives", None, 200, 503)),
        ("/readyz", "get", _operation("Whether events would be taken", None, 200, 503)),
        ("/metrics", "get", _operation("Figures for Prometheus", None, 200)),
        ("/v1/events", "post", _operation("Send events", "events", 400, 409, 413, 429, 503, body=events, ok=answers)),
        ("/v1/sources", "get", _operation("How fresh each source is", "read", 503)),
        ("/v1/stream", "get", _operation("Follow what is taken, as server-sent events", "read", 400, 503)),
        ("/v1/quarantine", "get", _operation("What broke a rule", "read", 400, parameters=[after, most, _STATE])),
        (
            "/v1/quarantine/{number}/replay",
            "post",
            _operation(
                "Take it after all, mended or as it is",
                "operate",
                400,
                404,
                409,
                413,
                503,
                parameters=number,
                body=envelope,
            ),
        ),
        ("/v1/quarantine/{number}/drop", "post", _operation("Let it be", "operate", 404, 503, parameters=number)),
        ("/v1/alerts", "get", _operation("What to look at", "read", 400, parameters=[most, _ALERTS])),
        (
            "/v1/alerts/{number}/acknowledge",
            "post",
            _operation("Somebody looks after it", "operate", 404, 503, parameters=number),
        ),
        ("/v1/policy", "get", _operation("Which module decides", "read")),
        (
            "/v1/policy",
            "post",
            _operation("Have another module decide, on trial", "operate", 400, 404, 413, 503, body=policy),
        ),
        (
            "/v1/policy/watch",
            "post",
            _operation("Have a module plan beside it", "operate", 400, 404, 413, 503, body=policy),
        ),
        ("/v1/policy/back", "post", _operation("Have the module before decide again", "operate", 400, 404, 503)),
        (
            "/v1/comparisons",
            "get",
            _operation("Plans beside those of a watched module", "read", 400, parameters=[most]),
        ),
        ("/v1/shadow", "get", _operation("Shadow beside what others ordered", "read", 400, 503, parameters=[most])),
        ("/v1/notices", "get", _operation("What is told of alerts", "read", 400, parameters=[most, _NOTICES])),
        (
            "/v1/releases/early",
            "post",
            _operation("Release a lane before its cut-off", "operate", 400, 404, 413, 503, body=lane),
        ),
        ("/v1/allocations", "get", _operation("The latest allocations", "read", 400, parameters=[most])),
        (
            "/v1/allocations",
            "post",
            _operation("Reserve stock for a customer's order", "operate", 400, 404, 413, 503, body=sale, ok=allocated),
        ),
        (
            "/v1/allocations/withdraw",
            "post",
            _operation("Let go of what is reserved and not picked", "operate", 400, 404, 413, 503, body=sale),
        ),
        ("/v1/plans", "get", _operation("The latest plans", "read", 400, parameters=[most])),
        ("/v1/releases", "get", _operation("The latest releases", "read", 400, parameters=[most])),
        ("/v1/releases/approve", "post", _operation("Let a held one go out", "operate", 400, 404, 413, 503, body=key)),
        ("/v1/releases/reject", "post", _operation("End a held one", "operate", 400, 404, 413, 503, body=key)),
        ("/v1/outbox", "get", _operation("Orders to be placed", "read", 400, parameters=[most])),
        ("/v1/outbox/sent", "post", _operation("Say that one was taken over", "operate", 400, 404, 413, 503, body=key)),
        ("/v1/stop", "post", _operation("Release nothing any more", "operate", 503)),
        ("/v1/resume", "post", _operation("Release again", "operate", 503)),
    ]
    paths: dict[str, Any] = {}
    for path, method, operation in operations:
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "entrepot live scheduler", "version": VERSION, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(parts.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_STATE = {"name": "state", "in": "query", "schema": {"enum": ["open", "replayed", "dropped"]}}
_NOTICES = {"name": "state", "in": "query", "schema": {"enum": ["waiting", "sent", "dropped"]}}
_ALERTS = {"name": "state", "in": "query", "schema": {"enum": ["open", "acknowledged", "closed"]}}
_EPCIS = {"type": "object", "properties": {"type": {"const": "EPCISDocument"}}, "required": ["type"]}
_MEANINGS = {
    200: "done",
    400: "can't be read",
    401: "no token",
    403: "the token doesn't allow it",
    404: "there is none",
    409: "it breaks a rule",
    413: "too much at once",
    429: "too much is waiting; see Retry-After",
    503: "not now; see Retry-After",
}


def _query(name: str, maximum: int) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": maximum}}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _operation(
    told: str,
    scope: str | None,
    *statuses: int,
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
    ok: dict[str, Any] | None = None,
) -> dict[str, Any]:
    found = sorted({200, *statuses, *(() if scope is None else (401, 403))})
    responses: dict[str, Any] = {str(status): {"description": _MEANINGS[status]} for status in found}
    if ok is not None:
        responses["200"]["content"] = {"application/json": {"schema": ok}}
    return {
        "summary": told if scope is None else f"{told} (scope {scope})",
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": {"content": body}} if body else {}),
        "responses": responses,
        **({"security": [{"token": []}]} if scope else {}),
    }

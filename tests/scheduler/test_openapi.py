"""The OpenAPI that is published, against a real server: whatever is sent, nothing is a server's error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error

from entrepot.scheduler.server.standard import event_schemas, openapi
from tests.scheduler.served import Client, serving

pytestmark = pytest.mark.slow


def published() -> dict[str, Any]:
    """As it is, with events' envelope in it; what their data may be made up of is tried in test_anything.

    A line an event can't be made up, and what is streamed never ends.
    """
    found, events = openapi(), event_schemas()
    envelope = {name: part for name, part in events.items() if name in ("type", "properties", "required")}
    found["components"]["schemas"] |= {"Event": envelope}
    del found["paths"]["/v1/stream"]
    del found["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/x-ndjson"]

    def moved(value: Any) -> Any:
        if isinstance(value, list):
            return [moved(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            name = "Event" if value["$ref"] == "events.schema.json" else value["$ref"].rpartition("/")[2]
            return {"$ref": f"#/components/schemas/{name}"}
        return {("anyOf" if name == "oneOf" else name): moved(part) for name, part in value.items()}

    return {name: moved(part) for name, part in found.items()}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(tmp_path_factory.mktemp("live")) as (_, found):
        yield found


schema = schemathesis.openapi.from_dict(published())


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_whatever_is_asked_for_is_answered_and_never_with_a_servers_error(client: Client, case: Any) -> None:
    response = case.call(
        base_url=f"http://127.0.0.1:{client.port}", headers={"Authorization": f"Bearer {client.token}"}
    )
    case.validate_response(response, checks=[not_a_server_error])

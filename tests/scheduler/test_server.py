from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.server.asked import MOST_BYTES
from entrepot.scheduler.server.tokens import Tokens
from entrepot.scheduler.store.folder import connect_to_read
from entrepot.scheduler.store.recovery import folded
from tests.scheduler.served import Client, serving
from tests.scheduler.told import envelope, moved, places


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    with serving(folder) as (_, found):
        yield found


def test_each_event_is_answered_with_what_became_of_it(client: Client) -> None:
    first = envelope("receipt", moved(3), 1)
    assert client.outcomes(first) == ["accepted"]
    other = {**first, "data": moved(4)}
    unknown = envelope("receipt", moved(3, sku="lmap"), 2)
    status, content, _ = client.ask("POST", "/v1/events", [first, other, unknown, envelope("putaway", moved(1), 3)])
    answers = content["answers"]
    assert (status, [one["outcome"] for one in answers]) == (200, ["duplicate", "conflict", "quarantined", "accepted"])
    assert answers[2]["rule"] == "unknown_name"
    assert "did you mean" in answers[2]["message"]
    lines = "\n".join(json.dumps(envelope("receipt", moved(1), n)) for n in (4, 5)).encode()
    status, content, _ = client.ask("POST", "/v1/events", lines, kind="application/x-ndjson")
    assert [one["outcome"] for one in content["answers"]] == ["accepted", "accepted"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[" * 5000, 400), (b'{"id": 1}', 400), (b" " * (MOST_BYTES + 1), 413), (b"", 400)],
)
def test_what_can_not_be_read_is_refused_with_a_status_and_a_line(client: Client, body: bytes, status: int) -> None:
    found, content, _ = client.ask("POST", "/v1/events", body)
    assert found == status
    assert "\n" not in content["error"]


def test_too_many_events_at_once_are_refused_whole(client: Client) -> None:
    told = [{**envelope("receipt", moved(1), n), "source": "/wms/many"} for n in range(1, 1002)]
    assert client.ask("POST", "/v1/events", told)[0] == 413
    sources = client.ask("GET", "/v1/sources")[1]["sources"]
    assert "/wms/many" not in [one["source"] for one in sources]


def test_without_a_token_or_scope_or_source_nothing_is_served(client: Client, folder: Path) -> None:
    told = envelope("receipt", moved(3), 100)
    status, _, headers = Client(client.port, None).ask("POST", "/v1/events", told)
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert Client(client.port, "entrepot_wrong").ask("POST", "/v1/events", told)[0] == 401
    text = Tokens(folder).issue("reader", "/wms/two", ["read"])
    assert Client(client.port, text).ask("POST", "/v1/events", told)[0] == 403
    text = Tokens(folder).issue("other", "/wms/two", ["events"])
    other = Client(client.port, text)
    assert other.ask("POST", "/v1/events", told)[0] == 403
    assert other.ask("POST", "/v1/events", {**told, "source": "/wms/two2"})[0] == 403
    assert other.outcomes({**told, "source": "/wms/two/dock"}) == ["accepted"]
    assert other.ask("GET", "/v1/quarantine")[0] == 403
    assert client.ask("POST", "/v1/events", {**told, "source": "/entrepot/scheduler"})[0] == 403
    Tokens(folder).withdraw("other")
    assert other.ask("POST", "/v1/events", {**told, "source": "/wms/two"})[0] == 401


def test_no_token_is_kept_as_text(client: Client, folder: Path) -> None:
    assert client.token is not None
    for path in folder.iterdir():
        assert client.token.encode() not in path.read_bytes(), path.name
    assert (folder / "tokens.json").stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigurationError, match="has a token"):
        Tokens(folder).issue("all0", "/", ["read"])


def test_quarantine_is_listed_mended_and_dropped_over_http(client: Client) -> None:
    wrong = envelope("pick", moved(3, sku="lmap"), 50)
    number = client.ask("POST", "/v1/events", [wrong, envelope("pick", moved("x"), 51)])[1]["answers"][0]["quarantine"]
    found = {one["quarantine"]: one for one in client.ask("GET", "/v1/quarantine")[1]["quarantine"]}
    assert found[number]["event"] == wrong
    assert client.ask("POST", f"/v1/quarantine/{number}/replay")[0] == 409
    status, content, _ = client.ask("POST", f"/v1/quarantine/{number}/replay", envelope("pick", moved(3), 50))
    assert (status, content["outcome"]) == (200, "accepted")
    assert client.ask("POST", f"/v1/quarantine/{number}/drop")[0] == 404
    assert client.ask("POST", f"/v1/quarantine/{number + 1}/drop")[0] == 200
    assert client.ask("GET", "/v1/quarantine?state=stolen")[0] == 400


def test_a_release_that_there_is_not_can_not_be_approved(client: Client) -> None:
    for path in ("/v1/releases/approve", "/v1/releases/reject", "/v1/outbox/sent"):
        assert client.ask("POST", path, {"key": "nothing"})[0] == 404
        assert client.ask("POST", path, {"name": "nothing"})[0] == 400
    assert client.ask("GET", "/v1/outbox?format=csv")[1] == "key,state,lane,departs,sku,units\n"
    assert client.ask("POST", "/v1/stop")[1] == {"stopped": True}
    assert client.ask("GET", "/v1/plans")[1]["stopped"] is True
    assert client.ask("POST", "/v1/resume")[1] == {"stopped": False}


def test_operations_see_whether_it_lives_is_ready_and_how_it_fares(client: Client) -> None:
    anybody = Client(client.port, None)
    assert anybody.ask("GET", "/healthz")[0] == 200
    assert anybody.ask("GET", "/readyz")[1] == {"ready": True, "trouble": None}
    text = anybody.ask("GET", "/metrics")[1]
    for name in ("events_total", "source_silent_seconds", "quarantine_open", "up 1.0"):
        assert f"entrepot_{name}" in text
    assert anybody.ask("GET", "/v1/nothing")[0] == 404
    assert anybody.ask("GET", "/v1/events")[0] == 405


def test_what_was_acknowledged_is_there_after_a_restart_and_equals_a_fresh_fold(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, client):
        assert client.outcomes(*(envelope("receipt", moved(n), n) for n in range(1, 30))) == ["accepted"] * 29
        before = server.writer.submit(lambda turn: turn.mirror.digest()).result()
    assert folded(connect_to_read(tmp_path), places()).digest() == before
    with serving(tmp_path) as (server, client):
        assert server.writer.recovery.kept == 29
        assert client.outcomes(envelope("receipt", moved(1), 1)) == ["duplicate"]
        assert server.writer.submit(lambda turn: turn.mirror.digest()).result() == before


def test_when_too_much_waits_it_says_when_to_try_again(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, client):
        server.writer._most_waiting = 1
        status, _, headers = client.ask("POST", "/v1/events", [envelope("receipt", moved(1), n) for n in (1, 2)])
        assert (status, headers["retry-after"]) == (429, "1")
        assert client.outcomes(envelope("receipt", moved(1), 1)) == ["accepted"]

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.decisions.replay import replay
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.store.folder import StoreError, connect_to_read
from entrepot.scheduler.store.postgresql import shown
from entrepot.scheduler.store.recovery import folded
from entrepot.scheduler.store.retention import Retention
from entrepot.scheduler.store.writer import Writer
from tests.scheduler.databases import Database, database
from tests.scheduler.desks import CUT_OFF, LIVE, opened
from tests.scheduler.served import module
from tests.scheduler.test_retention import NOW, lived
from tests.scheduler.told import START, event, moved, places

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Database]:
    with database() as found:
        yield found


@pytest.fixture
def store(server: Database) -> str:
    """An empty one each time."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server.url


def test_the_same_events_give_the_same_mirror_as_in_a_file(store: str, tmp_path: Path) -> None:
    digests = []
    for place, url in (("file", None), ("database", store)):
        writer = Writer(tmp_path / place, places(), SimulatedClock(NOW), store=url)
        events = lived(20)
        for first in range(0, len(events), 50):
            writer.take(events[first : first + 50]).result()
        assert [one.outcome for one in writer.take([events[3]]).result()] == ["duplicate"]
        assert writer.take([event("pick", moved(2), events[3].key.sequence)]).result()[0].outcome == "conflict"
        wrong = {"source": "/wms/one", "epoch": 1, "sequence": 106, "reason": "typed twice"}
        writer.take([event("correction", wrong, 99_001)]).result()
        digests.append(writer.submit(lambda turn: turn.mirror.digest()).result())
        writer.close()
        reader = connect_to_read(tmp_path / place, url)
        assert folded(reader, places()).digest() == digests[-1]
        reader.close()
        again = Writer(tmp_path / place, places(), SimulatedClock(NOW), store=url)
        assert again.submit(lambda turn: turn.mirror.digest()).result() == digests[-1]
        again.close()
    assert digests[0] == digests[1]


def test_orders_are_released_once_and_a_decision_is_made_again_bit_for_bit(store: str, tmp_path: Path) -> None:
    clock = SimulatedClock(START)
    writer = Writer(tmp_path, places(), clock, store=store)
    writer.take(opened()).result()
    for _ in range(2):  # a desk that was killed, and the next
        desk = Desk(writer, module(), LIVE, clock, Metrics())
        clock.set(CUT_OFF + timedelta(minutes=1))
        desk.tick()
        desk.tick()
    reader = connect_to_read(tmp_path, store)
    states = {one["lane"]: one["state"] for one in kept.releases(reader)}
    assert "released" in states.values()
    assert len(kept.outbox(reader)) == list(states.values()).count("released")
    for plan in kept.plans(reader):
        found = replay(reader, places(), module(), plan["id"])
        assert found.same_inputs
        assert found.same_orders
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader.execute("DELETE FROM events")
    reader.close()
    writer.close()


def test_one_server_writes_and_what_is_old_becomes_sums(store: str, tmp_path: Path) -> None:
    clock = SimulatedClock(NOW)
    writer = Writer(tmp_path / "one", places(), clock, store=store)
    with pytest.raises(ConfigurationError, match="held by another server"):
        Writer(tmp_path / "two", places(), clock, store=store)
    writer.take(lived(20)).result()
    clock.advance(timedelta(days=90))
    retention = Retention(writer, clock, timedelta(days=20))
    retention.tick()
    clock.advance(timedelta(days=21))
    while retention.tick():
        pass
    assert writer.take(lived(20)[:1]).result()[0].outcome == "duplicate"
    digest = writer.submit(lambda turn: turn.mirror.digest()).result()
    writer.close()
    again = Writer(tmp_path / "two", places(), clock, store=store)
    assert again.recovery.kept == again.recovery.position
    assert again.submit(lambda turn: turn.mirror.digest()).result() == digest
    again.close()


def test_a_database_that_is_gone_refuses_and_goes_on_by_itself_once_it_is_back(
    server: Database, store: str, tmp_path: Path
) -> None:
    writer = Writer(tmp_path, places(), SimulatedClock(NOW), store=store)
    assert writer.take([event("receipt", moved(3), 1)]).result()[0].outcome == "accepted"
    server.stop()
    with pytest.raises(StoreError, match="not written"):
        writer.take([event("receipt", moved(3), 2)]).result()
    assert writer.trouble is not None
    assert writer.alive
    server.start()
    assert writer.take([event("receipt", moved(3), 2)]).result()[0].outcome == "accepted"
    assert writer.trouble is None
    digest = writer.submit(lambda turn: turn.mirror.digest()).result()
    reader = connect_to_read(tmp_path, store)
    assert folded(reader, places()).digest() == digest
    reader.close()
    writer.close()


def test_a_commit_whose_answer_was_lost_is_in_the_mirror_and_in_the_log_once(store: str, tmp_path: Path) -> None:
    writer = Writer(tmp_path, places(), SimulatedClock(NOW), store=store)
    execute = writer._connection.execute

    def lost(sql: str, parameters: object = ()) -> object:
        found = execute(sql, parameters)  # type: ignore[arg-type]
        if sql == "COMMIT":
            writer._connection.execute = execute  # type: ignore[method-assign]
            writer._connection.close()  # as if the line had broken before the answer came
            execute("SELECT 1 FROM nothing_of_this_name")
        return found

    writer._connection.execute = lost  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreError, match="not written"):
        writer.take([event("receipt", moved(3), 1)]).result()
    assert writer.take([event("receipt", moved(3), 1)]).result()[0].outcome == "duplicate"
    assert writer.submit(lambda turn: turn.mirror.stock.balance("dock", 1, 1)).result() == 3_000_000
    writer.close()


def test_no_password_is_told() -> None:
    assert shown("postgresql://me:secret@db.example:5432/live") == "postgresql://db.example:5432/live"
    with pytest.raises(ConfigurationError, match="allowed: postgresql"):
        connect_to_read(Path("."), "mysql://db/live")

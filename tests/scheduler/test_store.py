from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.events.envelope import read
from entrepot.scheduler.events.rules import RuleBrokenError
from entrepot.scheduler.places import Places
from entrepot.scheduler.store import quarantine
from entrepot.scheduler.store.folder import DATABASE, MIRROR, StoreError, connect_to_read
from entrepot.scheduler.store.recovery import Packed, folded, recover
from entrepot.scheduler.store.writer import QueueFullError, Writer
from tests.scheduler.told import START, ZONES, envelope, event, moved, network, places


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    found = Writer(tmp_path, places(), SimulatedClock(START))
    yield found
    found.close()


def digest(writer: Writer) -> str:
    return writer.submit(lambda turn: turn.mirror.digest()).result()


def outcomes(writer: Writer, *told: object) -> list[str]:
    return [answer.outcome for answer in writer.take(told).result()]  # type: ignore[arg-type]


def test_a_key_is_taken_once_and_another_content_is_a_conflict(writer: Writer) -> None:
    first, other = event("receipt", moved(3), 1), event("receipt", moved(4), 1)
    assert outcomes(writer, first, first) == ["accepted", "duplicate"]
    before = digest(writer)
    assert outcomes(writer, other, other, first) == ["conflict", "conflict", "duplicate"]
    assert digest(writer) == before
    rows = quarantine.listed(connect_to_read(writer.folder))
    assert [row["rule"] for row in rows] == ["conflict"]  # kept once


def test_a_second_server_on_the_same_folder_is_refused(writer: Writer) -> None:
    with pytest.raises(ConfigurationError, match="held by another process"):
        Writer(writer.folder, places(), SimulatedClock(START))


def test_any_order_repetition_and_batching_comes_to_the_same_digest_and_to_a_fresh_fold(tmp_path: Path) -> None:
    told = [event("pick", moved(n), n, hours=-(n % 5)) for n in range(1, 40)]
    told += [event("count", {"node": "california", "sku": "lamp", "on_hand": 9}, 50 + n, hours=-n) for n in range(3)]
    found = set()
    for seed in range(3):
        random = Random(seed)
        sent = told + random.sample(told, 20)
        random.shuffle(sent)
        store = Writer(tmp_path / str(seed), places(), SimulatedClock(START))
        cuts = sorted(random.sample(range(1, len(sent)), 6))
        batches = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
        with ThreadPoolExecutor(4) as pool:
            for answers in pool.map(lambda batch, store=store: store.take(batch).result(), batches):
                assert {answer.outcome for answer in answers} <= {"accepted", "duplicate"}
        found.add(digest(store))
        store.close()
        found.add(folded(connect_to_read(tmp_path / str(seed)), places()).digest())
    assert len(found) == 1


def test_a_restart_replays_what_came_after_the_kept_mirror(tmp_path: Path) -> None:
    first = Writer(tmp_path, places(), SimulatedClock(START))
    outcomes(first, *(event("receipt", moved(n), n) for n in range(1, 6)))
    first.close()
    second = Writer(tmp_path, places(), SimulatedClock(START))
    assert (second.recovery.kept, second.recovery.replayed) == (5, 0)
    outcomes(second, event("receipt", moved(9), 6))
    before = digest(second)
    setattr(second, "_keep", lambda **_: None)  # noqa: B010  # as if it had been killed
    second.close()
    third = Writer(tmp_path, places(), SimulatedClock(START))
    assert (third.recovery.kept, third.recovery.replayed, digest(third)) == (5, 1, before)
    third.close()


@pytest.mark.parametrize("trouble", ["altered", "cut short", "another zone", "another log"])
def test_a_kept_mirror_that_is_not_to_be_trusted_is_folded_anew(tmp_path: Path, trouble: str) -> None:
    first = Writer(tmp_path, places(), SimulatedClock(START))
    outcomes(first, *(event("receipt", moved(n), n) for n in range(1, 6)))
    before = digest(first)
    first.close()
    path, of = tmp_path / MIRROR, places()
    data = bytearray(path.read_bytes())
    if trouble == "altered":
        data[-40] ^= 1
        path.write_bytes(data)
    elif trouble == "cut short":
        path.write_bytes(data[:-20])
    elif trouble == "another zone":
        of = Places.of(network(), "UTC", ZONES)
    else:
        connection = sqlite3.connect(tmp_path / DATABASE)
        connection.execute("UPDATE events SET digest = x'00' WHERE position = 5")
        connection.commit()
        connection.close()
    second = Writer(tmp_path, of, SimulatedClock(START))
    assert (second.recovery.kept, second.recovery.replayed, digest(second)) == (0, 5, before)
    assert second.recovery.why
    second.close()


def test_a_network_that_lost_what_events_name_is_refused_with_the_event(tmp_path: Path) -> None:
    store = Writer(tmp_path, places(), SimulatedClock(START))
    outcomes(store, event("receipt", moved(3), 1))
    store.close()
    skus = {name: sku for name, sku in (network().skus or {}).items() if name != "lamp"}
    fewer = Places.of(network().model_copy(update={"skus": skus}), "Asia/Shanghai", ZONES)
    with pytest.raises(ConfigurationError, match=r"sequence 1 was taken for another network: .*'lamp'"):
        Writer(tmp_path, fewer, SimulatedClock(START))
    Writer(tmp_path, places(), SimulatedClock(START)).close()  # nothing was spoilt, and the folder is free


def test_what_breaks_a_rule_waits_in_quarantine_until_it_is_mended(writer: Writer) -> None:
    wrong = event("receipt", moved(3, sku="lmap"), 1)
    answer = writer.take([wrong]).result()[0]
    assert (answer.outcome, answer.rule) == ("quarantined", "unknown_name")
    number = answer.quarantine
    assert number is not None
    with pytest.raises(RuleBrokenError):
        writer.submit(lambda turn: quarantine.replay(turn, number, None, "anna")).result()
    assert len(quarantine.listed(connect_to_read(writer.folder))) == 1
    mended = json.dumps(envelope("receipt", moved(3), 1)).encode()
    assert writer.submit(lambda turn: quarantine.replay(turn, number, mended, "anna")).result().outcome == "accepted"
    assert writer.submit(lambda turn: turn.mirror.stock.balance("dock", 1, 1)).result() == 3_000_000
    assert quarantine.listed(connect_to_read(writer.folder)) == []
    assert quarantine.listed(connect_to_read(writer.folder), "replayed")[0]["quarantine"] == number
    with pytest.raises(quarantine.UnknownNumberError):
        writer.submit(lambda turn: quarantine.drop(turn, number, "anna")).result()


def test_a_correction_needs_its_event_and_comes_once(writer: Writer) -> None:
    data = {"source": "/wms/one", "epoch": 1, "sequence": 1, "reason": "typed twice"}
    first = writer.take([event("correction", data, 2)]).result()[0]
    assert first.rule == "unknown_event"
    outcomes(writer, event("receipt", moved(3), 1))
    number = first.quarantine
    assert number is not None
    writer.submit(lambda turn: quarantine.replay(turn, number, None, "anna")).result()
    assert writer.submit(lambda turn: turn.mirror.stock.balance("dock", 1, 1)).result() == 0
    again = writer.take([event("correction", data, 3)]).result()[0]
    assert (again.rule, again.message is not None and "already" in again.message) == ("correction", True)
    count = event("count", {"node": "california", "sku": "lamp", "on_hand": 9}, 4)
    outcomes(writer, count)
    assert writer.take([event("correction", {**data, "sequence": 4}, 5)]).result()[0].rule == "correction"
    assert digest(writer) == folded(connect_to_read(writer.folder), places()).digest()


def test_work_that_fails_undoes_itself_and_nothing_else(writer: Writer) -> None:
    def fails(turn: object) -> None:
        turn.take(event("receipt", moved(3), 1))  # type: ignore[attr-defined]
        raise RuleBrokenError("mine", "no")

    failed = writer.submit(fails)
    kept = writer.take([event("receipt", moved(3), 2)])
    with pytest.raises(RuleBrokenError):
        failed.result()
    assert kept.result()[0].outcome == "accepted"
    assert outcomes(writer, event("receipt", moved(3), 1)) == ["accepted"]


def test_more_than_may_wait_is_refused_and_nothing_of_it_is_taken(tmp_path: Path) -> None:
    store = Writer(tmp_path, places(), SimulatedClock(START), most_waiting=3)
    with pytest.raises(QueueFullError):
        store.take([event("receipt", moved(3), n) for n in range(1, 5)])
    assert outcomes(store, event("receipt", moved(3), 1)) == ["accepted"]
    store.close()
    with pytest.raises(StoreError):
        store.take([event("receipt", moved(3), 2)])


def test_a_full_disk_acknowledges_nothing_and_the_store_goes_on_when_there_is_room(tmp_path: Path) -> None:
    store = Writer(tmp_path, places(), SimulatedClock(START))
    outcomes(store, event("receipt", moved(3), 1))
    before = digest(store)
    pages = store.submit(lambda turn: turn.connection.execute("PRAGMA page_count").fetchone()[0]).result()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    many = [event("receipt", {**moved(3), "order": "x" * 200}, n) for n in range(2, 400)]
    with pytest.raises(StoreError, match="full"):
        store.take(many).result()
    assert store.trouble is not None
    assert digest(store) == before
    store._connection.execute("PRAGMA max_page_count = 1000000")
    assert set(outcomes(store, *many)) == {"accepted"}
    assert store.trouble is None
    store.close()


def test_a_reader_can_not_write(writer: Writer) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connect_to_read(writer.folder).execute("DELETE FROM events")


def test_what_was_stored_is_read_as_it_came(writer: Writer) -> None:
    told = event("receipt", moved(3), 1)
    outcomes(writer, told)
    body = connect_to_read(writer.folder).execute("SELECT body FROM events").fetchone()[0]
    assert read(body) == [told]


def test_a_correction_may_come_in_one_request_with_what_it_undoes_and_gaps_in_between(writer: Writer) -> None:
    wrong = {"source": "/wms/one", "epoch": 1, "sequence": 9, "reason": "typed twice"}
    told = [event("receipt", moved(3), 9), event("correction", wrong, 10_000), event("receipt", moved(2), 20_000)]
    assert outcomes(writer, *told, told[0]) == ["accepted", "accepted", "accepted", "duplicate"]
    assert outcomes(writer, *told) == ["duplicate"] * 3
    assert writer.submit(lambda turn: turn.mirror.stock.balance("dock", 1, 1)).result() == 2_000_000
    assert writer.position == 3


def test_the_mirror_is_kept_on_the_way_though_nobody_ends_in_order(tmp_path: Path) -> None:
    found = Writer(tmp_path, places(), SimulatedClock(START), keep_every=5)
    outcomes(found, *(event("receipt", moved(1), number) for number in range(1, 8)))
    digest(found)  # in a turn after the one that begins to keep it
    found._kept()
    reader = connect_to_read(tmp_path)
    mirror, recovery = recover(reader, tmp_path, places())
    assert (recovery.kept, recovery.replayed, recovery.why) == (7, 0, None)
    assert mirror.digest() == folded(reader, places()).digest()
    reader.close()
    found.close()


def test_whatever_fails_while_the_mirror_is_kept_the_folder_is_let_go_of_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Packed, folder: Path) -> None:
        raise MemoryError("no memory for what is to be kept")

    found = Writer(tmp_path, places(), SimulatedClock(START), keep_every=1)
    with monkeypatch.context() as broken:
        broken.setattr(Packed, "keep", fails)
        outcomes(found, event("pick", moved(1), 1))
        assert found.forget(0).result() == 1  # what is summed up is in the store, though not kept beside it
        assert outcomes(found, event("pick", moved(1), 2)) == ["accepted"]
        before = digest(found)
        found.close()
    again = Writer(tmp_path, places(), SimulatedClock(START))
    assert digest(again) == before
    again.close()

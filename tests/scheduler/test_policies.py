"""Another module while it runs, one that is only watched, and some SKUs that go out; modules run apart."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from entrepot.agents.inference import InferenceModule, load
from entrepot.agents.inference.manifest import seal
from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.decisions import comparisons, kept
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.store.folder import connect_to_read
from tests.agents.inference.test_child import child
from tests.scheduler.desks import CUT_OFF, LIVE, Live
from tests.scheduler.served import RELEASED, module, serving
from tests.scheduler.told import AIR, TRUCK, event, places


@pytest.fixture(scope="module")
def apart() -> Iterator[InferenceModule]:
    found = load(RELEASED, apart=True)
    yield found
    child(found).close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[InferenceModule]:
    """Another one by its manifest, which decides the same."""
    folder = tmp_path / "modules" / "kreen-pathwise" / "0001"
    shutil.copytree(sorted(RELEASED.iterdir())[-1], folder)
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del told["digest"]
    (folder / "manifest.json").write_bytes(seal({**told, "version": "0001"}))
    found = load(folder, apart=True)
    yield found
    child(found).close()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    found = Live(tmp_path, LIVE)
    found.desk.tick()
    yield found
    found.writer.close()


def next_plan(live: Live) -> str:
    live.clock.advance(timedelta(minutes=6))
    plan = live.desk.tick()
    assert plan is not None
    return plan.summary.source


def hang_for_ever(found: InferenceModule) -> None:
    """Its process stops whenever it is asked."""
    session = child(found)
    assert session.pid is not None
    os.kill(session.pid, signal.SIGKILL)
    session._graph = b"no graph"


def test_another_module_decides_once_it_has_proved_itself_and_the_one_before_can_be_gone_back_to(
    live: Live, apart: InferenceModule
) -> None:
    told = live.desk.policies.swap(apart, "anna")
    assert told["before"] == module().versions.module
    assert next_plan(live) == "policy"
    assert live.desk.policies.current is apart
    live.desk.policies.go_back("anna")
    assert live.desk.policies.current is module()
    with pytest.raises(ConfigurationError, match="none before"):
        live.desk.policies.go_back("anna")


def test_one_that_crashes_on_trial_is_gone_back_from_and_the_plan_is_the_policys(live: Live) -> None:
    broken = load(RELEASED, apart=True)
    live.desk.policies.swap(broken, "anna")
    hang_for_ever(broken)
    assert next_plan(live) == "policy"  # of the one before
    assert live.desk.policies.current is module()
    rows = connect_to_read(live.folder).execute("SELECT what FROM audit ORDER BY id").fetchall()
    assert [what for (what,) in rows][-2:] == ["policy swapped", "policy back"]
    with pytest.raises(ConfigurationError, match="doesn't decide"):
        live.desk.policies.swap(broken, "anna")


def test_what_was_swapped_in_outlasts_a_restart_until_another_module_is_given(
    live: Live, other: InferenceModule
) -> None:
    live.desk.policies.swap(other, "anna")
    live.sit_down()
    found = live.desk.policies
    assert (found.current.versions, found.trial_left) == (other.versions, 12)
    assert found.before is module()
    child(found.current).close()
    found.go_back("anna")
    live.sit_down()
    assert live.desk.policies.current is module()
    live.desk.policies.swap(other, "anna")
    live.desk.policies.watch(other, "anna")
    Desk(live.writer, other, live.settings, live.clock, live.metrics)  # given now
    live.sit_down()
    assert live.desk.policies.current is module()
    assert live.desk.policies.watched is not None
    child(live.desk.policies.watched).close()
    assert other.folder is not None
    shutil.rmtree(other.folder)
    live.sit_down()
    assert live.desk.policies.watched is None


def test_a_module_that_is_watched_is_told_beside_the_one_that_decides_and_orders_nothing(
    live: Live, apart: InferenceModule
) -> None:
    assert live.desk.policies.compare() is None
    live.desk.policies.watch(apart, "anna")
    assert next_plan(live) == "policy"
    found = live.desk.policies.compare()
    assert found is not None
    assert (found.cells_differing, found.lanes) == (0, [])
    assert found.units == found.watched_units > 0
    assert live.desk.policies.compare() is None
    assert comparisons.listed(connect_to_read(live.folder))[0]["plan"] == found.plan


def test_in_mode_canary_some_skus_go_out_and_the_others_are_as_in_shadow(tmp_path: Path) -> None:
    live = Live(tmp_path, replace(LIVE, mode="canary", canary=frozenset({"lamp"})))
    live.clock.set(CUT_OFF)
    plan = live.desk.tick()
    assert plan is not None
    lane, lamp = places().names.lanes[TRUCK], places().names.skus["lamp"]
    assert plan.orders[lane, 1 - lamp] > 0
    waiting = {one["key"]: one for one in kept.outbox(connect_to_read(tmp_path))}
    order = bytes(waiting[f"my_network/{TRUCK}/2026-11-25"]["order"]).decode()
    assert "lamp" in order
    assert "kettle" not in order
    live.writer.close()
    for wrong in (Settings(mode="canary"), Settings(canary=frozenset({"lamp"})), replace(LIVE, canary=frozenset("x"))):
        with pytest.raises(ConfigurationError, match="--canary"):
            wrong.check(places())


def test_what_shadow_would_have_released_stands_beside_what_others_ordered(tmp_path: Path) -> None:
    live = Live(tmp_path, Settings())
    order = {"order": "P1", "lane": TRUCK, "lines": [{"sku": "lamp", "units": 40}], "ordered": "2026-11-25"}
    live.writer.take([event("order", order, 1000)]).result()
    live.clock.set(CUT_OFF)
    live.desk.tick()
    rows = live.writer.submit(lambda turn: comparisons.beside_others(turn.connection, turn.mirror)).result()
    found = {one["lane"]: one for one in rows}
    assert (found[TRUCK]["ordered_units"], found[TRUCK]["ordered_usd"]) == (40, 200)
    assert found[TRUCK]["shadow_units"] == sum(
        line["units"] for line in msgspec.json.decode(bytes(live.releases()[TRUCK]["lines"]))
    )
    assert found[AIR]["ordered_units"] == 0
    live.writer.close()


def test_over_http_modules_are_swapped_watched_and_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, client):
        assert client.ask("GET", "/v1/policy")[1]["before"] is None
        status, told, _ = client.ask("POST", "/v1/policy", {"path": str(RELEASED)})
        assert (status, told["trial_plans_left"]) == (200, 12)
        assert client.ask("POST", "/v1/policy", {"path": str(tmp_path)})[0] == 400
        assert client.ask("POST", "/v1/policy", {})[0] == 400
        assert client.ask("POST", "/v1/policy/watch", {"path": None})[1]["watched"] is None
        assert client.ask("POST", "/v1/policy/back")[1]["before"] is None
        assert client.ask("POST", "/v1/policy/back")[0] == 400
        assert client.ask("GET", "/v1/comparisons")[1] == {"comparisons": []}
        assert client.ask("GET", "/v1/shadow")[1] == {"releases": []}

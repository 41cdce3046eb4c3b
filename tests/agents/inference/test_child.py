"""A graph in a process of its own; signals stand for graphs that hang and crash."""

from __future__ import annotations

import copy
import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entrepot.agents.inference import InferenceModule, ModuleRefused, load
from entrepot.agents.inference.child import ChildError, ChildSession
from entrepot.agents.inference.folder import read_npz

RELEASED = Path(__file__).parents[3] / "checkpoints" / "released" / "kreen-pathwise"


@pytest.fixture(scope="module")
def apart() -> Iterator[InferenceModule]:
    module = load(RELEASED, apart=True)
    yield module
    child(module).close()


def child(module: InferenceModule) -> ChildSession:
    session = module._session
    assert isinstance(session, ChildSession)
    return session


@pytest.fixture(scope="module")
def snapshot(apart: InferenceModule) -> dict[str, Any]:
    (folder,) = [path.parent for path in RELEASED.glob(f"{apart.manifest.version}/manifest.json")]
    found = read_npz("golden.npz", (folder / "golden.npz").read_bytes(), [*apart.manifest.snapshot, "orders"])
    return {name: values[:1] for name, values in found.items() if name != "orders"}


def test_it_answers_what_it_answers_in_the_same_process(apart: InferenceModule, snapshot: dict[str, Any]) -> None:
    one, other = apart.decide(snapshot, age_seconds=0), load(RELEASED).decide(snapshot, age_seconds=0)
    np.testing.assert_array_equal(one.orders, other.orders)
    assert one.source == other.source
    again = pickle.loads(pickle.dumps(copy.copy(apart)))
    assert child(again).pid != child(apart).pid
    child(again).close()


def test_one_that_hangs_is_killed_at_the_deadline_and_the_next_decision_has_a_new_one(
    apart: InferenceModule, snapshot: dict[str, Any]
) -> None:
    before = child(apart).pid
    assert before is not None
    os.kill(before, signal.SIGSTOP)
    found = apart.decide(snapshot, age_seconds=0, deadline_seconds=0.5)
    assert found.source == ("fallback",)
    assert "killed" in str(found.reasons[0])
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    again = apart.decide(snapshot, age_seconds=0)
    assert again.source == ("policy",)
    assert child(apart).pid not in (None, before)


def test_one_that_crashes_is_answered_for_by_the_fallback(apart: InferenceModule, snapshot: dict[str, Any]) -> None:
    apart.decide(snapshot, age_seconds=0)
    before = child(apart).pid
    assert before is not None
    os.kill(before, signal.SIGSTOP)  # so that it can't answer before it dies
    os.kill(before, signal.SIGKILL)
    found = [apart.decide(snapshot, age_seconds=0).source for _ in range(2)]
    assert found[-1] == ("policy",)


def test_what_the_graph_says_is_wrong_comes_back_and_its_process_lives_on(apart: InferenceModule) -> None:
    pid = child(apart).pid
    with pytest.raises(ChildError):
        child(apart).run(["orders"], {"nothing": np.zeros(1, np.float32)})
    assert child(apart).pid == pid


def test_a_graph_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChildError):
        ChildSession(b"no graph", 1)
    with pytest.raises(ModuleRefused):
        load(tmp_path, apart=True)

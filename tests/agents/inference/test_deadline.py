"""A decision has a deadline, and what misses it is neither waited for nor forgotten."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from entrepot.agents.inference import InferenceModule
from entrepot.agents.inference.deadline import MOST_LATE, Deadlines, StoppableSession, TooLateError
from tests.agents.inference.cases import Case, decided, snapshot_for


class Stuck:
    """A session that answers when it is let go."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.go_on = threading.Event()
        self.begun = 0

    def run(self, names: Any, feed: Any) -> Any:
        self.begun += 1
        self.go_on.wait(60)
        return self._session.run(names, feed)


def test_past_the_deadline_the_fallback_answers_with_a_reason(module: InferenceModule, case: Case) -> None:
    stuck = Stuck(module._session)
    module._session = stuck
    decision = decided(module, snapshot_for(case), deadline_seconds=0.25)
    stuck.go_on.set()
    assert decision.source == ("fallback", "fallback")
    assert "policy: deadline_seconds: took longer than" in decision.explain()
    assert decision.orders.any()


def test_calls_that_are_given_up_do_not_pile_up(module: InferenceModule, case: Case) -> None:
    stuck = Stuck(module._session)
    module._session = stuck
    for _ in range(MOST_LATE + 3):
        assert decided(module, snapshot_for(case), deadline_seconds=0.25).source == ("fallback", "fallback")
    assert stuck.begun == MOST_LATE
    stuck.go_on.set()
    for thread in threading.enumerate():
        if thread.name == "entrepot-decide":
            thread.join()
    assert decided(module, snapshot_for(case)).source == ("policy", "policy")


def test_what_the_call_raises_is_raised_where_it_is_waited_for() -> None:
    with pytest.raises(ZeroDivisionError):
        Deadlines().run(lambda: 1 / 0, 10.0)


def test_without_time_nothing_is_begun() -> None:
    with pytest.raises(TooLateError, match="no time is left"):
        Deadlines().run(lambda: pytest.fail("begun"), 0.0)


class EndlessSession:
    """As ONNX Runtime's session, with a graph that ends only when it is told to."""

    def run(self, names: Any, feed: Any, options: Any) -> Any:
        while not options.terminate:
            pass
        raise RuntimeError("terminated")


def test_a_graph_that_can_be_stopped_is_stopped_at_its_deadline() -> None:
    session = StoppableSession(EndlessSession())
    for _ in range(2):
        with pytest.raises(TooLateError, match="took longer"):
            session.run_until(["orders"], {}, time.monotonic() + 0.01)
    with pytest.raises(TooLateError, match="no time is left"):
        session.run_until(["orders"], {}, time.monotonic())

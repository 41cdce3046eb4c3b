"""A call that is waited for only so long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import onnxruntime

AGAIN_SECONDS = 1.0
MOST_LATE = 4
"""So many calls that were given up may still be running; while they are, no other is begun."""


class TooLateError(Exception):
    """The call was given up, or not begun."""


class Deadlines:
    """Begins calls that can't be stopped in threads of their own and gives them up in time; safe to share."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._lock = threading.Lock()
        self._late = 0

    def run(self, call: Callable[[], Any], seconds: float) -> Any:
        """What the call returns or raises.

        Args:
            call: what to do.
            seconds: how long to wait for it.

        Raises:
            TooLateError: it took longer, or too many that did are running still.
        """
        if seconds <= 0:
            raise TooLateError("no time is left")
        with self._lock:
            if self._late >= MOST_LATE:
                raise TooLateError(f"{self._late} decisions that took too long are still running")
        answer: list[Any] = []
        error: list[BaseException] = []
        state = {"given_up": False, "done": False}

        def work() -> None:
            try:
                answer.append(call())
            except BaseException as found:  # raised again where it is waited for
                error.append(found)
            with self._lock:
                state["done"] = True
                if state["given_up"]:
                    self._late -= 1

        thread = threading.Thread(target=work, daemon=True, name="entrepot-decide")
        thread.start()
        thread.join(min(seconds, threading.TIMEOUT_MAX))
        with self._lock:
            if not state["done"]:
                state["given_up"] = True
                self._late += 1
        if state["given_up"]:
            raise TooLateError(f"took longer than {seconds:.3g} s")
        if error:
            raise error[0]
        return answer[0]


class StoppableSession:
    """ONNX Runtime's session, whose runs are stopped at a time of their own, without a thread for each."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        """Args: the session."""
        self._session = session
        self._watch = threading.Condition()
        self._running: dict[int, tuple[float, onnxruntime.RunOptions]] = {}
        self._watchman: threading.Thread | None = None
        self._looks_at = float("inf")  # when the watchman looks next

    def run(self, output_names: Any, input_feed: Any) -> Any:
        """Outputs of the graph, waited for as long as it takes."""
        return self._session.run(output_names, input_feed)

    def run_until(self, output_names: Any, input_feed: Any, until: float) -> Any:
        """Outputs of the graph.

        Args:
            output_names: of the graph.
            input_feed: by name.
            until: on the monotonic clock; the run is stopped at the graph's next node.

        Raises:
            TooLateError: it was stopped.
        """
        options = onnxruntime.RunOptions()
        if time.monotonic() >= until:
            raise TooLateError("no time is left")
        with self._watch:
            self._running[id(options)] = until, options
            self._see_to(until)
        try:
            return self._session.run(output_names, input_feed, options)
        except Exception:
            if time.monotonic() >= until:
                raise TooLateError("took longer than the deadline allows") from None
            raise
        finally:
            with self._watch:
                self._running.pop(id(options), None)

    def _see_to(self, until: float) -> None:
        """Have somebody look when a run's time is up."""
        if self._watchman is None or not self._watchman.is_alive():
            self._looks_at = until
            self._watchman = threading.Thread(target=self._keep_watch, daemon=True, name="entrepot-deadline")
            self._watchman.start()
        elif until < self._looks_at:
            self._looks_at = until
            self._watch.notify()

    def _keep_watch(self) -> None:
        with self._watch:
            while self._running:
                now = time.monotonic()
                for until, options in self._running.values():
                    if until <= now:
                        options.terminate = True
                later = [until for until, _ in self._running.values() if until > now]
                # A run that was told to stop is told again, in case it had not begun yet.
                self._looks_at = min([*later, now + AGAIN_SECONDS] if len(later) < len(self._running) else later)
                self._watch.wait(min(self._looks_at - now, threading.TIMEOUT_MAX))
            self._watchman = None

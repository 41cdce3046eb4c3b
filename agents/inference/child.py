"""A graph in a process of its own: one that hangs is killed at its deadline, and one that crashes takes nobody along.

The process that decides keeps what must go on: fallback, checks and limits. The child has the session alone. Messages
are a length, a JSON head that names arrays, types and shapes, and their bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from entrepot.agents.inference.deadline import TooLateError

START_SECONDS = 60.0
"""So long a child may take to load the graph."""
_LENGTH = struct.Struct("<QI")
_PIECE = 1 << 20


class ChildError(Exception):
    """The graph failed, or its process ended."""


class ChildSession:
    """As `onnxruntime.InferenceSession`, in a process that is started when it is needed; threads take turns."""

    def __init__(self, graph: bytes, threads: int) -> None:
        """Start the process and have it load the graph.

        Args:
            graph: ONNX.
            threads: of one run.

        Raises:
            ChildError: ONNX Runtime can't read it.
            TooLateError: it takes too long.
        """
        self._graph, self._threads = graph, threads
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.inputs, self.outputs = self._started(time.monotonic() + START_SECONDS)
        """Types of inputs, as ONNX Runtime calls them, by name; and names of outputs."""

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Outputs of the graph, waited for as long as it takes."""
        return self.run_until(output_names, input_feed, float("inf"))

    def run_until(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]], until: float
    ) -> list[NDArray[Any]]:
        """Outputs of the graph; the process is killed if it doesn't answer in time, and started anew for the next.

        Args:
            output_names: of the graph.
            input_feed: by name.
            until: on the monotonic clock.

        Raises:
            TooLateError: the time is up.
            ChildError: the graph failed, or its process ended.
        """
        if not self._lock.acquire(timeout=_left(until)):
            raise TooLateError("another decision takes all the time")
        try:
            if self._process is None or self._process.poll() is not None:
                self._started(until)
            names = list(output_names or ())
            head, arrays = self._exchange(_packed({"outputs": names}, input_feed), until)
            if "error" in head:
                raise ChildError(head["error"])
            return [arrays[name] for name in names]
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = None

    def __del__(self) -> None:
        """The process doesn't outlive its session."""
        if getattr(self, "_process", None) is not None:
            self.close()

    def _started(self, until: float) -> tuple[dict[str, str], list[str]]:
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from entrepot.agents.inference.child import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # what a terminal sends is for the process that decides; this one ends with it
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
        graph = np.frombuffer(self._graph, np.uint8)
        head, _ = self._exchange(_packed({"threads": self._threads}, {"graph": graph}), until)
        if "error" in head:
            self.close()
            raise ChildError(head["error"])
        return head["inputs"], head["graph_outputs"]

    def _exchange(self, message: list[bytes | memoryview], until: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """Send a message and wait for the answer; the process is gone if there is none."""
        try:
            return self._sent_and_received(message, until)
        except TooLateError:
            self.close()
            raise
        except OSError as error:
            status = None
            if self._process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):  # it may live on with its end of the pipe closed
                    status = self._process.wait(timeout=1)
            self.close()
            raise ChildError(f"its process ended ({status}): {error}") from None
        except BaseException:  # what comes out of it next would answer this, and not what is asked next
            self.close()
            raise

    def _sent_and_received(
        self, message: list[bytes | memoryview], until: float
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        into, out = self._process.stdin.fileno(), self._process.stdout.fileno()
        for part in message:
            view = memoryview(part).cast("B")
            while len(view):
                _wait((), (into,), until)
                with contextlib.suppress(BlockingIOError):
                    view = view[os.write(into, view[:_PIECE]) :]
        whole, head = _LENGTH.unpack(_read(out, _LENGTH.size, until))
        return _unpacked(_read(out, whole, until), head)


def _wait(reading: Sequence[int], writing: Sequence[int], until: float) -> None:
    left = until - time.monotonic()
    if left <= 0 or not any(select.select(reading, writing, (), None if left == float("inf") else left)):
        raise TooLateError("took longer than the deadline allows; its process was killed")


def _read(source: int, size: int, until: float) -> bytearray:
    found = bytearray(size)
    view, have = memoryview(found), 0
    while have < size:
        _wait((source,), (), until)
        try:
            piece = os.read(source, min(size - have, _PIECE))
        except BlockingIOError:
            continue
        if not piece:
            raise OSError("it gave no answer")
        view[have : have + len(piece)] = piece
        have += len(piece)
    return found


def _left(until: float) -> float:
    return -1 if until == float("inf") else min(max(until - time.monotonic(), 0), threading.TIMEOUT_MAX)


def _packed(head: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> list[bytes | memoryview]:
    parts = [np.ascontiguousarray(values) for values in arrays.values()]
    told = [
        [name, values.dtype.str, list(np.shape(given)), values.nbytes]
        for (name, given), values in zip(arrays.items(), parts, strict=True)
    ]
    text = json.dumps({**head, "arrays": told}).encode()
    whole = len(text) + sum(values.nbytes for values in parts)
    return [_LENGTH.pack(whole, len(text)), text, *(values.tobytes() for values in parts)]


def _unpacked(message: bytearray, head: int) -> tuple[dict[str, Any], dict[str, Any]]:
    told, place, arrays = json.loads(message[:head]), head, {}
    for name, kind, shape, size in told["arrays"]:
        arrays[name] = np.frombuffer(message, np.dtype(kind), size // np.dtype(kind).itemsize, place).reshape(shape)
        place += size
    return told, arrays


def main() -> None:
    """Answer what is asked on standard input until it is closed; what anybody prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    asked: queue.Queue[tuple[dict[str, Any], dict[str, Any]]] = queue.Queue()

    def listen() -> None:
        """Apart from the graph, so that one that hangs is gone with whoever started it."""
        source = sys.stdin.buffer
        while len(start := _whole(source, _LENGTH.size)) == _LENGTH.size:
            whole, head = _LENGTH.unpack(start)
            asked.put(_unpacked(_whole(source, whole), head))
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    head, arrays = asked.get()
    try:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = head["threads"], 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(arrays["graph"].tobytes(), options, providers=["CPUExecutionProvider"])
        inputs = {value.name: value.type for value in session.get_inputs()}
        outputs = [value.name for value in session.get_outputs()]
        _say(answers, _packed({"inputs": inputs, "graph_outputs": outputs}, {}))
    except Exception as error:
        _say(answers, _packed({"error": f"{type(error).__name__}: {error}"[:2000]}, {}))
        return
    while True:
        head, arrays = asked.get()
        try:
            found = session.run(head["outputs"] or None, arrays)
            _say(answers, _packed({}, dict(zip(head["outputs"], map(np.asarray, found), strict=True))))
        except Exception as error:
            _say(answers, _packed({"error": f"{type(error).__name__}: {error}"[:2000]}, {}))


def _whole(source: BinaryIO, size: int) -> bytearray:
    found = bytearray()
    while len(found) < size and (piece := source.read(size - len(found))):
        found += piece
    return found


def _say(answers: Any, message: list[bytes | memoryview]) -> None:
    for part in message:
        view = memoryview(part).cast("B")
        while len(view):
            view = view[answers.write(view) :]

"""The world's process, as the demonstration sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from entrepot.command_line.demo.world import Listen, Play, Ready, Run, Told
from entrepot.configs.errors import ConfigurationError, EntrepotError

Message = TypeVar("Message")
CODE = "import sys; from entrepot.command_line.demo.world import main; sys.exit(main())"


class WorldEndedError(EntrepotError):
    """The world's process ended before its days did."""

    exit_code = 1


LISTENED_SECONDS = 5.0


class World:
    """Started, told what to do, and listened to."""

    def __init__(self, play: Play) -> None:
        """Start it; building a twin takes some seconds.

        Args:
            play: what.

        Raises:
            ConfigurationError: it can't be played.
        """
        same = {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}  # code as this one
        command = [sys.executable, "-c", CODE]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=same)
        self._lock = threading.Lock()
        self._told = Told()
        self._listening: threading.Thread | None = None
        self.days: deque[dict[str, Any]] = deque()
        self._say(play)
        self.ready: Ready = self._answer(Ready)

    def open(self, listen: Listen) -> Told:
        """Have it send its opening."""
        self._say(listen)
        return self._answer(Told)

    def run(self, run: Run) -> None:
        """Have it play, and listen to it from now on."""
        self._say(run)
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    @property
    def told(self) -> Told:
        """The latest."""
        with self._lock:
            return self._told

    @property
    def ended(self) -> bool:
        """Whether all its days are over, or it is."""
        gone = self._process.poll() is not None
        if gone and self._listening is not None:  # what it said last may not have been read yet
            self._listening.join(LISTENED_SECONDS)
        return self.told.ended or gone

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                told = msgspec.json.decode(line, type=Told)
                with self._lock:
                    self._told = told if told.sent else msgspec.structs.replace(self._told, ended=told.ended)
                    if told.trouble:
                        self._told = msgspec.structs.replace(self._told, trouble=told.trouble)
                if told.figures:
                    self.days.append(told.figures)
        except ValueError:  # the line was closed
            return

    def _say(self, message: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(message) + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorldEndedError("demo: the world's process ended; see above") from error

    def _answer(self, kind: type[Message]) -> Message:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorldEndedError("demo: the world's process ended; see above")
        told = msgspec.json.decode(line)
        if told.get("trouble"):
            raise ConfigurationError(told["trouble"])
        return msgspec.convert(told, kind)

"""The world of a demonstration, in a process of its own.

Talks with who started it in lines of JSON. It is told what to play, says from when on and where orders are to be
posted, is told where events go, sends the opening, and plays once it is told since when the clock runs. It ends with
its days, or when nobody listens any more.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from entrepot.command_line.demo.days import Days
from entrepot.command_line.demo.receiver import Receiver
from entrepot.command_line.demo.recording import RecordedDays, read_recording
from entrepot.command_line.demo.sending import Sender
from entrepot.configs.errors import EntrepotError
from entrepot.scheduler.clock import FastClock

HEARTBEATS_EVERY = timedelta(hours=3)


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """What to play."""

    network: str
    skus: int
    days: int
    seed: int
    speed: float
    secret: str
    disturbances: list[str]
    demand: str | None = None
    recorded: str | None = None  # a file; the twin plays if None


class Listen(msgspec.Struct, frozen=True, kw_only=True):
    """Where events go."""

    port: int
    token: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Since when the clock runs, in seconds since 1970-01-01 UTC of the wall."""

    begun: float


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What the world has to say for itself."""

    start: datetime
    url: str  # where orders are to be posted


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has happened since."""

    sent: int = 0  # events, so far
    outcomes: dict[str, int] = {}
    figures: dict[str, Any] = {}  # of a day that has ended
    trouble: str = ""
    ended: bool = False


def main() -> int:
    """Play."""
    out = sys.stdout.buffer
    try:
        play = msgspec.json.decode(sys.stdin.buffer.readline(), type=Play)
        receiver = Receiver(play.secret.encode())
        days = _days(play, receiver)
        _say(out, Ready(start=days.start, url=receiver.url))
        listen = msgspec.json.decode(sys.stdin.buffer.readline(), type=Listen)
        sender = Sender(listen.port, listen.token)
        opening = days.opening()
        sender.send(opening, days.start)
        _say(out, Told(sent=sender.outcomes.total(), outcomes=dict(sender.outcomes)))
        run = msgspec.json.decode(sys.stdin.buffer.readline(), type=Run)
        threading.Thread(target=_end_with_who_started_it, daemon=True).start()
        clock = FastClock(days.start, play.speed, run.begun)
        heard = days.start
        for step in days.steps():
            while (left := (step.due - clock.now()).total_seconds()) > 0:
                if clock.now() - heard > HEARTBEATS_EVERY:
                    heard = clock.now()
                    sender.send([], heard, days.silent)
                time.sleep(min(left, HEARTBEATS_EVERY.total_seconds() / 4) / play.speed)
            told, figures = step.make()
            sender.send(told, step.due, days.silent)
            heard = step.due
            _say(out, Told(sent=sender.outcomes.total(), outcomes=dict(sender.outcomes), figures=figures))
        receiver.close()
    except EntrepotError as error:
        _say(out, Told(trouble=str(error), ended=True))
        return 1
    _say(out, Told(ended=True))
    return 0


def _days(play: Play, receiver: Receiver) -> Days:
    if play.recorded is not None:
        return RecordedDays(read_recording(Path(play.recorded)), play.days)
    from entrepot.command_line.demo.disturbances import Disturbance
    from entrepot.command_line.demo.twin_days import Ordered, TwinDays

    def collect() -> list[Ordered]:
        return [Ordered(one["idempotency_key"], one["lane"], one["lines"]) for one in receiver.collect()]

    return TwinDays(
        play.network,
        skus=play.skus,
        days=play.days,
        seed=play.seed,
        disturbances={Disturbance(name) for name in play.disturbances},
        collect=collect,
        demand=play.demand,
    )


def _say(out: Any, told: Any) -> None:
    out.write(msgspec.json.encode(told) + b"\n")
    out.flush()


def _end_with_who_started_it() -> None:
    sys.stdin.buffer.read()
    os._exit(0)

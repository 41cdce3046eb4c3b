"""What time it is: the wall's in production, a simulated one in tests and demonstrations."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from entrepot.configs.errors import ConfigurationError


class Clock(Protocol):
    """A port with one verb. Nothing in the scheduler asks the machine for the time but through it."""

    def now(self) -> datetime:
        """The present moment, with its offset."""
        ...


class WallClock:
    """The machine's own."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)


class SimulatedClock:
    """Stands still until it is set; may be shared by threads."""

    def __init__(self, start: datetime) -> None:
        """Args: start: with an offset."""
        self._lock = threading.Lock()
        self._now = _with_offset(start)

    def now(self) -> datetime:
        """The moment that it was last set to."""
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> datetime:
        """Set it forward, or back as a machine's clock may be; returns the new moment."""
        with self._lock:
            self._now += by
            return self._now

    def set(self, moment: datetime) -> None:
        """Set it to a moment with an offset."""
        with self._lock:
            self._now = _with_offset(moment)


class FastClock:
    """Runs at a multiple of the wall's pace from a moment of the wall on; until then it stands still."""

    def __init__(self, start: datetime, speed: float, begun: float | None = None) -> None:
        """Set it.

        Args:
            start: what it reads at first, with an offset.
            speed: 1 is the wall's own pace.
            begun: seconds since 1970-01-01 UTC, of the wall, at which it begins to run; `run` says so if None.
        """
        self._start, self._speed, self._begun = _with_offset(start), speed, begun

    def run(self, begun: float) -> None:
        """Have it run from a moment of the wall on, in seconds since 1970-01-01 UTC."""
        self._begun = begun

    def now(self) -> datetime:
        """The present moment."""
        passed = 0.0 if self._begun is None else max(time.time() - self._begun, 0.0)
        return self._start + timedelta(seconds=passed * self._speed)


def _with_offset(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ConfigurationError(f"clock: {moment.isoformat()}; allowed: a moment with its offset from UTC")
    return moment


def microseconds(moment: datetime) -> int:
    """Since 1970-01-01 UTC, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(stamp: int) -> datetime:
    """The moment, in UTC, of so many microseconds since 1970-01-01 UTC."""
    return _EPOCH + timedelta(microseconds=stamp)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

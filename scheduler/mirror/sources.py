"""Who tells of what, when each was last heard, and what of it is missing."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from entrepot.scheduler.events.data import Heartbeat
from entrepot.scheduler.events.envelope import UNCOUNTED, Event

RESERVED = "/entrepot/"
"""Sources that are the scheduler's own."""
OPENING = "/entrepot/opening"
"""Source of what `entrepot import` wrote; it never speaks again, so nobody waits for it."""
OWN = "/entrepot/scheduler"
"""Source of orders that the scheduler released."""


class SourceDump(msgspec.Struct, array_like=True, frozen=True):
    """A source's epoch as it is kept."""

    source: str
    epoch: int
    heard: int
    highest: int
    count: int
    told: tuple[int, int, bool]


class SourcesDump(msgspec.Struct, frozen=True):
    """As they are kept."""

    epochs: list[SourceDump]
    speaks_of: list[tuple[str, list[str]]]


class Freshness(NamedTuple):
    """Of one source's latest epoch."""

    source: str
    epoch: int
    heard: int  # microseconds since 1970-01-01 UTC, of its latest event's own time
    highest: int  # sequence
    missing: int  # events that it has sent, by its own count, and that aren't here
    final: bool


class _Epoch:
    __slots__ = ("count", "heard", "highest", "told")

    def __init__(self, heard: int, highest: int = 0, count: int = 0, told: tuple[int, int, bool] = (0, 0, False)):
        self.heard, self.highest, self.count, self.told = heard, highest, count, told


class Sources:
    """All that ever spoke."""

    def __init__(self, kept: SourcesDump | None = None) -> None:
        """Args: kept: what `dump` gave."""
        self._epochs: dict[tuple[str, int], _Epoch] = {
            (one.source, one.epoch): _Epoch(one.heard, one.highest, one.count, one.told)
            for one in (kept.epochs if kept else ())
        }
        self._speaks_of: dict[str, set[str]] = {place: set(names) for place, names in (kept.speaks_of if kept else ())}

    def hear(self, event: Event, place: str | None) -> None:
        """Take note of an event.

        Args:
            event: that was taken.
            place: the node whose stock or the market whose demand it tells of, if any.
        """
        key = event.key
        counts = not key.source.endswith(f"/{UNCOUNTED}")
        epoch = key.epoch if counts else 0
        found = self._epochs.get((key.source, epoch))
        if found is None:
            found = self._epochs[key.source, epoch] = _Epoch(event.time)
        found.heard = max(found.heard, event.time)
        found.highest = max(found.highest, key.sequence if counts else 0)
        found.count += 1
        if isinstance(event.data, Heartbeat):
            # Of two heartbeats the one that has counted further holds, then the later one.
            found.told = max(found.told, (event.data.last_sequence, event.time, event.data.final))
        if place is not None:
            self._speaks_of.setdefault(place, set()).add(key.source)

    def freshness(self) -> list[Freshness]:
        """Of each source's latest epoch, by name."""
        latest: dict[str, int] = {}
        for source, epoch in self._epochs:
            latest[source] = max(epoch, latest.get(source, 0))
        return [self._of(source, epoch) for source, epoch in sorted(latest.items())]

    def heard_of(self, place: str) -> int | None:
        """When a place was last told of: the time of the source that was silent longest of those that speak of it.

        A source that has said its last, and the opening once others speak, are not waited for.
        None where nobody ever spoke of it.
        """
        told = [one for one in self.freshness() if one.source in self._speaks_of.get(place, ())]
        waited = [one for one in told if one.source != OPENING and not one.final]
        if waited:
            return min(one.heard for one in waited)
        return max((one.heard for one in told), default=None)

    def dump(self) -> SourcesDump:
        """In an order that doesn't depend on that of the events."""
        epochs = [
            SourceDump(source, epoch, one.heard, one.highest, one.count, one.told)
            for (source, epoch), one in sorted(self._epochs.items())
        ]
        return SourcesDump(epochs, [(place, sorted(names)) for place, names in sorted(self._speaks_of.items())])

    def _of(self, source: str, epoch: int) -> Freshness:
        one = self._epochs[source, epoch]
        sent = max(one.highest, one.told[0])
        return Freshness(source, epoch, one.heard, one.highest, max(sent - one.count, 0), one.told[2])

"""What a demonstration plays: an opening, and days of two steps each, at moments of its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from entrepot.command_line.demo.telling import source_of, told_of
from entrepot.scheduler.events.data import Data


class Said(NamedTuple):
    """One event before its source has counted it."""

    source: str
    kind: str
    time: datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, data: Data, time: datetime) -> Said:
        """What the system of its place would say."""
        return cls(source_of(data), type(data).__name__.casefold(), time, told_of(data))


@dataclass(frozen=True)
class Step:
    """Made when its time has come."""

    due: datetime
    make: Callable[[], tuple[list[Said], dict[str, Any]]]  # events, and figures of the day that has ended, if one has


class Days(Protocol):
    """Of a twin, or recorded."""

    start: datetime  # of the first day

    @property
    def silent(self) -> str | None:
        """A source that says nothing at present, not even that it lives."""
        ...

    def opening(self) -> list[Said]:
        """What is known at the start."""
        ...

    def steps(self) -> Iterator[Step]:
        """In order."""
        ...

"""Days that were recorded: played again without a twin."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from entrepot.command_line.demo.days import Days, Said, Step
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import write_atomically

SHIPPED = "kreen.json.xz"
Row = tuple[int, int, float, dict[str, Any]]
"""Source and kind by their place in lists, seconds since the start, data."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """As it is kept."""

    network: str
    skus: int
    start: datetime
    sources: list[str]
    kinds: list[str]
    opening: list[Row]
    steps: list[tuple[float, list[Row], dict[str, Any]]]  # seconds since the start, events, figures


def record(days: Days, network: str, skus: int, path: Path) -> int:
    """Live through all days at once and write them down.

    Returns:
        How many events there are.
    """
    sources: dict[str, int] = {}
    kinds: dict[str, int] = {}

    def rows(told: list[Said]) -> list[Row]:
        return [
            (
                sources.setdefault(one.source, len(sources)),
                kinds.setdefault(one.kind, len(kinds)),
                (one.time - days.start).total_seconds(),
                one.data,
            )
            for one in told
        ]

    opening = rows(days.opening())
    steps = []
    for step in days.steps():
        told, figures = step.make()
        steps.append(((step.due - days.start).total_seconds(), rows(told), figures))
    found = Recording(
        network=network,
        skus=skus,
        start=days.start,
        sources=list(sources),
        kinds=list(kinds),
        opening=opening,
        steps=steps,
    )
    write_atomically(path, lzma.compress(msgspec.json.encode(found), preset=9 | lzma.PRESET_EXTREME))
    return len(opening) + sum(len(told) for _, told, _ in steps)


def read_recording(path: Path) -> Recording:
    """What `record` wrote.

    Raises:
        ConfigurationError: it can't be read.
    """
    try:
        return msgspec.json.decode(lzma.decompress(path.read_bytes()), type=Recording)
    except (OSError, lzma.LZMAError, msgspec.MsgspecError) as error:
        raise ConfigurationError(f"--recorded: {str(path)!r} can't be read ({error})") from error


class RecordedDays:
    """Of a recording; whoever decides changes nothing in them."""

    def __init__(self, recording: Recording, days: int) -> None:
        """Args: recording: to play. days: how many of its days."""
        self._recording, self._days, self.start = recording, days, recording.start
        self.silent: str | None = None

    def opening(self) -> list[Said]:
        """What is known at the start."""
        return self._said(self._recording.opening)

    def steps(self) -> Iterator[Step]:
        """As they were."""
        for seconds, rows, figures in self._recording.steps:
            if seconds < self._days * 86_400:
                yield Step(
                    self.start + timedelta(seconds=seconds),
                    lambda rows=rows, figures=figures: (self._said(rows), figures),  # type: ignore[misc]
                )

    def _said(self, rows: list[Row]) -> list[Said]:
        kept = self._recording
        return [
            Said(kept.sources[source], kept.kinds[kind], self.start + timedelta(seconds=seconds), data)
            for source, kind, seconds, data in rows
        ]

"""What a scenario is drawn from: one function a random source, registered under the field that it fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.twin.scenario.streams import Streams


@dataclass(frozen=True)
class Stretch:
    """What is drawn for: a network, its demand, and T days from the first day of each of B episodes."""

    network: NetworkArrays
    demand: DemandModel
    split: Split
    first_day: NDArray[np.int64]  # [B] days since 1970-01-01
    days: int

    @property
    def shape(self) -> tuple[int, int]:
        """B, T."""
        return len(self.first_day), self.days


Source = Callable[[Stretch, np.random.Generator], NDArray[Any] | None]
"""From what is drawn for, and the source's own stream, to the values [B, T, …] of its field; None where the network has
nothing that they could tell of."""

SOURCES: dict[str, Source] = {}
"""By the field of `Scenario`, which names the stream too."""


def scenario_source(field: str) -> Callable[[Source], Source]:
    """Register the source of a scenario's field, in a file of its own that this folder's `__init__` imports."""

    def register(source: Source) -> Source:
        if field in SOURCES:
            raise ValueError(f"the scenario's {field!r} has a source already: {SOURCES[field].__module__}")
        SOURCES[field] = source
        return source

    return register


def drawn(stretch: Stretch, streams: Streams, sources: Mapping[str, Source]) -> dict[str, NDArray[Any]]:
    """The values of every source that has any, each from its own stream."""
    values = {field: source(stretch, streams.of(field)) for field, source in sources.items()}
    return {field: value for field, value in values.items() if value is not None}

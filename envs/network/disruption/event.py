"""One event as it befalls one network."""

from __future__ import annotations

from dataclasses import dataclass

from entrepot.envs.network.disruption.effect import Effect
from entrepot.envs.network.disruption.when import When


@dataclass(frozen=True)
class EventArrays:
    """When it comes, and what it does."""

    name: str
    when: When
    effect: Effect

"""A disruption as it befalls one network: each event's effect there, and what is remarkable about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.disruption.description import DisruptionDescription
from entrepot.envs.network.disruption.effect import Effect
from entrepot.envs.network.disruption.when import When
from entrepot.envs.network.disruption.where import Site

if TYPE_CHECKING:
    from entrepot.envs.network.arrays import NetworkArrays

DAYS_A_WEEK = 7


@dataclass(frozen=True)
class EventArrays:
    """One event: when it comes, and what it does."""

    name: str
    when: When
    effect: Effect

    @property
    def longest_days(self) -> int:
        """By which it can put off a shipment's arrival at the most, each time that it comes."""
        effect, most = self.effect, 0
        for days in (effect.extra_days, effect.late_days):
            most += 0 if days is None else int(days.max())
        if effect.open_share is not None and effect.open_share.min() <= 0:
            most += self.when.days.most + DAYS_A_WEEK
        if effect.holds is not None:
            most += self.when.days.most
        if effect.up_share is not None and effect.up_share.min() <= 0:
            most += self.when.days.most
        return most


@dataclass(frozen=True)
class DisruptionArrays:
    """All events of a disruption."""

    described: DisruptionDescription
    events: tuple[EventArrays, ...]

    @classmethod
    def of(
        cls, disruption: DisruptionDescription, described: NetworkDescription, network: NetworkArrays
    ) -> DisruptionArrays:
        """What befalls a network.

        Args:
            disruption: the events.
            described: the network.
            network: the same as arrays.

        Raises:
            ConfigurationError: the network has nothing of what an event strikes.
        """
        events = []
        for name, event in disruption.events.items():
            site = Site(described, network, f"disruption {disruption.name}: events.{name}")
            events.append(EventArrays(name, event, event.effect(site)))
        return cls(disruption, tuple(events))

    @property
    def longest_days(self) -> int:
        """By which events can put off a shipment's arrival together, each of them coming once; more is cut off."""
        return sum(event.longest_days for event in self.events)

    @property
    def remarks(self) -> list[str]:
        """What has no effect in this network, or another than it says; a line each."""
        return [f"{event.name}: {remark}" for event in self.events for remark in event.effect.remarks]

    def touching(self, *parts: str) -> Iterator[EventArrays]:
        """The events whose effect has any of these parts."""
        return (event for event in self.events if set(parts) & set(event.effect.touches))

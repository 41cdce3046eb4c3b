"""A disruption as it befalls one network: each event's effect there, and what is remarkable about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.disruption.chains import longest_delay_days
from entrepot.envs.network.disruption.description import DisruptionDescription
from entrepot.envs.network.disruption.event import EventArrays
from entrepot.envs.network.disruption.where import Site

if TYPE_CHECKING:
    from entrepot.envs.network.arrays import NetworkArrays


@dataclass(frozen=True)
class DisruptionArrays:
    """All events of a disruption."""

    described: DisruptionDescription
    events: tuple[EventArrays, ...]
    longest_days: int  # by which they can put off a shipment together; of those by chance each coming once

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
            ConfigurationError: the network has nothing of what an event strikes, or events of the calendar follow on
                one another for more than a year.
        """
        source, events = f"disruption {disruption.name}", []
        for name, event in disruption.events.items():
            site = Site(described, network, f"{source}: events.{name}")
            events.append(EventArrays(name, event, event.effect(site)))
        return cls(disruption, tuple(events), longest_delay_days(events, network.supplier.production_days, source))

    @property
    def remarks(self) -> list[str]:
        """What has no effect in this network, or another than it says; a line each."""
        return [f"{event.name}: {remark}" for event in self.events for remark in event.effect.remarks]

    def touching(self, *parts: str) -> Iterator[EventArrays]:
        """The events whose effect has any of these parts."""
        return (event for event in self.events if set(parts) & set(event.effect.touches))

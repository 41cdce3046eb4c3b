"""What can break: events, where and when they come, and what is known of them before. No torch here."""

from entrepot.envs.network.disruption.arrays import DisruptionArrays
from entrepot.envs.network.disruption.description import DisruptionDescription, load_disruption
from entrepot.envs.network.disruption.event import EventArrays

__all__ = ["DisruptionArrays", "DisruptionDescription", "EventArrays", "load_disruption"]

"""What lanes and nodes can do at present, and master data as other systems have them."""

from __future__ import annotations

import msgspec

from entrepot.envs.snapshot import calendar
from entrepot.scheduler.events.data import Condition, Master, Telemetry
from entrepot.scheduler.mirror.documents import Documents, Kept
from entrepot.scheduler.mirror.ranks import Rank


class ConditionsDump(msgspec.Struct, frozen=True):
    """As they are kept."""

    lanes: Kept[Condition]
    nodes: Kept[Condition]
    telemetry: Kept[Telemetry]
    master: Kept[Master]


class Conditions:
    """By name of lane or node."""

    def __init__(self, kept: ConditionsDump | None = None) -> None:
        """Args: kept: what `dump` gave."""
        self._lanes: Documents[Condition] = Documents(kept.lanes if kept else None)
        self._nodes: Documents[Condition] = Documents(kept.nodes if kept else None)
        self._telemetry: Documents[Telemetry] = Documents(kept.telemetry if kept else None)
        self.master: Documents[Master] = Documents(kept.master if kept else None)

    def notice(self, data: Condition, rank: Rank, lane: str | None) -> None:
        """A notice of a lane, by the name that the network has for it, or of a node."""
        if lane is not None:
            self._lanes.put(lane, rank, data)
        elif data.node is not None:
            self._nodes.put(data.node, rank, data)

    def measure(self, data: Telemetry, time: int, digest: bytes) -> None:
        """What equipment says of itself; what doesn't say how much of it works, says nothing of that."""
        if data.share is not None:
            self._telemetry.put(data.node, Rank(time, 0, digest), data)

    def lane_open(self, day: int) -> dict[str, float]:
        """Share of usual capacity by lane, where a notice holds on a day."""
        return {name: told.share for name, told in self._lanes.items() if _holds(told, day) and told.share < 1}

    def lane_wait_days(self, day: int) -> dict[str, int]:
        """Days to the next departure by lane, counted from a day, where a notice says so and holds."""
        return {
            name: told.wait_days
            for name, told in self._lanes.items()
            if told.wait_days is not None and _holds(told, day)
        }

    def equipment(self, day: int) -> dict[str, float]:
        """Share of usual throughput by node: the lesser of what a notice and what telemetry says."""
        found = {name: told.share for name, told in self._telemetry.items() if told.share is not None}
        for name, told in self._nodes.items():
            if _holds(told, day):
                found[name] = min(told.share, found.get(name, 1.0))
        return {name: share for name, share in found.items() if share < 1}

    def dump(self) -> ConditionsDump:
        """In an order that doesn't depend on that of the events."""
        return ConditionsDump(self._lanes.dump(), self._nodes.dump(), self._telemetry.dump(), self.master.dump())


def _holds(told: Condition, day: int) -> bool:
    return told.until is None or calendar.day_number(told.until) >= day

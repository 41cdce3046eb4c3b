"""When lanes depart and until when they take orders, in their origin's zone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta

from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.places import Places

Booked = Collection[tuple[str, str]]
"""Lanes and days of which a release was made, whatever came of it."""


@dataclass(frozen=True)
class Departure:
    """Of a lane, today where it starts."""

    lane: int
    name: str
    day: Date
    cut_off: datetime

    @property
    def booking(self) -> tuple[str, str]:
        """Of which there is one release."""
        return self.name, self.day.isoformat()


def departures(places: Places, settings: Settings, now: datetime, waits: Mapping[str, int]) -> list[Departure]:
    """Of every lane that departs today where it starts.

    Args:
        places: of the network.
        settings: with the cut-offs.
        now: with an offset.
        waits: days to the next departure by lane, where a notice says so.
    """
    found, arrays = [], places.names.arrays
    for lane, name in enumerate(arrays.lanes):
        zone = places.zone_of(places.origin_of(lane))
        day = now.astimezone(zone).date()
        if waits.get(name, int(arrays.lane.wait_days[day.weekday(), lane])) == 0:
            cut_off = datetime.combine(day, settings.cut_off_of(places, lane), tzinfo=zone)
            found.append(Departure(lane, name, day, cut_off))
    return found


def wait_days(
    places: Places, settings: Settings, now: datetime, waits: Mapping[str, int], booked: Booked
) -> dict[str, int]:
    """Days to each lane's next departure that still takes orders.

    One that was released today, or whose time for that is over, leaves with the next departure.
    """
    today = {one.name: one for one in departures(places, settings, now, waits)}
    found, arrays = {}, places.names.arrays
    for lane, name in enumerate(arrays.lanes):
        one = today.get(name)
        if one is not None and one.booking not in booked and now < one.cut_off + settings.grace:
            found[name] = 0
            continue
        if waits.get(name, 0) > 0:
            found[name] = waits[name]
            continue
        day = now.astimezone(places.zone_of(places.origin_of(lane))).date() + timedelta(days=1)
        found[name] = 1 + int(arrays.lane.wait_days[day.weekday(), lane])
    return found

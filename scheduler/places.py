"""The network as events and the mirror know it: places in its arrays by name, and the civil date of each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import NetworkDescription
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.records.network_names import NetworkNames
from entrepot.scheduler.clock import moment_of


@dataclass(frozen=True)
class Places:
    """A network, and the time zones in which its places' days begin."""

    network: NetworkDescription
    names: NetworkNames
    zone: str  # IANA, of all places that `zones` doesn't name
    zones: Mapping[str, str]  # by node, supplier or market

    @classmethod
    def of(cls, network: NetworkDescription, zone: str = "UTC", zones: Mapping[str, str] | None = None) -> Places:
        """Of a description.

        Raises:
            ConfigurationError: there is no such zone or place.
        """
        places = (*network.nodes, *network.suppliers, *network.markets)
        for place in zones or ():
            if place not in places:
                raise ConfigurationError(f"zones: {place!r}; allowed: {', '.join(places)}")
        for name in (zone, *(zones or {}).values()):
            calendar.zone_named(name)
        return cls(network, NetworkNames.of(network), zone, dict(zones or {}))

    @property
    def divisible(self) -> bool:
        """Whether goods are measured, not counted."""
        return self.network.divisible

    @property
    def digest(self) -> str:
        """Of everything by which events are folded; another one needs the mirror folded anew."""
        arrays = self.names.arrays
        told = [arrays.nodes, arrays.suppliers, arrays.markets, arrays.lanes, arrays.skus, self.zone, self.zones]
        return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()

    def zone_of(self, place: str) -> ZoneInfo:
        """In which a place's days begin."""
        return calendar.zone_named(self.zones.get(place, self.zone))

    def origin_of(self, lane: int) -> str:
        """Name of the node or supplier where a lane starts."""
        return self.names.arrays.endpoints[int(self.names.arrays.lane.origin[lane])]

    def moment(self, text: str | None) -> datetime | None:
        """A moment that a person wrote; in the zone of all places where it has no offset. None for None.

        Raises:
            ConfigurationError: it is none.
        """
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise ConfigurationError(f"--as-of: {text!r}; allowed: a time such as 2026-11-25T06:00+08:00") from None
        return found if found.tzinfo is not None else found.replace(tzinfo=calendar.zone_named(self.zone))

    def date_at(self, place: str, moment: datetime) -> Date:
        """The civil date of a moment at a place."""
        return moment.astimezone(self.zone_of(place)).date()

    def day_at(self, place: str, stamp: int) -> int:
        """The same in days since 1970-01-01, of microseconds since then."""
        return _day(self.zones.get(place, self.zone), stamp)


@lru_cache(maxsize=65536)
def _day(zone: str, stamp: int) -> int:
    return calendar.day_number(moment_of(stamp).astimezone(calendar.zone_named(zone)).date())

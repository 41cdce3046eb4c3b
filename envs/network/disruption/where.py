"""Where an event strikes: places, lanes, markets and SKUs of a network, by name, country, mode or on the map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from entrepot.configs.loader import ConfigurationError, StrictModel
from entrepot.envs.network.description import Latitude, Longitude, Mode, NetworkDescription, Place

if TYPE_CHECKING:
    from entrepot.envs.network.arrays import NetworkArrays

Booleans = NDArray[np.bool_]
Country = Annotated[str, Field(min_length=2, max_length=2, description="ISO 3166 two-letter code")]
Countries = Annotated[list[Country], Field(min_length=1)]
Names = Annotated[list[str], Field(min_length=1)]
SHOWN = 8


class PlaceKind(StrEnum):
    """What stands at a place."""

    WAREHOUSE = "warehouse"
    FULFILMENT_CENTRE = "fulfilment_centre"
    SUPPLIER = "supplier"


class Places(StrictModel):
    """Nodes and suppliers of which all that is given holds; all of them where nothing is."""

    names: Names | None = None
    countries: Countries | None = None
    kinds: Annotated[list[PlaceKind], Field(min_length=1)] | None = None
    latitude: tuple[Latitude, Latitude] | None = Field(None, description="from south to north")
    longitude: tuple[Longitude, Longitude] | None = Field(None, description="from west to east")

    def __str__(self) -> str:
        return _told(self)


class Ways(StrictModel):
    """Lanes of which all that is given holds; all of them where nothing is."""

    lanes: Names | None = Field(None, description="by name, such as dongguan→hamburg:sea")
    modes: Annotated[list[Mode], Field(min_length=1)] | None = None
    origin: Places | None = None
    destination: Places | None = None
    both_ways: bool = Field(False, description="also from the destination to the origin")

    def __str__(self) -> str:
        return _told(self)


class Buyers(StrictModel):
    """Markets of which all that is given holds; all of them where nothing is."""

    names: Names | None = None
    countries: Countries | None = None
    channels: Names | None = None

    def __str__(self) -> str:
        return _told(self)


def _told(model: StrictModel) -> str:
    """The keys that are given."""
    given = model.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return str(given) if given else "all"


@dataclass(frozen=True)
class Site:
    """A network in which events look for what they strike."""

    described: NetworkDescription
    network: NetworkArrays
    source: str
    """Names the disruption and the event in an error."""

    def places(self, wanted: Places, key: str) -> Booleans:
        """[N + K] which nodes and suppliers.

        Raises:
            ConfigurationError: a name is none of the network's, or there is no such place.
        """
        nodes, suppliers = self.described.nodes, self.described.suppliers
        everywhere: list[tuple[str, Place, str]] = [(name, node, node.kind.value) for name, node in nodes.items()]
        everywhere += [(name, supplier, PlaceKind.SUPPLIER.value) for name, supplier in suppliers.items()]
        self._refuse_unknown(wanted.names, [name for name, _, _ in everywhere], key)
        kinds = None if wanted.kinds is None else [kind.value for kind in wanted.kinds]
        found = np.array(
            [
                _among(name, wanted.names)
                and _among(place.country, wanted.countries)
                and _among(kind, kinds)
                and _between(place.latitude, wanted.latitude)
                and _between(place.longitude, wanted.longitude)
                for name, place, kind in everywhere
            ]
        )
        if not found.any():
            told = ", ".join(f"{name} ({place.country}, {kind})" for name, place, kind in everywhere[:SHOWN])
            self._refuse(key, wanted, f"none of the places of {self.described.name}: {told}")
        return found

    def nodes(self, wanted: Places, key: str) -> Booleans:
        """[N] which nodes.

        Raises:
            ConfigurationError: as `places`, or there are only suppliers.
        """
        found = self.places(wanted, key)[: len(self.network.nodes)]
        if not found.any():
            self._refuse(key, wanted, f"only suppliers; allowed: {_few(self.network.nodes)}")
        return found

    def suppliers(self, wanted: Places, key: str) -> Booleans:
        """[K] which suppliers.

        Raises:
            ConfigurationError: as `places`, or there are only nodes.
        """
        found = self.places(wanted, key)[len(self.network.nodes) :]
        if not found.any():
            self._refuse(key, wanted, f"only nodes; allowed: {_few(self.network.suppliers)}")
        return found

    def lanes(self, wanted: Ways, key: str) -> Booleans:
        """[L] which lanes.

        Raises:
            ConfigurationError: a name is none of the network's, or there is no such lane.
        """
        self._refuse_unknown(wanted.lanes, self.network.lanes, f"{key}.lanes")
        begin, end = (
            np.ones(len(self.network.endpoints), np.bool_) if given is None else self.places(given, f"{key}.{name}")
            for name, given in (("origin", wanted.origin), ("destination", wanted.destination))
        )
        lane = self.network.lane
        along = begin[lane.origin] & end[lane.destination]
        if wanted.both_ways:
            along |= end[lane.origin] & begin[lane.destination]
        found = along & self.by_mode(wanted.modes)
        if wanted.lanes is not None:
            found &= np.isin(self.network.lanes, wanted.lanes)
        if not found.any():
            self._refuse(key, wanted, f"no lane of {self.described.name} is so; its lanes: {_few(self.network.lanes)}")
        return found

    def by_mode(self, modes: Sequence[Mode] | None) -> Booleans:
        """[L] which lanes are of one of the modes; all of them if None."""
        if modes is None:
            return np.ones(len(self.network.lanes), np.bool_)
        return np.asarray(np.isin(self.network.lane.mode, [list(Mode).index(mode) for mode in modes]))

    def markets(self, wanted: Buyers, key: str) -> Booleans:
        """[M] which markets.

        Raises:
            ConfigurationError: a name is none of the network's, or there is no such market.
        """
        markets = self.described.markets
        self._refuse_unknown(wanted.names, markets, f"{key}.names")
        found = np.array(
            [
                _among(name, wanted.names)
                and _among(market.country, wanted.countries)
                and _among(market.channel, wanted.channels)
                for name, market in markets.items()
            ]
        )
        if not found.any():
            told = ", ".join(f"{name} ({one.country}, {one.channel})" for name, one in [*markets.items()][:SHOWN])
            self._refuse(key, wanted, f"none of the markets of {self.described.name}: {told}")
        return found

    def skus(self, wanted: Names | None, key: str) -> Booleans:
        """[S] which SKUs; all of them if None.

        Raises:
            ConfigurationError: a name is none of the network's.
        """
        self._refuse_unknown(wanted, self.network.skus, key)
        return np.array([_among(name, wanted) for name in self.network.skus])

    def refuse(self, key: str, why: str) -> None:
        """Say what can't be used.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(f"{self.source}.{key}: {why}")

    def _refuse(self, key: str, wanted: object, why: str) -> None:
        self.refuse(key, f"{wanted}: {why}")

    def _refuse_unknown(self, wanted: Names | None, known: Iterable[str], key: str) -> None:
        known = list(known)
        for name in wanted or ():
            if name not in known:
                self.refuse(key, f"{name!r} is none of {self.described.name}'s; allowed: {_few(known)}")


def _among(value: str, wanted: Sequence[str] | None) -> bool:
    return wanted is None or value in wanted


def _between(value: float, limits: tuple[float, float] | None) -> bool:
    return limits is None or limits[0] <= value <= limits[1]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")

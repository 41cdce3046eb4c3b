"""From a book of routes and the places of a network to legs that goods can take from anywhere to anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Self

from entrepot.configs.errors import ConfigurationError
from entrepot.configs.loader import locate, read_yaml, validate
from entrepot.envs.network.description import UNLIMITED, Mode, Place, Weekday
from entrepot.envs.network.distance import great_circle_km
from entrepot.envs.network.routes.description import DescribedLeg, LegPrice, Roads, RouteBook
from entrepot.envs.network.routes.leg import Leg

ROUNDING = 1e-9
"""Of a day: a leg of exactly two days takes two."""


def load_routes(name_or_path: str) -> RouteBook:
    """Load and validate a book of routes.

    Args:
        name_or_path: one that ships with the package (``kreen``), or the path of a YAML file.

    Raises:
        ConfigurationError: the file, the key, the value, and what is allowed.
    """
    path = locate("routes", name_or_path)
    return validate(RouteBook, read_yaml(path), path)


@dataclass(frozen=True)
class RouteMap:
    """Places and the legs between them. Goods pass through terminals; at any other place a way begins or ends."""

    places: Mapping[str, Place]
    terminals: frozenset[str]
    legs: tuple[Leg, ...]
    guessed: frozenset[str]  # names of legs whose distance follows from their places

    @classmethod
    def of(cls, book: RouteBook, nodes: Mapping[str, Place]) -> Self:
        """Of a book, with trucks from and to places that aren't terminals.

        Args:
            book: terminals, legs and roads.
            nodes: warehouses, suppliers and whatever else goods start from or go to.

        Raises:
            ConfigurationError: a node has a terminal's name.
        """
        for name in nodes.keys() & book.terminals.keys():
            raise ConfigurationError(
                f"routes {book.name}: terminals.{name}: the name is a node's too; names must differ"
            )
        places: dict[str, Place] = {**nodes, **book.terminals}
        legs = [_resolved(leg, book, places) for leg in book.legs]
        trucks = list(_trucks(book, nodes))
        guessed = {leg.name for leg in book.legs if leg.distance_km is None} | {leg.name for leg in trucks}
        return cls(places, frozenset(book.terminals), (*legs, *trucks), frozenset(guessed))

    def leaving(self) -> dict[str, list[int]]:
        """Numbers of the legs that leave each place."""
        found: dict[str, list[int]] = {name: [] for name in self.places}
        for number, leg in enumerate(self.legs):
            found[leg.origin].append(number)
        return found

    def known(self, name: str, key: str) -> str:
        """A place's name, if it is one.

        Raises:
            ConfigurationError: it isn't; the message says which there are.
        """
        if name not in self.places:
            raise ConfigurationError(f"{key}: {name!r} is no place; allowed: {', '.join(self.places)}")
        return name


def _resolved(leg: DescribedLeg, book: RouteBook, places: Mapping[str, Place]) -> Leg:
    figures = book.modes[leg.mode]
    km = leg.distance_km
    if km is None:
        km = figures.detour * great_circle_km(places[leg.origin], places[leg.destination])
    days = max(figures.least_days, ceil(km / figures.km_per_day - ROUNDING)) if leg.days is None else leg.days
    return Leg(
        origin=leg.origin,
        destination=leg.destination,
        mode=leg.mode,
        distance_km=km,
        days=days,
        weekdays=_weekdays(leg.departures or figures.departures),
        cut_off_days=figures.cut_off_days if leg.cut_off_days is None else leg.cut_off_days,
        unload_days=figures.unload_days if leg.unload_days is None else leg.unload_days,
        capacity_m3=leg.capacity_m3,
        container_m3=book.container_m3,
        price=leg.price,
        kg_co2e_per_tonne_km=figures.kg_co2e_per_tonne_km,
        late_share=figures.late_share if leg.late_share is None else leg.late_share,
        late_days=figures.late_days if leg.late_days is None else leg.late_days,
    )


def _weekdays(days: list[Weekday]) -> tuple[int, ...]:
    return tuple(sorted({list(Weekday).index(day) for day in days}))


def _trucks(book: RouteBook, nodes: Mapping[str, Place]) -> Iterator[Leg]:
    """From nodes to terminals and nodes, and from terminals to nodes, within each network of roads."""
    for roads in book.roads.values():
        here = {name: place for name, place in nodes.items() if place.country in roads.countries}
        terminals = {name: place for name, place in book.terminals.items() if place.country in roads.countries}
        for begin, one in here.items():
            for end, other in (here | terminals).items():
                if begin != end:
                    yield from _truck(book, roads, begin, one, end, other)
        for begin, one in terminals.items():
            for end, other in here.items():
                yield from _truck(book, roads, begin, one, end, other)


def _truck(book: RouteBook, roads: Roads, begin: str, one: Place, end: str, other: Place) -> Iterator[Leg]:
    figures = book.modes[Mode.TRUCK]
    km = figures.detour * great_circle_km(one, other)
    if km > roads.reach_km or any(leg.name == f"{begin}→{end}:truck" for leg in book.legs):
        return
    border = roads.border_days if one.country != other.country else 0
    yield Leg(
        origin=begin,
        destination=end,
        mode=Mode.TRUCK,
        distance_km=km,
        days=max(figures.least_days, ceil(km / figures.km_per_day - ROUNDING)) + border,
        weekdays=_weekdays(figures.departures),
        cut_off_days=figures.cut_off_days,
        unload_days=figures.unload_days,
        capacity_m3=UNLIMITED,
        container_m3=book.container_m3,
        price=LegPrice(per_m3=roads.usd_per_m3 + roads.usd_per_m3_km * km, per_shipment=roads.usd_per_shipment),
        kg_co2e_per_tonne_km=figures.kg_co2e_per_tonne_km,
        late_share=figures.late_share,
        late_days=figures.late_days,
    )

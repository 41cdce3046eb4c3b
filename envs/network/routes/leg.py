"""A leg with all its figures: when it departs and arrives, what it costs, what it emits."""

from __future__ import annotations

from dataclasses import dataclass, field

from entrepot.envs.network.description import Mode
from entrepot.envs.network.lanes import KG_PER_M3_CHARGEABLE
from entrepot.envs.network.routes.description import LegPrice


@dataclass(frozen=True)
class Goods:
    """What travels together."""

    m3: float
    kg: float

    def __add__(self, other: Goods) -> Goods:
        return Goods(self.m3 + other.m3, self.kg + other.kg)

    @property
    def chargeable_kg(self) -> float:
        """The greater of mass and 167 kg a m³ (IATA)."""
        return max(self.kg, KG_PER_M3_CHARGEABLE * self.m3)


NOTHING = Goods(0.0, 0.0)


@dataclass(frozen=True)
class Leg:
    """A service from place to place. Days are counted as `date.toordinal` does."""

    origin: str
    destination: str
    mode: Mode
    distance_km: float
    days: int  # under way
    weekdays: tuple[int, ...]  # of departure, Monday = 0
    cut_off_days: int
    unload_days: int
    capacity_m3: float  # of a departure
    container_m3: float
    price: LegPrice
    kg_co2e_per_tonne_km: float
    late_share: float = 0.0
    late_days: float = 0.0  # mean, of those that are late

    name: str = field(init=False)
    """`origin→destination:mode`, unique in a map."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.origin}→{self.destination}:{self.mode.value}")

    def __hash__(self) -> int:
        return hash(self.name)  # departures are looked up often

    def departs_on(self, day: int) -> bool:
        """Whether there is a departure."""
        return (day + 6) % 7 in self.weekdays  # day 1 of the calendar was a Monday

    def departure(self, there: int) -> int:
        """The first that goods catch which are at the origin on a day."""
        first = there + self.cut_off_days
        return first + min((weekday - first - 6) % 7 for weekday in self.weekdays)

    def arrival(self, departure: int) -> int:
        """The day on which goods are free to go on, as scheduled."""
        return departure + self.days + self.unload_days

    def usd(self, goods: Goods) -> float:
        """What all that travels on one departure costs, by the cheapest mix of full containers and loose goods."""
        if goods == NOTHING:
            return 0.0
        price = self.price
        freight = price.freight_usd(goods.m3, self.container_m3)
        return price.per_shipment + freight + price.per_chargeable_kg * goods.chargeable_kg

    def kg_co2e(self, goods: Goods) -> float:
        """By mass and distance."""
        return self.kg_co2e_per_tonne_km * self.distance_km * goods.kg / 1000

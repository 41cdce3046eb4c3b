"""What `configs/routes/*.yaml` may say: terminals, legs with schedules and prices, and roads.

Money is in USD, volume in m³, mass in kg, distance in km, time in whole days.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import ceil, floor
from typing import Annotated, Self

from pydantic import Field, model_validator

from entrepot.configs.loader import StrictModel
from entrepot.envs.network.description import UNLIMITED, Mode, NonNegative, Place, Positive, Share, Weekday

Days = Annotated[int, Field(ge=0, le=365)]
AtLeastADay = Annotated[int, Field(ge=1, le=365)]
Departures = Annotated[list[Weekday], Field(min_length=1)]


class TerminalKind(StrEnum):
    """Where goods change from one mode to another."""

    PORT = "port"
    AIRPORT = "airport"
    RAIL_TERMINAL = "rail_terminal"


SERVED_BY = {Mode.SEA: TerminalKind.PORT, Mode.AIR: TerminalKind.AIRPORT, Mode.RAIL: TerminalKind.RAIL_TERMINAL}
"""The kind of terminal at both ends of a leg; trucks go anywhere."""


class Terminal(Place):
    """A port, an airport or a rail terminal."""

    kind: TerminalKind


class LegPrice(StrictModel):
    """What a departure costs: a fee; loose goods by volume or chargeable mass; full containers where there are any."""

    per_m3: NonNegative = 0.0
    per_chargeable_kg: NonNegative = Field(0.0, description="the greater of mass and 167 kg a m³, of all aboard")
    per_container: Positive | None = Field(None, description="none to be had if not given")
    per_shipment: NonNegative = 0.0

    @model_validator(mode="after")
    def _loose_goods_have_a_price(self) -> Self:
        if self.per_container is not None and not (self.per_m3 or self.per_chargeable_kg):
            raise ValueError(
                f"per_container: {self.per_container:g} alone, so that loose goods would be free; "
                "needed beside it: per_m3 or per_chargeable_kg"
            )
        return self

    def freight_usd(self, m3: float, container_m3: float) -> float:
        """By volume: the cheapest mix of full containers and loose goods."""
        usd = self.per_m3 * m3
        if self.per_container is not None:
            # Linear in their number up to the last full one: the best is none, all full ones, or one more.
            for count in {floor(m3 / container_m3), ceil(m3 / container_m3)}:
                usd = min(usd, count * self.per_container + self.per_m3 * max(m3 - count * container_m3, 0.0))
        return usd


class ModeFigures(StrictModel):
    """What holds of a mode where a leg doesn't say otherwise."""

    km_per_day: Positive
    least_days: AtLeastADay = 1
    cut_off_days: Days = Field(0, description="so long before departure goods must be at the origin")
    unload_days: Days = Field(0, description="from arrival until goods are free to go on")
    departures: Departures = Field(default_factory=lambda: list(Weekday))
    late_share: Share = 0.0
    late_days: NonNegative = 0.0
    kg_co2e_per_tonne_km: NonNegative
    detour: Annotated[float, Field(ge=1)] = Field(description="length over the great circle's, where none is given")


class DescribedLeg(StrictModel):
    """A service from terminal to terminal; what is left out follows from the mode and the places."""

    origin: str
    destination: str
    mode: Mode
    distance_km: Positive | None = None
    days: AtLeastADay | None = None
    departures: Departures | None = None
    cut_off_days: Days | None = None
    unload_days: Days | None = None
    capacity_m3: Positive = UNLIMITED
    late_share: Share | None = None
    late_days: NonNegative | None = None
    price: LegPrice

    @property
    def name(self) -> str:
        """`origin→destination:mode`, unique in a book."""
        return f"{self.origin}→{self.destination}:{self.mode.value}"


class Roads(StrictModel):
    """Countries between which trucks go: from nodes to terminals and nodes in reach, and from terminals to nodes."""

    countries: Annotated[list[str], Field(min_length=1)]
    reach_km: Positive = Field(description="by road")
    usd_per_m3: NonNegative
    usd_per_m3_km: NonNegative
    usd_per_shipment: NonNegative
    border_days: Days = Field(0, description="more, where the country changes")


class RouteBook(StrictModel):
    """Terminals, legs and roads."""

    name: str
    title: str = ""
    container_m3: Positive = 67.0
    modes: dict[Mode, ModeFigures]
    terminals: dict[str, Terminal]
    roads: dict[str, Roads] = Field(default_factory=dict)
    legs: list[DescribedLeg] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_refer_to_something(self) -> Self:
        problems = [*self._leg_problems(), *self._road_problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _leg_problems(self) -> Iterable[str]:
        seen: set[str] = set()
        for index, leg in enumerate(self.legs):
            key = f"legs[{index}]"
            if leg.mode not in self.modes:
                yield f"{key}.mode: {leg.mode.value!r}; allowed: {_names(self.modes)}"
            for end in ("origin", "destination"):
                terminal, wanted = self.terminals.get(getattr(leg, end)), SERVED_BY.get(leg.mode)
                if terminal is None:
                    yield f"{key}.{end}: {getattr(leg, end)!r}; allowed: {_names(self.terminals)}"
                elif wanted is not None and terminal.kind is not wanted:
                    fit = (name for name, one in self.terminals.items() if one.kind is wanted)
                    yield f"{key}.{end}: {getattr(leg, end)!r} is no {wanted.value}; allowed: {_names(fit)}"
            if leg.origin == leg.destination:
                yield f"{key}.destination: {leg.destination!r} is its own origin"
            if leg.name in seen:
                yield f"{key}: {leg.name} is described twice"
            seen.add(leg.name)

    def _road_problems(self) -> Iterable[str]:
        if self.roads and Mode.TRUCK not in self.modes:
            yield f"modes: 'truck' is missing, which roads need; given: {_names(self.modes)}"
        group: dict[str, str] = {}
        for name, roads in self.roads.items():
            for country in roads.countries:
                if group.setdefault(country, name) != name:
                    yield f"roads.{name}.countries: {country!r} stands in roads.{group[country]} too"


def _names(names: Iterable[str]) -> str:
    return ", ".join(str(name) for name in names)

"""Small random books of routes."""

from __future__ import annotations

import numpy as np

from entrepot.envs.network.description import Mode, Place, Weekday
from entrepot.envs.network.routes import RouteBook, RouteMap
from entrepot.envs.network.routes.description import DescribedLeg, LegPrice, ModeFigures, Terminal, TerminalKind

DAYS = list(Weekday)


def random_map(rng: np.random.Generator, *, terminals: int = 3, legs: int = 7, capacity: bool = False) -> RouteMap:
    """Nodes `a` and `b` and some ports with trucks and ships between, most legs leaving on most days.

    Legs between nodes and ports are described by hand as trucks, so that nothing is derived.
    """
    ports = [f"port_{number}" for number in range(terminals)]
    names = ["a", *ports, "b"]
    described: dict[str, DescribedLeg] = {}
    for name in ports[: legs // 3]:
        described[f"a{name}"] = _leg(rng, "a", name, Mode.TRUCK, capacity)
        described[f"{name}b"] = _leg(rng, name, "b", Mode.TRUCK, capacity)
    while len(described) < legs:
        begin, end = (str(name) for name in rng.choice(names, 2, replace=False))
        mode = Mode.SEA if {begin, end} <= set(ports) else Mode.TRUCK
        if end != "a" and begin != "b":
            described[f"{begin}{end}"] = _leg(rng, begin, end, mode, capacity)
    figures = ModeFigures(km_per_day=500, kg_co2e_per_tonne_km=0.1, detour=1.2)
    place = {"country": "CN", "latitude": 0.0, "longitude": 0.0}
    book = RouteBook(
        name="random",
        container_m3=10,
        modes=dict.fromkeys(Mode, figures),
        terminals={name: Terminal(kind=TerminalKind.PORT, **place) for name in names},
        legs=list(described.values()),
    )
    whole = RouteMap.of(book, {})
    nodes = {name: Place(**place) for name in ("a", "b")}
    return RouteMap({**whole.places, **nodes}, frozenset(ports), whole.legs, whole.guessed)


def _leg(rng: np.random.Generator, begin: str, end: str, mode: Mode, capacity: bool) -> DescribedLeg:
    container = float(rng.integers(20, 60)) if rng.random() < 0.5 else None
    return DescribedLeg(
        origin=begin,
        destination=end,
        mode=mode,
        distance_km=float(rng.integers(100, 2000)),
        days=int(rng.integers(1, 4)),
        departures=[day for day in DAYS if rng.random() < 0.6] or DAYS,
        cut_off_days=int(rng.integers(0, 2)),
        unload_days=int(rng.integers(0, 2)),
        price=LegPrice(
            per_m3=float(rng.integers(1, 10)),
            per_chargeable_kg=float(rng.choice([0.0, 0.01, 0.05])),
            per_container=container,
            per_shipment=float(rng.integers(0, 40)),
        ),
        **({"capacity_m3": float(rng.integers(6, 20))} if capacity else {}),
    )

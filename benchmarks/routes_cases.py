"""Small random cases of routes and transfers: so few plans that all can be tried."""

from __future__ import annotations

import numpy as np

from entrepot.agents.planners.transfers import Transfer
from entrepot.agents.planners.transfers.every_plan import combinations, itineraries
from entrepot.envs.network.description import Mode, Place, Weekday
from entrepot.envs.network.routes import Goods, Move, RouteBook, RouteMap
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


def random_transfers(rng: np.random.Generator, routes: RouteMap, *, count: int, first: int) -> list[Transfer]:
    """From `a` to `b`, each ready within three days of the first and due some days later."""
    found = []
    for number in range(count):
        ready = first + int(rng.integers(0, 3))
        goods = Goods(float(rng.uniform(0.5, 7.0)), float(rng.uniform(100, 2500)))
        due = ready + int(rng.integers(7, 11))
        found.append(Transfer(f"t{number}", "a", "b", goods, ready, due, float(rng.integers(0, 4))))
    return found


def random_case(seed: int, *, most: int = 3000) -> tuple[RouteMap, list[Transfer], dict[Move, Goods], float]:
    """A map, transfers, what is booked and a price of carbon, with so few plans that all can be tried."""
    for attempt in range(100):
        rng = np.random.default_rng((seed, attempt))
        routes = random_map(rng, terminals=2, legs=6, capacity=seed % 3 == 0)
        transfers = random_transfers(rng, routes, count=2 + seed % 2, first=739_580)
        if not 4 <= combinations(transfers, routes) <= most:
            continue
        moves = sorted({move for way in itineraries(transfers[0], routes) for move in way}, key=str)
        chosen = [moves[int(rng.integers(len(moves)))]] if seed % 2 else []
        booked = {move: Goods(float(rng.uniform(0.1, 5.0)), float(rng.uniform(10, 1500))) for move in chosen}
        return routes, transfers, booked, float(rng.choice([0.0, 0.05]))
    raise AssertionError(f"seed {seed}: no case with at most {most} plans")

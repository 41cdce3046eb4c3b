"""Every plan of a few transfers, tried one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from entrepot.agents.planners.transfers.plan import Booked, priced
from entrepot.agents.planners.transfers.transfer import Transfer
from entrepot.envs.network.routes import Goods, Move, RouteMap


def itineraries(transfer: Transfer, routes: RouteMap) -> list[tuple[Move, ...]]:
    """All ways by all departures that are in time."""
    return list(_onward(transfer, routes, transfer.origin, transfer.ready))


def _onward(transfer: Transfer, routes: RouteMap, here: str, day: int) -> Iterator[tuple[Move, ...]]:
    if here == transfer.destination:
        yield ()
        return
    for leg in routes.legs:
        through = leg.destination in (transfer.destination, *routes.terminals)
        if leg.origin != here or leg.destination == transfer.origin or not through:
            continue
        for departure in range(day + leg.cut_off_days, transfer.due + 1):
            move = Move(leg, departure)
            if leg.departs_on(departure) and move.arrival <= transfer.due:
                for rest in _onward(transfer, routes, leg.destination, move.arrival):
                    yield (move, *rest)


def least_usd(
    transfers: Sequence[Transfer], routes: RouteMap, *, booked: Booked | None = None, usd_per_kg_co2e: float = 0.0
) -> float:
    """The cost of the best plan; infinite if departures have no room for all."""
    ways = [itineraries(transfer, routes) for transfer in transfers]
    return min(
        (priced(transfers, chosen, booked=booked, usd_per_kg_co2e=usd_per_kg_co2e).usd for chosen in product(*ways)),
        default=float("inf"),
    )


def combinations(transfers: Sequence[Transfer], routes: RouteMap) -> int:
    """How many plans there are."""
    return int(np.prod([len(itineraries(transfer, routes)) for transfer in transfers]))


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
    from tests.envs.network.routes.books import random_map

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

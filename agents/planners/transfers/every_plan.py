"""Every plan of a few transfers, tried one by one: what the planner is held against on small cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import inf, prod

from entrepot.agents.planners.transfers.plan import Booked, priced
from entrepot.agents.planners.transfers.transfer import Transfer
from entrepot.envs.network.routes import Move, RouteMap


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
        default=inf,
    )


def combinations(transfers: Sequence[Transfer], routes: RouteMap) -> int:
    """How many plans there are."""
    return prod(len(itineraries(transfer, routes)) for transfer in transfers)

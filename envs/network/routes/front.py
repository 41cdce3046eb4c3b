"""All ways for a shipment that no other beats in cost, days and CO₂e together."""

from __future__ import annotations

from dataclasses import dataclass

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.routes.leg import Goods, Leg
from entrepot.envs.network.routes.route_map import RouteMap


@dataclass(frozen=True)
class Move:
    """A leg taken on a day."""

    leg: Leg
    departure: int

    @property
    def arrival(self) -> int:
        """The day on which goods are free to go on, as scheduled."""
        return self.leg.arrival(self.departure)


@dataclass(frozen=True)
class Route:
    """Moves one after the other, and what one shipment alone on them costs."""

    moves: tuple[Move, ...]
    ready: int
    usd: float
    kg_co2e: float

    @property
    def arrival(self) -> int:
        """As scheduled."""
        return self.moves[-1].arrival if self.moves else self.ready

    @property
    def days(self) -> int:
        """From when goods are ready to arrival, waits included."""
        return self.arrival - self.ready

    @property
    def departure(self) -> int:
        """Of the first leg."""
        return self.moves[0].departure if self.moves else self.ready

    @property
    def place(self) -> str:
        """Where it leads."""
        return self.moves[-1].leg.destination

    @property
    def expected_late_days(self) -> float:
        """The mean of each leg's delay, as if a late leg never missed its connection."""
        return sum(move.leg.late_share * move.leg.late_days for move in self.moves)

    def beats(self, other: Route) -> bool:
        """Is nowhere worse: a tie is a win for the one that was there first."""
        return self.arrival <= other.arrival and self.usd <= other.usd and self.kg_co2e <= other.kg_co2e

    def then(self, move: Move, goods: Goods) -> Route:
        """One leg further."""
        leg = move.leg
        return Route((*self.moves, move), self.ready, self.usd + leg.usd(goods), self.kg_co2e + leg.kg_co2e(goods))


def front(routes: RouteMap, origin: str, destination: str, goods: Goods, *, ready: int) -> list[Route]:
    """Every route that no other beats in arrival, cost and CO₂e, the cheapest first (label correcting, Martins 1984).

    Each leg is taken on the first departure that is caught, which is exact: for one shipment alone nothing is gained by
    waiting, and who is at a terminal earlier never leaves it later.

    Args:
        routes: places and legs.
        origin: where the goods are.
        destination: where they are wanted.
        goods: of which all travel together.
        ready: the day from which they may leave, as `date.toordinal` counts.

    Returns:
        One route for each combination of arrival, cost and CO₂e; none if no legs lead there with enough room.

    Raises:
        ConfigurationError: a place is unknown, or origin and destination are the same.
    """
    routes.known(origin, "FROM"), routes.known(destination, "TO")
    if origin == destination:
        raise ConfigurationError(f"TO: {destination!r} is where the goods are already")
    leaving = routes.leaving()
    best: dict[str, list[Route]] = {name: [] for name in routes.places}
    open_routes = [Route((), ready, 0.0, 0.0)]
    while open_routes:
        reached: list[Route] = []
        for route in open_routes:
            here = route.place if route.moves else origin
            if here == destination or (route.moves and not any(route is kept for kept in best[here])):
                continue  # arrived, or beaten since
            for number in leaving[here]:
                leg = routes.legs[number]
                passes = leg.destination == destination or leg.destination in routes.terminals
                if not passes or leg.capacity_m3 < goods.m3 or leg.destination == origin:
                    continue
                longer = route.then(Move(leg, leg.departure(route.arrival)), goods)
                there = best[leg.destination]
                if not any(known.beats(longer) for known in there):
                    best[leg.destination] = [known for known in there if not longer.beats(known)] + [longer]
                    reached.append(longer)
        open_routes = reached
    return sorted(best[destination], key=lambda route: (route.usd, route.days, route.kg_co2e))

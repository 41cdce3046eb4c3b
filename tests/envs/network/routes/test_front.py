from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from benchmarks.routes_cases import random_map
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.routes import Goods, Move, Route, RouteMap, front

MONDAY = date(2025, 11, 24).toordinal()


def every_way(routes: RouteMap, goods: Goods, route: Route, here: str, seen: frozenset[str]) -> Iterator[Route]:
    if here == "b":
        yield route
        return
    for leg in routes.legs:
        if leg.origin == here and leg.destination not in seen and leg.capacity_m3 >= goods.m3:
            longer = route.then(Move(leg, leg.departure(route.arrival)), goods)
            yield from every_way(routes, goods, longer, leg.destination, seen | {leg.destination})


def test_the_front_is_that_of_all_ways_tried_one_by_one() -> None:
    found_any = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        routes = random_map(rng, terminals=4, legs=12, capacity=True)
        goods = Goods(float(rng.uniform(1, 25)), float(rng.uniform(100, 5000)))
        ways = list(every_way(routes, goods, Route((), MONDAY, 0.0, 0.0), "a", frozenset("a")))
        best = {
            (one.arrival, one.usd, one.kg_co2e)
            for one in ways
            if not any(
                other.beats(one) and (other.arrival, other.usd, other.kg_co2e) != (one.arrival, one.usd, one.kg_co2e)
                for other in ways
            )
        }
        found = front(routes, "a", "b", goods, ready=MONDAY)
        assert {(one.arrival, one.usd, one.kg_co2e) for one in found} == best
        assert len(found) == len(best)
        found_any += len(found) > 1
    assert found_any > 10


def test_moves_join_and_wait_for_departures() -> None:
    for seed in range(20):
        routes = random_map(np.random.default_rng(seed))
        for route in front(routes, "a", "b", Goods(3.0, 600.0), ready=MONDAY):
            there, place = MONDAY, "a"
            for move in route.moves:
                assert move.leg.origin == place
                assert move.leg.departs_on(move.departure)
                assert there + move.leg.cut_off_days <= move.departure < there + move.leg.cut_off_days + 7
                there, place = move.arrival, move.leg.destination
            assert (place, there) == ("b", route.arrival)


def test_unknown_places_and_no_journey_are_refused() -> None:
    routes = random_map(np.random.default_rng(0))
    with pytest.raises(ConfigurationError, match="FROM: 'x' is no place; allowed: a, "):
        front(routes, "x", "b", Goods(1.0, 1.0), ready=MONDAY)
    with pytest.raises(ConfigurationError, match="TO: 'a' is where the goods are already"):
        front(routes, "a", "a", Goods(1.0, 1.0), ready=MONDAY)

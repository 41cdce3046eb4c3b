from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from entrepot.agents.planners.transfers import Plan, Transfer
from entrepot.agents.planners.transfers.practice import fixed_route_weekly, planned_daily
from entrepot.envs.network import load_network
from entrepot.envs.network.routes import Goods, Move, RouteMap, load_routes

MONDAY = date(2026, 11, 23).toordinal()


def kreen() -> RouteMap:
    return RouteMap.of(load_routes("kreen"), load_network("kreen").nodes)


def three_weeks() -> list[Transfer]:
    rng = np.random.default_rng(0)
    pairs = [("dongguan", "los_angeles"), ("yiwu", "los_angeles"), ("dongguan", "hamburg")]
    return [
        Transfer(f"{number}", *pairs[number % 3], Goods(m3, 200 * m3), MONDAY + int(rng.integers(0, 21)), 10**7, m3)
        for number, m3 in enumerate(rng.uniform(0.5, 6.0, 18))
    ]


def test_practice_books_on_mondays_and_always_takes_the_same_route() -> None:
    plan = fixed_route_weekly(three_weeks(), kreen())
    routes = {(one.origin, one.destination): {tuple(m.leg.name for m in moves)} for one, moves in _pairs(plan)}
    for one, moves in _pairs(plan):
        assert routes[one.origin, one.destination] == {tuple(move.leg.name for move in moves)}
        booked = one.ready + (MONDAY - one.ready) % 7
        assert booked <= moves[0].departure < booked + 7
        assert one.due == moves[-1].arrival


def test_the_planner_is_never_later_than_practice_and_no_transfer_is_left_behind() -> None:
    today = fixed_route_weekly(three_weeks(), kreen())
    planned = planned_daily(today.transfers, kreen())
    assert planned.transfers == today.transfers
    for one, moves in _pairs(planned):
        here, day = one.origin, one.ready
        for move in moves:
            assert move.leg.origin == here
            assert move.departure - move.leg.cut_off_days >= day
            here, day = move.leg.destination, move.arrival
        assert (here, day <= one.due) == (one.destination, True)
    assert planned.days != today.days
    assert sum(planned.days) < sum(today.days)


def test_no_transfers_cost_nothing() -> None:
    assert planned_daily([], kreen()).usd == fixed_route_weekly([], kreen()).usd == pytest.approx(0)


def _pairs(plan: Plan) -> list[tuple[Transfer, tuple[Move, ...]]]:
    return list(zip(plan.transfers, plan.moves, strict=True))

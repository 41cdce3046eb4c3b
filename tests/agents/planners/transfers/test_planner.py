from __future__ import annotations

from datetime import date

import pytest

from benchmarks.routes_cases import random_case
from entrepot.agents.planners.transfers import Transfer, plan_transfers
from entrepot.agents.planners.transfers.every_plan import least_usd
from entrepot.agents.planners.transfers.plan import loads
from entrepot.agents.planners.transfers.planner import NoPlanError
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import load_network
from entrepot.envs.network.routes import Goods, RouteMap, front, load_routes

WEDNESDAY = date(2026, 11, 25).toordinal()


def kreen() -> RouteMap:
    return RouteMap.of(load_routes("kreen"), load_network("kreen").nodes)


def test_the_plan_is_the_best_of_all_plans_tried_one_by_one() -> None:
    shared = refused = 0
    for seed in range(60):
        routes, transfers, booked, carbon = random_case(seed)
        least = least_usd(transfers, routes, booked=booked, usd_per_kg_co2e=carbon)
        if least == float("inf"):
            refused += 1
            with pytest.raises(NoPlanError, match="no room for all"):
                plan_transfers(transfers, routes, booked=booked, usd_per_kg_co2e=carbon)
            continue
        plan = plan_transfers(transfers, routes, booked=booked, usd_per_kg_co2e=carbon)
        assert plan.usd == pytest.approx(least, rel=1e-7), seed
        assert plan.gap < 1e-6
        shared += len(loads(transfers, plan.moves)) < sum(len(moves) for moves in plan.moves)
    assert shared > 10


def test_every_transfer_is_in_time_by_departures_that_exist_and_have_room() -> None:
    for seed in range(0, 60, 3):
        routes, transfers, booked, carbon = random_case(seed)
        try:
            plan = plan_transfers(transfers, routes, booked=booked, usd_per_kg_co2e=carbon)
        except NoPlanError:
            continue
        for transfer, moves in zip(plan.transfers, plan.moves, strict=True):
            here, day = transfer.origin, transfer.ready
            for move in moves:
                assert move.leg.origin == here
                assert move.leg.departs_on(move.departure)
                assert move.departure >= day + move.leg.cut_off_days
                here, day = move.leg.destination, move.arrival
            assert here == transfer.destination
            assert day <= transfer.due
        for move, goods in loads(transfers, plan.moves).items():
            whole = goods + booked.get(move, Goods(0.0, 0.0))
            assert whole.m3 <= move.leg.capacity_m3 * (1 + 1e-9)


def test_one_transfer_alone_takes_the_cheapest_way_of_the_front_that_is_in_time() -> None:
    routes, goods = kreen(), Goods(8.0, 1600.0)
    ways = front(routes, "dongguan", "hamburg", goods, ready=WEDNESDAY)
    for due in (WEDNESDAY + 60, WEDNESDAY + 25, WEDNESDAY + 10):
        plan = plan_transfers([Transfer("one", "dongguan", "hamburg", goods, WEDNESDAY, due)], routes)
        assert plan.usd == pytest.approx(min(way.usd for way in ways if way.arrival <= due))
        assert plan.gap == 0


def test_transfers_that_can_share_a_container_wait_for_each_other() -> None:
    routes = kreen()
    transfers = [
        Transfer(f"t{day}", "dongguan", "los_angeles", Goods(15.0, 3000.0), WEDNESDAY + day, WEDNESDAY + day + 40)
        for day in (0, 2, 5)
    ]
    plan = plan_transfers(transfers, routes)
    alone = sum(plan_transfers([transfer], routes).usd for transfer in transfers)
    sailings = {move for moves in plan.moves for move in moves if move.leg.mode.value == "sea"}
    assert len(sailings) == 1
    assert plan.usd < 0.9 * alone


def test_what_can_t_be_planned_is_refused_with_the_earliest_day() -> None:
    routes, goods = kreen(), Goods(8.0, 1600.0)
    late = Transfer("late", "dongguan", "hamburg", goods, WEDNESDAY, WEDNESDAY + 3)
    with pytest.raises(ConfigurationError, match=r"transfer late: due: 2026-11-28; .* in hamburg on 2026-12-02 at the"):
        plan_transfers([late], routes)
    for transfer, told in (
        (Transfer("x", "dongguan", "paris", goods, WEDNESDAY, WEDNESDAY + 50), "transfer x: destination: 'paris'"),
        (Transfer("x", "hamburg", "dongguan", goods, WEDNESDAY, WEDNESDAY + 90), "no legs lead from hamburg"),
        (Transfer("x", "dongguan", "hamburg", Goods(0.0, 1.0), WEDNESDAY, WEDNESDAY + 90), "allowed: above 0"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            plan_transfers([transfer], routes)
    with pytest.raises(ConfigurationError, match="the name stands twice"):
        plan_transfers([late, late], routes)


def test_nothing_to_plan_costs_nothing() -> None:
    assert plan_transfers([], kreen()).usd == 0

"""Today's practice, and the planner in its place: both are given the same transfers, on the days they are ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from entrepot.agents.planners.transfers.plan import Plan, loads, priced
from entrepot.agents.planners.transfers.planner import plan_transfers
from entrepot.agents.planners.transfers.transfer import Transfer, refuse
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.routes import Goods, Leg, Move, RouteMap, front

BOOKING_WEEKDAY = 0
"""Monday: an assumption."""


def fixed_route_weekly(transfers: Sequence[Transfer], routes: RouteMap) -> Plan:
    """One route for each origin and destination, booked once a week on the first departure of each leg.

    The route is the cheapest for a week's goods of that origin and destination, on average over all that are given:
    more than anybody knows beforehand, so that it is no straw man.

    Args:
        transfers: in any order; what they are due by doesn't matter.
        routes: places and legs.

    Returns:
        The plan, with each transfer due on the day that it arrives.

    Raises:
        ConfigurationError: no legs lead from a transfer's origin to its destination.
    """
    refuse(transfers, routes)
    fixed = {ends: _cheapest(ends, transfers, routes) for ends in {_ends(transfer) for transfer in transfers}}
    moves = [_booked(transfer, fixed[_ends(transfer)]) for transfer in transfers]
    due = [replace(transfer, due=taken[-1].arrival) for transfer, taken in zip(transfers, moves, strict=True)]
    return priced(due, moves)


def planned_daily(
    transfers: Sequence[Transfer], routes: RouteMap, *, usd_per_kg_co2e: float = 0.0, cap_seconds: float = 1.0
) -> Plan:
    """Plan on each day on which a transfer becomes ready, all that still wait at their origin together.

    Only what has left its origin is settled; departures to come are not known beforehand, nor are transfers. Those that
    wait for the same destination at the same origin go on as one, due when the first of them is.

    Args:
        transfers: in any order.
        routes: places and legs.
        usd_per_kg_co2e: the price of carbon.
        cap_seconds: for each plan.

    Returns:
        The plan of all; what each leg costs is shared by all aboard.

    Raises:
        ConfigurationError: a transfer can't be in time.
    """
    refuse(transfers, routes)
    order = sorted(range(len(transfers)), key=lambda index: transfers[index].ready)
    moves: list[tuple[Move, ...]] = [() for _ in transfers]
    waiting: list[int] = []
    settled: dict[Move, Goods] = {}
    intended: dict[tuple[str, str], tuple[Move, ...]] = {}
    day, next_up = min((transfer.ready for transfer in transfers), default=0), 0
    while next_up < len(order) or waiting:
        arrivals = next_up
        while next_up < len(order) and transfers[order[next_up]].ready <= day:
            waiting.append(order[next_up])
            next_up += 1
        if next_up > arrivals:
            together = _together([transfers[index] for index in waiting], day)
            plan = plan_transfers(
                together, routes, booked=settled, usd_per_kg_co2e=usd_per_kg_co2e, cap_seconds=cap_seconds
            )
            intended = dict(zip(map(_ends, plan.transfers), plan.moves, strict=True))
        leaves = {ends for ends, taken in intended.items() if taken[0].departure - taken[0].leg.cut_off_days <= day}
        going = [index for index in waiting if _ends(transfers[index]) in leaves]
        for index in going:
            moves[index] = intended[_ends(transfers[index])]
        for move, goods in loads([transfers[index] for index in going], [moves[index] for index in going]).items():
            settled[move] = settled.get(move, Goods(0.0, 0.0)) + goods
        waiting = [index for index in waiting if _ends(transfers[index]) not in leaves]
        intended = {ends: taken for ends, taken in intended.items() if ends not in leaves}
        day += 1
    return priced(transfers, moves, usd_per_kg_co2e=usd_per_kg_co2e)


def _ends(transfer: Transfer) -> tuple[str, str]:
    return transfer.origin, transfer.destination


def _together(waiting: Sequence[Transfer], day: int) -> list[Transfer]:
    """What waits for the same destination at the same origin, as one."""
    found: dict[tuple[str, str], Transfer] = {}
    for transfer in waiting:
        one = found.get(_ends(transfer))
        found[_ends(transfer)] = (
            replace(transfer, name=f"{transfer.origin}→{transfer.destination}", ready=day)
            if one is None
            else replace(
                one,
                goods=one.goods + transfer.goods,
                due=min(one.due, transfer.due),
                usd_per_day=one.usd_per_day + transfer.usd_per_day,
            )
        )
    return list(found.values())


def _cheapest(ends: tuple[str, str], transfers: Sequence[Transfer], routes: RouteMap) -> tuple[Leg, ...]:
    days = [transfer.ready for transfer in transfers]
    weeks = max((max(days) - min(days) + 1) / 7, 1.0)
    those = [transfer.goods for transfer in transfers if _ends(transfer) == ends]
    week = Goods(sum(goods.m3 for goods in those) / weeks, sum(goods.kg for goods in those) / weeks)
    ways = front(routes, *ends, week, ready=min(days))
    if not ways:
        raise ConfigurationError(f"no legs lead from {ends[0]} to {ends[1]} with enough room")
    return tuple(move.leg for move in ways[0].moves)


def _booked(transfer: Transfer, legs: Sequence[Leg]) -> tuple[Move, ...]:
    day = transfer.ready + (BOOKING_WEEKDAY - transfer.ready - 6) % 7
    taken = []
    for leg in legs:
        taken.append(Move(leg, leg.departure(day)))
        day = taken[-1].arrival
    return tuple(taken)

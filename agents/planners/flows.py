"""Where units go: the twin's day as rows of a linear program.

What the twin does by rule is here the plan's choice, within the same balances: how much of the dock queue is unloaded,
from which fulfilment option whom to serve, whether to serve at all, and how scarce goods are shared out. Whatever the
twin does is among the choices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.program import LinearProgram

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Flows:
    """Numbers of the variables, all in units. Stock is told at the end of a period."""

    ship: Integers  # [T, L, S]
    on_hand: Integers  # [T, N, S]
    dock: Integers  # [T, N, S]
    unload: Integers  # [T, N, S]
    serve: Integers  # [T, R, M, S]
    serve_waiting: Integers  # [T, M, S] of what is served, units that had waited
    wait: Integers  # [T, M, S] of the period's demand, units that begin to wait
    backlog: Integers  # [T, M, S]
    lost: Integers  # [T, M, S]
    restock: Integers  # [T, N, S] returned and sound
    scrap: Integers  # [T, N, S] returned and not
    opening_on_hand: Integers  # [N, S]
    opening_dock: Integers  # [N, S]
    opening_arriving: Integers  # [T, N, S] by period of arrival
    opening_backlog: Integers  # [M, S]
    opening_with_customers: Integers  # [2, N, S]


def add_flows(program: LinearProgram, instance: Instance) -> Flows:
    """Add variables and balances of stock and of customers; returns are left to `returns.py`."""
    flows = _variables(program, instance)
    _balance_docks(program, instance, flows)
    _balance_shelves(program, instance, flows)
    _balance_markets(program, instance, flows)
    return flows


def _variables(program: LinearProgram, instance: Instance) -> Flows:
    network, opening, periods, skus = instance.network, instance.opening, instance.periods, instance.skus
    nodes, lanes, markets = len(network.capacity_m3), len(network.lane_destination), len(network.backlog_share)
    by_node, by_market = (periods, nodes, skus), (periods, markets, skus)
    exists = network.option_group.sum(axis=1)  # [R, M]
    open_lanes = (network.lane_carries > 0) & (instance.lane_open > 0)[:, :, None]

    def block(name: str, shape: tuple[int, ...], upper: object = np.inf) -> Integers:
        return program.variables(name, shape, upper=np.asarray(upper))

    def opened(name: str) -> Integers:
        least, most = getattr(opening, name)
        return program.variables(f"opening_{name}", least.shape, lower=least, upper=most)

    return Flows(
        ship=block("ship", (periods, lanes, skus), np.where(open_lanes, np.inf, 0.0)),
        on_hand=block("on_hand", by_node),
        dock=block("dock", by_node),
        unload=block("unload", by_node),
        serve=block("serve", (periods, *exists.shape, skus), np.where(exists > 0, np.inf, 0.0)[..., None]),
        serve_waiting=block("serve_waiting", by_market),
        wait=block("wait", by_market, instance.demand),
        backlog=block("backlog", by_market),
        lost=block("lost", by_market, instance.demand),
        restock=block("restock", by_node),
        scrap=block("scrap", by_node),
        opening_on_hand=opened("on_hand"),
        opening_dock=opened("dock"),
        opening_arriving=opened("arriving"),
        opening_backlog=opened("backlog"),
        opening_with_customers=opened("with_customers"),
    )


def _carry_over(program: LinearProgram, rows: Integers, stock: Integers, opening: Integers) -> None:
    """Stock at the end of a period, less that of the period before."""
    program.add(rows, stock)
    program.add(rows[1:], stock[:-1], -1.0)
    program.add(rows[0], opening, -1.0)


def _balance_docks(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    destination, periods = instance.network.lane_destination, instance.periods
    rows = program.rows(flows.dock.shape, lower=instance.restocked, upper=instance.restocked)
    _carry_over(program, rows, flows.dock, flows.opening_dock)
    program.add(rows, flows.opening_arriving, -1.0)
    period, lane = np.nonzero(instance.arrival < periods)
    program.add(rows[instance.arrival[period, lane], destination[lane]], flows.ship[period, lane], -1.0)
    program.add(rows, flows.restock, -1.0)
    program.add(rows, flows.unload)
    # What came back today is inspected first and can't be unloaded before tomorrow.
    inspected = program.rows(flows.dock.shape, lower=instance.restocked)
    program.add(inspected, flows.dock)
    program.add(inspected, flows.restock, -1.0)


def _balance_shelves(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    rows = program.rows(flows.on_hand.shape, lower=0.0, upper=0.0)
    _carry_over(program, rows, flows.on_hand, flows.opening_on_hand)
    program.add(rows, flows.unload, -1.0)
    rank, node, market = np.nonzero(instance.network.option_group)
    program.add(rows[:, node], flows.serve[:, rank, market])
    node, lane = np.nonzero(instance.network.lane_from_node)
    program.add(rows[:, node], flows.ship[:, lane])


def _balance_markets(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    shape, demand = flows.lost.shape, instance.demand
    # Today's demand is served, waits or is lost.
    rows = program.rows(shape, lower=demand, upper=demand)
    program.add(rows[:, None], flows.serve)
    program.add(rows, flows.serve_waiting, -1.0)
    program.add(rows, flows.wait)
    program.add(rows, flows.lost)
    at_most_all = program.rows(shape, upper=demand)
    program.add(at_most_all, flows.wait)
    program.add(at_most_all, flows.lost)
    rows = program.rows(shape, lower=0.0, upper=0.0)
    _carry_over(program, rows, flows.backlog, flows.opening_backlog)
    program.add(rows, flows.serve_waiting)
    program.add(rows, flows.wait, -1.0)
    # Only those who waited already can be served as waiting.
    before = program.rows(shape, lower=0.0)
    program.add(before, flows.backlog)
    program.add(before, flows.wait, -1.0)
    # Of today's unserved demand, waiting and lost together, a share waits.
    least = program.rows(shape, lower=0.0)
    program.add(least, flows.wait, 1 - instance.waits_least)
    program.add(least, flows.lost, -instance.waits_least)
    most = program.rows(shape, upper=0.0)
    program.add(most, flows.wait, 1 - instance.waits_most)
    program.add(most, flows.lost, -instance.waits_most)

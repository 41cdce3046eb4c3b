"""What comes back from customers, in three degrees of exactness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from entrepot.agents.planners.flows import Flows
from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.program import LinearProgram

Returns = Callable[[LinearProgram, Instance, Flows], None]


def exact_returns(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    """The twin's own two waves, where fractions of a unit flow: linear in sales. Periods are days."""
    network = instance.network
    hazard, sound = network.return_hazard[:, None, :, None], network.restock_share[:, None]
    shape = (2, *flows.restock.shape)
    waves = program.variables("with_customers", shape)  # at the start of the day
    rows = program.rows(shape, lower=0.0, upper=0.0)
    program.add(rows, waves)
    program.add(rows[:, 1:], waves[:, :-1], hazard - 1)
    program.add(rows[:, 0], flows.opening_with_customers, -1.0)
    node, market = np.nonzero(network.market_home)
    share = network.market_home * network.return_share / len(waves)
    sold = flows.serve[None, :-1, :, market]  # [1, T-1, R, homes, S]
    program.add(rows[:, 1:, None, node], sold, -share[node, market][:, None])
    for came_back, part in ((flows.restock, sound), (flows.scrap, 1 - sound)):
        rows = program.rows(came_back.shape, lower=0.0, upper=0.0)
        program.add(rows, came_back)
        program.add(rows, waves, -hazard * part)


def free_returns(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    """Any number of those outstanding comes back on any day, sound or not: what rounding to whole units may do."""
    network = instance.network
    pool = program.variables("with_customers", flows.restock.shape)  # at the end of the day
    rows = program.rows(pool.shape, lower=0.0, upper=0.0)
    program.add(rows, pool)
    program.add(rows[1:], pool[:-1], -1.0)
    program.add(rows[0], flows.opening_with_customers, -1.0)
    node, market = np.nonzero(network.market_home)
    share = network.market_home * network.return_share
    program.add(rows[:, None, node], flows.serve[:, :, market], -share[node, market][:, None])
    program.add(rows, flows.restock)
    program.add(rows, flows.scrap)
    outstanding = program.rows(pool.shape, upper=0.0)
    program.add(outstanding, flows.restock)
    program.add(outstanding, flows.scrap)
    program.add(outstanding[1:], pool[:-1], -1.0)
    program.add(outstanding[0], flows.opening_with_customers, -1.0)


def foreseen_returns(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    """None but those that the instance foresees."""
    for came_back in (flows.restock, flows.scrap):
        rows = program.rows(came_back.shape, upper=0.0)
        program.add(rows, came_back)

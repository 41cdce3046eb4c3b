"""One plan of a rolling horizon: days at first, weeks later, from what a snapshot shows and a forecast expects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.capacities import add_capacities
from entrepot.agents.planners.costs import add_costs, add_settlement
from entrepot.agents.planners.flows import Flows, add_flows
from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.program import LinearProgram
from entrepot.agents.planners.returns import foreseen_returns
from entrepot.agents.planners.solve import solve
from entrepot.envs.snapshot.season import WEEKS_AHEAD

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WEEK = 7
DAILY = 14
"""So many days are planned one by one."""
STARTS = np.concatenate([np.arange(DAILY), np.arange(DAILY, WEEK * WEEKS_AHEAD, WEEK)])
LENGTHS = np.diff(np.append(STARTS, WEEK * WEEKS_AHEAD)).astype(np.float64)
PERIODS = len(STARTS)


def period_of(day: Integers) -> Integers:
    """The period whose start is nearest to a day counted from today; `PERIODS` or more after the end."""
    weekly = DAILY + (day - DAILY + WEEK // 2) // WEEK
    return np.asarray(np.where(day < DAILY, day, weekly))


@dataclass(frozen=True)
class Safety:
    """What it is worth to keep stock above a forecast's needs. G steps, each a slice of stock."""

    slices: Floats  # [G, T, N, S] units, from the most urgent on
    usd_per_day: Floats  # [G, N, S] per unit that is missing from a slice

    def for_skus(self, chosen: Integers) -> Safety:
        """Some of the SKUs."""
        return Safety(self.slices[..., chosen], self.usd_per_day[..., chosen])


@dataclass(frozen=True)
class RollingPlan:
    """The first days of a plan."""

    ship: Floats  # [D, L, S] units to order each day
    position: Floats  # [D, N, S] units at the node or on their way to it, expected at the start of each day
    seconds: float  # of solving


def rolling_plan(instance: Instance, safety: Safety, share: Floats, days: int) -> RollingPlan:
    """Plan every SKU alone, within its share of what SKUs share.

    Args:
        instance: in the periods of this file.
        safety: for the same.
        share: [S] of every capacity.
        days: D, how many of them to tell; each is one period.
    """
    plans = [
        _plan(
            instance.for_skus(np.array([sku]), capacity_share=float(share[sku])), safety.for_skus(np.array([sku])), days
        )
        for sku in range(instance.skus)
    ]
    return RollingPlan(
        ship=np.concatenate([plan.ship for plan in plans], axis=-1),
        position=np.concatenate([plan.position for plan in plans], axis=-1),
        seconds=sum(plan.seconds for plan in plans),
    )


def _plan(instance: Instance, safety: Safety, days: int) -> RollingPlan:
    program = LinearProgram()
    flows = add_flows(program, instance)
    foreseen_returns(program, instance, flows)
    add_capacities(program, instance, flows)
    add_costs(program, instance, flows)
    add_settlement(program, instance, flows)
    add_safety(program, instance, flows, safety)
    solution = solve(program)
    ship = solution.values[flows.ship[:days]]
    return RollingPlan(ship, _position(instance, solution.values, flows, days), solution.seconds)


def add_safety(program: LinearProgram, instance: Instance, flows: Flows, safety: Safety) -> None:
    """Charge for stock at the end of a period that falls short of each slice: a convex price of running low."""
    missing = program.variables("missing", safety.slices.shape, upper=safety.slices)
    rows = program.rows(flows.on_hand.shape, lower=safety.slices.sum(axis=0))
    program.add(rows, flows.on_hand)
    program.add(rows[None], missing)
    program.cost("safety", missing, safety.usd_per_day[:, None] * instance.length_days[:, None, None])


def _position(instance: Instance, values: Floats, flows: Flows, days: int) -> Floats:
    """[D, N, S] on hand, on the dock and on the way, at the start of each day."""
    stock = values[flows.on_hand] + values[flows.dock]
    start = np.concatenate([(values[flows.opening_on_hand] + values[flows.opening_dock])[None], stock[: days - 1]])
    arriving = values[flows.opening_arriving]
    still = arriving.sum(axis=0) - np.concatenate([np.zeros_like(arriving[:1]), arriving[: days - 1].cumsum(axis=0)])
    ship = values[flows.ship[:days]]
    today = np.arange(days)
    # Ordered before the day, and due on it or later.
    under_way = (today[:, None, None] > today[:, None]) & (instance.arrival[None, :days] >= today[:, None, None])
    sent = np.einsum("dtl,tls->dls", under_way.astype(np.float64), ship)
    to_node = np.eye(stock.shape[1])[instance.network.lane_destination]  # [L, N]
    return np.asarray(start + still + np.einsum("dls,ln->dns", sent, to_node))

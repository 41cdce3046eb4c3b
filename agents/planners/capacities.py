"""What SKUs share: space, docks, picking, lanes, suppliers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.flows import Flows
from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.program import LinearProgram
from entrepot.envs.network.description import UNLIMITED

Floats = NDArray[np.float64]
ROUNDING = 1 + 1e-6
"""The twin computes in single precision: its limits may be passed by as much."""


def add_capacities(program: LinearProgram, instance: Instance, flows: Flows) -> None:
    """Add a row for each limit that can bind at all."""
    network, length = instance.network, instance.length_days[:, None]
    space = _limits(network.capacity_m3, np.ones_like(instance.equipment))
    # Stock that is known to be there before may fill more than the space; nothing is unloaded then.
    space = np.maximum(space, (instance.opening.on_hand[0] * network.volume_m3).sum(axis=-1))
    period, node = np.nonzero(np.isfinite(space))
    rows = program.rows(period.shape, upper=space[period, node])
    program.add(rows[:, None], flows.unload[period, node], network.volume_m3)
    before = np.concatenate([flows.opening_on_hand[None], flows.on_hand[:-1]])
    program.add(rows[:, None], before[period, node], network.volume_m3)

    docks = _limits(network.dock_m3_per_day, instance.equipment) * length
    period, node = np.nonzero(np.isfinite(docks))
    rows = program.rows(period.shape, upper=docks[period, node])
    program.add(rows[:, None], flows.unload[period, node], network.volume_m3)

    picking = _limits(network.picking_units_per_day, instance.equipment) * length
    rows = program.rows(picking.shape, upper=picking)
    rank, node, market = np.nonzero(network.option_group)
    program.add(rows[:, node, None], flows.serve[:, rank, market])

    lanes = _limits(network.lane_m3_per_day, instance.lane_open)
    period, lane = np.nonzero(np.isfinite(lanes))
    rows = program.rows(period.shape, upper=lanes[period, lane])
    program.add(rows[:, None], flows.ship[period, lane], network.volume_m3)

    suppliers = _limits(network.supplier_units_per_day, instance.supplier_up)
    rows = program.rows(suppliers.shape, upper=suppliers)
    supplier, lane = np.nonzero(network.lane_from_supplier)
    program.add(rows[:, supplier, None], flows.ship[:, lane])


def _limits(usual: Floats, share: Floats) -> Floats:
    """[T, G] of [G] and a share of normal [T, G]; infinite where it can't bind."""
    limited = np.where(usual < UNLIMITED, usual * share * ROUNDING, np.inf)
    return np.asarray(np.where(share <= 0, 0.0, limited))

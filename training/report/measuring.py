"""What a practice comes to: figures of each episode, by the names that claims ask for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from entrepot.envs.kpi import KpiTotals
from entrepot.envs.opening import stocked
from entrepot.envs.settlement import Settlement
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import Scenario
from entrepot.envs.twin.flows import Costs
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.report.practice import Side, lateral_lanes
from entrepot.training.rollout import roll_out

Floats = NDArray[np.float64]
Measured = dict[str, Floats]
"""By name: [E] a figure of each episode; `node:figure` is one of a node."""
MOVING = ("freight", "duty", "handling")
OF_CUSTOMERS = ("lost_margin", "backlog")
"""Parts of cost that customers who aren't served make: no cost of logistics."""
LOGISTICS = tuple(part for part in Costs.parts() if part not in OF_CUSTOMERS)


def measured(
    side: Side, scenario: Scenario, settings: EvaluationSettings, *, done: Callable[[int], None] | None = None
) -> Measured:
    """Live through a scenario; the days after warm-up count.

    Beside the KPIs: `supply_response_days`, from order to arrival for each unit shipped, as
    `replenishment_response_days` but without lanes between sister warehouses, whose short ways would pass for a faster
    supply; NaN where nothing was shipped.

    Args:
        side: who decides, and where.
        scenario: of `warm_up_days + days` days.
        settings: which of its days count.
        done: told of each day.
    """
    parameters, simulation = side.world.parameters, side.world.simulation()
    opening = stocked(simulation, episodes=scenario.episodes)
    totals, settlement = KpiTotals.start(parameters, scenario.episodes), Settlement.start(parameters, opening.state)
    supply = (~lateral_lanes(side.world.network)).to(parameters.device, torch.float64)
    units = unit_days = torch.zeros(scenario.episodes, dtype=torch.float64, device=parameters.device)

    def watch(lived: Lived) -> None:
        nonlocal totals, settlement, units, unit_days
        if done is not None:
            done(lived.number + 1)
        if lived.number < settings.warm_up_days:
            settlement = Settlement.start(parameters, lived.state)
            return
        totals = totals.add(parameters, lived.state, lived.flows, lived.costs)
        settlement = settlement.add(lived.flows, lived.costs)
        shipped = lived.flows.shipped.double().sum(dim=-1) * supply
        units, unit_days = units + shipped.sum(dim=-1), unit_days + (shipped * lived.flows.transit_days).sum(dim=-1)

    side.policy.begin(scenario.episodes)
    end = roll_out(simulation, opening, scenario, side.policy, watch=watch)
    found = {name: value.cpu().numpy().astype(np.float64) for name, value in totals.by_episode().items()}
    found["supply_response_days"] = (unit_days / units).cpu().numpy()
    settled = settlement.usd(end.state).cpu().numpy() / settings.days
    found["settlement_usd_per_day"] = settled
    found["settled_cost_usd_per_day"] = found["cost_usd_per_day"] + settled
    for name, value in totals.by_node().items():
        for node, column in zip(side.world.network.nodes, value.cpu().numpy().T, strict=True):
            found[f"{node}:{name}"] = column.astype(np.float64)
    return found | _by_unit(found)


def _by_unit(found: Measured) -> Measured:
    """What claims ask for of a unit that was served."""
    served = found["freight_usd_per_day"] / found["freight_usd_per_unit"]

    def of(parts: tuple[str, ...]) -> Floats:
        return np.asarray(sum(found[f"{part}_usd_per_day"] for part in parts) / served)

    return {
        "units_served_per_day": served,
        "moving_usd_per_unit": of(MOVING),
        "logistics_usd_per_unit": of(LOGISTICS),
        "units_served_per_logistics_usd": 1 / of(LOGISTICS),
    }

"""The least that any policy can cost on days that have been seen: a linear program over a whole scenario.

It is the twin with rules taken away and prices lowered, never the other way round, so that whatever a policy does, in
any scenario, is one of the plans that it chooses from, at no more than what it costs the policy:

- fractions of a unit may be ordered, shipped, sold and returned;
- what is paid once a shipment is free; a container costs its price per m³ carried;
- suppliers ask for no minimum order;
- whom to serve, from which option, and whether at all is free, where the twin serves greedily by rank and shares
  out what is scarce in proportion; those who wait need not be served first;
- goods may stay on the dock and orders may be cut at will;
- of a day's unserved demand that share waits which some whole number of units would make wait under the scenario's
  own rounding (in fractions: the twin's share);
- returns come back on any day after the sale, sound or not, of which rounding decides in the twin (in fractions: on
  the twin's days).

Balances, lead times with the scenario's delays, and capacities are the twin's. The cost is settled at both ends
(`entrepot.envs.settlement`): where policies warm up their own networks first, the plan may begin in any state at all,
which it pays for at landed value as they do. In fractions, from a known state and unsettled, what the plan costs is
what the twin charges for it, unless one of its rules stands in the plan's way.

SKUs meet only at capacities. Each is planned alone, with the whole of every capacity to itself, which is one more
relaxation; the joint program is there for networks whose capacities bind.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.capacities import add_capacities
from entrepot.agents.planners.charges import Charges, add_charges
from entrepot.agents.planners.costs import add_costs, add_returns_as_they_come, add_settlement
from entrepot.agents.planners.flows import Flows, add_flows
from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.program import LinearProgram
from entrepot.agents.planners.returns import exact_returns, free_returns
from entrepot.agents.planners.solve import METHODS, solve

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HindsightPlan:
    """The cheapest plan."""

    parts: dict[str, float]  # USD over all days, `settlement` among them if it was settled
    ship: Floats  # [T, L, S] units
    on_hand: Floats  # [T, N, S] units at the end of each day
    lost: Floats  # [T, M, S] units
    seconds: float  # of solving

    @property
    def usd(self) -> float:
        """Over all days."""
        return sum(self.parts.values())


def hindsight_plan(
    instance: Instance,
    charges: Charges | None = None,
    *,
    whole_units: bool = True,
    settled: bool = True,
    most_left: Floats | None = None,
    method: str = METHODS[0],
) -> HindsightPlan:
    """Plan all SKUs of an instance together.

    Args:
        instance: days, as from `days_of`.
        charges: on its decisions beside their cost; a part `foresight` of it.
        whole_units: whether the policies to be bounded keep whole units.
        settled: whether stock is settled at both ends; otherwise what the days cost as they come.
        most_left: [N, S] units on hand and at the dock at the end of a period, at the most; no limit if None.
        method: of HiGHS, see `solve`.

    Raises:
        PlanningError: HiGHS finds no optimum.
    """
    program, flows = hindsight_program(instance, whole_units=whole_units, settled=settled)
    if charges is not None:
        add_charges(program, charges, flows)
    if most_left is not None:
        rows = program.rows(flows.on_hand.shape, upper=most_left)
        for stock in (flows.on_hand, flows.dock):
            program.add(rows, stock)
    solution = solve(program, method=method)
    return HindsightPlan(
        parts=program.parts(solution.values),
        ship=solution.values[flows.ship],
        on_hand=solution.values[flows.on_hand],
        lost=solution.values[flows.lost],
        seconds=solution.seconds,
    )


def hindsight_program(instance: Instance, *, whole_units: bool, settled: bool) -> tuple[LinearProgram, Flows]:
    """The program and the numbers of its variables."""
    program = LinearProgram()
    flows = add_flows(program, instance)
    add_returns = free_returns if whole_units else exact_returns
    add_returns(program, instance, flows)
    add_capacities(program, instance, flows)
    add_costs(program, instance, flows)
    book_returns = add_settlement if settled else add_returns_as_they_come
    book_returns(program, instance, flows)
    return program, flows


def plan_each_sku(
    instance: Instance,
    charges: Charges | None = None,
    *,
    whole_units: bool = True,
    settled: bool = True,
    most_left: Floats | None = None,
    executor: Executor | None = None,
) -> HindsightPlan:
    """Plan every SKU alone and put the plans together: a bound too, a lower one where capacities bind.

    Args:
        instance: as for `hindsight_plan`.
        charges: as for `hindsight_plan`.
        whole_units: as for `hindsight_plan`.
        settled: as for `hindsight_plan`.
        most_left: as for `hindsight_plan`.
        executor: where the SKUs are planned side by side; one after the other if None.
    """
    each = [np.array([sku]) for sku in range(instance.skus)]
    singles = [instance.for_skus(sku) for sku in each]
    charged = [None if charges is None else charges.for_skus(sku) for sku in each]
    plan = partial(_plan_one, whole_units=whole_units, settled=settled)
    most = [None if most_left is None else most_left[:, sku] for sku in each]
    if executor is None:
        return _together(list(map(plan, singles, charged, most)))
    return _together(list(executor.map(plan, singles, charged, most, chunksize=2)))


def _plan_one(
    instance: Instance, charges: Charges | None, most_left: Floats | None, *, whole_units: bool, settled: bool
) -> HindsightPlan:
    return hindsight_plan(instance, charges, whole_units=whole_units, settled=settled, most_left=most_left)


def _together(plans: Sequence[HindsightPlan]) -> HindsightPlan:
    return HindsightPlan(
        parts={part: sum(plan.parts[part] for plan in plans) for part in plans[0].parts},
        ship=np.concatenate([plan.ship for plan in plans], axis=-1),
        on_hand=np.concatenate([plan.on_hand for plan in plans], axis=-1),
        lost=np.concatenate([plan.lost for plan in plans], axis=-1),
        seconds=sum(plan.seconds for plan in plans),
    )

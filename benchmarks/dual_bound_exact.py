"""The dual bound with exact expectations, on lost sales a day away: `python benchmarks/dual_bound_exact.py`.

`dual_bound.py` takes means over futures. Here charges are worked out along the policy that is optimal for just these
days, found by backward induction, with expectations over demand itself (Brown and Smith 2014 charge by such a value
function): what is left of the gap is not chance. Each order is charged once, for all that becomes of it, as there. But
slopes are blended day by day: where demand takes just the last unit, by so much that another one was worth nothing to
order on the day before.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import numpy as np
import typer
from machine import machine
from numpy.typing import NDArray
from optimality_instances import INSTANCES, Instance, LostSales
from rich.console import Console

from entrepot.agents.planners.charges import PART
from entrepot.agents.planners.hindsight import hindsight_program
from entrepot.agents.planners.instance import Instance as PlannedDays
from entrepot.agents.planners.solve import solve
from entrepot.configs.figures import write_json
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import build_world
from entrepot.training.evaluation.hindsight import instances_of
from entrepot.training.evaluation.intervals import mean_interval
from entrepot.training.experiment import EvaluationSettings

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NAMES = [instance.name for instance in INSTANCES if instance.lost_sales and instance.lost_sales.lead_days == 1]
SHARE = 0.999
"""Of the charges, so that no plan gains without end by the last bit of a sum."""


@dataclass(frozen=True)
class Day:
    """By what is on hand with the day's arrivals: [X + 1], or [X + 1, D] by the day's demand too.

    A unit's worth is the later cost of one more, blended with that of one less (where the last unit on hand is sold):
    with just the share that makes another unit worth nothing to order on the day before.
    """

    order: Integers  # [X + 1] units
    more: Floats  # [X + 1] USD of one more unit
    less: Floats  # [X + 1] USD by which one less differs from that
    share: Floats  # [X + 1] of one less, tomorrow
    tomorrow: Floats  # [X + 1, D] worth of a unit that is there tomorrow
    stays: Floats  # [X + 1, D] USD of a unit that isn't sold today


@dataclass(frozen=True)
class Finite:
    """So many days of one store, solved."""

    system: LostSales
    value: Floats  # [X + 1] USD from the first day on
    days: list[Day]

    @classmethod
    def of(cls, system: LostSales, days: int) -> Finite:
        """By backward induction; what is left at the end is worth nothing, as its landed value is."""
        on_hand, demand = np.arange(system.most_on_hand + 1)[:, None], np.arange(len(system.demand))
        left = np.maximum(on_hand - demand, 0)
        today = left * system.holding + np.maximum(demand - on_hand, 0) * system.penalty
        choices = np.minimum(left[..., None] + np.arange(system.largest_order + 1), system.most_on_hand)  # [X, D, A]
        value, more, less = np.zeros((3, len(on_hand)))
        found: list[Day] = []
        for _ in range(days):
            expected = np.einsum("xda,d->xa", value[choices], system.demand) + (today @ system.demand)[:, None]
            order, value = expected.argmin(axis=1), expected.min(axis=1)
            ahead = np.take_along_axis(choices, order[:, None, None], axis=2)[..., 0]
            one_more, differs = more[ahead] @ system.demand, less[ahead] @ system.demand
            share = np.clip(-one_more / np.minimum(differs, -1e-12), 0.0, 1.0) * (one_more > 0) * (order > 0)
            tomorrow = more[ahead] + share[:, None] * less[ahead]
            stays = system.holding + tomorrow
            more = np.where(demand <= on_hand, stays, -system.penalty) @ system.demand
            less = np.where(demand == on_hand, -system.penalty - stays, 0.0) @ system.demand
            found.append(Day(order, more, less, share, tomorrow, stays))
        return cls(system, value, found[::-1])

    def dual(self, planned: PlannedDays) -> float:
        """USD of one episode's plan.

        Of it is taken off what the path's own units are charged, and what the path costs beyond what was expected,
        both of which are 0 in expectation.
        """
        demand, system, first = planned.demand[:, 0, 0].astype(np.int64), self.system, self.days[0]
        on_hand, orders = [int(self.value.argmin())], list[int]()
        begun = on_hand[0]
        share = [float(np.clip(-first.more[begun] / min(first.less[begun], -1e-12), 0.0, 1.0))]
        for day, units in zip(self.days, demand, strict=True):
            orders.append(int(day.order[on_hand[-1]]))
            share.append(float(day.share[on_hand[-1]]))
            on_hand.append(min(max(on_hand[-1] - units, 0) + orders[-1], system.most_on_hand))
        have = np.array(on_hand[:-1])
        stays = np.where(demand < have, 1.0, np.where(demand == have, 1 - np.array(share[:-1]), 0.0))
        come = np.zeros(len(demand) + 1)  # worth of a unit that arrives on a day, in what does come
        for day in range(len(demand))[::-1]:
            come[day] = stays[day] * (system.holding + come[day + 1]) - (1 - stays[day]) * system.penalty
        expected = np.array([day.tomorrow[here] @ system.demand for day, here in zip(self.days, have, strict=True)])
        expected = np.append(first.more[begun] + share[0] * first.less[begun], expected)  # of the opening
        # Where another unit is worth ordering, a plan would without end, but for a smaller share of the charge.
        held = system.holding * np.arange(len(demand), -1, -1)
        charge = SHARE * held / np.maximum(held - np.minimum(expected, 0.0), 1e-12) * (expected - come)
        opening, ship = float(charge[0]), charge[1:]
        program, flows = hindsight_program(planned, whole_units=True, settled=True)
        program.cost(PART, flows.ship, ship[:, None, None])
        for block in (flows.opening_on_hand, flows.opening_dock, flows.opening_arriving[0]):
            program.cost(PART, block, opening)
        cost = system.holding * np.maximum(have - demand, 0) + system.penalty * np.maximum(demand - have, 0)
        return float(solve(program).usd - ship @ np.array(orders) - opening * begun - (cost.sum() - self.value.min()))


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Of instances of benchmarks/optimality.py.")] = None,
    episodes: Annotated[int, typer.Option(min=2)] = 64,
    days: Annotated[int, typer.Option(min=2)] = 60,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures here.")] = None,
) -> None:
    """Bound each instance whose lead time is a day: a matter of seconds."""
    chosen = [instance for instance in INSTANCES if instance.name in NAMES and instance.name in (names or NAMES)]
    if not chosen:
        raise typer.BadParameter(f"{names}: no instance has such a name; allowed: {', '.join(NAMES)}")
    settings, rows = EvaluationSettings(episodes=episodes, days=days, warm_up_days=60, seed=1), list[dict[str, Any]]()
    for instance in chosen:
        rows.append(measured(instance, settings))
        Console().print(rows[-1])
    if json_file:
        write_json(json_file, rows, provenance={**settings.model_dump(), **machine()})


def measured(instance: Instance, settings: EvaluationSettings) -> dict[str, Any]:
    """Optima, over all time and over these days alone, and the bound; USD a day."""
    system = instance.lost_sales
    assert system is not None
    started, solved = process_time(), Finite.of(system, settings.days)
    network = f"classic/{instance.network or instance.name}"
    world = build_world(network, DemandSettings(name=f"classic/{instance.demand}"))
    scenario = draw_scenario(
        world.network,
        world.demand,
        episodes=settings.episodes,
        days=settings.warm_up_days + settings.days,
        split=Split.TEST,
        seed=settings.seed,
    )
    bounds = np.array([solved.dual(planned) for planned in instances_of(world, scenario, settings)]) / settings.days
    (low, high), bound = mean_interval(bounds), float(bounds.mean())
    optimum, finite = instance.optimum(), float(solved.value.min()) / settings.days
    return {
        "instance": instance.name,
        "optimum": optimum,
        "optimum_of_these_days": finite,  # from the state that is best to begin in, with nothing left to need
        "dual": bound,
        "dual_low": low,
        "dual_high": high,
        "below_optimum_percent": 100 * (1 - bound / optimum),
        "below_optimum_of_these_days_percent": 100 * (1 - bound / finite),
        "seconds": process_time() - started,
    }


if __name__ == "__main__":
    typer.run(main)

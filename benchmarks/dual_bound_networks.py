"""How far penalties tighten the bound of a network: `python benchmarks/dual_bound_networks.py kreen --skus 2`.

A share of every charge is as good a charge. So hindsight's program is solved with shares of them, from none, which is
hindsight, to all. Charges are those of `--bound dual`, along the path of the textbook's covers: nothing is tuned.
"""

from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Annotated, Any

import numpy as np
import torch
import typer
from machine import machine
from numpy.typing import NDArray
from rich.console import Console

from entrepot.agents.planners.hindsight import plan_each_sku
from entrepot.agents.planners.solve import PlanningError
from entrepot.agents.rules import BaseStock
from entrepot.configs.figures import write_json
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.training.dual_bound.futures import Futures
from entrepot.training.dual_bound.penalty import Effort, Penalty, penalties
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.evaluation.hindsight import instances_of
from entrepot.training.evaluation.intervals import mean_interval
from entrepot.training.experiment import EvaluationSettings

Floats = NDArray[np.float64]
SHARES = (0.0, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)


def main(
    network: Annotated[str, typer.Argument(help="By name.")],
    skus: Annotated[int, typer.Option(min=1)] = 2,
    futures: Annotated[int, typer.Option(min=1)] = 8,
    episodes: Annotated[int, typer.Option(min=2)] = 2,
    days: Annotated[int, typer.Option(min=2)] = 60,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures here.")] = None,
) -> None:
    """Bound a network with shares of the charges, on one thread."""
    torch.set_num_threads(1)
    settings = EvaluationSettings(episodes=episodes, days=days, warm_up_days=90, seed=1)
    world, started = build_world(network, DemandSettings(), skus=skus), process_time()
    rule = BaseStock.midway(world.attributes, world.attributes.base_cover_days)
    with torch.inference_mode():
        cost = evaluate(world, {"rule": rule}, settings).by_episode["rule"]["settled_cost_usd_per_day"]
    bounds = bounded(world, rule, settings, futures)
    rows = [row(share, bound, cost, bounds[0.0]) for share, bound in bounds.items()]
    for each in rows:
        Console().print(each)
    if json_file:
        effort = {"network": network, "skus": skus, "futures": futures, "seconds": process_time() - started}
        write_json(json_file, rows, provenance={**effort, **settings.model_dump(), **machine()})


def bounded(world: World, rule: BaseStock, settings: EvaluationSettings, copies: int) -> dict[float, Floats]:
    """[E] USD a day by share of the charges; minus infinity where a plan gains without end."""
    scenario = draw_scenario(
        world.network,
        world.demand,
        episodes=settings.episodes,
        days=settings.warm_up_days + settings.days,
        split=Split.TEST,
        seed=settings.seed,
    )
    instances = list(instances_of(world, scenario, settings))
    drawn = Futures(
        world.network,
        world.demand,
        scenario,
        split=Split.TEST,
        seed=settings.seed,
        drawn=settings.episodes,
        first=0,
    )
    charged = penalties(
        world.simulation(whole_units=False),
        drawn,
        scenario,
        rule,
        instances,
        Effort(copies, settings.days),
        done=lambda days: None,
    )

    def usd(instance: Any, penalty: Penalty, share: float) -> float:
        charges = penalty.charges.times(share)
        try:
            return plan_each_sku(instance, charges).usd - charges.on(penalty.path)
        except PlanningError:
            return -np.inf

    return {
        share: np.array([usd(*each, share) for each in zip(instances, charged, strict=True)]) / settings.days
        for share in SHARES
    }


def row(share: float, bound: Floats, cost: Floats, hindsight: Floats) -> dict[str, Any]:
    """USD a day, and the gap between the rule and hindsight that is closed."""
    low, high = mean_interval(bound)
    return {
        "share_of_charges": share,
        "bound": float(bound.mean()),
        "bound_low": low,
        "bound_high": high,
        "rule": float(cost.mean()),
        "gap_closed_percent": 100 * float((bound - hindsight).mean() / (cost - hindsight).mean()),
    }


if __name__ == "__main__":
    typer.run(main)

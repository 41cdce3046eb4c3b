"""How close the dual bound comes to known optima of lost sales: `python benchmarks/dual_bound.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import torch
import typer
from machine import machine
from optimality_instances import INSTANCES, Instance
from rich.console import Console

from entrepot.configs.figures import write_json
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.observe.reading import NOTHING_COSTLY
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.world import World, build_world
from entrepot.training.dual_bound.bound import DualBound
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.evaluation.hindsight import Hindsight
from entrepot.training.experiment import EvaluationSettings

NAMES = [instance.name for instance in INSTANCES if instance.name.startswith("lost_sales")]
LEVELS = range(8, 40)
"""Tried, in units."""


@dataclass(frozen=True)
class OrderUpTo:
    """A level of everything on hand and on its way."""

    level: float
    reads = NOTHING_COSTLY

    def begin(self, episodes: int) -> None:
        """Nothing is remembered."""

    def decide(self, snapshot: Snapshot) -> Decisions:
        """Up to the level."""
        position = snapshot.on_hand + snapshot.dock + snapshot.in_transit
        return Decisions((self.level - position).clamp(min=0.0))


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Of instances of benchmarks/optimality.py.")] = None,
    futures: Annotated[list[int] | None, typer.Option(help="That expectations are taken over.")] = None,
    episodes: Annotated[int, typer.Option(min=2)] = 16,
    days: Annotated[int, typer.Option(min=2)] = 60,
    look_ahead_days: Annotated[int, typer.Option(min=2)] = 20,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures here.")] = None,
) -> None:
    """Bound each instance along the best order-up-to level, in this process, on one thread."""
    torch.set_num_threads(1)
    chosen = [instance for instance in INSTANCES if instance.name in (names or NAMES)]
    if not chosen:
        raise typer.BadParameter(f"{names}: no instance has such a name; allowed: {', '.join(NAMES)}")
    settings = EvaluationSettings(episodes=episodes, days=days, warm_up_days=60, seed=1)
    rows: list[dict[str, Any]] = []
    for instance in chosen:
        for copies in futures or [32, 256, 2048]:
            rows.append(measured(instance, copies, look_ahead_days, settings))
            Console().print(rows[-1])
    if json_file:
        provenance = {**settings.model_dump(), "look_ahead_days": look_ahead_days, **machine()}
        write_json(json_file, rows, provenance=provenance)


def measured(instance: Instance, copies: int, look_ahead_days: int, settings: EvaluationSettings) -> dict[str, Any]:
    """Optimum, the bounds, and what the policy costs along whose path it is charged; USD a day."""
    world = build_world(f"classic/{instance.name}", DemandSettings(name=f"classic/{instance.demand}"))
    policy = OrderUpTo(best_level(world))
    optimum, started = instance.optimum(), process_time()
    dual = DualBound(policy, "the best order-up-to level", copies, look_ahead_days, processes=1)
    with torch.inference_mode():
        judged = evaluate(world, {"policy": policy, "hindsight": Hindsight(processes=1), "dual": dual}, settings)
    cost, hindsight, bound = (row["settled_cost_usd_per_day"] for row in judged.rows())
    row = judged.rows()[-1]
    return {
        "instance": instance.name,
        "futures": copies,
        "optimum": optimum,
        "hindsight": hindsight,
        "dual": bound,
        "dual_low": row["settled_cost_usd_per_day_low"],
        "dual_high": row["settled_cost_usd_per_day_high"],
        "below_optimum_percent": 100 * (1 - bound / optimum),
        "policy": cost,
        "level": policy.level,
        "seconds": process_time() - started,
    }


def best_level(world: World) -> float:
    """Of whole units, on scenarios of their own."""
    settings = EvaluationSettings(episodes=64, days=100, warm_up_days=60, seed=7)
    policies = {str(level): OrderUpTo(float(level)) for level in LEVELS}
    with torch.inference_mode():
        judged = evaluate(world, policies, settings)
    return float(min(judged.rows(), key=lambda row: row["settled_cost_usd_per_day"])["policy"])


if __name__ == "__main__":
    typer.run(main)

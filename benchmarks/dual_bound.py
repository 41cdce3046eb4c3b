"""How close the dual bound comes to known optima of lost sales: `python benchmarks/dual_bound.py`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path as File
from time import process_time
from typing import Annotated, Any

import torch
import typer
from machine import machine
from optimality_instances import INSTANCES, Instance
from rich.console import Console

from entrepot.agents.policy import Policy
from entrepot.agents.value_iteration.relative import Integers
from entrepot.configs.figures import write_json
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.world import World, build_world
from entrepot.training.dual_bound.bound import DualBound
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.evaluation.hindsight import Hindsight
from entrepot.training.experiment import EvaluationSettings

NAMES = [instance.name for instance in INSTANCES if instance.lost_sales is not None]
LEVELS = range(6, 80)
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


class Optimal:
    """What value iteration found, by what is on hand and what arrives on each later day."""

    reads = frozenset({Costly.PIPELINE})

    def __init__(self, actions: Integers) -> None:
        self.actions = torch.as_tensor(actions).float()

    def begin(self, episodes: int) -> None:
        """Nothing is remembered."""

    def decide(self, snapshot: Snapshot) -> Decisions:
        """As the table says of the nearest whole units."""
        coming = snapshot.pipeline[:, 0, 0]
        on_hand = snapshot.on_hand[:, 0, 0] + snapshot.dock[:, 0, 0] + coming[:, 0]
        places = [on_hand, *(coming[:, days] for days in range(1, self.actions.ndim))]
        found = [
            place.round().long().clamp(max=size - 1) for place, size in zip(places, self.actions.shape, strict=True)
        ]
        return Decisions(self.actions[tuple(found)][:, None, None])


class Path(StrEnum):
    """Along whose path plans are charged."""

    OPTIMAL = "optimal"
    ORDER_UP_TO = "order_up_to"


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Of instances of benchmarks/optimality.py.")] = None,
    learnt_on: Annotated[int, typer.Option(min=8, help="Training scenarios that worths are worked out on.")] = 1000,
    episodes: Annotated[int, typer.Option(min=2)] = 64,
    days: Annotated[int, typer.Option(min=2)] = 60,
    path: Annotated[Path, typer.Option(help="Along whose path plans are charged.")] = Path.OPTIMAL,
    json_file: Annotated[File | None, typer.Option("--json", help="Write the same figures here.")] = None,
) -> None:
    """Bound each instance along the path of the optimal policy, or of the best order-up-to level, on one thread."""
    torch.set_num_threads(1)
    chosen = [instance for instance in INSTANCES if instance.name in (names or NAMES)]
    if not chosen:
        raise typer.BadParameter(f"{names}: no instance has such a name; allowed: {', '.join(NAMES)}")
    settings = EvaluationSettings(episodes=episodes, days=days, warm_up_days=60, seed=1)
    rows: list[dict[str, Any]] = []
    for instance in chosen:
        rows.append(measured(instance, path, learnt_on, settings))
        Console().print(rows[-1])
    if json_file:
        provenance = {**settings.model_dump(), **machine()}
        write_json(json_file, merged(json_file, rows), provenance=provenance)


def merged(file: File, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the file that weren't measured anew, and the rows."""

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in ("instance", "path", "learnt_on"))

    known = json.loads(file.read_text(encoding="utf-8"))["rows"] if file.is_file() else []
    return sorted({key(row): row for row in [*known, *rows]}.values(), key=key)


def measured(instance: Instance, path: Path, learnt_on: int, settings: EvaluationSettings) -> dict[str, Any]:
    """Optimum, the bounds, and what the policy costs along whose path it is charged; USD a day."""
    if instance.lost_sales is None:
        raise typer.BadParameter(f"{instance.name}: its optimal policy isn't at hand; allowed: {', '.join(NAMES)}")
    network = instance.network or instance.name
    world = build_world(f"classic/{network}", DemandSettings(name=f"classic/{instance.demand}"))
    solved = instance.lost_sales.solved()
    optimum, started = solved.cost, process_time()
    policy: Policy = Optimal(solved.actions) if path is Path.OPTIMAL else OrderUpTo(best_level(world))
    dual = DualBound(policy, path, processes=1, learnt_on=learnt_on)
    with torch.inference_mode():
        judged = evaluate(world, {"policy": policy, "hindsight": Hindsight(processes=1), "dual": dual}, settings)
    rows = judged.rows()
    cost, hindsight, bound = (row["settled_cost_usd_per_day"] for row in rows)
    row, of_policy = rows[-1], rows[0]
    per_optimum = 100 / optimum
    return {
        "instance": instance.name,
        "path": str(path),
        "learnt_on": learnt_on,
        "episodes": settings.episodes,
        "days": settings.days,
        "optimum": optimum,
        "hindsight": hindsight,
        "dual": bound,
        "dual_low": row["settled_cost_usd_per_day_low"],
        "dual_high": row["settled_cost_usd_per_day_high"],
        "policy": cost,  # with stock settled, in the same scenarios
        # Paired by scenario: the optimal policy costs the optimum on average, so that along its path this is the gap.
        "below_policy_percent": per_optimum * of_policy["above_dual_usd_per_day"],
        "below_policy_percent_low": per_optimum * of_policy["above_dual_usd_per_day_low"],
        "below_policy_percent_high": per_optimum * of_policy["above_dual_usd_per_day_high"],
        "effort": dual.effort,
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

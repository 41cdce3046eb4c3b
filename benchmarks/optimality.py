"""Cost of trained policies against known optima: `python benchmarks/optimality.py`."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import numpy as np
import torch
import typer
from machine import machine
from optimality_instances import INSTANCES, Instance
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.policy import Policy
from entrepot.configs.files import write_atomically
from entrepot.configs.loader import validate
from entrepot.envs.demand import Split
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.file import BASE_STOCK
from entrepot.training.base_stock.starts import read_rule
from entrepot.training.base_stock.tuning import tune_rule
from entrepot.training.experiment import EvaluationSettings, compose_experiment
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.rollout import roll_out

COLUMNS = (
    "instance",
    "optimum",
    "cost",
    "cost_low",
    "cost_high",
    "base_stock_cost",
    "gap_percent",
    "training_s",
)
NAMES = [instance.name for instance in INSTANCES]
TUNING_SEED = 11
DAYS_AT_ONCE = 500
"""Episodes are lived through in so many days at a time; what random numbers need of memory does not grow with them."""
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Cost:
    """A mean of independent episodes, USD a day."""

    mean: float
    half_width: float  # of the 95 % interval


def main(
    instances: Annotated[list[str] | None, typer.Argument(help="Names, or parts of them; all if none.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key of configs/classic.yaml: KEY=VALUE.")
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the same figures to this file; what it has of other instances is kept."),
    ] = None,
) -> None:
    """Train on each instance in this process, on one thread, and measure against the optimum."""
    chosen = [instance for instance in INSTANCES if not instances or any(_named(instance, one) for one in instances)]
    if not chosen:
        raise typer.BadParameter(f"{instances}: no instance has such a name; allowed: {', '.join(NAMES)}")
    torch.set_num_threads(1)
    console = Console()
    rows = []
    for instance in chosen:
        row = measure(instance, overrides or [], console)
        rows.append(row)
        console.print(
            f"{instance.name}: {row['cost']:.4g} against {row['optimum']:.4g}, gap {row['gap_percent']:.2f} % "
            f"({row['gap_percent_low']:.2f} to {row['gap_percent_high']:.2f}), {row['training_s']:.0f} s"
        )
        if json_file:
            write(json_file, rows, overrides or [])
    show(rows, console)


def _named(instance: Instance, text: str) -> bool:
    """Whether an instance is meant: by its whole name, or by a part where no name is the text itself."""
    return instance.name == text if text in NAMES else text in instance.name


def measure(instance: Instance, overrides: list[str], console: Console) -> dict[str, Any]:
    """Tune the base stock, train from it, and run both through the same test scenarios."""
    experiment = compose_experiment([*instance.settings, *overrides], name="classic")
    trainer = validate(PathwiseSettings, experiment.trainer, "trainer")
    world = build_world(experiment.network, experiment.demand)
    optimum = instance.optimum()
    with Progress(console=console, transient=True) as progress:
        steps = experiment.base_stock.steps + trainer.iterations
        task = progress.add_task(f"{instance.name}: training", total=steps)
        # The time of this thread, not of the clock: what else the machine does must not count.
        started = process_time()
        tuned = tune_rule(
            read_rule(BASE_STOCK),
            world,
            experiment.windows,
            experiment.base_stock,
            seed=TUNING_SEED,
            progress=lambda *_: progress.advance(task),
        )
        world = world.starting_from(tuned.cover)
        learner = Learner(experiment, trainer, world)
        while learner.iteration < trainer.iterations:
            learner.step()
            progress.advance(task)
        training_s = process_time() - started
        progress.update(task, description=f"{instance.name}: measuring")
        cost = average_cost(world, ModuleAgent(learner.module.eval(), world.attributes), experiment.evaluation)
        base_stock = average_cost(world, tuned.agent(world.attributes), experiment.evaluation)
    low, high = cost.mean - cost.half_width, cost.mean + cost.half_width
    return {
        "instance": instance.name,
        "optimum": optimum,
        "cost": cost.mean,
        "cost_low": low,
        "cost_high": high,
        "base_stock_cost": base_stock.mean,
        "gap_percent": 100 * (cost.mean / optimum - 1),
        "gap_percent_low": 100 * (low / optimum - 1),
        "gap_percent_high": 100 * (high / optimum - 1),
        "training_s": training_s,
        "iterations": trainer.iterations,
        "measured": date.today().isoformat(),
        "environment_days": trainer.iterations * experiment.windows.episodes * experiment.windows.days,
        "optimum_source": instance.source,
    }


@torch.inference_mode()
def average_cost(world: World, policy: Policy, settings: EvaluationSettings) -> Cost:
    """Long-run cost of a policy, from independent episodes after a warm-up."""
    parts = math.ceil(settings.days / DAYS_AT_ONCE)
    total = torch.zeros(settings.episodes, dtype=torch.float64)

    def count(lived: Lived) -> None:
        total.add_(lived.costs.total.sum(dim=-1))

    simulation = world.simulation()
    present = stocked(simulation, episodes=settings.episodes)
    policy.begin(settings.episodes)
    for part in range(parts + 1):
        days = settings.warm_up_days if part == 0 else min(DAYS_AT_ONCE, settings.days - (part - 1) * DAYS_AT_ONCE)
        scenario = draw_scenario(
            world.network,
            world.demand,
            episodes=settings.episodes,
            days=days,
            split=Split.TEST,
            seed=settings.seed * (parts + 1) + part,
        )
        # The twin counts its days from the opening; the scenario's part begins anew.
        watch = None if part == 0 else count
        present = roll_out(simulation, present, scenario, policy, watch=watch)
    by_episode = (total / settings.days).numpy()
    return Cost(float(by_episode.mean()), NORMAL_95 * float(by_episode.std(ddof=1)) / math.sqrt(len(by_episode)))


def write(path: Path, rows: list[dict[str, Any]], overrides: list[str]) -> None:
    """Rows in the order of `INSTANCES`, those of the file that weren't measured anew included."""
    known = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
    by_name = {row["instance"]: row for row in [*known, *rows]}
    kept = [by_name[name] for name in NAMES if name in by_name]
    content = {"rows": kept, "summary": summary(kept), "provenance": provenance(overrides)}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(content, indent=1) + "\n")


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Gaps of all rows together."""
    gaps = [row["gap_percent"] for row in rows]
    return {
        "mean_gap_percent": float(np.mean(gaps)),
        "largest_gap_percent": max(gaps),
        "longest_training_s": max(row["training_s"] for row in rows),
    }


def show(rows: list[dict[str, Any]], console: Console) -> None:
    """The table."""
    table = Table(title="Average cost a day against known optima; training_s is the time of one thread")
    for name in COLUMNS:
        table.add_column(name.replace("_", "\n", 1), justify="left" if name == "instance" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(f"{row[name]:,.4g}" if isinstance(row[name], float) else str(row[name]) for name in COLUMNS))
    console.print(table)
    figures = summary(rows)
    console.print(
        f"mean gap {figures['mean_gap_percent']:.2f} %, largest {figures['largest_gap_percent']:.2f} %, "
        f"longest training {figures['longest_training_s']:.0f} s"
    )


def provenance(overrides: list[str]) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "settings": "configs/classic.yaml",
        "overrides": overrides,
        "evaluation": compose_experiment(overrides, name="classic").evaluation.model_dump(),
        "threads": 1,
        "torch": torch.__version__,
        **machine(),
    }


if __name__ == "__main__":
    typer.run(main)

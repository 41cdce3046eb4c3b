"""What training with credit for each SKU brings over the untrained policy: `python benchmarks/credit.py`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import torch
import typer
from machine import machine

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.policy import Policy
from entrepot.configs.files import write_atomically
from entrepot.envs.memory import keep_freed_memory
from entrepot.training.base_stock.kept import tuned_base_stock
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.evaluation.validation import Validation
from entrepot.training.events import Event
from entrepot.training.experiment import POLICY_FILE, compose_experiment
from entrepot.training.run import tuning_of
from entrepot.training.trainers.job import Job
from entrepot.training.trainers.registry import learned_module, trainer_of
from entrepot.training.world import world_of

VALIDATION_SEED = 0
SETTINGS = [
    "network=kreen",
    "trainer.credit=sku",
    "trainer.environments=64",
    "trainer.episode_days=140",
    "validation.untrained=true",
    "compute.workers=1",
]


def main(
    iterations: Annotated[int, typer.Option(help="Of training.", min=1)] = 90,
    every: Annotated[int, typer.Option(help="Iterations between validations.", min=1)] = 15,
    episodes: Annotated[int, typer.Option(help="Test scenarios.", min=2)] = 128,
    seed: Annotated[int, typer.Option(help="Of training; validation and test have scenarios of their own.")] = 0,
    trainer: Annotated[str, typer.Option(help="ippo or mappo.")] = "mappo",
    folder: Annotated[Path, typer.Option(help="Where the run is kept.")] = Path("checkpoints"),
    overrides: Annotated[list[str] | None, typer.Option("--set", help="Change a key: KEY=VALUE.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Add the figures to this file's other runs.")] = None,
) -> None:
    """Train on demand of the generator, then judge on test scenarios beside the untrained policy."""
    more = [
        f"trainer={trainer}",
        f"trainer.iterations={iterations}",
        f"validation.every={every}",
        f"validation.seed={VALIDATION_SEED}",
        f"seed={seed}",
        f"run=credit-by-sku-{seed}",
        f"folder={folder}",
        *(overrides or []),
    ]
    if json_file:
        runs_of(json_file)  # a file of another kind is refused before anything is trained
    experiment = compose_experiment([*SETTINGS, *more])
    torch.set_num_threads(1)
    keep_freed_memory()
    world = world_of(experiment)
    tuned = tuned_base_stock(world, tuning_of(experiment))
    with torch.no_grad():
        bar = Validation(experiment, world).of(tuned.agent(world.attributes)).cost_usd_per_day
    validated: list[dict[str, Any]] = []
    days, last = 0, time.process_time()
    speeds: list[float] = []
    agents = len(world.network.agents)

    def report(event: Event) -> None:
        nonlocal days, last
        figures = event.figures
        if figures is None:
            return
        days += figures.environment_days
        spent, last = time.process_time() - last, time.process_time()
        if figures.validation_cost_usd_per_day is None:  # else validation is part of what was spent
            speeds.append(agents * figures.environment_days / spent)
        if figures.validation_cost_usd_per_day is None:
            return
        point = {
            "iteration": event.done,
            "training_s": figures.training_seconds,
            "environment_days": days,
            "validation_cost_usd_per_day": figures.validation_cost_usd_per_day,
            "validation_fill_rate": figures.validation_fill_rate,
        }
        validated.append(point)
        print(json.dumps(point), flush=True)

    experiment.run_folder.mkdir(parents=True, exist_ok=True)
    worked = time.process_time()
    trainer_of(experiment)(Job(experiment, tuned.cover, bar, resume=False, report=report))
    worked = time.process_time() - worked
    known = world.starting_from(tuned.cover)
    untrained, trained = learned_module(experiment, known), learned_module(experiment, known)
    trained.load_state_dict(torch.load(experiment.run_folder / POLICY_FILE, weights_only=True)["module"])
    policies: dict[str, Policy] = {
        "untrained": ModuleAgent(untrained, known.attributes),
        "trained": ModuleAgent(trained, known.attributes),
        "base_stock": tuned.agent(world.attributes),
    }
    settings = experiment.evaluation.model_copy(update={"episodes": episodes})
    with torch.inference_mode():
        judged = evaluate(world, policies, settings)
    before = validated[0]["validation_cost_usd_per_day"]
    best = min(point["validation_cost_usd_per_day"] for point in validated)
    run = {
        "seed": seed,
        "validation_gain": 1.0 - best / before,
        "rows": judged.rows(),
        "paired": judged.paired(),
        "validations": validated,
        "base_stock_validation_cost_usd_per_day": bar,
        "cpu_s": worked,  # validation included
        "agent_steps_per_cpu_s": median(speeds) if speeds else None,
        "provenance": {
            "network": world.description.name,
            "demand": world.demand.summary,
            "overrides": [*SETTINGS, *(text for text in more if "/" not in text)],
            **settings.model_dump(),
            **machine(),
        },
    }
    print(f"seed {seed}: {run['validation_gain']:.2%} in validation, {worked:,.0f} s of CPU with validation")
    print(f"{run['agent_steps_per_cpu_s']} agent-steps a second of CPU, median of iterations")
    for pair in judged.paired():
        print(pair["policy"], pair["baseline"], *(pair[f"cost_ratio{end}"] for end in ("", "_low", "_high")))
    if json_file:
        add(run, json_file)


def add(run: dict[str, Any], file: Path) -> None:
    """Write a run beside those of other seeds."""
    runs = [*(other for other in runs_of(file) if other["seed"] != run["seed"]), run]
    runs.sort(key=lambda one: int(one["seed"]))
    write_atomically(file, json.dumps({"runs": runs}, indent=1) + "\n")


def runs_of(file: Path) -> list[dict[str, Any]]:
    """The runs that a file holds already; none where there is no file."""
    content = json.loads(file.read_text()) if file.is_file() else {"runs": []}
    if "runs" not in content:
        raise typer.BadParameter(f"{file}: no `runs` in it; name another file or remove it", param_hint="--json")
    runs: list[dict[str, Any]] = content["runs"]
    return runs


if __name__ == "__main__":
    typer.run(main)

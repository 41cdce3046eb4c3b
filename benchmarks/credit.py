"""What training with credit for each SKU brings over the untrained policy: `python benchmarks/credit.py`."""

from __future__ import annotations

import json
import time
from pathlib import Path
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

SETTINGS = [
    "network=kreen",
    "trainer=mappo",
    "trainer.credit=sku",
    "trainer.environments=64",
    "trainer.environments_per_scenario=8",
    "trainer.rollout_days=64",
    "trainer.epochs=1",
    "trainer.gae_lambda=0.97",
    "trainer.learning_rate=0.001",
    "trainer.iterations=100000",
    "validation.untrained=true",
    "compute.workers=1",
    "run=credit-by-sku",
]


def main(
    seconds: Annotated[float, typer.Option(help="Of training.", min=0.0)] = 600.0,
    every: Annotated[int, typer.Option(help="Iterations between validations.", min=1)] = 8,
    episodes: Annotated[int, typer.Option(help="Test scenarios.", min=2)] = 128,
    folder: Annotated[Path, typer.Option(help="Where the run is kept.")] = Path("checkpoints"),
    overrides: Annotated[list[str] | None, typer.Option("--set", help="Change a key: KEY=VALUE.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Train on demand of the generator, then judge on test scenarios beside the untrained policy."""
    more = [f"trainer.seconds={seconds}", f"validation.every={every}", f"folder={folder}", *(overrides or [])]
    experiment = compose_experiment([*SETTINGS, *more])
    torch.set_num_threads(1)
    keep_freed_memory()
    world = world_of(experiment)
    tuned = tuned_base_stock(world, tuning_of(experiment))
    with torch.no_grad():
        bar = Validation(experiment, world).of(tuned.agent(world.attributes)).cost_usd_per_day
    validated: list[dict[str, Any]] = []
    days, worked = 0, time.process_time()

    def report(event: Event) -> None:
        nonlocal days
        figures = event.figures
        if figures is None:
            return
        days += figures.environment_days
        point = {
            "iteration": event.done,
            "training_s": figures.training_seconds,
            "environment_days": days,
            "sampled_cost_usd_per_day": figures.cost_usd_per_day,
            "validation_cost_usd_per_day": figures.validation_cost_usd_per_day,
            "validation_fill_rate": figures.validation_fill_rate,
        }
        validated.append(point)
        print(json.dumps(point), flush=True)

    experiment.run_folder.mkdir(parents=True, exist_ok=True)
    trainer_of(experiment)(Job(experiment, tuned.cover, bar, resume=False, report=report))
    worked = time.process_time() - worked
    known = world.starting_from(tuned.cover)
    untrained, trained = learned_module(experiment, known), learned_module(experiment, known)
    trained.load_state_dict(torch.load(experiment.run_folder / POLICY_FILE, weights_only=True)["module"])
    policies: dict[str, Policy] = {
        "base_stock": tuned.agent(world.attributes),
        "untrained": ModuleAgent(untrained, known.attributes),
        "trained": ModuleAgent(trained, known.attributes),
    }
    settings = experiment.evaluation.model_copy(update={"episodes": episodes})
    with torch.inference_mode():
        judged = evaluate(world, policies, settings)
    spent, agents = validated[-1]["training_s"], len(world.network.agents)
    content = {
        "rows": judged.rows(),
        "paired": judged.paired(),
        "iterations": validated,
        "base_stock_validation_cost_usd_per_day": bar,
        "agent_steps_per_s": agents * days / spent,
        "cpu_s": worked,  # validation included
        "provenance": {
            "network": world.description.name,
            "demand": world.demand.summary,
            "overrides": [*SETTINGS, *(text for text in more if "/" not in text)],
            **settings.model_dump(),
            **machine(),
        },
    }
    for pair in judged.paired():
        print(pair["policy"], pair["baseline"], *(pair[f"cost_ratio{end}"] for end in ("", "_low", "_high")))
    print(f"{content['agent_steps_per_s']:,.0f} agent-steps/s")
    if json_file:
        write_atomically(json_file, json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)

"""Ways of training against each other on one network: `python benchmarks/paired_training.py NETWORK --arm NAME=KEYS`.

Every arm is trained from the same seeds, as `entrepot train` does it but in this process, and all are judged on the
same test scenarios, beside the tuned rules. What was trained lies in a folder, so that a long comparison can be made in
pieces: `--only ARM-SEED` trains that one and judges nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import numpy as np
import torch
import typer
from machine import machine
from rich.console import Console
from study_jobs import demand_told, without_nan

from entrepot.agents.policy import Policy
from entrepot.configs.figures import write_json
from entrepot.configs.files import write_atomically
from entrepot.training.evaluation.evaluate import Evaluation, ScenarioSolver, evaluate
from entrepot.training.evaluation.intervals import ratio_interval
from entrepot.training.evaluation.validation import ValidationFigures
from entrepot.training.events import nobody
from entrepot.training.experiment import ExperimentSettings, compose_experiment
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.lost_sales import LostSalesBound
from entrepot.training.pathwise.method import PathwiseMethod, score_of
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.policies import build_policies, rule_baselines
from entrepot.training.run import best_rule, tune, tuning_of
from entrepot.training.trainers.checkpoints import Progress
from entrepot.training.trainers.job import Job
from entrepot.training.trainers.loop import Iteration, Loop
from entrepot.training.trainers.runs import load_run
from entrepot.training.world import world_of

CURVE_FILE = "paired_training.json"
"""In a run's folder: what its training came to."""
COST, LOST = "settled_cost_usd_per_day", "lost_sales_units_per_day"


@dataclass(frozen=True)
class Arm:
    """A way of training."""

    name: str
    overrides: tuple[str, ...]  # of configs/experiment.yaml, beside those of all arms

    @classmethod
    def of(cls, text: str) -> Arm:
        """Of NAME=KEY=VALUE,KEY=VALUE."""
        name, _, keys = text.partition("=")
        return cls(name, tuple(key for key in keys.split(",") if key))


def main(
    network: Annotated[str, typer.Argument(help="By name.")],
    arm: Annotated[list[str], typer.Option(help="NAME=KEY=VALUE,KEY=VALUE; others are told against the first.")],
    overrides: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE, of all arms.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Of training; 0 if none is given.")] = None,
    only: Annotated[str | None, typer.Option(help="ARM-SEED: train this one and judge nothing.")] = None,
    episodes: Annotated[int, typer.Option(min=2, help="Test scenarios.")] = 64,
    days: Annotated[int, typer.Option(min=1, help="Of each.")] = 180,
    folder: Annotated[Path, typer.Option(help="Where runs and tuned rules are kept.")] = Path("checkpoints/paired"),
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Train what isn't there yet, judge all, and tell each arm against the first and against the best rule."""
    torch.set_num_threads(1)
    console = Console(width=120)
    seeds = seed or [0]
    arms = [Arm.of(text) for text in arm]
    shared = [f"network={network}", f"folder={folder}", "validation.seed=0", *(overrides or [])]
    experiments = {
        f"{one.name}-{number}": compose_experiment(
            [*shared, *one.overrides, f"seed={number}", f"run={one.name}-{number}"]
        )
        for one in arms
        for number in seeds
    }
    wanted = [only] if only is not None else list(experiments)
    for name in wanted:
        if not (experiments[name].run_folder / CURVE_FILE).is_file():
            console.print(f"{name}: {_trained(experiments[name])}")
    if only is not None:
        return
    first = next(iter(experiments.values()))
    world = world_of(first)
    tuning = tuning_of(first)
    policies: dict[str, Policy | ScenarioSolver] = build_policies([*rule_baselines(), "untrained"], world, tuning)
    for name, experiment in experiments.items():
        run = load_run(experiment.run_folder)
        policies[name] = run.agent(world.starting_from(run.cover_days))
    settings = first.evaluation.model_copy(update={"episodes": episodes, "days": days})
    with torch.inference_mode():
        judged = evaluate(world, policies, settings)
    pooled = _pooled(judged, [one.name for one in arms], seeds)
    for row in pooled:
        console.print(_told(row))
    if json_file is not None:
        provenance: dict[str, Any] = {
            **machine(),
            **settings.model_dump(),
            "network": network,
            "skus": len(world.network.skus),
            "demand": demand_told(world),
            "arms": {one.name: list(one.overrides) for one in arms},
            "shared": [key for key in overrides or [] if not key.startswith("demand.path=")],
            "seeds": seeds,
            "tuned": tuning.budgets,
        }
        runs = [
            {"run": name, **json.loads((experiment.run_folder / CURVE_FILE).read_text(encoding="utf-8"))}
            for name, experiment in experiments.items()
        ]
        paired = [judged.pair(name, other) for name in experiments for other in _compared(judged, name, arms[0].name)]
        content = {"rows": judged.rows(), "pooled": pooled, "runs": runs, "paired": paired}
        write_json(json_file, provenance=provenance, **without_nan(content))


def _compared(judged: Evaluation, name: str, baseline: str) -> list[str]:
    """The best rule, the policy before training, and the first arm from the same seed."""
    arm, _, seed = name.rpartition("-")
    same = [] if arm == baseline else [f"{baseline}-{seed}"]
    return [str(judged.best_rule), "untrained", *same]


def _trained(experiment: ExperimentSettings) -> str:
    """Train, keep the run in its folder, and say what it came to."""
    world = world_of(experiment)
    tuning = tuning_of(experiment)
    experiment.save()
    tuned, bar = tune(experiment, world, tuning)
    rule = best_rule(experiment, world, tuning) if experiment.trainer.bound_by_rule else None
    settings = PathwiseSettings.of(experiment.trainer)
    bound = LostSalesBound.of(settings, rule)
    world = world.starting_from(tuned.cover)
    learner = Learner(experiment, settings, world)
    method = _Timed(learner, bound)
    validated: list[dict[str, float]] = []

    def told(figures: ValidationFigures) -> None:
        point = {"step": float(learner.iteration), "cost_usd_per_day": figures.cost_usd_per_day}
        point["lost_units_per_day"] = float(figures.lost_units_per_day.mean())
        if bound is not None:
            kept = bound.kept_by(figures)
            point |= {"lost_of_allowed": kept.ratio, "lost_of_allowed_high": kept.high}
            point["multiplier"] = learner.multiplier.value
        validated.append(point)
        method.validated(figures)

    job = Job(experiment, tuned.cover, bar, False, nobody, rule)
    loop = Loop(job, world, score=score_of(settings, bound, None, learner), validated=told)
    progress = loop.run(method, Progress())
    outcome = None if bound is None else bound.told_of(progress.best_score)
    figures = {
        "steps": progress.iteration,
        "training_cpu_seconds": method.cpu_seconds,
        "best_cost_usd_per_day_in_validation": progress.best_cost_usd_per_day,
        "lost_sales": outcome,
        "validated": validated,
    }
    write_atomically(experiment.run_folder / CURVE_FILE, json.dumps(without_nan(figures), indent=1))
    return f"{progress.iteration} steps in {method.cpu_seconds:.0f} s of CPU; {outcome or 'lost sales are free'}"


class _Timed(PathwiseMethod):
    """Whose gradient steps' CPU time is counted: what else runs here doesn't matter to it."""

    cpu_seconds = 0.0

    def iterate(self) -> Iteration:
        began = process_time()
        step = super().iterate()
        self.cpu_seconds += process_time() - began
        return step


def _pooled(judged: Evaluation, arms: list[str], seeds: list[int]) -> list[dict[str, Any]]:
    """Each arm's mean over its seeds, episode by episode, against the best rule and against the first arm."""
    best = str(judged.best_rule)
    rows = []
    for arm in arms:
        row: dict[str, Any] = {"arm": arm, "best_rule": best, "seeds": len(seeds)}
        for figure, kept in ((COST, "settled_cost"), (LOST, "lost_sales")):
            of = {name: figures[figure] for name, figures in judged.by_episode.items()}
            mean = {one: np.mean([of[f"{one}-{number}"] for number in seeds], axis=0) for one in arms}
            row[figure] = float(mean[arm].mean())
            for name, theirs in (("best_rule", of[best]), ("untrained", of["untrained"]), (arms[0], mean[arms[0]])):
                if name != arm:
                    key = f"{kept}_ratio_to_{name}"
                    row |= dict(zip((key, f"{key}_low", f"{key}_high"), ratio_interval(mean[arm], theirs), strict=True))
        rows.append(row)
    return rows


def _told(row: dict[str, Any]) -> str:
    pairs = [key.removesuffix("_low") for key in row if key.endswith("_low")]
    told = [
        f"{key} {row[key] - 1:+.2%} ({row[key + '_low'] - 1:+.2%} to {row[key + '_high'] - 1:+.2%})" for key in pairs
    ]
    return (
        f"{row['arm']}: {row[COST]:.1f} USD/day, {row[LOST]:.2f} units lost a day; best rule {row['best_rule']}; "
        + ("; ".join(told))
    )


if __name__ == "__main__":
    typer.run(main)

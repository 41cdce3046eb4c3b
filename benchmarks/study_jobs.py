"""What the parts of the study share: settings, jobs that are done once, trained runs and evaluations."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from machine import machine
from rich.console import Console

from entrepot.agents.policy import Policy
from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.file import save_rule
from entrepot.training.base_stock.kept import Tuning, tuned_base_stock
from entrepot.training.evaluation.evaluate import Evaluation, ScenarioSolver, evaluate
from entrepot.training.evaluation.validation import Validation
from entrepot.training.events import Event
from entrepot.training.experiment import (
    BASE_STOCK_FILE,
    POLICY_FILE,
    EvaluationSettings,
    ExperimentSettings,
    compose_experiment,
)
from entrepot.training.trainers.job import Job
from entrepot.training.trainers.registry import trainer_of
from entrepot.training.trainers.runs import Run, load_run

VARIANTS: dict[str, tuple[str, ...]] = {
    "default": (),
    "units": ("policy.head=units",),
    "cover": ("policy.head=cover",),
    "no_pooling": ("policy.pool_context=false",),
}
"""What each variant of the pathwise trainer's policy changes."""
TIMED = ("mappo", "ippo", "sb3_ppo")
"""Trainers that end when their minutes are over."""
ENDLESS = 1_000_000
VALIDATE_EVERY = {"pathwise": 10, "mappo": 5, "ippo": 5, "sb3_ppo": 10}
"""Iterations; on kreen some half a minute of training."""
LEAST_POINTS = 6
LIBRARIES = ("torch", "ray", "stable-baselines3", "numpy")

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Budget:
    """How much is spent."""

    seeds: int = 5  # of `learning`
    timed_seeds: int = 3  # of `wall_time`
    ablation_seeds: int = 2
    iterations: int = 120  # gradient steps of a pathwise run
    minutes: float = 20.0  # of training for each run that ends by the clock
    episodes: int = 256  # test scenarios
    planner_episodes: int = 16  # test scenarios where planners take part
    transfer_episodes: int = 64  # test scenarios of each other network or demand
    scaling_iterations: int = 12


@dataclass(frozen=True)
class Study:
    """Where the study takes place, and what it may spend."""

    network: str
    history: str | None
    overrides: tuple[str, ...]  # of configs/experiment.yaml, for every run
    work: Path  # runs and tuned base stocks, which are large
    results: Path  # figures, which are small
    budget: Budget
    other_network: str
    other_demand: str | None
    other_skus: int
    out: Console = field(default_factory=Console)

    def file(self, name: str) -> Path:
        """Of a job's figures."""
        return self.results / f"{name}.json"

    def once(self, name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The figures of a job: those saved, else measured and saved now."""
        path = self.file(name)
        if path.is_file():
            self.out.print(f"{name}: done before")
        else:
            self.out.print(f"{name}: begun at {datetime.now().astimezone():%H:%M}")
            write_atomically(path, json.dumps(without_nan(measure()), indent=1, ensure_ascii=False) + "\n")
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content

    def experiment(self, *overrides: str) -> ExperimentSettings:
        """The study's settings with a few more."""
        demand = () if self.history is None else (f"demand.path={self.history}",)
        shared = ("compute.workers=1", "compute.threads=1", "validation.seed=0", f"folder={self.work}")
        return compose_experiment([f"network={self.network}", *demand, *shared, *self.overrides, *overrides])

    def provenance(self, world: World) -> dict[str, Any]:
        """What figures depend on."""
        return {
            "network": world.description.name,
            "skus": len(world.network.skus),
            "demand": demand_told(world),
            "overrides": list(self.overrides),
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "threads": 1,
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
            **machine(),
        }


@dataclass(frozen=True)
class Trained:
    """A trained run: its folder, and what training told."""

    folder: Path
    figures: dict[str, Any]

    def load(self) -> Run:
        """The run's best policy.

        Raises:
            ConfigurationError: its figures are there but its folder is not.
        """
        if not (self.folder / POLICY_FILE).is_file():
            raise ConfigurationError(
                f"{self.folder}: the run's figures are saved but its policy is not here; delete them to train it anew"
            )
        return load_run(self.folder)


def world_of(experiment: ExperimentSettings) -> World:
    """The network and demand of an experiment."""
    return build_world(experiment.network, experiment.demand, skus=experiment.skus, observation=experiment.observation)


def tuning_of(study: Study, experiment: ExperimentSettings) -> Tuning:
    """Base stocks are tuned once for all runs; what was tuned stays in the study's folder."""
    return Tuning(settings=experiment.base_stock, windows=experiment.windows, folder=study.work / "base_stock")


def trained(study: Study, trainer: str, variant: str, seed: int) -> Trained:
    """A run of a trainer, trained now if it was not before.

    Args:
        study: the study.
        trainer: its kind.
        variant: one of `VARIANTS`.
        seed: of the run; validation and test scenarios are the same for all.
    """
    name = f"{trainer}-{variant}-seed{seed}"
    minutes, iterations = study.budget.minutes, study.budget.iterations
    every = VALIDATE_EVERY[trainer]
    if trainer in TIMED:
        limits = (f"trainer.seconds={60 * minutes}", f"trainer.iterations={ENDLESS}")
    else:
        limits, every = (f"trainer.iterations={iterations}",), max(1, min(every, iterations // LEAST_POINTS))
    experiment = study.experiment(
        f"trainer={trainer}",
        *limits,
        *VARIANTS[variant],
        f"validation.every={every}",
        "validation.untrained=true",
        f"seed={seed}",
        f"run={name}",
    )
    figures = study.once(f"runs/{name}", lambda: _train(study, experiment, variant))
    return Trained(experiment.run_folder, figures)


def _train(study: Study, experiment: ExperimentSettings, variant: str) -> dict[str, Any]:
    world = world_of(experiment)
    tuned = tuned_base_stock(world, tuning_of(study, experiment))
    folder = experiment.run_folder
    save_rule(tuned, world.network, folder / BASE_STOCK_FILE)
    experiment.save()
    with torch.no_grad():
        bar = Validation(experiment, world).of(tuned.agent(world.attributes)).cost_usd_per_day
    validated: list[dict[str, Any]] = []
    days = 0

    def report(event: Event) -> None:
        nonlocal days
        figures = event.figures
        if figures is None:
            return
        days += figures.environment_days
        if figures.validation_cost_usd_per_day is not None:
            validated.append(
                {
                    "iteration": event.done,
                    "training_seconds": round(figures.training_seconds, 3),
                    "environment_days": days,
                    "cost_usd_per_day": figures.validation_cost_usd_per_day,
                    "fill_rate": figures.validation_fill_rate,
                }
            )

    failure, outcome = None, None
    try:
        outcome = trainer_of(experiment)(Job(experiment, tuned.cover, bar, resume=False, report=report))
    except ConfigurationError:
        raise
    except (ValueError, FloatingPointError) as error:  # its numbers ran away: that is a result too
        failure = str(error).splitlines()[0]
        study.out.print(f"[red]{experiment.run}: {failure}[/]")
    return {
        "trainer": experiment.trainer.kind,
        "variant": variant,
        "seed": experiment.seed,
        "base_stock_cost_usd_per_day": bar,
        "base_stock_budget": tuned.budget,
        "base_stock_seconds": tuned.seconds,
        "validated": validated,
        "failure": failure,
        "iterations": outcome.iterations if outcome else max((point["iteration"] for point in validated), default=0),
        "best_cost_usd_per_day": outcome.best_cost_usd_per_day if outcome else None,
        "seconds": outcome.seconds if outcome else None,
        "seconds_to_beat_base_stock": outcome.seconds_to_beat_base_stock if outcome else None,
        "settings": experiment.trainer.model_dump(),
        "validation": experiment.validation.model_dump(),
        "limit_minutes": study.budget.minutes if experiment.trainer.kind in TIMED else None,
        "lanes_by_agent": [
            int((world.network.lane.agent == agent).sum()) for agent in range(len(world.network.agents))
        ],
        "provenance": study.provenance(world),
    }


def best_run(study: Study) -> Trained:
    """Of the runs of `learning`, the one that costs least in validation."""
    runs = [trained(study, "pathwise", "default", seed) for seed in range(study.budget.seeds)]
    return min(runs, key=lambda run: float(run.figures["best_cost_usd_per_day"]))


def judge(
    study: Study,
    world: World,
    policies: Mapping[str, Policy | ScenarioSolver],
    episodes: int,
    settings: EvaluationSettings,
) -> tuple[Evaluation, dict[str, Any]]:
    """Policies on the same test scenarios, as figures to save: the same as `entrepot evaluate --json` writes.

    Args:
        study: the study.
        world: in which.
        policies: by name.
        episodes: how many scenarios.
        settings: of the scenarios otherwise.
    """
    settings = settings.model_copy(update={"episodes": episodes})
    torch.set_num_threads(1)
    with torch.inference_mode():
        judged = evaluate(world, policies, settings)
    provenance = {
        "split": str(judged.split),
        **settings.model_dump(),
        "seconds": {name: round(value, 1) for name, value in judged.seconds.items()},
        "effort": judged.effort,
        **study.provenance(world),
    }
    return judged, {"rows": judged.rows(), "paired": judged.paired(), "provenance": provenance}


def demand_told(world: World) -> str:
    """The demand's summary without where its file lies."""
    head, _, rest = world.demand.summary.partition(",")
    words = [Path(word).name if "/" in word else word for word in head.split(" ")]
    return " ".join(words) + (f",{rest}" if rest else "")


def without_nan(value: Any) -> Any:
    """The same with null for what is no number, as JSON wants it."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""The parts of the study; each leaves its figures in files of its own and skips what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import typer
import yaml
from study_jobs import ENDLESS, TIMED, VARIANTS, Study, best_run, judge, trained, tuning_of, world_of

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock, MinMax
from entrepot.configs.files import write_atomically
from entrepot.configs.loader import locate, read_yaml
from entrepot.envs.world import World
from entrepot.training.base_stock.kept import tuned_base_stock
from entrepot.training.evaluation.evaluate import ScenarioSolver
from entrepot.training.evaluation.intervals import ratio_interval
from entrepot.training.events import Event
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.policies import build_policies
from entrepot.training.trainers.job import Job
from entrepot.training.trainers.modules import neural_policy
from entrepot.training.trainers.registry import trainer_of

LEVEL = 2.0
"""The factor on all demand where the trained module meets another level."""
SCALING: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "pathwise-1-worker": ("pathwise", 1, ("compute.workers=1",)),
    "pathwise-2-workers": ("pathwise", 2, ("compute.workers=2",)),
    "ippo-1-process": ("ippo", 1, ("compute.workers=1",)),
    "ippo-2-runners": ("ippo", 2, ("compute.workers=2",)),
    "ippo-2-learners": ("ippo", 2, ("compute.workers=1", "trainer.learners=2")),
}
"""Trainer, processes that share the work, and settings; the first of a trainer is what its others are compared with."""
WARM_UP_ITERATIONS = 2


def learning(study: Study) -> None:
    """Pathwise, all seeds."""
    for seed in range(study.budget.seeds):
        trained(study, "pathwise", "default", seed)


def wall_time(study: Study) -> None:
    """The trainers that end by the clock, then pathwise, whose runs are those of `learning`."""
    for trainer in (*TIMED, "pathwise"):
        for seed in range(study.budget.timed_seeds):
            trained(study, trainer, "default", seed)


def table(study: Study) -> None:
    """The study's best run against the rules, and with planners on fewer scenarios."""
    experiment = study.experiment()

    def measure(names: tuple[str, ...], episodes: int) -> dict[str, Any]:
        run, world = best_run(study), world_of(experiment)
        policies = build_policies([*names, str(run.folder)], world, tuning_of(study, experiment))
        policies["trained"] = policies.pop(run.folder.name)
        if "hindsight" in policies:
            policies["hindsight"] = policies.pop("hindsight")
        _, figures = judge(study, world, policies, episodes, experiment.evaluation)
        return figures | {"run": run.folder.name}

    study.once("table", lambda: measure(("min_max", "base_stock"), study.budget.episodes))
    planners = ("min_max", "base_stock", "mpc", "hindsight")
    study.once("table_planners", lambda: measure(planners, study.budget.planner_episodes))


def adopt_table(study: Study, path: Path) -> None:
    """Take what `entrepot evaluate --json` wrote for the table with planners."""
    content = json.loads(path.read_text(encoding="utf-8"))
    missing = [key for key in ("rows", "paired", "provenance") if key not in content]
    if missing:
        raise typer.BadParameter(f"--table {path}: holds no {', '.join(missing)}; give what `evaluate --json` wrote")
    write_atomically(study.file("table_planners"), json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def transfer(study: Study) -> None:
    """The best run's module, as it is, on other networks and other demand."""
    targets: dict[str, Callable[[], ExperimentSettings]] = {
        "home": study.experiment,
        "more_skus": lambda: _more_skus(study),
        "more_warehouses": lambda: _more_warehouses(study),
    }
    if study.history is not None:
        targets["generated_demand"] = lambda: study.experiment("demand.path=null", "demand=calibrated")
        targets["other_level"] = lambda: study.experiment(f"demand={_levelled(study)}")
    for name, experiment in targets.items():
        study.once(f"transfer/{name}", lambda experiment=experiment: _transferred(study, experiment()))


def _more_skus(study: Study) -> ExperimentSettings:
    """As large a share of the SKUs in each training window as at home, so that each is tuned as often."""
    home = study.experiment()
    known = len(world_of(home).network.skus)
    in_window = max(1, round(study.other_skus * min(1.0, home.windows.skus / known)))
    return study.experiment(f"skus={study.other_skus}", f"windows.skus={in_window}")


def _more_warehouses(study: Study) -> ExperimentSettings:
    demand = () if study.history is None or study.other_demand is None else (f"demand={study.other_demand}",)
    return study.experiment(f"network={study.other_network}", "skus=null", *demand)


def _levelled(study: Study) -> Path:
    """A demand YAML that sells `LEVEL` times as much of everything."""
    content = read_yaml(locate("demand", "history"))
    for market in content["markets"].values():
        market["scale"] *= LEVEL
    path = study.work / f"history-times-{LEVEL:g}.yaml"
    write_atomically(path, yaml.safe_dump(content, sort_keys=False))
    return path


def _transferred(study: Study, experiment: ExperimentSettings) -> dict[str, Any]:
    run, world = best_run(study), world_of(experiment)
    module = run.load().module
    untrained = neural_policy(experiment).eval()
    tuned = tuned_base_stock(world, tuning_of(study, experiment))
    covered = world.starting_from(tuned.cover)
    policies: dict[str, Policy | ScenarioSolver] = {
        "min_max": MinMax(world.attributes),
        "base_stock_textbook": BaseStock.midway(world.attributes, world.attributes.base_cover_days),
        "base_stock": tuned.agent(world.attributes),
        "untrained_textbook": ModuleAgent(untrained, world.attributes),
        "trained_textbook": ModuleAgent(module, world.attributes),
        "untrained": ModuleAgent(untrained, covered.attributes),
        "trained": ModuleAgent(module, covered.attributes),
    }
    _, figures = judge(study, world, policies, study.budget.transfer_episodes, experiment.evaluation)
    sizes = {"warehouses": len(world.network.agents), "lanes": len(world.network.lanes)}
    return figures | {"run": run.folder.name, "tuning": tuned.budget, **sizes}


def ablations(study: Study) -> None:
    """The default against each other variant, with the same seeds."""
    seeds = range(study.budget.ablation_seeds)
    variants = tuple(VARIANTS)

    def measure() -> dict[str, Any]:
        experiment = study.experiment()
        world = world_of(experiment)
        rules = build_policies(["min_max", "base_stock"], world, tuning_of(study, experiment))
        runs = {(variant, seed): trained(study, "pathwise", variant, seed) for variant in variants for seed in seeds}
        policies = rules | {f"{variant}-seed{seed}": _agent(run, world) for (variant, seed), run in runs.items()}
        judged, figures = judge(study, world, policies, study.budget.episodes, experiment.evaluation)
        pooled: list[dict[str, Any]] = [{"variant": name} for name in variants]
        for figure, kept in (("cost_usd_per_day", "cost"), ("lost_sales_units_per_day", "lost_sales")):
            of = {name: by_figure[figure] for name, by_figure in judged.by_episode.items()}
            mean = {name: np.mean([of[f"{name}-seed{seed}"] for seed in seeds], axis=0) for name in variants}
            for row in pooled:
                for baseline, theirs in (("base_stock", of["base_stock"]), ("default", mean["default"])):
                    row |= _against(baseline, kept, mean[row["variant"]], theirs)
        return figures | {"variants": pooled, "seeds": len(seeds), "iterations": study.budget.iterations}

    study.once("ablations", measure)


def _agent(run: Any, world: World) -> Policy:
    loaded = run.load()
    agent: Policy = loaded.agent(world.starting_from(loaded.cover_days))
    return agent


def _against(name: str, figure: str, ours: Any, theirs: Any) -> dict[str, float]:
    ratio, low, high = ratio_interval(ours, theirs)
    key = f"{figure}_ratio_to_{name}"
    return {key: ratio, f"{key}_low": low, f"{key}_high": high}


def scaling(study: Study) -> None:
    """Samples a second with one process and with two."""
    cores = study.provenance(world_of(study.experiment()))["cores"]
    if cores < 2:
        raise typer.BadParameter("scaling needs two cores; leave --core away")
    for name, (trainer, processes, settings) in SCALING.items():
        study.once(
            f"scaling/{name}",
            lambda name=name, trainer=trainer, processes=processes, settings=settings: _speed(
                study, name, trainer, processes, settings
            ),
        )


def _speed(study: Study, name: str, trainer: str, processes: int, settings: tuple[str, ...]) -> dict[str, Any]:
    iterations = study.budget.scaling_iterations + WARM_UP_ITERATIONS
    quick = ("validation.episodes=2", "validation.days=1", f"validation.every={ENDLESS}")
    run = f"scaling-{name}"
    more = (f"trainer={trainer}", f"trainer.iterations={iterations}", *quick, *settings, f"run={run}")
    experiment = study.experiment(*more)
    world = world_of(experiment)
    seen: list[tuple[int, float]] = []

    def report(event: Event) -> None:
        if event.figures is not None:
            seen.append((event.figures.environment_days, event.figures.training_seconds))

    cover = world.attributes.base_cover_days
    trainer_of(experiment)(Job(experiment, cover, None, resume=False, report=report))
    days = sum(count for count, _ in seen[WARM_UP_ITERATIONS:])
    seconds = seen[-1][1] - seen[WARM_UP_ITERATIONS - 1][1]
    return {
        "trainer": trainer,
        "what": name.removeprefix(f"{trainer}-").replace("-", " "),
        "processes": processes,
        "environment_days_per_s": days / seconds,
        "agent_steps_per_s": days / seconds * len(world.network.agents),
        "iterations": study.budget.scaling_iterations,
        "seconds": seconds,
        "torch": torch.__version__,
        "provenance": study.provenance(world),
    }


PARTS: dict[str, Callable[[Study], None]] = {
    "learning": learning,
    "wall_time": wall_time,
    "table": table,
    "transfer": transfer,
    "ablations": ablations,
    "scaling": scaling,
}

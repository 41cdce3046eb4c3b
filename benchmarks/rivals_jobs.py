"""What `rivals.py` and `drift.py` measure: rules tuned and a policy trained in each world, on the same scenarios."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from drifting_history import write_history

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock, MinMax
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.network.loading import load_network
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.file import BASE_STOCK
from entrepot.training.base_stock.kept import Tuning, tuned_rule
from entrepot.training.base_stock.starts import rule_names
from entrepot.training.evaluation.evaluate import UNTRAINED, Evaluation, ScenarioSolver, evaluate
from entrepot.training.evaluation.validation import Validation
from entrepot.training.experiment import EvaluationSettings, ExperimentSettings, compose_experiment
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.policies import build_policies, released_folder

HERE = Path(__file__).parent
FACTORS = 0.4, 3.0
"""Least and most of `one_factor`, on the textbook's covers; the one that costs least in validation is taken."""
ONE_FACTOR, TRAINED, RELEASED = "one_factor", "trained", "released"
POLICIES = ("min_max", ONE_FACTOR, *rule_names(), UNTRAINED, TRAINED, RELEASED)
"""In the order of the tables."""
SIMPLE = (ONE_FACTOR, *rule_names())
"""Rules that are tuned."""


@dataclass(frozen=True)
class Place:
    """A network and its demand, before either is read."""

    name: str
    network: str
    demand: DemandSettings
    skus: int | None = None

    def experiment(self, overrides: Sequence[str], seed: int) -> ExperimentSettings:
        """Settings of what is trained here."""
        composed = compose_experiment([f"network={self.network}", f"run={self.name}", f"seed={seed}", *overrides])
        return composed.model_copy(update={"demand": self.demand, "skus": self.skus})

    def world(self) -> World:
        """Compiled."""
        return build_world(self.network, self.demand, skus=self.skus)


@dataclass(frozen=True)
class Job:
    """All that a process needs to know."""

    place: Place
    overrides: tuple[str, ...]
    seed: int  # of training
    folder: Path  # where tuned rules and trained policies are kept


def drifting_place(folder: Path, *, skus: int, seed: int = 0) -> Place:
    """The small network with a drifting history, written into a folder."""
    demand = write_history(folder, load_network("two_warehouses", skus=skus), seed=seed)
    return Place("drifting", "two_warehouses", DemandSettings(name=str(demand)), skus)


def places(history: Path | None, folder: Path) -> list[Place]:
    """Where rivals meet; without a history, kreen's own is left out."""
    known = [Place("kreen history", "kreen", DemandSettings(path=str(history)))] if history else []
    unlike = DemandSettings(name=str(HERE / "worlds" / "unlike_demand.yaml"))
    return [
        *known,
        Place("kreen generated", "kreen", DemandSettings()),
        drifting_place(folder, skus=40),
        Place("unlike", str(HERE / "worlds" / "unlike.yaml"), unlike),
    ]


def tuned(job: Job, rule: str) -> float:
    """Tune a rule and keep it; seconds of one core."""
    torch.set_num_threads(1)
    found = tuned_rule(job.place.world(), _tuning(job), rule)
    return found.seconds


def trained(job: Job) -> float:
    """Train the neural policy as `entrepot train` does on one worker, without Ray; seconds of one core."""
    torch.set_num_threads(1)
    experiment, world = job.place.experiment(job.overrides, job.seed), job.place.world()
    world = world.starting_from(tuned_rule(world, _tuning(job), BASE_STOCK).cover)
    started = perf_counter()
    settings = PathwiseSettings.of(experiment.trainer)
    learner, validation = Learner(experiment, settings, world), Validation(experiment, world)
    best, weights = float("inf"), copy.deepcopy(learner.module.state_dict())
    while learner.iteration < settings.iterations:
        learner.step()
        if learner.iteration % experiment.validation.every == 0 or learner.iteration == settings.iterations:
            figures = validation.run(learner.module, learner.cover_days)
            extra = settings.lost_sales_weight - 1.0
            score = figures.cost_usd_per_day + extra * figures.by_name["lost_margin_usd_per_day"]
            if score < best:
                best, weights = score, copy.deepcopy(learner.module.state_dict())
    torch.save({"module": weights, "cover_days": learner.cover_days}, _trained_file(job))
    return perf_counter() - started


def judged(job: Job, policy: str, settings: EvaluationSettings) -> Evaluation:
    """One policy on the test scenarios."""
    torch.set_num_threads(1)
    world = job.place.world()
    with torch.inference_mode():
        return evaluate(world, {policy: _policy(job, policy, world)}, settings)


def compare(
    jobs: Sequence[Job],
    settings: EvaluationSettings,
    *,
    processes: int,
    say: Callable[[str], None],
    trains: bool = True,
) -> dict[str, tuple[Evaluation, dict[str, float]]]:
    """Tune, train and judge in each place, side by side.

    Args:
        jobs: one a place.
        settings: the test scenarios.
        processes: how many work at a time, on one core each.
        say: told of what is done.
        trains: whether the policy is trained; else only what was trained before is judged.

    Returns:
        Per place all policies on the same scenarios, and what tuning and training took, in seconds of one core.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    seconds: dict[str, dict[str, float]] = {job.place.name: {} for job in jobs}
    found: dict[str, dict[str, Evaluation]] = {job.place.name: {} for job in jobs}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[Any], tuple[Job, str, str]] = {}

        def submit(job: Job, what: str, policy: str) -> None:
            call = {"tune": (tuned, job, policy), "train": (trained, job), "judge": (judged, job, policy, settings)}
            waiting[pool.submit(*call[what])] = (job, what, policy)

        def done(future: Future[Any]) -> None:
            job, what, policy = waiting.pop(future)
            name = job.place.name
            if what == "judge":
                found[name][policy] = future.result()
                return
            seconds[name][policy] = future.result()
            submit(job, "judge", policy)
            if policy == BASE_STOCK:
                submit(job, "judge", UNTRAINED)
                if trains:
                    submit(job, "train", TRAINED)
                if released_module(job.place) is not None:
                    submit(job, "judge", RELEASED)

        for job in jobs:  # what others wait for goes first
            submit(job, "tune", BASE_STOCK)
        for job in jobs:
            for rule in rule_names():
                if rule != BASE_STOCK:
                    submit(job, "tune", rule)
            submit(job, "judge", "min_max")
            submit(job, "judge", ONE_FACTOR)
        while waiting:
            future = next(as_completed(waiting))
            job, what, policy = waiting[future]
            done(future)
            told = _in_short(found[job.place.name], seconds[job.place.name], policy)
            say(f"{job.place.name}: {what} {policy}: {told}")
    return {name: (_together(found[name]), seconds[name]) for name in found}


def _in_short(found: dict[str, Evaluation], seconds: dict[str, float], policy: str) -> str:
    if policy in found:
        return f"{found[policy].rows()[0]['settled_cost_usd_per_day']:,.1f} USD a day"
    return f"{seconds[policy]:.0f} s"


def released_module(place: Place) -> Path | None:
    """The module that ships for the place's network, trained elsewhere and perhaps on other demand."""
    folder = released_folder() / f"{place.network}-pathwise"
    return folder if folder.is_dir() else None


def _together(found: dict[str, Evaluation]) -> Evaluation:
    """The evaluations of single policies as one; their scenarios are the same."""
    ordered = [found[policy] for policy in POLICIES if policy in found]
    merged: dict[str, dict[str, Any]] = {}
    for name in ("by_episode", "by_node", "on_hand", "effort", "seconds"):
        merged[name] = {key: value for one in ordered for key, value in getattr(one, name).items()}
    return replace(ordered[0], rules=tuple(rule for one in ordered for rule in one.rules), **merged)


def _policy(job: Job, policy: str, world: World) -> Policy | ScenarioSolver:
    if policy == "min_max":
        return MinMax(world.attributes)
    if policy == ONE_FACTOR:
        return one_factor(world)
    if policy == RELEASED:
        (found,) = build_policies([str(released_module(job.place))], world, _tuning(job)).values()
        return found
    if policy not in (UNTRAINED, TRAINED):
        return tuned_rule(world, _tuning(job), policy).agent(world.attributes)
    experiment = job.place.experiment(job.overrides, job.seed)
    covered = world.starting_from(tuned_rule(world, _tuning(job), BASE_STOCK).cover)
    learner = Learner(experiment, PathwiseSettings.of(experiment.trainer), covered)
    if policy == TRAINED:
        learner.module.load_state_dict(torch.load(_trained_file(job), weights_only=True)["module"])
    return ModuleAgent(learner.module.eval(), covered.attributes)


def one_factor(world: World, *, episodes: int = 16, days: int = 90, factors: int = 15) -> BaseStock:
    """The simplest rule that is tuned: one factor on the textbook's covers of the last quarter's demand."""
    settings = EvaluationSettings(episodes=episodes, days=days, warm_up_days=60, seed=1)
    cover = world.attributes.base_cover_days
    tried = np.geomspace(*FACTORS, factors).tolist()
    rules = {f"{factor:.3f}": BaseStock(world.attributes, _quarter_figures(factor * cover)) for factor in tried}
    with torch.inference_mode():
        rows = evaluate(world, rules, settings, split=Split.VALIDATION).rows()
    return rules[min(rows, key=lambda row: float(row["settled_cost_usd_per_day"]))["policy"]]


def _quarter_figures(cover: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"cover": cover, "trust": cover.new_tensor([0.0, 0.0, 1.0, 0.0]), "season": cover.new_zeros(())}


def _tuning(job: Job) -> Tuning:
    experiment = job.place.experiment(job.overrides, job.seed)
    return Tuning(settings=experiment.base_stock, windows=experiment.windows, folder=job.folder / "rules")


def _trained_file(job: Job) -> Path:
    return job.folder / f"{job.place.name.replace(' ', '-')}-{job.seed}.pt"

"""What `entrepot train` does, as a function: tune the rule, train, judge, and leave everything in the run's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from entrepot.configs.files import refuse_unwritable
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.world import World
from entrepot.training.base_stock.file import TunedRule, save_rule
from entrepot.training.base_stock.kept import Tuning, tuned_base_stock, what_is_tuned_on
from entrepot.training.content import content_of, differences
from entrepot.training.evaluation.evaluate import UNTRAINED, Evaluation, ScenarioSolver
from entrepot.training.evaluation.report import write_evaluation
from entrepot.training.evaluation.validation import Validation
from entrepot.training.events import Event, Kind, Observer, nobody
from entrepot.training.experiment import BASE_STOCK_FILE, SETTINGS_FILE, ExperimentSettings
from entrepot.training.judging import judge, told
from entrepot.training.policies import build_policies, rule_baselines
from entrepot.training.resuming import refuse_another_experiment
from entrepot.training.run_folder import EVALUATION_FILE, PLOTS, TENSORBOARD, RunFolder, earlier_run, new_run
from entrepot.training.threads import computing_on, threads_each, told_of_threads
from entrepot.training.trainers.cluster import reached, refuse_missing_device
from entrepot.training.trainers.job import Job, Outcome, RuleInValidation
from entrepot.training.trainers.registry import trainer_of
from entrepot.training.trainers.tensorboard import write_hyperparameters
from entrepot.training.world import world_of


@dataclass(frozen=True)
class Trained:
    """A run that is done: everything it found, all of which lies in its folder too."""

    experiment: ExperimentSettings
    world: World
    tuned: TunedRule
    outcome: Outcome
    judged: Evaluation
    budgets: dict[str, str]  # what was spent on tuning, by policy


def train(
    experiment: ExperimentSettings, *, resume: bool = False, overwrite: bool = False, observe: Observer = nobody
) -> Trained:
    """Tune the base-stock rule, train a policy that starts from it, and judge both on held-out scenarios.

    Args:
        experiment: settings of the whole.
        resume: go on from the last checkpoint of the run of this name, which must be the same experiment on the same
            network and demand, but for more iterations.
        overwrite: remove an earlier run of the name, which is refused otherwise.
        observe: told of each step.

    Raises:
        ConfigurationError: a setting can't be used, or the run's folder may not be written to.
        TrainingError: training was begun and gave up.
    """
    experiment.trainer.refuse(experiment.compute)
    refuse_missing_device(experiment.compute)
    refuse_unwritable(experiment.run_folder / SETTINGS_FILE, "folder")
    if resume:
        refuse_another_experiment(experiment)
    world = world_of(experiment)
    threads = f"threads: {told_of_threads(experiment.compute.threads, 'compute.threads')}"
    observe(Event(Kind.WORLD, text=f"{told_of(world)}\n{threads}"))
    for warning in world.warnings(days=experiment.evaluation.days):
        observe(Event(Kind.WARNING, text=str(warning)))
    tuning = told(tuning_of(experiment), observe)
    if experiment.base_stock.path is not None:
        tuned_base_stock(world, tuning)  # which only reads it: refused here, before an earlier run is removed
    with (
        reached(experiment.compute),
        _folder(experiment, world, resume=resume, overwrite=overwrite),
        computing_on(threads_each(experiment.compute.threads)),
    ):
        experiment.save()
        tuned, bar = tune(experiment, world, tuning)
        observe(Event(Kind.TUNED, text=f"{tuned.budget}; costs {bar:,.0f} USD/day in validation"))
        rule = best_rule(experiment, world, tuning) if experiment.trainer.bound_by_rule else None
        if rule is not None:
            observe(Event(Kind.NOTE, text=f"lost sales: no more than {rule.name}, the cheapest rule in validation"))
        observe(Event(Kind.BEGUN, total=experiment.trainer.iterations))
        job = Job(experiment, tuned.cover, bar, resume, observe, rule)
        outcome = trainer_of(experiment)(job)
        observe(Event(Kind.TRAINED, outcome.iterations, text=_told_of_outcome(outcome)))
        policies = [*rule_baselines(), UNTRAINED, str(experiment.run_folder)]
        judged = judge(policies, world, experiment.evaluation, tuning=tuning, observe=observe)
        _write(experiment, world, judged, tuning.budgets)
    return Trained(experiment, world, tuned, outcome, judged, tuning.budgets)


def tuning_of(experiment: ExperimentSettings) -> Tuning:
    """How an experiment tunes the base stock, and where all runs of its folder keep what was tuned."""
    # On levels that stay: what policies start from is then the same, whatever they are to learn from it.
    windows = experiment.windows.model_copy(update={"moving_share": 0.0})
    return Tuning(settings=experiment.base_stock, windows=windows, folder=Path(experiment.folder) / "base_stock")


def tune(experiment: ExperimentSettings, world: World, tuning: Tuning) -> tuple[TunedRule, float]:
    """The tuned base stock, kept beside the run, and what it costs in validation, USD a day."""
    tuned = tuned_base_stock(world, tuning)
    # The covers of a path given are of another tuning, which nobody here can vouch for.
    tuned_on = what_is_tuned_on(world, tuning) if experiment.base_stock.path is None else None
    save_rule(tuned, world.network, experiment.run_folder / BASE_STOCK_FILE, tuned_on=tuned_on)
    return tuned, Validation(experiment, world).of(tuned.agent(world.attributes)).cost_usd_per_day


def best_rule(experiment: ExperimentSettings, world: World, tuning: Tuning) -> RuleInValidation:
    """The rule that costs least in validation, every one of them tuned, and what it loses there."""
    validation = Validation(experiment, world)
    rules = build_policies(rule_baselines(), world, tuning)
    with torch.no_grad():
        found = {name: validation.of(rule) for name, rule in rules.items() if not isinstance(rule, ScenarioSolver)}
    name = min(found, key=lambda rule: found[rule].cost_usd_per_day)
    return RuleInValidation(name, found[name].lost_units_per_day)


@contextmanager
def _folder(experiment: ExperimentSettings, world: World, *, resume: bool, overwrite: bool) -> Iterator[RunFolder]:
    content = content_of(world)
    if not resume:
        with new_run(experiment, content, overwrite=overwrite) as run:
            yield run
        return
    with earlier_run(experiment) as run:
        changed = differences(run.content, content)
        if changed:
            raise ConfigurationError(
                f"--resume: {', '.join(changed)}: not what the run in {run.folder} was begun with; give it the same "
                "network and demand, or start anew without --resume"
            )
        yield run


def _write(experiment: ExperimentSettings, world: World, judged: Evaluation, budgets: dict[str, str]) -> None:
    folder = experiment.run_folder
    write_evaluation(judged, world, budgets, json_file=folder / EVALUATION_FILE, plots=folder / PLOTS)
    row = judged.rows()[-1]
    shown = ("settled_cost_usd_per_day", "cost_usd_per_day", "fill_rate", "lost_share", "kg_co2e_per_day")
    results = {name: row[name] for name in shown}
    baselines = {"base_stock": "base_stock", "best_rule": str(judged.best_rule), UNTRAINED: UNTRAINED}
    for label, baseline in baselines.items():
        pair = judged.pair(row["policy"], baseline)
        for cost in ("settled_cost", "cost"):
            results[f"{cost}_ratio_to_{label}"] = pair[f"{cost}_ratio"]
    write_hyperparameters(folder / TENSORBOARD, experiment, results)


def told_of(world: World) -> str:
    """The network and its demand in a few lines, with what was left out, replaced or assumed."""
    size = f"{len(world.network.agents)} warehouses, {len(world.network.lanes)} lanes, {len(world.network.skus)} SKUs"
    lines = [f"network: {world.description.name}: {size}", f"demand: {world.demand.summary}"]
    lines += (*world.knowledge_lines, *world.disruption_lines)
    return "\n".join([*lines, *(f"note: {line}" for line in world.demand.remarks)])


def _told_of_outcome(outcome: Outcome) -> str:
    text = f"{outcome.iterations} iterations in {outcome.seconds:.0f} s, start-up and validation included"
    if outcome.lost_sales is not None:
        text = f"{text}; {outcome.lost_sales}"
    beaten = outcome.seconds_to_beat_base_stock
    if beaten is None:
        return f"{text}; tuned base_stock was not beaten in validation"
    if beaten == 0:
        return f"{text}; cheaper than tuned base_stock in validation before any training"
    return f"{text}; cheaper than tuned base_stock in validation after {beaten:.0f} s of training"

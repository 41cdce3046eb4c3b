"""What `entrepot sweep` does, as a function: read the plan, tune the rule, run the trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from entrepot.training.base_stock.file import save_rule
from entrepot.training.base_stock.kept import tuned_base_stock, what_is_tuned_on
from entrepot.training.content import content_of
from entrepot.training.evaluation.validation import Validation
from entrepot.training.events import Event, Kind, Observer, nobody
from entrepot.training.experiment import BASE_STOCK_FILE, POLICY_FILE, ExperimentSettings, compose_experiment
from entrepot.training.judging import told
from entrepot.training.run import told_of, tuning_of
from entrepot.training.run_folder import new_sweep
from entrepot.training.sweeps.sweeping import Sweep, run_trials, tune_place
from entrepot.training.sweeps.trial import SweepTrial
from entrepot.training.threads import computing_on, threads_each
from entrepot.training.trainers.cluster import reached
from entrepot.training.trainers.job import TrainingError
from entrepot.training.trainers.settings import ComputeSettings
from entrepot.training.world import world_of


@dataclass(frozen=True)
class Swept:
    """A sweep that is done."""

    experiment: ExperimentSettings  # what all trials share
    plan: Sweep
    base_stock_cost_usd_per_day: float  # in validation
    trials: list[SweepTrial]  # cheapest first


def sweep(overrides: Sequence[str], *, trials: int, concurrent: int, observe: Observer = nobody) -> Swept:
    """Search the keys that have several values for the lowest cost in validation.

    Args:
        overrides: of `configs/experiment.yaml`, in Hydra's sweep syntax.
        trials: how many points.
        concurrent: how many at a time; each has `compute.workers` workers.
        observe: told of each step.

    Raises:
        ConfigurationError: an override can't be used.
        TrainingError: every trial failed.
    """
    plan = Sweep.parse(overrides)
    experiment = compose_experiment(plan.shared, unnamed="-sweep")  # a sweep's folder is told from a run's
    for key, domain in plan.domains.items():  # a key that doesn't exist is found here and not in each trial
        compose_experiment(plan.overrides({key: domain.sample()}))
    # Ray Tune takes an address and a storage, whatever the trainer.
    experiment.trainer.refuse(ComputeSettings())
    world = world_of(experiment)
    observe(Event(Kind.WORLD, text=told_of(world)))
    for warning in world.warnings(days=experiment.evaluation.days):
        observe(Event(Kind.WARNING, text=str(warning)))
    with (
        reached(experiment.compute),
        new_sweep(experiment),
        computing_on(threads_each(experiment.compute.threads)),
    ):
        tuning = told(tuning_of(experiment), observe)
        tuned = tuned_base_stock(world, tuning)
        bar = Validation(experiment, world).of(tuned.agent(world.attributes)).cost_usd_per_day
        observe(Event(Kind.TUNED, text=f"{tuned.budget}; costs {bar:,.0f} USD/day in validation"))
        swept = ", ".join(plan.domains)
        observe(Event(Kind.NOTE, text=f"sweep over {swept}: {trials} trials, {concurrent} at a time"))
        content = content_of(world)
        done = run_trials(plan, experiment, content, tuned.cover, bar, trials=trials, concurrent=concurrent)
        if done[0].cost_usd_per_day is None:
            raise TrainingError(f"every trial failed; the errors are in {tune_place(experiment)}")
        tuned_on = what_is_tuned_on(world, tuning) if experiment.base_stock.path is None else None
        for trial in done:
            if (trial.folder / POLICY_FILE).is_file():
                save_rule(tuned, world.network, trial.folder / BASE_STOCK_FILE, tuned_on=tuned_on)
    return Swept(experiment, plan, bar, done)

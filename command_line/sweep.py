"""`entrepot sweep`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from entrepot.agents.rules import BaseStock
from entrepot.command_line.tables import console, headed, table, tell, write_json
from entrepot.configs.files import refuse_unwritable
from entrepot.envs.world import build_world
from entrepot.training.base_stock.kept import BASE_STOCK_FILE, Tuning, tuned_base_stock
from entrepot.training.base_stock.tuning import save_base_stock
from entrepot.training.evaluation.validation import Validation
from entrepot.training.experiment import POLICY_FILE, ComputeSettings, compose_experiment
from entrepot.training.sweeps.sweeping import Sweep, SweepTrial, tune_place
from entrepot.training.sweeps.sweeping import sweep as run_sweep
from entrepot.training.trainers.iterations import TrainingError
from entrepot.training.trainers.registry import check_trainer

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def sweep(
    overrides: Annotated[
        list[str],
        typer.Argument(
            help="Changes to configs/experiment.yaml; those with several values are swept: key=choice(a,b) …",
            metavar="KEY=VALUE...",
            show_default=False,
        ),
    ],
    trials: Annotated[int, typer.Option(min=1, help="How many points to try.")] = 16,
    concurrent: Annotated[int, typer.Option(min=1, help="How many at a time, each with compute.workers.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures here.")] = None,
) -> None:
    """Search any keys of an experiment for the lowest cost in validation.

    Ray Tune runs the trials, Optuna chooses their values, ASHA ends early what falls behind. Each trial is a run like
    any other, in a folder of its own below `folder/run`.

    **Examples**

    * `entrepot sweep 'trainer.learning_rate=tag(log,interval(1e-4,1e-2))' 'policy.cell_width=choice(32,64)'`
    * `entrepot sweep trainer=mappo 'trainer.clip=interval(0.1,0.4)' --trials 32 --concurrent 4 cluster=ray`
    """
    refuse_unwritable(json_file, "--json")
    plan = Sweep.parse(overrides)
    experiment = compose_experiment([*plan.shared, *_named(plan)])
    for key, domain in plan.domains.items():  # a key that doesn't exist is found here and not in each trial
        compose_experiment(plan.overrides({key: domain.sample()}))
    # Ray Tune takes an address and a storage, whatever the trainer.
    check_trainer(experiment.model_copy(update={"compute": ComputeSettings()}))
    world = build_world(experiment.network, experiment.demand, skus=experiment.skus)
    out = console()
    tell([f"demand: {world.demand.summary}", *(f"  {line}" for line in world.demand.remarks)], out)
    tuning = Tuning(
        settings=experiment.base_stock, windows=experiment.windows, folder=Path(experiment.folder) / "base_stock"
    )
    tuned = tuned_base_stock(world, tuning)
    bar = Validation(experiment, world).of(BaseStock(world.attributes, tuned.cover)).cost_usd_per_day
    out.print(headed("base_stock", f" {tuned.budget}; costs {bar:,.0f} USD/day in validation"))
    swept = ", ".join(plan.domains)
    out.print(headed("sweep", f" over {swept}: {trials} trials, {concurrent} at a time"))
    done = run_sweep(plan, experiment, tuned.cover, bar, trials=trials, concurrent=concurrent)
    if done[0].cost_usd_per_day is None:
        raise TrainingError(f"every trial failed; the errors are in {tune_place(experiment)}")
    for trial in done:
        if (trial.folder / POLICY_FILE).is_file():
            save_base_stock(tuned, world.network, trial.folder / BASE_STOCK_FILE)
    rows = [_row(trial, bar) for trial in done]
    out.print(table("Trials, cheapest first", rows))
    if json_file is not None:
        write_json(json_file, rows, provenance={"overrides": overrides, "base_stock_cost_usd_per_day": bar})
    best = done[0]
    out.print(headed("best:", f" {shlex.join(plan.overrides(best.values))}"), soft_wrap=True)
    command = ["entrepot", "evaluate", experiment.network, "--policies", f"base_stock,{best.folder}"]
    out.print(headed("next:", f" {shlex.join(command)}"), soft_wrap=True)


def _named(plan: Sweep) -> list[str]:
    """A sweep's folder is told from a run's, unless it was given a name."""
    return [] if any(text.startswith("run=") for text in plan.shared) else ["run=${network}-${trainer.kind}-sweep"]


def _row(trial: SweepTrial, bar: float) -> dict[str, Any]:
    cost = trial.cost_usd_per_day
    return {
        "trial": trial.folder.name,
        **trial.values,
        "validation_cost_usd_per_day": cost,
        "ratio_to_base_stock": None if cost is None else cost / bar,
        "iterations": trial.iterations,
        "training_seconds": trial.seconds,
    }

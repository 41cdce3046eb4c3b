"""`entrepot sweep`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from entrepot.training.sweeps.trial import SweepTrial

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
    * `entrepot sweep trainer=mappo 'trainer.clip_range=interval(0.1,0.4)' --trials 32 --concurrent 4 cluster=ray`
    """
    from entrepot.command_line.progress import shown
    from entrepot.command_line.tables import console, headed, table, write_json
    from entrepot.configs.files import refuse_unwritable
    from entrepot.envs.memory import keep_freed_memory
    from entrepot.training.sweeps.run import sweep as run

    keep_freed_memory()
    refuse_unwritable(json_file, "--json")
    out = console()
    with shown(out) as observe:
        done = run(overrides, trials=trials, concurrent=concurrent, observe=observe)
    bar = done.base_stock_cost_usd_per_day
    rows = [_row(trial, bar) for trial in done.trials]
    out.print(table("Trials, cheapest first", rows))
    if json_file is not None:
        write_json(json_file, rows, provenance={"overrides": overrides, "base_stock_cost_usd_per_day": bar})
    best = done.trials[0]
    again = ["entrepot", "evaluate", done.experiment.network, "--policies", f"base_stock,{best.folder}"]
    out.print(headed("best:", f" {shlex.join(done.plan.overrides(best.values))}"), soft_wrap=True)
    out.print(headed("next:", f" {shlex.join(again)}"), soft_wrap=True)


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

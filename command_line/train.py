"""`entrepot train`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def train(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="Changes to configs/experiment.yaml: key=value …", metavar="[KEY=VALUE]...", show_default=False
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew under a name that holds a run, which is removed.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the table's figures here too.")] = None,
) -> None:
    """Train a policy, then judge it against the rules on held-out scenarios.

    Tunes the base-stock rule, trains on Ray Train, evaluates on the test scenarios, prints the table and leaves
    everything in `checkpoints/RUN`: the policy, TensorBoard events, the evaluation and its plots.

    **Examples**

    * `entrepot train` — the main job, on the calibrated generator
    * `entrepot train demand.path=sales.parquet` — on your own sales history
    * `entrepot train network=two_warehouses trainer.iterations=300 seed=1 run=first`
    * `entrepot train run=first --resume` — after an interrupt, with the settings that the run has
    * `entrepot train run=first --resume trainer.iterations=600` — longer than it was begun for
    * `entrepot train compute.workers=4 compute.device=cuda` — four GPUs
    """
    from entrepot.command_line.progress import shown
    from entrepot.command_line.tables import console, headed
    from entrepot.command_line.verdict import print_evaluation
    from entrepot.configs.files import refuse_unwritable
    from entrepot.configs.loader import ConfigurationError
    from entrepot.envs.memory import keep_freed_memory
    from entrepot.training.evaluation.report import write_evaluation
    from entrepot.training.experiment import compose_experiment
    from entrepot.training.resuming import resumed_experiment
    from entrepot.training.run import train as run

    keep_freed_memory()
    refuse_unwritable(json_file, "--json")
    if resume and overwrite:
        raise ConfigurationError("--overwrite: not with --resume, which goes on with the run instead of removing it")
    out = console()
    experiment = resumed_experiment(overrides or []) if resume else compose_experiment(overrides or [])
    with shown(out) as observe:
        done = run(experiment, resume=resume, overwrite=overwrite, observe=observe)
    print_evaluation(done.judged, done.world, done.budgets, out)
    if json_file is not None:
        write_evaluation(done.judged, done.world, done.budgets, json_file=json_file, plots=None)
    folder = str(experiment.run_folder)
    out.print(f"policy, evaluation and plots: {folder}", soft_wrap=True)
    for command in (["tensorboard", "--logdir", folder], ["entrepot", "export", folder, "--out", "exported"]):
        out.print(headed("next:", f" {shlex.join(command)}"), soft_wrap=True)

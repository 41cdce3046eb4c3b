"""`entrepot train`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from entrepot.agents.rules import BaseStock
from entrepot.command_line.tables import console, headed, print_warnings, tell
from entrepot.command_line.verdict import print_evaluation, progress_over_policies, write_evaluation
from entrepot.configs.files import refuse_unwritable
from entrepot.configs.loader import ConfigurationError, validate
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import BASE_STOCK_FILE, Tuning, tuned_base_stock
from entrepot.training.base_stock.tuning import save_base_stock
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.evaluation.validation import Validation
from entrepot.training.experiment import POLICY_FILE, SETTINGS_FILE, ExperimentSettings, compose_experiment
from entrepot.training.policies import build_policies
from entrepot.training.tensorboard import write_hyperparameters
from entrepot.training.trainers.registry import Assignment, Outcome, check_trainer, trainer_of
from entrepot.training.trainers.storage import checkpoint_place, clear_place

KEPT_ON_RESUME = ("compute.storage", "evaluation.warm_up_days")
"""Of what a run is computed and judged on: where its checkpoints are, and what validation warms up by too."""
TRAINER_PLACES = ("ray", "rllib", "sb3")
"""Where trainers keep their checkpoints, in a run's folder or below `compute.storage`."""


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
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the table's figures here too.")] = None,
) -> None:
    """Train a policy, then judge it against the rules on held-out scenarios.

    Tunes the base-stock rule, trains on Ray Train, evaluates on the test scenarios, prints the table and leaves
    everything in `checkpoints/RUN`: the policy, TensorBoard events, the evaluation and its plots.

    **Examples**

    * `entrepot train` — the main job, on the calibrated generator
    * `entrepot train demand.path=sales.parquet` — on your own sales history
    * `entrepot train network=two_warehouses trainer.iterations=300 seed=1 run=first`
    * `entrepot train run=first --resume` — after an interrupt
    * `entrepot train compute.workers=4 compute.device=cuda` — four GPUs
    """
    experiment = compose_experiment(overrides or [])
    check_trainer(experiment)
    folder = experiment.run_folder
    refuse_unwritable(folder / SETTINGS_FILE, "folder")
    refuse_unwritable(json_file, "--json")
    if resume:
        _refuse_another_experiment(experiment)
    world = build_world(experiment.network, experiment.demand, skus=experiment.skus)
    if not resume:
        _remove_earlier_run(experiment)
    experiment.save()
    out = console()
    size = f"{len(world.network.agents)} warehouses, {len(world.network.lanes)} lanes, {len(world.network.skus)} SKUs"
    out.print(headed("network", f" {world.description.name}: {size}"))
    out.print(headed("demand", f"  {world.demand.summary}"))
    tell([f"  {line}" for line in world.demand.remarks], out)
    print_warnings(out, world.warnings(days=experiment.evaluation.days))
    with _bar() as bar:
        tuning = _tuning(experiment, bar)
        tuned = tuned_base_stock(world, tuning)
        save_base_stock(tuned, world.network, folder / BASE_STOCK_FILE)
        rule = BaseStock(world.attributes, tuned.cover)
        bar_to_beat = Validation(experiment, world).of(rule).cost_usd_per_day
        out.print(headed("base_stock", f" {tuned.budget}; costs {bar_to_beat:,.0f} USD/day in validation"))
        task = bar.add_task("training", total=experiment.trainer.get("iterations"), status="starting Ray")

        def report(event: dict[str, Any]) -> None:
            bar.update(task, completed=event["iteration"], status=_status(event))
            if not out.is_terminal and "validation_cost_usd_per_day" in event:
                out.print(f"iteration {event['iteration']} of {event['iterations']}: {_status(event)}")

        outcome = trainer_of(experiment)(Assignment(experiment, tuned.cover, bar_to_beat, resume, report))
    out.print(_verdict(outcome))
    _judge(experiment, world, tuning, json_file)


def _refuse_another_experiment(experiment: ExperimentSettings) -> None:
    """A resumed run must be the same experiment, save for what it runs on and is judged on."""
    folder = experiment.run_folder
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise ConfigurationError(f"--resume: {folder} holds no run; leave --resume away to start one")
    before = _flat(validate(ExperimentSettings, json.loads(path.read_text(encoding="utf-8")), path).model_dump())
    now = _flat(experiment.model_dump())
    lines = [
        f"--resume: {key}: {_shown(now.get(key))}; the run in {folder} has {_shown(before.get(key))}"
        for key in sorted({*before, *now})
        if now.get(key) != before.get(key) and not _may_differ(key)
    ]
    if lines:
        raise ConfigurationError("\n".join(lines) + "; give the run's own settings, or start anew without --resume")


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _may_differ(key: str) -> bool:
    return key.startswith(("compute.", "evaluation.")) and key not in KEPT_ON_RESUME


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by keys as the command line has them."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _remove_earlier_run(experiment: ExperimentSettings) -> None:
    """Whatever interrupts the new run, nothing of an earlier one of its name is taken for its own."""
    folder = experiment.run_folder
    (folder / SETTINGS_FILE).unlink(missing_ok=True)  # first: without it there is no run to resume
    for name in (POLICY_FILE, "evaluation.json"):
        (folder / name).unlink(missing_ok=True)
    for name in ("plots", "tensorboard", *TRAINER_PLACES):
        clear_place(str(folder / name))
    for name in TRAINER_PLACES:
        clear_place(checkpoint_place(experiment, name))


def _tuning(experiment: ExperimentSettings, bar: Progress) -> Tuning:
    task = bar.add_task("tuning base_stock", total=experiment.base_stock.steps, status="")

    def progress(iteration: int, loss: float) -> None:
        bar.update(task, completed=iteration, status=f"loss {loss:.4f}")

    return Tuning(
        settings=experiment.base_stock,
        windows=experiment.windows,
        folder=Path(experiment.folder) / "base_stock",
        progress=progress,
    )


def _bar() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}", markup=False),
        console=console(),
    )


def _status(event: dict[str, Any]) -> str:
    speed = event["environment_days"] * event["iteration"] / max(event["training_seconds"], 1e-9)
    text = f"{event['cost_usd_per_day']:,.0f} USD/day  fill {event['fill_rate']:.1%}  {speed:,.0f} env-steps/s"
    if "validation_cost_usd_per_day" in event:
        text += f"  validation {event['validation_cost_usd_per_day']:,.0f}"
    return text


def _verdict(outcome: Outcome) -> str:
    text = f"trained {outcome.iterations} iterations in {outcome.seconds:.0f} s, start-up and validation included"
    beaten = outcome.seconds_to_beat_base_stock
    if beaten is None:
        return f"{text}; tuned base_stock was not beaten in validation"
    return f"{text}; better than tuned base_stock after {beaten:.0f} s of training"


def _judge(experiment: ExperimentSettings, world: World, tuning: Tuning, json_file: Path | None) -> None:
    folder = experiment.run_folder
    with progress_over_policies(console()) as progress, torch.inference_mode():
        policies = build_policies(["min_max", "base_stock", str(folder)], world, tuning)
        judged = evaluate(world, policies, experiment.evaluation, progress=progress)
    print_evaluation(judged, world, tuning, console())
    write_evaluation(judged, world, tuning, json_file=folder / "evaluation.json", plots=folder / "plots")
    if json_file is not None:
        write_evaluation(judged, world, tuning, json_file=json_file, plots=None)
    row = judged.rows()[-1]
    results = {name: row[name] for name in ("cost_usd_per_day", "fill_rate", "lost_share", "kg_co2e_per_day")}
    results["cost_ratio_to_base_stock"] = judged.paired()[-1]["cost_ratio"]
    write_hyperparameters(folder / "tensorboard", experiment, results)
    out = console()
    out.print(f"policy, evaluation and plots: {folder}", soft_wrap=True)
    shown = shlex.quote(str(folder))
    commands = f" tensorboard --logdir {shown}   entrepot export {shown} --out exported"
    out.print(headed("next:", commands), soft_wrap=True)

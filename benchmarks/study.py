"""The study behind docs/results.md: `python benchmarks/study.py --history SALES`, then `benchmarks/study_page.py`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from study_jobs import Budget, Study
from study_parts import PARTS, adopt_table

ROOT = Path(__file__).parents[1]
NAMES = ", ".join(PARTS)


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"Parts: {NAMES}; all if not given.")] = None,
    network: Annotated[str, typer.Option(help="By name, or the path of a YAML file.")] = "kreen",
    history: Annotated[str | None, typer.Option(help="A sales history; the calibrated generator if not given.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Of learning.")] = Budget.seeds,
    timed_seeds: Annotated[int, typer.Option(min=1, help="Of wall_time.")] = Budget.timed_seeds,
    ablation_seeds: Annotated[int, typer.Option(min=1, help="Of ablations.")] = Budget.ablation_seeds,
    iterations: Annotated[int, typer.Option(min=1, help="Gradient steps of a pathwise run.")] = Budget.iterations,
    minutes: Annotated[
        float, typer.Option(min=0.0, help="Of training, for each of mappo, ippo and sb3_ppo in wall_time.")
    ] = Budget.minutes,
    episodes: Annotated[int, typer.Option(min=2, help="Test scenarios.")] = Budget.episodes,
    planner_episodes: Annotated[
        int, typer.Option(min=2, help="Test scenarios with mpc and hindsight.")
    ] = Budget.planner_episodes,
    transfer_episodes: Annotated[
        int, typer.Option(min=2, help="Test scenarios of each other network.")
    ] = Budget.transfer_episodes,
    scaling_iterations: Annotated[
        int, typer.Option(min=1, help="Iterations that are timed.")
    ] = Budget.scaling_iterations,
    other_network: Annotated[str, typer.Option(help="With more warehouses, for transfer.")] = "kreen_eight",
    other_demand: Annotated[str | None, typer.Option(help="Its demand YAML, with the history.")] = "history_eight",
    other_skus: Annotated[int, typer.Option(min=1, help="More SKUs of the catalogue, for transfer.")] = 200,
    table: Annotated[Path | None, typer.Option(help="What `entrepot evaluate --json` wrote, with planners.")] = None,
    core: Annotated[int | None, typer.Option(help="Keep to this core, so that others can be used beside.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key of configs/experiment.yaml: KEY=VALUE.")
    ] = None,
    work: Annotated[Path, typer.Option(help="Where runs are kept.")] = ROOT / "checkpoints" / "study",
    results: Annotated[Path, typer.Option(help="Where figures are kept.")] = ROOT / "docs" / "results",
) -> None:
    """Run what is not done yet; a job is done when its file of figures is there. Delete a file to measure it anew."""
    chosen = only or list(PARTS)
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        raise typer.BadParameter(f"--only: {', '.join(unknown)}; allowed: {NAMES}")
    if core is not None:
        os.sched_setaffinity(0, {core})  # processes that are started from here inherit it
    study = Study(
        network=network,
        history=history,
        overrides=tuple(overrides or ()),
        work=work,
        results=results,
        budget=Budget(
            seeds=seeds,
            timed_seeds=timed_seeds,
            ablation_seeds=ablation_seeds,
            iterations=iterations,
            minutes=minutes,
            episodes=episodes,
            planner_episodes=planner_episodes,
            transfer_episodes=transfer_episodes,
            scaling_iterations=scaling_iterations,
        ),
        other_network=other_network,
        other_demand=other_demand,
        other_skus=other_skus,
        out=Console(),
    )
    if table is not None:
        adopt_table(study, table)
    for name in chosen:
        started = time.perf_counter()
        PARTS[name](study)
        study.out.print(f"[bold]{name}[/]: done, {(time.perf_counter() - started) / 60:.1f} minutes")


if __name__ == "__main__":
    typer.run(main)

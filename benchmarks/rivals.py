"""Rules and the policy, each tuned and trained there, in four worlds: `python benchmarks/rivals.py --history SALES`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from machine import machine
from rich.console import Console
from rich.table import Table
from rivals_jobs import SIMPLE, TRAINED, Job, Place, compare, places

from entrepot.configs.figures import write_json
from entrepot.training.evaluation.evaluate import UNTRAINED, Evaluation
from entrepot.training.experiment import EvaluationSettings

COST = "settled_cost_usd_per_day"


def main(
    history: Annotated[
        Path | None, typer.Option(help="The sales of Online Retail II; without it kreen's is left out.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Worlds by name; all if not given.")] = None,
    episodes: Annotated[int, typer.Option(min=2, help="Test scenarios of each world.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of training.")] = 0,
    processes: Annotated[int, typer.Option(min=0, help="On a core each; one per core if 0.")] = 0,
    training: Annotated[bool, typer.Option(help="Train the policy too; else its rows are not measured.")] = True,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key of configs/experiment.yaml: KEY=VALUE.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep tuned rules and trained policies; a temporary one.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Tune every rule and train the policy in each world, then judge all on the same test scenarios."""
    with TemporaryDirectory() as temporary:
        home = folder or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        found = [place for place in places(history, home) if not only or place.name in only]
        measure(found, home, episodes, seed, processes, tuple(overrides or ()), json_file, trains=training)


def measure(
    found: list[Place],
    home: Path,
    episodes: int,
    seed: int,
    processes: int,
    overrides: tuple[str, ...],
    json_file: Path | None,
    *,
    trains: bool = True,
) -> list[dict[str, Any]]:
    """Rows of each world and policy, printed and written."""
    console = Console()
    settings = EvaluationSettings(episodes=episodes)
    jobs = [Job(place, overrides, seed, home) for place in found]
    cores = processes or os.cpu_count() or 1
    compared = compare(jobs, settings, processes=cores, say=console.print, trains=trains)
    if not trains:
        console.print("the policy trained in each world: not measured")
    rows: list[dict[str, Any]] = []
    paired: list[dict[str, Any]] = []
    for world, (judged, seconds) in compared.items():
        here = [world_row(world, row, seconds) for row in judged.rows()]
        best = best_rule(here)
        pairs = [{"world": world, **pair} for pair in pairs_against(judged, best)]
        console.print(table_of(world, here, pairs, best))
        rows += here
        paired += pairs
    if json_file is not None:
        provenance = {
            **machine(),
            "training_seed": seed,
            "overrides": list(overrides),
            **settings.model_dump(),
            "worlds": {job.place.name: job.place.world().demand.summary for job in jobs},
            "note": "tuning_s and training_s are seconds of one core each, beside other processes",
        }
        write_json(json_file, rows, provenance=provenance, paired=paired)
    return rows


def world_row(world: str, row: dict[str, Any], seconds: dict[str, float]) -> dict[str, Any]:
    """Of one policy in one world: what the table shows."""
    policy = row["policy"]
    spent = "training_s" if policy == TRAINED else "tuning_s"
    return {
        "world": world,
        "policy": policy,
        **{f"{COST}{end}": row[f"{COST}{end}"] for end in ("", "_low", "_high")},
        "cost_usd_per_day": row["cost_usd_per_day"],
        "lost_share": row["lost_share"],
        "inventory_turnover_per_year": row["inventory_turnover_per_year"],
        spent: seconds.get(policy),
    }


def best_rule(rows: list[dict[str, Any]]) -> str:
    """The tuned rule that costs least with stock settled."""
    return str(min((row for row in rows if row["policy"] in SIMPLE), key=lambda row: float(row[COST]))["policy"])


def pairs_against(judged: Evaluation, best: str) -> list[dict[str, Any]]:
    """Every policy against the best rule, and the trained one against itself untrained."""
    wanted = [(name, best) for name in judged.by_episode if name != best] + [(TRAINED, UNTRAINED)]
    return [judged.pair(*pair) for pair in wanted if pair[0] in judged.by_episode]


def table_of(
    world: str,
    rows: list[dict[str, Any]],
    pairs: list[dict[str, Any]],
    best: str,
    *,
    seconds: Sequence[str] = ("tuning", "training"),
) -> Table:
    """For people; of each policy also the `seconds` that its row has, by what they were spent on."""
    table = Table(title=f"{world}; the best rule is {best}", title_justify="left")
    spent = (f"{what}, s" for what in seconds)
    for name in ("policy", "USD/day, settled (95 %)", "lost sales", "against the best rule", *spent):
        table.add_column(name, justify="left" if name == "policy" else "right")
    against = {pair["policy"]: pair for pair in pairs if pair["baseline"] == best}
    for row in rows:
        cost, low, high = (row[f"{COST}{end}"] for end in ("", "_low", "_high"))
        table.add_row(
            row["policy"],
            f"{cost:,.1f} ({low:,.1f}–{high:,.1f})",
            f"{row['lost_share']:.2%}",
            told(against[row["policy"]]) if row["policy"] in against else "–",
            *("–" if row.get(f"{what}_s") is None else f"{row[f'{what}_s']:.0f}" for what in seconds),
        )
    return table


def told(pair: dict[str, Any]) -> str:
    """A ratio of settled costs as a difference, with its interval."""
    ratio, low, high = (pair[f"settled_cost_ratio{end}"] - 1 for end in ("", "_low", "_high"))
    return f"{ratio:+.1%} ({low:+.1%} to {high:+.1%})"


if __name__ == "__main__":
    typer.run(main)

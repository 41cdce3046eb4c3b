"""Who keeps up with levels that rise, fall and step: `python benchmarks/drift.py --json FILE`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rivals import COST, measure
from rivals_jobs import SIMPLE, drifting_place

MOST_ABOVE_BEST = 0.10


def main(
    skus: Annotated[int, typer.Option(min=1, help="Five courses and four sizes, in turn.")] = 40,
    episodes: Annotated[int, typer.Option(min=2, help="Test scenarios.")] = 64,
    seeds: Annotated[int, typer.Option(min=1, help="Histories and trainings.")] = 1,
    processes: Annotated[int, typer.Option(min=0, help="On a core each; one per core if 0.")] = 0,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key of configs/experiment.yaml: KEY=VALUE.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here, with the seed's number.")
    ] = None,
) -> None:
    """Tune, train and judge on a drifting history, and say who is more than 10 % above the best of the tuned rules."""
    for seed in range(seeds):
        with TemporaryDirectory() as temporary:
            place = drifting_place(Path(temporary), skus=skus, seed=seed)
            file = json_file if seeds == 1 or json_file is None else json_file.with_stem(f"{json_file.stem}_{seed}")
            rows = measure([place], Path(temporary), episodes, seed, processes, tuple(overrides or ()), file)
        least = min(float(row[COST]) for row in rows if row["policy"] in SIMPLE)
        for row in rows:
            above = float(row[COST]) / least - 1
            if above > MOST_ABOVE_BEST:
                print(f"{row['policy']}: {above:.0%} above the best of the tuned rules")


if __name__ == "__main__":
    typer.run(main)

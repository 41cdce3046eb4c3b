"""Forecasts and warnings of stock-outs on held-out real history: `python benchmarks/forecasts.py --history SALES`."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer
from forecasts_demand import DAYS, LEVELS, NAIVE, calibrated, own, read_cells, rows_of
from forecasts_rivals import MISSING, rivals
from forecasts_warnings import warning_rows
from machine import machine
from rich.console import Console

from entrepot.agents.rules import BaseStock, MinMax
from entrepot.command_line.tables import table
from entrepot.configs.figures import write_json
from entrepot.configs.files import refuse_unwritable
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.snapshot.forecast import method_names
from entrepot.envs.world import build_world

EPISODES, PLAYED_DAYS, WARM_UP = 3, 120, 90


def main(
    history: Annotated[Path, typer.Option(help="The sales of Online Retail II, or others with the same countries.")],
    warnings: Annotated[bool, typer.Option(help="Play the twin and warn of stock-outs too.")] = True,
    skus: Annotated[int | None, typer.Option(min=1, help="Of kreen, on which warnings are tried.")] = None,
    episodes: Annotated[int, typer.Option(min=1, help="Of the twin.")] = EPISODES,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Measure forecasts from weekly origins over the test window, then warnings on the twin."""
    refuse_unwritable(json_file, "--json")
    console = Console(width=160)
    cells = read_cells(history)
    for line in cells.summary:
        console.print(f"  {line}", soft_wrap=True)
    origins = cells.origins(Split.TEST)
    forecasts = {name: own(cells, name, origins) for name in method_names()}
    others = rivals()
    if others is None:
        console.print(MISSING, soft_wrap=True)
    for name, means in (others or {}).items():
        forecasts[name] = calibrated(cells, means, origins)
    rows = rows_of(cells, forecasts, origins)
    for days in DAYS:
        shown = [row for row in rows if row["days"] == days]
        console.print(table(f"Demand of the next {days} days", [_shown(row) for row in shown]))
    told: list[dict[str, Any]] = []
    begun = perf_counter()
    if warnings:
        world = build_world("kreen", DemandSettings(path=str(history)), skus=skus)
        cover = world.attributes.base_cover_days
        rules = {
            "min_max": lambda: MinMax(world.attributes),
            "textbook_base_stock": lambda: BaseStock.midway(world.attributes, cover),
        }
        told = warning_rows(world, rules, episodes=episodes, days=PLAYED_DAYS, warm_up_days=WARM_UP, seed=0)
        console.print(table("Warnings of stock-outs within the lead time", told))
    if json_file is not None:
        provenance = {
            **machine(),
            "command": "python benchmarks/forecasts.py --history SALES --json docs/results/forecasts.json",
            "levels": list(LEVELS),
            "baseline": NAIVE,
            "origins": len(origins),
            "not_measured": [] if others is not None else [MISSING],
            "twin": {"episodes": episodes, "days": PLAYED_DAYS, "warm_up_days": WARM_UP, "skus": skus},
            "warnings_s": perf_counter() - begun,
            "history": list(cells.summary),
        }
        write_json(json_file, [*rows, *told], provenance=provenance)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    ratio, low, high = (row[f"pinball_ratio{end}"] for end in ("", "_low", "_high"))
    return {
        "market": row["market"],
        "method": row["method"],
        "loss_a_unit_sold": row["pinball_share"],
        "of_seasonal_naive": f"{ratio:.1%} ({low:.1%} to {high:.1%})",
        "in_80_%": f"{row['coverage_80']:.1%}",
        "in_95_%": f"{row['coverage_95']:.1%}",
        "bias": f"{row['bias_share']:+.1%}",
    }


if __name__ == "__main__":
    typer.run(main)

"""The twin, the batched environment, a pathwise step and PPO on a GPU, or on a CPU: `python benchmarks/gpu.py`."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import gpu_parts
import torch
import typer
from gpu_learners import two_learners
from gpu_parity import parity
from machine import machine
from rich.console import Console
from rich.table import Table

from entrepot.configs.files import write_atomically

NETWORK = "kreen"
ENVIRONMENTS = [1024, 8192, 65536]
EPISODES = [32, 256, 1024, 2048]
COLUMNS = ("part", "precision", "how", "environments", "skus", "env_steps_per_s", "agent_steps_per_s", "peak_mib")
PARITY_COLUMNS = ("quantity", "largest_relative_difference", "of_the_same_on_the_cpu")
ROW_GUESS_S = 8.0
"""What a row is taken to cost before any was measured: building it, warming up, capturing."""


class Budget:
    """Time that is left, and what didn't fit."""

    def __init__(self, seconds: float) -> None:
        """Args: all there is."""
        self._end = time.perf_counter() + seconds
        self.left_out: list[dict[str, str]] = []

    def fits(self, what: str, seconds: float) -> bool:
        """Whether so much is left; if not, it is noted."""
        left = self._end - time.perf_counter()
        if left < seconds:
            self.leave_out(what, f"{max(left, 0.0):.0f} s of the time budget were left")
            return False
        return True

    def leave_out(self, what: str, why: str) -> None:
        """Note what isn't measured."""
        self.left_out.append({"what": what, "why": why})


def main(
    device: Annotated[str, typer.Option(help="cuda, cpu, or a device as torch names it; cuda if there is one.")] = "",
    environments: Annotated[list[int], typer.Option(help="Environments in the batch.")] = ENVIRONMENTS,
    episodes: Annotated[list[int], typer.Option(help="Environments in a window with gradients.")] = EPISODES,
    skus: Annotated[int, typer.Option(help="Number of SKUs.", min=1)] = 32,
    window_skus: Annotated[int, typer.Option(help="Number of SKUs of a window with gradients.", min=1)] = 16,
    window_days: Annotated[int, typer.Option(help="Days of a window with gradients.", min=1)] = 100,
    seconds: Annotated[float, typer.Option(help="To run each row for, at the least.", min=0.0)] = 1.0,
    budget_s: Annotated[float, typer.Option(help="For the whole; rows that no longer fit are left out.")] = 440.0,
    compiled: Annotated[bool, typer.Option(help="Try torch.compile as well.")] = True,
    learners: Annotated[
        bool, typer.Option(help="Try two learners, on a device each (on a CPU: two processes).")
    ] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Measure what fits into the time; smaller batches first, so that what is left out is the largest."""
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    console, budget = Console(width=120), Budget(budget_s)
    rows: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []

    def keep() -> None:
        """After every row: who is killed for taking too long leaves what was measured."""
        if json_file:
            content = {
                "rows": rows,
                "parity": differences,
                "left_out": budget.left_out,
                "provenance": provenance(where, window_days, seconds),
            }
            write_atomically(json_file, json.dumps(content, indent=1) + "\n")

    plain, gradients, ppo, in_one = gpu_parts.parts_for(where)
    groups = [(plain, environments, skus), (gradients, episodes, window_skus), (ppo, environments, skus)]
    if compiled:
        groups.append((in_one, environments, skus))
    for chosen, batches, goods in groups:
        for row in measured(where, chosen, batches, goods, window_days, seconds, budget, console):
            rows.append(row)
            keep()
        if chosen is plain and budget.fits("parity", 2 * ROW_GUESS_S):
            differences += parity(NETWORK, skus, where)
            keep()
    if not learners:
        budget.leave_out("two learners", "not asked for")
    elif where.type == "cuda" and torch.cuda.device_count() < 2:
        budget.leave_out("two learners", f"need two devices; there is {torch.cuda.device_count()}")
    elif budget.fits("two learners", 4 * ROW_GUESS_S):
        rows += two_learners(NETWORK, min(episodes), window_skus, window_days, seconds, where.type)
    console.print(shown(f"{NETWORK} on {name_of(where)}", COLUMNS, rows))
    console.print(shown(f"{where.type} against the CPU in float64", PARITY_COLUMNS, differences))
    for each in budget.left_out:
        console.print(f"left out: {each['what']}: {each['why']}")
    keep()


def measured(
    device: torch.device,
    parts: list[gpu_parts.Part],
    environments: list[int],
    skus: int,
    window_days: int,
    seconds: float,
    budget: Budget,
    console: Console,
) -> Iterator[dict[str, Any]]:
    """Rows of everything that fits."""
    longest: dict[str, float] = {}  # of each part and way, its last row's time for every environment
    full: set[str] = set()  # what has run out of memory
    world = gpu_parts.world_of(NETWORK, skus, device)
    for batch in sorted(environments):
        for part in parts:
            what = f"{part.name}, {part.precision}, {part.how}, {batch:,} environments"
            key = f"{part.name}, {part.precision}, {part.how}"
            if key in full:
                budget.leave_out(what, "fewer environments failed or filled the memory")
                continue
            guess = longest.get(key, ROW_GUESS_S)
            if not budget.fits(what, guess):
                continue
            began = time.perf_counter()
            try:
                yield gpu_parts.measure(part, world, batch, window_days, seconds)
            except torch.cuda.OutOfMemoryError:
                full.add(key)
                budget.leave_out(what, "out of memory")
            except Exception as fault:  # a way that doesn't work on this device must not cost the others
                full.add(key)
                budget.leave_out(what, f"{type(fault).__name__}: {str(fault).strip().splitlines()[0][:300]}")
            longest[key] = 2.0 * (time.perf_counter() - began)
            console.print(f"{what}: {time.perf_counter() - began:.0f} s")
            gpu_parts.tidy(device)


def shown(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> Table:
    """A table for people."""
    table = Table(title=title)
    for name in columns:
        table.add_column(name.replace("_per_s", "/s").replace("_", "\n"), overflow="fold")
    for row in rows:
        table.add_row(*(figure(row[name]) for name in columns))
    return table


def figure(value: Any) -> str:
    """A number with as many digits as one reads."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return (
            f"{value:,.0f}" if abs(value) >= 100 else "0" if value == 0 or not math.isfinite(value) else f"{value:.2g}"
        )
    return f"{value:,}" if isinstance(value, int) else str(value)


def name_of(device: torch.device) -> str:
    """The device's name as its maker gives it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else machine()["cpu"]


def provenance(device: torch.device, window_days: int, seconds: float) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "network": NETWORK,
        "device": name_of(device),
        "devices": torch.cuda.device_count() if device.type == "cuda" else 1,
        "cuda": torch.version.cuda,
        "window_days": window_days,
        "seconds": seconds,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        **machine(),
    }


if __name__ == "__main__":
    typer.run(main)

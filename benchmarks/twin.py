"""Steps a second of the twin and of the environments around it, on kreen: `python benchmarks/twin.py`.

`--full`: the bare twin of kreen beside that with each part on, and with all of them; with `--before` also beside what
another commit's code makes of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from machine import machine
from rich.console import Console
from rich.table import Table
from turns import Runner, in_turns, share_of, step_seconds

from entrepot.configs.files import write_atomically
from entrepot.envs.network import NetworkArrays, load_network


class Api(StrEnum):
    """The layers through which the same network is stepped."""

    TWIN = "twin"
    BATCHED = "batched"
    PETTINGZOO = "pettingzoo"


NETWORK = "kreen"
ENVIRONMENTS = [1, 64, 1024, 8192]
SKUS = [32, 200, 2000]
LAYERS = list(Api)
COLUMNS = ("api", "environments", "skus", "env_steps_per_s", "agent_steps_per_s", "cell_steps_per_s", "peak_mib")
FULL_COLUMNS = ("network", "environments", "skus", "env_steps_per_s", "against", "share", "share_low", "share_high")
FULL, PARTS = "kreen_full", ("kreen_inside", "kreen_fba", "kreen_records")
BEFORE = " before"
ROUNDS, STEPS = 24, 8
PROCESS = Path(__file__).with_name("twin_process.py")
MIB = 2**20
LIBRARIES_MIB = 600
"""What a process holds once torch and the network are loaded."""
WORKING_COPIES = 14
"""Tensors of the lanes' and of the nodes' size that are alive at once at a step's widest point."""


def main(
    api: Annotated[list[Api], typer.Option(help="Layers to measure.")] = LAYERS,
    environments: Annotated[list[int], typer.Option(help="Environments in the batch.")] = ENVIRONMENTS,
    skus: Annotated[list[int], typer.Option(help="Numbers of SKUs.")] = SKUS,
    seconds: Annotated[float, typer.Option(help="To step each row for, at the least.", min=0.0)] = 3.0,
    threads: Annotated[int, typer.Option(help="Threads for one step; all cores if 0.", min=0)] = 0,
    memory_gib: Annotated[float, typer.Option(help="Rows that would need more are left out; 0: what is free.")] = 0.0,
    full: Annotated[bool, typer.Option("--full", help="Kreen, and with parts on, in turns; one thread.")] = False,
    before: Annotated[Path | None, typer.Option(help="With --full: another checkout, which runs beside.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="32 SKUs, up to 1,024 environments, a second each.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Measure each row in a fresh process, so that its peak of memory is its own."""
    if full:
        rows = side_by_side(before, environments=1024, skus=32)
        tell(rows, FULL_COLUMNS, "The bare twin in turns, 1 thread", json_file, provenance(seconds, 1))
        return
    if quick:
        environments, skus, seconds = [count for count in environments if count <= 1024], skus[:1], min(seconds, 1.0)
    limit_mib = (memory_gib * 1024) or 0.85 * free_mib()
    threads = threads or os.cpu_count() or 1
    console = Console()
    rows = []
    for layer in api:
        for goods in skus:
            for batch in environments if layer is not Api.PETTINGZOO else [1]:
                needed = estimated_mib(layer, batch, goods)
                if needed > limit_mib:
                    console.print(
                        f"left out: {layer}, {batch:,} environments, {goods:,} SKUs would need about "
                        f"{needed / 1024:,.0f} GiB of {limit_mib / 1024:,.0f} GiB"
                    )
                    continue
                with console.status(f"{layer}, {batch:,} environments, {goods:,} SKUs"):
                    rows.append(measure(layer, batch, goods, seconds, threads))
    tell(rows, COLUMNS, f"{NETWORK}, {threads} threads", json_file, provenance(seconds, threads))


def side_by_side(before: Path | None, *, environments: int, skus: int) -> list[dict[str, Any]]:
    """Rows of the plain twin, of that with each part and all on, and of both by other code, by CPU time in turns."""
    here = Path(__file__).parents[1]
    runners = {name: Runner(name, here) for name in (NETWORK, *PARTS, FULL)}
    if before is not None:
        known = [name for name in (NETWORK, FULL) if (before / "configs" / "network" / f"{name}.yaml").exists()]
        runners |= {name + BEFORE: Runner(name, before.resolve()) for name in known}
    taken = in_turns(runners, environments=environments, skus=skus, rounds=ROUNDS, steps=STEPS)
    rows = []
    for name, seconds in taken.items():
        against = {NETWORK: NETWORK + BEFORE, FULL + BEFORE: NETWORK + BEFORE}.get(name, NETWORK)
        against = against if against in taken else NETWORK
        share, low, high = share_of(taken[against], seconds)
        rows.append(
            {
                "network": name,
                "environments": environments,
                "skus": skus,
                "env_steps_per_s": environments / step_seconds(seconds),
                "against": against,
                "share": share,
                "share_low": low,
                "share_high": high,
            }
        )
    return rows


def tell(
    rows: list[dict[str, Any]],
    columns: tuple[str, ...],
    title: str,
    json_file: Path | None,
    provenance: dict[str, Any],
) -> None:
    """A table of all rows, and the file."""
    table = Table(title=title)
    for name in columns:
        words = name in ("api", "network", "against")
        table.add_column(
            name.replace("_per_s", "/s").replace("_", "\n"), justify="left" if words else "right", no_wrap=True
        )
    for row in rows:
        table.add_row(*(shown(row[name]) for name in columns))
    Console().print(table)
    if json_file:
        write_atomically(json_file, json.dumps({"rows": rows, "provenance": provenance}, indent=1) + "\n")


def shown(value: Any) -> str:
    """A figure as people read it."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 10 else f"{value:.3f}"
    return str(value)


def measure(api: Api, environments: int, skus: int, seconds: float, threads: int) -> dict[str, Any]:
    """One row."""
    arguments = [api.value, NETWORK, str(environments), str(skus), str(seconds), str(threads)]
    done = subprocess.run([sys.executable, str(PROCESS), *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{PROCESS.name} {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def estimated_mib(api: Api, environments: int, skus: int) -> float:
    """Peak memory: the ring of goods in transit, and what a step and the observations hold beside it."""
    arrays = NetworkArrays.from_description(load_network(NETWORK))
    nodes, lanes, markets = len(arrays.nodes), len(arrays.lanes), len(arrays.markets)
    numbers = nodes * arrays.pipeline_days + WORKING_COPIES * (nodes + lanes + markets)
    if api is not Api.TWIN:
        # Observations, snapshots and drawn demand in float64.
        numbers += 2 * WORKING_COPIES * lanes
    return LIBRARIES_MIB + 4 * numbers * environments * skus / MIB


def free_mib() -> float:
    """Memory that can be had without swapping, 16 GiB where the system doesn't tell."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return 16 * 1024
    lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="utf-8").splitlines())
    return int(lines["MemAvailable"].split()[0]) / 1024


def provenance(seconds: float, threads: int) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "network": NETWORK,
        "demand": "calibrated",
        "seconds": seconds,
        "threads": threads,
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
        "torch": torch.__version__,
        **machine(),
    }


if __name__ == "__main__":
    typer.run(main)

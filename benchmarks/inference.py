"""Latency of one decision for kreen's six warehouses, by number of SKUs: `python benchmarks/inference.py [MODULE]`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from machine import machine
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from entrepot.agents.inference.envelope import envelope_of
from entrepot.agents.inference.order_up_to import demand_rate
from entrepot.configs.files import write_atomically
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.snapshot.attributes import attribute_arrays
from entrepot.envs.snapshot.schema import SNAPSHOT_FIELDS
from entrepot.envs.snapshot.season import SEASON_ENTRIES
from entrepot.training.experiment import compose_experiment
from entrepot.training.export import export_policy
from entrepot.training.trainers.modules import neural_policy

NETWORK = "kreen"
SIZES = [32, 200, 2000]
COLUMNS = ("skus", "p50_ms", "p99_ms", "cpu_p50_ms", "cpu_p99_ms", "import_s", "rss_mib")
PROCESS = Path(__file__).with_name("inference_process.py")


def main(
    module: Annotated[
        Path | None,
        typer.Argument(help="A module's folder NAME/VERSION; an untrained policy is exported if not given."),
    ] = None,
    skus: Annotated[list[int], typer.Option(help="Numbers of SKUs.")] = SIZES,
    runs: Annotated[int, typer.Option(help="Decisions to time for each number of SKUs.", min=1)] = 400,
    threads: Annotated[int, typer.Option(help="Threads that one decision may use.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Of the made-up stock and demand.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Time `decide`, with all its checks, in a fresh process for each number of SKUs."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = module or untrained_module(Path(scratch), seed)
        rows = [measure(folder, count, runs, threads, seed, Path(scratch)) for count in skus]
    provenance = {
        "module": str(module) if module else "untrained",
        "network": NETWORK,
        "runs": runs,
        "threads": threads,
        "seed": seed,
        **machine(),
    }
    title = f"decide, {NETWORK}, {threads} thread(s), {'module ' + str(module) if module else 'untrained policy'}"
    table = Table(*COLUMNS, title=title)
    for row in rows:
        table.add_row(*(f"{row[column]:,.2f}" if column != "skus" else f"{row[column]:,}" for column in COLUMNS))
    Console().print(table)
    if json_file:
        write_atomically(json_file, json.dumps({"rows": rows, "provenance": provenance}, indent=1) + "\n")


def measure(folder: Path, skus: int, runs: int, threads: int, seed: int, scratch: Path) -> dict[str, Any]:
    """One row, from a process of its own so that import and memory are those of the library alone."""
    inputs = scratch / f"inputs-{skus}.npz"
    network, attributes = made_up_network(skus, seed)
    np.savez(inputs, allow_pickle=False, **made_up_snapshot(network, attributes, seed), **attributes)
    arguments = [str(folder), str(inputs), str(runs), str(threads)]
    done = subprocess.run([sys.executable, str(PROCESS), *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{PROCESS.name} failed for {skus} SKUs:\n{done.stderr}")
    return {"skus": skus, **json.loads(done.stdout)}


def untrained_module(folder: Path, seed: int) -> Path:
    """The policy that training starts from by default: its time is that of a trained one, which has the same graph."""
    torch.manual_seed(seed)
    network, attributes = made_up_network(SIZES[0], seed)
    snapshot = made_up_snapshot(network, attributes, seed)
    cover = attributes["base_cover_days"]
    return export_policy(
        neural_policy(compose_experiment()),
        network,
        attributes["demand_mean"],
        folder=folder,
        name="untrained",
        network_name=NETWORK,
        golden=snapshot,
        envelope=envelope_of(attributes, [snapshot]),
        fallback_cover=np.broadcast_to(cover, network.lane.carries.shape),
        provenance={"seeds": [seed]},
    )


def made_up_network(skus: int, seed: int) -> tuple[NetworkArrays, dict[str, NDArray[Any]]]:
    """The network with so many SKUs, and its attributes with gamma-distributed demand."""
    network = NetworkArrays.from_description(load_network(NETWORK, skus=skus))
    rng = np.random.default_rng(seed)
    demand = rng.gamma(0.5, 4.0, (len(network.markets), skus))
    return network, attribute_arrays(network, demand)


def made_up_snapshot(network: NetworkArrays, attributes: dict[str, NDArray[Any]], seed: int) -> dict[str, NDArray[Any]]:
    """One snapshot, in float32 as a scheduler's mirror holds it: a month's stock, shipments on the way, a Monday."""
    rng = np.random.default_rng(seed)
    demand = attributes["demand_mean"][None]
    rate = demand_rate(attributes, demand)  # [1, N, S]
    nodes, lanes, ahead = len(network.nodes), len(network.lanes), network.pipeline_days
    shipments = rng.uniform(size=(*rate.shape, ahead)) < 0.1
    values = {
        "on_hand": np.rint(rate * rng.uniform(0, 60, rate.shape)),
        "dock": np.rint(rate * rng.uniform(0, 2, rate.shape)),
        "pipeline": np.rint(rate[..., None] * 7 * shipments),
        "backlog": np.rint(demand * rng.uniform(0, 1, demand.shape)),
        "demand_fast": demand * rng.uniform(0.5, 1.5, demand.shape),
        "demand_slow": demand * rng.uniform(0.7, 1.3, demand.shape),
        "demand_quarter": demand * rng.uniform(0.8, 1.2, demand.shape),
        "demand_square": demand * (1 + demand),
        "season_ahead": rng.uniform(0.8, 1.3, (1, SEASON_ENTRIES)),
        "day_of_year": np.array([120]),
        "weekday": np.array([0]),
        "lane_wait_days": network.lane.wait_days[:1],
        "lane_open": np.ones((1, lanes)),
        "equipment": np.ones((1, nodes)),
        "storage_price": network.node.storage_usd_per_m3_day[None, :, 4],
    }
    return {name: field.array(values[name]) for name, field in SNAPSHOT_FIELDS.items()}


if __name__ == "__main__":
    typer.run(main)

"""Agent-steps a second, sampling and learning together, seven ways, six of them PPO: `python benchmarks/rllib.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from machine import machine
from rich.console import Console
from rich.table import Table

from entrepot.configs.files import write_atomically
from entrepot.envs.network import NetworkArrays, load_network

PROCESS = Path(__file__).with_name("rllib_process.py")
TRAINERS = [
    "rllib_stock",
    "rllib_batched",
    "sb3_supersuit",
    "sb3_batched",
    "rllib_neural",
    "cells_neural",
    "tried_neural",
]
PAIRS = {
    "rllib_batched": "rllib_stock",
    "sb3_batched": "sb3_supersuit",
    "cells_neural": "rllib_neural",
    "tried_neural": "cells_neural",
}
PPO = {
    "hidden": [64, 64],
    "learning_rate": 3e-4,
    "gamma": 0.99,
    "gae_lambda": 0.95,
    "clip_range": 0.2,
    "value_weight": 0.5,
    "max_grad_norm": 0.5,
}


def main(
    network: Annotated[str, typer.Option(help="A network by name, or the path of a YAML file.")] = "kreen",
    skus: Annotated[int, typer.Option(help="SKUs of the catalogue.", min=1)] = 32,
    environments: Annotated[int, typer.Option(help="Environments in one process.", min=1)] = 64,
    rollout_days: Annotated[int, typer.Option(help="Days between updates.", min=1)] = 32,
    epochs: Annotated[int, typer.Option(help="Passes over each batch.", min=1)] = 1,
    minibatch: Annotated[int, typer.Option(help="Agent-steps a gradient step.", min=1)] = 3072,
    seconds: Annotated[float, typer.Option(help="To train each row for, at the least.", min=0.0)] = 30.0,
    threads: Annotated[int, typer.Option(help="Threads; all cores if 0.", min=0)] = 0,
    trainer: Annotated[list[str], typer.Option(help="Rows to measure.")] = TRAINERS,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Measure each row in a fresh process."""
    settings: dict[str, Any] = {
        **PPO,
        "network": network,
        "skus": skus,
        "agents": len(NetworkArrays.from_description(load_network(network, skus=skus)).agents),
        "environments": environments,
        "rollout_days": rollout_days,
        "episode_days": 4 * rollout_days,
        "epochs": epochs,
        "minibatch": minibatch,
        "seconds": seconds,
        "threads": threads or os.cpu_count() or 1,
    }
    console = Console()
    rows: list[dict[str, Any]] = []
    for name in trainer:
        with console.status(name):
            rows.append(measure(name, settings))
    speed = {row["trainer"]: row["agent_steps_per_s"] for row in rows}
    for row in rows:
        other = PAIRS.get(row["trainer"], "")
        row["ratio"] = row["agent_steps_per_s"] / speed[other] if other in speed else None
    console.print(drawn(rows, settings))
    if json_file:
        content = {"rows": rows, "provenance": provenance(settings)}
        write_atomically(json_file, json.dumps(content, indent=1) + "\n")


def measure(trainer: str, settings: dict[str, Any]) -> dict[str, Any]:
    """One row."""
    done = subprocess.run(
        [sys.executable, str(PROCESS), trainer, json.dumps(settings)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{PROCESS.name} {trainer} ended with {done.returncode}:\n{done.stderr}")
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def drawn(rows: list[dict[str, Any]], settings: dict[str, Any]) -> Table:
    title = (
        f"{settings['network']}, {settings['skus']} SKUs, {settings['environments']} environments, "
        f"{settings['epochs']} epoch(s) over {settings['environments'] * settings['rollout_days']:,} days, "
        f"{settings['threads']} threads"
    )
    table = Table(title=title)
    for name in ("trainer", "agent-steps/s", "a CPU second", "against"):
        table.add_column(name, justify="left" if name == "trainer" else "right")
    for row in rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.1f} × {PAIRS[row['trainer']]}"
        speed = (f"{row[name]:,.0f}" for name in ("agent_steps_per_s", "agent_steps_per_cpu_s"))
        table.add_row(row["trainer"], *speed, ratio)
    return table


def provenance(settings: dict[str, Any]) -> dict[str, Any]:
    """What the figures depend on."""
    libraries = ("torch", "ray", "stable-baselines3", "supersuit")
    return {
        **settings,
        **{name: version(name) for name in libraries},
        **machine(),
    }


if __name__ == "__main__":
    typer.run(main)

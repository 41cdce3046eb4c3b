"""The peers that PyPI carries beside ours, at the same size: `python benchmarks/peers.py --python PEERS/bin/python`.

They have dependencies of their own, so they live in an environment of their own:

    python -m venv PEERS && PEERS/bin/pip install gym-invmgmt==0.2.1 stockpyl==1.0.2 idinn==0.2.0.post1

Each runs in one process and on one thread; the processes take turns (`turns.py`), and what counts is CPU time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from machine import machine
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from turns import Command, commands_in_turns, share_of, step_seconds

from entrepot.configs.figures import write_json

HERE = Path(__file__).parent
PEERS = ("gym-invmgmt", "stockpyl", "idinn")
MANY, LEARNERS = 1024, 256
SERIAL = ("classic/serial_example_6_1", "classic/normal_half_of_5")
STORES = ("classic/one_warehouse_3_stores", "classic/poisson_2")
DUAL = ("classic/dual_sourcing_difference_2", "classic/uniform_0_to_4")
COLUMNS = ("size", "what", "environments", "us_per_environment_day", "ours_against_peer")
LEARNING_DAYS = 40
"""That a gradient step of ours looks at, `windows.days` of configs/classic.yaml; idinn's looks at 50."""
PEER_LEARNING_DAYS = 50


@dataclass(frozen=True)
class Row:
    """What one process does."""

    what: str
    arguments: tuple[str, ...]  # of its process, but for the environments
    environments: int = 1
    days: int = 1  # of one step
    peer: bool = False

    def command(self, python: Path) -> Command:
        """As `turns.py` starts it; `python` is the peers'."""
        file = HERE / ("peers_theirs_process.py" if self.peer else "peers_ours_process.py")
        arguments = [python if self.peer else Path(sys.executable), file, *self.arguments, str(self.environments)]
        return Command(arguments, () if self.peer else (HERE.parent / "src",))


def ours(network: tuple[str, str]) -> list[Row]:
    """Ours, stepping a network of that size."""
    return [
        Row("entrepot, Gymnasium", ("gymnasium", *network)),
        Row("entrepot, twin", ("twin", *network)),
        Row("entrepot, twin", ("twin", *network), environments=MANY),
    ]


SIZES: dict[str, list[Row]] = {
    "a step, three stages": [
        Row("gym-invmgmt, Gymnasium", ("invmgmt_serial",), peer=True),
        Row("stockpyl, simulation", ("stockpyl_serial",), peer=True),
        *ours(SERIAL),
    ],
    "a step, a warehouse and three stores": [
        Row("gym-invmgmt, Gymnasium", ("invmgmt_stores",), peer=True),
        *ours(STORES),
    ],
    "a gradient step, two sources": [
        Row("idinn", ("idinn_gradient",), environments=LEARNERS, days=PEER_LEARNING_DAYS, peer=True),
        Row("entrepot, pathwise", ("gradient", *DUAL), environments=LEARNERS, days=LEARNING_DAYS),
    ],
}
"""What is measured against the first peer of each."""


def main(
    python: Annotated[Path, typer.Option(help="Of the environment that the peers are installed in.")],
    rounds: Annotated[int, typer.Option(help="That every process has a turn in.", min=2)] = 12,
    steps: Annotated[int, typer.Option(help="A turn; a gradient step is one alone.", min=1)] = 64,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Measure all sizes, one after the other."""
    versions = versions_of(python)
    console = Console()
    measured: list[dict[str, Any]] = []
    for size, rows in SIZES.items():
        learning = rows[0].days > 1
        with console.status(size):
            commands = {str(number): row.command(python) for number, row in enumerate(rows)}
            taken = commands_in_turns(commands, rounds=rounds, steps=1 if learning else steps)
        measured += figures(size, rows, list(taken.values()))
    table = Table(title="Peers, in turns, 1 thread each")
    for column in COLUMNS:
        table.add_column(column.replace("_", " "), justify="left" if column in ("size", "what") else "right")
    for one in measured:
        against = "" if one["peer"] else f"{one['share']:.2f} ({one['share_low']:.2f}–{one['share_high']:.2f})"
        table.add_row(
            one["size"], one["what"], f"{one['environments']:,}", f"{one['us_per_environment_day']:,.2f}", against
        )
    console.print(table)
    if json_file:
        ours = {"threads": 1, "torch": version("torch")}
        provenance = {"rounds": rounds, "steps": steps, **ours, **versions, **machine()}
        write_json(json_file, measured, provenance=provenance)


def figures(size: str, rows: list[Row], taken: list[NDArray[np.float64]]) -> Iterator[dict[str, Any]]:
    """CPU time of an environment's day, and how many times as many days as the first peer's go into the same time."""
    each = [seconds / (row.environments * row.days) for row, seconds in zip(rows, taken, strict=True)]
    for row, seconds in zip(rows, each, strict=True):
        share, low, high = (None, None, None) if row.peer else share_of(each[0], seconds)
        yield {
            "size": size,
            "what": row.what,
            "peer": row.peer,
            "environments": row.environments,
            "us_per_environment_day": 1e6 * step_seconds(seconds),
            "share": share,
            "share_low": low,
            "share_high": high,
        }


def versions_of(python: Path) -> dict[str, str]:
    """Of the peers, by name.

    Raises:
        SystemExit: that Python, or one of them, isn't there.
    """
    asked = (
        f"import json; from importlib.metadata import version; print(json.dumps({{p: version(p) for p in {PEERS}}}))"
    )
    try:
        answer = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = str(getattr(error, "stderr", None) or error).strip().splitlines()[-1]
        raise SystemExit(f"--python {python}: {reason}; needed: a Python that has {', '.join(PEERS)}") from None
    versions: dict[str, str] = json.loads(answer.stdout)
    return versions


if __name__ == "__main__":
    typer.run(main)

"""Speeds compared on a machine that is busy: processes take turns of a few steps, and what counts is CPU time.

A clock would tell what others do, and a process measured after another meets another machine. Turns are short, each
round asks all in the opposite order of the last, and a step's time is a low quantile, since noise only ever adds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

QUANTILE = 0.1
RESAMPLES = 2000
PROCESS = Path(__file__).with_name("turns_process.py")


@dataclass(frozen=True)
class Command:
    """A process that steps as often as each line of its input says, and answers nanoseconds of CPU time a step."""

    arguments: Sequence[str | Path]
    python_path: Sequence[Path] = ()


@dataclass(frozen=True)
class Runner:
    """What one of them runs: a network, by the code of a checkout."""

    network: str  # name, or path of a YAML file
    checkout: Path  # its own root, or that of another commit

    def command(self, environments: int, skus: int) -> Command:
        """Its bare twin."""
        # Its folder would come first on the path, and with it this checkout's twin_process.
        arguments = [sys.executable, "-P", PROCESS, self.network, str(environments), str(skus)]
        # This folder last, for what another checkout may lack.
        return Command(arguments, [self.checkout / "src", self.checkout / "benchmarks", PROCESS.parent])


def in_turns(
    runners: Mapping[str, Runner], *, environments: int, skus: int, rounds: int, steps: int
) -> dict[str, NDArray[np.float64]]:
    """[rounds, steps] seconds of CPU time of each runner's steps, after one round that warms up.

    Args:
        runners: by name.
        environments: of each.
        skus: of each.
        rounds: that count.
        steps: of each runner in a round.
    """
    commands = {name: runner.command(environments, skus) for name, runner in runners.items()}
    return commands_in_turns(commands, rounds=rounds, steps=steps)


def commands_in_turns(commands: Mapping[str, Command], *, rounds: int, steps: int) -> dict[str, NDArray[np.float64]]:
    """[rounds, steps] seconds of CPU time of each command's steps, after one round that warms up.

    Args:
        commands: by name; on one thread each.
        rounds: that count.
        steps: of each command in a round.
    """
    started = {name: _start(command) for name, command in commands.items()}
    seconds: dict[str, list[list[float]]] = {name: [] for name in commands}
    try:
        for number in range(rounds + 1):
            order = list(started) if number % 2 else list(reversed(started))
            for name in order:
                taken = _ask(name, started[name], steps)
                if number:
                    seconds[name].append(taken)
    finally:
        for process in started.values():
            process.terminate()
            process.wait()
    return {name: np.array(taken) for name, taken in seconds.items()}


def step_seconds(seconds: NDArray[np.float64]) -> float:
    """Of a step without what others add: a low quantile."""
    return float(np.quantile(seconds, QUANTILE))


def share_of(plain: NDArray[np.float64], other: NDArray[np.float64], *, seed: int = 0) -> tuple[float, float, float]:
    """Speed of one over that of another, and its 95 % interval: rounds drawn anew (Efron 1979), both alike."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(plain), (RESAMPLES, len(plain)))
    shares = np.quantile(plain[drawn].reshape(RESAMPLES, -1), QUANTILE, axis=1) / np.quantile(
        other[drawn].reshape(RESAMPLES, -1), QUANTILE, axis=1
    )
    low, high = np.quantile(shares, [0.025, 0.975]).tolist()
    return step_seconds(plain) / step_seconds(other), low, high


def _start(command: Command) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, command.python_path)), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [str(argument) for argument in command.arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


def _ask(name: str, process: subprocess.Popen[str], steps: int) -> list[float]:
    told, heard = _pipe(process.stdin), _pipe(process.stdout)
    told.write(f"{steps}\n")
    told.flush()
    answer = heard.readline().split()
    if len(answer) != steps:
        raise SystemExit(f"{name}: its process ended with {process.wait()}; needed: {steps} steps' times")
    return [int(each) / 1e9 for each in answer]


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream

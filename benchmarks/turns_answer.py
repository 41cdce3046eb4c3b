"""A process's side of `turns.py`: a number a line, so many steps, and the CPU time of each in nanoseconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def answer(one: Callable[[], object], again: Callable[[], object], days: int) -> None:
    """Step as often as each line says.

    Args:
        one: a step.
        again: what has to be done, untimed, before the first step and after every `days` steps.
        days: of an episode.
    """
    done = 0
    for line in sys.stdin:
        taken = []
        for _ in range(int(line)):
            if done % days == 0:
                again()
            started = time.process_time_ns()
            one()
            taken.append(time.process_time_ns() - started)
            done += 1
        print(*taken, flush=True)

"""A bare twin that is stepped when it is told to: NETWORK ENVIRONMENTS SKUS, then a number a line.

Answers the CPU time of each step in nanoseconds. See `turns.py`.
"""

from __future__ import annotations

import sys
import time

import torch
from twin_process import DAYS, twin


def main(network: str, environments: int, skus: int) -> None:
    """Step as often as each line says."""
    torch.set_num_threads(1)
    _, one, again = twin(network, environments, skus)
    done = 0
    with torch.inference_mode():
        for line in sys.stdin:
            taken = []
            for _ in range(int(line)):
                if done % DAYS == 0:
                    again()
                started = time.process_time_ns()
                one()
                taken.append(time.process_time_ns() - started)
                done += 1
            print(*taken, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

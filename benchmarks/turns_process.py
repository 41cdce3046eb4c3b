"""A bare twin that is stepped when it is told to: NETWORK ENVIRONMENTS SKUS, then a number a line; see `turns.py`."""

from __future__ import annotations

import sys

import torch
from turns_answer import answer
from twin_process import DAYS, twin


def main(network: str, environments: int, skus: int) -> None:
    """Step as often as each line says."""
    torch.set_num_threads(1)
    _, one, again = twin(network, environments, skus)
    with torch.inference_mode():
        answer(one, again, DAYS)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

"""Several batches of one network stepped at once, each by one thread.

A step is a chain of some two hundred small operations: to share each of them between threads costs more than it saves,
while two batches have nothing to wait for each other. torch lets go of the interpreter inside each operation, so that
threads of one process are enough. There may be more batches than threads: of some hundreds of environments, a batch's
tensors stay in the processor's cache from one operation to the next, and take no fresh memory from the system.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

from entrepot.envs.decisions import Decisions
from entrepot.envs.twin.dynamics import step
from entrepot.envs.twin.flows import Costs, Flows
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State


def step_batches(
    parameters: TwinParameters,
    batches: Sequence[tuple[State, Decisions, Day]],
    *,
    whole_units: bool = True,
    overwrite: bool = False,
) -> list[tuple[State, Flows, Costs]]:
    """Step every batch by a day, without gradients, on as many threads as torch has.

    Args:
        parameters: of the network.
        batches: of each its state, its decisions and its day, as in `step`.
        whole_units: as in `step`.
        overwrite: as in `step`.

    Returns:
        What `step` returns, for each batch.
    """
    inference = torch.is_inference_mode_enabled()

    def one(batch: tuple[State, Decisions, Day]) -> tuple[State, Flows, Costs]:
        # Whether gradients are recorded is each thread's own affair.
        with torch.inference_mode() if inference else torch.no_grad():
            return step(parameters, *batch, whole_units=whole_units, overwrite=overwrite)

    return list(_threads(min(len(batches), torch.get_num_threads())).map(one, batches))


@cache
def _threads(number: int) -> ThreadPoolExecutor:
    """Threads, each of which does its operations alone."""
    return ThreadPoolExecutor(number, thread_name_prefix="twin", initializer=torch.set_num_threads, initargs=(1,))


if hasattr(os, "register_at_fork"):  # a forked child has none of its parent's threads, and would wait for them
    os.register_at_fork(after_in_child=_threads.cache_clear)

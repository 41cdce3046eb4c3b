"""Worker processes for planners."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context


@contextmanager
def worker_processes(count: int | None) -> Iterator[Executor | None]:
    """An executor with so many fresh processes, one per core of the machine if None; nothing for a single one.

    They are started afresh rather than forked: a fork would inherit torch's and HiGHS's threads as broken locks.
    """
    workers = count or len(os.sched_getaffinity(0))
    if workers == 1:
        yield None
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        yield executor

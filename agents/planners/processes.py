"""Worker processes for planners.

They are started afresh rather than forked: a fork would inherit torch's and HiGHS's threads as broken locks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context


def lasting_processes(count: int | None = None) -> Executor | None:
    """An executor with so many processes, one per core that this process may use if None; nothing for a single one.

    A process is started when it is first needed, and ends with the program.
    """
    workers = count or len(os.sched_getaffinity(0))
    return None if workers == 1 else ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


@contextmanager
def worker_processes(count: int | None) -> Iterator[Executor | None]:
    """The same for the time of a `with` block."""
    executor = lasting_processes(count)
    try:
        yield executor
    finally:
        if executor is not None:
            executor.shutdown(cancel_futures=True)

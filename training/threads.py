"""How many threads torch's operations share in a process that tunes, trains or evaluates: one, unless told otherwise.

A day of the twin is a chain of some two hundred small operations. Threads that share each of them wait for each other
after every one, and wait by spinning: on an idle machine two gain about a tenth, beside another busy process they take
several times as long as one (docs/speed.md). Whoever has cores to spare does better with more workers, or with several
commands at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def threads_each(asked: int, *, processes: int = 1) -> int:
    """Threads of one process.

    Args:
        asked: as many, if above 0; with 0 the machine's cores are shared out.
        processes: among so many.
    """
    return asked or max(1, (os.cpu_count() or 1) // processes)


def told_of_threads(asked: int, key: str) -> str:
    """What a person is told of them.

    Args:
        asked: as in `threads_each`.
        key: the key or option that sets it.
    """
    if asked == 0:
        return f"the machine's cores shared out among processes, which is slow where they are not idle ({key} 0)"
    return f"{asked} a process ({key})"


@contextmanager
def computing_on(threads: int) -> Iterator[None]:
    """So many threads of torch while the body runs; afterwards as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)

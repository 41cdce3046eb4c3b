"""Single environments run torch on one thread, and so do the children that a process forks once it has made one.

A single environment's tensors are so small that to wake a second thread costs more than it does. And threads don't
survive a fork: a child that asks for the threads which its parent has woken waits for them for ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch


@contextmanager
def single_threaded() -> Iterator[None]:
    """One thread while the body runs; afterwards as many as before."""
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def stepping() -> Iterator[None]:
    """One thread and no record for gradients: what leaves a view is NumPy, which never meets a gradient."""
    with single_threaded(), torch.inference_mode():
        yield


@cache
def fork_single_threaded() -> None:
    """From now on, the children that this process forks run torch on one thread; `torch.set_num_threads` undoes it."""
    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork either
        os.register_at_fork(after_in_child=_one_thread)


def _one_thread() -> None:
    torch.set_num_threads(1)

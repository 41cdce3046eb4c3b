"""How the process treats the memory of large tensors."""

from __future__ import annotations

import ctypes
from functools import cache

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # of glibc's malloc.h
MOST_BYTES = 2**31 - 1


@cache
def keep_freed_memory() -> bool:
    """Let this process keep what it frees, instead of handing large blocks back to the system.

    The tensors of a large batch live for a part of a step. By default glibc asks the system for each of them anew, and
    the system fills it with zeros first: that takes as long as the step's arithmetic. The process's peak of memory
    stays the same, but it doesn't shrink again. For processes whose work is to step batches; `entrepot` and the runners
    of RLlib call it, scripts of one's own may.

    Returns:
        Whether it had an effect; it has none where the C library isn't glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, MOST_BYTES))

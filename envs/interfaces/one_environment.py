"""How the views of a single environment run torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_environment() -> Iterator[None]:
    """One thread and no record for gradients, while the body runs.

    A single environment's tensors are so small that to wake a second thread costs more than it does; what leaves the
    views is NumPy, which never meets a gradient.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(threads)

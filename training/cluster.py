"""The Ray cluster a run takes place on."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from entrepot.training.experiment import ComputeSettings


@contextmanager
def ray_cluster(compute: ComputeSettings, *, cpus: int = 1) -> Iterator[None]:
    """A cluster for the time of a run: the one that is connected to, the one at `compute.address`, or a local one.

    Only what was started or connected to here is shut down again.

    Args:
        compute: settings.
        cpus: how many CPUs a local cluster counts at the least, whether or not there are so many.
    """
    if ray.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if compute.address:
        ray.init(address=compute.address, **quiet)
    else:
        ray.init(
            address="local", num_cpus=max(cpus, compute.workers, os.cpu_count() or 1), include_dashboard=False, **quiet
        )
    try:
        yield
    finally:
        ray.shutdown()

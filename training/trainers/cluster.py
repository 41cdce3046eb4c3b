"""The Ray cluster a run takes place on."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from entrepot.configs.errors import ConfigurationError
from entrepot.training.trainers.settings import ComputeSettings

STARTS = 3
SOCKET_BYTES = 107
"""The longest path of a Unix socket."""
BELOW_TEMPORARY = len("/ray/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store")
TIMED_OUT = "timed out during startup"


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
        refuse_long_temporary_folder()
        _start_local(max(cpus, compute.workers, os.cpu_count() or 1), quiet)
    try:
        yield
    finally:
        ray.shutdown()


def refuse_long_temporary_folder() -> None:
    """Ray keeps its sockets below the temporary folder, and says less of it.

    Raises:
        ConfigurationError: their paths would be longer than the system allows.
    """
    folder = os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()
    length = len(os.fsencode(folder)) + BELOW_TEMPORARY
    if length > SOCKET_BYTES:
        raise ConfigurationError(
            f"TMPDIR: {folder!r} is too long for Ray's sockets, whose paths would have {length} bytes of "
            f"{SOCKET_BYTES} allowed; set TMPDIR to a shorter folder, such as /tmp"
        )


def _start_local(cpus: int, options: dict[str, Any]) -> None:
    """Ray gives its own processes half a minute to start, which on a busy machine may not be enough the first time."""
    for left in reversed(range(STARTS)):
        try:
            ray.init(address="local", num_cpus=cpus, include_dashboard=False, **options)
            return
        except Exception as error:  # Ray raises nothing more telling
            if left == 0 or TIMED_OUT not in str(error):
                raise
            ray.shutdown()

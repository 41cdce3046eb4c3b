"""The Ray cluster a run takes place on."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
import torch

from entrepot.configs.errors import ConfigurationError
from entrepot.training.trainers.settings import ComputeSettings

STARTS = 3
CONNECT_SECONDS = 10.0
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
        _connect(compute.address, quiet)
    else:
        refuse_long_temporary_folder()
        _start_local(max(cpus, compute.workers, os.cpu_count() or 1), quiet)
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def reached(compute: ComputeSettings) -> Iterator[None]:
    """The cluster at `compute.address`, connected to before minutes go into tuning; nothing where none is named.

    Raises:
        ConfigurationError: it can't be reached.
    """
    if compute.address is None:
        yield
        return
    with ray_cluster(compute):
        yield


def refuse_missing_device(compute: ComputeSettings) -> None:
    """No GPU here is found out before anything is tuned; what a cluster has is the cluster's to say.

    Raises:
        ConfigurationError: this machine has no such device.
    """
    if compute.device == "cuda" and compute.address is None and not torch.cuda.is_available():
        raise ConfigurationError("compute.device: 'cuda'; torch finds no GPU on this machine; allowed here: cpu")


def _connect(address: str, options: dict[str, Any]) -> None:
    _refuse_silent(address)
    try:
        ray.init(address=address, **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreachable(address, str(error)) from error


def _refuse_silent(address: str) -> None:
    """Nobody listens there: Ray would try for a minute before it says so."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if not host or not port.isdecimal():  # `auto` and other names are Ray's to look up
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, str(error)) from error


def _unreachable(address: str, why: str) -> ConfigurationError:
    reason = " ".join(why.split())[:200]
    return ConfigurationError(
        f"compute.address: {address!r} can't be reached: {reason}; allowed: HOST:PORT of a running Ray cluster's head, "
        "auto on one of its machines, or null for a local one"
    )


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

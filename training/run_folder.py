"""A run's folder: marked as one, locked while somebody trains in it, and cleared of nothing but what a run writes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import BASE_STOCK_FILE, POLICY_FILE, SETTINGS_FILE, ExperimentSettings
from entrepot.training.trainers.checkpoints import (
    checkpoint_place,
    claim_place,
    clear_place,
    holds_checkpoints,
    owner_of,
)

MARKER, SWEEP, LOCK = ".entrepot-run.json", ".entrepot-sweep", ".entrepot-lock"
EVALUATION_FILE, PLOTS, TENSORBOARD = "evaluation.json", "plots", "tensorboard"
FILES = (SETTINGS_FILE, POLICY_FILE, BASE_STOCK_FILE, EVALUATION_FILE, f"{PLOTS}/cost.png", f"{PLOTS}/stock.png")
"""What a run writes besides checkpoints and TensorBoard's files, settings first: without them there is no run."""
EVENTS = "events.out.tfevents.*"


@dataclass(frozen=True)
class RunFolder:
    """The folder of the run that this process has the lock of."""

    folder: Path
    id: str  # of this run among all of its name
    content: Mapping[str, str]  # digests of the network and demand that it began with


def marker_of(folder: Path) -> dict[str, Any] | None:
    """What a run's folder is marked with; None if it isn't marked as one.

    Raises:
        ConfigurationError: the mark can't be read.
    """
    path = folder / MARKER
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {"id": str(content["id"]), "checkpoints": content["checkpoints"], "content": dict(content["content"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: can't be read as a run's mark: {error}") from error


@contextmanager
def new_run(
    experiment: ExperimentSettings, content: Mapping[str, str], *, overwrite: bool = False
) -> Iterator[RunFolder]:
    """Lock the run's folder and begin anew in it: what an earlier run of the name wrote is removed, and nothing else.

    Args:
        experiment: whose run it is.
        content: digests of its network and demand.
        overwrite: whether an earlier run that came to a policy or a checkpoint may be removed.

    Raises:
        ConfigurationError: the folder is no run's, or holds one that may not be removed, or somebody trains in it, or
            it can't be written.
    """
    folder = experiment.run_folder
    _refuse_what_is_no_run(folder)
    with _locked(folder):
        earlier, place = marker_of(folder), checkpoint_place(experiment)
        _refuse_anothers_checkpoints(place, earlier)
        if not overwrite:
            _refuse_to_lose(folder, earlier)
        if earlier is not None:
            _remove(folder, earlier)
        run = RunFolder(folder, uuid4().hex, dict(content))
        marker = {"id": run.id, "checkpoints": place, "content": run.content}
        write_atomically(folder / MARKER, json.dumps(marker, indent=1))
        try:
            claim_place(place, run.id)
        except OSError as error:  # of PyArrow's file systems: no credentials, no bucket, no right to write
            raise ConfigurationError(f"compute.storage: {place!r} can't be written: {error}") from error
        yield run


@contextmanager
def new_sweep(experiment: ExperimentSettings) -> Iterator[None]:
    """Lock the folder of a sweep, below which each trial is a run; nothing of an earlier sweep is removed.

    Raises:
        ConfigurationError: the folder is a run's or something else's, or somebody sweeps in it.
    """
    folder = experiment.run_folder
    if marker_of(folder) is not None:
        raise ConfigurationError(f"run: {str(folder)!r} is a run's folder; give the sweep another name: run=NAME")
    if not (folder / SWEEP).is_file():
        _refuse_what_is_no_run(folder)
    with _locked(folder):
        write_atomically(folder / SWEEP, "")
        yield


@contextmanager
def earlier_run(experiment: ExperimentSettings) -> Iterator[RunFolder]:
    """Lock the folder of a run that is to be gone on with.

    Raises:
        ConfigurationError: there is no such run, or somebody trains in its folder.
    """
    folder = experiment.run_folder
    found = marker_of(folder)
    if found is None or not (folder / SETTINGS_FILE).is_file():
        raise ConfigurationError(f"--resume: {folder} holds no run; leave --resume away to start one")
    with _locked(folder):
        yield RunFolder(folder, found["id"], found["content"])


def _refuse_what_is_no_run(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"run: {str(folder)!r} is a file; give the run another name: run=NAME")
    for above in folder.parents:
        if (above / MARKER).is_file():
            raise ConfigurationError(f"run: {str(folder)!r} lies in the folder of the run {above}; give another name")
    if marker_of(folder) is not None or not folder.is_dir():
        return
    others = sorted(path.name for path in folder.iterdir() if path.name != LOCK)
    if others:
        shown = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        raise ConfigurationError(
            f"run: the folder {str(folder)!r} exists and is no run's (it holds {shown}), so that nothing in it is "
            "touched; give another name: run=NAME"
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else trains in the folder for the time being; the system lets go of the lock when the process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ConfigurationError(f"folder: {str(folder)!r} can't be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 4096, 0).decode("utf-8", "replace").strip() or "another process"
            raise ConfigurationError(
                f"run: {folder} is being trained by {holder}; give another name, run=NAME, or wait until it is done"
            ) from error
        os.ftruncate(handle, 0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()} since {since}\n".encode(), 0)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def _refuse_anothers_checkpoints(place: str, earlier: Mapping[str, Any] | None) -> None:
    owner = owner_of(place)
    if owner is None or (earlier is not None and owner == earlier["id"]):
        return
    whose = "checkpoints of another run" if owner else "files that no run wrote"
    raise ConfigurationError(f"run: {place!r} holds {whose}; give another name, run=NAME, or remove them")


def _refuse_to_lose(folder: Path, earlier: Mapping[str, Any] | None) -> None:
    """Hours of training are not removed for want of another name."""
    if earlier is None:
        return
    if (folder / EVALUATION_FILE).is_file():
        raise ConfigurationError(
            f"run: {str(folder)!r} holds a run that is done; give another name, run=NAME, or --overwrite to remove it "
            "and begin anew, or --resume with more trainer.iterations to extend it"
        )
    if (folder / POLICY_FILE).is_file() or holds_checkpoints(str(earlier["checkpoints"]), str(earlier["id"])):
        raise ConfigurationError(
            f"run: {str(folder)!r} holds a run that was begun; give --resume to go on with it, or another name, "
            "run=NAME, or --overwrite to remove it and begin anew"
        )


def _remove(folder: Path, earlier: Mapping[str, Any]) -> None:
    """Whatever interrupts the new run, nothing of an earlier one of its name is taken for its own."""
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    for pattern in (EVENTS, f"*/{EVENTS}"):
        for file in (folder / TENSORBOARD).glob(pattern):
            file.unlink()
            if file.parent.name != TENSORBOARD and not any(file.parent.iterdir()):
                file.parent.rmdir()
    place = str(earlier["checkpoints"])
    if owner_of(place) == earlier["id"]:
        clear_place(place)
    for name in (PLOTS, TENSORBOARD):
        if (folder / name).is_dir() and not any((folder / name).iterdir()):
            shutil.rmtree(folder / name)

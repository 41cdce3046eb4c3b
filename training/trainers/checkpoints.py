"""Where a run's checkpoints go, whose they are, and which is the last: always whole, older ones removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.fs

from entrepot.training.experiment import ExperimentSettings

CHECKPOINTS = "checkpoints"
"""In a run's folder, or in the run's own folder at `compute.storage`."""
OWNER, POINTER = ".entrepot-run", "latest.json"


def checkpoint_place(experiment: ExperimentSettings, name: str = CHECKPOINTS) -> str:
    """An absolute path, or a URI; no two runs share one.

    Args:
        experiment: settings; `compute.storage` is where all runs' checkpoints go, the run's folder if None.
        name: what the place is called within.
    """
    storage = experiment.compute.storage
    if storage is None:
        return str((experiment.run_folder / name).resolve())
    if "://" in storage:
        return f"{storage.rstrip('/')}/{experiment.run}/{name}"
    return str((Path(storage) / experiment.run / name).resolve())


def file_system(place: str) -> tuple[pyarrow.fs.FileSystem, str]:
    """The file system of a path or URI, and the path within."""
    if "://" in place:
        system, path = pyarrow.fs.FileSystem.from_uri(place)
        return system, path
    return pyarrow.fs.LocalFileSystem(), str(Path(place).resolve())


def clear_place(place: str) -> None:
    """Remove all that is there."""
    files, path = file_system(place)
    if files.get_file_info(path).type == pyarrow.fs.FileType.Directory:
        files.delete_dir(path)


def owner_of(place: str) -> str | None:
    """The id of the run whose checkpoints a place holds; an empty string if nobody knows, None if it holds nothing."""
    files, path = file_system(place)
    if files.get_file_info(path).type == pyarrow.fs.FileType.NotFound:
        return None
    if files.get_file_info(f"{path}/{OWNER}").type == pyarrow.fs.FileType.NotFound:
        return "" if files.get_file_info(pyarrow.fs.FileSelector(path)) else None
    with files.open_input_stream(f"{path}/{OWNER}") as stream:
        return str(stream.read().decode())


def holds_checkpoints(place: str, run: str) -> bool:
    """Whether there is anything at a run's place but its mark."""
    if owner_of(place) != run:
        return False
    files, path = file_system(place)
    return any(found.base_name != OWNER for found in files.get_file_info(pyarrow.fs.FileSelector(path)))


def claim_place(place: str, run: str) -> None:
    """Put a run's id on the place of its checkpoints."""
    files, path = file_system(place)
    files.create_dir(path)
    with files.open_output_stream(f"{path}/{OWNER}") as stream:
        stream.write(run.encode())


@dataclass(frozen=True)
class Progress:
    """How far a run had come."""

    iteration: int = 0
    seconds: float = 0.0  # of training
    score: float = float("inf")  # of the last validation
    best_score: float = float("inf")  # of the policy that is kept
    best_cost_usd_per_day: float = float("inf")  # of the same policy
    seconds_to_beat_base_stock: float | None = None  # None: not yet


class Checkpoints:
    """A run's checkpoints, each a folder that a trainer fills."""

    def __init__(self, place: str) -> None:
        """Args: a folder, or a URI such as `s3://bucket/run`, that the process which trains can reach."""
        self.files, self._root = file_system(place)

    def save(self, progress: Progress, write: Callable[[str], object]) -> str:
        """Write a checkpoint, then point at it, then remove the one before; returns its path.

        Args:
            progress: of the run.
            write: fills the folder of this path, which is in `files` and does not exist.
        """
        before = self.last()
        path = f"{self._root}/iteration-{progress.iteration:06d}"
        self._remove(path)  # of a run that stopped while it was written
        write(path)
        unfinished = f"{self._root}/.{POINTER}"
        with self.files.open_output_stream(unfinished) as stream:
            stream.write(json.dumps({"checkpoint": Path(path).name, **vars(progress)}).encode())
        self.files.move(unfinished, f"{self._root}/{POINTER}")
        if before is not None and before[0] != path:
            self._remove(before[0])
        return path

    def last(self) -> tuple[str, Progress] | None:
        """The path of the last checkpoint, and how far the run had come; None if there is none."""
        path = f"{self._root}/{POINTER}"
        if self.files.get_file_info(path).type == pyarrow.fs.FileType.NotFound:
            return None
        with self.files.open_input_stream(path) as stream:
            content = json.loads(stream.read())
        return f"{self._root}/{content.pop('checkpoint')}", Progress(**content)

    def _remove(self, path: str) -> None:
        if self.files.get_file_info(path).type == pyarrow.fs.FileType.Directory:
            self.files.delete_dir(path)

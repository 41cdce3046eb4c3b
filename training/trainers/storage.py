"""Where a run's checkpoints go: a folder of the run's, or its own place below a shared folder or URI."""

from __future__ import annotations

from pathlib import Path

import pyarrow.fs

from entrepot.training.experiment import ExperimentSettings


def checkpoint_place(experiment: ExperimentSettings, trainer: str) -> str:
    """An absolute path, or a URI; no two runs share one.

    Args:
        experiment: settings; `compute.storage` is where all runs' checkpoints go, the run's folder if None.
        trainer: what the place is called within.
    """
    storage = experiment.compute.storage
    if storage is None:
        return str((experiment.run_folder / trainer).resolve())
    if "://" in storage:
        return f"{storage.rstrip('/')}/{experiment.run}/{trainer}"
    return str((Path(storage) / experiment.run / trainer).resolve())


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
